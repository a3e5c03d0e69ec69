/*
 * disk: what lies under SQLite: the system's own file layer, with syncs that nobody waits for and with a reserve for the
 * moment when the disk is full.
 *
 * SQLite asks for a sync where something must be on the disk before it goes on writing. For the database and its WAL
 * that is asked of a thread (syncer.h), and what SQLite relies on is kept by order instead: a file is only written to
 * when the syncs of the others are done. Within the WAL frames may follow a sync under way, as their checksums tell a
 * torn end; its header may not, unless the WAL is known to be empty on the disk: old frames under a new header, or new
 * ones under an old header, would be taken for the truth. A sync of anything else, and the first of each file, which
 * also makes its name last, is waited for.
 * So what SQLite has committed survives the end of the process at once and a power cut from disk_is_kept on.
 *
 * A ballast of 256 kB lies beside the database (PATH.ballast). When a write finds no space it is given back to the file
 * system and the write is tried once more: so a rollback can still be journalled. Later, when there is room, the
 * ballast is made again.
 */
#ifndef STORE_DISK_H
#define STORE_DISK_H

#include <stdbool.h>
#include <stdint.h>

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

int64_t disk_mark(const struct disk *d);        /* stands for all that was synced until now */
/* All before the mark survives a power cut. *ret_errno: why nothing more ever will; 0. */
bool disk_is_kept(struct disk *d, int64_t mark, int *ret_errno);
int disk_fd(const struct disk *d);              /* readable when more is kept, until disk_heard */
void disk_heard(struct disk *d);

#endif
