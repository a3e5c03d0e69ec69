/*
 * saver: writes and removes small files on a thread, whole and so that a power cut cannot take them back, while the loop
 * goes on. One after the other in the order in which it was asked for, so the last word on a file is the last.
 */
#ifndef BASE_SAVER_H
#define BASE_SAVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "backend/base/err.h"

struct loop;
struct save;
struct saver;

/* From the loop, when it is on the disk; err NULL: it is. The save is gone then. fn may be NULL: nobody asks. */
typedef void (*saver_fn)(void *arg, const struct err *err);

bool saver_new(struct loop *loop, struct saver **ret, struct err *err);
/* After everything that was asked for is done, of which nobody is told any more. */
void saver_free(struct saver *s);
/* As file_write_atomic; the data is copied. Yours until fn came, or save_forget. */
struct save *saver_write(struct saver *s, const char *path, const void *data, size_t len, mode_t mode, saver_fn fn,
                         void *arg);
/* A file that is absent is success. */
struct save *saver_remove(struct saver *s, const char *path, saver_fn fn, void *arg);
/* All that was asked for is on the disk, or failed; fn is called from the loop each time that it becomes so. */
bool saver_is_idle(const struct saver *s);
void saver_on_idle(struct saver *s, void (*fn)(void *arg), void *arg);
/* It is done all the same, and fn does not come. NULL is fine. */
void save_forget(struct save *save);

#endif
