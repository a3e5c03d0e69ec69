/*
 * build_results: the test results of a build that is being added, as the reader of its reports printed them. They are
 * read a few at a time, so that thousands of them do not hold the loop.
 */
#ifndef ENGINE_BUILD_RESULTS_H
#define ENGINE_BUILD_RESULTS_H

#include <jansson.h>
#include <stdbool.h>

#include "backend/base/err.h"

struct build_results;
struct loop;
struct store;

typedef void (*build_results_fn)(void *arg);

/* One JSON object a line; fn is called when all are read. take_lines is consumed. */
struct build_results *build_results_new(struct loop *loop, char *take_lines, build_results_fn fn, void *arg);
void build_results_free(struct build_results *results);

/* When all are read. */
json_t *build_results_totals(const struct build_results *results);         /* TOTALS of proto/api.h; yours */
const char *build_results_sha256(const struct build_results *results);     /* of the results as one JSON array */
bool build_results_store(const struct build_results *results, struct store *store, const char *app,
                         const char *version, struct err *err);

#endif
