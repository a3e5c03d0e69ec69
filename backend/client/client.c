#include "backend/client/client.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "backend/base/buf.h"
#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/client/client_priv.h"
#include "backend/client/link.h"
#include "backend/proto/api.h"
#include "backend/proto/refusal.h"
#include "backend/proto/words.h"

enum { DEADLINE_MS = 30000 };

struct client_call {
	struct client *client;
	struct client_call *next;
	struct link *link;             /* NULL: the request could not even be made; err says why */
	struct loop_timer *deadline;
	struct buf body;
	int status;
	struct err err;
	client_fn fn;
	void *arg;
};

struct client {
	struct loop *loop;
	char *path;
	struct client_call *calls;
	struct client_stream *streams;
};

struct client *client_new(struct loop *loop, const char *socket_path)
{
	struct client *c = mem_alloc(sizeof *c);

	*c = (struct client){ .loop = loop, .path = mem_dup(socket_path) };
	return c;
}

void client_free(struct client *c)
{
	if (!c)
		return;
	while (c->calls)
		client_cancel(c->calls);
	while (c->streams)
		client_stream_free(c->streams);
	free(c->path);
	free(c);
}

struct loop *client_loop(const struct client *c) { return c->loop; }
const char *client_path(const struct client *c) { return c->path; }
struct client_stream **client_streams(struct client *c) { return &c->streams; }

char *client_request(const char *method, const char *path, const char *accept, const char *body)
{
	AUTO(mem_auto_free) char *length = body ? mem_printf("Content-Type: application/json\r\nContent-Length: %zu\r\n",
	                                                     strlen(body)) : mem_dup("");

	return mem_printf("%s %s HTTP/1.1\r\nHost: slipway\r\nUser-Agent: slipway/" SLIPWAY_VERSION "\r\n"
	                  "Connection: close\r\nAccept: %s\r\n%s\r\n%s", method, path, accept, length, body ? body : "");
}

void client_cancel(struct client_call *call)
{
	if (!call)
		return;
	for (struct client_call **p = &call->client->calls; *p; p = &(*p)->next) {
		if (*p == call) {
			*p = call->next;
			break;
		}
	}
	link_free(call->link);
	loop_timer_free(call->deadline);
	buf_done(&call->body);
	free(call);
}

void client_error_of(int status, const char *body, size_t len, struct err *ret)
{
	AUTO(json_auto_decref) json_t *answer = json_read(body, len, NULL);
	const json_t *error = json_object_get(answer, "error");
	const char *text = json_text(error, "text");

	if (*text)
		err_set(ret, err_kind_of(json_text(error, "kind")), "%s", text);
	else
		err_set(ret, status == 413 ? ERR_TOO_BIG : ERR_INTERNAL, "the engine answered with HTTP status %d", status);
	if (ret->kind == ERR_NONE)
		ret->kind = ERR_INTERNAL;
	refusal_keep(ret, json_object_get(error, "blocked"));
}

/* Ends the call with what it holds; err NULL: the answer is whole. */
static void finish(struct client_call *call, const struct err *err)
{
	client_fn fn = call->fn;
	void *arg = call->arg;
	int status = call->status;
	AUTO(json_auto_decref) json_t *answer = NULL;
	struct err why = { 0 };

	if (err) {
		why = *err;
	} else if (status < 200 || status > 299) {
		client_error_of(status, call->body.data, call->body.len, &why);
		answer = json_read(call->body.data, call->body.len, NULL);
	} else if (call->body.len && !(answer = json_read(call->body.data, call->body.len, &why))) {
		err_wrap(&why, "the engine's answer is no JSON");
		why.kind = ERR_INTERNAL;
	}
	client_cancel(call);
	fn(arg, status, answer, why.kind == ERR_NONE ? NULL : &why);
}

static void call_head(void *arg, int status)
{
	struct client_call *call = arg;

	call->status = status;
}

static bool call_body(void *arg, const char *data, size_t len, struct err *err)
{
	struct client_call *call = arg;

	if (buf_add(&call->body, data, len))
		return true;
	return err_set(err, ERR_TOO_BIG, "the engine's answer is larger than %u bytes; ask for less", API_BODY_MAX);
}

static void call_end(void *arg, const struct err *err)
{
	finish(arg, err);
}

static void call_late(void *arg)
{
	struct client_call *call = arg;
	struct err err = { 0 };

	if (call->err.kind == ERR_NONE)
		err_set(&err, ERR_UNREACHABLE, "the engine did not answer in time");
	else
		err = call->err;
	finish(call, &err);
}

static const struct link_fns call_fns = { call_head, call_body, call_end };

static struct client_call *send_within(struct client *c, const char *method, const char *path, json_t *take_body,
                                       int64_t deadline_ms, client_fn fn, void *arg)
{
	struct client_call *call = mem_alloc(sizeof *call);
	AUTO(mem_auto_free) char *body = take_body ? json_line(take_body) : NULL;

	json_decref(take_body);
	*call = (struct client_call){ .client = c, .next = c->calls, .fn = fn, .arg = arg };
	c->calls = call;
	buf_init(&call->body, API_BODY_MAX);
	call->deadline = loop_timer_new(c->loop, call_late, call);
	if (body && strlen(body) > API_BODY_MAX) {
		err_set(&call->err, ERR_TOO_BIG, "the request is larger than %u bytes", API_BODY_MAX);
		loop_timer_set(call->deadline, 0);
	} else {
		char *request = client_request(method, path, "application/json", body);

		call->link = link_new(c->loop, c->path, request, strlen(request), &call_fns, call);
		loop_timer_set(call->deadline, deadline_ms);
	}
	return call;
}

struct client_call *client_send(struct client *c, const char *method, const char *path, json_t *take_body,
                                client_fn fn, void *arg)
{
	return send_within(c, method, path, take_body, DEADLINE_MS, fn, arg);
}

struct asked {
	struct loop *loop;
	bool done;
	json_t *answer;
	struct err err;
};

static void asked_answer(void *arg, int status, const json_t *answer, const struct err *err)
{
	struct asked *asked = arg;

	(void)status;
	asked->done = true;
	if (err)
		asked->err = *err;
	else
		asked->answer = answer ? json_deep_copy(answer) : json_null();
	loop_stop(asked->loop);
}

bool client_ask(struct client *c, const char *method, const char *path, json_t *take_body, int64_t timeout_ms,
                json_t **ret, struct err *err)
{
	struct asked asked = { .loop = c->loop };
	struct client_call *call = send_within(c, method, path, take_body, timeout_ms, asked_answer, &asked);

	loop_run(c->loop);
	if (!asked.done) {
		client_cancel(call);
		return err_set(err, ERR_UNREACHABLE, "interrupted before the engine had answered");
	}
	if (asked.err.kind != ERR_NONE)
		return err_copy(err, &asked.err);
	*ret = asked.answer;
	return true;
}

char *client_escape(const char *text)
{
	static const char digits[] = "0123456789ABCDEF";
	char *out = mem_alloc(3 * strlen(text) + 1), *o = out;

	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p < 0x80 && (isalnum(*p) || strchr("-._~", *p))) {
			*o++ = (char)*p;
		} else {
			*o++ = '%';
			*o++ = digits[*p >> 4];
			*o++ = digits[*p & 15];
		}
	}
	return out;
}

char *client_new_key(void)
{
	unsigned char bits[16];
	char *key = mem_alloc(2 * sizeof bits + 1);

	if (getrandom(bits, sizeof bits, 0) != (ssize_t)sizeof bits)
		abort();
	for (size_t i = 0; i < sizeof bits; i++)
		snprintf(key + 2 * i, 3, "%02x", bits[i]);
	return key;
}
