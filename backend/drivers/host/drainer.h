/*
 * drainer: waits until HAProxy has no session left on a colour, or until the deadline: a client that streams for ever
 * would hold the old colour for ever.
 */
#ifndef HOST_DRAINER_H
#define HOST_DRAINER_H

#include <stdint.h>

#include "backend/base/err.h"
#include "backend/drivers/host/host_priv.h"

/* `sessions`: left at the deadline, 0 when drained. `err` when HAProxy did not tell. */
typedef void (*drainer_fn)(void *arg, int64_t sessions, int64_t took_ms, const struct err *err);

struct drainer *drainer_start(struct driver_env *denv, struct host_model *model, enum colour colour, int64_t within_ms,
                              drainer_fn fn, void *arg);
void drainer_cancel(struct drainer *drainer);         /* no callback; NULL is fine; not after the callback came */

#endif
