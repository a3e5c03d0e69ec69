#include "views/pane.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/clock.h"
#include "backend/base/mem.h"
#include "tui/canvas.h"
#include "tui/list.h"
#include "views/columns.h"
#include "views/console.h"
#include "views/select.h"
#include "views/state.h"

/* The pointer marks a pane's selection; the pane that has the keys is marked whole. */
static void mark_row(struct canvas *canvas, int row, bool focused)
{
	canvas_glyph(canvas, row, 0, STYLE_STRONG, GLYPH_POINTER);
	if (focused)
		canvas_select(canvas, row, 0, canvas_cols(canvas));
}

static void draw_environment(const struct console *c, const struct model_environment *e, const struct columns *cols,
                             struct canvas *canvas, int row)
{
	enum { NAME, GUARD, LIVE, STATE, BACK, SINCE };
	char text[64], age[CLOCK_AGE_SIZE];
	struct state s;

	columns_text(cols, canvas, row, NAME, STYLE_STRONG, e->name);
	columns_text(cols, canvas, row, GUARD, STYLE_HELD, e->is_protected ? "P" : "");
	columns_text(cols, canvas, row, LIVE, STYLE_TEXT, *e->live_version ? e->live_version : "-");
	state_of_environment(e, &s);
	if (cols->w[STATE])
		state_draw(&s, canvas, row, cols->x[STATE], cols->w[STATE], false);
	if (*e->back_version)
		snprintf(text, sizeof text, "%.40s %s", e->back_version, e->back_is_warm ? "warm" : e->back_is_cold ? "cold" : "");
	columns_text(cols, canvas, row, BACK, STYLE_DIM, *e->back_version ? text : "-");
	if (e->live_since)
		columns_text(cols, canvas, row, SINCE, STYLE_DIM, clock_age(c->wall_ms - e->live_since, age));
}

void pane_environments(const struct console *c, struct canvas *canvas)
{
	static const struct column list[] = {
		{ .title = "ENV", .width = 9 },
		{ .title = "P", .width = 1 },
		{ .title = "LIVE", .width = 8 },
		{ .title = "STATE", .width = 10, .grow = 1 },
		{ .title = "BACK", .width = 11, .drop = 1 },
		{ .title = "SINCE", .width = 5, .drop = 2, .right = true },
	};
	const struct model_app *app = select_app(c);
	int rows = canvas_rows(canvas), top = (int)list_top(c->environments);
	struct columns cols;

	columns_init(&cols, list, ARRAY_LEN(list), 1, canvas_cols(canvas) - 2);
	columns_head(&cols, canvas, 0);
	if (!c->status.known)
		canvas_text(canvas, 1, 1, INT_MAX, STYLE_DIM, "asking the engine");
	else if (!app)
		canvas_text(canvas, 1, 1, INT_MAX, STYLE_DIM, "no application");
	for (int row = 1; row < rows; row++) {
		const struct model_environment *e = select_environment_at(app, top + row - 1);

		if (!e)
			break;
		draw_environment(c, e, &cols, canvas, row);
		if (list_is_selected(c->environments, top + row - 1))
			mark_row(canvas, row, !c->builds_focused);
	}
}

static char *joined(char **list, size_t n)
{
	AUTO(buf_done) struct buf b = { 0 };

	buf_init(&b, 1024);
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s%s", i ? " " : "", list[i]);
	return buf_detach(&b);
}

static void draw_build(const struct console *c, const struct model_build *b, const struct columns *cols,
                       struct canvas *canvas, int row)
{
	enum { BUILD, COMMIT, TESTS, LIVE, AUTHOR, BRANCH, MESSAGE, AGE };
	AUTO(mem_auto_free) char *live = joined(b->live, b->nlive);
	AUTO(mem_auto_free) char *commit = mem_dupn(b->commit, 7);
	char age[CLOCK_AGE_SIZE];
	struct state s;

	columns_text(cols, canvas, row, BUILD, STYLE_STRONG, b->version);
	columns_text(cols, canvas, row, COMMIT, STYLE_DIM, commit);
	state_of_tests(&b->tests, &s);
	if (cols->w[TESTS])
		state_draw(&s, canvas, row, cols->x[TESTS], cols->w[TESTS], true);
	columns_text(cols, canvas, row, LIVE, STYLE_OK, live);
	columns_text(cols, canvas, row, AUTHOR, STYLE_TEXT, b->author);
	columns_text(cols, canvas, row, BRANCH, STYLE_DIM, b->branch);
	columns_text(cols, canvas, row, MESSAGE, STYLE_TEXT, b->message);
	columns_text(cols, canvas, row, AGE, STYLE_DIM, clock_age(c->wall_ms - b->at, age));
}

static void draw_no_builds(const struct console *c, struct canvas *canvas)
{
	if (!c->builds.known)
		return;
	if (c->query) {
		canvas_textf(canvas, 1, 1, INT_MAX, STYLE_DIM, "no build matches \"%s\"; Esc shows all", c->query);
		return;
	}
	canvas_text(canvas, 1, 1, INT_MAX, STYLE_DIM, "no builds yet; add one with");
	canvas_text(canvas, 2, 1, INT_MAX, STYLE_DIM, "slipway build add VERSION --artifact NAME=FILE");
}

static void draw_builds_head(const struct console *c, const struct columns *cols, struct canvas *canvas)
{
	columns_head(cols, canvas, 0);
	if (!c->query)
		return;
	canvas_fill(canvas, 0, 0, 1, canvas_cols(canvas), STYLE_HEADING);
	canvas_textf(canvas, 0, 1, canvas_cols(canvas) - 2, STYLE_MATCH, "%zu found: %s", c->builds.total, c->query);
}

void pane_builds(const struct console *c, struct canvas *canvas)
{
	static const struct column list[] = {
		{ .title = "BUILD", .width = 9, .grow = 1 },
		{ .title = "COMMIT", .width = 7, .drop = 2 },
		{ .title = "TESTS", .width = 12, .drop = 1 },
		{ .title = "LIVE", .width = 12, .drop = 4 },
		{ .title = "AUTHOR", .width = 8, .drop = 5 },
		{ .title = "BRANCH", .width = 8, .drop = 7 },
		{ .title = "MESSAGE", .width = 14, .drop = 6, .grow = 6 },
		{ .title = "AGE", .width = 4, .drop = 3, .right = true },
	};
	int rows = canvas_rows(canvas);
	int64_t top = list_top(c->build_list), total = list_total(c->build_list);
	struct columns cols;

	columns_init(&cols, list, ARRAY_LEN(list), 2, canvas_cols(canvas) - 3);
	draw_builds_head(c, &cols, canvas);
	if (total == 0)
		draw_no_builds(c, canvas);
	for (int row = 1; row < rows && top + row - 1 < total; row++) {
		int64_t index = top + row - 1;

		if (list_known(c->build_list, index))
			draw_build(c, &c->builds.items[index - (int64_t)c->builds.offset], &cols, canvas, row);
		if (list_is_selected(c->build_list, index))
			mark_row(canvas, row, c->builds_focused);
	}
	canvas_scrollbar(canvas, 1, canvas_cols(canvas) - 1, rows - 1, (size_t)top, (size_t)(rows - 1), (size_t)total);
}
