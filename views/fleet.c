/*
 * The applications of the workspace, side by side with where they are: home when there is more than one. A row an
 * application, a column an environment: what is live, how it is, since when.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/clock.h"
#include "backend/base/mem.h"
#include "tui/canvas.h"
#include "tui/list.h"
#include "views/console.h"
#include "views/home.h"
#include "views/select.h"
#include "views/state.h"
#include "views/view.h"

enum { HEAD_ROWS = 2, NAME_LEAST = 11, NAME_MOST = 24, WORD_COLS = 4, WIDE = 100, GAP = 2 };

/* A cell is "2.14.0 FAIL 3h". */
struct layout { int name, cell, version, age, gap, shown; };

/* How cells may look: with all room, close together, and without their age. */
static const struct form { int version, age, gap; } wide = { 12, 4, 2 }, close = { 0, 3, 1 }, bare = { 9, 0, 2 };

/* Version 0: as wide as the longest. */
static void fill(const struct console *c, const struct form *form, int left, struct layout *ret)
{
	ret->version = form->version ? form->version : c->fleet.rows.version_cols;
	ret->age = form->age;
	ret->gap = form->gap;
	ret->cell = ret->version + 1 + WORD_COLS + (ret->age ? 1 + ret->age : 0);
	ret->shown = (left + ret->gap) / (ret->cell + ret->gap);
	if (ret->shown > (int)c->fleet.rows.ncolumns)
		ret->shown = (int)c->fleet.rows.ncolumns;
}

/* Where there is little room an age is shown unless an environment would have to go for it. */
static struct layout layout_of(const struct console *c, int cols)
{
	struct layout l = { .name = c->fleet.rows.name_cols };
	int left, shown;

	l.name = l.name < NAME_LEAST ? NAME_LEAST : l.name > NAME_MOST ? NAME_MOST : l.name;
	left = cols - 1 - l.name - GAP - 1;
	if (cols >= WIDE) {
		fill(c, &wide, left, &l);
		return l;
	}
	fill(c, &bare, left, &l);
	shown = l.shown;
	fill(c, &close, left, &l);
	if (l.shown < shown)
		fill(c, &bare, left, &l);
	return l;
}

static int most_left(const struct console *c, int cols)
{
	int most = (int)c->fleet.rows.ncolumns - layout_of(c, cols).shown;

	return most > 0 ? most : 0;
}

static void make_rows(struct console *c)
{
	fleetrows_make(&c->status, c->fleet.filter, c->fleet.order, &c->fleet.rows);
	list_set(c->apps, (int64_t)c->fleet.rows.n, 0, (int64_t)c->fleet.rows.n, select_app_id, c);
}

/* Other rows were asked for: one begins at the first. */
static void begin_anew(struct console *c)
{
	make_rows(c);
	if (c->fleet.rows.n)
		list_go(c->apps, 0, select_app_id, c);
}

static void layout(struct console *c, int rows, int cols)
{
	make_rows(c);
	list_height(c->apps, rows - HEAD_ROWS);
	if (c->fleet.left > most_left(c, cols))
		c->fleet.left = most_left(c, cols);
}

static int put_count(struct canvas *canvas, int col, int n, enum step_state word, int style)
{
	if (n == 0)
		return col;
	return col + canvas_textf(canvas, 0, col, INT_MAX, style, " %d %s ", n, step_state_word(word));
}

static void draw_summary(const struct console *c, struct canvas *canvas)
{
	static const char *const orders[FLEET_ORDER_COUNT] = { "", " attention first ", " changed last first " };
	const struct fleetrows *r = &c->fleet.rows;
	int cols = canvas_cols(canvas), col = 2;

	canvas_hline(canvas, 0, 0, cols, STYLE_BORDER);
	col += canvas_textf(canvas, 0, col, cols - 6, STYLE_STRONG, " %zu application%s", r->n, r->n == 1 ? "" : "s");
	if (c->fleet.filter)
		col += canvas_textf(canvas, 0, col, cols - 6, STYLE_STRONG, " of %zu with \"%s\"", c->status.napps, c->fleet.filter);
	col += canvas_text(canvas, 0, col, 1, STYLE_STRONG, " ");
	col = put_count(canvas, col, r->fail, STEP_FAIL, STYLE_FAIL);
	col = put_count(canvas, col, r->held, STEP_HELD, STYLE_HELD);
	col = put_count(canvas, col, r->run, STEP_RUN, STYLE_RUN);
	put_count(canvas, col, r->wait, STEP_WAIT, STYLE_WAIT);
	if (*orders[c->fleet.order])
		canvas_text_right(canvas, 0, cols / 2, cols - cols / 2 - 2, STYLE_DIM, orders[c->fleet.order]);
}

static int column_x(const struct layout *l, int i)
{
	return 1 + l->name + GAP + i * (l->cell + l->gap);
}

static void draw_head(const struct console *c, const struct layout *l, struct canvas *canvas)
{
	int last = canvas_cols(canvas) - 1;

	canvas_text(canvas, 1, 1, l->name, STYLE_HEADING, "APPLICATION");
	for (int i = 0; i < l->shown; i++)
		canvas_text(canvas, 1, column_x(l, i), l->cell, STYLE_HEADING, c->fleet.rows.columns[c->fleet.left + i]);
	/* There is more to the side. */
	if (c->fleet.left > 0)
		canvas_text(canvas, 1, column_x(l, 0) - 1, 1, STYLE_HINT, "<");
	if (c->fleet.left + l->shown < (int)c->fleet.rows.ncolumns)
		canvas_text(canvas, 1, last, 1, STYLE_HINT, ">");
}

static void draw_cell(const struct console *c, const struct layout *l, const struct model_environment *e,
                      struct canvas *canvas, int row, int col)
{
	char age[CLOCK_AGE_SIZE];
	struct state s;

	state_of_environment(e, &s);
	canvas_text(canvas, row, col, l->version, *e->live_version ? STYLE_TEXT : STYLE_DIM, *e->live_version ? e->live_version : "-");
	canvas_text(canvas, row, col + l->version + 1, WORD_COLS, s.style, s.word);
	if (l->age && e->live_since)
		canvas_text_right(canvas, row, col + l->version + 1 + WORD_COLS + 1, l->age, STYLE_DIM,
		                  clock_age(c->wall_ms - e->live_since, age));
}

static void draw_row(const struct console *c, const struct layout *l, const struct model_app *app,
                     struct canvas *canvas, int row)
{
	canvas_text(canvas, row, 1, l->name, STYLE_STRONG, app->name);
	for (int i = 0; i < l->shown; i++) {
		const struct model_environment *e = model_environment(app, c->fleet.rows.columns[c->fleet.left + i]);

		if (e)
			draw_cell(c, l, e, canvas, row, column_x(l, i));
	}
}

static void draw(const struct console *c, struct canvas *canvas)
{
	int rows = canvas_rows(canvas), cols = canvas_cols(canvas);
	struct layout l = layout_of(c, cols);
	int64_t top = list_top(c->apps);

	draw_summary(c, canvas);
	draw_head(c, &l, canvas);
	if (c->status.known && c->fleet.rows.n == 0)
		canvas_text(canvas, HEAD_ROWS, 1, cols - 2, STYLE_DIM, "no application matches; Esc shows all");
	for (int row = HEAD_ROWS; row < rows && top + row - HEAD_ROWS < (int64_t)c->fleet.rows.n; row++) {
		int64_t index = top + row - HEAD_ROWS;

		draw_row(c, &l, &c->status.apps[c->fleet.rows.apps[index]], canvas, row);
		if (list_is_selected(c->apps, index)) {
			canvas_glyph(canvas, row, 0, STYLE_STRONG, GLYPH_POINTER);
			canvas_select(canvas, row, 0, cols - 1);
		}
	}
	canvas_scrollbar(canvas, HEAD_ROWS, cols - 1, rows - HEAD_ROWS, (size_t)top, (size_t)(rows - HEAD_ROWS), c->fleet.rows.n);
}

static void forget_filter(struct console *c)
{
	free(c->fleet.filter);
	c->fleet.filter = NULL;
}

static bool act(struct console *c, enum action action, struct effects *effects)
{
	const char *name = list_selected(c->apps);

	(void)effects;
	switch (action) {
	case ACTION_OPEN:
		if (name)
			home_choose_app(c, name);
		return name != NULL;
	case ACTION_SORT:
		c->fleet.order = (c->fleet.order + 1) % FLEET_ORDER_COUNT;
		begin_anew(c);
		return true;
	case ACTION_LEFT:
		c->fleet.left -= c->fleet.left > 0;
		return true;
	case ACTION_RIGHT:
		c->fleet.left += c->fleet.left < most_left(c, c->cols);
		return true;
	default:
		return false;
	}
}

static bool key(struct console *c, uint32_t k)
{
	return list_key(c->apps, k, select_app_id, c);
}

/* What is typed is shown alone; n and N go through it. */
static void search(struct console *c, const char *text, int dir)
{
	if (text) {
		forget_filter(c);
		c->fleet.filter = *text ? mem_dup(text) : NULL;
		if (c->fleet.filter)
			begin_anew(c);
	}
	if (dir)
		list_move(c->apps, dir, select_app_id, c);
}

const struct view view_fleet = {
	.name = "fleet", .context = ON_FLEET, .draw = draw, .layout = layout, .act = act, .key = key, .search = search,
};
