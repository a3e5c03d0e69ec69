/*
 * stopper: stops services: TERM first, KILL for what is still there after the grace. Done when all programs are gone,
 * also those that a killed runsv left behind.
 */
#ifndef HOST_STOPPER_H
#define HOST_STOPPER_H

#include "backend/drivers/host/host_priv.h"

enum stopper_how {
	STOPPER_DOWN,      /* runsv stays and can start it again at once */
	STOPPER_END        /* its runsv is gone too, which may take a second longer */
};

/* Takes the list of service folders (slot_services). Layer "process" when one cannot be stopped. Never from inside. */
struct stopper *stopper_start(struct driver_env *denv, char **take_services, enum stopper_how how, driver_done_fn fn,
                              void *arg);
void stopper_cancel(struct stopper *stopper);         /* no callback; NULL is fine; not after the callback came */

/* The services of a model's workers in a colour; yours. */
char **stopper_workers(const struct driver_env *denv, const struct host_model *model, enum colour colour);

#endif
