/* What was deployed, rolled back and undone, newest first. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/clock.h"
#include "backend/base/mem.h"
#include "tui/canvas.h"
#include "tui/list.h"
#include "views/columns.h"
#include "views/console.h"
#include "views/select.h"
#include "views/stack.h"
#include "views/state.h"
#include "views/view.h"

enum { HEAD_ROWS = 1, WHY_MAX = 4000 };

static unsigned needs(const struct console *c)
{
	(void)c;
	return 1u << FETCH_HISTORY;
}

static void enter(struct console *c)
{
	c->history_end = false;
	fetch_want(c, FETCH_HISTORY);
}

static void layout(struct console *c, int rows, int cols)
{
	(void)cols;
	list_height(c->history_list, rows - HEAD_ROWS);
	/* The last row known is in sight: there may be older ones. */
	if (c->history.known && !c->history_end && c->history.n &&
	    list_top(c->history_list) + rows >= (int64_t)c->history.n)
		fetch_want(c, FETCH_HISTORY);
}

static void draw_row(const struct console *c, const struct model_deployment *d, const struct columns *cols,
                     struct canvas *canvas, int row)
{
	enum { AGE, ENV, KIND, VERSION, FROM, STATE, TIME, WHO, WHY };
	const char *texts[] = { d->release, d->override, *d->message ? d->message : d->reason };
	AUTO(buf_done) struct buf why = { 0 };
	char text[CLOCK_AGE_SIZE];
	struct state s;

	columns_text(cols, canvas, row, AGE, STYLE_DIM, clock_age(c->wall_ms - d->requested, text));
	columns_text(cols, canvas, row, ENV, STYLE_TEXT, d->environment);
	/* Where the reason has no room the word alone says it. */
	columns_text(cols, canvas, row, KIND, *d->override ? STYLE_HELD : STYLE_DIM,
	             *d->override && !cols->w[WHY] ? "OVERRIDE" : kind_name(d->kind));
	columns_text(cols, canvas, row, VERSION, STYLE_STRONG, d->version);
	columns_text(cols, canvas, row, FROM, STYLE_DIM, *d->from ? d->from : "-");
	state_of_deployment(d, &s);
	if (cols->w[STATE])
		state_draw(&s, canvas, row, cols->x[STATE], cols->w[STATE], true);
	if (d->started)
		columns_text(cols, canvas, row, TIME, STYLE_DIM, clock_span(state_deployment_ms(d, console_known_ms(c)), text));
	columns_text(cols, canvas, row, WHO, STYLE_TEXT, d->actor);
	buf_init(&why, WHY_MAX);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (*texts[i])
			buf_printf(&why, "%s%s", why.len ? ": " : "", texts[i]);
	columns_text(cols, canvas, row, WHY, *d->override ? STYLE_HELD : STYLE_TEXT, why.data);
}

static void draw(const struct console *c, struct canvas *canvas)
{
	static const struct column list[] = {
		{ .title = "AGE", .width = 4, .right = true },
		{ .title = "ENV", .width = 8, .grow = 1 },
		{ .title = "KIND", .width = 9, .drop = 2 },
		{ .title = "BUILD", .width = 8, .grow = 1 },
		{ .title = "FROM", .width = 8, .drop = 5 },
		{ .title = "STATE", .width = 16 },
		{ .title = "TIME", .width = 5, .drop = 3, .right = true },
		{ .title = "WHO", .width = 8, .drop = 4 },
		{ .title = "WHY", .width = 30, .drop = 6, .grow = 4 },
	};
	int rows = canvas_rows(canvas), cols = canvas_cols(canvas);
	int64_t top = list_top(c->history_list);
	struct columns columns;

	columns_init(&columns, list, ARRAY_LEN(list), 2, cols - 3);
	columns_head(&columns, canvas, 0);
	if (c->history.known && c->history.n == 0)
		canvas_text(canvas, 1, 1, INT_MAX, STYLE_DIM, "nothing was deployed yet");
	for (int row = HEAD_ROWS; row < rows && top + row - HEAD_ROWS < (int64_t)c->history.n; row++) {
		int64_t index = top + row - HEAD_ROWS;

		draw_row(c, &c->history.items[index], &columns, canvas, row);
		if (list_is_selected(c->history_list, index)) {
			canvas_glyph(canvas, row, 0, STYLE_STRONG, GLYPH_POINTER);
			canvas_select(canvas, row, 0, cols - 1);
		}
	}
	canvas_scrollbar(canvas, HEAD_ROWS, cols - 1, rows - HEAD_ROWS, (size_t)top, (size_t)(rows - HEAD_ROWS), c->history.n);
}

static bool act(struct console *c, enum action action, struct effects *effects)
{
	const char *id = list_selected(c->history_list);

	(void)effects;
	if (!id || (action != ACTION_OPEN && action != ACTION_LOG && action != ACTION_TESTS))
		return false;
	stack_push(c, action == ACTION_OPEN ? &view_deployment : action == ACTION_LOG ? &view_log : &view_tests,
	           strtoll(id, NULL, 10), NULL);
	return true;
}

static bool key(struct console *c, uint32_t k)
{
	return list_key(c->history_list, k, select_history_id, c);
}

static bool matches(void *arg, int64_t index)
{
	const struct console *c = arg;
	const struct model_deployment *d = &c->history.items[index];
	const char *const texts[] = { d->environment, d->version, d->actor, d->message, d->reason, d->override,
	                              kind_name(d->kind) };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (strcasestr(texts[i], c->filter))
			return true;
	return false;
}

static void search(struct console *c, const char *text, int dir)
{
	if (text) {
		free(c->filter);
		c->filter = *text ? mem_dup(text) : NULL;
	}
	if (c->filter && !list_search(c->history_list, dir < 0 ? -1 : 1, matches, select_history_id, c))
		messages_note(&c->messages, "no deployment that is here has \"%s\"", c->filter);
}

const struct view view_history = {
	.name = "history", .context = ON_HISTORY, .needs = needs, .enter = enter, .draw = draw, .layout = layout, .act = act,
	.key = key, .search = search,
};
