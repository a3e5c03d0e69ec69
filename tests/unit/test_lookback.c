/* The console looks at what is over: everything is asked as of then, and nothing can be done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "tests/tools/desk.h"
#include "tui/input.h"
#include "views/keys.h"
#include "views/select.h"
#include "views/typed.h"
#include "views/view.h"

/* 2026-11-20T03:00:00Z, fourteen minutes before the desk's clock */
#define THEN "1795143600000"

static void look_there(struct desk *d)
{
	json_array_clear(d->gets);
	desk_keys(d, ":at 2026-11-20 04:00 Europe/Paris\r");
}

static size_t gets_with(const struct desk *d, const char *text)
{
	const json_t *path;
	size_t i, n = 0;

	json_array_foreach(d->gets, i, path)
		n += strstr(json_string_value(path), text) != NULL;
	return n;
}

static void every_question_is_asked_as_of_then(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("shop", 24, 80);

	/* when: there, and through the screens */
	(void)state;
	look_there(d);
	desk_keys(d, "H\x1b" "m\x1b" "c\x1b" "t\x1b" "l\x1b");

	/* then */
	assert_true(json_array_size(d->gets) > 6);
	assert_int_equal(gets_with(d, "at=" THEN), json_array_size(d->gets));
	assert_int_equal(gets_with(d, "/v1/status?at=" THEN), 1);
	assert_true(desk_sees(d, "AS OF 2026-11-20 03:00:00Z"));
}

static void news_of_the_present_are_no_news_then(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("shop", 24, 80);

	/* given */
	(void)state;
	look_there(d);
	json_array_clear(d->gets);

	/* when */
	desk_row(d, "deployment.finished");
	desk_wait(d, 60000);

	/* then: nothing is asked, and time stands still */
	assert_int_equal(json_array_size(d->gets), 0);
	assert_true(desk_sees(d, "AS OF 2026-11-20 03:00:00Z"));
}

static void now_is_the_present_again(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("shop", 24, 80);

	/* given */
	(void)state;
	look_there(d);
	json_array_clear(d->gets);

	/* when */
	desk_keys(d, ":at now\r");

	/* then */
	assert_int_equal(gets_with(d, "at="), 0);
	assert_int_equal(gets_with(d, "/v1/status"), 1);
	assert_false(desk_sees(d, "AS OF"));
	assert_true(desk_sees(d, "d deploy 2.14.1→prod"));
}

static void what_was_listed_is_gone_until_the_answer_is_there(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("shop", 24, 80);

	/* given: history is listed, and the engine answers nothing more */
	(void)state;
	desk_keys(d, "HG");
	d->mute = true;

	/* when */
	look_there(d);
	desk_keys(d, "Gkg\rl");

	/* then: it goes on, and shows nothing of another time */
	desk_keys(d, "\x1b\x1b\x1bH");
	assert_false(desk_sees(d, "rollback"));
}

static void spans_go_on_from_where_one_is(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("shop", 24, 80);

	(void)state;
	look_there(d);
	desk_keys(d, ":at -90m\r");
	assert_true(desk_sees(d, "AS OF 2026-11-20 01:30:00Z"));
	desk_keys(d, ":at +30m\r");
	assert_true(desk_sees(d, "AS OF 2026-11-20 02:00:00Z"));
	desk_keys(d, ":at +1d\r");
	assert_true(desk_sees(d, "still to come"));
	desk_keys(d, ":at the other day\r");
	assert_true(desk_sees(d, "AS OF 2026-11-20 02:00:00Z"));
}

static void no_key_and_no_command_changes_what_is_over(void **state)
{
	static const char *const ways[] = {
		"d", "b", "x", "a", "Gd", "Gb", "u", "fp", "vo", "vr", "vx", ":deploy 2.13.6 dev\r", ":lock dev x\r",
		":feature dev checkout off\r", ":resume dev\r", ":approve 822 x\r",
	};
	AUTO(desk_auto_free) struct desk *d = desk_new("policy", 24, 80);

	/* given: prod is armed when the console looks back */
	(void)state;
	desk_keys(d, "ga");
	desk_wait(d, 500);
	desk_keys(d, "prod\r");
	assert_true(desk_sees(d, "ARMED prod"));
	look_there(d);
	assert_false(desk_sees(d, "ARMED"));
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		/* when: all that it takes in the present */
		desk_keys(d, "\x1b\x1b\x1b");
		desk_keys(d, ways[i]);
		desk_wait(d, 500);
		desk_keys(d, "because\rprod\r");
		desk_wait(d, 4000);

		/* then */
		assert_int_equal(desk_posts(d), 0);
	}
	desk_keys(d, "\x1b\x1b\x1b" "gd");
	assert_true(desk_sees(d, "this is over; :at now returns"));
}

/* What only looks. Whatever the tables have besides must refuse, so that a new key or command is not forgotten. */
static const char *const looking[] = {
	"open", "close", "pane", "left", "right", "log", "tests", "history", "delivery", "consistency", "groups", "features",
	"waiting", "environment", "errors", "help", "search", "next", "previous", "command", "sort", "follow", "wrap", "times",
	"copy", "save", "freeze", "repaint", "suspend", "quit", "interrupt", "env", "at", "app",
};

static bool only_looks(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(looking); i++)
		if (strcmp(looking[i], name) == 0)
			return true;
	return false;
}

/* A scene, how the console comes to look back in it, and what it says to whoever wants to act there. */
static const struct past { const char *scene; bool is_replay; const char *says; } pasts[] = {
	{ "shop", false, "this is over; :at now returns" },
	{ "policy", false, "this is over; :at now returns" },
	{ "fleet", false, "this is over; :at now returns" },
	{ "replay", true, "this is a replay: nothing in it can be changed" },
};

static void see_refused(struct desk *d, const char *name, const struct past *past)
{
	AUTO(mem_auto_free) char *says = mem_printf("%s refused: %s", name, past->says);

	if (!desk_sees(d, says))
		fail_msg("\"%s\" was not seen:\n%s", says, desk_screen(d));
	assert_int_equal(d->console->panel.kind, PANEL_NONE);
	assert_null(d->console->line);
	assert_int_equal(desk_posts(d), 0);
	desk_key(d, INPUT_ESC);
}

static void every_acting_key_refuses_before_any_other_reason(void **state)
{
	static const struct { unsigned on; const char *way; } screens[] = {
		{ ON_FLEET, ":fleet\r" }, { ON_RELEASES, ":releases\r" }, { ON_DEPLOYMENT, ":releases\r\r" },
		{ ON_LOG, ":releases\r:log\r" }, { ON_TESTS, ":releases\r:tests\r" }, { ON_HISTORY, ":releases\r:history\r" },
		{ ON_ERRORS, ":releases\r:errors\r" }, { ON_HELP, ":releases\r:help\r" },
		{ ON_DELIVERY, ":releases\r:delivery\r" }, { ON_CONSISTENCY, ":releases\r:consistency\r" },
		{ ON_GROUPS, ":releases\r:groups\r" }, { ON_FEATURES, ":releases\r:features\r" },
		{ ON_WAITING, ":releases\r:waiting\r" },
	};
	unsigned seen = 0;

	(void)state;
	for (size_t p = 0; p < ARRAY_LEN(pasts); p++) {
		AUTO(desk_auto_free) struct desk *d = desk_new(pasts[p].scene, 24, 80);

		if (!pasts[p].is_replay)
			look_there(d);
		for (size_t i = 0; i < ARRAY_LEN(screens); i++) {
			desk_keys(d, screens[i].way);
			/* The fleet's first application has no deployment whose screens could be opened. */
			if (select_screen(d->console)->view->context != screens[i].on)
				continue;
			seen |= screens[i].on;
			for (size_t k = 0; k < keys_map.n; k++) {
				const struct keymap_row *row = &keys_map.rows[k];
				AUTO(mem_auto_free) char *typed = mem_printf(":%s\r", row->name);

				if (!(row->contexts & screens[i].on) || only_looks(row->name))
					continue;
				desk_key(d, row->key);
				see_refused(d, row->name, &pasts[p]);
				desk_keys(d, typed);
				see_refused(d, row->name, &pasts[p]);
			}
		}
	}
	assert_int_equal(seen, ON_ALL);
}

static void every_acting_command_refuses_before_any_other_reason(void **state)
{
	(void)state;
	for (size_t p = 0; p < ARRAY_LEN(pasts); p++) {
		AUTO(desk_auto_free) struct desk *d = desk_new(pasts[p].scene, 24, 80);

		if (!pasts[p].is_replay)
			look_there(d);
		for (size_t i = 0; i < typed_ncommands; i++) {
			const char *name = typed_commands[i].name;
			AUTO(mem_auto_free) char *alone = mem_printf(":%s\r", name);
			AUTO(mem_auto_free) char *with_nonsense = mem_printf(":%s no such thing on earth\r", name);

			if (only_looks(name))
				continue;
			/* Alone it may be a key's name, or the beginning of one: ":feature" opens the features. */
			if (!keymap_of_name(&keys_map, ON_ALL, name)) {
				desk_keys(d, alone);
				see_refused(d, name, &pasts[p]);
			}
			desk_keys(d, with_nonsense);
			see_refused(d, name, &pasts[p]);
		}
	}
}

static void a_replay_goes_at_its_own_pace(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("replay", 24, 80);

	/* given: it stands at 03:13:40 and goes at a tenth of the speed */
	(void)state;
	assert_true(desk_sees(d, "REPLAY 2026-11-20 03:13:40Z x0.1"));

	/* when */
	desk_wait(d, 30000);
	desk_key(d, INPUT_CTRL('L'));

	/* then */
	assert_true(desk_sees(d, "REPLAY 2026-11-20 03:13:43Z x0.1"));
	desk_keys(d, "Gd");
	assert_true(desk_sees(d, "this is a replay"));
	desk_keys(d, ":at -10m\r");
	assert_true(desk_sees(d, "its own pace"));
	assert_int_equal(desk_posts(d), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_question_is_asked_as_of_then),
		cmocka_unit_test(news_of_the_present_are_no_news_then),
		cmocka_unit_test(now_is_the_present_again),
		cmocka_unit_test(what_was_listed_is_gone_until_the_answer_is_there),
		cmocka_unit_test(spans_go_on_from_where_one_is),
		cmocka_unit_test(no_key_and_no_command_changes_what_is_over),
		cmocka_unit_test(every_acting_key_refuses_before_any_other_reason),
		cmocka_unit_test(every_acting_command_refuses_before_any_other_reason),
		cmocka_unit_test(a_replay_goes_at_its_own_pace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
