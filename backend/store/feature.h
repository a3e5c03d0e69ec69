/*
 * feature: which features were put in or pulled in an environment, from feature.set. One that is not here was never
 * touched: it is as its build brings it, on.
 */
#ifndef STORE_FEATURE_H
#define STORE_FEATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/base/err.h"

struct project_row;
struct store;

struct store_feature { char *name; bool on; int64_t at; char *actor, *reason; };
struct store_features { struct store_feature *items; size_t n; };

/* By name; free with _done, which takes a zeroed one too. */
bool store_features(struct store *s, const char *app, const char *environment, struct store_features *ret,
                    struct err *err);
void store_features_done(struct store_features *f);
/* NULL: never touched. */
const struct store_feature *store_features_find(const struct store_features *f, const char *name);

/* The row of project.c's table. */
bool feature_project_set(struct store *s, const struct project_row *row, struct err *err);

#endif
