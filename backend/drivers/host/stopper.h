/*
 * stopper: stops services and ends their runsv: TERM first, KILL for what is still there after the grace. Done when all
 * of them are gone, also what a killed runsv left behind.
 */
#ifndef HOST_STOPPER_H
#define HOST_STOPPER_H

#include "backend/drivers/host/host_priv.h"

/* Takes the list of service folders (slot_services). Layer "process" when one cannot be stopped. Never from inside. */
struct stopper *stopper_start(struct driver_env *denv, char **take_services, driver_done_fn fn, void *arg);
void stopper_cancel(struct stopper *stopper);         /* no callback; NULL is fine; not after the callback came */

/* The services of a model's workers in a colour; yours. */
char **stopper_workers(const struct driver_env *denv, const struct host_model *model, enum colour colour);

#endif
