/* What refuses in the console: who can clear it and when is said whole, and a reason is asked for where one gets past. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "tests/tools/desk.h"
#include "tui/input.h"
#include "views/select.h"
#include "views/view.h"

static void a_build_in_quarantine_is_asked_about_with_the_gates_words(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	/* given an engine whose gate refuses without a reason */
	d->refusing = "quarantine";
	d->refusal = "2.14.1 is in quarantine in dev";
	desk_keys(d, "Gd");
	assert_int_equal(desk_posts(d), 1);
	assert_true(desk_sees(d, "2.14.1 is in quarantine in dev"));
	/* when nothing is said, then nothing is sent */
	d->refusing = NULL;
	desk_answer_panel(d, "\r");
	assert_int_equal(desk_posts(d), 1);
	assert_true(desk_sees(d, "say why"));
	/* when a reason is typed, then it goes along, under a key of its own */
	desk_keys(d, "fixed in 2.14\r");
	assert_int_equal(desk_posts(d), 2);
	assert_string_equal(json_text(desk_body(d, 1), "reason"), "fixed in 2.14");
	assert_string_equal(json_text(desk_body(d, 1), "version"), "2.14.1");
	assert_string_not_equal(json_text(desk_body(d, 1), "key"), json_text(desk_body(d, 0), "key"));
}

static void a_refusal_that_no_reason_gets_past_is_only_said(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	d->refusing = "promotion";
	d->refusal = "2.14.1 was never live in preprod";
	desk_keys(d, "Gd");
	assert_false(desk_sees(d, "why:"));
	assert_true(desk_sees(d, "2.14.1 was never live in preprod"));
}

static void a_refusal_names_who_can_clear_it_and_when_and_all_gates_are_kept(void **state)
{
	AUTO(json_auto_decref) json_t *blocked = json_pack("[{s:s, s:s, s:s, s:I}, {s:s, s:s, s:s, s:n}]", "gate", "soak",
		"why", "4m of 10m", "who", "time", "clears_at", (json_int_t)1795144807000, "gate", "tests", "why", "1 failed",
		"who", "a green build", "clears_at");
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	/* given */
	d->refusing = "tests";
	d->refusal = "2.14.1 to dev: tests gate: 1 failed";
	d->blocked = blocked;
	/* when */
	desk_keys(d, "Gd");
	/* then the one that the engine tells is in sight, and the screen Errors has both in full */
	assert_true(desk_sees(d, "2.14.1 to dev: tests gate: 1 failed; cleared by a green build"));
	desk_keys(d, "e");
	assert_true(desk_sees(d, "2.14.1 to dev: soak gate: 4m of 10m; cleared by time; expected"));
	assert_true(desk_sees(d, "2026-11-20T03:20Z"));
}

static void what_keeps_from_deploying_is_told_where_one_deploys(void **state)
{
	static const struct { const char *keys; bool waits, window; } screens[] = {
		{ "", true, true }, { "f", true, false }, { "H", false, false }, { "m", false, false }, { "?", false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(screens); i++) {
		AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

		desk_keys(d, screens[i].keys);
		if (desk_sees(d, "2 wait, v shows") != screens[i].waits || desk_sees(d, "window until") != screens[i].window)
			fail_msg("after \"%s\":\n%s", screens[i].keys, desk_screen(d));
	}
}

static void a_refusal_is_told_to_its_end(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	/* given: what it says is longer than a line, and who can clear it stands at its end */
	(void)state;
	d->refusing = "promotion";
	d->refusal = "promotion gate: 2.14.1 has been live in preprod for 4m of the 24h that prod asks for, which are over at "
		"2026-11-21T03:10:00Z; it clears by itself, or @leads say otherwise";

	/* when */
	desk_keys(d, "Gd");

	/* then: it takes rows from the screen above, and gives them back */
	assert_true(desk_sees(d, "@leads say otherwise"));
	assert_true(desk_sees(d, "2.12.5"));
	assert_true(desk_sees(d, "drain"));
	desk_keys(d, "\x1b");
	assert_false(desk_sees(d, "otherwise"));
}

static void a_question_after_a_refusal_never_covers_what_the_person_types(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);
	AUTO(json_auto_decref) json_t *answer = json_pack("{s:{s:s}}", "error", "gate", "quarantine");
	struct err err = { 0 };

	(void)state;
	/* given an answer that is late, and somebody who went on to type a command */
	d->mute = true;
	desk_keys(d, "Gd:env p");
	err_set(&err, ERR_REFUSED, "in quarantine");
	desk_event(d, (struct console_event){ .kind = EVENT_ANSWER, .request = d->console->act.request, .answer = answer,
	                                      .err = &err });
	assert_int_equal(d->console->panel.kind, PANEL_NONE);
	assert_non_null(d->console->line);
}

static void a_closed_window_is_passed_over_with_a_reason(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	/* given prod, outside its windows, which the console knows */
	desk_keys(d, "d");
	assert_true(desk_sees(d, "prod is outside its"));
	assert_int_equal(desk_posts(d), 0);
	desk_answer_panel(d, "customers cannot pay\r");
	assert_true(desk_sees(d, "customers cannot pay"));
	assert_true(desk_arm_and_wait(d, "prod\r"));
	assert_int_equal(desk_posts(d), 1);
	assert_string_equal(json_text(desk_body(d, 0), "override"), "customers cannot pay");
	assert_null(json_object_get(desk_body(d, 0), "when_allowed"));
}

static void a_closed_window_is_waited_for_when_nothing_is_said(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	desk_keys(d, "d");
	desk_answer_panel(d, "\r");
	assert_true(desk_sees(d, "prod 2.13.5 → 2.14.1 when it is allowed"));
	assert_true(desk_arm_and_wait(d, "prod\r"));
	assert_true(json_is_true(json_object_get(desk_body(d, 0), "when_allowed")));
	assert_null(json_object_get(desk_body(d, 0), "override"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_build_in_quarantine_is_asked_about_with_the_gates_words),
		cmocka_unit_test(a_refusal_that_no_reason_gets_past_is_only_said),
		cmocka_unit_test(a_refusal_names_who_can_clear_it_and_when_and_all_gates_are_kept),
		cmocka_unit_test(what_keeps_from_deploying_is_told_where_one_deploys),
		cmocka_unit_test(a_refusal_is_told_to_its_end),
		cmocka_unit_test(a_question_after_a_refusal_never_covers_what_the_person_types),
		cmocka_unit_test(a_closed_window_is_passed_over_with_a_reason),
		cmocka_unit_test(a_closed_window_is_waited_for_when_nothing_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
