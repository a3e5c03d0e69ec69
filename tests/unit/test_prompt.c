/* The line that is typed, and the panel that takes no key that was meant for something else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>
#include <string.h>

#include "backend/base/mem.h"
#include "tui/canvas.h"
#include "tui/input.h"
#include "tui/prompt.h"

enum { LATER = PROMPT_DEAF_MS };

static void free_prompt(struct prompt **p)
{
	prompt_free(*p);
}

static void free_input(struct input **in)
{
	input_free(*in);
}

static void free_canvas(struct canvas **c)
{
	canvas_free(*c);
}

static enum prompt_result key(struct prompt *p, uint32_t code)
{
	return prompt_take(p, &(struct input_event){ .kind = INPUT_KEY, .key = code }, LATER);
}

static void type(struct prompt *p, const char *text)
{
	for (; *text; text++)
		assert_int_equal(key(p, (uint32_t)*text), PROMPT_EDITING);
}

static enum prompt_result paste(struct prompt *p, const char *text)
{
	return prompt_take(p, &(struct input_event){ .kind = INPUT_PASTE, .text = text }, LATER);
}

static void text_is_typed_and_ends_with_enter(void **state)
{
	AUTO(free_prompt) struct prompt *p = prompt_new(PROMPT_LINE, "/", NULL, 0);

	(void)state;
	type(p, "smoke");
	key(p, 0xe9);
	assert_string_equal(prompt_text(p), "smoke\xc3\xa9");
	assert_int_equal(key(p, INPUT_ENTER), PROMPT_DONE);
}

static void line_is_edited_with_the_usual_keys(void **state)
{
	static const struct { uint32_t key; const char *then; } rows[] = {
		{ INPUT_BACKSPACE, "one two thre" }, { INPUT_CTRL('W'), "one two " }, { INPUT_LEFT, "one two " },
		{ INPUT_DELETE, "one two" }, { INPUT_HOME, "one two" }, { INPUT_DELETE, "ne two" }, { 'o', "one two" },
		{ INPUT_RIGHT, "one two" }, { INPUT_CTRL('K'), "on" }, { INPUT_CTRL('A'), "on" }, { INPUT_LEFT, "on" },
		{ INPUT_BACKSPACE, "on" }, { INPUT_END, "on" }, { INPUT_RIGHT, "on" }, { INPUT_DELETE, "on" }, { INPUT_CTRL('U'), "" },
	};
	AUTO(free_prompt) struct prompt *p = prompt_new(PROMPT_LINE, ":", NULL, 0);

	(void)state;
	type(p, "one two three");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(key(p, rows[i].key), PROMPT_EDITING);
		assert_string_equal(prompt_text(p), rows[i].then);
	}
}

static void characters_are_erased_whole(void **state)
{
	AUTO(free_prompt) struct prompt *p = prompt_new(PROMPT_LINE, "/", NULL, 0);

	(void)state;
	prompt_set(p, "a\xc3\xa9\xe6\x97\xa5");
	key(p, INPUT_LEFT);
	key(p, INPUT_BACKSPACE);
	assert_string_equal(prompt_text(p), "a\xe6\x97\xa5");
	key(p, INPUT_DELETE);
	assert_string_equal(prompt_text(p), "a");
}

static void esc_and_ctrl_c_cancel(void **state)
{
	AUTO(free_prompt) struct prompt *p = prompt_new(PROMPT_LINE, "/", NULL, 0);

	(void)state;
	assert_int_equal(key(p, INPUT_ESC), PROMPT_CANCELLED);
	assert_int_equal(key(p, INPUT_CTRL('C')), PROMPT_CANCELLED);
	assert_int_equal(key(p, INPUT_BACKSPACE), PROMPT_CANCELLED);
}

static void other_keys_are_swallowed(void **state)
{
	static const uint32_t keys[] = { INPUT_UP, INPUT_PGDN, INPUT_F5, INPUT_CTRL('L'), INPUT_CTRL('Z'), INPUT_BACKTAB, INPUT_TAB };
	AUTO(free_prompt) struct prompt *p = prompt_new(PROMPT_NAME, "name: ", NULL, 0);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		assert_int_equal(key(p, keys[i]), PROMPT_EDITING);
	assert_string_equal(prompt_text(p), "");
	assert_int_equal(key(p, INPUT_BACKSPACE), PROMPT_EDITING);
}

static void pasted_line_is_inserted_and_its_newline_does_not_submit(void **state)
{
	AUTO(free_prompt) struct prompt *p = prompt_new(PROMPT_LINE, "/", NULL, 0);

	(void)state;
	type(p, "ad");
	key(p, INPUT_LEFT);
	assert_int_equal(paste(p, "b\nc\x1b[31m"), PROMPT_EDITING);
	assert_string_equal(prompt_text(p), "ab cd");
}

static void name_must_be_typed_not_pasted(void **state)
{
	AUTO(free_prompt) struct prompt *p = prompt_new(PROMPT_NAME, "type the name: ", NULL, 0);

	(void)state;
	assert_int_equal(paste(p, "prod"), PROMPT_EDITING);
	assert_string_equal(prompt_text(p), "");
	assert_true(prompt_paste_refused(p));
	type(p, "p");
	assert_false(prompt_paste_refused(p));
	assert_string_equal(prompt_text(p), "p");
}

static void panel_drops_waiting_keys_and_is_deaf_for_its_first_moment(void **state)
{
	AUTO(free_input) struct input *in = input_new();
	AUTO(free_prompt) struct prompt *p = NULL;
	const struct input_event enter = { .kind = INPUT_KEY, .key = INPUT_ENTER }, esc = { .kind = INPUT_KEY, .key = INPUT_ESC };
	struct input_event event;

	(void)state;
	input_feed(in, "dd", 2, 1000);
	p = prompt_new(PROMPT_NAME, "name: ", in, 1000);
	assert_false(input_next(in, 1000, &event));
	assert_int_equal(prompt_take(p, &enter, 1000), PROMPT_EDITING);
	assert_int_equal(prompt_take(p, &esc, 1399), PROMPT_EDITING);
	assert_int_equal(prompt_take(p, &enter, 1400), PROMPT_DONE);
}

static void guard_works_without_a_line(void **state)
{
	AUTO(free_input) struct input *in = input_new();
	struct prompt_guard guard;
	struct input_event event;

	(void)state;
	input_feed(in, "y", 1, 0);
	prompt_guard_open(&guard, in, 50);
	assert_false(input_next(in, 50, &event));
	assert_true(prompt_guard_deaf(&guard, 449));
	assert_false(prompt_guard_deaf(&guard, 450));
}

static void text_never_grows_beyond_its_limit(void **state)
{
	AUTO(free_prompt) struct prompt *p = prompt_new(PROMPT_LINE, "/", NULL, 0);
	char many[PROMPT_MAX + 10];

	(void)state;
	memset(many, 'x', sizeof many - 1);
	many[sizeof many - 1] = '\0';
	memcpy(many + PROMPT_MAX - 1, "\xc3\xa9", 2);
	paste(p, many);
	assert_int_equal(strlen(prompt_text(p)), PROMPT_MAX - 1);
	key(p, 0xe9);
	assert_int_equal(strlen(prompt_text(p)), PROMPT_MAX - 1);
	key(p, 'y');
	key(p, 'z');
	assert_int_equal(strlen(prompt_text(p)), PROMPT_MAX);
}

static const char *names(void *arg, const char *typed, size_t i)
{
	static const char *const all[] = { "deploy", "deployments", "delivery", "log" };

	(void)arg;
	for (size_t n = 0; n < ARRAY_LEN(all); n++)
		if (strncmp(all[n], typed, strlen(typed)) == 0 && i-- == 0)
			return all[n];
	return NULL;
}

static void tab_completes_as_far_as_names_agree(void **state)
{
	static const struct { const char *given, *then; } rows[] = {
		{ "d", "de" }, { "dep", "deploy" }, { "del", "delivery " }, { "l", "log " }, { "x", "x" }, { "", "" },
	};
	AUTO(free_prompt) struct prompt *p = prompt_new(PROMPT_LINE, ":", NULL, 0);

	(void)state;
	prompt_complete_with(p, names, NULL);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		prompt_set(p, rows[i].given);
		key(p, INPUT_TAB);
		assert_string_equal(prompt_text(p), rows[i].then);
	}
}

static void drawing_keeps_the_cursor_in_sight(void **state)
{
	const struct theme theme = { .depth = THEME_256 };
	AUTO(free_canvas) struct canvas *c = canvas_new(&theme, 1, 12);
	AUTO(free_prompt) struct prompt *p = prompt_new(PROMPT_LINE, "/", NULL, 0);
	AUTO(mem_auto_free) char *end = NULL;
	AUTO(mem_auto_free) char *begin = NULL;
	int row, col;

	(void)state;
	prompt_set(p, "a long text 日本");
	prompt_draw(p, c, 0, 0, 12);
	end = canvas_row_dump(c, 0);
	assert_string_equal(end, "/ text 日本");
	assert_true(canvas_cursor_at(c, &row, &col));
	assert_int_equal(col, 11);
	canvas_clear(c);
	key(p, INPUT_HOME);
	prompt_draw(p, c, 0, 0, 12);
	begin = canvas_row_dump(c, 0);
	assert_string_equal(begin, "/a long tex…");
	assert_true(canvas_cursor_at(c, &row, &col));
	assert_int_equal(col, 1);
}

static int set_locale(void **state)
{
	(void)state;
	return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_typed_and_ends_with_enter),
		cmocka_unit_test(line_is_edited_with_the_usual_keys),
		cmocka_unit_test(characters_are_erased_whole),
		cmocka_unit_test(esc_and_ctrl_c_cancel),
		cmocka_unit_test(other_keys_are_swallowed),
		cmocka_unit_test(pasted_line_is_inserted_and_its_newline_does_not_submit),
		cmocka_unit_test(name_must_be_typed_not_pasted),
		cmocka_unit_test(panel_drops_waiting_keys_and_is_deaf_for_its_first_moment),
		cmocka_unit_test(guard_works_without_a_line),
		cmocka_unit_test(text_never_grows_beyond_its_limit),
		cmocka_unit_test(tab_completes_as_far_as_names_agree),
		cmocka_unit_test(drawing_keeps_the_cursor_in_sight),
	};

	return cmocka_run_group_tests(tests, set_locale, NULL);
}
