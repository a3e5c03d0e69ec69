/*
 * project: what each type of journal row changes in the projections: one const table, type → function.
 *
 * A projection is a function of the rows alone (sequence number, time, actor, body), so that it can be made again from
 * the journal. A body that does not fit what is known (a step that the deployment does not have) is an error, and the
 * row is not journalled.
 */
#ifndef STORE_PROJECT_H
#define STORE_PROJECT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/base/err.h"

struct store;

struct project_row {
	int64_t seq, at;
	const char *actor, *type;
	const json_t *body;
};

/* Inside the transaction that journals the row. */
bool project_apply(struct store *s, const struct project_row *row, struct err *err);
/* Empties the projections and makes them again from the rows up to `last`; inside a transaction. */
bool project_rebuild(struct store *s, int64_t last, struct err *err);
/* The table's types in order, then NULL; for tests. */
const char *project_type(size_t i);

#endif
