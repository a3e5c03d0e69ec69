#include "tests/api/served.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/api/server.h"
#include "backend/base/clock.h"
#include "backend/base/file.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/base/sock.h"
#include "backend/client/client.h"
#include "backend/proto/api.h"
#include "tests/api/double.h"
#include "tests/api/folder.h"

void served_stopped(void *arg)
{
	struct world *w = arg;

	w->stopped = true;
}

int served_setup(void **state)
{
	struct world *w = mem_alloc(sizeof *w);
	struct err err = { 0 };

	w->loop = loop_new();
	w->folder = folder_new();
	w->path = file_join(w->folder, API_SOCKET_NAME);
	w->engine = double_new(w->loop);
	if (!server_new(w->loop, w->engine, w->path, served_stopped, w, &w->server, &err))
		fail_msg("%s", err.text);
	w->client = client_new(w->loop, w->path);
	*state = w;
	return 0;
}

int served_teardown(void **state)
{
	struct world *w = *state;

	client_free(w->client);
	server_free(w->server);
	double_free(w->engine);
	loop_timer_free(w->tick);
	loop_free(w->loop);
	folder_free(w->folder);
	free(w->path);
	free(w);
	return 0;
}

static void look(void *arg)
{
	struct world *w = arg;

	if (w->until(w) || clock_mono_ms() > w->deadline)
		loop_stop(w->loop);
	else
		loop_timer_set(w->tick, 1);
}

void run_until(struct world *w, bool (*until)(struct world *w))
{
	w->until = until;
	w->deadline = clock_mono_ms() + SERVED_PATIENCE_MS;
	if (!w->tick)
		w->tick = loop_timer_new(w->loop, look, w);
	loop_timer_set(w->tick, 0);
	loop_run(w->loop);
	loop_timer_stop(w->tick);
	assert_true(until(w));
}

json_t *must(struct world *w, const char *method, const char *path, json_t *take_body)
{
	json_t *answer = NULL;
	struct err err = { 0 };

	if (!client_ask(w->client, method, path, take_body, SERVED_PATIENCE_MS, &answer, &err))
		fail_msg("%s %s: %s", method, path, err.text);
	return answer;
}

struct err refused(struct world *w, const char *method, const char *path, json_t *take_body)
{
	json_t *answer = NULL;
	struct err err = { 0 };

	assert_false(client_ask(w->client, method, path, take_body, SERVED_PATIENCE_MS, &answer, &err));
	return err;
}

static void raw_ready(int fd, int events, void *arg)
{
	struct raw *r = arg;
	char data[65536];
	ssize_t n = recv(fd, data, sizeof data, 0);

	(void)events;
	if (n > 0)
		buf_add(&r->in, data, (size_t)n);
	if (n == 0 || (n < 0 && errno != EAGAIN)) {
		r->ended = true;
		loop_io_set(r->io, 0);
	}
}

void raw_open(struct world *w, struct raw *r)
{
	*r = (struct raw){ .w = w, .fd = -1 };
	assert_true(sock_connect(w->path, &r->fd, NULL));
	buf_init(&r->in, 64 << 20);
	r->io = loop_io_new(w->loop, r->fd, LOOP_READ, raw_ready, r);
}

void raw_send(struct raw *r, const char *text)
{
	assert_int_equal(send(r->fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

void raw_close(struct raw *r)
{
	loop_io_free(r->io);
	close(r->fd);
	buf_done(&r->in);
}

static bool raw_is_done(struct world *w)
{
	return w->raw->ended || (w->raw->enough && strstr(w->raw->in.data, w->raw->enough));
}

void raw_wait(struct raw *r, const char *enough)
{
	r->enough = enough;
	r->w->raw = r;
	run_until(r->w, raw_is_done);
}

