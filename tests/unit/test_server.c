/* The engine's server, asked over its real socket, with a double of the engine behind it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "backend/api/routes.h"
#include "backend/api/server.h"
#include "backend/api/server_priv.h"
#include "backend/base/buf.h"
#include "backend/base/clock.h"
#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/base/sock.h"
#include "backend/client/client.h"
#include "backend/proto/api.h"
#include "tests/api/double.h"
#include "tests/api/folder.h"

enum { PATIENCE_MS = 20000 };

struct world {
	struct loop *loop;
	char *folder, *path;
	struct engine *engine;
	struct server *server;
	struct client *client;
	struct loop_timer *tick;
	bool (*until)(struct world *w);
	int64_t deadline;
	bool stopped;
	int wanted;
};

static void stop_asked(void *arg)
{
	struct world *w = arg;

	w->stopped = true;
}

static int setup(void **state)
{
	struct world *w = mem_alloc(sizeof *w);
	struct err err = { 0 };

	w->loop = loop_new();
	w->folder = folder_new();
	w->path = file_join(w->folder, API_SOCKET_NAME);
	w->engine = double_new(w->loop);
	if (!server_new(w->loop, w->engine, w->path, stop_asked, w, &w->server, &err))
		fail_msg("%s", err.text);
	w->client = client_new(w->loop, w->path);
	*state = w;
	return 0;
}

static int teardown(void **state)
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

/* Runs the loop until the condition holds; fails when that takes too long. */
static void run_until(struct world *w, bool (*until)(struct world *w))
{
	w->until = until;
	w->deadline = clock_mono_ms() + PATIENCE_MS;
	if (!w->tick)
		w->tick = loop_timer_new(w->loop, look, w);
	loop_timer_set(w->tick, 0);
	loop_run(w->loop);
	loop_timer_stop(w->tick);
	assert_true(until(w));
}

static json_t *must(struct world *w, const char *method, const char *path, json_t *take_body)
{
	json_t *answer = NULL;
	struct err err = { 0 };

	if (!client_ask(w->client, method, path, take_body, PATIENCE_MS, &answer, &err))
		fail_msg("%s %s: %s", method, path, err.text);
	return answer;
}

static struct err refused(struct world *w, const char *method, const char *path, json_t *take_body)
{
	json_t *answer = NULL;
	struct err err = { 0 };

	assert_false(client_ask(w->client, method, path, take_body, PATIENCE_MS, &answer, &err));
	return err;
}

/* A raw caller: sends bytes, collects the answer until it is hung up on or `enough` is in it. */
struct raw { struct world *w; int fd; struct loop_io *io; struct buf in; const char *enough; bool ended; };

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

static void raw_open(struct world *w, struct raw *r)
{
	*r = (struct raw){ .w = w, .fd = -1 };
	assert_true(sock_connect(w->path, &r->fd, NULL));
	buf_init(&r->in, 64 << 20);
	r->io = loop_io_new(w->loop, r->fd, LOOP_READ, raw_ready, r);
}

static void raw_send(struct raw *r, const char *text)
{
	assert_int_equal(send(r->fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void raw_close(struct raw *r)
{
	loop_io_free(r->io);
	close(r->fd);
	buf_done(&r->in);
}

static struct raw *the_raw;

static bool raw_is_done(struct world *w)
{
	(void)w;
	return the_raw->ended || (the_raw->enough && strstr(the_raw->in.data, the_raw->enough));
}

static void raw_wait(struct raw *r, const char *enough)
{
	r->enough = enough;
	the_raw = r;
	run_until(r->w, raw_is_done);
}

static int descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void the_socket_is_for_its_owner_alone_and_goes_with_the_server(void **state)
{
	struct world *w = *state;
	struct stat st;

	assert_int_equal(lstat(w->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	server_free(w->server);
	w->server = NULL;
	assert_int_equal(lstat(w->path, &st), -1);
}

static void a_second_server_on_the_socket_is_refused(void **state)
{
	struct world *w = *state;
	struct server *second = NULL;
	struct err err = { 0 };

	assert_false(server_new(w->loop, w->engine, w->path, stop_asked, w, &second, &err));
	assert_int_equal(err.kind, ERR_LOCKED);
}

static void a_socket_left_by_a_dead_engine_is_replaced(void **state)
{
	struct world *w = *state;
	AUTO(mem_auto_free) char *path = file_join(w->folder, "old.sock");
	struct server *server = NULL;
	int fd = -1;

	assert_true(sock_listen(path, &fd, NULL));
	close(fd);
	assert_true(server_new(w->loop, w->engine, path, stop_asked, w, &server, NULL));
	server_free(server);
}

static void a_file_in_the_socket_s_place_is_not_touched(void **state)
{
	struct world *w = *state;
	AUTO(mem_auto_free) char *path = file_join(w->folder, "precious");
	struct server *server = NULL;
	struct err err = { 0 };

	assert_true(file_write_atomic(path, "x", 1, 0600, NULL));
	assert_false(server_new(w->loop, w->engine, path, stop_asked, w, &server, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_int_equal(access(path, F_OK), 0);
}

static void a_folder_that_others_may_write_is_refused(void **state)
{
	struct world *w = *state;
	AUTO(mem_auto_free) char *folder = file_join(w->folder, "open");
	AUTO(mem_auto_free) char *path = file_join(folder, API_SOCKET_NAME);
	struct server *server = NULL;
	struct err err = { 0 };

	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(chmod(folder, 0777), 0);
	assert_false(server_new(w->loop, w->engine, path, stop_asked, w, &server, &err));
	assert_int_equal(err.kind, ERR_DENIED);
	assert_non_null(strstr(err.text, folder));
}

static void a_long_path_is_served(void **state)
{
	struct world *w = *state;
	AUTO(mem_auto_free) char *deep = mem_printf("%s/%0120d", w->folder, 1);
	AUTO(mem_auto_free) char *path = file_join(deep, API_SOCKET_NAME);
	AUTO(json_auto_decref) json_t *answer = NULL;
	struct server *server = NULL;
	struct engine *engine = double_new(w->loop);
	struct client *client = client_new(w->loop, path);

	assert_true(file_make_dirs(deep, 0700, NULL));
	assert_true(server_new(w->loop, engine, path, stop_asked, w, &server, NULL));
	assert_true(client_ask(client, "GET", "/v1/status", NULL, PATIENCE_MS, &answer, NULL));
	assert_string_equal(json_text(answer, "function"), "status");
	client_free(client);
	server_free(server);
	double_free(engine);
}

static void the_caller_is_who_the_kernel_says(void **state)
{
	struct world *w = *state;
	struct raw r;
	const json_t *call;

	/* given a caller whose headers claim to be somebody else */
	raw_open(w, &r);
	raw_send(&r, "GET /v1/status HTTP/1.1\r\nX-User: root\r\nRemote-User: root\r\nAuthorization: Basic cm9vdDo=\r\n"
	             "Connection: close\r\n\r\n");
	raw_wait(&r, NULL);
	call = json_array_get(double_calls(w->engine), 0);
	assert_int_equal(json_int(call, "uid", -1), getuid());
	assert_true(strlen(json_text(call, "name")) > 0);
	raw_close(&r);
}

static void arguments_reach_the_engine_decoded(void **state)
{
	struct world *w = *state;
	AUTO(json_auto_decref) json_t *builds = must(w, "GET", "/v1/builds?app=my%20shop&q=a%26b+c&offset=100&limit=500", NULL);
	AUTO(json_auto_decref) json_t *build = must(w, "GET", "/v1/builds/2.14.0%2Bfix%2F1?app=shop", NULL);
	AUTO(json_auto_decref) json_t *log = must(w, "GET", "/v1/deployments/812/log?from=10&limit=20", NULL);
	AUTO(json_auto_decref) json_t *tests = must(w, "GET", "/v1/deployments/812/tests?from=3", NULL);
	AUTO(json_auto_decref) json_t *list = must(w, "GET", "/v1/deployments?environment=prod&before=9", NULL);

	assert_string_equal(json_text(builds, "app"), "my shop");
	assert_string_equal(json_text(builds, "q"), "a&b c");
	assert_int_equal(json_int(builds, "offset", 0), 100);
	assert_int_equal(json_int(builds, "limit", 0), 500);
	assert_string_equal(json_text(build, "version"), "2.14.0+fix/1");
	assert_int_equal(json_int(log, "from", 0), 10);
	assert_int_equal(json_int(log, "limit", 0), 20);
	assert_int_equal(json_int(tests, "from", 0), 3);
	assert_string_equal(json_text(list, "environment"), "prod");
	assert_int_equal(json_int(list, "before", 0), 9);
}

static void malformed_arguments_are_named(void **state)
{
	static const struct { const char *path, *says; } rows[] = {
		{ "/v1/builds?limit=many", "limit must be a whole number from 1 to 500, not \"many\"" },
		{ "/v1/builds?limit=501", "limit must be" },
		{ "/v1/builds?offset=-1", "offset must be" },
		{ "/v1/deployments/x", "a deployment's id must be" },
		{ "/v1/deployments/99999999999999999999", "a deployment's id must be" },
		{ "/v1/builds/a%00b", "%00" },
		{ "/v1/events?since=x", "since must be" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = refused(w, "GET", rows[i].path, NULL);

		assert_int_equal(err.kind, ERR_USAGE);
		assert_non_null(strstr(err.text, rows[i].says));
	}
}

static void an_unknown_route_is_404_and_names_near_ones(void **state)
{
	struct world *w = *state;
	struct err err = refused(w, "GET", "/v1/deploymentz", NULL);

	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_non_null(strstr(err.text, "/v1/deploymentz"));
	assert_non_null(strstr(err.text, "GET /v1/deployments"));
	assert_null(strstr(err.text, "/v1/builds"));
}

static void a_wrong_method_is_405_and_says_which_are_right(void **state)
{
	struct world *w = *state;
	struct raw r;

	raw_open(w, &r);
	raw_send(&r, "DELETE /v1/deployments HTTP/1.1\r\nConnection: close\r\n\r\n");
	raw_wait(&r, NULL);
	assert_non_null(strstr(r.in.data, "HTTP/1.1 405 "));
	assert_non_null(strstr(r.in.data, "Allow: GET, POST\r\n"));
	assert_non_null(strstr(r.in.data, "takes GET, POST, not DELETE"));
	raw_close(&r);
}

static void a_body_that_is_no_json_is_400_with_line_and_column(void **state)
{
	struct world *w = *state;
	struct raw r;

	raw_open(w, &r);
	raw_send(&r, "POST /v1/deployments HTTP/1.1\r\nConnection: close\r\nContent-Length: 16\r\n\r\n{\"app\":\n  nope }\n");
	raw_wait(&r, NULL);
	assert_non_null(strstr(r.in.data, "HTTP/1.1 400 "));
	assert_non_null(strstr(r.in.data, "line 2, column 6"));
	assert_int_equal(double_count(w->engine, "deploy"), 0);
	raw_close(&r);
}

static void a_body_that_is_no_object_is_400(void **state)
{
	struct world *w = *state;
	struct err err = refused(w, "POST", "/v1/deployments", json_array());

	assert_int_equal(err.kind, ERR_USAGE);
	assert_int_equal(double_count(w->engine, "deploy"), 0);
}

static void a_body_over_the_limit_is_413_and_never_read(void **state)
{
	struct world *w = *state;
	AUTO(mem_auto_free) char *head = mem_printf("POST /v1/deployments HTTP/1.1\r\nConnection: close\r\nContent-Length: %u\r\n\r\n",
	                                            API_BODY_MAX + 1);
	struct raw r;

	raw_open(w, &r);
	raw_send(&r, head);
	raw_wait(&r, NULL);
	assert_non_null(strstr(r.in.data, "HTTP/1.1 413 "));
	assert_int_equal(double_count(w->engine, "deploy"), 0);
	raw_close(&r);
}

static void requests_that_change_something_carry_body_and_status(void **state)
{
	struct world *w = *state;
	AUTO(json_auto_decref) json_t *deployed = must(w, "POST", "/v1/deployments",
		json_pack("{s:s, s:s}", "environment", "prod", "expect", "2.13.5"));
	AUTO(json_auto_decref) json_t *stopped = must(w, "POST", "/v1/deployments/7/stop", json_pack("{s:s}", "reason", "no"));
	AUTO(json_auto_decref) json_t *bare = must(w, "POST", "/v1/deployments/7/stop", NULL);

	assert_string_equal(json_text(json_object_get(deployed, "request"), "expect"), "2.13.5");
	assert_int_equal(json_int(stopped, "id", 0), 7);
	assert_string_equal(json_text(json_object_get(stopped, "request"), "reason"), "no");
	assert_int_equal(json_object_size(json_object_get(bare, "request")), 0);
}

static void what_the_engine_refuses_is_answered_with_its_kind(void **state)
{
	struct world *w = *state;

	for (enum err_kind kind = ERR_INTERNAL; kind < ERR_KIND_COUNT; kind++) {
		struct err err;

		double_set_error(w->engine, "deploy", kind, "the reason");
		err = refused(w, "POST", "/v1/deployments", json_object());
		assert_int_equal(err.kind, kind);
		assert_string_equal(err.text, "the reason");
	}
}

static void a_slow_answer_comes_when_it_is_there(void **state)
{
	struct world *w = *state;
	AUTO(json_auto_decref) json_t *audit = NULL, *build = NULL;

	double_set_answer(w->engine, "add_build", json_pack("{s:s}", "version", "2.14.0"));
	double_set_status(w->engine, 201);
	build = must(w, "POST", "/v1/builds", json_pack("{s:s}", "version", "2.14.0"));
	assert_string_equal(json_text(build, "version"), "2.14.0");
	audit = must(w, "GET", "/v1/audit", NULL);
	assert_string_equal(json_text(audit, "function"), "audit");
}

static bool an_audit_is_asked(struct world *w)
{
	return double_count(w->engine, "audit") >= w->wanted;
}

static bool the_client_s_answer_came(struct world *w)
{
	(void)w;
	return true;
}

static void an_answer_for_a_caller_who_hung_up_goes_nowhere(void **state)
{
	struct world *w = *state;
	AUTO(json_auto_decref) json_t *answer = NULL;
	struct raw r;

	double_hold(w->engine);
	w->wanted = 1;
	raw_open(w, &r);
	raw_send(&r, "GET /v1/audit HTTP/1.1\r\n\r\n");
	run_until(w, an_audit_is_asked);
	raw_close(&r);
	double_release(w->engine);
	run_until(w, the_client_s_answer_came);
	answer = must(w, "GET", "/v1/status", NULL);
}

static void an_answer_that_comes_after_the_server_is_gone_is_dropped(void **state)
{
	struct world *w = *state;
	struct raw r;

	double_hold(w->engine);
	w->wanted = 1;
	raw_open(w, &r);
	raw_send(&r, "GET /v1/audit HTTP/1.1\r\n\r\n");
	run_until(w, an_audit_is_asked);
	server_free(w->server);
	w->server = NULL;
	/* the double answers what it holds when it is freed, in teardown */
	raw_close(&r);
}

static bool stop_was_asked(struct world *w) { return w->stopped; }

static void stopping_the_engine_is_acknowledged_first(void **state)
{
	struct world *w = *state;
	AUTO(json_auto_decref) json_t *answer = must(w, "POST", "/v1/engine/stop", NULL);

	assert_true(json_flag(answer, "stopping"));
	run_until(w, stop_was_asked);
}

/* Readers of the event stream. */
struct watcher { struct world *w; struct client_stream *stream; int64_t last; int rows, events, beats, downs; bool disorder; };

static void saw_row(void *arg, const json_t *row)
{
	struct watcher *v = arg;
	int64_t seq = json_int(row, "seq", 0);

	v->disorder |= v->last && seq != v->last + 1;
	v->last = seq;
	v->rows++;
}

static void saw_event(void *arg, const char *event, const json_t *data)
{
	struct watcher *v = arg;

	(void)data;
	v->events += strcmp(event, "live") == 0;
}

static void saw_down(void *arg, const struct err *why)
{
	struct watcher *v = arg;

	(void)why;
	v->downs++;
}

static void saw_beat(void *arg)
{
	struct watcher *v = arg;

	v->beats++;
}

static const struct client_stream_fns watcher_fns = { saw_row, saw_event, NULL, saw_down, saw_beat };

static struct watcher watchers[100];
static int nwatchers;

static void watch(struct world *w, int n, int64_t since)
{
	memset(watchers, 0, sizeof watchers);
	nwatchers = n;
	for (int i = 0; i < n; i++) {
		watchers[i].w = w;
		watchers[i].stream = client_stream_new(w->client, since, &watcher_fns, &watchers[i]);
	}
}

static bool all_saw_all(struct world *w)
{
	for (int i = 0; i < nwatchers; i++)
		if (watchers[i].last < double_seq(w->engine))
			return false;
	return true;
}

static bool all_are_there(struct world *w)
{
	return events_count(w->server->events) == w->wanted;
}

static void append(struct world *w, int n)
{
	for (int i = 0; i < n; i++)
		double_append(w->engine, "step.started", json_pack("{s:i, s:s}", "id", i, "why", "a body as long as many are"));
}

static void a_stream_gives_the_backlog_and_then_what_is_new(void **state)
{
	struct world *w = *state;

	/* given a backlog of more than two pages */
	append(w, 1234);
	watch(w, 1, 17);
	run_until(w, all_saw_all);
	assert_int_equal(watchers[0].rows, 1217);
	append(w, 3);
	run_until(w, all_saw_all);
	assert_int_equal(watchers[0].rows, 1220);
	assert_false(watchers[0].disorder);
	assert_true(double_count(w->engine, "journal") >= 4);
}

static void append_one_in_the_middle(void *arg, struct engine *e, const char *function)
{
	struct world *w = arg;

	if (strcmp(function, "journal") == 0 && double_seq(w->engine) < 1300)
		double_append(e, "step.started", json_object());
}

static void rows_committed_during_the_backlog_come_once_and_in_order(void **state)
{
	struct world *w = *state;

	append(w, 1234);
	double_on_call(w->engine, append_one_in_the_middle, w);
	watch(w, 3, 0);
	run_until(w, all_saw_all);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(watchers[i].rows, double_seq(w->engine));
		assert_false(watchers[i].disorder);
	}
}

static void a_stream_of_new_rows_begins_at_the_end(void **state)
{
	struct world *w = *state;

	append(w, 10);
	watch(w, 1, -1);
	w->wanted = 1;
	run_until(w, all_are_there);
	append(w, 1);
	run_until(w, all_saw_all);
	assert_int_equal(watchers[0].rows, 1);
	assert_int_equal(watchers[0].last, 11);
}

static bool an_event_came(struct world *w)
{
	(void)w;
	return watchers[0].events > 0;
}

static void what_is_not_in_the_journal_comes_too(void **state)
{
	struct world *w = *state;

	append(w, 1);
	watch(w, 1, 0);
	run_until(w, all_saw_all);
	double_event(w->engine, "live", json_pack("{s:i}", "deployment", 812));
	run_until(w, an_event_came);
}

static void a_hundred_readers_see_the_same(void **state)
{
	struct world *w = *state;

	append(w, 600);
	watch(w, 100, 0);
	run_until(w, all_saw_all);
	append(w, 50);
	run_until(w, all_saw_all);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(watchers[i].rows, 650);
		assert_false(watchers[i].disorder);
	}
}

static void a_journal_other_than_the_reader_s_is_said(void **state)
{
	struct world *w = *state;
	struct err err;

	append(w, 5);
	err = refused(w, "GET", "/v1/events?since=6", NULL);
	assert_int_equal(err.kind, ERR_STALE);
}

static bool beats_came(struct world *w)
{
	(void)w;
	return watchers[0].beats >= 4;
}

static void a_stream_beats(void **state)
{
	struct world *w = *state;

	events_set_beat(w->server->events, 5);
	watch(w, 1, 0);
	run_until(w, beats_came);
}

static void a_reader_that_stays_behind_is_cut_off(void **state)
{
	struct world *w = *state;
	struct raw r;
	AUTO(mem_auto_free) char *long_text = mem_alloc(10001);

	memset(long_text, 'x', 10000);
	raw_open(w, &r);
	loop_io_set(r.io, 0);
	raw_send(&r, "GET /v1/events?since=0 HTTP/1.1\r\n\r\n");
	w->wanted = 1;
	run_until(w, all_are_there);
	/* when it never reads and rows come */
	loop_timer_set(w->tick, 0);
	for (int i = 0; i < 300; i++)
		double_append(w->engine, "x", json_pack("{s:s}", "text", long_text));
	w->wanted = 0;
	run_until(w, all_are_there);
	raw_close(&r);
}

static void a_reader_that_took_nothing_for_three_beats_is_cut_off(void **state)
{
	struct world *w = *state;
	struct raw r;

	/* given a backlog larger than a socket's buffer and a reader that never reads */
	append(w, 20000);
	raw_open(w, &r);
	loop_io_set(r.io, 0);
	raw_send(&r, "GET /v1/events?since=0 HTTP/1.1\r\n\r\n");
	w->wanted = 1;
	run_until(w, all_are_there);
	events_set_beat(w->server->events, 10);
	w->wanted = 0;
	run_until(w, all_are_there);
	raw_close(&r);
}

static bool descriptors_are_back(struct world *w)
{
	return descriptors() == w->wanted;
}

static void readers_that_vanish_in_mid_write_leave_nothing_behind(void **state)
{
	struct world *w = *state;
	struct raw r[100];
	int before;

	append(w, 20000);
	before = descriptors();
	for (int i = 0; i < 100; i++) {
		raw_open(w, &r[i]);
		raw_send(&r[i], "GET /v1/events?since=0 HTTP/1.1\r\n\r\n");
		loop_io_set(r[i].io, 0);
	}
	w->wanted = 100;
	run_until(w, all_are_there);
	for (int i = 0; i < 100; i++)
		raw_close(&r[i]);
	append(w, 10);
	w->wanted = before;
	run_until(w, descriptors_are_back);
	assert_int_equal(events_count(w->server->events), 0);
}

static void a_reader_that_talks_is_not_heard(void **state)
{
	struct world *w = *state;
	AUTO(json_auto_decref) json_t *answer = NULL;
	struct raw r;

	raw_open(w, &r);
	raw_send(&r, "GET /v1/events?since=0 HTTP/1.1\r\n\r\nGET /v1/status HTTP/1.1\r\n\r\n");
	raw_wait(&r, "id: 0");
	raw_send(&r, "POST /v1/engine/stop HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
	append(w, 1);
	raw_wait(&r, "id: 1");
	answer = must(w, "GET", "/v1/status", NULL);
	assert_false(w->stopped);
	raw_close(&r);
}

static void closing_the_server_closes_its_readers(void **state)
{
	struct world *w = *state;
	struct raw r;

	raw_open(w, &r);
	raw_send(&r, "GET /v1/events?since=0 HTTP/1.1\r\n\r\n");
	raw_wait(&r, "id: 0");
	server_free(w->server);
	w->server = NULL;
	raw_wait(&r, NULL);
	assert_true(r.ended);
	raw_close(&r);
}

static void a_page_that_cannot_be_read_ends_the_stream(void **state)
{
	struct world *w = *state;
	struct raw r;

	/* given a reader that stands in the middle of a long backlog */
	append(w, 20000);
	raw_open(w, &r);
	loop_io_set(r.io, 0);
	raw_send(&r, "GET /v1/events?since=0 HTTP/1.1\r\n\r\n");
	w->wanted = 1;
	run_until(w, all_are_there);
	loop_io_set(r.io, LOOP_READ);
	double_set_error(w->engine, "journal", ERR_INTERNAL, "the disk is gone");
	raw_wait(&r, NULL);
	assert_true(r.ended);
	raw_close(&r);
}

static void garbage_does_no_harm(void **state)
{
	static const char *const rows[] = {
		"\x16\x03\x01\x02", "\r\n\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "BREW /v1/status HTTP/1.1\r\n\r\n",
		"GET http://[/v1 HTTP/1.1\r\n\r\n", "GET ?x HTTP/1.1\r\n\r\n", "GET /v1/builds?% HTTP/1.1\r\n\r\n",
		"POST /v1/deployments HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
		"POST /v1/deployments HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
		"GET /v1/status HTTP/1.1\r\nBroken header\r\n\r\n", "HEAD /v1/status HTTP/1.1\r\nConnection: close\r\n\r\n",
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(json_auto_decref) json_t *answer = NULL;
		struct raw r;

		raw_open(w, &r);
		raw_send(&r, rows[i]);
		shutdown(r.fd, SHUT_WR);
		raw_wait(&r, NULL);
		raw_close(&r);
		answer = must(w, "GET", "/v1/status", NULL);
		assert_string_equal(json_text(answer, "function"), "status");
	}
}

static void the_route_table_is_sorted_unique_and_explains_itself(void **state)
{
	(void)state;
	for (size_t i = 0; i < nroutes; i++) {
		int braces = 0;

		assert_true(strlen(routes[i].help) > 5 && strlen(routes[i].help) < 100);
		assert_int_equal(strncmp(routes[i].path, "/v1/", 4), 0);
		/* what changes something is asked for by POST, and nothing else is */
		assert_int_equal(routes[i].changes, strcmp(routes[i].method, "POST") == 0);
		for (const char *p = routes[i].path; *p; p++)
			braces += *p == '{';
		assert_true(braces <= ROUTE_ARGS);
		if (i > 0) {
			int order = strcmp(routes[i - 1].path, routes[i].path);

			assert_true(order < 0 || (order == 0 && strcmp(routes[i - 1].method, routes[i].method) < 0));
		}
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_socket_is_for_its_owner_alone_and_goes_with_the_server),
		TEST(a_second_server_on_the_socket_is_refused),
		TEST(a_socket_left_by_a_dead_engine_is_replaced),
		TEST(a_file_in_the_socket_s_place_is_not_touched),
		TEST(a_folder_that_others_may_write_is_refused),
		TEST(a_long_path_is_served),
		TEST(the_caller_is_who_the_kernel_says),
		TEST(arguments_reach_the_engine_decoded),
		TEST(malformed_arguments_are_named),
		TEST(an_unknown_route_is_404_and_names_near_ones),
		TEST(a_wrong_method_is_405_and_says_which_are_right),
		TEST(a_body_that_is_no_json_is_400_with_line_and_column),
		TEST(a_body_that_is_no_object_is_400),
		TEST(a_body_over_the_limit_is_413_and_never_read),
		TEST(requests_that_change_something_carry_body_and_status),
		TEST(what_the_engine_refuses_is_answered_with_its_kind),
		TEST(a_slow_answer_comes_when_it_is_there),
		TEST(an_answer_for_a_caller_who_hung_up_goes_nowhere),
		TEST(an_answer_that_comes_after_the_server_is_gone_is_dropped),
		TEST(stopping_the_engine_is_acknowledged_first),
		TEST(a_stream_gives_the_backlog_and_then_what_is_new),
		TEST(rows_committed_during_the_backlog_come_once_and_in_order),
		TEST(a_stream_of_new_rows_begins_at_the_end),
		TEST(what_is_not_in_the_journal_comes_too),
		TEST(a_hundred_readers_see_the_same),
		TEST(a_journal_other_than_the_reader_s_is_said),
		TEST(a_stream_beats),
		TEST(a_reader_that_stays_behind_is_cut_off),
		TEST(a_reader_that_took_nothing_for_three_beats_is_cut_off),
		TEST(readers_that_vanish_in_mid_write_leave_nothing_behind),
		TEST(a_reader_that_talks_is_not_heard),
		TEST(closing_the_server_closes_its_readers),
		TEST(a_page_that_cannot_be_read_ends_the_stream),
		TEST(garbage_does_no_harm),
		TEST(the_route_table_is_sorted_unique_and_explains_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
