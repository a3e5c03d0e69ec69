/*
 * service: an HTTP service as Slipway's host driver likes it. Listens on 127.0.0.1 at $PORT, writes one line a request
 * to standard output, and on SIGTERM takes no new connection, finishes what it is answering and exits 0.
 */
#ifndef DEMO_SERVICE_H
#define DEMO_SERVICE_H

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdbool.h>

#include "demo/src/behaviour.h"

enum { SERVICE_BODY_MAX = 64 * 1024, SERVICE_READ_MAX = 4 * 1024 * 1024 };

struct service;

struct service_route {
	const char *path;                  /* one that ends in "/" takes everything below it */
	enum evhttp_cmd_type method;
	void (*answer)(struct service *s, struct evhttp_request *req);
};

/* `routes` ends with a NULL path and stays the caller's. NULL: said on standard error. */
struct service *service_new(const char *name, const struct service_route *routes, void *arg);
int service_run(struct service *s);        /* the exit code; also frees it */
/* Asked before each route: false: it has answered the request itself. */
void service_guard(struct service *s, bool (*admit)(struct service *s, struct evhttp_request *req));

struct event_base *service_base(struct service *s);
const struct behaviour *service_behaviour(const struct service *s);
void *service_arg(struct service *s);

/* Answers. Each ends the request; the version of the build goes along as X-Shop-Version. */
void service_reply(struct service *s, struct evhttp_request *req, int status, const char *type, struct evbuffer *body);
void service_text(struct service *s, struct evhttp_request *req, int status, const char *text);
/* {"error":"text"} */
void service_error(struct service *s, struct evhttp_request *req, int status, const char *text);
/* The body as a string, NUL-terminated; yours. */
char *service_body(struct evhttp_request *req);

#endif
