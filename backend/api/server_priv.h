/* What server.c, request.c and events.c share; and what tests set. */
#ifndef API_SERVER_PRIV_H
#define API_SERVER_PRIV_H

#include <stdint.h>

#include "backend/engine/engine.h"

struct bufferevent;
struct evhttp_connection;
struct evhttp_request;
struct events;
struct loop;
struct peers;
struct request;
struct server;

struct server {
	struct loop *loop;
	struct engine *engine;
	char *path;
	struct evhttp *http;
	struct loop_timer *accept_again;      /* after the process ran out of descriptors */
	struct loop_timer *stop;
	struct evconnlistener *listener;      /* evhttp's */
	struct peers *peers;
	struct events *events;
	struct request *requests;             /* not answered yet */
	void (*stop_fn)(void *arg);
	void *stop_arg;
};

/* request.c: begins with what evhttp hands over, ends by an answer; orphaned when the server goes first. */
void request_begin(struct server *s, struct evhttp_request *http);
void request_orphan_all(struct server *s);

/* events.c */
struct events *events_new(struct loop *loop, struct engine *engine);
void events_free(struct events *e);
/* Takes the connection over from evhttp, with a stream that goes on after row `since`. */
void events_add(struct events *e, struct evhttp_connection *connection, int64_t since);
void events_set_beat(struct events *e, int64_t ms);
int events_count(const struct events *e);

#endif
