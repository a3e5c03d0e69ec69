/* How meanings look, on terminals with many colours, few and none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "backend/base/mem.h"
#include "backend/base/utf8.h"
#include "tui/theme.h"

static const struct theme_facts xterm = { .term = "xterm-256color", .codeset = "UTF-8", .colors = 256 };

static void depth_follows_the_number_of_colours(void **state)
{
	static const struct { int colors; enum theme_depth then; } rows[] = {
		{ -1, THEME_MONO }, { 0, THEME_MONO }, { 2, THEME_MONO }, { 8, THEME_8 }, { 16, THEME_8 }, { 88, THEME_8 },
		{ 256, THEME_256 }, { 16777216, THEME_256 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct theme_facts facts = xterm;

		facts.colors = rows[i].colors;
		assert_int_equal(theme_choose(&facts).depth, rows[i].then);
	}
}

static void no_color_leaves_bold_and_reverse_only(void **state)
{
	struct theme_facts facts = xterm;
	struct theme theme;

	(void)state;
	facts.no_color = "1";
	theme = theme_choose(&facts);
	for (int style = 0; style < STYLE_COUNT; style++) {
		struct theme_look look = theme_look(&theme, style | STYLE_SELECTED);

		assert_int_equal(look.fg, -1);
		assert_int_equal(look.bg, -1);
		assert_false(look.dim || look.underline);
		assert_int_equal(theme_look(&theme, style).fg, -1);
	}
	facts.no_color = "";
	assert_int_equal(theme_choose(&facts).depth, THEME_256);
}

static void armed_is_reverse_on_every_terminal(void **state)
{
	static const enum theme_depth depths[] = { THEME_MONO, THEME_8, THEME_256 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(depths); i++) {
		struct theme theme = { .depth = depths[i] };

		assert_true(theme_look(&theme, STYLE_TITLE_ARMED).reverse);
		assert_false(theme_look(&theme, STYLE_TITLE).reverse);
		assert_false(theme_look(&theme, STYLE_TITLE_PROTECTED).reverse);
	}
}

static void selected_row_differs_from_the_others_on_every_terminal(void **state)
{
	static const enum theme_depth depths[] = { THEME_MONO, THEME_8, THEME_256 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(depths); i++) {
		struct theme theme = { .depth = depths[i] };

		for (int style = 0; style < STYLE_COUNT; style++) {
			struct theme_look plain = theme_look(&theme, style);
			struct theme_look selected = theme_look(&theme, style | STYLE_SELECTED);

			/* What is reverse for a reason of its own never stands in a row that can be selected. */
			if (plain.reverse && depths[i] == THEME_8)
				continue;
			assert_true(selected.reverse != plain.reverse || selected.bg != plain.bg);
			assert_true(selected.bg < 0 || selected.fg >= 0);
		}
	}
}

static void glyphs_are_ascii_without_utf8_or_on_plain_terminals(void **state)
{
	static const struct { const char *term, *codeset; bool ascii, then; } rows[] = {
		{ "xterm-256color", "UTF-8", false, false },
		{ "xterm-256color", "utf-8", false, false },
		{ "xterm-256color", "UTF-8", true, true },
		{ "xterm-256color", "ANSI_X3.4-1968", false, true },
		{ "xterm-256color", "ISO-8859-1", false, true },
		{ "xterm-256color", NULL, false, true },
		{ "linux", "UTF-8", false, true },
		{ "vt100", "UTF-8", false, true },
		{ "tmux-256color", "UTF-8", false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct theme_facts facts = { .term = rows[i].term, .codeset = rows[i].codeset, .ascii = rows[i].ascii };

		assert_int_equal(theme_choose(&facts).ascii, rows[i].then);
	}
}

static void every_glyph_and_style_has_its_row(void **state)
{
	struct theme utf8 = { .depth = THEME_256 }, ascii = { .ascii = true };

	(void)state;
	for (int glyph = 0; glyph < GLYPH_COUNT; glyph++) {
		const char *wide = theme_glyph(&utf8, (enum glyph)glyph), *plain = theme_glyph(&ascii, (enum glyph)glyph);
		uint32_t code;

		assert_int_equal(utf8_decode(wide, strlen(wide), &code), strlen(wide));
		assert_int_equal(strlen(plain), 1);
		assert_in_range(plain[0], '!', '~');
	}
	for (int style = 0; style < STYLE_COUNT; style++)
		assert_non_null(theme_style_name(style));
	assert_string_equal(theme_style_name(STYLE_FAIL | STYLE_SELECTED), "fail");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(depth_follows_the_number_of_colours),
		cmocka_unit_test(no_color_leaves_bold_and_reverse_only),
		cmocka_unit_test(armed_is_reverse_on_every_terminal),
		cmocka_unit_test(selected_row_differs_from_the_others_on_every_terminal),
		cmocka_unit_test(glyphs_are_ascii_without_utf8_or_on_plain_terminals),
		cmocka_unit_test(every_glyph_and_style_has_its_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
