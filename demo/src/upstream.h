/*
 * upstream: requests of one service to another, without waiting. Connections are kept and used again.
 */
#ifndef DEMO_UPSTREAM_H
#define DEMO_UPSTREAM_H

#include <event2/event.h>

struct upstream;

/* `status` is 0 when there was no answer; `body` is NUL-terminated and borrowed. */
typedef void (*upstream_fn)(int status, const char *body, void *arg);

/* Where: SLIPWAY_<NAME>_HOST and _PORT. NULL when the environment does not say, or says nonsense. */
struct upstream *upstream_new(struct event_base *base, const char *name);
void upstream_free(struct upstream *u);
void upstream_get(struct upstream *u, const char *path, upstream_fn fn, void *arg);
/* Posts a form. It must be harmless to send twice: a connection that turns out to be closed is replaced once. */
void upstream_post(struct upstream *u, const char *path, const char *form, upstream_fn fn, void *arg);

#endif
