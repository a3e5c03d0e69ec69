/*
 * canvas: a grid of cells that a screen is drawn on. Pure memory: no terminal is touched, so that every screen can be
 * tested without one. The terminal (term.h) paints what differs from the frame before.
 *
 * Rows and columns count from 0. Everything is clipped: drawing outside is no error, it is just not seen. Text passes
 * base/clean.h (one line) always, so that nothing from outside reaches the terminal as a control. Text that does not
 * fit is cut and ends in '…' ('~' in ASCII). In an ASCII theme what is beyond ASCII becomes its nearest ASCII sign
 * (→ is >, … is ~) or '?'. Widths are wcwidth's: the caller has set an LC_CTYPE with UTF-8 (main does; tests must).
 *
 * canvas_push makes a rectangle the new world: its top left corner is 0,0, canvas_rows and canvas_cols give its size,
 * nothing gets out of it. So a pane is a function that fills whatever canvas it is given.
 */
#ifndef TUI_CANVAS_H
#define TUI_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tui/theme.h"

struct canvas;

/* One column. A wide character is a cell with width 2 followed by one with width 0 and no text. */
struct canvas_cell {
	char text[13];          /* UTF-8 with its combining marks, terminated; " " when blank */
	uint8_t width;
	uint16_t style;         /* enum style, maybe with STYLE_SELECTED */
};

struct canvas *canvas_new(const struct theme *theme, int rows, int cols);      /* copies the theme; blank */
void canvas_free(struct canvas *c);
void canvas_resize(struct canvas *c, int rows, int cols);                      /* blank afterwards, nothing pushed */
void canvas_clear(struct canvas *c);           /* the whole grid: blank, no cursor, nothing pushed */
int canvas_rows(const struct canvas *c);       /* of the innermost pushed rectangle */
int canvas_cols(const struct canvas *c);
const struct theme *canvas_theme(const struct canvas *c);

/* At most 8 deep (deeper ones abort: a fault of ours). Each push has its pop. */
void canvas_push(struct canvas *c, int row, int col, int rows, int cols);
void canvas_pop(struct canvas *c);

/*
 * Draws at most `width` columns and returns how many it used. Does not pad: what is to the right stays. A width that
 * reaches beyond the canvas is the rest of the line (INT_MAX is fine), so that the cut is marked there.
 */
int canvas_text(struct canvas *c, int row, int col, int width, int style, const char *text);
int canvas_textf(struct canvas *c, int row, int col, int width, int style, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));
/* Ends at col + width - 1, or is centred in it. */
int canvas_text_right(struct canvas *c, int row, int col, int width, int style, const char *text);
int canvas_text_center(struct canvas *c, int row, int col, int width, int style, const char *text);
/*
 * Breaks at spaces (in words that are too long) into at most `rows` rows; the last one is cut when more is left.
 * Newlines in the text begin a new row. Returns the rows used; canvas_wrap_rows only counts them.
 */
int canvas_wrap(struct canvas *c, int row, int col, int rows, int width, int style, const char *text);
int canvas_wrap_rows(const struct canvas *c, int width, const char *text);

int canvas_glyph(struct canvas *c, int row, int col, int style, enum glyph glyph);      /* returns 1 */
void canvas_fill(struct canvas *c, int row, int col, int rows, int cols, int style);    /* with blanks */
/* Keeps the text, adds STYLE_SELECTED to its cells: draw a row as ever, then select it. */
void canvas_select(struct canvas *c, int row, int col, int cols);
/* Keeps the text, gives its cells this style (STYLE_SELECTED stays): for search matches. */
void canvas_restyle(struct canvas *c, int row, int col, int cols, int style);
void canvas_hline(struct canvas *c, int row, int col, int cols, int style);
void canvas_vline(struct canvas *c, int row, int col, int rows, int style);
/* A frame, its inside blanked, with an optional title in the upper line (NULL or "": none). */
void canvas_box(struct canvas *c, int row, int col, int rows, int cols, int style, const char *title);
/* done of total, in `cols` columns; total 0 is an empty bar. The done part has `style`, the rest STYLE_DIM. */
void canvas_bar(struct canvas *c, int row, int col, int cols, int style, int64_t done, int64_t total);
/* Where `shown` rows from `top` stand in `total`; draws nothing when all are shown. */
void canvas_scrollbar(struct canvas *c, int row, int col, int rows, size_t top, size_t shown, size_t total);

/* The terminal's cursor, visible only where somebody types. canvas_clear hides it. */
void canvas_cursor(struct canvas *c, int row, int col);
bool canvas_cursor_at(const struct canvas *c, int *ret_row, int *ret_col);     /* of the whole grid */

/* Columns that a text takes once it is cleaned. */
int canvas_width(const struct canvas *c, const char *text);

/* Reading, always in the whole grid, whatever is pushed. */
int canvas_height_all(const struct canvas *c);
int canvas_width_all(const struct canvas *c);
const struct canvas_cell *canvas_at(const struct canvas *c, int row, int col);  /* NULL outside; until the next call */
char *canvas_row_dump(const struct canvas *c, int row);        /* its text, spaces at the end taken off; yours */
char *canvas_dump(const struct canvas *c);                     /* all rows, each ends in a newline; yours */

#endif
