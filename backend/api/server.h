/*
 * server: the engine's HTTP server on its Unix socket (evhttp), one const route table (routes.c). Identity is the
 * peer's uid by SO_PEERCRED, looked up for each connection; headers never count. Server-sent events: each reader has a
 * bounded buffer; one that does not read is cut off and resumes from its last event. No reader can slow the engine.
 */
#ifndef API_SERVER_H
#define API_SERVER_H

#include <stdbool.h>

#include "backend/base/err.h"

struct engine;
struct loop;
struct server;

/*
 * Binds `socket_path` (mode 0600, in a folder that is ours alone; slipwayd -g opens both to a group). The caller holds the engine's lock, so a socket on
 * which nobody answers is removed first. `stop_fn` is called for POST /v1/engine/stop. SIGPIPE is ignored from here on.
 */
bool server_new(struct loop *loop, struct engine *engine, const char *socket_path, void (*stop_fn)(void *arg),
                void *arg, struct server **ret, struct err *err);
int server_followers(const struct server *s);    /* who follows the events now */
void server_free(struct server *s);    /* closes every connection and removes the socket */

#endif
