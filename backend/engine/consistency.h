/*
 * consistency: an application's environments compared by what the journal knows of them (report/consistency.h).
 */
#ifndef ENGINE_CONSISTENCY_H
#define ENGINE_CONSISTENCY_H

#include <jansson.h>
#include <stdbool.h>

#include "backend/base/err.h"

struct config_app;
struct engine;

/* Array of ROW of GET /v1/consistency; yours. */
bool consistency_of(struct engine *e, const struct config_app *app, json_t **ret_rows, struct err *err);

#endif
