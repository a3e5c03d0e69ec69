/* Schedules: not yet, at the very moment, missed while the engine was down, late but in time, late and in doubt. */
#include "tests/unit/gate_case.h"

enum { MINUTE = 60 * 1000, DUE = 1000 * MINUTE };

static void a_schedule_is_judged_by_the_clock_and_by_the_engines_start(void **unused)
{
	static const struct {
		const char *when;
		int64_t not_before, now, started, late;
		const char *why;               /* NULL: allowed */
		int64_t clears_at;
	} rows[] = {
		{ "it is not scheduled", 0, DUE, DUE, CONFIG_LATE_ASK, NULL, 0 },
		{ "its time is to come", DUE, DUE - 1, 0, CONFIG_LATE_ASK, "it is scheduled for 1970-01-01T16:40", DUE },
		{ "its time is now", DUE, DUE, 0, CONFIG_LATE_ASK, NULL, 0 },
		{ "it waited for something else since", DUE, DUE + 600 * MINUTE, 0, CONFIG_LATE_ASK, NULL, 0 },
		{ "it was missed, and a person is to decide", DUE, DUE + 2, DUE + 1, CONFIG_LATE_ASK, "was down", 0 },
		{ "it was missed, and is in time", DUE, DUE + 31 * MINUTE, DUE + 30 * MINUTE, 30 * MINUTE, NULL, 0 },
		{ "it was missed, and is too late", DUE, DUE + 31 * MINUTE, DUE + 30 * MINUTE + 1, 30 * MINUTE, "was down", 0 },
		{ "the engine came up in the same moment", DUE, DUE + 1, DUE, CONFIG_LATE_ASK, NULL, 0 },
		{ "the clock was put back", DUE, DUE - 5 * MINUTE, DUE + 1, CONFIG_LATE_ASK, "scheduled", DUE },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct gate_case c;

		gate_case_begin(&c);
		c.facts.not_before = rows[i].not_before;
		c.facts.now = rows[i].now;
		c.facts.engine_started = rows[i].started;
		c.env.late_ms = rows[i].late;
		if (!rows[i].why) {
			assert_allowed(&c, gate_schedule, rows[i].when);
			continue;
		}
		assert_refused(&c, gate_schedule, true, rows[i].why, rows[i].when);
		assert_int_equal(c.refusal.clears_at, rows[i].clears_at);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_schedule_is_judged_by_the_clock_and_by_the_engines_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
