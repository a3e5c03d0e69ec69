/* Commands that ask for a deployment and follow it, also over the death of the engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "tests/api/capture.h"
#include "tests/api/play.h"

/* Parts of scenes. prod runs 2.13.5; deployment 3 brings 2.14.0. */
#define STATUS(deployment, queue) "'status': {'config': {'valid': true}, 'apps': [{'name': 'shop', 'environments': [" \
	"{'name': 'dev', 'deployment': null, 'queue': []}," \
	"{'name': 'prod', 'live': {'version': '2.13.5'}, 'deployment': " deployment ", 'queue': [" queue "]}]}]}"
#define DEPLOYMENT(state, more, steps) "{'id': 3, 'app': 'shop', 'environment': 'prod', 'kind': 'deploy'," \
	"'version': '2.14.0', 'from': '2.13.5', 'state': '" state "', " more "'steps': [" steps "]}"
#define STEP(index, stage, state, more) "{'index': " index ", 'stage': '" stage "', 'state': '" state "'" more "}"
#define FETCH_RUN STEP("0", "fetch", "run", ", 'started': 1000")
#define FETCH_OK STEP("0", "fetch", "ok", ", 'started': 1000, 'ended': 3000")
#define SMOKE_WAIT STEP("1", "smoke", "wait", "")
#define SMOKE_RUN STEP("1", "smoke", "run", ", 'started': 3000")
#define SMOKE_OK STEP("1", "smoke", "ok", ", 'started': 3000, 'ended': 45000, 'tests': {'ok': 2, 'fail': 0}")
#define SMOKE_FAIL STEP("1", "smoke", "fail", ", 'started': 3000, 'ended': 45000, 'layer': 'tests'," \
	"'message': '1 of 3 tests failed', 'tail': 'api: listening\\napi: 500 for /total\\n', 'tests': {'ok': 1, 'fail': 1, 'skip': 1}")
#define RESULTS "[{'n': 1, 'step': 1, 'suite': 'checkout', 'name': 'adds up', 'outcome': 'ok'}," \
	"{'n': 2, 'step': 1, 'suite': 'checkout', 'name': 'total is rounded', 'outcome': 'fail', 'message': 'expected 10, got 9'}," \
	"{'n': 3, 'step': 1, 'suite': 'checkout', 'name': 'later', 'outcome': 'skip'}]"
#define ROW(type) "{'row': {'type': '" type "', 'body': {'id': 3}}}"
#define SET(deployment) "{'answers': {'deployment': " deployment "}}"

#define HEAD "deployment 3  prod 2.13.5 -> 2.14.0  "
#define GOOD_LINES HEAD "[1/2] fetch  RUN\n" HEAD "[1/2] fetch  OK 0:02\n" HEAD "[2/2] smoke  RUN\n" \
	HEAD "[2/2] smoke  OK 0:42  tests 2 ok\n" HEAD "succeeded 0:44\n"

static bool holds(const char *text, const char *piece)
{
	if (!strstr(text, piece))
		print_message("\"%s\" is not in:\n%s\n", piece, text);
	return strstr(text, piece) != NULL;
}

/* Answers of a deployment that goes well once it was asked for. */
#define GOES_WELL "{'answers': {" STATUS("null", "") ", 'deploy': " DEPLOYMENT("queued", "", "") "," \
	"'deployment': " DEPLOYMENT("running", "", FETCH_RUN "," SMOKE_WAIT) "}, 'acts': {'deploy': [" \
	ROW("step.started") ", {'wait': 'deployment'}," \
	SET(DEPLOYMENT("running", "'tests': {'ok': 0}, ", FETCH_OK "," SMOKE_RUN)) "," ROW("step.started") "," \
	SET(DEPLOYMENT("succeeded", "'started': 1000, 'ended': 45000, ", FETCH_OK "," SMOKE_OK)) "," ROW("deployment.finished") \
	"]}}"

static void deploy_prints_what_was_asked_for_and_ends(void **state)
{
	struct theatre *s = theatre_new(scene_of(GOES_WELL));
	AUTO(capture_done) struct capture c = slipway(s, "deploy", "2.14.0", "prod", "--expect", "2.13.5", "--reason", "it's time",
	                                              NULL);
	AUTO(json_auto_decref) json_t *calls = theatre_calls(s);
	const json_t *request = NULL, *call;
	size_t i;

	(void)state;
	assert_int_equal(c.code, 0);
	assert_string_equal(c.out, HEAD "queued\n");
	assert_int_equal(theatre_count(s, "deploy"), 1);
	json_array_foreach(calls, i, call)
		if (strcmp(json_text(call, "function"), "deploy") == 0)
			request = json_object_get(call, "request");
	assert_string_equal(json_text(request, "app"), "shop");
	assert_string_equal(json_text(request, "environment"), "prod");
	assert_string_equal(json_text(request, "kind"), "deploy");
	assert_string_equal(json_text(request, "version"), "2.14.0");
	assert_string_equal(json_text(request, "expect"), "2.13.5");
	assert_string_equal(json_text(request, "reason"), "it's time");
	assert_int_equal(strlen(json_text(request, "key")), 32);
	theatre_free(s);
}

static void deploy_json_is_the_deployment(void **state)
{
	struct theatre *s = theatre_new(scene_of(GOES_WELL));
	AUTO(capture_done) struct capture c = slipway(s, "deploy", "2.14.0", "prod", "--json", NULL);
	AUTO(json_auto_decref) json_t *line = json_read(c.out, strlen(c.out), NULL);

	(void)state;
	assert_int_equal(json_int(line, "id", 0), 3);
	theatre_free(s);
}

static void deploy_and_wait_prints_each_step_once_and_succeeds(void **state)
{
	struct theatre *s = theatre_new(scene_of(GOES_WELL));
	AUTO(capture_done) struct capture c = slipway(s, "deploy", "2.14.0", "prod", "--wait", NULL);

	(void)state;
	assert_int_equal(c.code, 0);
	assert_string_equal(c.out, GOOD_LINES);
	assert_string_equal(c.err, "");
	theatre_free(s);
}

static void a_failed_deployment_is_exit_code_1_and_says_what_failed(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'answers': {" STATUS("null", "") ", 'deploy': " DEPLOYMENT("queued", "", "") ","
		"'tests': " RESULTS ", 'deployment': " DEPLOYMENT("queued", "", SMOKE_WAIT "," SMOKE_WAIT) "}, 'acts': {'deploy': ["
		"{'wait': 'deployment'},"
		SET(DEPLOYMENT("running", "'tests': {'ok': 1, 'fail': 1, 'skip': 1}, ", FETCH_OK "," SMOKE_RUN)) ","
		"{'event': 'live', 'data': {'deployment': 3}}, {'wait': 'tests'},"
		SET(DEPLOYMENT("undoing", "'tests': {'ok': 1, 'fail': 1, 'skip': 1}, 'layer': 'tests', ", FETCH_OK "," SMOKE_FAIL)) ","
		ROW("step.finished") ", {'wait': 'deployment'},"
		SET(DEPLOYMENT("failed", "'tests': {'ok': 1, 'fail': 1, 'skip': 1}, 'layer': 'tests', 'message': 'smoke failed; undone',"
		               "'started': 1000, 'ended': 46000,", FETCH_OK "," SMOKE_FAIL)) ","
		ROW("deployment.finished") "]}}"));
	AUTO(capture_done) struct capture c = slipway(s, "deploy", "2.14.0", "prod", "--wait", NULL);

	(void)state;
	assert_int_equal(c.code, 1);
	assert_string_equal(c.out,
		HEAD "queued\n"
		HEAD "[1/2] fetch  RUN\n"
		HEAD "[1/2] fetch  OK 0:02\n"
		HEAD "[2/2] smoke  RUN\n"
		"deployment 3  FAIL checkout: total is rounded  expected 10, got 9\n"
		HEAD "[2/2] smoke  FAIL 0:42  tests 1 ok, 1 fail, 1 skip  tests: 1 of 3 tests failed\n"
		"deployment 3  | api: listening\n"
		"deployment 3  | api: 500 for /total\n"
		HEAD "undoing\n"
		HEAD "failed 0:45  tests: smoke failed; undone\n");
	theatre_free(s);
}

static void a_lost_engine_is_started_again_and_nothing_comes_twice(void **state)
{
	/* given an engine that dies in the middle, and one after it that ends the deployment */
	struct theatre *s = theatre_new(scene_of("{'answers': {" STATUS("null", "") ", 'deploy': " DEPLOYMENT("queued", "", "") ","
		"'deployment': " DEPLOYMENT("running", "", FETCH_OK "," SMOKE_RUN) "}, 'acts': {'deploy': ["
		"{'wait': 'deployment'}, {'die': true}]}}"));
	AUTO(capture_done) struct capture c = { 0 };

	(void)state;
	theatre_add_scene(s, scene_of("{'answers': {" STATUS("null", "") ", 'deployment': "
		DEPLOYMENT("succeeded", "'started': 1000, 'ended': 45000, ", FETCH_OK "," SMOKE_OK) "}}"));
	c = slipway(s, "deploy", "2.14.0", "prod", "--wait", NULL);
	assert_int_equal(c.code, 0);
	assert_string_equal(c.out, GOOD_LINES);
	assert_true(holds(c.err, "the engine is lost"));
	assert_true(holds(c.err, "the engine is back"));
	assert_int_equal(theatre_count(s, "deploy"), 1);
	theatre_free(s);
}

static void an_engine_lost_in_the_middle_of_an_answer_is_started_again(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'answers': {" STATUS("null", "") "}, 'die_on': 'deployment'}"));
	AUTO(capture_done) struct capture c = { 0 };

	(void)state;
	theatre_add_scene(s, scene_of("{'answers': {'deployment': "
		DEPLOYMENT("succeeded", "'started': 1000, 'ended': 45000, ", FETCH_OK "," SMOKE_OK) "}}"));
	c = slipway(s, "watch", "3", "--exit-status", NULL);
	assert_int_equal(c.code, 0);
	assert_string_equal(c.out, GOOD_LINES);
	theatre_free(s);
}

static void a_request_lost_with_the_engine_is_asked_again_with_the_same_key(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'answers': {" STATUS("null", "") "}, 'die_on': 'deploy'}"));
	AUTO(capture_done) struct capture c = { 0 };
	AUTO(json_auto_decref) json_t *calls = NULL;
	const char *first = "", *second = "";
	const json_t *call;
	size_t i;

	(void)state;
	theatre_add_scene(s, scene_of("{'http': 200, 'answers': {" STATUS("null", "") ", 'deploy': " DEPLOYMENT("running", "", "") "}}"));
	c = slipway(s, "deploy", "2.14.0", "prod", NULL);
	assert_int_equal(c.code, 0);
	assert_string_equal(c.out, HEAD "running\n");
	calls = theatre_calls(s);
	json_array_foreach(calls, i, call) {
		if (strcmp(json_text(call, "function"), "deploy") != 0)
			continue;
		first = second;
		second = json_text(json_object_get(call, "request"), "key");
	}
	assert_int_equal(strlen(first), 32);
	assert_string_equal(first, second);
	theatre_free(s);
}

static void an_engine_that_does_not_come_back_is_exit_code_5(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'answers': {" STATUS("null", "") "}, 'die_on': 'deploy'}"));
	AUTO(capture_done) struct capture c = { 0 };

	(void)state;
	theatre_add_scene(s, scene_of("{'say': 'no more memory', 'refuse': 1}"));
	c = slipway(s, "deploy", "2.14.0", "prod", NULL);
	assert_int_equal(c.code, 5);
	assert_true(holds(c.err, "no more memory"));
	theatre_free(s);
}

static void rollback_leaves_the_target_to_the_engine_unless_one_is_named(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'answers': {" STATUS("null", "") ", 'deploy': " DEPLOYMENT("queued", "", "") "}}"));
	AUTO(capture_done) struct capture a = slipway(s, "rollback", "prod", NULL);
	AUTO(capture_done) struct capture b = slipway(s, "rollback", "prod", "--to", "2.13.1", NULL);
	AUTO(json_auto_decref) json_t *calls = theatre_calls(s);
	const json_t *call;
	size_t i, n = 0;

	(void)state;
	assert_int_equal(a.code, 0);
	assert_int_equal(b.code, 0);
	json_array_foreach(calls, i, call) {
		const json_t *request = json_object_get(call, "request");

		if (strcmp(json_text(call, "function"), "deploy") != 0)
			continue;
		assert_string_equal(json_text(request, "kind"), "rollback");
		assert_string_equal(json_text(request, "version"), n++ ? "2.13.1" : "");
		assert_null(json_object_get(request, "expect"));
	}
	assert_int_equal(n, 2);
	theatre_free(s);
}

static void stop_finds_what_runs_in_an_environment(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'answers': {" STATUS("{'id': 3, 'state': 'running'}", "{'id': 4, 'state': 'queued'}")
		", 'stop': " DEPLOYMENT("undoing", "", "") "}}"));
	AUTO(capture_done) struct capture a = slipway(s, "stop", "prod", "--reason", "wrong", NULL);
	AUTO(capture_done) struct capture b = slipway(s, "stop", "dev", NULL);
	AUTO(capture_done) struct capture c = slipway(s, "stop", "prodd", NULL);
	AUTO(json_auto_decref) json_t *calls = theatre_calls(s);
	const json_t *call, *stop = NULL;
	size_t i;

	(void)state;
	assert_int_equal(a.code, 0);
	assert_string_equal(a.out, HEAD "undoing\n");
	json_array_foreach(calls, i, call)
		stop = strcmp(json_text(call, "function"), "stop") == 0 ? call : stop;
	assert_int_equal(json_int(stop, "id", 0), 3);
	assert_string_equal(json_text(json_object_get(stop, "request"), "reason"), "wrong");
	assert_int_equal(b.code, 2);
	assert_true(holds(b.err, "nothing was deployed yet to dev"));
	assert_int_equal(c.code, 2);
	assert_true(holds(c.err, "did you mean \"prod\"?"));
	theatre_free(s);
}

static void stop_and_wait_is_done_when_it_was_stopped(void **state)
{
	static const struct { const char *state; int code; } rows[] = { { "stopped", 0 }, { "succeeded", 1 }, { "attention", 1 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(mem_auto_free) char *text = mem_printf("{'answers': {" STATUS("null", "") ", 'stop': " DEPLOYMENT("undoing", "", FETCH_OK)
			", 'deployment': " DEPLOYMENT("%s", "", FETCH_OK) "}}", rows[i].state);
		struct theatre *s = theatre_new(scene_of(text));
		AUTO(capture_done) struct capture c = slipway(s, "stop", "3", "--wait", NULL);

		assert_int_equal(c.code, rows[i].code);
		/* what was before the stop is not told again */
		assert_int_equal(strncmp(c.out, HEAD, strlen(HEAD)), 0);
		assert_null(strstr(c.out, "fetch"));
		theatre_free(s);
	}
}

static void watch_of_what_is_over_prints_it_and_says_how_it_ended_when_asked(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'answers': {" STATUS("{'id': 3, 'state': 'failed'}", "") ", 'tests': " RESULTS ","
		"'deployment': " DEPLOYMENT("failed", "'tests': {'ok': 1, 'fail': 1, 'skip': 1},", FETCH_OK "," SMOKE_FAIL) "}}"));
	AUTO(capture_done) struct capture a = slipway(s, "watch", "prod", NULL);
	AUTO(capture_done) struct capture b = slipway(s, "watch", "3", "--exit-status", NULL);
	AUTO(capture_done) struct capture c = slipway(s, "watch", "--exit-status", NULL);
	AUTO(capture_done) struct capture d = slipway(s, "watch", "3", "--json", NULL);

	(void)state;
	assert_int_equal(a.code, 0);
	assert_true(holds(a.out, "FAIL checkout: total is rounded"));
	assert_int_equal(b.code, 1);
	assert_string_equal(a.out, b.out);
	assert_int_equal(c.code, 1);
	assert_string_equal(a.out, c.out);
	assert_true(holds(d.out, "{\"deployment\":3,\"step\":{\"index\":0,\"stage\":\"fetch\",\"state\":\"run\""));
	assert_true(holds(d.out, "{\"deployment\":3,\"result\":{\"n\":1,"));
	assert_true(holds(d.out, "{\"deployment\":3,\"end\":{\"id\":3,"));
	theatre_free(s);
}

static void watch_of_a_deployment_that_does_not_exist_is_a_mistake(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'answers': {" STATUS("null", "") "}, 'errors': {'deployment':"
		"{'kind': 'not_found', 'text': 'there is no deployment 99'}}}"));
	AUTO(capture_done) struct capture a = slipway(s, "watch", "99", NULL);
	AUTO(capture_done) struct capture b = slipway(s, "watch", "prod", NULL);

	(void)state;
	assert_int_equal(a.code, 2);
	assert_true(holds(a.err, "there is no deployment 99"));
	assert_int_equal(b.code, 2);
	theatre_free(s);
}

static void watch_without_a_word_follows_whatever_comes(void **state)
{
	/* given a running deployment that ends, then another one, then an engine that dies for good */
	struct theatre *s = theatre_new(scene_of("{'answers': {" STATUS("{'id': 3, 'state': 'running'}", "") ","
		"'deployment': " DEPLOYMENT("succeeded", "", FETCH_OK) "}, 'acts': {'journal': [" ROW("deployment.finished") ","
		"{'wait': 'deployment'}, {'die': true}]}}"));
	AUTO(capture_done) struct capture c = { 0 };

	(void)state;
	theatre_add_scene(s, scene_of("{'refuse': 1}"));
	c = slipway(s, "watch", NULL);
	assert_int_equal(c.code, 5);
	assert_string_equal(c.out, "deployment 3  prod 2.13.5 -> 2.14.0  [1/1] fetch  RUN\n"
		"deployment 3  prod 2.13.5 -> 2.14.0  [1/1] fetch  OK 0:02\n" HEAD "succeeded\n");
	theatre_free(s);
}

static void a_log_is_followed_to_the_end_of_its_deployment(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'answers': {" STATUS("{'id': 3, 'state': 'running'}", "") ","
		"'log': 'one\\ntwo\\nthr', 'deployment': " DEPLOYMENT("running", "", "") "}, 'acts': {'log': [" ROW("step.started") "],"
		"'status': [{'wait': 'log'}, {'answers': {'log': 'one\\ntwo\\nthree\\nfour'}}, {'event': 'live', 'data': {'deployment': 3}},"
		SET(DEPLOYMENT("succeeded", "", "")) "," ROW("deployment.finished") "]}}"));
	AUTO(capture_done) struct capture c = slipway(s, "log", "prod", "--follow", NULL);

	(void)state;
	assert_int_equal(c.code, 0);
	assert_string_equal(c.out, "one\ntwo\nthree\nfour\n");
	theatre_free(s);
}

/*
 * Every text of a deployment comes from outside: names, versions, what tests and processes said, who asked for it and
 * why. Each @ stands for one that would move the cursor, turn the text around and set the clipboard.
 */
#define EVIL "a\\u001b]52;c;ZXZpbA==\\u0007b\\u001b[31mc\\r\\u202ed\\u009b5n\\u200be\\u007ff"
#define EVIL_STEP "{'index': 0, 'stage': 'smoke', 'state': 'fail', 'started': 1000, 'ended': 2000, 'layer': '@'," \
	"'message': '@', 'tail': '@\\n@', 'tests': {'ok': 0, 'fail': 1}}"
#define EVIL_DEPLOYMENT(state) "{'id': 3, 'app': '@', 'environment': 'prod', 'kind': 'deploy', 'version': '@'," \
	"'from': '@', 'state': '" state "', 'layer': '@', 'message': '@', 'actor': '@', 'reason': '@', 'started': 1000," \
	"'ended': 2000, 'tests': {'ok': 0, 'fail': 1}, 'steps': [" EVIL_STEP "]}"
#define EVIL_BUILD "{'version': '@', 'digest': '@', 'size': 1, 'branch': '@', 'author': '@', 'message': '@'," \
	"'commit': '@', 'signer': '@', 'features': ['@'], 'tests': {'ok': 0, 'fail': 1}," \
	"'artifacts': [{'component': '@', 'sha256': '@', 'size': 1}]," \
	"'results': [{'suite': '@', 'name': '@', 'outcome': 'fail', 'message': '@'}]}"

static json_t *evil_scene(const char *text)
{
	AUTO(buf_done) struct buf b = { 0 };

	buf_init(&b, 64 * 1024);
	for (const char *p = text; *p; p++)
		buf_add(&b, *p == '@' ? EVIL : p, *p == '@' ? strlen(EVIL) : 1);
	return scene_of(b.data);
}

static void assert_tame(const char *what, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if ((*p < 0x20 && *p != '\n') || *p >= 0x7f)
			fail_msg("%s: byte 0x%02x in: %s", what, *p, text);
}

static void what_is_followed_never_reaches_the_terminal_raw(void **state)
{
	struct theatre *s = theatre_new(evil_scene("{'answers': {" STATUS("{'id': 3, 'state': 'failed'}", "") ","
		"'deployment': " EVIL_DEPLOYMENT("failed") ", 'deploy': " EVIL_DEPLOYMENT("queued") ","
		"'stop': " EVIL_DEPLOYMENT("stopped") ", 'build': " EVIL_BUILD ","
		"'tests': [{'n': 1, 'step': 0, 'suite': '@', 'name': '@', 'outcome': 'fail', 'message': '@'}]},"
		"'errors': {'builds': {'kind': 'refused', 'text': '@'}}}"));
	AUTO(capture_done) struct capture watched = slipway(s, "watch", "3", NULL);
	AUTO(capture_done) struct capture deployed = slipway(s, "deploy", "2.14.0", "prod", "--wait", NULL);
	AUTO(capture_done) struct capture asked = slipway(s, "deploy", "2.14.0", "prod", NULL);
	AUTO(capture_done) struct capture stopped = slipway(s, "stop", "3", NULL);
	AUTO(capture_done) struct capture shown = slipway(s, "build", "show", "2.14.0", NULL);
	AUTO(capture_done) struct capture refused = slipway(s, "builds", NULL);
	const struct { const char *what, *text; int evils; } rows[] = {
		/* the step's begin and end, the result, two lines of the tail, the end */
		{ "watch", watched.out, 6 }, { "deploy --wait", deployed.out, 6 }, { "deploy", asked.out, 1 },
		{ "stop", stopped.out, 1 }, { "build show", shown.out, 3 }, { "an error", refused.err, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int n = 0;

		assert_tame(rows[i].what, rows[i].text);
		for (const char *at = rows[i].text; (at = strstr(at, "abcdef")); at = strchr(at, '\n') ? strchr(at, '\n') : "")
			n++;
		if (n < rows[i].evils)
			fail_msg("%s: in %d lines only: %s", rows[i].what, n, rows[i].text);
	}
	assert_tame("errors", watched.err);
	assert_tame("errors", deployed.err);
	theatre_free(s);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deploy_prints_what_was_asked_for_and_ends),
		cmocka_unit_test(deploy_json_is_the_deployment),
		cmocka_unit_test(deploy_and_wait_prints_each_step_once_and_succeeds),
		cmocka_unit_test(a_failed_deployment_is_exit_code_1_and_says_what_failed),
		cmocka_unit_test(a_lost_engine_is_started_again_and_nothing_comes_twice),
		cmocka_unit_test(an_engine_lost_in_the_middle_of_an_answer_is_started_again),
		cmocka_unit_test(a_request_lost_with_the_engine_is_asked_again_with_the_same_key),
		cmocka_unit_test(an_engine_that_does_not_come_back_is_exit_code_5),
		cmocka_unit_test(rollback_leaves_the_target_to_the_engine_unless_one_is_named),
		cmocka_unit_test(stop_finds_what_runs_in_an_environment),
		cmocka_unit_test(stop_and_wait_is_done_when_it_was_stopped),
		cmocka_unit_test(watch_of_what_is_over_prints_it_and_says_how_it_ended_when_asked),
		cmocka_unit_test(watch_of_a_deployment_that_does_not_exist_is_a_mistake),
		cmocka_unit_test(watch_without_a_word_follows_whatever_comes),
		cmocka_unit_test(a_log_is_followed_to_the_end_of_its_deployment),
		cmocka_unit_test(what_is_followed_never_reaches_the_terminal_raw),
	};

	play_if_asked(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
