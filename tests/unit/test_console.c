/* The console's core with somebody at the keys: what is shown, what is asked, what is sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "tests/tools/desk.h"
#include "tests/tools/scene.h"
#include "tui/input.h"
#include "tui/list.h"
#include "views/keys.h"
#include "views/select.h"
#include "views/view.h"

/* The lists begin at prod; dev is the last of three. */
static void select_dev(struct desk *d)
{
	desk_keys(d, "G");
	assert_string_equal(select_environment(d->console)->name, "dev");
}

static void the_key_table_is_sound(void **state)
{
	struct err err = { 0 };

	(void)state;
	if (!keymap_check(&keys_map, &err))
		fail_msg("%s", err.text);
	/* They end escape sequences. */
	assert_null(keymap_find(&keys_map, ON_ALL, 'D'));
	assert_null(keymap_find(&keys_map, ON_ALL, 'R'));
}

static void the_readme_names_every_key(void **state)
{
	AUTO(buf_done) struct buf readme = { 0 };
	struct err err = { 0 };

	(void)state;
	if (!file_read("README.md", 1 << 20, &readme, &err))
		fail_msg("%s", err.text);
	for (size_t i = 0; i < keys_map.n; i++) {
		char key[INPUT_NAME_SIZE];
		AUTO(mem_auto_free) char *quoted = mem_printf("`%s`", input_key_name(keys_map.rows[i].key, key));

		/* Arrows go without saying which. */
		if (keys_map.rows[i].key != INPUT_LEFT && keys_map.rows[i].key != INPUT_RIGHT && !strstr(readme.data, quoted))
			fail_msg("README.md does not name %s (%s)", quoted, keys_map.rows[i].name);
	}
}

static void every_view_has_a_name_a_bit_and_a_drawing(void **state)
{
	unsigned seen = 0;

	(void)state;
	for (size_t i = 0; view_registry[i]; i++) {
		assert_non_null(view_registry[i]->name);
		assert_non_null(view_registry[i]->draw);
		assert_int_equal(seen & view_registry[i]->context, 0);
		seen |= view_registry[i]->context;
		assert_ptr_equal(view_find(view_registry[i]->name), view_registry[i]);
	}
	assert_int_equal(seen, ON_ALL);
	assert_null(view_find("nonsense"));
}

static void the_first_frame_comes_before_the_first_answer(void **state)
{
	struct console_options options = { .seed = "s", .rows = 24, .cols = 80 };
	AUTO(desk_auto_free) struct desk *d = desk_new_with("shop", &options);

	(void)state;
	assert_int_equal(d->frames, 1);
	assert_int_equal(json_array_size(d->gets), 0);
	assert_true(desk_sees(d, "connecting"));
	desk_up(d);
	assert_true(desk_sees(d, "PROTECTED prod  live 2.13.5  SAFE"));
}

static void an_open_environment_is_deployed_to_with_one_key(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("shop", 24, 80);
	const json_t *body;

	(void)state;
	select_dev(d);
	assert_true(desk_sees(d, "d deploy 2.14.1→dev"));
	desk_keys(d, "d");
	assert_int_equal(desk_posts(d), 1);
	body = json_object_get(desk_post(d, 0), "body");
	assert_string_equal(json_text(desk_post(d, 0), "path"), "/v1/deployments");
	assert_string_equal(json_text(body, "environment"), "dev");
	assert_string_equal(json_text(body, "version"), "2.14.1");
	assert_string_equal(json_text(body, "expect"), "2.14.0");
	assert_int_equal(strlen(json_text(body, "digest")), 64);
	assert_string_equal(json_text(body, "key"), "seed-1");
}

static void a_configuration_that_never_was_valid_is_not_called_the_old_one(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("shop", 24, 80);
	AUTO(json_auto_decref) json_t *status = json_pack("{s:[], s:{s:b, s:[s]}}", "apps", "config", "valid", 0, "mistakes",
	                                                  "slipway.json:1:1: this is no JSON");

	(void)state;
	model_status_done(&d->console->status);
	model_status_read(status, &d->console->status);
	desk_resize(d, 24, 81);
	assert_true(desk_sees(d, "configuration refused, nothing is in force: slipway.json:1:1"));
}

static void keys_of_two_requests_differ(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("failed", 24, 80);

	(void)state;
	select_dev(d);
	desk_keys(d, "db");
	assert_int_equal(desk_posts(d), 2);
	assert_string_not_equal(json_text(json_object_get(desk_post(d, 0), "body"), "key"),
	                        json_text(json_object_get(desk_post(d, 1), "body"), "key"));
	assert_string_equal(json_text(json_object_get(desk_post(d, 1), "body"), "kind"), "rollback");
}

static void a_protected_environment_asks_for_its_name_and_counts_down(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("shop", 24, 80);

	(void)state;
	desk_keys(d, "d");
	assert_true(desk_sees(d, "prod 2.13.5 → 2.14.1"));
	desk_wait(d, 500);
	desk_keys(d, "prod\r");
	assert_true(desk_sees(d, "in 3 s"));
	assert_true(desk_sees(d, "ARMED prod"));
	desk_wait(d, 2900);
	assert_int_equal(desk_posts(d), 0);
	desk_wait(d, 200);
	assert_int_equal(desk_posts(d), 1);
	assert_string_equal(json_text(json_object_get(desk_post(d, 0), "body"), "environment"), "prod");
}

static void a_wrong_name_arms_nothing(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("shop", 24, 80);

	(void)state;
	desk_keys(d, "a");
	desk_wait(d, 500);
	desk_keys(d, "preprod\r");
	assert_true(desk_sees(d, "that is not its name"));
	assert_false(desk_sees(d, "ARMED"));
}

static void a_panel_is_deaf_at_first(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("shop", 24, 80);

	(void)state;
	/* Typed for what was there before: all within 400 ms. */
	desk_keys(d, "aprod\r");
	desk_wait(d, 1000);
	assert_false(desk_sees(d, "ARMED"));
	desk_keys(d, "prod\r");
	assert_true(desk_sees(d, "ARMED prod"));
}

static void armed_one_key_acts_after_the_countdown(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("shop", 24, 80);

	(void)state;
	desk_keys(d, "a");
	desk_wait(d, 500);
	desk_keys(d, "prod\r");
	assert_int_equal(desk_posts(d), 0);
	desk_keys(d, "b");
	assert_true(desk_sees(d, "prod 2.13.5 → 2.13.4"));
	/* Other keys do nothing. */
	desk_keys(d, "dbxqa\r");
	desk_wait(d, 3100);
	assert_int_equal(desk_posts(d), 1);
	assert_string_equal(json_text(json_object_get(desk_post(d, 0), "body"), "kind"), "rollback");
	assert_int_equal(d->quit, -1);
}

static void escape_cancels_a_countdown_up_to_its_last_moment(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("shop", 24, 80);
	struct input_event esc = { .kind = INPUT_KEY, .key = INPUT_ESC };

	(void)state;
	desk_keys(d, "a");
	desk_wait(d, 500);
	desk_keys(d, "prod\rb");
	desk_wait(d, 2990);
	/* The key and the end of the countdown are seen in the same turn. */
	d->now_ms += 10;
	desk_event(d, (struct console_event){ .kind = EVENT_INPUT, .input = &esc });
	desk_wait(d, 5000);
	assert_int_equal(desk_posts(d), 0);
	assert_true(desk_sees(d, "ARMED prod"));
}

enum upset { UPSET_SUSPEND, UPSET_RECONNECT, UPSET_DOWN, UPSET_SELECTION, UPSET_QUIET, UPSET_TIME, UPSET_AGAIN };

static void upset(struct desk *d, enum upset what)
{
	switch (what) {
	case UPSET_SUSPEND: desk_key(d, INPUT_CTRL('Z')); break;
	case UPSET_RECONNECT: desk_down(d, "gone"); desk_up(d); break;
	case UPSET_DOWN: desk_down(d, "gone"); break;
	case UPSET_SELECTION: desk_keys(d, "j"); break;
	case UPSET_QUIET: desk_wait(d, 61000); break;
	case UPSET_AGAIN: desk_keys(d, "a"); break;
	case UPSET_TIME:
		for (int i = 0; i < 11; i++) {
			desk_wait(d, 30000);
			desk_key(d, INPUT_CTRL('L'));
		}
		break;
	}
}

static void what_takes_the_eyes_away_disarms(void **state)
{
	(void)state;
	for (int what = UPSET_SUSPEND; what <= UPSET_AGAIN; what++) {
		AUTO(desk_auto_free) struct desk *d = desk_new("failed", 24, 80);

		desk_keys(d, "a");
		desk_wait(d, 500);
		desk_keys(d, "prod\r");
		assert_true(desk_sees(d, "ARMED prod"));
		upset(d, (enum upset)what);
		if (desk_sees(d, "ARMED"))
			fail_msg("still armed after upset %d", what);
		assert_int_equal(desk_posts(d), 0);
	}
}

static void a_lost_link_stops_a_countdown(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("failed", 24, 80);

	(void)state;
	desk_keys(d, "d");
	desk_wait(d, 500);
	desk_keys(d, "prod\r");
	desk_down(d, "connection reset");
	desk_up(d);
	desk_wait(d, 5000);
	assert_int_equal(desk_posts(d), 0);
}

static void a_change_of_what_is_live_stops_a_countdown(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("failed", 24, 80);

	(void)state;
	desk_keys(d, "d");
	desk_wait(d, 500);
	desk_keys(d, "prod\r");
	/* 2.13.4 is live there now. */
	desk_set_scene(d, "rollback");
	desk_wait(d, 5000);
	assert_int_equal(desk_posts(d), 0);
	assert_true(desk_sees(d, "prod changed: 2.13.4 is live now"));
}

static void a_key_for_what_is_no_longer_shown_does_nothing(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("shop", 24, 80);

	(void)state;
	select_dev(d);
	d->hidden = true;
	/* The model moves on, the terminal still shows the frame before. */
	desk_set_scene(d, "moved");
	desk_keys(d, "d");
	assert_int_equal(desk_posts(d), 0);
	d->hidden = false;
	desk_key(d, INPUT_CTRL('L'));
	desk_keys(d, "d");
	assert_int_equal(desk_posts(d), 1);
	assert_string_equal(json_text(json_object_get(desk_post(d, 0), "body"), "expect"), "2.14.2");
}

static void old_data_asks_for_the_name_even_when_open_or_armed(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("failed", 24, 80);

	(void)state;
	select_dev(d);
	d->silent = true;
	desk_wait(d, 20000);
	assert_true(desk_sees(d, "STALE"));
	desk_keys(d, "d");
	assert_int_equal(desk_posts(d), 0);
	assert_true(desk_sees(d, "the data is old"));
	desk_wait(d, 500);
	desk_keys(d, "dev\r");
	assert_int_equal(desk_posts(d), 1);
}

static void pasted_text_never_acts(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("shop", 24, 80);

	(void)state;
	select_dev(d);
	desk_type(d, "\x1b[200~dbx\x1b[201~");
	desk_wait(d, 1000);
	assert_int_equal(desk_posts(d), 0);
	desk_keys(d, "g");
	desk_keys(d, "a");
	desk_wait(d, 500);
	desk_type(d, "\x1b[200~prod\r\x1b[201~");
	desk_wait(d, 1000);
	assert_true(desk_sees(d, "pasted text is refused"));
	desk_keys(d, "\r");
	assert_false(desk_sees(d, "ARMED"));
}

static void a_read_only_console_sends_nothing(void **state)
{
	struct console_options options = { .seed = "s", .rows = 24, .cols = 80, .read_only = true };
	AUTO(desk_auto_free) struct desk *d = desk_new_with("shop", &options);

	(void)state;
	desk_up(d);
	assert_true(desk_sees(d, "READ-ONLY"));
	select_dev(d);
	desk_keys(d, "dbx");
	desk_keys(d, "ga");
	desk_wait(d, 500);
	desk_keys(d, "prod\rd");
	desk_wait(d, 5000);
	assert_int_equal(desk_posts(d), 0);
}

static void a_screen_that_is_too_small_acts_on_nothing(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("shop", 24, 80);

	(void)state;
	select_dev(d);
	desk_resize(d, 14, 80);
	assert_true(desk_sees(d, "60x15 at least"));
	desk_keys(d, "dbx");
	desk_resize(d, 24, 80);
	assert_int_equal(desk_posts(d), 0);
	assert_string_equal(select_environment(d->console)->name, "dev");
	desk_keys(d, "d");
	assert_int_equal(desk_posts(d), 1);
}

static void a_name_too_long_for_the_footer_cannot_be_acted_on(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("long", 15, 60);

	(void)state;
	desk_keys(d, "d");
	assert_int_equal(desk_posts(d), 0);
	desk_resize(d, 24, 120);
	desk_keys(d, "d");
	assert_int_equal(desk_posts(d), 1);
}

static void a_frozen_display_stays_and_acts_on_nothing(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("failed", 24, 80);

	(void)state;
	select_dev(d);
	desk_keys(d, "Z");
	assert_true(desk_sees(d, "FROZEN"));
	desk_set_scene(d, "moved");
	assert_true(desk_sees(d, "live 2.14.0"));
	desk_keys(d, "d");
	assert_int_equal(desk_posts(d), 0);
	desk_keys(d, "\x1bZ");
	assert_true(desk_sees(d, "live 2.14.2"));
}

static void a_running_deployment_is_stopped_with_one_key(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("shop", 24, 80);

	(void)state;
	select_dev(d);
	assert_true(desk_sees(d, "x stop 2.14.1"));
	desk_keys(d, "x");
	assert_int_equal(desk_posts(d), 1);
	assert_string_equal(json_text(desk_post(d, 0), "path"), "/v1/deployments/812/stop");
}

static void another_deployments_screen_does_not_stop_the_running_one(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("shop", 24, 80);

	(void)state;
	/* The fourth of the history is dev's, over long ago. */
	desk_keys(d, "Hjjj\r");
	assert_true(desk_sees(d, "deploy 2.14.0 to dev"));
	desk_keys(d, "x");
	assert_int_equal(desk_posts(d), 0);
}

static void requests_are_coalesced(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("failed", 24, 80);
	size_t before = json_array_size(d->gets), status = 0;

	(void)state;
	d->mute = true;
	for (int i = 0; i < 50; i++)
		desk_row(d, "step.finished");
	for (size_t i = before; i < json_array_size(d->gets); i++)
		status += strcmp(json_string_value(json_array_get(d->gets, i)), "/v1/status") == 0;
	assert_int_equal(status, 1);
}

static void an_engine_that_answers_nothing_useful_is_not_asked_for_ever(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("broken", 24, 80);
	size_t before;

	(void)state;
	desk_keys(d, "H");
	desk_keys(d, "\x1b\x1b");
	desk_keys(d, "Gt");
	before = json_array_size(d->gets);
	assert_true(before < 30);
	desk_wait(d, 60000);
	assert_int_equal(json_array_size(d->gets), before);
}

static void idle_wants_nothing_but_one_timer_for_staleness(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("failed", 24, 80);
	int frames = d->frames;

	(void)state;
	assert_true(console_next_ms(d->console) > 14000);
	desk_wait(d, 120000);
	assert_int_equal(d->frames, frames);
}

static void a_live_event_is_shown_without_asking(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("shop", 24, 80);
	AUTO(json_auto_decref) json_t *data = json_pack("{s:i, s:i, s:{s:i, s:i, s:i}}", "deployment", 812, "log_size", 9000,
	                                                "tests", "ok", 200, "fail", 2, "planned", 214);
	size_t before = json_array_size(d->gets);

	(void)state;
	desk_event(d, (struct console_event){ .kind = EVENT_STREAM, .name = "live", .answer = data });
	desk_wait(d, 300);
	assert_true(desk_sees(d, "tests: 200 ok  2 FAIL  12 wait"));
	assert_int_equal(json_array_size(d->gets), before);
}

static void the_selection_stays_with_its_build(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("failed", 24, 80);

	(void)state;
	desk_keys(d, "\tjj");
	assert_string_equal(select_build(d->console)->version, "2.13.6");
	/* A new build arrives on top. */
	d->scene = "moved";
	desk_row(d, "build.added");
	assert_string_equal(select_build(d->console)->version, "2.13.6");
	assert_true(desk_sees(d, "2.14.2"));
}

static void a_hundred_thousand_builds_are_a_window(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("many", 24, 80);
	size_t before;

	(void)state;
	desk_keys(d, "\t");
	assert_string_equal(select_build(d->console)->version, "1.0.100000");
	before = json_array_size(d->gets);
	desk_keys(d, "G");
	assert_string_equal(select_build(d->console)->version, "1.0.1");
	assert_true(desk_sees(d, "1.0.1→prod"));
	assert_true(json_array_size(d->gets) - before <= 2);
	for (int i = 0; i < 200; i++)
		desk_keys(d, "k");
	assert_string_equal(select_build(d->console)->version, "1.0.201");
	desk_keys(d, "g");
	assert_string_equal(select_build(d->console)->version, "1.0.100000");
	assert_true(d->console->builds.n <= 500);
}

static void builds_are_searched_by_the_engine(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("failed", 24, 80);

	(void)state;
	desk_keys(d, "/pictures\r");
	assert_true(desk_sees(d, "2 found: pictures"));
	assert_string_equal(select_build(d->console)->version, "2.12.8");
	desk_keys(d, "n");
	assert_string_equal(select_build(d->console)->version, "2.12.7");
	desk_keys(d, "N\x1b");
	assert_false(desk_sees(d, "found"));
	assert_true(desk_sees(d, "2.14.1"));
}

static void commands_do_what_keys_do_by_the_same_way(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("failed", 24, 80);

	(void)state;
	desk_keys(d, ":deploy 2.13.6 dev\r");
	assert_int_equal(desk_posts(d), 1);
	assert_string_equal(json_text(json_object_get(desk_post(d, 0), "body"), "version"), "2.13.6");
	desk_keys(d, ":deploy 2.13.6 prod\r");
	assert_int_equal(desk_posts(d), 1);
	assert_true(desk_sees(d, "prod 2.13.5 → 2.13.6"));
	desk_wait(d, 500);
	desk_keys(d, "\x1b:env preprod\r");
	assert_string_equal(select_environment(d->console)->name, "preprod");
	desk_keys(d, ":deploy 9.9.9 dev\r");
	assert_int_equal(desk_posts(d), 1);
	desk_keys(d, "\x1b:nonsense\r");
	assert_true(desk_sees(d, "no command \"nonsense\" here"));
	desk_keys(d, ":q\r");
	assert_int_equal(d->quit, 0);
}

static void commands_complete(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("failed", 24, 80);

	(void)state;
	desk_keys(d, ":env pre\t");
	assert_true(desk_sees(d, ":env preprod"));
	desk_keys(d, "\r");
	assert_string_equal(select_environment(d->console)->name, "preprod");
}

static void errors_stay_until_they_are_put_away(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("failed", 24, 80);
	AUTO(mem_auto_free) char *line = NULL;

	(void)state;
	/* given: an action that the engine refuses, in more words than the line has room for */
	d->refusing = "lock";
	d->refusal = "deploy 2.14.1 to dev: bob holds the lock of dev since this morning, because the load test of the new "
		"search must not be disturbed";
	select_dev(d);
	desk_keys(d, "d");

	/* when: other keys */
	desk_keys(d, "jk");
	/* then: it stays, and the line says where the rest is */
	assert_true(desk_sees(d, "bob holds the lock"));
	line = desk_line(d, 22);
	assert_non_null(strstr(line, "  e errors"));
	desk_keys(d, "\x1b");
	assert_false(desk_sees(d, "bob holds"));
	desk_keys(d, "e");
	assert_true(desk_sees(d, "must not be disturbed"));
}

static void what_a_key_could_not_do_gives_way_to_the_next(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("failed", 24, 80);
	size_t depth;

	(void)state;
	desk_keys(d, ":nonsense\r");
	assert_true(desk_sees(d, "no command \"nonsense\""));
	desk_keys(d, "j");
	assert_false(desk_sees(d, "nonsense"));

	/* Esc puts it away and closes nothing. */
	desk_keys(d, "H:nonsense\r");
	depth = d->console->depth;
	desk_keys(d, "\x1b");
	assert_false(desk_sees(d, "nonsense"));
	assert_int_equal(d->console->depth, depth);

	/* It does not hide what the next key comes to. */
	desk_keys(d, "\x1b:nonsense\r");
	select_dev(d);
	desk_keys(d, "d");
	assert_true(desk_sees(d, "#900"));
	desk_keys(d, "e");
	assert_true(desk_sees(d, "no command \"nonsense\""));
}

static void what_stands_is_read_in_full_among_the_errors(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("shop", 24, 80);
	AUTO(json_auto_decref) json_t *event = json_pack("{s:s, s:s, s:{s:b, s:s}, s:s}", "app", "shop", "environment", "prod",
		"health", "ok", 0, "text", "HAProxy does not run", "attention", "not as it should be, tried again every 10 s: the "
		"preview port of api: port 21002 is taken by pid 1234 (haproxy)");

	(void)state;
	desk_event(d, (struct console_event){ .kind = EVENT_STREAM, .name = "health", .answer = event });
	desk_resize(d, 24, 80);
	assert_true(desk_sees(d, "prod: not as it should be"));
	assert_true(desk_sees(d, "(haproxy)"));
	desk_keys(d, "e");
	assert_true(desk_sees(d, "taken by pid 1234 (haproxy)"));
	assert_false(desk_sees(d, " none"));
}

static void a_log_is_copied_and_saved_cleaned(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("hostile", 24, 80);

	(void)state;
	desk_keys(d, "Gly");
	assert_non_null(d->copied);
	assert_null(strchr(d->copied, '\x1b'));
	desk_keys(d, "S");
	assert_string_equal(d->saved_file, "slipway-812.log");
	assert_null(strchr(d->saved, '\x1b'));
	assert_non_null(strstr(d->saved, "plain"));
}

static void scrolling_up_stops_following_and_the_end_follows_again(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("shop", 24, 80);

	(void)state;
	desk_keys(d, "l");
	assert_true(desk_sees(d, "following"));
	desk_keys(d, "k");
	assert_true(desk_sees(d, "stays"));
	desk_keys(d, "j");
	assert_true(desk_sees(d, "following"));
	desk_keys(d, "g");
	assert_true(desk_sees(d, "== gate"));
	desk_keys(d, "G");
	assert_true(desk_sees(d, "ok 189"));
}

static void ctrl_c_asks_and_changes_nothing(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("shop", 24, 80);

	(void)state;
	desk_key(d, INPUT_CTRL('C'));
	assert_true(desk_sees(d, "Quit the console?"));
	desk_keys(d, "\r");
	assert_int_equal(d->quit, -1);
	desk_wait(d, 500);
	desk_key(d, INPUT_CTRL('C'));
	assert_false(desk_sees(d, "Quit the console?"));
	desk_key(d, INPUT_CTRL('C'));
	desk_wait(d, 500);
	desk_keys(d, "\r");
	assert_int_equal(d->quit, 0);
}

static void a_hang_up_quits_with_129(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("shop", 24, 80);

	(void)state;
	desk_event(d, (struct console_event){ .kind = EVENT_HANGUP });
	assert_int_equal(d->quit, 129);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_key_table_is_sound),
		cmocka_unit_test(the_readme_names_every_key),
		cmocka_unit_test(every_view_has_a_name_a_bit_and_a_drawing),
		cmocka_unit_test(the_first_frame_comes_before_the_first_answer),
		cmocka_unit_test(an_open_environment_is_deployed_to_with_one_key),
		cmocka_unit_test(a_configuration_that_never_was_valid_is_not_called_the_old_one),
		cmocka_unit_test(keys_of_two_requests_differ),
		cmocka_unit_test(a_protected_environment_asks_for_its_name_and_counts_down),
		cmocka_unit_test(a_wrong_name_arms_nothing),
		cmocka_unit_test(a_panel_is_deaf_at_first),
		cmocka_unit_test(armed_one_key_acts_after_the_countdown),
		cmocka_unit_test(escape_cancels_a_countdown_up_to_its_last_moment),
		cmocka_unit_test(what_takes_the_eyes_away_disarms),
		cmocka_unit_test(a_lost_link_stops_a_countdown),
		cmocka_unit_test(a_change_of_what_is_live_stops_a_countdown),
		cmocka_unit_test(a_key_for_what_is_no_longer_shown_does_nothing),
		cmocka_unit_test(old_data_asks_for_the_name_even_when_open_or_armed),
		cmocka_unit_test(pasted_text_never_acts),
		cmocka_unit_test(a_read_only_console_sends_nothing),
		cmocka_unit_test(a_screen_that_is_too_small_acts_on_nothing),
		cmocka_unit_test(a_name_too_long_for_the_footer_cannot_be_acted_on),
		cmocka_unit_test(a_frozen_display_stays_and_acts_on_nothing),
		cmocka_unit_test(a_running_deployment_is_stopped_with_one_key),
		cmocka_unit_test(another_deployments_screen_does_not_stop_the_running_one),
		cmocka_unit_test(requests_are_coalesced),
		cmocka_unit_test(an_engine_that_answers_nothing_useful_is_not_asked_for_ever),
		cmocka_unit_test(idle_wants_nothing_but_one_timer_for_staleness),
		cmocka_unit_test(a_live_event_is_shown_without_asking),
		cmocka_unit_test(the_selection_stays_with_its_build),
		cmocka_unit_test(a_hundred_thousand_builds_are_a_window),
		cmocka_unit_test(builds_are_searched_by_the_engine),
		cmocka_unit_test(commands_do_what_keys_do_by_the_same_way),
		cmocka_unit_test(commands_complete),
		cmocka_unit_test(errors_stay_until_they_are_put_away),
		cmocka_unit_test(what_a_key_could_not_do_gives_way_to_the_next),
		cmocka_unit_test(what_stands_is_read_in_full_among_the_errors),
		cmocka_unit_test(a_log_is_copied_and_saved_cleaned),
		cmocka_unit_test(scrolling_up_stops_following_and_the_end_follows_again),
		cmocka_unit_test(ctrl_c_asks_and_changes_nothing),
		cmocka_unit_test(a_hang_up_quits_with_129),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
