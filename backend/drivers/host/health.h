/*
 * health: asks components directly on their slots' ports whether they are well: their health path answers 2xx, or,
 * without one, their port accepts a connection.
 */
#ifndef HOST_HEALTH_H
#define HOST_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/drivers/host/model.h"

struct http;
struct loop;
struct health;
struct health_all;

/* `why` when not ok: "GET /health answered 503: busy"; borrowed. */
typedef void (*health_fn)(void *arg, bool ok, const char *why);
/* Once, never from inside health_ask. */
struct health *health_ask(struct loop *loop, struct http *http, const struct host_part *part, enum colour colour,
                          int64_t timeout_ms, health_fn fn, void *arg);
void health_cancel(struct health *health);      /* no callback; NULL is fine; not after the callback came */

/* All components of a colour at once; `why` names the first that is not well: "web: GET …". */
struct health_all *health_ask_all(struct loop *loop, struct http *http, struct host_model *model, enum colour colour,
                                  int64_t timeout_ms, health_fn fn, void *arg);
void health_all_cancel(struct health_all *all);

/* Connects to a TCP port of this machine; the connection is closed at once. Callbacks as health_fn. */
struct health_tcp;
struct health_tcp *health_connect(struct loop *loop, const char *address, int port, int64_t timeout_ms, health_fn fn,
                                  void *arg);
void health_connect_cancel(struct health_tcp *tcp);

#endif
