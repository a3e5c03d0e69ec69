/* As many people as are asked for, never who asked, for this build and this plan, and not for ever. */
#include "tests/unit/gate_case.h"

enum { HOUR = 3600000 };

static char *alice_or_release[] = { (char *)"carol", (char *)"@release", NULL };
static const char *const in_release[] = { "users", "release", NULL };

static void given(struct gate_case *c, struct gate_approval *votes, size_t n)
{
	gate_case_begin(c);
	c->env.approvals = 1;
	c->env.approvers = (struct config_people){ alice_or_release, 2 };
	c->env.approval_expires_ms = HOUR;
	c->facts.now = 10 * HOUR;
	c->facts.id = 7;
	c->facts.approvals = votes;
	c->facts.napprovals = n;
}

static void one_word_decides(void **unused)
{
	static const struct { const char *when; struct gate_approval vote; bool then; } rows[] = {
		{ "carol is named", { { 1002, "carol", NULL }, true, 10 * HOUR - 1, "d2", "p", 0 }, true },
		{ "dave is in the group", { { 1003, "dave", in_release }, true, 10 * HOUR, "d2", "p", 0 }, true },
		{ "eve is neither", { { 1004, "eve", NULL }, true, 10 * HOUR - 1, "d2", "p", 0 }, false },
		{ "alice asked for it herself", { { 1000, "carol", in_release }, true, 10 * HOUR - 1, "d2", "p", 0 }, false },
		{ "carol rejected", { { 1002, "carol", NULL }, false, 10 * HOUR - 1, "d2", "p", 0 }, false },
		{ "it is for another build", { { 1002, "carol", NULL }, true, 10 * HOUR - 1, "d1", "p", 0 }, false },
		{ "the plan changed", { { 1002, "carol", NULL }, true, 10 * HOUR - 1, "d2", "q", 0 }, false },
		{ "it is one ms from its end", { { 1002, "carol", NULL }, true, 9 * HOUR + 1, "d2", "p", 0 }, true },
		{ "it is at its end", { { 1002, "carol", NULL }, true, 9 * HOUR, "d2", "p", 0 }, false },
		{ "the clock was set back", { { 1002, "carol", NULL }, true, 10 * HOUR + 1, "d2", "p", 0 }, false },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct gate_approval vote = rows[i].vote;
		struct gate_case c;

		given(&c, &vote, 1);
		if (rows[i].then)
			assert_allowed(&c, gate_approval, rows[i].when);
		else
			assert_refused(&c, gate_approval, true, "needs 1 approval and has 0", rows[i].when);
	}
}

static void it_ends_with_its_term_or_with_the_schedule_that_it_was_given_for(void **unused)
{
	static const struct { const char *when; int64_t given_for, not_before, late, then; } rows[] = {
		{ "nothing is scheduled", 0, 0, CONFIG_LATE_ASK, 11 * HOUR },
		{ "the schedule comes long before its end", 10 * HOUR, 10 * HOUR - 1, 0, 11 * HOUR },
		{ "the schedule comes after its end", 30 * HOUR, 30 * HOUR, CONFIG_LATE_ASK, 31 * HOUR },
		{ "a late one may still run for minutes", 30 * HOUR, 30 * HOUR, HOUR / 4, 31 * HOUR },
		{ "a late one may still run for hours", 30 * HOUR, 30 * HOUR, 3 * HOUR, 33 * HOUR },
		{ "it was moved since", 30 * HOUR, 40 * HOUR, 3 * HOUR, 11 * HOUR },
		{ "it was scheduled since", 0, 40 * HOUR, 3 * HOUR, 11 * HOUR },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct gate_approval vote = { { 1002, "carol", NULL }, true, 10 * HOUR, "d2", "p", rows[i].given_for };
		struct gate_case c;

		given(&c, &vote, 1);
		c.env.late_ms = rows[i].late;
		c.facts.not_before = rows[i].not_before;
		assert_true(gate_approval_ends(&c.env, vote.at, vote.not_before, rows[i].not_before) == rows[i].then);
		c.facts.now = rows[i].then - 1;
		assert_allowed(&c, gate_approval, rows[i].when);
		c.facts.now = rows[i].then;
		assert_refused(&c, gate_approval, true, "needs 1 approval and has 0", rows[i].when);
	}
}

static void two_words_are_of_two_people(void **unused)
{
	struct gate_approval votes[] = { { { 1002, "carol", NULL }, true, 10 * HOUR - 2, "d2", "p", 0 },
	                                 { { 1002, "carol", NULL }, true, 10 * HOUR - 1, "d2", "p", 0 },
	                                 { { 1003, "dave", in_release }, true, 10 * HOUR, "d2", "p", 0 } };
	struct gate_case c;

	(void)unused;
	given(&c, votes, 2);
	c.env.approvals = 2;
	assert_refused(&c, gate_approval, true, "needs 2 approvals and has 1", "carol twice");
	assert_non_null(strstr(c.refusal.who, "carol, @release; never alice"));
	c.facts.napprovals = 3;
	assert_allowed(&c, gate_approval, "carol and dave");
}

static void a_return_to_a_proven_build_is_exempt_unless_it_is_gated(void **unused)
{
	struct gate_case c;

	(void)unused;
	given(&c, NULL, 0);
	c.facts.kind = KIND_ROLLBACK;
	assert_refused(&c, gate_approval, true, "needs 1", "a rollback to what was never here");
	c.here.succeeded = true;
	assert_allowed(&c, gate_approval, "a rollback");
	c.env.rollback_gated = true;
	assert_refused(&c, gate_approval, true, "needs 1", "a gated rollback");
	c.env.approvals = 0;
	assert_allowed(&c, gate_approval, "nobody is asked");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_word_decides),
		cmocka_unit_test(it_ends_with_its_term_or_with_the_schedule_that_it_was_given_for),
		cmocka_unit_test(two_words_are_of_two_people),
		cmocka_unit_test(a_return_to_a_proven_build_is_exempt_unless_it_is_gated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
