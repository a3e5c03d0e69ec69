/* A build reaches an environment only after it succeeded in those before, for as long as is asked. */
#include "tests/unit/gate_case.h"

enum { HOUR = 3600000 };

static void what_it_did_before_decides(void **unused)
{
	static const struct { const char *when; struct gate_before before; bool then, waits; const char *why; } rows[] = {
		{ "it succeeded", { "dev", 0, false, { .succeeded = true } }, true, false, NULL },
		{ "it never was there", { "dev", 0, false, { .succeeded = false } }, false, false, "has not succeeded in dev" },
		{ "it never was there, which is optional", { "dev", 0, true, { .succeeded = false } }, true, false, NULL },
		{ "it was rolled back there", { "dev", 0, false, { .succeeded = true, .quarantined_by = 9 } }, false, false,
		  "rolled back in dev by deployment 9" },
		{ "it soaked to the millisecond", { "dev", HOUR, false, { .succeeded = true, .is_there = true,
		  .since = 9 * HOUR } }, true, false, NULL },
		{ "it soaks one millisecond more", { "dev", HOUR, false, { .succeeded = true, .is_there = true,
		  .since = 9 * HOUR + 1 } }, false, true, "has been live in dev" },
		{ "it soaked before and left", { "dev", HOUR, false, { .succeeded = true, .lived_ms = HOUR } }, true, false,
		  NULL },
		{ "it left too early", { "dev", HOUR, false, { .succeeded = true, .lived_ms = HOUR - 1 } }, false, false,
		  "was live in dev" },
		{ "the clock was set back", { "dev", HOUR, false, { .succeeded = true, .is_there = true,
		  .since = 30 * HOUR } }, false, true, "has been live in dev for 0s" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct gate_before before = rows[i].before;
		struct gate_case c;

		gate_case_begin(&c);
		c.facts.now = 10 * HOUR;
		c.facts.before = &before;
		c.facts.nbefore = 1;
		if (rows[i].then)
			assert_allowed(&c, gate_promotion, rows[i].when);
		else
			assert_refused(&c, gate_promotion, rows[i].waits, rows[i].why, rows[i].when);
		if (rows[i].waits)
			assert_true(c.refusal.clears_at == before.stay.since + HOUR);
	}
}

static void every_environment_before_counts_and_a_return_needs_none(void **unused)
{
	struct gate_before before[] = { { "dev", 0, false, { .succeeded = true } }, { "preprod", 0, false, { 0 } } };
	struct gate_case c;

	(void)unused;
	gate_case_begin(&c);
	c.facts.before = before;
	c.facts.nbefore = 2;
	assert_refused(&c, gate_promotion, false, "in preprod", "the second is missing");
	c.facts.kind = KIND_ROLLBACK;
	assert_refused(&c, gate_promotion, false, "in preprod", "a rollback to what was never here");
	c.here.succeeded = true;
	assert_allowed(&c, gate_promotion, "a return");
	c.facts.kind = KIND_DEPLOY;
	before[1].stay.succeeded = true;
	assert_allowed(&c, gate_promotion, "both are there");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_did_before_decides),
		cmocka_unit_test(every_environment_before_counts_and_a_return_needs_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
