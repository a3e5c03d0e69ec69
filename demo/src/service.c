#include "demo/src/service.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include <event2/keyvalq_struct.h>

struct service {
	const char *name;
	const struct service_route *routes;
	bool (*admit)(struct service *s, struct evhttp_request *req);
	void *arg;
	struct behaviour behaviour;
	struct event_base *base;
	struct evhttp *http;
	struct evhttp_bound_socket *listener;
	struct event *on_term, *on_int, *on_drained;
	int running;                       /* requests without an answer yet */
	bool stopping;
};

static const char *method_name(enum evhttp_cmd_type method)
{
	return method == EVHTTP_REQ_GET ? "GET" : method == EVHTTP_REQ_POST ? "POST" : method == EVHTTP_REQ_HEAD ? "HEAD" : "?";
}

static void stop_when_drained(struct service *s)
{
	/* A moment more, so that the last answer has left the socket. */
	static const struct timeval moment = { 0, 50 * 1000 };

	if (s->stopping && s->running == 0)
		evtimer_add(s->on_drained, &moment);
}

static void on_signal(evutil_socket_t signo, short what, void *arg)
{
	struct service *s = arg;

	(void)what;
	if (s->stopping)
		return;
	printf("%s: signal %d, finishing %d requests\n", s->name, (int)signo, s->running);
	s->stopping = true;
	evhttp_del_accept_socket(s->http, s->listener);
	s->listener = NULL;
	stop_when_drained(s);
}

static void on_drained(evutil_socket_t fd, short what, void *arg)
{
	struct service *s = arg;

	(void)fd, (void)what;
	if (s->running == 0)
		event_base_loopbreak(s->base);
}

static const struct service_route *route_of(const struct service *s, const char *path, bool *ret_path_known,
                                            enum evhttp_cmd_type method)
{
	*ret_path_known = false;
	for (const struct service_route *r = s->routes; r->path; r++) {
		size_t len = strlen(r->path);
		bool is_prefix = len > 1 && r->path[len - 1] == '/';

		if (is_prefix ? strncmp(path, r->path, len) != 0 : strcmp(path, r->path) != 0)
			continue;
		*ret_path_known = true;
		if (r->method == method || (r->method == EVHTTP_REQ_GET && method == EVHTTP_REQ_HEAD))
			return r;
	}
	return NULL;
}

static void on_request(struct evhttp_request *req, void *arg)
{
	struct service *s = arg;
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(req));
	const struct service_route *route;
	bool path_known;

	s->running++;
	if (evbuffer_get_length(evhttp_request_get_input_buffer(req)) > SERVICE_BODY_MAX) {
		service_error(s, req, 413, "that is more than a body may hold");
		return;
	}
	if (s->admit && !s->admit(s, req))
		return;
	route = route_of(s, path && *path ? path : "/", &path_known, evhttp_request_get_command(req));
	if (route)
		route->answer(s, req);
	else if (path_known)
		service_error(s, req, 405, "this address does not take that method");
	else
		service_error(s, req, 404, "there is nothing at this address");
}

static bool listen_on(struct service *s)
{
	const char *text = getenv("PORT");
	long port = text ? strtol(text, NULL, 10) : 0;

	if (port < 1 || port > 65535) {
		fprintf(stderr, "%s: PORT must hold the port to listen on\n", s->name);
		return false;
	}
	s->listener = evhttp_bind_socket_with_handle(s->http, "127.0.0.1", (unsigned short)port);
	if (!s->listener) {
		fprintf(stderr, "%s: cannot listen on 127.0.0.1:%ld: %s\n", s->name, port, strerror(errno));
		return false;
	}
	printf("%s %s: listening on 127.0.0.1:%ld\n", s->name, s->behaviour.version, port);
	return true;
}

static void service_free(struct service *s)
{
	if (!s)
		return;
	if (s->on_term)
		event_free(s->on_term);
	if (s->on_int)
		event_free(s->on_int);
	if (s->on_drained)
		event_free(s->on_drained);
	if (s->http)
		evhttp_free(s->http);
	if (s->base)
		event_base_free(s->base);
	free(s);
}

struct service *service_new(const char *name, const struct service_route *routes, void *arg)
{
	struct service *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->name = name;
	s->routes = routes;
	s->arg = arg;
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	s->base = event_base_new();
	s->http = s->base ? evhttp_new(s->base) : NULL;
	if (!s->http || !behaviour_own(&s->behaviour) || !listen_on(s)) {
		service_free(s);
		return NULL;
	}
	evhttp_set_allowed_methods(s->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT |
	                           EVHTTP_REQ_DELETE);
	/* A body over our limit is read to its end: an answer before that is lost when the sender meets a closed door. */
	evhttp_set_max_body_size(s->http, SERVICE_READ_MAX);
	evhttp_set_timeout(s->http, 60);
	evhttp_set_gencb(s->http, on_request, s);
	s->on_term = evsignal_new(s->base, SIGTERM, on_signal, s);
	s->on_int = evsignal_new(s->base, SIGINT, on_signal, s);
	s->on_drained = evtimer_new(s->base, on_drained, s);
	evsignal_add(s->on_term, NULL);
	evsignal_add(s->on_int, NULL);
	return s;
}

int service_run(struct service *s)
{
	event_base_dispatch(s->base);
	printf("%s: stopped\n", s->name);
	service_free(s);
	return 0;
}

void service_guard(struct service *s, bool (*admit)(struct service *s, struct evhttp_request *req))
{
	s->admit = admit;
}

struct event_base *service_base(struct service *s)
{
	return s->base;
}

const struct behaviour *service_behaviour(const struct service *s)
{
	return &s->behaviour;
}

void *service_arg(struct service *s)
{
	return s->arg;
}

void service_reply(struct service *s, struct evhttp_request *req, int status, const char *type, struct evbuffer *body)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(req);

	evhttp_add_header(headers, "Content-Type", type);
	evhttp_add_header(headers, "Cache-Control", "no-store");
	evhttp_add_header(headers, "X-Shop-Version", s->behaviour.version);
	if (s->stopping)
		evhttp_add_header(headers, "Connection", "close");
	printf("%s %s %d\n", method_name(evhttp_request_get_command(req)), evhttp_request_get_uri(req), status);
	if (evhttp_request_get_command(req) == EVHTTP_REQ_HEAD) {
		/* libevent 2.1 would send the body all the same. */
		char length[24];

		snprintf(length, sizeof length, "%zu", evbuffer_get_length(body));
		evhttp_add_header(headers, "Content-Length", length);
		evbuffer_drain(body, evbuffer_get_length(body));
	}
	s->running--;
	evhttp_send_reply(req, status, NULL, body);
	stop_when_drained(s);
}

static void reply_printf(struct service *s, struct evhttp_request *req, int status, const char *type, const char *before,
                         const char *text, const char *after)
{
	struct evbuffer *body = evbuffer_new();

	evbuffer_add_printf(body, "%s%s%s\n", before, text, after);
	service_reply(s, req, status, type, body);
	evbuffer_free(body);
}

void service_text(struct service *s, struct evhttp_request *req, int status, const char *text)
{
	reply_printf(s, req, status, "text/plain; charset=utf-8", "", text, "");
}

void service_error(struct service *s, struct evhttp_request *req, int status, const char *text)
{
	reply_printf(s, req, status, "application/json", "{\"error\":\"", text, "\"}");
}

char *service_body(struct evhttp_request *req)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(req);
	size_t len = evbuffer_get_length(in);
	char *text = malloc(len + 1);

	if (!text)
		abort();
	evbuffer_copyout(in, text, len);
	text[len] = '\0';
	return text;
}
