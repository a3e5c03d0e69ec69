/*
 * query: what the query files share.
 */
#ifndef STORE_QUERY_H
#define STORE_QUERY_H

#include <jansson.h>
#include <sqlite3.h>
#include <stdbool.h>

#include "backend/base/err.h"

struct store;

/* Each row of a statement over DEPLOYMENT_COLUMNS as DEPLOYMENT (without "log_size"): an array. */
bool query_deployments(struct store *s, sqlite3_stmt *stmt, json_t **ret, struct err *err);

#endif
