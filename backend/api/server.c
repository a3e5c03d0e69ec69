#include "backend/api/server.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/api/peer.h"
#include "backend/api/server_priv.h"
#include "backend/base/file.h"
#include "backend/base/log.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/base/sock.h"
#include "backend/proto/api.h"

enum {
	HEAD_MAX = 16 * 1024,
	IDLE_S = 60,                 /* a caller that sends nothing for so long is hung up on */
	ACCEPT_AGAIN_MS = 100
};

static void begin(struct evhttp_request *http, void *arg)
{
	request_begin(arg, http);
}

static void accept_again(void *arg)
{
	struct server *s = arg;

	evconnlistener_enable(s->listener);
}

/* Out of descriptors, mostly. The listener stays readable, so without a pause the loop would spin. */
static void accept_failed(struct evconnlistener *listener, void *arg)
{
	struct server *s = arg;

	log_line(LOG_LEVEL_ERROR, "cannot accept a caller: %s", strerror(errno));
	evconnlistener_disable(listener);
	loop_timer_set(s->accept_again, ACCEPT_AGAIN_MS);
}

static void stop(void *arg)
{
	struct server *s = arg;

	s->stop_fn(s->stop_arg);
}

/* The caller holds the engine's lock, so a socket that nobody answers on was left by an engine that died. */
static bool remove_stale(const char *path, struct err *err)
{
	AUTO(mem_auto_close) int fd = -1;
	struct stat st;

	if (lstat(path, &st) != 0)
		return errno == ENOENT || err_errno(err, errno, "look at %s", path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(err, ERR_CONFLICT, "%s is there and is no socket; move it away", path);
	if (sock_connect(path, &fd, NULL))
		return err_set(err, ERR_LOCKED, "somebody answers on %s already", path);
	if (unlink(path) != 0)
		return err_errno(err, errno, "remove the old socket %s", path);
	return true;
}

static bool folder_is_ours(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	AUTO(mem_auto_free) char *folder = slash && slash != path ? mem_dupn(path, (size_t)(slash - path)) : mem_dup("/");

	return file_check_owner(slash ? folder : ".", err);
}

static bool listen_here(struct server *s, int fd, struct err *err)
{
	s->listener = evconnlistener_new(loop_base(s->loop), NULL, NULL,
	                                 LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (!s->listener) {
		close(fd);
		return err_set(err, ERR_INTERNAL, "cannot watch the socket %s", s->path);
	}
	if (!evhttp_bind_listener(s->http, s->listener)) {
		evconnlistener_free(s->listener);
		return err_set(err, ERR_INTERNAL, "cannot serve the socket %s", s->path);
	}
	evconnlistener_set_error_cb(s->listener, accept_failed);
	return true;
}

static void set_limits(struct evhttp *http)
{
	evhttp_set_allowed_methods(http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT
		| EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE | EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH);
	evhttp_set_max_headers_size(http, HEAD_MAX);
	evhttp_set_max_body_size(http, API_BODY_MAX);
	evhttp_set_timeout(http, IDLE_S);
	evhttp_set_default_content_type(http, NULL);
}

bool server_new(struct loop *loop, struct engine *engine, const char *socket_path, void (*stop_fn)(void *arg),
                void *arg, struct server **ret, struct err *err)
{
	struct server *s;
	int fd = -1;

	if (!folder_is_ours(socket_path, err) || !remove_stale(socket_path, err) || !sock_listen(socket_path, &fd, err))
		return err_wrap(err, "open the engine's socket");
	/* A caller may hang up at any time, and libevent writes in a way that would end the process for it. */
	signal(SIGPIPE, SIG_IGN);
	s = mem_alloc(sizeof *s);
	*s = (struct server){ .loop = loop, .engine = engine, .path = mem_dup(socket_path), .stop_fn = stop_fn,
	                      .stop_arg = arg };
	s->http = evhttp_new(loop_base(loop));
	if (!s->http)
		abort();
	s->accept_again = loop_timer_new(loop, accept_again, s);
	s->stop = loop_timer_new(loop, stop, s);
	s->peers = peers_new();
	s->events = events_new(loop, engine);
	set_limits(s->http);
	evhttp_set_gencb(s->http, begin, s);
	if (!listen_here(s, fd, err)) {
		server_free(s);
		return false;
	}
	*ret = s;
	return true;
}

int server_followers(const struct server *s)
{
	return events_count(s->events);
}

void server_free(struct server *s)
{
	if (!s)
		return;
	request_orphan_all(s);
	events_free(s->events);
	evhttp_free(s->http);
	unlink(s->path);
	loop_timer_free(s->accept_again);
	loop_timer_free(s->stop);
	peers_free(s->peers);
	free(s->path);
	free(s);
}
