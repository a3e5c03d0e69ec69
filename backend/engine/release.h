/*
 * release: a release of several applications together. Its members are ordinary deployments, all asked for in the one
 * transaction in which it starts; the gate "release" holds each until those before it succeeded. So a restart finds every
 * member in the queue, no member is asked for twice, and each keeps its own gates, plan and approvals.
 *
 * What is next is worked out from the journal alone each time something ends: nothing of a release is kept in memory.
 * When a member does not succeed, or somebody stops the release, those that wait end, and where the group says so those
 * that succeeded are taken back, the last one first, each by an ordinary rollback to what was live before it.
 */
#ifndef ENGINE_RELEASE_H
#define ENGINE_RELEASE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/base/err.h"

struct engine;
struct engine_caller;
struct releases;

struct releases *releases_new(struct engine *e);
void releases_free(struct releases *r);
/* Releases that are not over go on from where the journal says they are. */
void releases_begin(struct releases *r);
/* A journal row was committed. */
void releases_row(struct releases *r, const json_t *row);

/* The groups of the configuration: [{"name","undo","applications":[…]}…]. Yours. */
json_t *releases_groups(const struct engine *e);
/* Those that are not over, as RELEASE of the API; NULL on failure. Yours. */
json_t *releases_answer(struct engine *e, struct err *err);

#endif
