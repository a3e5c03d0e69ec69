/*
 * build_same: whether a build that is added once more says of itself what it said the first time. A version never
 * changes, and neither does what is known of it: what would be dropped silently is refused by its name. What is left out
 * the second time is no difference.
 */
#ifndef ENGINE_BUILD_SAME_H
#define ENGINE_BUILD_SAME_H

#include <jansson.h>
#include <stdbool.h>

#include "backend/base/err.h"

/* What is being added. */
struct build_again {
	const char *app;
	const json_t *request;         /* of POST /v1/builds */
	const json_t *artifacts;       /* [{"component","sha256","size"}] */
	const char *digest;
	const char *results_sha256;    /* of its test results; NULL: none were given */
};

/* `known`: BUILD with its artifacts; results_sha256 "" when it came without test results. ERR_CONFLICT. */
bool build_same(const struct build_again *again, const json_t *known, const char *results_sha256, struct err *err);

#endif
