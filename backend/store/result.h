/*
 * result: test results: many, small, not journalled. They wait in memory and go to disk with the next transaction, or
 * when they are asked for.
 */
#ifndef STORE_RESULT_H
#define STORE_RESULT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/base/err.h"

struct store;

bool result_write(struct store *s, struct err *err);    /* what waits, into the open transaction */
void result_committed(struct store *s);
void result_undone(struct store *s);                    /* what the transaction wrote waits again */
/* Brings what waits to disk before a query. When the disk is full the query goes on with what is there. */
void result_settle(struct store *s);
/* Counts of one deployment by step: an array indexed by step, null where there is no result. */
bool result_counts(struct store *s, int64_t deployment, json_t **ret, struct err *err);
void result_forget(struct store *s);                     /* all that waits, from memory */
/* Of a build, failures first, as RESULT. */
bool result_of_build(struct store *s, int64_t build, int limit, json_t **ret, struct err *err);

#endif
