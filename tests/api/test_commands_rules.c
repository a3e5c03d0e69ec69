/* The rules in the commands: what a refusal says, where something stands in its queue, what was overridden, what a
 * build brings, when a lock ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "tests/api/capture.h"
#include "tests/api/play.h"

#define PROD "{'name': 'prod', 'protected': true, 'health': {'ok': true, 'text': 'OK'}%s}"
#define SHOP "'status': {'config': {'valid': true}, 'apps': [{'name': 'shop', 'environments': [" PROD "]}]}"
#define BLOCKED "[{'gate': 'tests', 'why': '1 of the tests of 2.0.0 failed in CI', 'who': 'a build whose tests passed'," \
	"'clears_at': null}, {'gate': 'window', 'why': 'prod is closed', 'who': 'time, or @leads with --override'," \
	"'clears_at': 1795144807000}]"
#define WAITING "{'id': 74, 'app': 'shop', 'environment': 'prod', 'version': '2.0.0', 'state': 'queued', 'actor': 'bob'," \
	"'position': 2, 'queue_size': 3, 'override': 'customers cannot pay', 'blocked': [{'gate': 'lock'," \
	"'why': 'prod is locked by carol', 'who': 'carol', 'clears_at': null}]}"

/* %s: members of prod; `more` follows the answers. */
static struct theatre *given(const char *prod, const char *answers, const char *more)
{
	AUTO(mem_auto_free) char *status = mem_printf(SHOP, prod);
	AUTO(mem_auto_free) char *text = mem_printf("{'answers': {%s%s}%s}", status, answers, more);

	return theatre_new(scene_of(text));
}

static struct theatre *given_refusals(void)
{
	return given("", "", ", 'errors': {'deploy': {'kind': 'refused',"
		"'text': 'deploy 2.0.0 to prod: tests gate: 1 of the tests of 2.0.0 failed in CI', 'blocked': " BLOCKED "}}");
}

static void each_gate_that_refuses_is_a_line_with_who_and_when(void **state)
{
	struct theatre *s = given_refusals();
	AUTO(capture_done) struct capture c = slipway(s, "deploy", "2.0.0", "prod", NULL);

	(void)state;
	assert_int_equal(c.code, 3);
	assert_string_equal(c.out, "");
	assert_string_equal(c.err,
		"slipway deploy: deploy 2.0.0 to prod: tests gate: 1 of the tests of 2.0.0 failed in CI; cleared by a build whose "
		"tests passed\n"
		"slipway deploy: deploy 2.0.0 to prod: window gate: prod is closed; cleared by time, or @leads with --override; "
		"expected 2026-11-20T03:20Z\n");
	theatre_free(s);
}

static void with_json_a_refusal_is_the_error_object_of_the_api(void **state)
{
	struct theatre *s = given_refusals();
	AUTO(capture_done) struct capture c = slipway(s, "deploy", "2.0.0", "prod", "--json", NULL);
	AUTO(json_auto_decref) json_t *answer = json_read(c.out, strlen(c.out), NULL);
	const json_t *error = json_object_get(answer, "error"), *window;

	(void)state;
	/* then the exit code is as without, and a program finds all of it */
	assert_int_equal(c.code, 3);
	assert_string_equal(json_text(error, "kind"), "refused");
	assert_string_equal(json_text(error, "gate"), "tests");
	assert_int_equal(json_array_size(json_object_get(error, "blocked")), 2);
	window = json_array_get(json_object_get(error, "blocked"), 1);
	assert_string_equal(json_text(window, "who"), "time, or @leads with --override");
	assert_int_equal(json_int(window, "clears_at", 0), 1795144807000);
	assert_non_null(strstr(c.err, "window gate: prod is closed"));
	theatre_free(s);
}

static void an_answer_that_waits_says_its_place_and_what_it_overrides(void **state)
{
	struct theatre *s = given("", ", 'deploy': " WAITING, "");
	AUTO(capture_done) struct capture c = slipway(s, "deploy", "2.0.0", "prod", NULL);

	(void)state;
	assert_int_equal(c.code, 0);
	assert_string_equal(c.out, "deployment 74  prod nothing -> 2.0.0  queued, 2nd of 3 in prod's queue  OVERRIDE by bob: "
	                           "customers cannot pay\n  it is blocked by lock: prod is locked by carol (carol)\n");
	theatre_free(s);
}

static void status_says_the_place_and_the_override(void **state)
{
	struct theatre *s = given(", 'queue': [" WAITING "]", "", "");
	AUTO(capture_done) struct capture c = slipway(s, "status", NULL);

	(void)state;
	assert_int_equal(c.code, 0);
	assert_non_null(strstr(c.out, "\n  prod deployment 74 is 2nd of 3 in prod's queue\n"
	                              "  prod deployment 74: OVERRIDE by bob: customers cannot pay\n"
	                              "  prod deployment 74 is blocked by lock: prod is locked by carol (carol)\n"));
	theatre_free(s);
}

static void status_names_the_application_where_there_are_several(void **state)
{
	static const char text[] = "{'answers': {'status': {'config': {'valid': true}, 'apps': ["
		"{'name': 'shop', 'environments': [{'name': 'prod', 'blocked': [{'gate': 'drift', 'why': 'it drifted', 'who': ''}]}]},"
		"{'name': 'ledger', 'environments': [{'name': 'prod', 'queue': [" WAITING "], 'paused': {'why': 'fair week'}}]}]}}}";
	struct theatre *s = theatre_new(scene_of(text));
	AUTO(capture_done) struct capture c = slipway(s, "status", NULL);

	(void)state;
	assert_int_equal(c.code, 0);
	assert_non_null(strstr(c.out, "\n  shop prod is blocked by drift: it drifted\n"));
	assert_non_null(strstr(c.out, "\n  ledger prod deployment 74 is blocked by lock: "));
	assert_non_null(strstr(c.out, "\n  ledger prod: automation is paused: fair week (slipway resume prod --app ledger)\n"));
	theatre_free(s);
}

static void history_flags_an_override_for_ever(void **state)
{
	struct theatre *s = given("", ", 'deployments': {'deployments': [{'id': 69, 'app': 'shop', 'environment': 'prod',"
		"'kind': 'deploy', 'version': '2.0.0', 'state': 'succeeded', 'actor': 'bob', 'override': 'hotfix',"
		"'reason': 'pay again'}]}", "");
	AUTO(capture_done) struct capture c = slipway(s, "history", NULL);

	(void)state;
	assert_int_equal(c.code, 0);
	assert_non_null(strstr(c.out, "  bob  OVERRIDE by bob: hotfix: pay again\n"));
	theatre_free(s);
}

static void a_build_is_shown_with_what_it_does_to_the_data(void **state)
{
	struct theatre *s = given("", ", 'build': {'version': '2.0.0', 'digest': '0123456789abcdef', 'size': 9, 'signer': 'ci@x',"
		"'features': ['checkout'], 'migrations': [{'id': '0006', 'reversible': true}, {'id': '0007', 'reversible': false}]}", "");
	AUTO(capture_done) struct capture c = slipway(s, "build", "show", "2.0.0", NULL);

	(void)state;
	assert_int_equal(c.code, 0);
	assert_string_equal(c.out, "build 2.0.0  0123456789ab  9 bytes  signed by ci@x\nfeature checkout\n"
	                           "migration 0006  reversible\nmigration 0007  irreversible: no rollback below it\n");
	theatre_free(s);
}

static void a_lock_is_answered_with_its_end(void **state)
{
	struct theatre *s = given("", ", 'lock': {'name': 'prod', 'lock': {'owner': 'bob', 'reason': 'db work', 'taken': 1,"
		"'expires': 1795144807000}}", "");
	AUTO(capture_done) struct capture c = slipway(s, "lock", "prod", "--reason", "db work", "--for", "1h", NULL);

	(void)state;
	assert_int_equal(c.code, 0);
	assert_string_equal(c.out, "prod is locked by bob until 2026-11-20T03:20:07Z: db work\n");
	theatre_free(s);
}

static void status_says_whose_lock_it_is_and_when_it_ends(void **state)
{
	static const char lock[] = ", 'lock': {'owner': 'bob', 'reason': 'db work', 'taken': 1, 'expires': 1795144807000}";
	struct theatre *s = given(lock, "", "");
	AUTO(capture_done) struct capture c = slipway(s, "status", NULL);

	(void)state;
	assert_non_null(strstr(c.out, "\n  prod is locked by bob until 2026-11-20T03:20:07Z: db work\n"));
	theatre_free(s);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_gate_that_refuses_is_a_line_with_who_and_when),
		cmocka_unit_test(with_json_a_refusal_is_the_error_object_of_the_api),
		cmocka_unit_test(an_answer_that_waits_says_its_place_and_what_it_overrides),
		cmocka_unit_test(status_says_the_place_and_the_override),
		cmocka_unit_test(status_names_the_application_where_there_are_several),
		cmocka_unit_test(history_flags_an_override_for_ever),
		cmocka_unit_test(a_build_is_shown_with_what_it_does_to_the_data),
		cmocka_unit_test(a_lock_is_answered_with_its_end),
		cmocka_unit_test(status_says_whose_lock_it_is_and_when_it_ends),
	};

	play_if_asked(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
