/*
 * estimate: how long a rollback would take, from how long the stages that it consists of took here the last time.
 */
#ifndef ENGINE_ESTIMATE_H
#define ENGINE_ESTIMATE_H

#include <jansson.h>
#include <stdint.h>

struct environment;

struct estimate {
	int64_t warm_ms;       /* the switch alone; -1 when none was seen yet */
	int64_t cold_ms;       /* fetch, stage, start and switch */
};

/* Pure: from DEPLOYMENT objects of proto/api.h, newest first. Only stages that succeeded count. */
struct estimate estimate_from(const json_t *deployments);
/* The same from what the journal has of an environment. */
struct estimate estimate_of(struct environment *env);

#endif
