/*
 * admin: one command to HAProxy's admin socket and its whole answer, on the loop.
 *
 * While nobody listens there (HAProxy restarts, or is being started) connecting is tried again until the deadline. When
 * the connection breaks before the answer, a question (`show …`) is asked again; any other command is sent once, and the
 * caller decides whether it may be repeated.
 */
#ifndef HOST_ADMIN_H
#define HOST_ADMIN_H

#include <stdint.h>

#include "backend/base/err.h"

struct admin_call;
struct loop;

/* `answer` is borrowed; NULL with `err` when there is none. */
typedef void (*admin_fn)(void *arg, const char *answer, const struct err *err);

/* `dir` is HAProxy's folder. The callback comes once, never from inside admin_send. */
struct admin_call *admin_send(struct loop *loop, const char *dir, const char *command, int64_t within_ms, admin_fn fn,
                              void *arg);
/* No callback; NULL is fine; not after the callback came (it frees the call). */
void admin_cancel(struct admin_call *call);

#endif
