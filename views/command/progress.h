/*
 * progress: prints what is new in a deployment since it was printed last: given the same snapshots, the same lines,
 * whatever happened between them.
 */
#ifndef COMMAND_PROGRESS_H
#define COMMAND_PROGRESS_H

#include <jansson.h>
#include <stdbool.h>

#include "backend/proto/words.h"

struct progress;

struct progress *progress_new(bool json);
void progress_free(struct progress *p);

/* The highest number of a result that was added; 0 none. */
int progress_results_seen(const struct progress *p);
/* True when the snapshot counts other results than were added, or a step runs again; ask from progress_results_seen on. */
bool progress_wants_results(struct progress *p, const json_t *deployment);
/* RESULTs in order of arrival; those seen before are passed over. Printed with their step by progress_print. */
void progress_add_results(struct progress *p, const json_t *results);
/* Takes what the snapshot says for printed: only what comes after it is news. */
void progress_skip(struct progress *p, const json_t *deployment);
/* Prints what is new; true when the deployment is over. */
bool progress_print(struct progress *p, const json_t *deployment);
enum deployment_state progress_state(const struct progress *p);      /* as printed last */

#endif
