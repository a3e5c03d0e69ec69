/* The environments of an application side by side: what differs, since when, and what differs on purpose. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "backend/base/clock.h"
#include "backend/base/mem.h"
#include "tui/canvas.h"
#include "views/columns.h"
#include "views/console.h"
#include "views/surround.h"
#include "views/textscroll.h"
#include "views/view.h"

enum { WORD, WHAT, SINCE, FIXED, VALUE_COLS = 12, HEAD_ROWS = 2 };

static unsigned needs(const struct console *c)
{
	(void)c;
	return 1u << FETCH_CONSISTENCY;
}

static void enter(struct console *c)
{
	fetch_want(c, FETCH_CONSISTENCY);
}

/* As many environments as fit, the last of the pipeline first to stay. */
static size_t shown_environments(const struct compare *compare, int width)
{
	enum { LEFT = 5 + 1 + 18 + 1 + 5 + 1 };
	int room = (width - LEFT) / (VALUE_COLS + 1);
	size_t most = room < 1 ? 1 : room > COLUMNS_MAX - FIXED ? COLUMNS_MAX - FIXED : (size_t)room;

	return compare->nenvironments < most ? compare->nenvironments : most;
}

/* Where what differs begins, or the word that it is part of: all values are alike up to there. */
static size_t alike(const struct compare_row *row, size_t n)
{
	const char *one = row->values[0];
	size_t same = 0, word;

	for (size_t i = 0; i < n; i++)
		if (!row->values[i])
			return 0;
	for (bool all = n > 1; all; same += all)
		for (size_t i = 1; i < n && all; i++)
			all = one[same] && row->values[i][same] == one[same];
	for (word = same; word > 0 && !strchr(" +/:,", one[word - 1]); word--)
		;
	return same - word < VALUE_COLS - 2 ? word : 0;
}

/* Values that are cut off where they differ would look the same: they begin where they do. */
static bool is_cut(const struct console *c, const struct compare_row *row, const struct columns *cols, size_t first)
{
	for (size_t i = FIXED; i < cols->n; i++)
		if (row->values[first + i - FIXED] && canvas_width(c->ruler, row->values[first + i - FIXED]) > cols->w[i])
			return true;
	return false;
}

static void draw_row(const struct console *c, const struct compare_row *row, const struct columns *cols, size_t first,
                     struct canvas *canvas, int at)
{
	const char *word = row->same ? "OK" : row->declared ? "MEANT" : "DIFF";
	int style = row->same ? STYLE_OK : row->declared ? STYLE_SKIP : STYLE_FAIL;
	size_t skip = !row->same && is_cut(c, row, cols, first) ? alike(row, c->compare.nenvironments) : 0;
	char age[CLOCK_AGE_SIZE];

	columns_text(cols, canvas, at, WORD, style, word);
	columns_text(cols, canvas, at, WHAT, row->same ? STYLE_TEXT : STYLE_STRONG, row->what);
	if (row->since)
		columns_text(cols, canvas, at, SINCE, STYLE_DIM, clock_age(c->wall_ms - row->since, age));
	for (size_t i = FIXED; i < cols->n; i++) {
		const char *value = row->values[first + i - FIXED];
		AUTO(mem_auto_free) char *text = mem_printf("%s%s", value && skip ? "…" : "", value ? value + skip : "-");

		columns_text(cols, canvas, at, i, value ? STYLE_TEXT : STYLE_DIM, text);
	}
}

static void draw_rows(const struct console *c, struct canvas *canvas)
{
	const struct compare *compare = &c->compare;
	struct column list[COLUMNS_MAX] = {
		[WORD] = { .title = "", .width = 5 }, [WHAT] = { .title = "WHAT", .width = 18, .grow = 1 },
		[SINCE] = { .title = "SINCE", .width = 5, .right = true },
	};
	int rows = canvas_rows(canvas), width = canvas_cols(canvas) - 2;
	size_t shown = shown_environments(compare, width), first = compare->nenvironments - shown;
	struct columns cols;

	for (size_t i = 0; i < shown; i++)
		list[FIXED + i] = (struct column){ .title = compare->environments[first + i], .width = VALUE_COLS, .grow = 2 };
	columns_init(&cols, list, FIXED + shown, 1, width);
	columns_head(&cols, canvas, 1);
	for (int at = HEAD_ROWS; at < rows && (size_t)(c->scroll.top + at - HEAD_ROWS) < compare->nrows; at++)
		draw_row(c, &compare->rows[c->scroll.top + at - HEAD_ROWS], &cols, first, canvas, at);
	canvas_scrollbar(canvas, HEAD_ROWS, canvas_cols(canvas) - 1, rows - HEAD_ROWS, (size_t)c->scroll.top,
	                 (size_t)(rows - HEAD_ROWS), compare->nrows);
}

static void draw(const struct console *c, struct canvas *canvas)
{
	size_t differing = compare_differing(&c->compare);
	size_t hidden = c->compare.nenvironments - shown_environments(&c->compare, canvas_cols(canvas) - 2);
	char title[120], more[60] = "";

	if (hidden)
		snprintf(more, sizeof more, "(%zu more, widen) ", hidden);
	snprintf(title, sizeof title, " consistency: %zu of %zu differ %s", differing, c->compare.nrows, more);
	canvas_hline(canvas, 0, 0, canvas_cols(canvas), STYLE_BORDER);
	canvas_text(canvas, 0, 2, INT_MAX, differing ? STYLE_FAIL : STYLE_STRONG,
	            c->compare.known ? title : " consistency ");
	if (!c->compare.known)
		canvas_text(canvas, 1, 1, INT_MAX, STYLE_DIM, "asking the engine");
	else if (c->compare.nrows == 0)
		canvas_text(canvas, 1, 1, INT_MAX, STYLE_DIM, "nothing is known yet by which to compare");
	else
		draw_rows(c, canvas);
}

static bool key(struct console *c, uint32_t k)
{
	return textscroll_key(c, k, (int)c->compare.nrows, surround_body_rows(c) - HEAD_ROWS);
}

const struct view view_consistency = {
	.name = "consistency", .context = ON_CONSISTENCY, .needs = needs, .enter = enter, .draw = draw, .key = key,
};
