/* blocked: the "blocked by" lines of whatever waits, made anew for every answer from what the gates say now. */
#ifndef ENGINE_BLOCKED_H
#define ENGINE_BLOCKED_H

#include <jansson.h>

#include "backend/engine/gate.h"

struct engine_caller;
struct environment;
struct store_env;

/* [{"gate","why","who","clears_at"}…]; yours. */
json_t *blocked_json(const struct gate_refusals *refusals);
/*
 * Puts "blocked" and "expected" into a DEPLOYMENT; one that waits also gets the plan that it would have now, the ends of
 * its approvals, and a gate step "held".
 */
void blocked_put(struct environment *env, json_t *deployment);
/* What would keep the caller from deploying there now, whatever the build; yours. */
json_t *blocked_environment(struct environment *env, const struct engine_caller *who);

/* What would refuse the caller's rollback to the environment's target now; yours. */
json_t *blocked_rollback(struct environment *env, const struct engine_caller *who, const struct store_env *state);

#endif
