/*
 * file: whole files, safely. Writing goes to a temporary file beside the target, is fsynced and renamed, and the
 * folder is fsynced: after a crash there is the old content or the new one. Every descriptor is close-on-exec.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "backend/base/buf.h"
#include "backend/base/err.h"

/* Reads at most `max` bytes into ret (initialised here; done it yourself). ERR_TOO_BIG names path and limit. */
bool file_read(const char *path, size_t max, struct buf *ret, struct err *err);
/* Waits for the disk: on the loop use saver.h. */
bool file_write_atomic(const char *path, const void *data, size_t len, mode_t mode, struct err *err);
/* As whole, for what nobody needs after a power cut. */
bool file_write_scratch(const char *path, const void *data, size_t len, mode_t mode, struct err *err);
/* mkdir -p; folders that it makes get `mode`. */
bool file_make_dirs(const char *path, mode_t mode, struct err *err);
bool file_sync_dir(const char *path, struct err *err);
/* Removes a file or a folder with all that is in it, never following links; absent is success. */
bool file_remove_tree(const char *path, struct err *err);
/* "a/b", without a double slash; yours. */
char *file_join(const char *dir, const char *name);
/*
 * What decides (configuration, hooks, keys, the socket's folder) must belong to us or root and be writable by nobody
 * else, and so must every folder above it (a sticky one such as /tmp is fine above). Links are refused. Names the path.
 */
bool file_check_owner(const char *path, struct err *err);

#endif
