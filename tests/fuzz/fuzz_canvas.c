/* Any text at any place of a canvas: nothing is written outside, widths add up, an ASCII theme gives ASCII only. */
#include <locale.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/mem.h"
#include "tui/canvas.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS = 5, COLS = 24 };

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void look(const struct canvas *c, bool ascii)
{
	for (int row = 0; row < ROWS; row++) {
		int cols = 0;

		for (int col = 0; col < COLS; col++) {
			const struct canvas_cell *cell = canvas_at(c, row, col);

			must(cell->width <= 2 && (cell->width == 0) == (cell->text[0] == '\0'));
			must(memchr(cell->text, '\0', sizeof cell->text));
			for (const char *byte = cell->text; *byte; byte++)
				must((unsigned char)*byte >= 0x20 && *byte != 0x7f && !(ascii && (unsigned char)*byte >= 0x80));
			cols += cell->width;
		}
		must(cols == COLS);
	}
}

static void draw(const char *text, const uint8_t *places, bool ascii)
{
	const struct theme theme = { .depth = THEME_256, .ascii = ascii };
	struct canvas *c = canvas_new(&theme, ROWS, COLS);
	int row = (int8_t)places[0] % 8, col = (int8_t)places[1] % 40, width = places[2] % 60;

	must(canvas_text(c, row, col, width, STYLE_OK, text) <= width);
	canvas_text_right(c, row + 1, col, width, STYLE_RUN, text);
	canvas_text_center(c, row + 1, col + 1, width, STYLE_RUN, text);
	look(c, ascii);
	canvas_push(c, row, col, places[3] % 6, width);
	must(canvas_wrap(c, 0, 0, places[3] % 6, places[4] % 30, STYLE_FAIL, text) <= canvas_wrap_rows(c, places[4] % 30, text) ||
	     canvas_cols(c) < places[4] % 30);
	canvas_box(c, 0, 0, places[3] % 8, places[4] % 30, STYLE_BORDER, text);
	canvas_fill(c, row, 1, places[3], places[4], STYLE_TEXT | STYLE_SELECTED);
	canvas_pop(c);
	look(c, ascii);
	canvas_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(mem_auto_free) char *text = NULL;

	setlocale(LC_CTYPE, "C.UTF-8");
	if (size < 5)
		return 0;
	text = mem_alloc(size);
	memcpy(text, data + 5, size - 5);
	draw(text, data, false);
	draw(text, data, true);
	return 0;
}
