/* metrics and maturity: what they ask for, and what they print, as text and as JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/clock.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "tests/api/capture.h"
#include "tests/api/play.h"
#include "views/command/period.h"

#define HOUR_MS (60 * 60 * 1000LL)

enum { PATIENCE_MS = 60000 };

#define METRICS "'metrics': {'from': 1000, 'to': 2000, 'unit': 'day', 'apps': [{'name': 'shop', 'environments': [" \
	"{'name': 'dev', 'last': false, 'deployments': 0, 'per_day': 0.0, 'changes': 0, 'failed': 0, 'failure_rate': null," \
	" 'lead_ms': null, 'restore_ms': null, 'unrestored': 0, 'rollbacks': 0, 'caught': 0, 'history': []}," \
	"{'name': 'prod', 'last': true, 'deployments': 12, 'per_day': 0.4, 'changes': 13, 'failed': 1," \
	" 'failure_rate': 0.0769, 'lead_ms': 7500000, 'restore_ms': 250000, 'unrestored': 0, 'rollbacks': 1, 'caught': 2," \
	" 'history': [{'deployments': 0}, {'deployments': 2}, {'deployments': 10}]}]}]}"

static const json_t *call_of(const json_t *calls, const char *function)
{
	for (size_t i = 0; i < json_array_size(calls); i++)
		if (strcmp(json_text(json_array_get(calls, i), "function"), function) == 0)
			return json_array_get(calls, i);
	fail_msg("%s was not asked", function);
	return NULL;
}

static void metrics_are_one_line_for_each_environment(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'http': 200, 'answers': {" METRICS "}}"));
	AUTO(capture_done) struct capture c = slipway(s, "metrics", NULL);

	(void)state;
	assert_int_equal(c.code, 0);
	assert_string_equal(c.out,
		"shop  dev   0.00 a day  lead -       -                    restore -       0 caught, 0 back  -\n"
		"shop  prod  0.40 a day  lead 2h 05m  failed 1 of 13 (8%)  restore 4m 10s  2 caught, 1 back  .2+\n");
	assert_string_equal(c.err, "");
	theatre_free(s);
}

static void a_lead_time_that_is_not_all_from_commits_says_so(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'http': 200, 'answers': {'metrics': {'unit': 'day', 'apps': [{'name': 'shop',"
		" 'environments': [{'name': 'dev', 'lead_ms': 60000, 'leads': 4, 'leads_from_build': 0},"
		" {'name': 'prod', 'lead_ms': 7500000, 'leads': 5, 'leads_from_build': 2}]}]}}}"));
	AUTO(capture_done) struct capture c = slipway(s, "metrics", NULL);

	(void)state;
	assert_non_null(strstr(c.out, "  lead 1m 00s   "));
	assert_non_null(strstr(c.out, "  lead 2h 05m*  "));
	assert_non_null(strstr(c.out, "\n* shop prod: 2 of 5 builds count from when they were built, "));
	assert_null(strstr(c.out, "* shop dev"));
	theatre_free(s);
}

static void metrics_json_is_one_environment_a_line(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'http': 200, 'answers': {" METRICS "}}"));
	AUTO(capture_done) struct capture c = slipway(s, "metrics", "--json", "--app", "shop & co", NULL);
	AUTO(json_auto_decref) json_t *calls = theatre_calls(s), *second = NULL;

	(void)state;
	second = json_read(strchr(c.out, '\n'), strlen(strchr(c.out, '\n')), NULL);
	assert_string_equal(json_text(second, "app"), "shop");
	assert_string_equal(json_text(second, "name"), "prod");
	assert_string_equal(json_text(second, "unit"), "day");
	assert_int_equal(json_int(second, "from", 0), 1000);
	assert_int_equal(json_int(second, "lead_ms", 0), 7500000);
	assert_string_equal(json_text(call_of(calls, "metrics"), "app"), "shop & co");
	theatre_free(s);
}

static void since_takes_hours_days_and_weeks(void **state)
{
	static const struct { const char *text; int64_t hours; } rows[] = { { "12h", 12 }, { "30d", 720 }, { "8w", 1344 } };
	struct theatre *s = theatre_new(scene_of("{'http': 200, 'answers': {'maturity': {'apps': []}, " METRICS "}}"));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t asked = clock_wall_ms();
		AUTO(capture_done) struct capture c = slipway(s, "metrics", "--since", rows[i].text, NULL);
		AUTO(json_auto_decref) json_t *calls = theatre_calls(s);
		int64_t since = json_int(json_array_get(calls, json_array_size(calls) - 1), "since", 0);

		assert_int_equal(c.code, 0);
		assert_true(since >= asked - rows[i].hours * HOUR_MS);
		assert_true(since <= asked - rows[i].hours * HOUR_MS + PATIENCE_MS);
	}
	theatre_free(s);
}

static void a_period_that_is_none_is_refused_with_an_example(void **state)
{
	static const char *const wrong[] = { "", "d", "30", "30x", "30dd", "-3d", "0d", "600w",
	                                     "99999999999999999999d", "1.5d" };
	struct theatre *s = theatre_new(scene_of("{}"));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		AUTO(capture_done) struct capture c = slipway(s, i % 2 ? "metrics" : "maturity", "--since", wrong[i], NULL);

		assert_int_equal(c.code, 2);
		assert_non_null(strstr(c.err, "12h, 30d or 8w"));
	}
	theatre_free(s);
}

#define MATURITY "'maturity': {'apps': [{'name': 'shop', 'level': 1, 'indicators': [" \
	"{'level': 0, 'name': 'certain', 'text': 'it is certain', 'met': true, 'evidence': '12 of 12', 'next': null}," \
	"{'level': 2, 'name': 'features', 'text': 'features', 'met': false, 'evidence': 'none yet'," \
	" 'next': 'add a key'}]}]}"

static void maturity_is_the_level_and_one_line_for_each_indicator(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'http': 200, 'answers': {" MATURITY "}}"));
	AUTO(capture_done) struct capture c = slipway(s, "maturity", NULL);
	AUTO(capture_done) struct capture j = slipway(s, "maturity", "--json", NULL);
	AUTO(json_auto_decref) json_t *app = json_read(j.out, strlen(j.out), NULL);

	(void)state;
	assert_int_equal(c.code, 0);
	assert_non_null(strstr(c.out, "shop is at level 1\n0  yes  it is certain  12 of 12"));
	assert_non_null(strstr(c.out, "\n2  no   features       none yet  next: add "));
	assert_int_equal(json_int(app, "level", -1), 1);
	assert_int_equal(json_array_size(json_object_get(app, "indicators")), 2);
	theatre_free(s);
}

static void an_unknown_application_is_an_error(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'errors': {'metrics': {'kind': 'not_found', 'text': "
		"'there is no shpo'}}}"));
	AUTO(capture_done) struct capture c = slipway(s, "metrics", "--app", "shpo", NULL);

	(void)state;
	assert_int_equal(c.code, 2);
	assert_non_null(strstr(c.err, "there is no shpo"));
	theatre_free(s);
}

static void times_are_two_units_at_most(void **state)
{
	static const struct { int64_t ms; const char *text; } rows[] = {
		{ -1, "-" }, { 0, "0s" }, { 999, "0s" }, { 59999, "59s" }, { 60000, "1m 00s" }, { 250000, "4m 10s" },
		{ 3600000, "1h 00m" }, { 86399999, "23h 59m" }, { 86400000, "1d 0h" }, { 273600000, "3d 4h" },
	};
	char text[PERIOD_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(period_text(rows[i].ms, text), rows[i].text);
}

static void a_chart_has_a_sign_a_value_and_the_newest_when_there_are_too_many(void **state)
{
	int many[PERIOD_CHART_MOST + 2] = { 0 };
	char text[PERIOD_CHART_MOST + 1];

	(void)state;
	assert_string_equal(period_chart((const int[]){ 0, 1, 9, 10, 500 }, 5, text), ".19++");
	assert_string_equal(period_chart(NULL, 0, text), "");
	many[1] = 3;
	many[2] = 7;
	many[PERIOD_CHART_MOST + 1] = 5;
	period_chart(many, ARRAY_LEN(many), text);
	assert_int_equal(strlen(text), PERIOD_CHART_MOST);
	assert_int_equal(text[0], '7');
	assert_int_equal(text[PERIOD_CHART_MOST - 1], '5');
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(metrics_are_one_line_for_each_environment),
		cmocka_unit_test(a_lead_time_that_is_not_all_from_commits_says_so),
		cmocka_unit_test(metrics_json_is_one_environment_a_line),
		cmocka_unit_test(since_takes_hours_days_and_weeks),
		cmocka_unit_test(a_period_that_is_none_is_refused_with_an_example),
		cmocka_unit_test(maturity_is_the_level_and_one_line_for_each_indicator),
		cmocka_unit_test(an_unknown_application_is_an_error),
		cmocka_unit_test(times_are_two_units_at_most),
		cmocka_unit_test(a_chart_has_a_sign_a_value_and_the_newest_when_there_are_too_many),
	};

	play_if_asked(argc, argv);
	return cmocka_run_group_tests_name("commands of delivery", tests, NULL, NULL);
}
