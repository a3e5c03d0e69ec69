/*
 * journal: the chain of rows: appending, reading, walking.
 */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include <sqlite3.h>
#include <stdbool.h>

#include "backend/artifact/digest.h"
#include "backend/base/err.h"

struct project_row;
struct store;

/* Where the chain stands, from the file. */
bool journal_read_head(struct store *s, struct err *err);

/*
 * A row of another journal, at this chain's end and within the open transaction; `body` is its text as it was hashed.
 * ERR_CONFLICT for one that does not continue the chain.
 */
bool journal_copy(struct store *s, const struct project_row *row, const char *body, const char *hash, struct err *err);

/* For what works in the open transaction and, when there is none, in one of its own. */
bool journal_enter(struct store *s, bool *ret_own, struct err *err);
/* `why` of kind ERR_NONE: all went well. Otherwise everything is undone, at once or when the open one ends. */
bool journal_leave(struct store *s, bool own, const struct err *why, struct err *err);

#endif
