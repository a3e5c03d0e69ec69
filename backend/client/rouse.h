/*
 * rouse: has `slipway engine start` run, for who may not fork: the console, whose screen belongs to ncurses. The child
 * shares neither terminal nor session with us.
 */
#ifndef CLIENT_ROUSE_H
#define CLIENT_ROUSE_H

#include <stdbool.h>

#include "backend/base/err.h"

struct loop;
struct rouse;

/* Once, never from inside rouse_new. err NULL: an engine runs. The rouse is gone then. */
typedef void (*rouse_fn)(void *arg, const struct err *err);

/*
 * For the engine of the workspace `dir`, which served `socket`. ERR_REFUSED: there is no socket any more, so it did not
 * die but was stopped, and that stands.
 */
bool rouse_new(struct loop *loop, const char *dir, const char *socket, rouse_fn fn, void *arg, struct rouse **ret,
               struct err *err);
void rouse_free(struct rouse *r);      /* forgets it; what was started goes on */

#endif
