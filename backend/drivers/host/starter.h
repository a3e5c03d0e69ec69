/*
 * starter: starts components of a colour, each as soon as those that it needs are healthy, and says what became of
 * them. Until a component is healthy runsv does not start it again, so that a crash at the start is seen, not hidden;
 * from then on runsv keeps it up. What already runs exactly so is kept.
 */
#ifndef HOST_STARTER_H
#define HOST_STARTER_H

#include "backend/drivers/host/host_priv.h"

enum starter_which { STARTER_SERVING, STARTER_WORKERS, STARTER_ALL };

struct starter_spec {
	struct driver_env *denv;
	struct host_model *model;
	const struct driver_job *job;          /* for its output; may be NULL */
	enum colour colour;
	const char *version;
	enum starter_which which;
};

/*
 * The outcome's detail is {"web":{"port":20001,"pid":4411,"ms":210},…}. Layers: "port" (taken: by whom), "process" (it
 * exited: tail), "health" (not healthy in time: its answer and tail). Never from inside.
 */
struct starter *starter_start(const struct starter_spec *spec, driver_done_fn fn, void *arg);
void starter_cancel(struct starter *starter);         /* no callback; NULL is fine; not after the callback came */

#endif
