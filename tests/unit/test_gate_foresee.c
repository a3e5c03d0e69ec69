/* What will hold a deployment that waits, and until when: at its own time, over both changes of the clocks. */
#include "tests/unit/gate_case.h"

#include "backend/base/clock.h"

enum { HOUR = 3600000 };

static int64_t at(const char *text)
{
	int64_t ms = 0;

	if (*text)
		assert_true(clock_parse_iso(text, &ms));
	return ms;
}

/* In London it is open from 09:00 to 16:00, on weekdays. */
static void given(struct gate_case *c, struct window *window)
{
	gate_case_begin(c);
	assert_true(window_parse("Mon-Fri 09:00-16:00 Europe/London", window, NULL));
	c->env.windows = window;
	c->env.nwindows = 1;
	c->env.late_ms = CONFIG_LATE_ASK;
	c->env.approval_expires_ms = 24 * HOUR;
}

static const struct gate_refusal *said(const struct gate_refusals *all, const char *gate)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->items[i].gate, gate) == 0)
			return &all->items[i];
	return NULL;
}

static void a_schedule_is_judged_by_the_windows_of_its_time(void **unused)
{
	static const struct { const char *when, *now, *not_before, *window_opens, *expected; } rows[] = {
		{ "open now, closed then", "2026-11-24T12:00:00Z", "2026-12-01T17:00:00Z", "2026-12-02T09:00:00Z", "" },
		{ "closed now, open then", "2026-11-22T12:00:00Z", "2026-12-01T12:00:00Z", "", "2026-12-01T12:00:00Z" },
		{ "closed both times", "2026-11-22T12:00:00Z", "2026-12-05T12:00:00Z", "2026-12-07T09:00:00Z", "" },
		{ "at the opening", "2026-11-22T12:00:00Z", "2026-12-01T09:00:00Z", "", "2026-12-01T09:00:00Z" },
		{ "a second before", "2026-11-22T12:00:00Z", "2026-12-01T08:59:59Z", "2026-12-01T09:00:00Z", "" },
		{ "the last second", "2026-11-22T12:00:00Z", "2026-12-01T15:59:59Z", "", "2026-12-01T15:59:59Z" },
		{ "at the end", "2026-11-22T12:00:00Z", "2026-12-01T16:00:00Z", "2026-12-02T09:00:00Z", "" },
		{ "before summer time begins", "2027-03-20T12:00:00Z", "2027-03-26T17:00:00Z", "2027-03-29T08:00:00Z", "" },
		{ "09:30 of the first summer Monday", "2027-03-20T12:00:00Z", "2027-03-29T08:30:00Z", "", "2027-03-29T08:30:00Z" },
		{ "before it ends", "2026-10-20T12:00:00Z", "2026-10-23T15:30:00Z", "2026-10-26T09:00:00Z", "" },
		{ "08:30 of the first winter Monday", "2026-10-20T12:00:00Z", "2026-10-26T08:30:00Z", "2026-10-26T09:00:00Z", "" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct gate_refusal *window, *schedule;
		struct gate_refusals all;
		struct gate_case c;
		struct window hours;
		int64_t expected;

		given(&c, &hours);
		c.facts.now = at(rows[i].now);
		c.facts.not_before = at(rows[i].not_before);
		expected = gate_foresee(&c.facts, &all);
		window = said(&all, "window");
		schedule = said(&all, "schedule");
		if (!schedule || schedule->clears_at != c.facts.not_before)
			fail_msg("%s: the schedule is not told", rows[i].when);
		if ((window ? window->clears_at : 0) != at(rows[i].window_opens))
			fail_msg("%s: %s", rows[i].when, window ? window->why : "no window is told");
		if (expected != at(*rows[i].expected ? rows[i].expected : rows[i].window_opens))
			fail_msg("%s: expected %lld", rows[i].when, (long long)expected);
		if (window && !strstr(window->why, "will be outside its windows at 2"))
			fail_msg("%s: %s", rows[i].when, window->why);
	}
}

static void what_clears_is_followed_by_what_holds_then(void **unused)
{
	struct gate_refusals all;
	struct gate_case c;
	struct window hours;

	(void)unused;
	given(&c, &hours);
	c.facts.now = at("2026-12-01T12:00:00Z");
	c.policy.lock = (struct store_lock){ .uid = 1002, .owner = (char *)"carol", .reason = (char *)"measuring",
	                                     .expires = at("2026-12-01T20:00:00Z") };

	assert_true(gate_foresee(&c.facts, &all) == at("2026-12-02T09:00:00Z"));

	assert_int_equal(all.n, 2);
	assert_string_equal(all.items[0].gate, "lock");
	assert_true(all.items[0].clears_at == at("2026-12-01T20:00:00Z"));
	assert_string_equal(all.items[1].gate, "window");
	assert_non_null(strstr(all.items[1].why, "will be outside its windows at 2026-12-01T20:00:00Z"));
}

static void a_lock_that_ends_before_the_time_holds_nothing(void **unused)
{
	struct gate_refusals all;
	struct gate_case c;
	struct window hours;

	(void)unused;
	given(&c, &hours);
	c.facts.now = at("2026-11-30T12:00:00Z");
	c.facts.not_before = at("2026-12-01T12:00:00Z");
	c.policy.lock = (struct store_lock){ .uid = 1002, .owner = (char *)"carol", .reason = (char *)"measuring",
	                                     .expires = at("2026-12-01T12:00:00Z") };
	assert_true(gate_foresee(&c.facts, &all) == c.facts.not_before);
	assert_int_equal(all.n, 1);
	c.policy.lock.expires++;
	assert_true(gate_foresee(&c.facts, &all) == c.facts.not_before + 1);
	assert_int_equal(all.n, 2);
}

static void what_people_must_do_has_no_time(void **unused)
{
	static char *carol[] = { (char *)"carol", NULL };
	struct gate_refusals all;
	struct gate_case c;
	struct window hours;

	(void)unused;
	given(&c, &hours);
	c.env.approvals = 1;
	c.env.approvers = (struct config_people){ carol, 1 };
	c.facts.now = at("2026-11-24T12:00:00Z");
	c.facts.not_before = at("2026-12-01T12:00:00Z");
	assert_true(gate_foresee(&c.facts, &all) == 0);
	assert_int_equal(all.n, 2);
	assert_non_null(said(&all, "approval"));

	/* given a week ahead, for that very time: it is known when it begins */
	c.facts.approvals = &(struct gate_approval){ { 1002, "carol", NULL }, true, c.facts.now, "d2", "p",
	                                             c.facts.not_before };
	c.facts.napprovals = 1;
	assert_true(gate_foresee(&c.facts, &all) == c.facts.not_before);
	assert_int_equal(all.n, 1);
}

/* For what begins now the two must never differ in whether anything holds it. */
static void nothing_is_foreseen_where_nothing_holds(void **unused)
{
	struct gate_refusals all;
	struct gate_case c;
	struct window hours;

	(void)unused;
	given(&c, &hours);
	c.facts.now = at("2026-12-01T15:59:59Z");
	assert_true(gate_foresee(&c.facts, &all) == c.facts.now);
	assert_int_equal(all.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_schedule_is_judged_by_the_windows_of_its_time),
		cmocka_unit_test(what_clears_is_followed_by_what_holds_then),
		cmocka_unit_test(a_lock_that_ends_before_the_time_holds_nothing),
		cmocka_unit_test(what_people_must_do_has_no_time),
		cmocka_unit_test(nothing_is_foreseen_where_nothing_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
