/*
 * find: what the words of a command mean: which application, environment, deployment. What is not found is answered
 * with what there is.
 */
#ifndef COMMAND_FIND_H
#define COMMAND_FIND_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/base/err.h"

struct call;

/* GET /v1/status; yours. */
bool find_status(struct call *c, json_t **ret, struct err *err);
/* --app, else the only application; borrowed from `status`. */
bool find_app(const struct call *c, const json_t *status, const json_t **ret, struct err *err);
bool find_environment(const json_t *app, const char *name, const json_t **ret, struct err *err);
/*
 * A deployment by its id, or by the name of its environment: the one that runs there, else the first that waits, else
 * the last one. With word NULL the same over all environments of the application (all applications without --app).
 */
bool find_deployment(struct call *c, const char *word, int64_t *ret, struct err *err);

#endif
