/* The grid that screens are drawn on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <limits.h>
#include <locale.h>
#include <string.h>

#include "backend/base/mem.h"
#include "tui/canvas.h"

static const struct theme utf8 = { .depth = THEME_256 };
static const struct theme ascii = { .depth = THEME_MONO, .ascii = true };

static void free_canvas(struct canvas **c)
{
	canvas_free(*c);
}

static void assert_row(const struct canvas *c, int row, const char *then)
{
	AUTO(mem_auto_free) char *got = canvas_row_dump(c, row);

	assert_string_equal(got, then);
}

static void text_that_fits_is_drawn_as_it_is(void **state)
{
	AUTO(free_canvas) struct canvas *c = canvas_new(&utf8, 2, 20);

	(void)state;
	assert_int_equal(canvas_text(c, 0, 2, 10, STYLE_OK, "web"), 3);
	assert_row(c, 0, "  web");
	assert_int_equal(canvas_at(c, 0, 2)->style, STYLE_OK);
	assert_int_equal(canvas_at(c, 0, 5)->style, STYLE_TEXT);
}

static void text_that_does_not_fit_is_cut_with_an_ellipsis(void **state)
{
	AUTO(free_canvas) struct canvas *c = canvas_new(&utf8, 4, 8);
	AUTO(free_canvas) struct canvas *plain = canvas_new(&ascii, 1, 8);

	(void)state;
	assert_int_equal(canvas_text(c, 0, 0, 5, 0, "acceptance"), 5);
	assert_row(c, 0, "acce…");
	assert_int_equal(canvas_text(c, 1, 3, INT_MAX, 0, "acceptance"), 5);
	assert_row(c, 1, "   acce…");
	assert_int_equal(canvas_text(c, 2, 0, 1, 0, "acceptance"), 1);
	assert_row(c, 2, "…");
	assert_int_equal(canvas_text(c, 3, 0, 0, 0, "acceptance"), 0);
	assert_int_equal(canvas_text(c, 3, 9, 5, 0, "acceptance"), 0);
	assert_row(c, 3, "");
	canvas_text(plain, 0, 0, 5, 0, "acceptance");
	assert_row(plain, 0, "acce~");
}

static void text_is_aligned_right_and_centred(void **state)
{
	AUTO(free_canvas) struct canvas *c = canvas_new(&utf8, 3, 12);

	(void)state;
	canvas_text_right(c, 0, 2, 6, 0, "4m");
	assert_row(c, 0, "      4m");
	canvas_text_center(c, 1, 0, 11, 0, "abc");
	assert_row(c, 1, "    abc");
	canvas_text_right(c, 2, 0, 4, 0, "too long");
	assert_row(c, 2, "too…");
}

static void text_from_outside_cannot_bring_controls(void **state)
{
	AUTO(free_canvas) struct canvas *c = canvas_new(&utf8, 1, 20);

	(void)state;
	canvas_text(c, 0, 0, 20, 0, "a\x1b[31mb\x1b]0;t\x07" "c\rd\ne\xe2\x80\xae" "f");
	assert_row(c, 0, "abcd ef");
}

static void wide_characters_take_two_columns_and_never_half(void **state)
{
	AUTO(free_canvas) struct canvas *c = canvas_new(&utf8, 5, 6);

	(void)state;
	assert_int_equal(canvas_text(c, 0, 0, 6, 0, "日本"), 4);
	assert_int_equal(canvas_at(c, 0, 0)->width, 2);
	assert_int_equal(canvas_at(c, 0, 1)->width, 0);
	canvas_text(c, 1, 0, 6, 0, "日本語");
	canvas_text(c, 1, 1, 1, 0, "x");
	assert_row(c, 1, " x本語");
	canvas_text(c, 2, 0, 4, 0, "日本語");
	assert_row(c, 2, "日…");
	canvas_push(c, 3, 0, 1, 3);
	canvas_glyph(c, 0, 2, 0, GLYPH_DOT);
	canvas_text(c, 0, -1, 6, 0, "日");
	canvas_pop(c);
	assert_row(c, 3, "  ●");
	canvas_text(c, 4, 0, 6, 0, "日本");
	canvas_text(c, 4, 2, 1, 0, "x");
	assert_row(c, 4, "日x");
}

static void marks_stay_with_their_character(void **state)
{
	AUTO(free_canvas) struct canvas *c = canvas_new(&utf8, 2, 6);

	(void)state;
	assert_int_equal(canvas_text(c, 0, 0, 6, 0, "e\xcc\x81x"), 2);
	assert_string_equal(canvas_at(c, 0, 0)->text, "e\xcc\x81");
	canvas_text(c, 1, 0, 6, 0, "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81x");
	assert_true(strlen(canvas_at(c, 1, 0)->text) < sizeof canvas_at(c, 1, 0)->text);
	assert_string_equal(canvas_at(c, 1, 1)->text, "x");
}

static void ascii_theme_gives_nothing_but_ascii(void **state)
{
	AUTO(free_canvas) struct canvas *c = canvas_new(&ascii, 5, 30);

	(void)state;
	canvas_box(c, 0, 0, 3, 12, 0, "é");
	canvas_text(c, 1, 1, 20, 0, "2.1→2.0 ·");
	canvas_text(c, 3, 0, 20, 0, "日本 e\xcc\x81 …");
	canvas_bar(c, 4, 0, 10, STYLE_BAR, 5, 10);
	assert_row(c, 0, "+- ? ------+");
	assert_row(c, 1, "|2.1>2.0 - |");
	assert_row(c, 3, "?? e ~");
	assert_row(c, 4, "#####.....");
	for (int row = 0; row < 5; row++)
		for (int col = 0; col < 30; col++)
			assert_true((unsigned char)canvas_at(c, row, col)->text[0] < 0x80);
}

static void pushed_rectangle_is_a_world_of_its_own(void **state)
{
	AUTO(free_canvas) struct canvas *c = canvas_new(&utf8, 6, 12);

	(void)state;
	canvas_push(c, 1, 2, 3, 5);
	assert_int_equal(canvas_rows(c), 3);
	assert_int_equal(canvas_cols(c), 5);
	canvas_text(c, 0, 0, INT_MAX, 0, "abcdefgh");
	canvas_text(c, -1, 0, 5, 0, "no");
	canvas_text(c, 3, 0, 5, 0, "no");
	canvas_push(c, 1, 3, 10, 10);
	assert_int_equal(canvas_rows(c), 2);
	assert_int_equal(canvas_cols(c), 2);
	canvas_fill(c, 0, 0, 10, 10, STYLE_SELECTED);
	canvas_text(c, 0, 0, INT_MAX, 0, "xyz");
	canvas_pop(c);
	canvas_pop(c);
	assert_int_equal(canvas_rows(c), 6);
	assert_row(c, 0, "");
	assert_row(c, 1, "  abcd…");
	assert_row(c, 2, "     x…");
	assert_row(c, 4, "");
	assert_int_equal(canvas_at(c, 2, 7)->style, STYLE_TEXT);
	assert_int_equal(canvas_at(c, 3, 6)->style, STYLE_SELECTED);
}

static void drawing_outside_is_only_not_seen(void **state)
{
	AUTO(free_canvas) struct canvas *c = canvas_new(&utf8, 3, 4);
	AUTO(mem_auto_free) char *before = canvas_dump(c);
	AUTO(mem_auto_free) char *after = NULL;

	(void)state;
	canvas_text(c, -1, 0, 4, 0, "x");
	canvas_text(c, 3, 0, 4, 0, "x");
	canvas_text(c, 0, 4, 4, 0, "x");
	canvas_text(c, 0, -9, 4, 0, "xxxx");
	canvas_hline(c, 9, 0, 4, 0);
	canvas_vline(c, 0, 9, 4, 0);
	canvas_box(c, 5, 5, 4, 4, 0, "t");
	canvas_box(c, 0, 0, 1, 1, 0, "t");
	canvas_glyph(c, 0, -1, 0, GLYPH_DOT);
	canvas_bar(c, 7, 0, 4, 0, 1, 2);
	canvas_scrollbar(c, -9, 0, 4, 0, 1, 2);
	canvas_cursor(c, 3, 0);
	after = canvas_dump(c);
	assert_string_equal(after, before);
	assert_false(canvas_cursor_at(c, &(int){ 0 }, &(int){ 0 }));
}

static void box_has_a_frame_and_its_title(void **state)
{
	AUTO(free_canvas) struct canvas *c = canvas_new(&utf8, 3, 14);

	(void)state;
	canvas_text(c, 1, 0, 14, 0, "covered by it");
	canvas_box(c, 0, 0, 3, 14, STYLE_BORDER, "arm prod");
	assert_row(c, 0, "┌─ arm prod ─┐");
	assert_row(c, 1, "│            │");
	assert_row(c, 2, "└────────────┘");
	canvas_box(c, 0, 0, 3, 14, STYLE_BORDER, "a title too long");
	assert_row(c, 0, "┌─ a title… ─┐");
}

static void text_wraps_at_words_and_its_last_row_is_cut(void **state)
{
	static const char text[] = "the live colour was\nleft untouched-by-the-failed deployment";
	AUTO(free_canvas) struct canvas *c = canvas_new(&utf8, 8, 10);

	(void)state;
	assert_int_equal(canvas_wrap_rows(c, 10, text), 7);
	assert_int_equal(canvas_wrap(c, 0, 0, 8, 10, 0, text), 7);
	assert_row(c, 0, "the live");
	assert_row(c, 1, "colour was");
	assert_row(c, 2, "left");
	assert_row(c, 3, "untouched-");
	assert_row(c, 4, "by-the-fai");
	assert_row(c, 5, "led");
	assert_row(c, 6, "deployment");
	canvas_clear(c);
	assert_int_equal(canvas_wrap(c, 0, 0, 2, 10, 0, text), 2);
	assert_row(c, 1, "colour wa…");
	assert_int_equal(canvas_wrap_rows(c, 10, ""), 0);
	assert_int_equal(canvas_wrap_rows(c, 1, "日本"), 2);
}

static void selecting_a_row_keeps_text_and_meaning(void **state)
{
	AUTO(free_canvas) struct canvas *c = canvas_new(&utf8, 1, 8);

	(void)state;
	canvas_text(c, 0, 0, 8, STYLE_FAIL, "FAIL");
	canvas_select(c, 0, 0, INT_MAX);
	assert_row(c, 0, "FAIL");
	assert_int_equal(canvas_at(c, 0, 0)->style, STYLE_FAIL | STYLE_SELECTED);
	assert_int_equal(canvas_at(c, 0, 7)->style, STYLE_TEXT | STYLE_SELECTED);
	canvas_restyle(c, 0, 1, 2, STYLE_MATCH);
	assert_int_equal(canvas_at(c, 0, 1)->style, STYLE_MATCH | STYLE_SELECTED);
	assert_int_equal(canvas_at(c, 0, 3)->style, STYLE_FAIL | STYLE_SELECTED);
}

static void bar_is_full_only_when_all_is_done(void **state)
{
	static const struct { int64_t done, total; const char *then; } rows[] = {
		{ 0, 212, "....." }, { 1, 212, "....." }, { 106, 212, "##..." }, { 211, 212, "####." }, { 212, 212, "#####" },
		{ 300, 212, "#####" }, { 0, 0, "....." }, { -1, 5, "....." },
	};
	AUTO(free_canvas) struct canvas *c = canvas_new(&ascii, 1, 5);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		canvas_bar(c, 0, 0, 5, STYLE_OK, rows[i].done, rows[i].total);
		assert_row(c, 0, rows[i].then);
	}
}

static void scrollbar_reaches_both_ends_and_is_absent_when_all_is_seen(void **state)
{
	AUTO(free_canvas) struct canvas *c = canvas_new(&ascii, 4, 1);
	AUTO(mem_auto_free) char *top = NULL;
	AUTO(mem_auto_free) char *bottom = NULL;
	AUTO(mem_auto_free) char *none = NULL;

	(void)state;
	canvas_scrollbar(c, 0, 0, 4, 0, 25, 100000);
	top = canvas_dump(c);
	assert_string_equal(top, "#\n|\n|\n|\n");
	canvas_scrollbar(c, 0, 0, 4, 99975, 25, 100000);
	bottom = canvas_dump(c);
	assert_string_equal(bottom, "|\n|\n|\n#\n");
	canvas_clear(c);
	canvas_scrollbar(c, 0, 0, 4, 0, 4, 4);
	none = canvas_dump(c);
	assert_string_equal(none, "\n\n\n\n");
}

static void cursor_is_where_it_was_put_and_clearing_hides_it(void **state)
{
	AUTO(free_canvas) struct canvas *c = canvas_new(&utf8, 4, 10);
	int row, col;

	(void)state;
	canvas_push(c, 2, 3, 1, 5);
	canvas_cursor(c, 0, 4);
	canvas_pop(c);
	assert_true(canvas_cursor_at(c, &row, &col));
	assert_int_equal(row, 2);
	assert_int_equal(col, 7);
	canvas_clear(c);
	assert_false(canvas_cursor_at(c, &row, &col));
}

static void resized_canvas_is_blank_and_never_smaller_than_one_cell(void **state)
{
	AUTO(free_canvas) struct canvas *c = canvas_new(&utf8, 4, 10);

	(void)state;
	canvas_text(c, 0, 0, 10, 0, "text");
	canvas_push(c, 0, 0, 1, 1);
	canvas_resize(c, 0, -3);
	assert_int_equal(canvas_rows(c), 1);
	assert_int_equal(canvas_cols(c), 1);
	canvas_resize(c, 50, 200);
	assert_int_equal(canvas_height_all(c), 50);
	assert_int_equal(canvas_width_all(c), 200);
	assert_row(c, 0, "");
	assert_null(canvas_at(c, 50, 0));
	assert_null(canvas_at(c, 0, 200));
}

static int set_locale(void **state)
{
	(void)state;
	return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_that_fits_is_drawn_as_it_is),
		cmocka_unit_test(text_that_does_not_fit_is_cut_with_an_ellipsis),
		cmocka_unit_test(text_is_aligned_right_and_centred),
		cmocka_unit_test(text_from_outside_cannot_bring_controls),
		cmocka_unit_test(wide_characters_take_two_columns_and_never_half),
		cmocka_unit_test(marks_stay_with_their_character),
		cmocka_unit_test(ascii_theme_gives_nothing_but_ascii),
		cmocka_unit_test(pushed_rectangle_is_a_world_of_its_own),
		cmocka_unit_test(drawing_outside_is_only_not_seen),
		cmocka_unit_test(box_has_a_frame_and_its_title),
		cmocka_unit_test(text_wraps_at_words_and_its_last_row_is_cut),
		cmocka_unit_test(selecting_a_row_keeps_text_and_meaning),
		cmocka_unit_test(bar_is_full_only_when_all_is_done),
		cmocka_unit_test(scrollbar_reaches_both_ends_and_is_absent_when_all_is_seen),
		cmocka_unit_test(cursor_is_where_it_was_put_and_clearing_hides_it),
		cmocka_unit_test(resized_canvas_is_blank_and_never_smaller_than_one_cell),
	};

	return cmocka_run_group_tests(tests, set_locale, NULL);
}
