/*
 * disk: what lies under SQLite: the system's own file layer, with a reserve for the moment when the disk is full.
 *
 * A ballast of 256 kB lies beside the database (PATH.ballast). When a write finds no space it is given back to the file
 * system and the write is tried once more: so a rollback can still be journalled. Later, when there is room, the
 * ballast is made again.
 */
#ifndef STORE_DISK_H
#define STORE_DISK_H

#include <stdbool.h>

#include "backend/base/err.h"

enum { DISK_BALLAST = 256 * 1024 };

struct disk;

/* `path` is the database's. Registers a file layer of its own with SQLite, over what is the default one now. */
bool disk_new(const char *path, struct disk **ret, struct err *err);
/* After the database was closed. */
void disk_free(struct disk *d);
const char *disk_name(const struct disk *d);    /* for sqlite3_open_v2; borrowed as long as d lives */
/* Makes the ballast when it is missing and there is room for it; cheap when it is there. */
void disk_tend(struct disk *d);
bool disk_is_full(const struct disk *d);        /* the ballast is gone */

#endif
