/*
 * resume: what was started before runs on: sees that the services of a colour are supervised and wanted up, as they
 * were written when they were started. After a reboot that starts them, else it changes nothing.
 */
#ifndef HOST_RESUME_H
#define HOST_RESUME_H

#include "backend/drivers/host/host_priv.h"

enum resume_which { RESUME_ALL, RESUME_SERVING, RESUME_WORKERS };

/* The outcome's detail is {"started":["web",…]}, empty when all ran. Layer "process". Never from inside. */
struct resume *resume_start(struct driver_env *denv, struct host_model *model, enum colour colour,
                            enum resume_which which, driver_done_fn fn, void *arg);
void resume_cancel(struct resume *resume);            /* no callback; NULL is fine; not after the callback came */

#endif
