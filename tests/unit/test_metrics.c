/* Delivery metrics: each row is a journal written by hand and the figures that were worked out by hand from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "tests/unit/metrics_case.h"

enum { MINUTE = 60000, DAY = 1440 };

struct figures_case {
	const char *name, *journal;
	int64_t from, to;                  /* minutes */
	struct metrics_figures want;       /* of prod; times in minutes here */
};

#define NONE .failure_rate = -1, .lead_ms = -1, .restore_ms = -1

/* Build 1 is an hour old when prod gets it at minute 60, build 2 is 20 minutes old at 200. */
#define TWO_GOOD BUILT(1, 0, "1", 0) ASKED(2, 50, "deploy", "1", "prod") LIVE(3, 60, 2, "1", "prod") \
	OVER(4, 61, 2, "succeeded") BUILT(5, 180, "2", 180) ASKED(6, 190, "deploy", "2", "prod") \
	LIVE(7, 200, 6, "2", "prod") OVER(8, 202, 6, "succeeded")

static const struct figures_case cases[] = {
	{ "an empty journal has no figures", "", 0, DAY, { NONE } },
	{ "a build that nobody deployed is no change", BUILT(1, 0, "1", 0), 0, DAY, { NONE } },
	{ "two good changes: lead time is the median of 60 and 20 minutes", TWO_GOOD, 0, 4 * DAY,
	  { .deployments = 2, .per_day = 0.5, .changes = 2, .failure_rate = 0, .lead_ms = 40, .restore_ms = -1 } },
	{ "the period begins no earlier than the journal", TWO_GOOD, -100 * DAY, 2 * DAY,
	  { .deployments = 2, .per_day = 1, .changes = 2, .failure_rate = 0, .lead_ms = 40, .restore_ms = -1 } },
	{ "a period is at least a day", TWO_GOOD, 0, 300,
	  { .deployments = 2, .per_day = 2, .changes = 2, .failure_rate = 0, .lead_ms = 40, .restore_ms = -1 } },
	{ "its first moment counts, its end does not", TWO_GOOD, 60, 200,
	  { .deployments = 1, .per_day = 1, .changes = 1, .failure_rate = 0, .lead_ms = 60, .restore_ms = -1 } },
	{ "another environment's changes are its own",
	  BUILT(1, 0, "1", 0) ASKED(2, 50, "deploy", "1", "dev") LIVE(3, 60, 2, "1", "dev") OVER(4, 61, 2, "succeeded"),
	  0, DAY, { NONE } },
	{ "the same build again is a deployment, but no lead time",
	  TWO_GOOD ASKED(9, 300, "deploy", "1", "prod") LIVE(10, 310, 9, "1", "prod") OVER(11, 311, 9, "succeeded"), 0, DAY,
	  { .deployments = 3, .per_day = 3, .changes = 3, .failure_rate = 0, .lead_ms = 40, .restore_ms = -1 } },
	{ "a running deployment does not count yet",
	  BUILT(1, 0, "1", 0) ASKED(2, 50, "deploy", "1", "prod") LIVE(3, 60, 2, "1", "prod"), 0, DAY, { NONE } },
	{ "a deployment that failed before the switch was caught: no change failed",
	  TWO_GOOD BUILT(9, 210, "3", 210) ASKED(10, 220, "deploy", "3", "prod") OVER(11, 230, 10, "failed"), 0, DAY,
	  { .deployments = 2, .per_day = 2, .changes = 2, .failure_rate = 0, .lead_ms = 40, .restore_ms = -1,
	  .caught = 1 } },
	{ "one that a person stopped before the switch is nothing at all",
	  TWO_GOOD ASKED(10, 220, "deploy", "3", "prod") OVER(11, 230, 10, "stopped"), 0, DAY,
	  { .deployments = 2, .per_day = 2, .changes = 2, .failure_rate = 0, .lead_ms = 40, .restore_ms = -1 } },
	{ "verification switched back after 3 minutes: failed, restored after 3",
	  TWO_GOOD BUILT(9, 210, "3", 210) ASKED(10, 220, "deploy", "3", "prod") LIVE(11, 230, 10, "3", "prod")
	  LIVE(12, 233, 10, "2", "prod") OVER(13, 235, 10, "failed"), 0, DAY,
	  { .deployments = 2, .per_day = 2, .changes = 3, .failed = 1, .failure_rate = 1 / 3.0, .lead_ms = 40,
	  .restore_ms = 3 } },
	{ "a rollback makes the change that it leaves a failed one: live at 200, left at 260",
	  TWO_GOOD ASKED(9, 259, "rollback", "1", "prod") LIVE(10, 260, 9, "1", "prod")
	  OVER(11, 261, 9, "succeeded"), 0, DAY,
	  { .deployments = 2, .per_day = 2, .changes = 2, .failed = 1, .failure_rate = 0.5, .lead_ms = 40, .restore_ms = 60,
	    .rollbacks = 1 } },
	{ "a rollback that fails restores nothing",
	  TWO_GOOD ASKED(9, 259, "rollback", "1", "prod") LIVE(10, 260, 9, "1", "prod") LIVE(11, 261, 9, "2", "prod")
	  OVER(12, 262, 9, "failed"), 0, DAY,
	  { .deployments = 2, .per_day = 2, .changes = 2, .failure_rate = 0, .lead_ms = 40, .restore_ms = -1 } },
	{ "back from 2, then back from 1 too: 60 minutes, and 40 from when 1 was live again",
	  TWO_GOOD ASKED(9, 259, "rollback", "1", "prod") LIVE(10, 260, 9, "1", "prod") OVER(11, 261, 9, "succeeded")
	  ASKED(12, 299, "rollback", "0", "prod") LIVE(13, 300, 12, "0", "prod") OVER(14, 301, 12, "succeeded"), 0, DAY,
	  { .deployments = 2, .per_day = 2, .changes = 2, .failed = 2, .failure_rate = 1, .lead_ms = 40, .restore_ms = 50,
	    .rollbacks = 2 } },
	{ "needs attention with the traffic on it: failed and not restored",
	  TWO_GOOD ASKED(10, 220, "deploy", "3", "prod") LIVE(11, 230, 10, "3", "prod")
	  OVER(12, 240, 10, "attention"), 0, DAY,
	  { .deployments = 2, .per_day = 2, .changes = 3, .failed = 1, .failure_rate = 1 / 3.0, .lead_ms = 40,
	  .restore_ms = -1,
	    .unrestored = 1 } },
	{ "… until the next good change has the traffic",
	  TWO_GOOD ASKED(10, 220, "deploy", "3", "prod") LIVE(11, 230, 10, "3", "prod") OVER(12, 240, 10, "attention")
	  BUILT(13, 241, "4", 241) ASKED(14, 250, "deploy", "4", "prod") LIVE(15, 256, 14, "4", "prod")
	  OVER(16, 257, 14, "succeeded"), 0, DAY,
	  { .deployments = 3, .per_day = 3, .changes = 4, .failed = 1, .failure_rate = 0.25, .lead_ms = 20,
	  .restore_ms = 26 } },
	{ "a build that failed first counts from when it was built to when it stayed",
	  BUILT(1, 0, "1", 0) ASKED(2, 5, "deploy", "1", "prod") LIVE(3, 10, 2, "1", "prod") LIVE(4, 12, 2, "0", "prod")
	  OVER(5, 13, 2, "failed") ASKED(6, 20, "deploy", "1", "prod") LIVE(7, 30, 6, "1", "prod")
	  OVER(8, 31, 6, "succeeded"),
	  0, DAY, { .deployments = 1, .per_day = 1, .changes = 2, .failed = 1, .failure_rate = 0.5, .lead_ms = 30,
	  .restore_ms = 2 } },
	{ "a clock that was behind when the build came makes no negative time",
	  BUILT(1, 0, "1", 500) ASKED(2, 5, "deploy", "1", "prod") LIVE(3, 10, 2, "1", "prod")
	  OVER(5, 13, 2, "succeeded"), 0, DAY,
	  { .deployments = 1, .per_day = 1, .changes = 1, .failure_rate = 0, .lead_ms = 0, .restore_ms = -1 } },
	{ "lead time counts from the commit: 100 minutes, though the build is 20 minutes old",
	  COMMITTED(1, 0, "1", 0, -80) ASKED(2, 5, "deploy", "1", "prod") LIVE(3, 20, 2, "1", "prod")
	  OVER(4, 21, 2, "succeeded"), 0, DAY,
	  { .deployments = 1, .per_day = 1, .changes = 1, .failure_rate = 0, .lead_ms = 100, .leads = 1, .restore_ms = -1 } },
	{ "builds without a commit time count from when they were built, and it is told: 60 of 20, 60 and 100",
	  TWO_GOOD COMMITTED(9, 210, "3", 210, 200) ASKED(10, 220, "deploy", "3", "prod") LIVE(11, 300, 10, "3", "prod")
	  OVER(12, 301, 10, "succeeded"), 0, DAY,
	  { .deployments = 3, .per_day = 3, .changes = 3, .failure_rate = 0, .lead_ms = 60, .leads = 3, .leads_from_build = 2,
	    .restore_ms = -1 } },
	{ "a commit time that comes when the build is added again is taken, and never replaced",
	  BUILT(1, 0, "1", 0) COMMITTED(2, 1, "1", 1, -40) COMMITTED(3, 2, "1", 2, -4) ASKED(4, 5, "deploy", "1", "prod")
	  LIVE(5, 20, 4, "1", "prod") OVER(6, 21, 4, "succeeded"), 0, DAY,
	  { .deployments = 1, .per_day = 1, .changes = 1, .failure_rate = 0, .lead_ms = 60, .leads = 1, .restore_ms = -1 } },
	{ "a commit that is later than its going live makes no negative time",
	  COMMITTED(1, 0, "1", 0, 90) ASKED(2, 5, "deploy", "1", "prod") LIVE(3, 20, 2, "1", "prod")
	  OVER(4, 21, 2, "succeeded"), 0, DAY,
	  { .deployments = 1, .per_day = 1, .changes = 1, .failure_rate = 0, .lead_ms = 0, .leads = 1, .restore_ms = -1 } },
	{ "two environments at once are not mixed up",
	  BUILT(1, 0, "1", 0) ASKED(2, 5, "deploy", "1", "dev") ASKED(3, 6, "deploy", "1", "prod")
	  LIVE(4, 10, 2, "1", "dev")
	  LIVE(5, 20, 3, "1", "prod") LIVE(6, 21, 3, "0", "prod") OVER(7, 22, 2, "succeeded")
	  OVER(8, 23, 3, "failed"), 0, DAY,
	  { .changes = 1, .failed = 1, .failure_rate = 1, .lead_ms = -1, .restore_ms = 1 } },
};

static int64_t minutes(int64_t ms)
{
	return ms < 0 ? -1 : ms / MINUTE;
}

static void figures_are_those_worked_out_by_hand(void **state)
{
	const struct figures_case *c = *state;
	struct metrics *m = metrics_case(c->journal);
	struct metrics_figures f;

	metrics_figures(m, "shop", "prod", metrics_case_at(c->from), metrics_case_at(c->to), &f);
	assert_int_equal(f.deployments, c->want.deployments);
	assert_float_equal(f.per_day, c->want.per_day, 0.0001);
	assert_int_equal(f.changes, c->want.changes);
	assert_int_equal(f.failed, c->want.failed);
	assert_float_equal(f.failure_rate, c->want.failure_rate, 0.0001);
	assert_int_equal(minutes(f.lead_ms), c->want.lead_ms);
	if (c->want.leads) {
		assert_int_equal(f.leads, c->want.leads);
		assert_int_equal(f.leads_from_build, c->want.leads_from_build);
	}
	assert_int_equal(minutes(f.restore_ms), c->want.restore_ms);
	assert_int_equal(f.unrestored, c->want.unrestored);
	assert_int_equal(f.rollbacks, c->want.rollbacks);
	assert_int_equal(f.caught, c->want.caught);
	metrics_free(m);
}

/* Changes on the third and on the fifth day; the fifth day's was rolled back on the sixth. */
static const char over_days[] =
	BUILT(1, 2880, "1", 2880) ASKED(2, 2881, "deploy", "1", "prod") LIVE(3, 2890, 2, "1", "prod")
	OVER(4, 2891, 2, "succeeded")
	BUILT(5, 5760, "2", 5760) ASKED(6, 5761, "deploy", "2", "prod") LIVE(7, 5780, 6, "2", "prod")
	OVER(8, 5781, 6, "succeeded")
	ASKED(9, 7219, "rollback", "1", "prod") LIVE(10, 7220, 9, "1", "prod") OVER(11, 7221, 9, "succeeded");

static void history_has_whole_days_and_each_change_on_its_day(void **unused)
{
	static const struct { int deployments, failed, rollbacks; } want[] = {
		{ 0, 0, 0 }, { 0, 0, 0 }, { 1, 0, 0 }, { 0, 0, 0 }, { 1, 1, 0 }, { 0, 0, 1 }, { 0, 0, 0 },
	};
	struct metrics *m = metrics_case(over_days);
	/* from the middle of the first day into the seventh */
	AUTO(json_auto_decref) json_t *history = metrics_history(m, "shop", "prod", metrics_case_at(700),
	                                                         metrics_case_at(6 * DAY + 1));

	(void)unused;
	assert_int_equal(json_array_size(history), ARRAY_LEN(want));
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		const json_t *one = json_array_get(history, i);

		assert_int_equal(json_int(one, "from", 0), metrics_case_at((int64_t)i * DAY));
		assert_int_equal(json_int(one, "deployments", -1), want[i].deployments);
		assert_int_equal(json_int(one, "failed", -1), want[i].failed);
		assert_int_equal(json_int(one, "rollbacks", -1), want[i].rollbacks);
	}
	metrics_free(m);
}

static void long_periods_are_counted_by_weeks_from_monday(void **unused)
{
	struct metrics *m = metrics_case(over_days);
	/* 63 days from the Wednesday before */
	AUTO(json_auto_decref) json_t *history = metrics_history(m, "shop", "prod", metrics_case_at(-5 * DAY),
	                                                         metrics_case_at(58 * DAY));

	(void)unused;
	assert_false(metrics_by_week(0, 62LL * METRICS_DAY_MS));
	assert_true(metrics_by_week(0, 63LL * METRICS_DAY_MS));
	assert_int_equal(json_int(json_array_get(history, 0), "from", 0), metrics_case_at(-7 * DAY));
	assert_int_equal(json_int(json_array_get(history, 1), "from", 0), metrics_case_at(0));
	assert_int_equal(json_int(json_array_get(history, 1), "deployments", 0), 2);
	assert_int_equal(json_array_size(history), 10);
	metrics_free(m);
}

static void units_begin_at_midnight_and_on_monday_also_before_1970(void **unused)
{
	static const struct { int64_t at, day, week; } rows[] = {
		{ METRICS_CASE_ZERO, METRICS_CASE_ZERO, METRICS_CASE_ZERO },
		{ METRICS_CASE_ZERO - 1, METRICS_CASE_ZERO - METRICS_DAY_MS, METRICS_CASE_ZERO - 7LL * METRICS_DAY_MS },
		{ METRICS_CASE_ZERO + 1, METRICS_CASE_ZERO, METRICS_CASE_ZERO },
		{ 0, 0, -3LL * METRICS_DAY_MS },          /* 1970-01-01 was a Thursday */
		{ -1, -METRICS_DAY_MS, -3LL * METRICS_DAY_MS },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(metrics_unit_begin(rows[i].at, false), rows[i].day);
		assert_int_equal(metrics_unit_begin(rows[i].at, true), rows[i].week);
	}
}

static void unknown_figures_are_null_in_json(void **unused)
{
	struct metrics *m = metrics_case("");
	struct metrics_figures f;
	AUTO(json_auto_decref) json_t *none = NULL, *third = NULL;

	(void)unused;
	metrics_figures(m, "shop", "prod", 0, 1, &f);
	none = metrics_json(&f);
	assert_true(json_is_null(json_object_get(none, "lead_ms")));
	assert_true(json_is_null(json_object_get(none, "restore_ms")));
	assert_true(json_is_null(json_object_get(none, "failure_rate")));
	f.failure_rate = 1 / 3.0;
	third = metrics_json(&f);
	assert_float_equal(json_real_value(json_object_get(third, "failure_rate")), 0.3333, 0.000001);
	metrics_free(m);
}

static void evidence_is_what_the_steps_and_policies_told(void **unused)
{
	struct metrics *m = metrics_case(
		ASKED(1, 0, "automatic", "1", "prod") STEP(2, 1, 1, "smoke", "")
		STEP(3, 1, 1, "acceptance", ",'tests':{'ok':24}")
		STEP(4, 2, 1, "switch", ",'detail':{'map_us':1500,'prober':{'sent':100,'ok':100,'failed':0}}")
		LIVE(5, 2, 1, "1", "prod") OVER(6, 3, 1, "succeeded")
		ASKED(7, 10, "scheduled", "2", "prod")
		STEP(8, 11, 7, "switch", ",'detail':{'map_us':900,'prober':{'sent':50,'ok':48,'failed':2}}")
		LIVE(9, 12, 7, "2", "prod") OVER(10, 13, 7, "succeeded")
		ASKED(11, 20, "deploy", "3", "prod") LIVE(12, 21, 11, "3", "prod") OVER(13, 22, 11, "attention")
		"14 30 approval.given {'app':'shop','environment':'prod','verdict':'approve'}\n"
		"15 31 approval.given {'app':'shop','environment':'prod','verdict':'reject'}\n"
		"16 32 feature.set {'app':'shop','environment':'prod','feature':'wallet','on':true}\n"
		"17 33 drift.found {'app':'shop','environment':'prod','what':'digest'}\n"
		"18 34 drift.found {'app':'shop','environment':'prod','what':'colour'}\n"
		"19 35 drift.cleared {'app':'shop','environment':'prod','what':'digest'}\n"
		ASKED(20, 1500, "deploy", "4", "prod") LIVE(21, 1501, 20, "4", "prod") OVER(22, 1502, 20, "succeeded"));
	struct metrics_evidence e;

	(void)unused;
	metrics_evidence(m, "shop", "prod", metrics_case_at(0), metrics_case_at(5 * DAY), &e);
	assert_int_equal(e.automatic, 1);
	assert_int_equal(e.scheduled, 1);
	assert_int_equal(e.smoked, 1);
	assert_int_equal(e.accepted, 1);
	assert_int_equal(e.acceptance_tests, 24);
	assert_int_equal(e.probed, 2);
	assert_int_equal(e.probes, 150);
	assert_int_equal(e.probes_failed, 2);
	assert_int_equal(e.slowest_switch_us, 1500);
	assert_int_equal(e.busiest_day, 2);
	assert_int_equal(e.attention, 1);
	assert_int_equal(e.approvals, 1);
	assert_int_equal(e.features, 1);
	assert_int_equal(e.drifts, 1);
	assert_int_equal(metrics_seq(m), 22);
	assert_int_equal(metrics_rows(m), 22);
	metrics_free(m);
}

static void rows_out_of_the_ordinary_do_no_harm(void **unused)
{
	static const char *const rows[] = { "null", "[]", "{}", "{\"type\":\"deployment.finished\",\"body\":{\"id\":99}}",
		"{\"type\":\"environment.live\",\"body\":null}", "{\"type\":\"deployment.requested\",\"body\":[]}",
		"{\"type\":\"step.finished\",\"body\":{\"id\":1}}", "{\"type\":7}",
		"{\"type\":\"drift.cleared\",\"body\":{}}" };
	struct metrics *m = metrics_new();

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(json_auto_decref) json_t *row = json_read(rows[i], strlen(rows[i]), NULL);

		metrics_row(m, row);
	}
	assert_int_equal(metrics_rows(m), ARRAY_LEN(rows));
	metrics_free(m);
}

int main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(history_has_whole_days_and_each_change_on_its_day),
		cmocka_unit_test(long_periods_are_counted_by_weeks_from_monday),
		cmocka_unit_test(units_begin_at_midnight_and_on_monday_also_before_1970),
		cmocka_unit_test(unknown_figures_are_null_in_json),
		cmocka_unit_test(evidence_is_what_the_steps_and_policies_told),
		cmocka_unit_test(rows_out_of_the_ordinary_do_no_harm),
	};
	static struct CMUnitTest tests[ARRAY_LEN(cases) + ARRAY_LEN(others)];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].name, .test_func = figures_are_those_worked_out_by_hand,
		                                .initial_state = (void *)&cases[i] };
	memcpy(tests + ARRAY_LEN(cases), others, sizeof others);
	return _cmocka_run_group_tests("metrics", tests, ARRAY_LEN(tests), NULL, NULL);
}
