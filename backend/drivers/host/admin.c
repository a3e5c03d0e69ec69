#include "backend/drivers/host/admin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "backend/base/buf.h"
#include "backend/base/clock.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/drivers/host/haproxy.h"

enum { ANSWER_MAX = 8 * 1024 * 1024, RETRY_MS = 20 };

struct admin_call {
	struct loop *loop;
	char *dir, *command;
	bool repeats;                      /* a question, which changes nothing */
	int64_t deadline_ms;               /* on the monotonic clock */
	int fd;                            /* -1: not connected */
	struct loop_io *io;
	struct loop_timer *timer;          /* next attempt, or the deadline */
	struct buf answer;
	struct err err;
	admin_fn fn;
	void *arg;
};

static void disconnect(struct admin_call *call)
{
	loop_io_free(call->io);
	call->io = NULL;
	if (call->fd >= 0)
		close(call->fd);
	call->fd = -1;
	buf_clear(&call->answer);
}

static void call_free(struct admin_call *call)
{
	disconnect(call);
	loop_timer_free(call->timer);
	buf_done(&call->answer);
	free(call->dir);
	free(call->command);
	free(call);
}

static void finish(struct admin_call *call, const char *answer)
{
	call->fn(call->arg, answer, answer ? NULL : &call->err);
	call_free(call);
}

static void answer_came(int fd, int events, void *arg)
{
	struct admin_call *call = arg;
	char chunk[16384];
	ssize_t n;

	(void)events;
	/* HAProxy closes right after its answer: mostly both are there at once. */
	while ((n = recv(fd, chunk, sizeof chunk, MSG_DONTWAIT)) > 0 && buf_add(&call->answer, chunk, (size_t)n))
		continue;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* The end. HAProxy answers at least an empty line to everything: nothing at all is a broken connection. */
	if (n <= 0 && call->repeats && (n < 0 || call->answer.len == 0) && clock_mono_ms() < call->deadline_ms) {
		disconnect(call);
		loop_timer_set(call->timer, RETRY_MS);
		return;
	}
	if (n > 0)
		err_set(&call->err, ERR_TOO_BIG, "HAProxy's answer is larger than %d bytes", ANSWER_MAX);
	else if (n < 0)
		err_errno(&call->err, errno, "read from HAProxy's admin socket");
	else if (call->answer.len == 0)
		err_set(&call->err, ERR_UNREACHABLE, "HAProxy closed its admin socket without an answer");
	finish(call, n == 0 && call->answer.len > 0 ? call->answer.data : NULL);
}

/*
 * The path of a Unix socket has at most 107 bytes, a workspace's may have more: then the way goes through the folder's
 * descriptor, which takes longer.
 */
static int connect_in(const char *dir)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	AUTO(mem_auto_close) int dir_fd = -1;
	int fd, number;

	if ((size_t)snprintf(address.sun_path, sizeof address.sun_path, "%s/" HAPROXY_SOCKET, dir)
	    >= sizeof address.sun_path) {
		dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir_fd < 0)
			return -1;
		snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/" HAPROXY_SOCKET, dir_fd);
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	number = errno;
	close(fd);
	errno = number;
	return -1;
}

static void attempt(struct admin_call *call)
{
	size_t len = strlen(call->command);

	call->fd = connect_in(call->dir);
	if (call->fd >= 0 && send(call->fd, call->command, len, MSG_NOSIGNAL) == (ssize_t)len) {
		call->io = loop_io_new(call->loop, call->fd, LOOP_READ, answer_came, call);
		loop_timer_set(call->timer, call->deadline_ms - clock_mono_ms());
		return;
	}
	err_errno(&call->err, errno, "HAProxy does not answer on %s/" HAPROXY_SOCKET, call->dir);
	call->err.kind = ERR_UNREACHABLE;
	disconnect(call);
	loop_timer_set(call->timer, RETRY_MS);
}

static void timer_fired(void *arg)
{
	struct admin_call *call = arg;

	if (clock_mono_ms() < call->deadline_ms && !call->io) {
		attempt(call);
		return;
	}
	if (call->io)
		err_set(&call->err, ERR_TIMEOUT, "HAProxy did not answer \"%.100s\" in time", call->command);
	finish(call, NULL);
}

struct admin_call *admin_send(struct loop *loop, const char *dir, const char *command, int64_t within_ms, admin_fn fn,
                              void *arg)
{
	struct admin_call *call = mem_alloc(sizeof *call);

	*call = (struct admin_call){
		.loop = loop, .dir = mem_dup(dir), .command = mem_printf("%s\n", command), .fd = -1, .fn = fn, .arg = arg,
		.repeats = strncmp(command, "show ", 5) == 0, .deadline_ms = clock_mono_ms() + within_ms,
	};
	buf_init(&call->answer, ANSWER_MAX);
	call->timer = loop_timer_new(loop, timer_fired, call);
	attempt(call);
	return call;
}

void admin_cancel(struct admin_call *call)
{
	if (call)
		call_free(call);
}
