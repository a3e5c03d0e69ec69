/*
 * proxy: sees that the environment's HAProxy runs with the configuration that the model asks for: writes it (checked by
 * `haproxy -c` first), starts HAProxy under runsv or reloads it, and waits until its admin socket tells the new mark.
 * When all is as it should be that is one question on the socket. The listeners are handed over in a reload; no
 * connection is refused.
 */
#ifndef HOST_PROXY_H
#define HOST_PROXY_H

#include "backend/drivers/host/host_priv.h"

/*
 * The outcome's detail is {"did":"nothing"|"started"|"reloaded"}. Layers: "port" (a public or preview port is taken: by
 * whom), "traffic". Never from inside.
 */
struct proxy *proxy_start(struct driver_env *denv, struct host_model *model, driver_done_fn fn, void *arg);
void proxy_cancel(struct proxy *proxy);               /* no callback; NULL is fine; not after the callback came */

#endif
