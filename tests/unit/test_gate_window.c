/* Windows and freezes: open, closed, at the boundary, on both changes of the clocks, overridden. */
#include "tests/unit/gate_case.h"

static char *leads[] = { (char *)"@leads", NULL };
static const char *const in_leads[] = { "leads", NULL };

static int64_t at(const char *text)
{
	int64_t ms = 0;

	assert_true(zone_parse(text, &ms, NULL));
	return ms;
}

static void given(struct gate_case *c, struct window *window, const char *hours, const char *now)
{
	gate_case_begin(c);
	assert_true(window_parse(hours, window, NULL));
	c->env.windows = window;
	c->env.nwindows = 1;
	c->facts.now = at(now);
}

static void a_window_opens_and_closes(void **unused)
{
	static const struct { const char *hours, *now; bool then; const char *clears; } rows[] = {
		{ "Mon-Fri 09:00-16:00 Europe/London", "2026-11-23 09:00 Europe/London", true, NULL },
		{ "Mon-Fri 09:00-16:00 Europe/London", "2026-11-23 08:59:59 Europe/London", false,
		  "2026-11-23 09:00 Europe/London" },
		{ "Mon-Fri 09:00-16:00 Europe/London", "2026-11-23 15:59:59 Europe/London", true, NULL },
		{ "Mon-Fri 09:00-16:00 Europe/London", "2026-11-23 16:00 Europe/London", false,
		  "2026-11-24 09:00 Europe/London" },
		{ "Mon-Fri 09:00-16:00 Europe/London", "2026-11-27 16:00 Europe/London", false,
		  "2026-11-30 09:00 Europe/London" },
		/* the clocks go forward on 2026-03-29 at 01:00 UTC, back on 2026-10-25 at 01:00 UTC */
		{ "Sun 09:00-16:00 Europe/London", "2026-03-29 08:00 UTC", true, NULL },
		{ "Sun 09:00-16:00 Europe/London", "2026-03-29 07:59 UTC", false, "2026-03-29 08:00 UTC" },
		{ "Sun 09:00-16:00 Europe/London", "2026-10-25 08:59 UTC", false, "2026-10-25 09:00 UTC" },
		{ "Sun 09:00-16:00 Europe/London", "2026-10-25 09:00 UTC", true, NULL },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct window window;
		struct gate_case c;

		given(&c, &window, rows[i].hours, rows[i].now);
		if (rows[i].then) {
			assert_allowed(&c, gate_window, rows[i].now);
			continue;
		}
		assert_refused(&c, gate_window, true, "outside its windows", rows[i].now);
		assert_true(c.refusal.clears_at == at(rows[i].clears));
	}
}

static void an_active_freeze_beats_a_window(void **unused)
{
	struct freeze freeze = { at("2026-12-20 00:00 Europe/Paris"), at("2027-01-03 00:00 Europe/Paris"),
	                         (char *)"peak season" };
	struct window window;
	struct gate_case c;

	(void)unused;
	given(&c, &window, "00:00-24:00 UTC", "2026-12-20 00:00 Europe/Paris");
	c.env.freezes = &freeze;
	c.env.nfreezes = 1;
	assert_refused(&c, gate_window, true, "frozen (peak season)", "on its first instant");
	assert_true(c.refusal.clears_at == freeze.to_ms);
	c.facts.now = freeze.from_ms - 1;
	assert_allowed(&c, gate_window, "before it");
	c.facts.now = freeze.to_ms;
	assert_allowed(&c, gate_window, "at its end");
}

static void who_may_override_it_says_why(void **unused)
{
	struct window window;
	struct gate_case c;

	(void)unused;
	given(&c, &window, "Sat 10:00-12:00 UTC", "2026-11-23 10:00 UTC");
	c.env.override = (struct config_people){ leads, 1 };
	assert_refused(&c, gate_window, true, "outside", "without an override");
	assert_non_null(strstr(c.refusal.who, "@leads with --override"));
	c.facts.override = "security fix";
	assert_refused(&c, gate_window, false, "alice may not override", "by somebody else");
	assert_int_equal(c.refusal.kind, ERR_DENIED);
	c.facts.requester.groups = in_leads;
	assert_allowed(&c, gate_window, "by a lead");
	c.facts.override = "";
	assert_refused(&c, gate_window, false, "may not override", "without a reason");
}

static void what_began_may_finish_where_that_is_configured(void **unused)
{
	struct window window;
	struct gate_case c;

	(void)unused;
	given(&c, &window, "Mon 09:00-10:00 UTC", "2026-11-23 10:00 UTC");
	c.facts.is_started = true;
	assert_refused(&c, gate_window, true, "outside", "not configured");
	c.env.finish_started = true;
	assert_allowed(&c, gate_window, "configured");
	c.facts.is_started = false;
	assert_refused(&c, gate_window, true, "outside", "not begun");
}

static void a_rollback_is_exempt_unless_it_is_gated(void **unused)
{
	struct window window;
	struct gate_case c;

	(void)unused;
	given(&c, &window, "Mon 09:00-10:00 UTC", "2026-11-23 10:00 UTC");
	c.facts.kind = KIND_ROLLBACK;
	c.here.succeeded = true;
	assert_allowed(&c, gate_window, "a rollback");
	c.env.rollback_gated = true;
	assert_refused(&c, gate_window, true, "outside", "a gated rollback");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_opens_and_closes),
		cmocka_unit_test(an_active_freeze_beats_a_window),
		cmocka_unit_test(who_may_override_it_says_why),
		cmocka_unit_test(what_began_may_finish_where_that_is_configured),
		cmocka_unit_test(a_rollback_is_exempt_unless_it_is_gated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
