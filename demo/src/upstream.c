#include "demo/src/upstream.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <event2/buffer.h>
#include <event2/http.h>

enum { IDLE_MAX = 64, TIMEOUT_S = 5, ANSWER_MAX = 1024 * 1024 };

struct upstream {
	struct event_base *base;
	char host[256], authority[300];
	unsigned short port;
	struct evhttp_connection *idle[IDLE_MAX];
	size_t nidle;
};

struct call {
	struct upstream *up;
	struct evhttp_connection *conn;
	bool is_reused;
	char *path, *form;
	upstream_fn fn;
	void *arg;
};

static void call_send(struct call *c, bool may_reuse);

static void call_end(struct call *c, int status, const char *body)
{
	c->fn(status, body, c->arg);
	free(c->path);
	free(c->form);
	free(c);
}

static void conn_done(struct call *c, bool is_good)
{
	if (is_good && c->up->nidle < IDLE_MAX)
		c->up->idle[c->up->nidle++] = c->conn;
	else
		evhttp_connection_free_on_completion(c->conn);
	c->conn = NULL;
}

static bool says_close(struct evhttp_request *req)
{
	const char *value = evhttp_find_header(evhttp_request_get_input_headers(req), "Connection");

	return value && strcasecmp(value, "close") == 0;
}

static void on_answer(struct evhttp_request *req, void *arg)
{
	struct call *c = arg;
	int status = req ? evhttp_request_get_response_code(req) : 0;
	struct evbuffer *in;

	conn_done(c, status != 0 && !says_close(req));
	if (status == 0 && c->is_reused) {
		call_send(c, false);
		return;
	}
	if (status == 0) {
		call_end(c, 0, "");
		return;
	}
	in = evhttp_request_get_input_buffer(req);
	evbuffer_add(in, "", 1);
	call_end(c, status, (const char *)evbuffer_pullup(in, -1));
}

static void call_send(struct call *c, bool may_reuse)
{
	struct upstream *u = c->up;
	struct evhttp_request *req = evhttp_request_new(on_answer, c);
	struct evkeyvalq *headers = evhttp_request_get_output_headers(req);

	c->is_reused = may_reuse && u->nidle > 0;
	if (c->is_reused) {
		c->conn = u->idle[--u->nidle];
	} else {
		c->conn = evhttp_connection_base_new(u->base, NULL, u->host, u->port);
		evhttp_connection_set_timeout(c->conn, TIMEOUT_S);
		evhttp_connection_set_max_body_size(c->conn, ANSWER_MAX);
	}
	evhttp_add_header(headers, "Host", u->authority);
	evhttp_add_header(headers, "Connection", "keep-alive");
	if (c->form) {
		evhttp_add_header(headers, "Content-Type", "application/x-www-form-urlencoded");
		evbuffer_add(evhttp_request_get_output_buffer(req), c->form, strlen(c->form));
	}
	/* When this fails, libevent has freed the request and on_answer does not come. */
	if (evhttp_make_request(c->conn, req, c->form ? EVHTTP_REQ_POST : EVHTTP_REQ_GET, c->path) != 0) {
		conn_done(c, false);
		call_end(c, 0, "");
	}
}

static void call_new(struct upstream *u, const char *path, const char *form, upstream_fn fn, void *arg)
{
	struct call *c = calloc(1, sizeof *c);

	if (!c)
		abort();
	*c = (struct call){ .up = u, .path = strdup(path), .form = form ? strdup(form) : NULL, .fn = fn, .arg = arg };
	call_send(c, true);
}

void upstream_get(struct upstream *u, const char *path, upstream_fn fn, void *arg)
{
	call_new(u, path, NULL, fn, arg);
}

void upstream_post(struct upstream *u, const char *path, const char *form, upstream_fn fn, void *arg)
{
	call_new(u, path, form, fn, arg);
}

struct upstream *upstream_new(struct event_base *base, const char *name)
{
	char host_key[64], port_key[64];
	const char *host, *port;
	struct upstream *u;

	snprintf(host_key, sizeof host_key, "SLIPWAY_%s_HOST", name);
	snprintf(port_key, sizeof port_key, "SLIPWAY_%s_PORT", name);
	host = getenv(host_key);
	port = getenv(port_key);
	if (!host || !port || strtol(port, NULL, 10) < 1 || strtol(port, NULL, 10) > 65535) {
		fprintf(stderr, "%s and %s must say where it listens\n", host_key, port_key);
		return NULL;
	}
	u = calloc(1, sizeof *u);
	if (!u)
		abort();
	u->base = base;
	u->port = (unsigned short)strtol(port, NULL, 10);
	snprintf(u->host, sizeof u->host, "%s", host);
	snprintf(u->authority, sizeof u->authority, "%s:%s", u->host, port);
	return u;
}

void upstream_free(struct upstream *u)
{
	if (!u)
		return;
	for (size_t i = 0; i < u->nidle; i++)
		evhttp_connection_free(u->idle[i]);
	free(u);
}
