/* The client against a server that the test plays byte by byte: whole answers, broken ones, and the event stream. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/base/buf.h"
#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/base/sock.h"
#include "backend/client/client.h"
#include "backend/proto/api.h"
#include "tests/api/folder.h"

enum { SCRIPT_MAX = 8, PATIENCE_MS = 10000 };

/* The n-th connection is answered with the n-th text when its request is complete, then hung up on (unless held). */
struct world {
	struct loop *loop;
	char *folder, *path;
	int listener;
	struct loop_io *io;
	const char *script[SCRIPT_MAX];
	size_t length[SCRIPT_MAX];    /* 0: strlen */
	bool held[SCRIPT_MAX];        /* stays open after its text */
	bool early[SCRIPT_MAX];       /* answers at the first bytes and reads no more */
	int n;
	struct buf requests;          /* everything that came in */
	char *gate;                   /* that an error answer named */
	struct peer *peers;
	struct client *client;
	struct loop_timer *patience;
	bool late;
	/* what the stream said */
	struct buf seen;
	int rows, ups, downs, beats, stop_at;
	struct client_stream *stream;
	bool free_in_row;
};

struct peer { struct world *w; int fd, n; struct loop_io *io; struct buf in; struct peer *next; size_t sent; };

static void peer_free(struct peer *p)
{
	for (struct peer **at = &p->w->peers; *at; at = &(*at)->next) {
		if (*at == p) {
			*at = p->next;
			break;
		}
	}
	loop_io_free(p->io);
	close(p->fd);
	buf_done(&p->in);
	free(p);
}

static bool whole(const struct buf *in)
{
	const char *end = strstr(in->data, "\r\n\r\n"), *length = strstr(in->data, "Content-Length: ");

	return end && in->len >= (size_t)(end + 4 - in->data) + (length ? strtoul(length + 16, NULL, 10) : 0);
}

static void peer_ready(int fd, int events, void *arg)
{
	struct peer *p = arg;
	struct world *w = p->w;
	const char *text = w->script[p->n];
	size_t len = w->length[p->n] ? w->length[p->n] : strlen(text);
	char data[4096];
	ssize_t n;

	if (events & LOOP_READ) {
		n = recv(fd, data, sizeof data, 0);
		if (n <= 0) {
			peer_free(p);
			return;
		}
		buf_add(&p->in, data, (size_t)n);
		if (!w->early[p->n] && !whole(&p->in))
			return;
		buf_add(&w->requests, p->in.data, p->in.len);
		loop_io_set(p->io, LOOP_WRITE);
		return;
	}
	n = send(fd, text + p->sent, len - p->sent, MSG_NOSIGNAL);
	if (n >= 0)
		p->sent += (size_t)n;
	if (n < 0 && errno != EAGAIN)
		peer_free(p);
	else if (p->sent == len && !w->held[p->n])
		peer_free(p);
	else if (p->sent == len)
		loop_io_set(p->io, LOOP_READ);
}

static void accepted(int fd, int events, void *arg)
{
	struct world *w = arg;
	int peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct peer *p;

	(void)events;
	if (peer < 0)
		return;
	if (w->n == SCRIPT_MAX || !w->script[w->n]) {
		close(peer);
		return;
	}
	p = mem_alloc(sizeof *p);
	*p = (struct peer){ .w = w, .fd = peer, .n = w->n++, .next = w->peers };
	w->peers = p;
	buf_init(&p->in, 64 << 20);
	p->io = loop_io_new(w->loop, peer, LOOP_READ, peer_ready, p);
}

static void ran_out(void *arg)
{
	struct world *w = arg;

	w->late = true;
	loop_stop(w->loop);
}

static int setup(void **state)
{
	struct world *w = mem_alloc(sizeof *w);

	w->loop = loop_new();
	w->folder = folder_new();
	w->path = file_join(w->folder, "s.sock");
	assert_true(sock_listen(w->path, &w->listener, NULL));
	w->io = loop_io_new(w->loop, w->listener, LOOP_READ, accepted, w);
	buf_init(&w->requests, 64 << 20);
	buf_init(&w->seen, 1 << 20);
	w->client = client_new(w->loop, w->path);
	w->patience = loop_timer_new(w->loop, ran_out, w);
	loop_timer_set(w->patience, PATIENCE_MS);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	client_free(w->client);
	while (w->peers)
		peer_free(w->peers);
	loop_io_free(w->io);
	close(w->listener);
	loop_timer_free(w->patience);
	loop_free(w->loop);
	buf_done(&w->requests);
	free(w->gate);
	buf_done(&w->seen);
	folder_free(w->folder);
	free(w->path);
	free(w);
	return 0;
}

static bool ask(struct world *w, const char *method, json_t *take_body, json_t **ret, struct err *err)
{
	return client_ask(w->client, method, "/v1/status", take_body, PATIENCE_MS / 2, ret, err);
}

static void an_answer_is_handed_over_as_json(void **state)
{
	struct world *w = *state;
	AUTO(json_auto_decref) json_t *answer = NULL;
	struct err err = { 0 };

	w->script[0] = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"seq\":5}";
	assert_true(ask(w, "GET", NULL, &answer, &err));
	assert_int_equal(json_int(answer, "seq", 0), 5);
	assert_non_null(strstr(w->requests.data, "GET /v1/status HTTP/1.1\r\n"));
}

static void a_chunked_answer_and_one_that_ends_with_the_connection_are_whole(void **state)
{
	struct world *w = *state;
	AUTO(json_auto_decref) json_t *a = NULL, *b = NULL;

	w->script[0] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"a\"\r\n3\r\n:1}\r\n0\r\n\r\n";
	w->script[1] = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"a\":2}";
	assert_true(ask(w, "GET", NULL, &a, NULL));
	assert_true(ask(w, "GET", NULL, &b, NULL));
	assert_int_equal(json_int(a, "a", 0), 1);
	assert_int_equal(json_int(b, "a", 0), 2);
}

static void a_body_is_sent_whole(void **state)
{
	struct world *w = *state;
	AUTO(json_auto_decref) json_t *answer = NULL;
	char *text = mem_alloc(3000001);

	/* given a body larger than any socket buffer */
	memset(text, 'x', 3000000);
	w->script[0] = "HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}";
	assert_true(ask(w, "POST", json_pack("{s:s}", "reason", text), &answer, NULL));
	assert_non_null(strstr(w->requests.data, "Content-Length: 3000013\r\n"));
	assert_non_null(strstr(w->requests.data, "xxx\"}"));
	free(text);
}

static void a_refusal_in_the_middle_of_a_body_is_heard(void **state)
{
	struct world *w = *state;
	char *text = mem_alloc(3000001);
	json_t *answer = NULL;
	struct err err = { 0 };

	memset(text, 'x', 3000000);
	w->script[0] = "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
	w->early[0] = true;
	assert_false(ask(w, "POST", json_pack("{s:s}", "reason", text), &answer, &err));
	assert_int_equal(err.kind, ERR_TOO_BIG);
	free(text);
}

static void an_error_answer_keeps_its_kind_and_text(void **state)
{
	struct world *w = *state;
	json_t *answer = NULL;
	struct err err = { 0 };

	w->script[0] = "HTTP/1.1 412 Precondition Failed\r\nConnection: close\r\n\r\n"
		"{\"error\":{\"kind\":\"stale\",\"text\":\"prod runs 2.13.5 now, not 2.13.4\"}}";
	assert_false(ask(w, "GET", NULL, &answer, &err));
	assert_int_equal(err.kind, ERR_STALE);
	assert_string_equal(err.text, "prod runs 2.13.5 now, not 2.13.4");
}

static void heard(void *arg, int status, const json_t *answer, const struct err *err)
{
	struct world *w = arg;

	assert_int_equal(status, 412);
	assert_int_equal(err->kind, ERR_REFUSED);
	w->gate = mem_dup(json_text(json_object_get(answer, "error"), "gate"));
	loop_stop(w->loop);
}

/* A console asks for a reason where the gate is one that a reason gets past. */
static void an_error_answer_brings_the_gate_that_refused(void **state)
{
	struct world *w = *state;

	w->script[0] = "HTTP/1.1 412 Precondition Failed\r\nConnection: close\r\n\r\n"
		"{\"error\":{\"kind\":\"refused\",\"text\":\"in quarantine\",\"gate\":\"quarantine\",\"clears_at\":null}}";
	client_send(w->client, "POST", "/v1/deployments", NULL, heard, w);
	loop_run(w->loop);
	assert_string_equal(w->gate, "quarantine");
}

static void an_error_answer_that_is_no_json_is_still_an_error(void **state)
{
	struct world *w = *state;
	json_t *answer = NULL;
	struct err err = { 0 };

	w->script[0] = "HTTP/1.1 413 Too Large\r\nConnection: close\r\n\r\n<html>no</html>";
	assert_false(ask(w, "GET", NULL, &answer, &err));
	assert_int_equal(err.kind, ERR_TOO_BIG);
}

static void broken_answers_are_errors_that_say_so(void **state)
{
	static const struct { const char *text; enum err_kind kind; const char *says; } rows[] = {
		{ "", ERR_UNREACHABLE, "hung up before" },
		{ "HTTP/1.1 200 OK\r\nContent-Le", ERR_UNREACHABLE, "hung up before" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":", ERR_UNREACHABLE, "hung up before" },
		{ "SSH-2.0-OpenSSH_9.2\r\n", ERR_UNREACHABLE, "does not speak HTTP" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{\"a\":", ERR_INTERNAL, "no JSON: line 1" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		json_t *answer = NULL;
		struct err err = { 0 };

		w->script[i] = rows[i].text;
		assert_false(ask(w, "GET", NULL, &answer, &err));
		assert_int_equal(err.kind, rows[i].kind);
		assert_non_null(strstr(err.text, rows[i].says));
	}
}

static void an_answer_over_the_limit_is_cut_off(void **state)
{
	struct world *w = *state;
	struct buf b;
	char *spaces = mem_alloc(API_BODY_MAX + 2);
	json_t *answer = NULL;
	struct err err = { 0 };

	memset(spaces, ' ', API_BODY_MAX + 1);
	buf_init(&b, 64 << 20);
	buf_printf(&b, "HTTP/1.1 200 OK\r\n\r\n");
	buf_add(&b, spaces, API_BODY_MAX + 1);
	w->script[0] = b.data;
	assert_false(ask(w, "GET", NULL, &answer, &err));
	assert_int_equal(err.kind, ERR_TOO_BIG);
	buf_done(&b);
	free(spaces);
}

static void a_request_over_the_limit_is_not_sent(void **state)
{
	struct world *w = *state;
	char *text = mem_alloc(API_BODY_MAX + 1);
	json_t *answer = NULL;
	struct err err = { 0 };

	memset(text, 'x', API_BODY_MAX);
	assert_false(ask(w, "POST", json_pack("{s:s}", "reason", text), &answer, &err));
	assert_int_equal(err.kind, ERR_TOO_BIG);
	assert_int_equal(w->n, 0);
	free(text);
}

static void an_engine_that_does_not_answer_is_unreachable_after_the_deadline(void **state)
{
	struct world *w = *state;
	json_t *answer = NULL;
	struct err err = { 0 };

	w->script[0] = "HTTP/1.1 200 OK\r\n";
	w->held[0] = true;
	assert_false(client_ask(w->client, "GET", "/", NULL, 50, &answer, &err));
	assert_int_equal(err.kind, ERR_UNREACHABLE);
	assert_false(w->late);
}

static void nobody_on_the_socket_is_unreachable(void **state)
{
	struct world *w = *state;
	struct client *c;
	AUTO(mem_auto_free) char *path = file_join(w->folder, "none.sock");
	json_t *answer = NULL;
	struct err err = { 0 };

	c = client_new(w->loop, path);
	assert_false(client_ask(c, "GET", "/", NULL, 1000, &answer, &err));
	assert_int_equal(err.kind, ERR_UNREACHABLE);
	assert_non_null(strstr(err.text, path));
	client_free(c);
}

static void a_socket_path_longer_than_an_address_is_reached(void **state)
{
	struct world *w = *state;
	AUTO(mem_auto_free) char *deep = mem_printf("%s/%0100d/%0100d", w->folder, 1, 2);
	AUTO(mem_auto_free) char *path = file_join(deep, "slipway.sock");
	int listener = -1, fd = -1;
	struct err err = { 0 };

	assert_true(file_make_dirs(deep, 0700, NULL));
	assert_true(sock_listen(path, &listener, &err));
	assert_true(sock_connect(path, &fd, &err));
	close(fd);
	close(listener);
	assert_false(sock_connect(path, &fd, &err));
	assert_int_equal(err.kind, ERR_UNREACHABLE);
}

struct never { bool called; };

static void must_not_come(void *arg, int status, const json_t *answer, const struct err *err)
{
	struct never *never = arg;

	(void)status;
	(void)answer;
	(void)err;
	never->called = true;
}

static void a_cancelled_call_never_calls_back(void **state)
{
	struct world *w = *state;
	struct never never = { 0 };
	AUTO(json_auto_decref) json_t *answer = NULL;

	/* given a call that is cancelled and one after it */
	w->script[0] = w->script[1] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
	client_cancel(client_send(w->client, "GET", "/", NULL, must_not_come, &never));
	assert_true(ask(w, "GET", NULL, &answer, NULL));
	assert_false(never.called);
}

static void freeing_the_client_cancels_what_is_under_way(void **state)
{
	struct world *w = *state;
	struct never never = { 0 };
	struct client *c = client_new(w->loop, w->path);

	client_send(c, "GET", "/", NULL, must_not_come, &never);
	client_free(c);
	loop_timer_set(w->patience, 30);
	loop_run(w->loop);
	assert_false(never.called);
}

static void what_is_escaped_is_safe_in_a_path(void **state)
{
	AUTO(mem_auto_free) char *escaped = client_escape("a b/c?d&e=\xc3\xa9~1.0-x_");
	AUTO(mem_auto_free) char *key = client_new_key();
	AUTO(mem_auto_free) char *other = client_new_key();

	(void)state;
	assert_string_equal(escaped, "a%20b%2Fc%3Fd%26e%3D%C3%A9~1.0-x_");
	assert_int_equal(strlen(key), 32);
	assert_string_not_equal(key, other);
}

static void saw_row(void *arg, const json_t *row)
{
	struct world *w = arg;

	buf_printf(&w->seen, "row %d;", (int)json_int(row, "seq", 0));
	if (w->free_in_row) {
		client_stream_free(w->stream);
		loop_stop(w->loop);
	} else if (++w->rows == w->stop_at) {
		loop_stop(w->loop);
	}
}

static void saw_event(void *arg, const char *event, const json_t *data)
{
	struct world *w = arg;

	buf_printf(&w->seen, "%s %d;", event, (int)json_int(data, "deployment", 0));
}

static void saw_up(void *arg)
{
	struct world *w = arg;

	w->ups++;
	buf_printf(&w->seen, "up;");
}

static void saw_down(void *arg, const struct err *why)
{
	struct world *w = arg;

	(void)why;
	w->downs++;
	buf_printf(&w->seen, "down;");
}

static void saw_beat(void *arg)
{
	struct world *w = arg;

	w->beats++;
}

static const struct client_stream_fns stream_fns = { saw_row, saw_event, saw_up, saw_down, saw_beat };

#define STREAM "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: beat\n"
#define ROW(n) "id: " #n "\nevent: journal\ndata: {\"seq\":" #n "}\n\n"

static void a_stream_resumes_and_gives_each_row_once_in_order(void **state)
{
	struct world *w = *state;

	/* given a connection lost in the middle of row 3, and a second one that sends too much again */
	w->script[0] = STREAM "id: 0\n\n" ROW(1) ROW(2) "id: 3\nevent: journal\ndata: {\"se";
	w->script[1] = STREAM "id: 2\n\n" ROW(2) ROW(3) "event: live\ndata: {\"deployment\":7}\n\n" ROW(4);
	w->held[1] = true;
	w->stop_at = 4;
	w->stream = client_stream_new(w->client, 0, &stream_fns, w);
	loop_run(w->loop);
	assert_string_equal(w->seen.data, "up;row 1;row 2;down;up;row 3;live 7;row 4;");
	assert_non_null(strstr(w->requests.data, "GET /v1/events?since=0 "));
	assert_non_null(strstr(w->requests.data, "GET /v1/events?since=2 "));
	assert_true(w->beats > 0);
}

static void a_stream_of_new_rows_remembers_where_it_began(void **state)
{
	struct world *w = *state;

	/* given a stream that broke before any row came */
	w->script[0] = STREAM "id: 41\n\n";
	w->script[1] = STREAM "id: 41\n\n" ROW(42);
	w->held[1] = true;
	w->stop_at = 1;
	w->stream = client_stream_new(w->client, -1, &stream_fns, w);
	loop_run(w->loop);
	assert_string_equal(w->seen.data, "up;down;up;row 42;");
	assert_non_null(strstr(w->requests.data, "since=-1 "));
	assert_non_null(strstr(w->requests.data, "since=41 "));
}

static void a_stream_follows_a_journal_that_began_anew(void **state)
{
	struct world *w = *state;

	w->script[0] = "HTTP/1.1 412 Precondition Failed\r\nConnection: close\r\n\r\n{\"error\":{\"kind\":\"stale\",\"text\":\"x\"}}";
	w->script[1] = STREAM "id: 5\n\n" ROW(6);
	w->held[1] = true;
	w->stop_at = 1;
	w->stream = client_stream_new(w->client, 900, &stream_fns, w);
	loop_run(w->loop);
	assert_string_equal(w->seen.data, "down;up;row 6;");
	assert_non_null(strstr(w->requests.data, "since=-1 "));
}

static void a_stream_may_be_freed_by_its_own_callback(void **state)
{
	struct world *w = *state;

	w->script[0] = STREAM ROW(1) ROW(2);
	w->free_in_row = true;
	w->stream = client_stream_new(w->client, 0, &stream_fns, w);
	loop_run(w->loop);
	assert_string_equal(w->seen.data, "up;row 1;");
}

static void a_stream_skips_what_it_cannot_read(void **state)
{
	struct world *w = *state;

	w->script[0] = STREAM "event: live\ndata: {broken\n\n" "nonsense\n\n" "event: a-name-that-is-much-longer-than-any-event-has\n"
		"data: {}\n\n" ROW(1);
	w->held[0] = true;
	w->stop_at = 1;
	w->stream = client_stream_new(w->client, 0, &stream_fns, w);
	loop_run(w->loop);
	assert_string_equal(w->seen.data, "up;a-name-that-is-much-longer-than 0;row 1;");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_answer_is_handed_over_as_json),
		TEST(a_chunked_answer_and_one_that_ends_with_the_connection_are_whole),
		TEST(a_body_is_sent_whole),
		TEST(a_refusal_in_the_middle_of_a_body_is_heard),
		TEST(an_error_answer_keeps_its_kind_and_text),
		TEST(an_error_answer_brings_the_gate_that_refused),
		TEST(an_error_answer_that_is_no_json_is_still_an_error),
		TEST(broken_answers_are_errors_that_say_so),
		TEST(an_answer_over_the_limit_is_cut_off),
		TEST(a_request_over_the_limit_is_not_sent),
		TEST(an_engine_that_does_not_answer_is_unreachable_after_the_deadline),
		TEST(nobody_on_the_socket_is_unreachable),
		TEST(a_socket_path_longer_than_an_address_is_reached),
		TEST(a_cancelled_call_never_calls_back),
		TEST(freeing_the_client_cancels_what_is_under_way),
		TEST(what_is_escaped_is_safe_in_a_path),
		TEST(a_stream_resumes_and_gives_each_row_once_in_order),
		TEST(a_stream_of_new_rows_remembers_where_it_began),
		TEST(a_stream_follows_a_journal_that_began_anew),
		TEST(a_stream_may_be_freed_by_its_own_callback),
		TEST(a_stream_skips_what_it_cannot_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
