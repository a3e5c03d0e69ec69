/* Members of a release begin one after the other. */
#include "tests/unit/gate_case.h"

static void a_member_waits_for_those_before_it(void **unused)
{
	static const struct { const char *when; struct gate_turn turn; const char *why, *who; } rows[] = {
		{ "it is its turn", { 12, "suite", NULL, false }, NULL, NULL },
		{ "api comes first", { 12, "suite", "api", false }, "api comes before it in release 12 of suite",
		  "`slipway release stop 12`" },
		{ "the release stops", { 12, "suite", NULL, true }, "release 12 of suite stops", "ends with the release" },
		{ "it stops and api never succeeded", { 12, "suite", "api", true }, "release 12 of suite stops", "ends with" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct gate_case c;

		gate_case_begin(&c);
		assert_allowed(&c, gate_release, "it is part of no release");
		c.facts.turn = &rows[i].turn;
		if (!rows[i].why) {
			assert_allowed(&c, gate_release, rows[i].when);
			continue;
		}
		assert_refused(&c, gate_release, true, rows[i].why, rows[i].when);
		assert_non_null(strstr(c.refusal.who, rows[i].who));
		assert_int_equal(c.refusal.clears_at, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_member_waits_for_those_before_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
