#include "backend/client/link.h"

#include <errno.h>
#include <http_parser.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/base/sock.h"

enum { BUSY_RETRY_MS = 20, READ_SIZE = 64 * 1024 };

struct link {
	struct loop *loop;
	char *path;
	char *request;
	size_t len, sent;
	struct link_fns fns;
	void *arg;
	int fd;
	struct loop_io *io;
	struct loop_timer *timer;
	http_parser parser;
	struct err err;
	bool broken;      /* err holds why */
	bool whole;
	bool busy;        /* a callback is on the stack: freeing waits for it */
	bool freed;
};

static void destroy(struct link *l)
{
	loop_io_free(l->io);
	loop_timer_free(l->timer);
	if (l->fd >= 0)
		close(l->fd);
	free(l->request);
	free(l->path);
	free(l);
}

void link_free(struct link *l)
{
	if (!l)
		return;
	l->freed = true;
	if (!l->busy)
		destroy(l);
}

static void end(struct link *l)
{
	loop_timer_stop(l->timer);
	if (l->io)
		loop_io_set(l->io, 0);
	l->fns.end(l->arg, l->broken ? &l->err : NULL);
}

static void fail(struct link *l, enum err_kind kind, const char *text)
{
	l->broken = true;
	err_set(&l->err, kind, "%s", text);
}

static int got_head(http_parser *parser)
{
	struct link *l = parser->data;

	l->fns.head(l->arg, (int)parser->status_code);
	return l->freed ? -1 : 0;
}

static int got_body(http_parser *parser, const char *data, size_t len)
{
	struct link *l = parser->data;

	if (!l->fns.body(l->arg, data, len, &l->err) && !l->freed)
		l->broken = true;
	return l->freed || l->broken ? -1 : 0;
}

static int got_all(http_parser *parser)
{
	struct link *l = parser->data;

	l->whole = true;
	http_parser_pause(parser, 1);
	return 0;
}

static const http_parser_settings settings = {
	.on_headers_complete = got_head, .on_body = got_body, .on_message_complete = got_all
};

static void parse(struct link *l, const char *data, size_t len)
{
	http_parser_execute(&l->parser, &settings, data, len);
	if (l->freed || l->broken || l->whole)
		return;
	if (HTTP_PARSER_ERRNO(&l->parser) != HPE_OK)
		fail(l, ERR_UNREACHABLE, len ? "what answers on the socket does not speak HTTP"
		                             : "the engine hung up before it had answered");
	else if (len == 0)
		fail(l, ERR_UNREACHABLE, "the engine hung up before it had answered");
}

static void send_more(struct link *l)
{
	ssize_t n = send(l->fd, l->request + l->sent, l->len - l->sent, MSG_NOSIGNAL);

	if (n > 0)
		l->sent += (size_t)n;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* A server that refuses hangs up while we still write; its answer is there to be read. */
	if (n < 0 || l->sent == l->len)
		loop_io_set(l->io, LOOP_READ);
}

static void receive(struct link *l)
{
	char data[READ_SIZE];
	ssize_t n = recv(l->fd, data, sizeof data, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0 && errno != ECONNRESET) {
		l->broken = true;
		err_errno(&l->err, errno, "read from %s", l->path);
		l->err.kind = ERR_UNREACHABLE;
		return;
	}
	parse(l, data, n > 0 ? (size_t)n : 0);
}

static void ready(int fd, int events, void *arg)
{
	struct link *l = arg;

	(void)fd;
	l->busy = true;
	if ((events & LOOP_WRITE) && l->sent < l->len)
		send_more(l);
	if (events & LOOP_READ)
		receive(l);
	if (!l->freed && (l->broken || l->whole))
		end(l);
	l->busy = false;
	if (l->freed)
		destroy(l);
}

static void start(void *arg)
{
	struct link *l = arg;

	if (sock_connect(l->path, &l->fd, &l->err)) {
		l->io = loop_io_new(l->loop, l->fd, LOOP_READ | LOOP_WRITE, ready, l);
		return;
	}
	if (l->err.kind == ERR_TIMEOUT) {
		loop_timer_set(l->timer, BUSY_RETRY_MS);
		return;
	}
	l->broken = true;
	l->busy = true;
	end(l);
	l->busy = false;
	if (l->freed)
		destroy(l);
}

struct link *link_new(struct loop *loop, const char *path, char *take_request, size_t len, const struct link_fns *fns,
                      void *arg)
{
	struct link *l = mem_alloc(sizeof *l);

	*l = (struct link){ .loop = loop, .path = mem_dup(path), .request = take_request, .len = len, .fns = *fns,
	                    .arg = arg, .fd = -1 };
	http_parser_init(&l->parser, HTTP_RESPONSE);
	l->parser.data = l;
	l->timer = loop_timer_new(loop, start, l);
	loop_timer_set(l->timer, 0);
	return l;
}
