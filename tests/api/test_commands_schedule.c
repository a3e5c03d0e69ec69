/* Times that --at names: said as they were understood, refused where no clock shows them; and what holds until then. */
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

#define QUEUED "{'id': 74, 'app': 'shop', 'environment': 'prod', 'kind': 'scheduled', 'version': '1.0.0', 'from': null," \
	"'state': 'queued', 'message': '', 'layer': '', 'plan_hash': 'p', 'not_before': 4099737600000," \
	"'blocked': [{'gate': 'window', 'why': 'prod will be outside its windows then', 'who': 'time'," \
	"'clears_at': 4099795200000}, {'gate': 'lock', 'why': 'locked by carol', 'who': 'carol', 'clears_at': 4099740000000}]," \
	"'approvals': [{'name': 'bob', 'verdict': 'approve', 'plan_hash': 'p', 'ends': 4099744800000}," \
	"{'name': 'carol', 'verdict': 'approve', 'plan_hash': 'old', 'ends': 4099744800000}], 'expected': 4099795200000}"
#define WAITS(what) \
	"  " what " is blocked by window: prod will be outside its windows then (time), clears at 2099-12-01T08:00:00Z\n" \
	"  " what " is blocked by lock: locked by carol (carol), clears at 2099-11-30T16:40:00Z\n" \
	"  " what " is approved by bob; that ends 2099-11-30T18:00:00Z\n" \
	"  " what " is expected to begin 2099-12-01T08:00:00Z\n"

static struct theatre *given(void)
{
	return theatre_new(scene_of("{'answers': {'status': {'config': {'valid': true}, 'apps': [{'name': 'shop', 'environments':"
		" [{'name': 'prod', 'live': null, 'health': null, 'rollback': null, 'deployment': null, 'queue': [" QUEUED "],"
		"'attention': null}]}]}, 'deploy': " QUEUED ", 'deployment': " QUEUED ", 'move': " QUEUED "}}"));
}

static int64_t asked_for(const struct theatre *s, const char *function)
{
	AUTO(json_auto_decref) json_t *calls = theatre_calls(s);
	const json_t *call;
	size_t i;

	json_array_foreach(calls, i, call)
		if (strcmp(json_text(call, "function"), function) == 0)
			return json_int(json_object_get(call, "request"), "not_before", 0);
	return 0;
}

static void the_time_is_said_as_it_was_understood_with_what_holds_then(void **state)
{
	struct theatre *s = given();
	AUTO(capture_done) struct capture c = slipway(s, "deploy", "1.0.0", "prod", "--at", "2099-11-30 17:00 Europe/Paris",
	                                              NULL);

	(void)state;
	assert_int_equal(c.code, 0);
	assert_string_equal(c.out, "deployment 74  prod nothing -> 1.0.0  queued\n"
	                    "  scheduled for 2099-11-30T16:00:00Z (2099-11-30 17:00 Europe/Paris)\n" WAITS("it"));
	assert_string_equal(c.err, "");
	assert_true(asked_for(s, "deploy") == 4099737600000);
	theatre_free(s);
}

static void a_move_says_its_time_too_and_utc_needs_no_other(void **state)
{
	struct theatre *s = given();
	AUTO(capture_done) struct capture c = slipway(s, "schedule", "move", "74", "--at", "2099-11-30 16:00", NULL);

	(void)state;
	assert_int_equal(c.code, 0);
	assert_string_equal(c.out, "deployment 74  prod nothing -> 1.0.0  queued\n"
	                    "  scheduled for 2099-11-30T16:00:00Z\n" WAITS("it"));
	assert_true(asked_for(s, "move") == 4099737600000);
	theatre_free(s);
}

static void status_says_when_an_approval_ends_and_when_it_is_expected_to_begin(void **state)
{
	struct theatre *s = given();
	AUTO(capture_done) struct capture c = slipway(s, "status", NULL);

	(void)state;
	assert_int_equal(c.code, 0);
	assert_non_null(strstr(c.out, "\n" WAITS("prod deployment 74")));
	theatre_free(s);
}

static void a_time_that_no_clock_shows_is_refused_before_anything_is_asked(void **state)
{
	struct theatre *s = given();
	AUTO(capture_done) struct capture deploy = slipway(s, "deploy", "1.0.0", "prod", "--at",
	                                                   "2027-03-28 02:30 Europe/Paris", NULL);
	AUTO(capture_done) struct capture move = slipway(s, "schedule", "move", "74", "--at",
	                                                 "2027-03-28 02:30 Europe/Paris", NULL);

	(void)state;
	assert_int_not_equal(deploy.code, 0);
	assert_string_equal(deploy.out, "");
	assert_string_equal(deploy.err, "slipway deploy: --at: \"2027-03-28 02:30 Europe/Paris\" is skipped: the clocks go from "
	                    "02:00 to 03:00; the next is \"2027-03-28 03:00 Europe/Paris\"\n");
	assert_int_not_equal(move.code, 0);
	assert_non_null(strstr(move.err, "from 02:00 to 03:00"));
	assert_int_equal(theatre_count(s, "deploy") + theatre_count(s, "move"), 0);
	theatre_free(s);
}

static void of_a_time_that_comes_twice_the_first_is_taken_and_that_is_said(void **state)
{
	struct theatre *s = given();
	AUTO(capture_done) struct capture c = slipway(s, "deploy", "1.0.0", "prod", "--json", "--at",
	                                              "2027-10-31 02:30 Europe/Paris", NULL);

	(void)state;
	assert_int_equal(c.code, 0);
	assert_string_equal(c.err, "slipway deploy: --at: the clocks show 2027-10-31 02:30 Europe/Paris twice: the first, "
	                    "2027-10-31T00:30:00Z, is taken; the second is 2027-10-31T01:30:00Z\n");
	assert_int_equal(c.out[0], '{');
	assert_true(asked_for(s, "deploy") == 1824942600000);
	theatre_free(s);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_time_is_said_as_it_was_understood_with_what_holds_then),
		cmocka_unit_test(a_move_says_its_time_too_and_utc_needs_no_other),
		cmocka_unit_test(status_says_when_an_approval_ends_and_when_it_is_expected_to_begin),
		cmocka_unit_test(a_time_that_no_clock_shows_is_refused_before_anything_is_asked),
		cmocka_unit_test(of_a_time_that_comes_twice_the_first_is_taken_and_that_is_said),
	};

	play_if_asked(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
