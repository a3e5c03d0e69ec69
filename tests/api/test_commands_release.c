/* slipway release: what it asks for, what it prints, and its exit codes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "tests/api/capture.h"
#include "tests/api/play.h"

#define HEAD "'id': 12, 'group': 'suite', 'environment': 'prod', 'actor': 'alice', 'blocked': []"
#define API "'app': 'api', 'version': '2.0', 'from': '1.0', 'deployment': 40, 'rollback': null"
#define WEB "'app': 'web', 'version': '7', 'from': null, 'rollback': null"
#define RUNS "{" HEAD ", 'state': 'running', 'message': '', 'members': [{" API ", 'state': 'running', 'why': ''}," \
	"{" WEB ", 'deployment': 41, 'state': 'queued', 'why': ''}]}"
#define API_DONE "{" HEAD ", 'state': 'running', 'message': '', 'members': [{" API ", 'state': 'succeeded', 'why': ''}," \
	"{" WEB ", 'deployment': 41, 'state': 'running', 'why': ''}]}"
#define DONE "{" HEAD ", 'state': 'succeeded', 'message': '', 'members': [{" API ", 'state': 'succeeded', 'why': ''}," \
	"{" WEB ", 'deployment': 41, 'state': 'succeeded', 'why': ''}]}"
#define UNDONE "{" HEAD ", 'state': 'failed', 'message': 'web 7 failed: start; taken back: api', 'members': [" \
	"{'app': 'api', 'version': '2.0', 'from': '1.0', 'deployment': 40, 'rollback': 42, 'state': 'undone', 'why': ''}," \
	"{" WEB ", 'deployment': 41, 'state': 'failed', 'why': 'start: port taken'}]}"

static const json_t *request_of(const json_t *calls, const char *function)
{
	const json_t *call;
	size_t i;

	json_array_foreach((json_t *)calls, i, call)
		if (strcmp(json_text(call, "function"), function) == 0)
			return json_object_get(call, "request");
	fail_msg("%s was not asked", function);
	return NULL;
}

static const json_t *nth_member(const json_t *request, size_t i)
{
	return json_array_get(json_object_get(request, "members"), i);
}

static void what_is_named_is_asked_for(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'answers': {'release': " RUNS "}}"));
	AUTO(capture_done) struct capture c = slipway(s, "release", "suite", "prod", "api=2.0", "web=7", "--from", "preprod",
		"--expect", "api=1.0", "--expect", "shop=", "--reason", "month's end", "--at", "2099-01-02 03:04 UTC", NULL);
	AUTO(json_auto_decref) json_t *calls = theatre_calls(s);
	const json_t *request = request_of(calls, "release");

	(void)state;
	assert_int_equal(c.code, 0);
	assert_string_equal(json_text(request, "group"), "suite");
	assert_string_equal(json_text(request, "environment"), "prod");
	assert_string_equal(json_text(request, "from"), "preprod");
	assert_string_equal(json_text(request, "reason"), "month's end");
	assert_true(json_int(request, "not_before", 0) > 4070908800000);
	assert_true(strlen(json_text(request, "key")) >= 32);
	assert_int_equal(json_array_size(json_object_get(request, "members")), 3);
	assert_string_equal(json_text(nth_member(request, 0), "app"), "api");
	assert_string_equal(json_text(nth_member(request, 0), "version"), "2.0");
	assert_string_equal(json_text(nth_member(request, 0), "expect"), "1.0");
	assert_string_equal(json_text(nth_member(request, 1), "version"), "7");
	assert_null(json_object_get(nth_member(request, 1), "expect"));
	assert_string_equal(json_string_value(json_object_get(nth_member(request, 2), "expect")), "");
	assert_null(json_object_get(nth_member(request, 2), "version"));
	assert_string_equal(c.out,
		"release 12  suite -> prod  running  0/2\n"
		"  api  1.0 -> 2.0    running  40  -\n"
		"  web  nothing -> 7  queued   41  -\n");
	theatre_free(s);
}

static void words_that_make_no_sense_are_named(void **state)
{
	static const struct { const char *words[5]; const char *says; } rows[] = {
		{ { "suite", NULL }, "say which environment" },
		{ { "suite", "prod", NULL }, "say what to release" },
		{ { "suite", "prod", "api", NULL }, "\"api\" is not APP=VERSION" },
		{ { "suite", "prod", "=2", NULL }, "\"=2\" is not APP=VERSION" },
		{ { "suite", "prod", "api=", NULL }, "\"api=\" is not APP=VERSION" },
		{ { "suite", "prod", "api=1", "api=2", NULL }, "api is named twice" },
		{ { "suite", "prod", "api=1", "--expect=api", NULL }, "\"api\" is not APP=LIVE" },
		{ { "suite", "prod", "api=1", "--at=soon", NULL }, "soon" },
		{ { "stop", "prod", NULL }, "say what to release" },
		{ { "show", NULL }, "say which environment" },
	};
	struct theatre *s = theatre_new(scene_of("{'answers': {'release': " RUNS "}}"));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *const *w = rows[i].words;
		AUTO(capture_done) struct capture c = slipway(s, "release", w[0], w[1], w[1] ? w[2] : NULL,
		                                              w[1] && w[2] ? w[3] : NULL, NULL);

		assert_int_equal(c.code, 2);
		if (!strstr(c.err, rows[i].says))
			fail_msg("row %zu: %s", i, c.err);
	}
	assert_int_equal(theatre_count(s, "release"), 0);
	theatre_free(s);
}

static void a_refusal_is_exit_code_3_and_no_right_is_4(void **state)
{
	static const struct { const char *scene; int code; } rows[] = {
		{ "{'errors': {'release': {'kind': 'refused', 'text': 'web 7: promotion gate: no'}}}", 3 },
		{ "{'errors': {'release': {'kind': 'stale', 'text': 'api 2.0: expectation gate'}}}", 3 },
		{ "{'errors': {'release': {'kind': 'denied', 'text': 'web: bob may not'}}}", 4 },
		{ "{'errors': {'release': {'kind': 'not_found', 'text': 'no group'}}}", 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct theatre *s = theatre_new(scene_of(rows[i].scene));
		AUTO(capture_done) struct capture c = slipway(s, "release", "suite", "prod", "api=2.0", NULL);

		assert_int_equal(c.code, rows[i].code);
		assert_string_equal(c.out, "");
		theatre_free(s);
	}
}

static void it_is_followed_to_its_end(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'answers': {'release': " RUNS ", 'release_of': " RUNS "}, 'acts': {'release_of': ["
		"{'answers': {'release_of': " API_DONE "}}, {'row': {'type': 'deployment.finished', 'body': {'id': 40}}}, {'wait': 'release_of'},"
		"{'answers': {'release_of': " DONE "}}, {'row': {'type': 'release.finished', 'body': {'id': 12}}}]}}"));
	AUTO(capture_done) struct capture c = slipway(s, "release", "suite", "prod", "api=2.0", "web=7", "--wait", NULL);

	(void)state;
	assert_int_equal(c.code, 0);
	assert_non_null(strstr(c.out, "release 12  api 1.0 -> 2.0  succeeded  deployment 40\n"));
	assert_non_null(strstr(c.out, "release 12  web nothing -> 7  succeeded  deployment 41\n"
	                              "release 12  suite -> prod  succeeded  2/2\n"));
	theatre_free(s);
}

static void one_that_was_undone_is_exit_code_1(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'answers': {'release': " RUNS ", 'release_of': " UNDONE "}}"));
	AUTO(capture_done) struct capture c = slipway(s, "release", "suite", "prod", "api=2.0", "--wait", NULL);
	AUTO(capture_done) struct capture json = slipway(s, "release", "suite", "prod", "api=2.0", "--wait", "--json", NULL);
	AUTO(json_auto_decref) json_t *last = json_read(json.out, strlen(json.out), NULL);

	(void)state;
	assert_int_equal(c.code, 1);
	assert_string_equal(c.out,
		"release 12  api 1.0 -> 2.0  undone  rollback 42\n"
		"release 12  web nothing -> 7  failed  deployment 41  start: port taken\n"
		"release 12  suite -> prod  failed  0/2  web 7 failed: start; taken back: api\n");
	assert_int_equal(json.code, 1);
	assert_string_equal(json_text(last, "state"), "failed");
	theatre_free(s);
}

static void one_is_shown_listed_and_stopped(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'answers': {'release_of': " UNDONE ", 'release_stop': " RUNS ","
		"'releases': {'releases': [" RUNS ", " UNDONE "]}}}"));
	AUTO(capture_done) struct capture shown = slipway(s, "release", "show", "12", NULL);
	AUTO(capture_done) struct capture listed = slipway(s, "release", "list", "--limit", "7", NULL);
	AUTO(capture_done) struct capture stopped = slipway(s, "release", "stop", "12", "--reason", "too early", NULL);
	AUTO(json_auto_decref) json_t *calls = theatre_calls(s);

	(void)state;
	assert_string_equal(shown.out,
		"release 12  suite -> prod  failed  0/2  web 7 failed: start; taken back: api\n"
		"  api  1.0 -> 2.0    undone  40, back by 42  -\n"
		"  web  nothing -> 7  failed  41              start: port taken\n");
	assert_string_equal(listed.out,
		"release 12  suite -> prod  running  0/2\n"
		"release 12  suite -> prod  failed  0/2  web 7 failed: start; taken back: api\n");
	assert_int_equal(stopped.code, 0);
	assert_string_equal(json_text(request_of(calls, "release_stop"), "reason"), "too early");
	theatre_free(s);
}

static void status_shows_what_is_under_way(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'answers': {'status': {'config': {'valid': true}, 'apps': [], 'releases': [{"
		"'id': 12, 'group': 'suite', 'environment': 'prod', 'state': 'running', 'message': '', 'members': [{" API
		", 'state': 'queued', 'why': ''}], 'blocked': [{'app': 'api', 'gate': 'lock', 'why': 'prod is locked by bob', 'who': 'bob',"
		" 'clears_at': null}]}]}}}"));
	AUTO(capture_done) struct capture c = slipway(s, "status", NULL);

	(void)state;
	assert_string_equal(c.out,
		"release 12  suite -> prod  running  0/1\n"
		"  api  1.0 -> 2.0  queued  40  -\n"
		"  api is blocked by lock: prod is locked by bob (bob)\n");
	theatre_free(s);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_named_is_asked_for),
		cmocka_unit_test(words_that_make_no_sense_are_named),
		cmocka_unit_test(a_refusal_is_exit_code_3_and_no_right_is_4),
		cmocka_unit_test(it_is_followed_to_its_end),
		cmocka_unit_test(one_that_was_undone_is_exit_code_1),
		cmocka_unit_test(one_is_shown_listed_and_stopped),
		cmocka_unit_test(status_shows_what_is_under_way),
	};

	play_if_asked(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
