/*
 * columns: the columns of a list. What does not fit is left out whole, the least needed first.
 */
#ifndef VIEWS_COLUMNS_H
#define VIEWS_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

struct canvas;

enum { COLUMNS_MAX = 10 };

struct column {
	const char *title;
	int width;
	int drop;            /* left out in falling order of this; 0 never */
	int grow;            /* share of what is left over; 0 none */
	bool right;          /* text ends at the right */
};

struct columns {
	const struct column *list;
	size_t n;
	int gap;
	int x[COLUMNS_MAX];
	int w[COLUMNS_MAX];  /* 0: left out */
};

/* From the canvas's second column on, in `width` columns, `gap` blanks between them. */
void columns_init(struct columns *c, const struct column *list, size_t n, int gap, int width);
void columns_head(const struct columns *c, struct canvas *canvas, int row);
/* Nothing when the column is left out. Returns the columns used. */
int columns_text(const struct columns *c, struct canvas *canvas, int row, size_t column, int style, const char *text);

#endif
