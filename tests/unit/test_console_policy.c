/* Features, reasons, approvals, schedules and locks at the console: what is asked, what is armed, what is sent. */
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

/* ---- features ---- */

static void a_feature_of_an_open_environment_is_pulled_with_one_key(void **state)
{
	/* given dev, which is open, with checkout in */
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	desk_keys(d, "Gf");
	assert_true(desk_sees(d, "features of dev"));
	assert_true(desk_sees(d, "p pull checkout from dev"));
	/* when */
	desk_keys(d, "p");
	/* then it was sent, with what the person saw */
	assert_int_equal(desk_posts(d), 1);
	assert_string_equal(desk_path(d, 0), "/v1/features");
	assert_string_equal(json_text(desk_body(d, 0), "app"), "shop");
	assert_string_equal(json_text(desk_body(d, 0), "environment"), "dev");
	assert_string_equal(json_text(desk_body(d, 0), "feature"), "checkout");
	assert_true(json_is_false(json_object_get(desk_body(d, 0), "on")));
	assert_true(json_is_true(json_object_get(desk_body(d, 0), "expect")));
}

static void a_feature_of_a_protected_environment_is_armed_like_a_deployment(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	/* given loyalty, which is out of prod */
	desk_keys(d, "fj");
	assert_true(desk_sees(d, "p put loyalty into prod"));
	desk_keys(d, "p");
	assert_int_equal(desk_posts(d), 0);
	/* when its name is typed and the countdown ends */
	assert_true(desk_arm_and_wait(d, "prod\r"));
	/* then */
	assert_int_equal(desk_posts(d), 1);
	assert_string_equal(json_text(desk_body(d, 0), "feature"), "loyalty");
	assert_true(json_is_true(json_object_get(desk_body(d, 0), "on")));
	/* and armed, one key and a countdown do */
	desk_keys(d, "kp");
	assert_true(desk_sees(d, "in 3 s"));
	assert_int_equal(desk_posts(d), 1);
	desk_wait(d, DESK_COUNTDOWN_MS);
	assert_int_equal(desk_posts(d), 2);
}

static void a_feature_that_is_not_in_the_environment_is_not_changed(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	desk_keys(d, "Gfj");
	assert_true(desk_sees(d, "no build in dev has it"));
	desk_keys(d, "p");
	assert_int_equal(desk_posts(d), 0);
	assert_true(desk_sees(d, "the environment does not have it"));
}

static void another_environment_on_the_features_screen_disarms(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	desk_keys(d, "fa");
	desk_answer_panel(d, "prod\r");
	assert_true(desk_sees(d, "ARMED prod"));
	desk_keys(d, "\t");
	assert_true(desk_sees(d, "features of preprod"));
	assert_false(desk_sees(d, "ARMED"));
	desk_keys(d, "\t\t");
	assert_true(desk_sees(d, "features of prod"));
	assert_false(desk_sees(d, "ARMED"));
}

static void a_feature_that_changed_under_the_key_is_left_alone(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	/* given a frame that still offers to pull what somebody pulled already */
	desk_keys(d, "Gf");
	d->hidden = true;
	desk_set_scene(d, "policy-later");
	desk_keys(d, "p");
	assert_int_equal(desk_posts(d), 0);
	/* and when the new frame is there the key does the contrary, as that says */
	d->hidden = false;
	desk_key(d, INPUT_CTRL('L'));
	assert_true(desk_sees(d, "p put checkout into dev"));
	desk_keys(d, "p");
	assert_true(json_is_true(json_object_get(desk_body(d, 0), "on")));
}

static void old_data_asks_for_the_name_before_a_feature_changes(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	desk_keys(d, "Gf");
	d->silent = true;
	desk_wait(d, 20000);
	desk_keys(d, "p");
	assert_int_equal(desk_posts(d), 0);
	desk_answer_panel(d, "dev\r");
	assert_int_equal(desk_posts(d), 1);
}

static void a_feature_command_goes_the_same_way(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	desk_keys(d, ":feature dev checkout off  it rounds badly\r");
	assert_int_equal(desk_posts(d), 1);
	assert_string_equal(json_text(desk_body(d, 0), "reason"), "it rounds badly");
	desk_keys(d, ":feature prod checkout off\r");
	assert_int_equal(desk_posts(d), 1);
	assert_true(desk_arm_and_wait(d, "prod\r"));
	assert_int_equal(desk_posts(d), 2);
	/* what is so already is not sent, what is not there neither */
	desk_keys(d, ":feature dev search on\r");
	assert_true(desk_sees(d, "search is in in dev already"));
	desk_keys(d, "\x1b:feature dev loyalty on\r");
	assert_true(desk_sees(d, "dev has no feature loyalty"));
	desk_keys(d, "\x1b:feature dev search maybe\r");
	assert_true(desk_sees(d, "on or off"));
	assert_int_equal(desk_posts(d), 2);
}

/* ---- the smaller step ---- */

static void a_rollback_offers_the_smaller_step_first(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	/* given dev, where checkout was put in since its build is live */
	desk_keys(d, "Gb");
	assert_true(desk_sees(d, "checkout was put in 02:42Z by alice"));
	assert_int_equal(desk_posts(d), 0);
	/* when nothing is chosen but the default */
	desk_answer_panel(d, "\r");
	/* then the feature is pulled and the build stays */
	assert_int_equal(desk_posts(d), 1);
	assert_string_equal(desk_path(d, 0), "/v1/features");
	assert_true(json_is_false(json_object_get(desk_body(d, 0), "on")));
}

static void the_whole_rollback_is_one_more_key(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	/* twice at once is once: the panel is deaf at first */
	desk_keys(d, "Gbb");
	assert_int_equal(desk_posts(d), 0);
	desk_answer_panel(d, "xd");
	assert_int_equal(desk_posts(d), 0);
	desk_keys(d, "b");
	assert_int_equal(desk_posts(d), 1);
	assert_string_equal(json_text(desk_body(d, 0), "kind"), "rollback");
	assert_string_equal(json_text(desk_body(d, 0), "version"), "2.13.5");
}

static void a_choice_in_a_protected_environment_is_armed_and_counted_down(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	desk_keys(d, "b");
	desk_answer_panel(d, "b");
	assert_int_equal(desk_posts(d), 0);
	assert_true(desk_sees(d, "prod 2.13.5 → 2.13.4"));
	assert_true(desk_arm_and_wait(d, "prod\r"));
	assert_int_equal(desk_posts(d), 1);
	assert_string_equal(json_text(desk_body(d, 0), "kind"), "rollback");
}

static void what_was_pulled_already_is_no_smaller_step(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	/* given preprod, where a feature was pulled: the rollback goes at once */
	desk_keys(d, "jb");
	assert_int_equal(desk_posts(d), 1);
	assert_string_equal(json_text(desk_body(d, 0), "kind"), "rollback");
}

static void a_choice_that_is_no_longer_true_goes_away(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	desk_keys(d, "Gb");
	desk_set_scene(d, "policy-later");
	assert_false(desk_sees(d, "smaller step"));
	assert_true(desk_sees(d, "checkout is pulled in dev already"));
	desk_answer_panel(d, "\r");
	assert_int_equal(desk_posts(d), 0);
}

/* ---- reasons ---- */

static void a_reason_goes_with_the_next_action_only(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	desk_keys(d, "Gfw");
	desk_answer_panel(d, "CHG-7 totals\r");
	assert_true(desk_sees(d, "why: CHG-7 totals"));
	assert_int_equal(desk_posts(d), 0);
	desk_keys(d, "p");
	assert_string_equal(json_text(desk_body(d, 0), "reason"), "CHG-7 totals");
	desk_keys(d, "p");
	assert_string_equal(json_text(desk_body(d, 1), "reason"), "");
	/* Esc forgets it. */
	desk_keys(d, "w");
	desk_answer_panel(d, "other\r\x1bp");
	assert_string_equal(json_text(desk_body(d, 2), "reason"), "");
}

static void a_deployment_says_what_it_does_to_the_data_before_the_name_is_typed(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	/* given 2.14.1, which brings two migrations, for prod, which is protected */
	desk_keys(d, "d");
	desk_answer_panel(d, "customers cannot pay\r");
	/* then */
	assert_true(desk_sees(d, "Type its name"));
	assert_true(desk_sees(d, "0006, 0007 irreversible"));
	assert_true(desk_sees(d, "customers cannot pay"));
	assert_true(desk_sees(d, "Esc cancels"));
}

static void an_override_is_told_to_whoever_approves_it(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	desk_keys(d, "vj");
	assert_true(desk_sees(d, "flagged OVERRIDE by bob: customers cannot pay"));
	assert_true(desk_sees(d, "2nd of 2 in prod's queue"));
	desk_keys(d, "o");
	assert_true(desk_sees(d, "│  OVERRIDE by bob: customers cannot pay"));
}

static void pasted_text_is_a_reason_and_no_key(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	desk_keys(d, "Gfw");
	desk_wait(d, DESK_DEAF_MS);
	desk_type(d, "\x1b[200~p\rp\r\x1b[201~");
	desk_wait(d, 1000);
	assert_int_equal(desk_posts(d), 0);
	assert_true(desk_sees(d, "why: p p"));
}

/* ---- approvals ---- */

static void what_waits_is_told_with_all_that_an_approval_is_bound_to(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	desk_keys(d, "vj");
	assert_true(desk_sees(d, "waiting: 2 for approval, 1 for something else"));
	assert_true(desk_sees(d, "#822 2.14.1 to prod, asked by bob 9m ago"));
	assert_true(desk_sees(d, "plan    c7702d5fe1a9  gate 1d, fetch 2m"));
	assert_true(desk_sees(d, "carol approved 4m ago, until 2026-11-21T03:10Z: acceptance is green"));
	assert_true(desk_sees(d, "window until 2026-11-20T09:14Z"));
	desk_keys(d, "\r");
	assert_true(desk_sees(d, "deploy 2.14.1 to prod"));
	desk_keys(d, "\x1b");
	assert_true(desk_sees(d, "#822 2.14.1 to prod"));
}

static void an_approval_carries_the_plan_that_was_seen_and_why(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	desk_keys(d, "vjo");
	assert_true(desk_sees(d, "approve #822: 2.14.1 to prod"));
	desk_answer_panel(d, "\r");
	assert_true(desk_sees(d, "say why"));
	desk_keys(d, "tests are green\r");
	assert_int_equal(desk_posts(d), 0);
	assert_true(desk_arm_and_wait(d, "prod\r"));
	assert_int_equal(desk_posts(d), 1);
	assert_string_equal(desk_path(d, 0), "/v1/deployments/822/approve");
	assert_string_equal(json_text(desk_body(d, 0), "plan_hash"), "c7702d5fe1a94b3e9d20");
	assert_string_equal(json_text(desk_body(d, 0), "reason"), "tests are green");
}

static void ones_own_request_is_another_persons_to_approve(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	desk_keys(d, "v");
	assert_true(desk_sees(d, "another person must approve it"));
	assert_false(desk_sees(d, "o approve"));
	desk_keys(d, "o");
	assert_int_equal(d->console->panel.kind, PANEL_NONE);
	/* but it may be taken back */
	desk_keys(d, "\x1br");
	desk_answer_panel(d, "wrong build\r");
	assert_true(desk_arm_and_wait(d, "prod\r"));
	assert_string_equal(desk_path(d, 0), "/v1/deployments/820/reject");
}

static void a_plan_that_changed_takes_the_question_away(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	desk_keys(d, "vjo");
	desk_set_scene(d, "policy-later");
	assert_true(desk_sees(d, "the plan of #822 changed"));
	desk_answer_panel(d, "fine\r");
	desk_wait(d, DESK_COUNTDOWN_MS);
	assert_int_equal(desk_posts(d), 0);
}

static void another_applications_approval_is_armed_and_sent_as_its_own(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy-fleet", 24, 80);

	(void)state;
	/* given the fleet, where no application is chosen, and shop's and mail's prod */
	assert_true(desk_sees(d, "APPLICATION"));
	desk_keys(d, "vjj");
	assert_true(desk_sees(d, "#940 7.1.0 to prod"));
	assert_true(desk_sees(d, "live 7.0.9"));
	/* when shop's prod is armed */
	desk_keys(d, "ka");
	desk_answer_panel(d, "prod\r");
	assert_true(desk_sees(d, "ARMED prod"));
	/* then mail's, which has the same name, is not */
	desk_keys(d, "j");
	assert_false(desk_sees(d, "ARMED"));
	/* nor is shop's any more */
	desk_keys(d, "k");
	assert_false(desk_sees(d, "ARMED"));
	desk_keys(d, "jo");
	desk_answer_panel(d, "fine\r");
	assert_true(desk_arm_and_wait(d, "prod\r"));
	assert_string_equal(desk_path(d, 0), "/v1/deployments/940/approve");
	assert_string_equal(d->console->safety.app, "mail");
}

static void approvals_are_given_by_command_too(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	desk_keys(d, ":approve 822 looks right\r");
	assert_true(desk_arm_and_wait(d, "prod\r"));
	assert_string_equal(desk_path(d, 0), "/v1/deployments/822/approve");
	assert_string_equal(json_text(desk_body(d, 0), "reason"), "looks right");
	desk_keys(d, ":approve 820 mine\r");
	assert_true(desk_sees(d, "820 does not wait for that"));
	assert_int_equal(desk_posts(d), 1);
}

/* ---- schedules ---- */

static void a_schedule_asks_for_its_time_and_says_what_it_understood(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	desk_keys(d, "Gu");
	desk_answer_panel(d, "2026-11-19 18:00");
	assert_true(desk_sees(d, "that time is past"));
	desk_keys(d, "\r");
	assert_int_equal(desk_posts(d), 0);
	desk_key(d, INPUT_CTRL('U'));
	desk_keys(d, "tomorrow\r");
	assert_true(desk_sees(d, "that is no time"));
	desk_key(d, INPUT_CTRL('U'));
	desk_keys(d, "2026-12-01 18:00 Europe/Paris");
	assert_true(desk_sees(d, "18:00 Europe/Paris = 2026-12-01T17:00Z, in 11d"));
	assert_int_equal(desk_posts(d), 0);
	desk_keys(d, "\r");
	assert_int_equal(desk_posts(d), 1);
	assert_string_equal(desk_path(d, 0), "/v1/deployments");
	assert_int_equal(json_int(desk_body(d, 0), "not_before", 0), 1796144400000);
	assert_string_equal(json_text(desk_body(d, 0), "version"), "2.14.1");
	assert_string_equal(json_text(desk_body(d, 0), "expect"), "2.14.0");
	assert_int_equal(strlen(json_text(desk_body(d, 0), "digest")), 64);
}

static void a_schedule_that_meets_a_closed_window_is_told_so(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 160);

	(void)state;
	d->held_by = "[{\"gate\":\"schedule\",\"why\":\"it is scheduled\",\"who\":\"\",\"clears_at\":1796144400000},"
		"{\"gate\":\"window\",\"why\":\"closed at that time\",\"who\":\"time\",\"clears_at\":1796202000000}]";
	desk_keys(d, ":deploy 2.13.6 dev at 2026-12-01 18:00 Europe/Paris\r");
	assert_int_equal(desk_posts(d), 1);
	assert_true(desk_sees(d, "#900"));
	assert_true(desk_sees(d, "; window until 2026-12-02T09:00Z: closed at that time (time)"));
}

static void a_time_that_the_clocks_skip_is_named_with_the_gap(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 160);

	(void)state;
	desk_keys(d, "Gu");
	desk_answer_panel(d, "2027-03-28 02:30 Europe/Paris");
	desk_keys(d, "\r");
	assert_true(desk_sees(d, " is skipped: the clocks go from 02:00 to 03:00; "));
	assert_int_equal(desk_posts(d), 0);
	desk_key(d, INPUT_CTRL('U'));
	desk_keys(d, "2027-10-31 02:30 Europe/Paris");
	assert_true(desk_sees(d, "02:30 Europe/Paris = 2027-10-31T00:30Z (1st of 2)"));
}

static void a_time_before_a_window_opens_is_said_to_be_too_early(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	desk_keys(d, "u");
	desk_answer_panel(d, "2026-11-20 09:00");
	assert_true(desk_sees(d, "then still held by window until 2026-11-20T09:14Z"));
	desk_key(d, INPUT_BACKSPACE);
	desk_key(d, INPUT_BACKSPACE);
	desk_keys(d, "30");
	assert_false(desk_sees(d, "then still held"));
}

static void a_command_schedules_with_the_same_reader_of_times(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	desk_keys(d, ":deploy 2.13.6 dev at 2026-12-01 18:00 Europe/Paris\r");
	assert_int_equal(desk_posts(d), 1);
	assert_int_equal(json_int(desk_body(d, 0), "not_before", 0), 1796144400000);
	assert_string_equal(json_text(desk_body(d, 0), "version"), "2.13.6");
	desk_keys(d, ":deploy 2.13.6 dev at Europe/Paris\r");
	assert_true(desk_sees(d, "is no time"));
	desk_keys(d, "\x1b:deploy 2.13.6 dev 18:00\r");
	assert_true(desk_sees(d, "too many words"));
	assert_int_equal(desk_posts(d), 1);
	/* a protected one is armed, and the countdown says the time */
	desk_keys(d, "\x1b:deploy 2.13.6 prod at 2026-12-01 18:00\r");
	assert_true(desk_sees(d, "prod 2.13.5 → 2.13.6 at 2026-12-01T18:00Z"));
	assert_true(desk_arm_and_wait(d, "prod\r"));
	assert_int_equal(desk_posts(d), 2);
}

static void what_is_scheduled_is_moved_and_cancelled_where_it_waits(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	desk_keys(d, "vGu");
	assert_true(desk_sees(d, "now: scheduled for 2026-11-20T18:00Z"));
	desk_answer_panel(d, "2026-11-20 20:00\r");
	assert_string_equal(desk_path(d, 0), "/v1/deployments/821/move");
	assert_int_equal(json_int(desk_body(d, 0), "not_before", 0), 1795204800000);
	desk_keys(d, ":move 821 2026-11-20 21:00 Europe/London\r");
	assert_int_equal(json_int(desk_body(d, 1), "not_before", 0), 1795208400000);
	/* what is not scheduled is not moved */
	desk_keys(d, ":move 820 2026-11-20 21:00\r\x1b");
	assert_int_equal(desk_posts(d), 2);
	assert_true(desk_sees(d, "x stop #821"));
	desk_keys(d, "x");
	assert_int_equal(desk_posts(d), 3);
	assert_string_equal(desk_path(d, 2), "/v1/deployments/821/stop");
}

/* ---- locks ---- */

static void locks_are_commands_with_a_time_and_a_reason(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	desk_keys(d, ":lock dev for 1h load test\r");
	assert_string_equal(desk_path(d, 0), "/v1/environments/dev/lock");
	assert_int_equal(json_int(desk_body(d, 0), "for_ms", 0), 3600000);
	assert_string_equal(json_text(desk_body(d, 0), "reason"), "load test");
	assert_true(json_is_false(json_object_get(desk_body(d, 0), "steal")));
	desk_keys(d, ":lock preprod steal for days\r");
	assert_string_equal(json_text(desk_body(d, 1), "reason"), "for days");
	assert_true(json_is_true(json_object_get(desk_body(d, 1), "steal")));
	assert_int_equal(json_int(desk_body(d, 1), "for_ms", -1), 0);
	desk_keys(d, ":unlock dev\r:resume dev it is fine\r");
	assert_string_equal(desk_path(d, 2), "/v1/environments/dev/unlock");
	assert_string_equal(desk_path(d, 3), "/v1/environments/dev/resume");
	assert_string_equal(json_text(desk_body(d, 3), "reason"), "it is fine");
}

static void a_lock_without_a_reason_is_asked_for_one_and_a_protected_one_armed(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	(void)state;
	desk_keys(d, ":lock prod\r");
	assert_true(desk_sees(d, "lock prod"));
	desk_answer_panel(d, "freeze\r");
	assert_int_equal(desk_posts(d), 0);
	assert_true(desk_arm_and_wait(d, "prod\r"));
	assert_int_equal(desk_posts(d), 1);
	assert_string_equal(desk_path(d, 0), "/v1/environments/prod/lock");
	assert_string_equal(json_text(desk_body(d, 0), "reason"), "freeze");
	desk_keys(d, ":lock nowhere x\r");
	assert_true(desk_sees(d, "there is no environment nowhere"));
}

static void a_lock_is_told_with_owner_reason_and_end(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 100);

	(void)state;
	desk_keys(d, "j");
	assert_true(desk_sees(d, "locked by carol until 2026-11-20T03:54Z: load test of the new search"));
}

/* ---- all of them ---- */

static void typed_commands_complete_their_words(void **state)
{
	static const struct { const char *keys, *then; } rows[] = {
		{ ":feat\t", ":feature" }, { ":feature pre\t", ":feature preprod " },
		{ ":feature prod loy\t", ":feature prod loyalty " }, { ":feature prod loyalty of\t", ":feature prod loyalty off " },
		{ ":unl\t", ":unlock " }, { ":lock d\t", ":lock dev " }, { ":mov\t", ":move " }, { ":approve 82\t", ":approve 82" },
		{ ":deploy 2.14.0 pro\t", ":deploy 2.14.0 prod " }, { ":deploy 2.14.0 prod a\t", ":deploy 2.14.0 prod at " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);
		AUTO(mem_auto_free) char *typed = NULL;

		desk_keys(d, rows[i].keys);
		typed = mem_printf(":%s", prompt_text(d->console->line));
		if (strncmp(typed, rows[i].then, strlen(rows[i].then)) != 0)
			fail_msg("%s: \"%s\", not \"%s\"", rows[i].keys, typed, rows[i].then);
	}
}

static void a_read_only_console_asks_nothing_and_sends_nothing(void **state)
{
	static const char *const ways[] = {
		"Gfp", "vjo", "vjr", "vGu", "vGx", "Gu", "Gb", "d", "w", ":feature dev checkout off\r", ":lock dev x\r",
		":unlock dev\r", ":resume dev\r", ":move 821 2026-11-20 20:00\r", ":approve 822 x\r", ":reject 822 x\r",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		struct console_options options = { .seed = "s", .rows = 24, .cols = 80, .read_only = true };
		AUTO(desk_auto_free) struct desk *d = desk_new_with("policy", &options);

		desk_up(d);
		desk_keys(d, ways[i]);
		if (d->console->panel.kind != PANEL_NONE)
			fail_msg("%s opened a panel", ways[i]);
		desk_answer_panel(d, "x\rprod\r");
		desk_wait(d, DESK_COUNTDOWN_MS);
		if (desk_posts(d))
			fail_msg("%s was sent", ways[i]);
	}
}

static void a_lost_link_takes_every_question_away(void **state)
{
	static const char *const ways[] = { "vjo", "Gu", "Gb", "d" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

		desk_keys(d, ways[i]);
		assert_int_not_equal(d->console->panel.kind, PANEL_NONE);
		desk_down(d, "gone");
		desk_up(d);
		if (d->console->panel.kind != PANEL_NONE)
			fail_msg("%s: the panel stayed", ways[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_feature_of_an_open_environment_is_pulled_with_one_key),
		cmocka_unit_test(a_feature_of_a_protected_environment_is_armed_like_a_deployment),
		cmocka_unit_test(a_feature_that_is_not_in_the_environment_is_not_changed),
		cmocka_unit_test(another_environment_on_the_features_screen_disarms),
		cmocka_unit_test(a_feature_that_changed_under_the_key_is_left_alone),
		cmocka_unit_test(old_data_asks_for_the_name_before_a_feature_changes),
		cmocka_unit_test(a_feature_command_goes_the_same_way),
		cmocka_unit_test(a_rollback_offers_the_smaller_step_first),
		cmocka_unit_test(the_whole_rollback_is_one_more_key),
		cmocka_unit_test(a_choice_in_a_protected_environment_is_armed_and_counted_down),
		cmocka_unit_test(what_was_pulled_already_is_no_smaller_step),
		cmocka_unit_test(a_choice_that_is_no_longer_true_goes_away),
		cmocka_unit_test(a_reason_goes_with_the_next_action_only),
		cmocka_unit_test(a_deployment_says_what_it_does_to_the_data_before_the_name_is_typed),
		cmocka_unit_test(an_override_is_told_to_whoever_approves_it),
		cmocka_unit_test(pasted_text_is_a_reason_and_no_key),
		cmocka_unit_test(what_waits_is_told_with_all_that_an_approval_is_bound_to),
		cmocka_unit_test(an_approval_carries_the_plan_that_was_seen_and_why),
		cmocka_unit_test(ones_own_request_is_another_persons_to_approve),
		cmocka_unit_test(a_plan_that_changed_takes_the_question_away),
		cmocka_unit_test(another_applications_approval_is_armed_and_sent_as_its_own),
		cmocka_unit_test(approvals_are_given_by_command_too),
		cmocka_unit_test(a_schedule_asks_for_its_time_and_says_what_it_understood),
		cmocka_unit_test(a_time_before_a_window_opens_is_said_to_be_too_early),
		cmocka_unit_test(a_schedule_that_meets_a_closed_window_is_told_so),
		cmocka_unit_test(a_time_that_the_clocks_skip_is_named_with_the_gap),
		cmocka_unit_test(a_command_schedules_with_the_same_reader_of_times),
		cmocka_unit_test(what_is_scheduled_is_moved_and_cancelled_where_it_waits),
		cmocka_unit_test(locks_are_commands_with_a_time_and_a_reason),
		cmocka_unit_test(a_lock_without_a_reason_is_asked_for_one_and_a_protected_one_armed),
		cmocka_unit_test(a_lock_is_told_with_owner_reason_and_end),
		cmocka_unit_test(typed_commands_complete_their_words),
		cmocka_unit_test(a_read_only_console_asks_nothing_and_sends_nothing),
		cmocka_unit_test(a_lost_link_takes_every_question_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
