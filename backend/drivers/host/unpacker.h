/*
 * unpacker: unpacks a build's artifacts into a colour, one after the other, each in a child process (`slipwayd
 * artifact-unpack`), which checks the digest on the way. The colour must be stopped.
 */
#ifndef HOST_UNPACKER_H
#define HOST_UNPACKER_H

#include "backend/drivers/host/host_priv.h"

struct unpacker_spec {
	struct driver_env *denv;
	struct host_model *model;
	const struct driver_job *job;          /* for its output; may be NULL */
	const struct driver_artifact *artifacts; size_t nartifacts;    /* borrowed until the callback */
	enum colour colour;
};

/* The artifact that a component runs, NULL when the build has none. */
const struct driver_artifact *unpacker_artifact(const struct driver_artifact *artifacts, size_t n,
                                                const struct host_part *part);
/* Layer "artifact" when it fails. Once, never from inside. */
struct unpacker *unpacker_start(const struct unpacker_spec *spec, driver_done_fn fn, void *arg);
void unpacker_cancel(struct unpacker *unpacker);      /* no callback; NULL is fine; not after the callback came */

#endif
