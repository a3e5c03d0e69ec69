/* One table of keys gives behaviour, footer, help and completion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "backend/base/mem.h"
#include "tui/canvas.h"
#include "tui/input.h"
#include "tui/keymap.h"

enum { HOME = 1, LOG = 2 };
enum { ACT_DEPLOY = 1, ACT_BACK, ACT_UP, ACT_FOLLOW, ACT_HELP, ACT_QUIT };

static const struct keymap_row rows[] = {
	{ HOME, 'd', ACT_DEPLOY, "deploy", "deploy", 2, "deploys the selected build" },
	{ HOME, 'b', ACT_BACK, "rollback", "back", 1, "rolls back" },
	{ HOME | LOG, INPUT_UP, ACT_UP, "up", NULL, 0, "moves up" },
	{ HOME | LOG, 'k', ACT_UP, "up", NULL, 0, NULL },
	{ LOG, 'f', ACT_FOLLOW, "follow", "follow", 3, "follows the end" },
	{ LOG, 'd', ACT_FOLLOW, "follow", NULL, 0, NULL },
	{ HOME, '?', ACT_HELP, "help", "help", 1, "shows the keys" },
	{ LOG, '?', ACT_HELP, "help", "help", 1, NULL },
	{ HOME | LOG, 'q', ACT_QUIT, "quit", "quit", 9, "quits" },
};
static const struct keymap map = { rows, ARRAY_LEN(rows) };

static void free_canvas(struct canvas **c)
{
	canvas_free(*c);
}

static void key_means_what_its_context_says(void **state)
{
	(void)state;
	assert_int_equal(keymap_find(&map, HOME, 'd')->action, ACT_DEPLOY);
	assert_int_equal(keymap_find(&map, LOG, 'd')->action, ACT_FOLLOW);
	assert_null(keymap_find(&map, LOG, 'b'));
	assert_null(keymap_find(&map, HOME, 'x'));
}

static void name_may_be_shortened_while_it_is_clear(void **state)
{
	static const struct keymap_row near[] = {
		{ 1, 'a', 1, "log", NULL, 0, "x" }, { 1, 'b', 2, "log-save", NULL, 0, "x" }, { 1, 'c', 3, "live", NULL, 0, "x" },
	};
	const struct keymap near_map = { near, ARRAY_LEN(near) };

	(void)state;
	assert_int_equal(keymap_of_name(&map, HOME, "dep")->action, ACT_DEPLOY);
	assert_null(keymap_of_name(&map, LOG, "deploy"));
	assert_null(keymap_of_name(&map, HOME, ""));
	assert_null(keymap_of_name(&map, HOME, "deployment"));
	assert_int_equal(keymap_of_name(&near_map, 1, "log")->action, 1);
	assert_int_equal(keymap_of_name(&near_map, 1, "log-")->action, 2);
	assert_null(keymap_of_name(&near_map, 1, "l"));
	assert_int_equal(keymap_of_name(&map, HOME, "u")->key, INPUT_UP);
}

static void completion_names_each_action_once(void **state)
{
	(void)state;
	assert_string_equal(keymap_complete(&map, HOME, "", 0), "deploy");
	assert_string_equal(keymap_complete(&map, HOME, "", 2), "up");
	assert_string_equal(keymap_complete(&map, HOME, "", 4), "quit");
	assert_null(keymap_complete(&map, HOME, "", 5));
	assert_string_equal(keymap_complete(&map, LOG, "h", 0), "help");
	assert_null(keymap_complete(&map, LOG, "h", 1));
}

static bool label(void *arg, const struct keymap_row *row, char out[static KEYMAP_LABEL_SIZE])
{
	if (row->action == ACT_DEPLOY)
		snprintf(out, KEYMAP_LABEL_SIZE, "deploy %s", (const char *)arg);
	return row->action != ACT_QUIT;
}

static void footer_says(int cols, keymap_label_fn fn, const char *then)
{
	const struct theme theme = { .depth = THEME_256 };
	AUTO(free_canvas) struct canvas *c = canvas_new(&theme, 1, cols);
	AUTO(mem_auto_free) char *got = NULL;

	keymap_footer(&map, HOME, c, 0, STYLE_HINT, fn, (void *)(uintptr_t)"2.14.0→prod");
	got = canvas_row_dump(c, 0);
	assert_string_equal(got, then);
}

static void footer_names_what_would_happen_and_drops_the_least_important_first(void **state)
{
	(void)state;
	footer_says(60, NULL, " d deploy   b back   ? help   q quit");
	footer_says(60, label, " d deploy 2.14.0→prod   b back   ? help");
	footer_says(39, label, " d deploy 2.14.0→prod   b back   ? help");
	footer_says(38, label, " b back   ? help");
	footer_says(16, label, " b back   ? help");
	footer_says(15, label, " b back");
	footer_says(5, label, "");
}

static void footer_of_an_armed_environment_is_reverse_to_its_end(void **state)
{
	const struct theme theme = { .depth = THEME_256 };
	AUTO(free_canvas) struct canvas *c = canvas_new(&theme, 1, 50);

	(void)state;
	keymap_footer(&map, HOME, c, 0, STYLE_TITLE_ARMED, NULL, NULL);
	for (int col = 0; col < 50; col++)
		assert_int_equal(canvas_at(c, 0, col)->style, STYLE_TITLE_ARMED);
	keymap_footer(&map, HOME, c, 0, STYLE_HINT, NULL, NULL);
	assert_int_equal(canvas_at(c, 0, 1)->style, STYLE_KEY);
	assert_int_equal(canvas_at(c, 0, 3)->style, STYLE_HINT);
}

static void help_lists_each_action_with_all_its_keys(void **state)
{
	static const struct { const char *keys, *name, *help; } then[] = {
		{ "d", "deploy", "deploys the selected build" }, { "b", "rollback", "rolls back" }, { "Up, k", "up", "moves up" },
		{ "f, d", "follow", "follows the end" }, { "?", "help", "shows the keys" }, { "q", "quit", "quits" },
	};
	struct keymap_help help;
	size_t at = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(then); i++) {
		assert_true(keymap_help_next(&map, HOME | LOG, &at, &help));
		assert_string_equal(help.keys, then[i].keys);
		assert_string_equal(help.name, then[i].name);
		assert_string_equal(help.help, then[i].help);
	}
	assert_false(keymap_help_next(&map, HOME | LOG, &at, &help));
	at = 0;
	for (int i = 0; i < 3; i++)
		assert_true(keymap_help_next(&map, LOG, &at, &help));
	assert_string_equal(help.help, "shows the keys");
}

static void check_accepts_a_sound_table(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_true(keymap_check(&map, &err));
}

static void check_names_the_mistake(void **state)
{
	static const struct { struct keymap_row row; const char *says; } wrong[] = {
		{ { HOME, 'd', 7, "drop", NULL, 0, "x" }, "key d means deploy and drop" },
		{ { HOME, 'D', 7, "drop", NULL, 0, "x" }, "D ends escape sequences" },
		{ { HOME, 'z', 7, "deploy", NULL, 0, "x" }, "two actions have this name" },
		{ { HOME, 'z', ACT_UP, "upward", NULL, 0, NULL }, "is called up" },
		{ { HOME, 'z', 7, "zoom", NULL, 0, NULL }, "needs a help text" },
		{ { HOME, 'z', 7, "zoom", "zoom", 0, "x" }, "needs a weight" },
		{ { 0, 'z', 7, "zoom", NULL, 0, "x" }, "are needed" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct keymap_row all[ARRAY_LEN(rows) + 1];
		struct keymap bad = { all, ARRAY_LEN(all) };
		struct err err = { 0 };

		memcpy(all, rows, sizeof rows);
		all[ARRAY_LEN(rows)] = wrong[i].row;
		assert_false(keymap_check(&bad, &err));
		assert_non_null(strstr(err.text, wrong[i].says));
	}
}

static int set_locale(void **state)
{
	(void)state;
	return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_means_what_its_context_says),
		cmocka_unit_test(name_may_be_shortened_while_it_is_clear),
		cmocka_unit_test(completion_names_each_action_once),
		cmocka_unit_test(footer_names_what_would_happen_and_drops_the_least_important_first),
		cmocka_unit_test(footer_of_an_armed_environment_is_reverse_to_its_end),
		cmocka_unit_test(help_lists_each_action_with_all_its_keys),
		cmocka_unit_test(check_accepts_a_sound_table),
		cmocka_unit_test(check_names_the_mistake),
	};

	return cmocka_run_group_tests(tests, set_locale, NULL);
}
