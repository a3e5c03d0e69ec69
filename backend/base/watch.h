/*
 * watch: tells when something in a folder was written, renamed, made or removed (inotify on the loop).
 */
#ifndef BASE_WATCH_H
#define BASE_WATCH_H

#include "backend/base/err.h"

struct loop;
struct watch;

/* `name` is the entry in the folder that changed; borrowed. "" when events were lost: look at everything. */
typedef void (*watch_fn)(void *arg, const char *name);

bool watch_new(struct loop *loop, const char *dir, watch_fn fn, void *arg, struct watch **ret, struct err *err);
void watch_free(struct watch *w);

#endif
