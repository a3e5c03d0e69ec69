/*
 * canvas_priv: what the files of canvas share. Places are of the innermost pushed rectangle.
 */
#ifndef TUI_CANVAS_PRIV_H
#define TUI_CANVAS_PRIV_H

#include "tui/canvas.h"

static inline int canvas_least(int a, int b)
{
	return a < b ? a : b;
}

static inline int canvas_most(int a, int b)
{
	return a > b ? a : b;
}

/* The cell at a place, NULL when it must not be drawn on. */
struct canvas_cell *canvas_cell(struct canvas *c, int row, int col);
/* One character of `width` 1 or 2, at most 4 bytes. */
void canvas_put(struct canvas *c, int row, int col, int style, const char *text, size_t len, int width);
/* A mark without a width of its own joins the character before `col`, as far as there is room. */
void canvas_join(struct canvas *c, int row, int col, const char *mark, size_t len);

#endif
