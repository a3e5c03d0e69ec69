#include "tui/canvas.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/mem.h"
#include "tui/canvas_priv.h"

enum { DEPTH_MAX = 8, SIDE_MAX = 2000 };

/* A pushed rectangle: where its 0,0 is in the grid, its size, and the part of the grid that may be drawn on. */
struct world {
	int row, col, rows, cols;
	int top, left, bottom, right;
};

struct canvas {
	struct theme theme;
	int rows, cols;
	struct canvas_cell *cells;
	struct world worlds[DEPTH_MAX + 1];
	int depth;
	int cursor_row, cursor_col;     /* -1: hidden */
};

static const struct canvas_cell blank = { .text = " ", .width = 1 };

struct canvas *canvas_new(const struct theme *theme, int rows, int cols)
{
	struct canvas *c = mem_alloc(sizeof *c);

	c->theme = *theme;
	canvas_resize(c, rows, cols);
	return c;
}

void canvas_free(struct canvas *c)
{
	if (!c)
		return;
	free(c->cells);
	free(c);
}

void canvas_resize(struct canvas *c, int rows, int cols)
{
	c->rows = canvas_most(1, canvas_least(rows, SIDE_MAX));
	c->cols = canvas_most(1, canvas_least(cols, SIDE_MAX));
	free(c->cells);
	c->cells = mem_array((size_t)c->rows * (size_t)c->cols, sizeof *c->cells);
	canvas_clear(c);
}

void canvas_clear(struct canvas *c)
{
	for (int i = 0; i < c->rows * c->cols; i++)
		c->cells[i] = blank;
	c->depth = 0;
	c->worlds[0] = (struct world){ .rows = c->rows, .cols = c->cols, .bottom = c->rows, .right = c->cols };
	c->cursor_row = c->cursor_col = -1;
}

static const struct world *world(const struct canvas *c)
{
	return &c->worlds[c->depth];
}

int canvas_rows(const struct canvas *c)
{
	return world(c)->rows;
}

int canvas_cols(const struct canvas *c)
{
	return world(c)->cols;
}

const struct theme *canvas_theme(const struct canvas *c)
{
	return &c->theme;
}

void canvas_push(struct canvas *c, int row, int col, int rows, int cols)
{
	const struct world *from = world(c);
	struct world w = { .row = from->row + row, .col = from->col + col };

	if (c->depth == DEPTH_MAX)
		abort();
	w.rows = canvas_most(0, canvas_least(rows, from->rows - row));
	w.cols = canvas_most(0, canvas_least(cols, from->cols - col));
	w.top = canvas_most(w.row, from->top);
	w.left = canvas_most(w.col, from->left);
	w.bottom = canvas_least(w.row + w.rows, from->bottom);
	w.right = canvas_least(w.col + w.cols, from->right);
	c->worlds[++c->depth] = w;
}

void canvas_pop(struct canvas *c)
{
	if (c->depth == 0)
		abort();
	c->depth--;
}

struct canvas_cell *canvas_cell(struct canvas *c, int row, int col)
{
	const struct world *w = world(c);
	int r = w->row + row, k = w->col + col;

	if (row < 0 || col < 0 || r < w->top || r >= w->bottom || k < w->left || k >= w->right)
		return NULL;
	return &c->cells[r * c->cols + k];
}

/* A cell is about to be overwritten: the other half of a wide character becomes a blank. */
static void part_halves(struct canvas *c, struct canvas_cell *at)
{
	int col = (int)((at - c->cells) % c->cols);
	struct canvas_cell *other = at->width == 0 && col > 0 ? at - 1 : at->width == 2 && col + 1 < c->cols ? at + 1 : NULL;

	if (other)
		*other = (struct canvas_cell){ .text = " ", .width = 1, .style = other->style };
}

void canvas_put(struct canvas *c, int row, int col, int style, const char *text, size_t len, int width)
{
	struct canvas_cell *at = canvas_cell(c, row, col), *next = width == 2 ? canvas_cell(c, row, col + 1) : NULL;

	if (width == 2 && (!at || !next)) {
		/* Half of it is outside: the half inside is a blank. */
		at = at ? at : next;
		text = " ";
		len = width = 1;
		next = NULL;
	}
	if (!at)
		return;
	part_halves(c, at);
	if (next)
		part_halves(c, next);
	*at = (struct canvas_cell){ .width = (uint8_t)width, .style = (uint16_t)style };
	memcpy(at->text, text, len);
	if (next)
		*next = (struct canvas_cell){ .style = (uint16_t)style };
}

void canvas_join(struct canvas *c, int row, int col, const char *mark, size_t len)
{
	struct canvas_cell *at = canvas_cell(c, row, col - 1);
	size_t had;

	if (at && at->width == 0)
		at = canvas_cell(c, row, col - 2);
	if (!at)
		return;
	had = strlen(at->text);
	if (had + len < sizeof at->text)
		memcpy(at->text + had, mark, len);
}

void canvas_cursor(struct canvas *c, int row, int col)
{
	const struct canvas_cell *at = canvas_cell(c, row, col);

	if (!at)
		return;
	c->cursor_row = (int)((at - c->cells) / c->cols);
	c->cursor_col = (int)((at - c->cells) % c->cols);
}

bool canvas_cursor_at(const struct canvas *c, int *ret_row, int *ret_col)
{
	if (c->cursor_row < 0)
		return false;
	*ret_row = c->cursor_row;
	*ret_col = c->cursor_col;
	return true;
}

int canvas_height_all(const struct canvas *c)
{
	return c->rows;
}

int canvas_width_all(const struct canvas *c)
{
	return c->cols;
}

const struct canvas_cell *canvas_at(const struct canvas *c, int row, int col)
{
	if (row < 0 || row >= c->rows || col < 0 || col >= c->cols)
		return NULL;
	return &c->cells[row * c->cols + col];
}

char *canvas_row_dump(const struct canvas *c, int row)
{
	size_t size = (size_t)c->cols * (sizeof c->cells->text - 1) + 1, len = 0, kept = 0;
	char *text = mem_alloc(size);

	for (int col = 0; col < c->cols; col++) {
		const struct canvas_cell *at = canvas_at(c, row, col);
		size_t n = at ? strlen(at->text) : 0;

		if (n)
			memcpy(text + len, at->text, n);
		len += n;
		if (n && strcmp(at->text, " ") != 0)
			kept = len;
	}
	text[kept] = '\0';
	return text;
}

char *canvas_dump(const struct canvas *c)
{
	AUTO(buf_done) struct buf all = { 0 };

	buf_init(&all, SIZE_MAX / 2);
	for (int row = 0; row < c->rows; row++) {
		AUTO(mem_auto_free) char *text = canvas_row_dump(c, row);

		buf_add_text(&all, text);
		buf_add_text(&all, "\n");
	}
	return buf_detach(&all);
}
