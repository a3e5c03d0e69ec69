/* What the build itself must bring: tests, a signature, no quarantine; and an environment that did not drift. */
#include "tests/unit/gate_case.h"

static void tests_must_have_passed_where_that_is_asked(void **unused)
{
	static const struct { const char *when; int ok, fail; bool then; const char *why; } rows[] = {
		{ "all passed", 12, 0, true, NULL },
		{ "one failed", 11, 1, false, "1 of the tests of 2.0.0 failed" },
		{ "none was reported", -1, -1, false, "no passed test" },
		{ "none ran", 0, 0, false, "no passed test" },
		{ "one passed", 1, 0, true, NULL },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct gate_case c;

		gate_case_begin(&c);
		c.build.tests_ok = rows[i].ok;
		c.build.tests_fail = rows[i].fail;
		assert_allowed(&c, gate_tests, "nobody asks");
		c.env.tests_required = true;
		if (rows[i].then)
			assert_allowed(&c, gate_tests, rows[i].when);
		else
			assert_refused(&c, gate_tests, false, rows[i].why, rows[i].when);
		c.facts.kind = KIND_ROLLBACK;
		c.here.succeeded = true;
		assert_allowed(&c, gate_tests, "a return");
	}
}

static void a_signature_is_asked_for_even_on_the_way_back(void **unused)
{
	struct gate_case c;

	(void)unused;
	gate_case_begin(&c);
	assert_allowed(&c, gate_signature, "nobody asks");
	c.env.signatures_required = true;
	assert_refused(&c, gate_signature, false, "2.0.0 is not signed", "a deploy");
	c.facts.kind = KIND_ROLLBACK;
	c.here.succeeded = true;
	assert_refused(&c, gate_signature, false, "2.0.0 is not signed", "a rollback");
	c.build.signer = (char *)"ci@example.org";
	assert_allowed(&c, gate_signature, "signed");
}

static void what_a_rollback_left_needs_a_person_with_a_reason(void **unused)
{
	static const struct { const char *when; int64_t by; enum deployment_kind kind; const char *reason; bool then; } rows[] = {
		{ "not in quarantine", 0, KIND_AUTOMATIC, "", true },
		{ "automation", 9, KIND_AUTOMATIC, "", false },
		{ "automation with a reason", 9, KIND_AUTOMATIC, "new", false },
		{ "a person without a reason", 9, KIND_DEPLOY, "", false },
		{ "a person who gives none at all", 9, KIND_DEPLOY, NULL, false },
		{ "a person with a reason", 9, KIND_DEPLOY, "the cause was the network", true },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct gate_case c;

		gate_case_begin(&c);
		c.here.quarantined_by = rows[i].by;
		c.facts.kind = rows[i].kind;
		c.facts.reason = rows[i].reason;
		if (rows[i].then)
			assert_allowed(&c, gate_quarantine, rows[i].when);
		else
			assert_refused(&c, gate_quarantine, false, "quarantine in prod since rollback 9", rows[i].when);
	}
}

static void paused_automation_does_nothing_and_people_do(void **unused)
{
	struct gate_case c;

	(void)unused;
	gate_case_begin(&c);
	c.policy.paused = true;
	c.policy.paused_why = (char *)"rollback 9 left 1.9.0";
	assert_allowed(&c, gate_quarantine, "a person");
	c.facts.kind = KIND_AUTOMATIC;
	assert_refused(&c, gate_quarantine, false, "paused: rollback 9", "automation");
	assert_string_equal(c.refusal.who, "slipway resume prod");
	c.policy.paused = false;
	assert_allowed(&c, gate_quarantine, "resumed");
}

static void drift_refuses_where_that_is_configured(void **unused)
{
	struct gate_case c;

	(void)unused;
	gate_case_begin(&c);
	c.policy.drift = (char *)"digest is d9, not d1";
	assert_allowed(&c, gate_drift, "only shown");
	c.env.drift_refuses = true;
	assert_refused(&c, gate_drift, true, "drifted: digest is d9", "refused");
	c.facts.kind = KIND_ROLLBACK;
	assert_allowed(&c, gate_drift, "the way back is open");
	c.facts.kind = KIND_DEPLOY;
	c.policy.drift = NULL;
	assert_allowed(&c, gate_drift, "cleared");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tests_must_have_passed_where_that_is_asked),
		cmocka_unit_test(a_signature_is_asked_for_even_on_the_way_back),
		cmocka_unit_test(what_a_rollback_left_needs_a_person_with_a_reason),
		cmocka_unit_test(paused_automation_does_nothing_and_people_do),
		cmocka_unit_test(drift_refuses_where_that_is_configured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
