/* The engine's server, asked over its real socket, with a double of the engine behind it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <event2/http.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/api/routes.h"
#include "backend/api/server.h"
#include "backend/api/server_priv.h"
#include "backend/base/clock.h"
#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/base/sock.h"
#include "backend/client/client.h"
#include "backend/proto/api.h"
#include "backend/proto/refusal.h"
#include "tests/api/double.h"
#include "tests/api/served.h"

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

	assert_false(server_new(w->loop, w->engine, w->path, served_stopped, w, &second, &err));
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
	assert_true(server_new(w->loop, w->engine, path, served_stopped, w, &server, NULL));
	server_free(server);
}

static void a_file_in_the_socket_s_place_is_not_touched(void **state)
{
	struct world *w = *state;
	AUTO(mem_auto_free) char *path = file_join(w->folder, "precious");
	struct server *server = NULL;
	struct err err = { 0 };

	assert_true(file_write_atomic(path, "x", 1, 0600, NULL));
	assert_false(server_new(w->loop, w->engine, path, served_stopped, w, &server, &err));
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
	assert_false(server_new(w->loop, w->engine, path, served_stopped, w, &server, &err));
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
	assert_true(server_new(w->loop, engine, path, served_stopped, w, &server, NULL));
	assert_true(client_ask(client, "GET", "/v1/status", NULL, SERVED_PATIENCE_MS, &answer, NULL));
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
		{ "/v1/deployments/x", "an id must be" },
		{ "/v1/deployments/99999999999999999999", "an id must be" },
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

static void what_was_is_asked_of_the_engine_of_then(void **state)
{
	struct world *w = *state;

	/* when */
	AUTO(json_auto_decref) json_t *status = must(w, "GET", "/v1/status?at=1763647387000", NULL);
	AUTO(json_auto_decref) json_t *metrics = must(w, "GET", "/v1/metrics?at=1763647387000", NULL);

	/* then */
	assert_non_null(status);
	assert_non_null(metrics);
	assert_int_equal(double_count(w->engine, "status"), 1);
	assert_int_equal(double_count(w->engine, "metrics"), 1);
	assert_int_equal(double_count(w->engine, "at"), 2);
	assert_int_equal(double_count(w->engine, "then_done"), 2);
	assert_int_equal(json_int(json_array_get(double_calls(w->engine), 0), "at", 0), 1763647387000);
}

static void what_was_cannot_be_changed_and_has_no_news(void **state)
{
	struct world *w = *state;
	struct err change, news, nonsense;

	/* when */
	change = refused(w, "POST", "/v1/deployments?at=1763647387000", json_pack("{s:s}", "environment", "prod"));
	news = refused(w, "GET", "/v1/events?at=1763647387000", NULL);
	nonsense = refused(w, "GET", "/v1/status?at=yesterday", NULL);

	/* then */
	assert_int_equal(change.kind, ERR_USAGE);
	assert_string_equal(change.text, "what was cannot be changed: leave out at=");
	assert_int_equal(news.kind, ERR_USAGE);
	assert_int_equal(nonsense.kind, ERR_USAGE);
	assert_int_equal(double_count(w->engine, "deploy"), 0);
}

/* Each route that changes something, but the one that ends the engine. */
static void nothing_in_a_replay_can_be_changed(void **state)
{
	struct world *w = *state;
	struct err err;

	/* given */
	double_set_answer(w->engine, "is_past", json_true());
	for (size_t i = 0; i < nroutes; i++) {
		AUTO(mem_auto_free) char *path = mem_dup(routes[i].path);

		if (!routes[i].changes || strcmp(path, "/v1/engine/stop") == 0)
			continue;
		for (char *p = path; *p; p++)
			*p = strchr("{}", *p) ? '1' : *p;

		/* when */
		err = refused(w, "POST", path, json_object());

		/* then */
		assert_int_equal(err.kind, ERR_CONFLICT);
		assert_string_equal(err.text, "this is a replay: nothing in it can be changed");
	}
	assert_int_equal(json_array_size(double_calls(w->engine)), 0);
}

static void releases_reach_the_engine(void **state)
{
	struct world *w = *state;
	AUTO(json_auto_decref) json_t *asked = must(w, "POST", "/v1/releases", json_pack("{s:s}", "group", "suite"));
	AUTO(json_auto_decref) json_t *stopped = must(w, "POST", "/v1/releases/12/stop", json_pack("{s:s}", "reason", "no"));
	AUTO(json_auto_decref) json_t *one = must(w, "GET", "/v1/releases/12", NULL);
	AUTO(json_auto_decref) json_t *list = must(w, "GET", "/v1/releases?before=9&limit=7", NULL);

	assert_string_equal(json_text(asked, "function"), "release");
	assert_int_equal(json_int(asked, "uid", -1), getuid());
	assert_string_equal(json_text(json_object_get(asked, "request"), "group"), "suite");
	assert_string_equal(json_text(stopped, "function"), "release_stop");
	assert_int_equal(json_int(stopped, "id", 0), 12);
	assert_string_equal(json_text(json_object_get(stopped, "request"), "reason"), "no");
	assert_string_equal(json_text(one, "function"), "release_of");
	assert_int_equal(json_int(list, "before", 0), 9);
	assert_int_equal(json_int(list, "limit", 0), 7);
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

/* A gate's refusal is no lack of rights: a program can tell them apart by the status alone. */
static void a_refusal_brings_all_gates_and_a_status_of_its_own(void **state)
{
	static const struct { enum err_kind kind; const char *line; } rows[] = {
		{ ERR_REFUSED, "HTTP/1.1 409 " }, { ERR_DENIED, "HTTP/1.1 403 " },
	};
	AUTO(json_auto_decref) json_t *blocked = json_pack("[{s:s, s:s, s:s, s:n}, {s:s, s:s, s:s, s:I}]", "gate", "tests",
		"why", "1 failed", "who", "a build whose tests passed", "clears_at", "gate", "window", "why", "closed", "who",
		"time", "clears_at", (json_int_t)1795144807000);
	struct world *w = *state;
	struct err err;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct raw r;

		double_set_error(w->engine, "deploy", rows[i].kind, "tests gate: 1 failed");
		double_set_refusals(w->engine, "deploy", blocked);
		raw_open(w, &r);
		raw_send(&r, "POST /v1/deployments HTTP/1.1\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
		raw_wait(&r, NULL);
		assert_int_equal(strncmp(r.in.data, rows[i].line, strlen(rows[i].line)), 0);
		assert_non_null(strstr(r.in.data, "\"gate\":\"tests\",\"clears_at\":null,\"blocked\":[{\"gate\":\"tests\""));
		raw_close(&r);
	}
	/* and the client keeps them with the error */
	err = refused(w, "POST", "/v1/deployments", json_object());
	{
		AUTO(mem_auto_free) char *second = refusal_line(&err, 1);

		assert_string_equal(second, "window gate: closed; cleared by time; expected 2026-11-20T03:20Z");
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

static void metrics_are_of_thirty_days_unless_since_is_given(void **state)
{
	struct world *w = *state;
	AUTO(json_auto_decref) json_t *usual = must(w, "GET", "/v1/metrics", NULL);
	AUTO(json_auto_decref) json_t *given = must(w, "GET", "/v1/metrics?app=shop&since=1000", NULL);
	const json_t *first = json_array_get(double_calls(w->engine), 0);
	const json_t *second = json_array_get(double_calls(w->engine), 1);
	int64_t ago = clock_wall_ms() - json_int(first, "since", 0);

	assert_non_null(usual);
	assert_non_null(given);
	assert_true(ago >= 30 * 86400000LL && ago < 30 * 86400000LL + SERVED_PATIENCE_MS);
	assert_string_equal(json_text(first, "app"), "");
	assert_int_equal(json_int(second, "since", 0), 1000);
	assert_string_equal(json_text(second, "app"), "shop");
	assert_int_equal(refused(w, "GET", "/v1/metrics?since=yesterday", NULL).kind, ERR_USAGE);
	assert_int_equal(refused(w, "GET", "/v1/metrics?since=99999999999999", NULL).kind, ERR_USAGE);
}

static void prometheus_gets_plain_text(void **state)
{
	struct world *w = *state;
	struct raw r;

	double_set_answer(w->engine, "metrics_text", json_string("# TYPE a counter\na 1\n"));
	raw_open(w, &r);
	raw_send(&r, "GET /metrics HTTP/1.1\r\nConnection: close\r\n\r\n");
	raw_wait(&r, NULL);
	assert_non_null(strstr(r.in.data, "Content-Type: text/plain; version=0.0.4"));
	assert_non_null(strstr(r.in.data, "\r\n\r\n# TYPE a counter\na 1\n"));
	raw_close(&r);
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

static bool time_is_up(struct world *w)
{
	return clock_mono_ms() >= w->wanted_ms;
}

static void neither_a_slow_answer_nor_a_quiet_stream_counts_as_an_idle_caller(void **state)
{
	struct world *w = *state;
	struct timeval idle = { .tv_usec = 50000 };
	struct raw asks, follows, idles;

	/* given a server that hangs up on callers who say nothing for 50 ms */
	evhttp_set_timeout_tv(w->server->http, &idle);
	double_hold(w->engine);
	raw_open(w, &asks);
	raw_open(w, &follows);
	raw_open(w, &idles);
	raw_send(&asks, "GET /v1/audit HTTP/1.1\r\n\r\n");
	raw_send(&follows, "GET /v1/events HTTP/1.1\r\n\r\n");
	raw_wait(&follows, "id: 0");
	raw_wait(&idles, NULL);
	w->wanted_ms = clock_mono_ms() + 150;
	run_until(w, time_is_up);
	double_release(w->engine);
	raw_wait(&asks, "\"audit\"");
	assert_false(follows.ended);
	assert_true(idles.ended);
	raw_close(&asks);
	raw_close(&follows);
	raw_close(&idles);
}

static bool a_deployment_is_asked_for(struct world *w)
{
	return double_count(w->engine, "deploy") == 1;
}

static void ask_on_a_slow_disk(struct world *w, struct raw *ret)
{
	double_unkeep(w->engine);
	raw_open(w, ret);
	raw_send(ret, "POST /v1/deployments HTTP/1.1\r\nConnection: close\r\nContent-Length: 22\r\n\r\n"
	         "{\"environment\":\"prod\"}");
	run_until(w, a_deployment_is_asked_for);
	w->wanted_ms = clock_mono_ms() + 50;
	run_until(w, time_is_up);
}

static void nothing_is_promised_before_the_disk_has_it(void **state)
{
	struct world *w = *state;
	struct raw r;

	/* given a disk that takes its time */
	ask_on_a_slow_disk(w, &r);
	assert_int_equal(r.in.len, 0);
	/* when it has it */
	double_keep(w->engine, NULL);
	/* then */
	raw_wait(&r, NULL);
	assert_non_null(strstr(r.in.data, "HTTP/1.1 202 "));
	raw_close(&r);
}

static void a_change_is_not_promised_when_the_disk_fails_and_what_was_read_is_told(void **state)
{
	struct world *w = *state;
	struct raw changes, reads;

	/* given */
	ask_on_a_slow_disk(w, &changes);
	raw_open(w, &reads);
	raw_send(&reads, "GET /v1/status HTTP/1.1\r\nConnection: close\r\n\r\n");
	w->wanted_ms = clock_mono_ms() + 50;
	run_until(w, time_is_up);
	/* when */
	double_keep(w->engine, "slipway.db: the disk does not take it");
	/* then */
	raw_wait(&changes, NULL);
	assert_non_null(strstr(changes.in.data, "HTTP/1.1 500 "));
	assert_non_null(strstr(changes.in.data, "slipway.db: the disk does not take it"));
	raw_wait(&reads, NULL);
	assert_non_null(strstr(reads.in.data, "HTTP/1.1 200 "));
	raw_close(&changes);
	raw_close(&reads);
}

static void an_answer_that_the_disk_holds_up_is_dropped_with_the_server(void **state)
{
	struct world *w = *state;
	struct raw r;

	ask_on_a_slow_disk(w, &r);
	server_free(w->server);
	w->server = NULL;
	double_keep(w->engine, NULL);
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
		/* where Prometheus looks for it is not ours to choose */
		assert_true(strncmp(routes[i].path, "/v1/", 4) == 0 || strcmp(routes[i].path, "/metrics") == 0);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, served_setup, served_teardown)

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
		TEST(what_was_is_asked_of_the_engine_of_then),
		TEST(what_was_cannot_be_changed_and_has_no_news),
		TEST(nothing_in_a_replay_can_be_changed),
		TEST(releases_reach_the_engine),
		TEST(what_the_engine_refuses_is_answered_with_its_kind),
		TEST(a_refusal_brings_all_gates_and_a_status_of_its_own),
		TEST(a_slow_answer_comes_when_it_is_there),
		TEST(an_answer_for_a_caller_who_hung_up_goes_nowhere),
		TEST(an_answer_that_comes_after_the_server_is_gone_is_dropped),
		TEST(neither_a_slow_answer_nor_a_quiet_stream_counts_as_an_idle_caller),
		TEST(nothing_is_promised_before_the_disk_has_it),
		TEST(a_change_is_not_promised_when_the_disk_fails_and_what_was_read_is_told),
		TEST(an_answer_that_the_disk_holds_up_is_dropped_with_the_server),
		TEST(stopping_the_engine_is_acknowledged_first),
		TEST(garbage_does_no_harm),
		TEST(metrics_are_of_thirty_days_unless_since_is_given),
		TEST(prometheus_gets_plain_text),
		TEST(the_route_table_is_sorted_unique_and_explains_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
