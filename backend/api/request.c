#include "backend/api/request.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "backend/api/peer.h"
#include "backend/api/routes.h"
#include "backend/api/server_priv.h"
#include "backend/base/clock.h"
#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/proto/api.h"
#include "backend/proto/refusal.h"

enum { STOP_AFTER_MS = 50 };     /* lets the answer leave; nobody waits for the exact moment */

struct request {
	struct server *server;           /* NULL: closed before the answer came */
	struct request *next;
	struct engine *engine;
	struct evhttp_request *http;
	const struct route *route;
	struct engine *then;             /* as of `at`, when it was asked for; ours to give back */
	struct engine_caller caller;
	char *name;
	char *args[ROUTE_ARGS];
	struct evkeyvalq query;
	struct answer { int status; const char *type; char *text; } answer;    /* until what it tells is kept */
	bool stops_engine;
};

struct engine *request_engine(const struct request *r) { return r->then ? r->then : r->server->engine; }
const struct engine_caller *request_caller(const struct request *r) { return &r->caller; }
const char *request_arg(const struct request *r, int i) { return r->args[i] ? r->args[i] : ""; }
const char *request_query(const struct request *r, const char *key) { return evhttp_find_header(&r->query, key); }

static bool number(const char *what, const char *text, int64_t least, int64_t most, int64_t *ret, struct err *err)
{
	char *end;
	long long value;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno || end == text || *end || value < least || value > most)
		return err_set(err, ERR_USAGE, "%s must be a whole number from %lld to %lld, not \"%.40s\"", what,
		               (long long)least, (long long)most, text);
	*ret = value;
	return true;
}

bool request_number(const struct request *r, const char *key, int64_t least, int64_t most, int64_t otherwise,
                    int64_t *ret, struct err *err)
{
	const char *text = request_query(r, key);

	if (text)
		return number(key, text, least, most, ret, err);
	*ret = otherwise;
	return true;
}

bool request_arg_number(const struct request *r, int i, int64_t *ret, struct err *err)
{
	return number("an id", request_arg(r, i), 1, INT64_MAX, ret, err);
}

bool request_body(const struct request *r, json_t **ret, struct err *err)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(r->http);
	size_t len = evbuffer_get_length(in);
	json_t *body;

	if (len == 0) {
		*ret = json_object();
		return true;
	}
	body = json_read((const char *)evbuffer_pullup(in, -1), len, err);
	if (!body)
		return err_wrap(err, "the request's body is no JSON");
	if (!json_is_object(body)) {
		json_decref(body);
		return err_set(err, ERR_USAGE, "the request's body must be a JSON object");
	}
	*ret = body;
	return true;
}

static void request_free(struct request *r)
{
	for (struct request **p = r->server ? &r->server->requests : NULL; p && *p; p = &(*p)->next) {
		if (*p == r) {
			*p = r->next;
			break;
		}
	}
	if (r->then)
		engine_then_done(r->engine, r->then);
	for (int i = 0; i < ROUTE_ARGS; i++)
		free(r->args[i]);
	evhttp_clear_headers(&r->query);
	free(r->answer.text);
	free(r->name);
	free(r);
}

static void send_answer(struct request *r)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(r->http);
	struct evbuffer *out = evhttp_request_get_output_buffer(r->http);

	evhttp_add_header(headers, "Content-Type", r->answer.type);
	evhttp_add_header(headers, "Cache-Control", "no-store");
	evbuffer_add(out, r->answer.text, strlen(r->answer.text));
	evhttp_send_reply(r->http, r->answer.status, NULL, NULL);
	if (r->stops_engine)
		loop_timer_set(r->server->stop, STOP_AFTER_MS);
	request_free(r);
}

static void set_line(struct request *r, int status, const char *line)
{
	free(r->answer.text);
	r->answer = (struct answer){ status, "application/json", mem_printf("%s\n", line) };
}

static void set_error(struct request *r, int status, const struct err *err)
{
	AUTO(json_auto_decref) json_t *value = json_pack("{s:o}", "error", refusal_object(err));
	AUTO(mem_auto_free) char *line = json_line(value);

	set_line(r, status, line);
}

/* What was read is told also when the disk failed: somebody has to see how things are. A change is not promised then. */
static void kept(void *arg, const struct err *err)
{
	struct request *r = arg;

	if (!r->server) {
		request_free(r);
		return;
	}
	if (err && r->route && r->route->changes)
		set_error(r, err_http_status(err->kind), err);
	send_answer(r);
}

/* Nobody is told of what a power cut could still take back. */
static void send_when_kept(struct request *r)
{
	if (engine_is_kept(r->engine))
		send_answer(r);
	else
		engine_when_kept(r->engine, kept, r);
}

static void answer(struct request *r, int status, const json_t *value)
{
	AUTO(mem_auto_free) char *line = json_line(value);
	struct err err = { 0 };

	if (strlen(line) > API_BODY_MAX) {
		err_set(&err, ERR_TOO_BIG, "the answer is larger than %u bytes; ask for less with limit", API_BODY_MAX);
		set_error(r, err_http_status(err.kind), &err);
	} else {
		set_line(r, status, line);
	}
	send_when_kept(r);
}

void request_answer(struct request *r, int status, const json_t *value)
{
	if (r->server)
		answer(r, status, value);
	else
		request_free(r);
}

void request_answer_text(struct request *r, const char *type, const char *text)
{
	if (!r->server) {
		request_free(r);
		return;
	}
	r->answer = (struct answer){ 200, type, mem_dup(text) };
	send_when_kept(r);
}

void request_fail(struct request *r, const struct err *err)
{
	if (!r->server) {
		request_free(r);
		return;
	}
	set_error(r, err_http_status(err->kind), err);
	send_when_kept(r);
}

void request_finish(struct request *r, bool ok, json_t *take_answer, const struct err *err)
{
	if (ok)
		request_answer(r, 200, take_answer);
	else
		request_fail(r, err);
	json_decref(take_answer);
}

void request_follow(struct request *r, int64_t since)
{
	events_add(r->server->events, evhttp_request_get_connection(r->http), since);
	request_free(r);
}

void request_stop_engine(struct request *r)
{
	AUTO(json_auto_decref) json_t *value = json_pack("{s:b}", "stopping", 1);

	r->stops_engine = true;
	request_answer(r, 202, value);
}

/* Percent-decodes in place; a NUL inside would cut the text that is compared from the text that is used. */
static bool decode_args(struct request *r, struct err *err)
{
	for (int i = 0; i < ROUTE_ARGS && r->args[i]; i++) {
		size_t len = 0;
		char *decoded = evhttp_uridecode(r->args[i], 0, &len);
		bool clean = decoded && strlen(decoded) == len;

		if (clean) {
			free(r->args[i]);
			r->args[i] = mem_dup(decoded);
		}
		free(decoded);
		if (!clean)
			return err_set(err, ERR_USAGE, "the path holds %%00");
	}
	return true;
}

static bool read_query(struct request *r, const struct evhttp_uri *uri, struct err *err)
{
	const char *query = evhttp_uri_get_query(uri);

	/* An empty query is none; libevent calls it malformed. */
	if (query && *query && evhttp_parse_query_str(query, &r->query) != 0)
		return err_set(err, ERR_USAGE, "the query \"%.100s\" is malformed", query);
	return true;
}

static bool who_asks(struct request *r, struct err *err)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(r->http);

	if (!peer_uid(bufferevent_getfd(evhttp_connection_get_bufferevent(connection)), &r->caller.uid, err))
		return false;
	r->name = mem_dup(peer_name(r->server->peers, r->caller.uid));
	r->caller.name = r->name;
	return true;
}

static const char *method_name(enum evhttp_cmd_type type)
{
	static const struct { enum evhttp_cmd_type type; const char *name; } names[] = {
		{ EVHTTP_REQ_GET, "GET" }, { EVHTTP_REQ_POST, "POST" }, { EVHTTP_REQ_HEAD, "HEAD" },
		{ EVHTTP_REQ_PUT, "PUT" }, { EVHTTP_REQ_DELETE, "DELETE" }, { EVHTTP_REQ_OPTIONS, "OPTIONS" },
		{ EVHTTP_REQ_TRACE, "TRACE" }, { EVHTTP_REQ_CONNECT, "CONNECT" }, { EVHTTP_REQ_PATCH, "PATCH" },
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].type == type)
			return names[i].name;
	return "?";
}

/* Also when the server was closed meanwhile: then the answer goes nowhere. */
static void handle_then(void *arg, struct engine *then, const struct err *err)
{
	struct request *r = arg;

	r->then = then;
	if (err)
		request_fail(r, err);
	else if (r->server)
		r->route->handle(r);
	else
		request_free(r);
}

/* Nothing that is over can be changed, and a replay is over as a whole; ending its engine is another matter. */
static bool may_handle(struct request *r, bool is_then, struct err *err)
{
	if (!r->route->changes || strcmp(r->route->path, "/v1/engine/stop") == 0)
		return true;
	if (engine_is_past(r->engine))
		return err_set(err, ERR_CONFLICT, "this is a replay: nothing in it can be changed");
	return !is_then || err_set(err, ERR_USAGE, "what was cannot be changed: leave out at=");
}

static void handle(struct request *r)
{
	int64_t at = 0;
	struct err err = { 0 };
	bool is_then = request_query(r, "at") != NULL;

	if (!may_handle(r, is_then, &err) || !request_number(r, "at", 1, INT64_MAX, 0, &at, &err))
		request_fail(r, &err);
	else if (is_then && !engine_is_past(r->engine))
		engine_at(r->engine, at, handle_then, r);
	else
		r->route->handle(r);
}

static void dispatch(struct request *r)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(r->http);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
	const struct route *route = NULL;
	char allow[32] = "";
	struct err err = { 0 };

	if (!path || !*path)
		path = "/";
	if (!route_find(method_name(evhttp_request_get_command(r->http)), path, &route, r->args, allow, &err)) {
		if (*allow)
			evhttp_add_header(evhttp_request_get_output_headers(r->http), "Allow", allow);
		set_error(r, *allow ? 405 : err_http_status(err.kind), &err);
		send_when_kept(r);
	} else if (!decode_args(r, &err) || !read_query(r, uri, &err) || !who_asks(r, &err)) {
		request_fail(r, &err);
	} else {
		r->route = route;
		handle(r);
	}
}

void request_begin(struct server *s, struct evhttp_request *http)
{
	struct request *r = mem_alloc(sizeof *r);
	struct loop *loop = s->loop;
	struct loop_mark mark = loop_begin(loop);

	*r = (struct request){ .server = s, .next = s->requests, .engine = s->engine, .http = http };
	TAILQ_INIT(&r->query);
	s->requests = r;
	dispatch(r);
	loop_account(loop, mark, "a request");
}

void request_orphan_all(struct server *s)
{
	while (s->requests) {
		struct request *r = s->requests;

		s->requests = r->next;
		r->server = NULL;
		r->http = NULL;
	}
}
