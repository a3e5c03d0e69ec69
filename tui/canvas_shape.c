/* What is no text on a canvas: areas, lines, boxes, bars. */
#include "tui/canvas.h"

#include <string.h>

#include "tui/canvas_priv.h"

/* Where `n` from `from` end, at most at `limit`; n may be INT_MAX. */
static int end(int from, int n, int limit)
{
	return n > limit - from ? limit : from + n;
}

int canvas_glyph(struct canvas *c, int row, int col, int style, enum glyph glyph)
{
	const char *text = theme_glyph(canvas_theme(c), glyph);

	canvas_put(c, row, col, style, text, strlen(text), 1);
	return 1;
}

void canvas_fill(struct canvas *c, int row, int col, int rows, int cols, int style)
{
	int bottom = end(row, rows, canvas_rows(c));
	int right = end(col, cols, canvas_cols(c));

	for (int r = canvas_most(row, 0); r < bottom; r++)
		for (int k = canvas_most(col, 0); k < right; k++)
			canvas_put(c, r, k, style, " ", 1, 1);
}

void canvas_select(struct canvas *c, int row, int col, int cols)
{
	int right = end(col, cols, canvas_cols(c));

	for (int k = canvas_most(col, 0); k < right; k++) {
		struct canvas_cell *at = canvas_cell(c, row, k);

		if (at)
			at->style |= STYLE_SELECTED;
	}
}

void canvas_restyle(struct canvas *c, int row, int col, int cols, int style)
{
	int right = end(col, cols, canvas_cols(c));

	for (int k = canvas_most(col, 0); k < right; k++) {
		struct canvas_cell *at = canvas_cell(c, row, k);

		if (at)
			at->style = (uint16_t)((at->style & STYLE_SELECTED) | style);
	}
}

void canvas_hline(struct canvas *c, int row, int col, int cols, int style)
{
	int right = end(col, cols, canvas_cols(c));

	for (int k = canvas_most(col, 0); k < right; k++)
		canvas_glyph(c, row, k, style, GLYPH_HLINE);
}

void canvas_vline(struct canvas *c, int row, int col, int rows, int style)
{
	int bottom = end(row, rows, canvas_rows(c));

	for (int r = canvas_most(row, 0); r < bottom; r++)
		canvas_glyph(c, r, col, style, GLYPH_VLINE);
}

void canvas_box(struct canvas *c, int row, int col, int rows, int cols, int style, const char *title)
{
	int bottom = row + rows - 1, right = col + cols - 1;

	if (rows < 2 || cols < 2)
		return;
	canvas_fill(c, row, col, rows, cols, STYLE_TEXT);
	canvas_hline(c, row, col, cols, style);
	canvas_hline(c, bottom, col, cols, style);
	canvas_vline(c, row, col, rows, style);
	canvas_vline(c, row, right, rows, style);
	canvas_glyph(c, row, col, style, GLYPH_TOP_LEFT);
	canvas_glyph(c, row, right, style, GLYPH_TOP_RIGHT);
	canvas_glyph(c, bottom, col, style, GLYPH_BOTTOM_LEFT);
	canvas_glyph(c, bottom, right, style, GLYPH_BOTTOM_RIGHT);
	if (title && *title && cols > 6) {
		int used = canvas_text(c, row, col + 3, cols - 6, STYLE_TITLE, title);

		canvas_put(c, row, col + 2, style, " ", 1, 1);
		canvas_put(c, row, col + 3 + used, style, " ", 1, 1);
	}
}

void canvas_bar(struct canvas *c, int row, int col, int cols, int style, int64_t done, int64_t total)
{
	int64_t part = total > 0 && done > 0 ? (done >= total ? cols : done * cols / total) : 0;

	for (int k = 0; k < cols; k++)
		canvas_glyph(c, row, col + k, k < part ? style : STYLE_BORDER, k < part ? GLYPH_BAR_DONE : GLYPH_BAR_LEFT);
}

void canvas_scrollbar(struct canvas *c, int row, int col, int rows, size_t top, size_t shown, size_t total)
{
	int size, at, room;

	if (shown >= total || rows < 1)
		return;
	size = canvas_most(1, (int)((double)rows * (double)shown / (double)total));
	room = rows - size;
	at = canvas_least(room, (int)((double)room * (double)top / (double)(total - shown) + 0.5));
	for (int r = 0; r < rows; r++) {
		bool thumb = r >= at && r < at + size;

		canvas_glyph(c, row + r, col, thumb ? STYLE_DIM : STYLE_BORDER, thumb ? GLYPH_THUMB : GLYPH_VLINE);
	}
}
