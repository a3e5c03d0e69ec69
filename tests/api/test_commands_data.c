/* Commands that print data: what they ask for, and what they print, as text and as JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/base/buf.h"
#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/config/starter.h"
#include "tests/api/capture.h"
#include "tests/api/folder.h"
#include "tests/api/play.h"

#define SHOP "'status': {'config': {'valid': true}, 'engine': {'pid': 4711, 'version': '0.1.0', 'started': 1763647387000," \
	"'workspace': '/srv/shop'}, 'apps': [{'name': 'shop', 'environments': [" \
	"{'name': 'dev', 'protected': false, 'live': null, 'health': null, 'rollback': null, 'deployment': null, 'queue': []," \
	" 'attention': null}," \
	"{'name': 'prod', 'protected': true, 'live': {'version': '2.13.5'}, 'health': {'ok': false, 'text': 'FAIL 5xx'}," \
	" 'rollback': {'version': '2.13.4', 'warm': true, 'ms': 900}," \
	" 'deployment': {'id': 812, 'state': 'running', 'version': '2.14.0', 'stage': 'smoke'}," \
	" 'queue': [{'id': 813, 'state': 'queued'}], 'attention': 'map differs'}]}]}"

static bool holds(const char *text, const char *piece)
{
	if (!strstr(text, piece))
		print_message("\"%s\" is not in:\n%s\n", piece, text);
	return strstr(text, piece) != NULL;
}

/* The arguments of the n-th call of a function, from 0; borrowed from `calls`. */
static const json_t *nth(const json_t *calls, const char *function, int n)
{
	const json_t *call;
	size_t i;

	json_array_foreach((json_t *)calls, i, call)
		if (strcmp(json_text(call, "function"), function) == 0 && n-- == 0)
			return call;
	return NULL;
}

static size_t lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void status_is_one_line_for_each_environment_in_order(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'answers': {" SHOP "}}"));
	AUTO(capture_done) struct capture c = slipway(s, "status", NULL);

	(void)state;
	assert_string_equal(c.out,
		"shop  dev   open       -       -         -                     -                         -          -\n"
		"shop  prod  protected  2.13.5  FAIL 5xx  back 2.13.4 warm ~1s  812 running 2.14.0 smoke  1 waiting  map differs\n");
	assert_string_equal(c.err, "");
	theatre_free(s);
}

static void status_of_then_is_asked_for_then(void **state)
{
	/* given */
	struct theatre *s = theatre_new(scene_of("{'answers': {'status': {'apps': [{'name': 'shop', 'environments': [{'name':"
		" 'dev', 'live': {'version': '2.13.5'}, 'rollback': {'version': '2.13.4', 'warm': null, 'ms': null}}]}],"
		" 'config': {'valid': true}, 'as_of': {'at': 1763647387000, 'seq': 812}}}}"));

	/* when */
	AUTO(capture_done) struct capture c = slipway(s, "status", "--at", "2025-11-20 15:03:07 Europe/Paris", NULL);
	AUTO(json_auto_decref) json_t *calls = theatre_calls(s);
	AUTO(capture_done) struct capture future = slipway(s, "status", "--at", "2999-01-01 00:00", NULL);

	/* then */
	(void)state;
	assert_int_equal(json_int(nth(calls, "at", 0), "at", 0), 1763647387000);
	assert_string_equal(c.out, "shop  dev  open  2.13.5  -  back 2.13.4  -  -  -\n");
	assert_string_equal(c.err, "slipway status: as of 2025-11-20T14:03:07Z, row 812 of the journal\n");
	assert_int_equal(future.code, 2);
	assert_string_equal(future.err, "slipway status: --at 2999-01-01 00:00 is still to come\n");
	theatre_free(s);
}

static void status_json_is_one_environment_a_line(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'answers': {" SHOP "}}"));
	AUTO(capture_done) struct capture c = slipway(s, "status", "--json", NULL);
	AUTO(json_auto_decref) json_t *second = NULL;

	(void)state;
	assert_int_equal(lines(c.out), 2);
	second = json_read(strchr(c.out, '\n'), strlen(strchr(c.out, '\n')), NULL);
	assert_string_equal(json_text(second, "app"), "shop");
	assert_string_equal(json_text(second, "name"), "prod");
	assert_int_equal(json_int(json_object_get(second, "rollback"), "ms", 0), 900);
	theatre_free(s);
}

static void builds_are_filtered_by_the_engine_and_printed_one_a_line(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'answers': {" SHOP ", 'builds': {'builds': ["
		"{'version': '2.14.0', 'commit': '9f3c1abdeadbeef', 'branch': 'main', 'author': 'alice', 'message': 'round totals',"
		" 'at': 1763647387000, 'tests': {'ok': 212, 'fail': 0}, 'live': ['dev', 'preprod']},"
		"{'version': '2.13.5', 'tests': {'ok': 211, 'fail': 1}, 'live': []}]}}}"));
	AUTO(capture_done) struct capture c = slipway(s, "builds", "round & co", "--limit", "7", "--offset", "3", NULL);
	AUTO(json_auto_decref) json_t *calls = theatre_calls(s);
	const json_t *call = nth(calls, "builds", 0);

	(void)state;
	assert_string_equal(json_text(call, "app"), "shop");
	assert_string_equal(json_text(call, "q"), "round & co");
	assert_int_equal(json_int(call, "limit", 0), 7);
	assert_int_equal(json_int(call, "offset", 0), 3);
	assert_string_equal(c.out,
		"2.14.0  9f3c1ab  OK 212/212    2025-11-20T14:03:07Z  live dev, preprod  main  alice  round totals\n"
		"2.13.5  -        FAIL 211/212  -                     -                  -     -      -\n");
	theatre_free(s);
}

static void more_builds_than_a_page_are_asked_for_page_by_page(void **state)
{
	json_t *builds = json_array(), *scene = scene_of("{'answers': {" SHOP "}}");
	struct theatre *s;
	AUTO(capture_done) struct capture c = { 0 };
	AUTO(json_auto_decref) json_t *calls = NULL;

	(void)state;
	for (int i = 0; i < 500; i++)
		json_array_append_new(builds, json_pack("{s:s}", "version", "1"));
	json_object_set_new(json_object_get(scene, "answers"), "builds", json_pack("{s:o}", "builds", builds));
	s = theatre_new(scene);
	c = slipway(s, "builds", "--limit", "1000", "--json", NULL);
	calls = theatre_calls(s);
	assert_int_equal(lines(c.out), 1000);
	assert_int_equal(json_int(nth(calls, "builds", 0), "offset", -1), 0);
	assert_int_equal(json_int(nth(calls, "builds", 1), "offset", -1), 500);
	assert_null(nth(calls, "builds", 2));
	theatre_free(s);
}

static void put(const struct theatre *s, const char *name, const char *text)
{
	AUTO(mem_auto_free) char *path = file_join(s->dir, name);

	assert_true(file_write_atomic(path, text, strlen(text), 0600, NULL));
}

static void a_build_that_is_there_already_is_said_to_be(void **state)
{
	static const struct { const char *known, *out; } rows[] = {
		{ "false", "build 2.14.0  0123456789ab  12345 bytes\n" },
		{ "true", "build 2.14.0  0123456789ab  12345 bytes  is there already\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(mem_auto_free) char *text = mem_printf("{'answers': {" SHOP ", 'add_build': {'version': '2.14.0',"
			"'digest': '0123456789abcdef', 'size': 12345, 'tests': null, 'known': %s}}}", rows[i].known);
		struct theatre *s = theatre_new(scene_of(text));
		AUTO(capture_done) struct capture c = { 0 };

		put(s, "web.tar", "w");
		c = slipway(s, "build", "add", "2.14.0", "--artifact", "web=web.tar", NULL);
		assert_int_equal(c.code, 0);
		assert_string_equal(c.out, rows[i].out);
		theatre_free(s);
	}
}

static void a_build_is_added_with_real_paths_and_everything_that_is_known(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'http': 201, 'answers': {" SHOP ", 'add_build': {'version': '2.14.0',"
		"'digest': '0123456789abcdef', 'size': 12345, 'tests': {'ok': 2, 'fail': 1}}}}"));
	AUTO(capture_done) struct capture c = { 0 };
	AUTO(json_auto_decref) json_t *calls = NULL;
	AUTO(mem_auto_free) char *web = file_join(s->dir, "web.tar");
	AUTO(mem_auto_free) char *second = file_join(s->dir, "b.xml");
	const json_t *request;

	(void)state;
	put(s, "web.tar", "w");
	put(s, "api.tar", "a");
	put(s, "a.xml", "<a/>");
	put(s, "b.xml", "<b/>");
	c = slipway(s, "build", "add", "2.14.0", "--artifact", "web=web.tar", "--artifact=api=./api.tar", "--commit", "9f3c1ab",
	            "--commit-time", "2026-11-25T10:00:00Z", "--branch", "main", "--author", "alice", "--message", "round totals",
	            "--tests", "a.xml", "b.xml", "--json", NULL);
	assert_int_equal(c.code, 0);
	calls = theatre_calls(s);
	request = json_object_get(nth(calls, "add_build", 0), "request");
	assert_string_equal(json_text(json_object_get(request, "artifacts"), "web"), web);
	assert_string_equal(json_string_value(json_array_get(json_object_get(request, "tests"), 1)), second);
	assert_string_equal(json_text(request, "author"), "alice");
	assert_string_equal(json_text(request, "commit_time"), "2026-11-25T10:00:00Z");
	assert_true(holds(c.out, "\"version\":\"2.14.0\""));
	theatre_free(s);
}

static void a_build_that_cannot_be_read_is_not_asked_for(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'answers': {" SHOP "}}"));
	AUTO(capture_done) struct capture a = slipway(s, "build", "add", "1", "--artifact", "web=none.tar", NULL);
	AUTO(capture_done) struct capture b = slipway(s, "build", "add", "1", NULL);
	AUTO(capture_done) struct capture c = slipway(s, "build", "add", "1", "--artifact", "web=slipway.json", "--artifact",
	                                              "web=slipway.json", NULL);

	(void)state;
	assert_int_equal(a.code, 2);
	assert_true(holds(a.err, "read none.tar: No such file"));
	assert_int_equal(b.code, 2);
	assert_true(holds(b.err, "at least one --artifact"));
	assert_int_equal(c.code, 2);
	assert_true(holds(c.err, "--artifact web= is there twice"));
	assert_int_equal(theatre_count(s, "add_build"), 0);
	theatre_free(s);
}

static void a_build_is_shown_with_its_artifacts_and_what_failed(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'answers': {" SHOP ", 'build': {'version': '2.13.5', 'digest': '0123456789abcdef',"
		"'size': 9, 'tests': {'ok': 1, 'fail': 1}, 'artifacts': [{'component': 'web', 'sha256': 'aa', 'size': 9}], 'results': ["
		"{'suite': 'u', 'name': 'n', 'outcome': 'fail', 'message': 'm'}, {'suite': 'u', 'name': 'k', 'outcome': 'ok'},"
		"{'suite': '', 'name': 'b', 'outcome': 'fail', 'message': ''}]}}}"));
	AUTO(capture_done) struct capture c = slipway(s, "build", "show", "2.13.5", NULL);

	(void)state;
	assert_string_equal(c.out, "build 2.13.5  0123456789ab  9 bytes  tests FAIL 1/2\nartifact web  aa  9 bytes\nFAIL u: n  m\nFAIL b\n");
	theatre_free(s);
}

#define RESULTS "[{'n': 1, 'suite': 's', 'name': 'one', 'outcome': 'ok', 'ms': 5}," \
	"{'n': 2, 'suite': 's', 'name': 'two', 'outcome': 'fail', 'message': 'no', 'ms': 12}]"

static void tests_print_failures_first(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'answers': {" SHOP ", 'tests': " RESULTS ", 'build': {'results': " RESULTS "}}}"));
	AUTO(capture_done) struct capture a = slipway(s, "tests", "prod", NULL);
	AUTO(capture_done) struct capture b = slipway(s, "tests", "812", "--failed", NULL);
	AUTO(capture_done) struct capture c = slipway(s, "tests", "--build", "2.13.5", "--json", NULL);
	AUTO(json_auto_decref) json_t *calls = theatre_calls(s);

	(void)state;
	assert_string_equal(a.out, "fail  s  two  12 ms  no\nok    s  one  5 ms   -\n");
	assert_int_equal(json_int(nth(calls, "tests", 0), "id", 0), 812);
	assert_string_equal(b.out, "fail  s  two  12 ms  no\n");
	assert_int_equal(lines(c.out), 2);
	assert_int_equal(strncmp(c.out, "{\"n\":2", 6), 0);
	theatre_free(s);
}

static void history_is_one_line_for_each_deployment(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'answers': {" SHOP ", 'deployments': {'deployments': ["
		"{'id': 812, 'app': 'shop', 'environment': 'prod', 'kind': 'rollback', 'version': '2.13.4', 'from': '2.13.5',"
		" 'state': 'succeeded', 'actor': 'alice', 'reason': '5xx', 'requested': 1763647387000, 'started': 1000, 'ended': 2000},"
		"{'id': 7, 'app': 'shop', 'environment': 'prod', 'kind': 'deploy', 'version': '2.13.5', 'from': null, 'state': 'failed',"
		" 'actor': 'ci', 'message': 'smoke failed'}]}}}"));
	AUTO(capture_done) struct capture a = slipway(s, "history", "prod", "--before", "900", "--limit", "20", NULL);
	AUTO(capture_done) struct capture b = slipway(s, "history", "produktion", NULL);
	AUTO(json_auto_decref) json_t *calls = theatre_calls(s);
	const json_t *call = nth(calls, "deployments", 0);

	(void)state;
	assert_string_equal(a.out,
		"812  2025-11-20T14:03:07Z  shop  prod  rollback  2.13.5 -> 2.13.4   succeeded  0:01  alice  5xx\n"
		"7    -                     shop  prod  deploy    nothing -> 2.13.5  failed     -     ci     smoke failed\n");
	assert_string_equal(json_text(call, "environment"), "prod");
	assert_int_equal(json_int(call, "before", 0), 900);
	assert_int_equal(json_int(call, "limit", 0), 20);
	assert_int_equal(b.code, 2);
	assert_true(holds(b.err, "shop has no environment \"produktion\""));
	theatre_free(s);
}

static void a_log_is_printed_whole_and_clean_wherever_it_is_cut(void **state)
{
	/* given an escape sequence that lies across the border of two pieces of 256 kB */
	char *text = mem_alloc(600001);
	json_t *scene = scene_of("{'answers': {" SHOP "}}");
	struct theatre *s;
	AUTO(capture_done) struct capture c = { 0 };

	(void)state;
	memset(text, 'x', 600000);
	text[262144 - 2000] = '\n';
	memcpy(text + 262140, "\033]52;c;ZXZpbA==\007", 16);
	text[262144 + 2000] = '\n';
	json_object_set_new(json_object_get(scene, "answers"), "log", json_string(text));
	s = theatre_new(scene);
	c = slipway(s, "log", "812", NULL);
	assert_int_equal(c.code, 0);
	assert_int_equal(strlen(c.out), 600000 - 16 + 1);
	assert_null(strstr(c.out, "52;c"));
	assert_null(strchr(c.out, '\033'));
	assert_int_equal(theatre_count(s, "log"), 3);
	free(text);
	theatre_free(s);
}

static void a_configuration_s_mistakes_are_all_named_with_their_place(void **state)
{
	struct theatre *s = theatre_new(NULL);
	AUTO(capture_done) struct capture a = { 0 }, b = { 0 }, c = { 0 };

	(void)state;
	put(s, "slipway.json", "{\n  \"applcation\": \"shop\"\n}\n");
	a = slipway(s, "check", NULL);
	assert_int_equal(a.code, 2);
	assert_true(holds(a.out, "slipway.json:2:3: "));
	assert_true(holds(a.out, "application"));
	/* from elsewhere the file is named so that it can be opened */
	b = slipway(NULL, "check", "-C", s->dir, NULL);
	assert_int_equal(b.code, 2);
	assert_true(holds(b.out, s->dir));
	c = slipway(s, "check", "--json", NULL);
	assert_true(holds(c.out, "{\"file\":\"slipway.json\",\"line\":2,\"column\":3,"));
	assert_false(theatre_engine_runs(s));
	theatre_free(s);
}

static void init_writes_a_starter_that_is_valid_and_never_overwrites(void **state)
{
	char *folder = folder_new();
	AUTO(mem_auto_free) char *dir = file_join(folder, "new");
	AUTO(capture_done) struct capture a = slipway(NULL, "init", dir, NULL);
	AUTO(capture_done) struct capture b = slipway(NULL, "check", "-C", dir, NULL);
	AUTO(capture_done) struct capture c = slipway(NULL, "init", "-C", dir, NULL);

	(void)state;
	assert_int_equal(a.code, 0);
	for (size_t i = 0; config_starter_files()[i]; i++)
		assert_true(holds(a.out, config_starter_files()[i]));
	assert_true(holds(a.out, config_starter_next()));
	assert_int_equal(b.code, 0);
	assert_true(holds(b.out, ": OK, application "));
	assert_int_equal(c.code, 3);
	folder_free(folder);
}

static void the_engine_is_started_looked_at_and_stopped(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'answers': {" SHOP "}}"));
	AUTO(capture_done) struct capture none = slipway(s, "engine", "status", NULL);
	AUTO(capture_done) struct capture unstopped = slipway(s, "engine", "stop", NULL);
	AUTO(capture_done) struct capture start = slipway(s, "engine", "start", NULL);
	bool ran = theatre_engine_runs(s);
	AUTO(capture_done) struct capture status = slipway(s, "engine", "status", "--json", NULL);
	AUTO(capture_done) struct capture stop = slipway(s, "engine", "stop", NULL);

	(void)state;
	assert_int_equal(none.code, 5);
	assert_true(holds(none.err, "no engine runs in"));
	assert_int_equal(unstopped.code, 0);
	assert_int_equal(start.code, 0);
	assert_string_equal(start.out, "engine 0.1.0  pid 4711  since 2025-11-20T14:03:07Z  /srv/shop\n");
	assert_true(ran);
	assert_true(holds(status.out, "\"pid\":4711"));
	assert_int_equal(stop.code, 0);
	assert_false(theatre_engine_runs(s));
	theatre_free(s);
}

static void the_audit_says_ok_or_names_the_first_bad_row(void **state)
{
	struct theatre *good = theatre_new(scene_of("{'http': 200, 'answers': {'audit': {'ok': true, 'rows': 812, 'head': 'abc', 'bad': null}}}"));
	struct theatre *bad = theatre_new(scene_of("{'http': 200, 'answers': {'audit': {'ok': false, 'rows': 17, 'head': 'abc',"
		"'bad': {'seq': 17, 'why': 'its hash does not fit'}}}}"));
	AUTO(capture_done) struct capture a = slipway(good, "audit", "verify", NULL);
	AUTO(capture_done) struct capture b = slipway(bad, "audit", "verify", NULL);
	AUTO(capture_done) struct capture c = slipway(bad, "audit", "verify", "--json", NULL);

	(void)state;
	assert_int_equal(a.code, 0);
	assert_string_equal(a.out, "ok, 812 rows, head abc\n");
	assert_int_equal(b.code, 1);
	assert_string_equal(b.out, "row 17: its hash does not fit\n");
	assert_int_equal(c.code, 1);
	assert_true(holds(c.out, "\"bad\":{\"seq\":17"));
	theatre_free(good);
	theatre_free(bad);
}

static void the_journal_is_exported_row_by_row_over_all_pages(void **state)
{
	json_t *rows = json_array(), *scene = json_object();
	struct theatre *s;
	AUTO(capture_done) struct capture a = { 0 }, b = { 0 };

	(void)state;
	for (int i = 0; i < 1234; i++)
		json_array_append_new(rows, scene_of("{'type': 'step.started', 'body': {'id': 1}}"));
	json_object_set_new(scene, "rows", rows);
	s = theatre_new(scene);
	a = slipway(s, "audit", "export", NULL);
	assert_int_equal(lines(a.out), 1234);
	assert_int_equal(strncmp(a.out, "{\"seq\":1,", 9), 0);
	assert_true(holds(a.out, "\"hash\":"));
	b = slipway(s, "audit", "export", "--since", "1230", NULL);
	assert_int_equal(lines(b.out), 4);
	theatre_free(s);
}

static void an_exported_file_is_verified_by_the_engine_s_program_alone(void **state)
{
	struct theatre *s = theatre_new(NULL);
	AUTO(capture_done) struct capture c = slipway(s, "audit", "verify", "--file", "journal.jsonl", NULL);

	(void)state;
	assert_int_equal(c.code, 0);
	assert_string_equal(c.out, "verified journal.jsonl\n");
	assert_false(theatre_engine_runs(s));
	theatre_free(s);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_is_one_line_for_each_environment_in_order),
		cmocka_unit_test(status_json_is_one_environment_a_line),
		cmocka_unit_test(status_of_then_is_asked_for_then),
		cmocka_unit_test(builds_are_filtered_by_the_engine_and_printed_one_a_line),
		cmocka_unit_test(more_builds_than_a_page_are_asked_for_page_by_page),
		cmocka_unit_test(a_build_that_is_there_already_is_said_to_be),
		cmocka_unit_test(a_build_is_added_with_real_paths_and_everything_that_is_known),
		cmocka_unit_test(a_build_that_cannot_be_read_is_not_asked_for),
		cmocka_unit_test(a_build_is_shown_with_its_artifacts_and_what_failed),
		cmocka_unit_test(tests_print_failures_first),
		cmocka_unit_test(history_is_one_line_for_each_deployment),
		cmocka_unit_test(a_log_is_printed_whole_and_clean_wherever_it_is_cut),
		cmocka_unit_test(a_configuration_s_mistakes_are_all_named_with_their_place),
		cmocka_unit_test(init_writes_a_starter_that_is_valid_and_never_overwrites),
		cmocka_unit_test(the_engine_is_started_looked_at_and_stopped),
		cmocka_unit_test(the_audit_says_ok_or_names_the_first_bad_row),
		cmocka_unit_test(the_journal_is_exported_row_by_row_over_all_pages),
		cmocka_unit_test(an_exported_file_is_verified_by_the_engine_s_program_alone),
	};

	play_if_asked(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
