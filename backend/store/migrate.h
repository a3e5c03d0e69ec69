/*
 * migrate: the schema, as numbered steps in a const table; SQLite's user_version says how many were made.
 */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include <stdbool.h>

#include "backend/base/err.h"

struct store;

/* How long an open waits for an engine that is just leaving. */
enum { MIGRATE_BUSY_MS = 1000 };

/* Nothing but a file of this version, of an earlier one or a new one passes. The file and its WAL stay untouched. */
bool migrate_check(const char *path, struct err *err);
/* Brings the open database to the version of this program, all in one transaction. */
bool migrate_run(struct store *s, struct err *err);
/* The same, no further than `version`, where projections stay empty; for tests. */
bool migrate_to(struct store *s, int version, struct err *err);
int migrate_latest(void);

#endif
