/*
 * routes: the one table of what the engine's API offers. Help, the API document and the rights tests are made from it.
 */
#ifndef API_ROUTES_H
#define API_ROUTES_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/base/err.h"

struct request;

struct route {
	const char *method;
	const char *path;          /* "/v1/deployments/{id}/stop": a segment in braces matches any one segment */
	void (*handle)(struct request *r);
	bool changes;              /* something in the world is other than before: needs a right */
	const char *help;          /* one line */
};

extern const struct route routes[];
extern const size_t nroutes;

enum { ROUTE_ARGS = 2 };       /* most segments in braces in one route */

/*
 * Finds the route of a path (without its query). ret_args receives the segments in braces, still percent-encoded, yours.
 * ERR_NOT_FOUND names near routes; ERR_USAGE is another method's route, and ret_allow then lists its methods ("GET, POST").
 */
bool route_find(const char *method, const char *path, const struct route **ret, char *ret_args[static ROUTE_ARGS],
                char ret_allow[static 32], struct err *err);

#endif
