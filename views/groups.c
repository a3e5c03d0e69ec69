/* Releases of several applications together, newest first: how far each is, and where each application stands. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "backend/base/clock.h"
#include "backend/base/mem.h"
#include "tui/canvas.h"
#include "views/console.h"
#include "views/state.h"
#include "views/surround.h"
#include "views/textscroll.h"
#include "views/view.h"

enum { HEAD_ROWS = 1, STATE_COL = 1, STATE_COLS = 15, NAME_COL = 17, APP_COL = 19, APP_COLS = 14, RIGHT_COLS = 26,
       VERSIONS_COLS = 24 };

static unsigned needs(const struct console *c)
{
	(void)c;
	return 1u << FETCH_GROUPS;
}

static void enter(struct console *c)
{
	fetch_want(c, FETCH_GROUPS);
}

/* What stands below a release's members: what it waits for, else how it ended, else why it was asked for. */
static const char *remark(const struct model_release *r)
{
	return *r->blocked ? r->blocked : *r->message ? r->message : r->reason;
}

static void draw_release(const struct console *c, const struct model_release *r, struct canvas *canvas, int row)
{
	int cols = canvas_cols(canvas), right_cols;
	char right[80], time[CLOCK_AGE_SIZE] = "", age[CLOCK_AGE_SIZE];
	struct state s;

	state_of_release(r->state, &s);
	state_draw(&s, canvas, row, STATE_COL, STATE_COLS, true);
	if (r->started)
		clock_span((r->ended ? r->ended : console_known_ms(c)) - r->started, time);
	snprintf(right, sizeof right, "%zu/%zu %s%s%s %s", model_release_succeeded(r), r->nmembers, time, *time ? " " : "",
	         r->actor, clock_age(c->wall_ms - r->requested, age));
	right_cols = canvas_width(canvas, right);
	if (right_cols > RIGHT_COLS)
		right_cols = RIGHT_COLS;
	canvas_textf(canvas, row, NAME_COL, cols - NAME_COL - right_cols - 3, STYLE_STRONG, "#%" PRId64 " %s to %s%s%s", r->id,
	             r->group, r->environment, *r->from ? " from " : "", r->from);
	canvas_text_right(canvas, row, cols - right_cols - 1, right_cols, STYLE_DIM, right);
}

/* From `col` to the end, as many rows as it takes; returns them. No canvas: they are only counted. */
static int write_wrapped(const struct console *c, struct canvas *canvas, int row, int col, int width, int style,
                         const char *text)
{
	return canvas ? canvas_wrap(canvas, row, col, INT_MAX, width - col - 1, style, text)
	              : canvas_wrap_rows(c->ruler, width - col - 1, text);
}

/* Why it is so stands beside it where there is room for all of it, else below. */
static int write_member(const struct console *c, const struct model_member *m, struct canvas *canvas, int row, int width)
{
	int col = APP_COL + APP_COLS + 1, rest = col + VERSIONS_COLS + 1, style;
	bool beside = canvas_width(c->ruler, m->why) < width - rest;
	struct state s;

	state_of_member(m->state, &s);
	style = s.style == STYLE_FAIL ? STYLE_FAIL : STYLE_DIM;
	if (canvas) {
		state_draw(&s, canvas, row, STATE_COL, STATE_COLS, true);
		canvas_text(canvas, row, APP_COL, APP_COLS, STYLE_TEXT, m->app);
		canvas_textf(canvas, row, col, VERSIONS_COLS, STYLE_TEXT, "%s → %s", *m->from ? m->from : "nothing", m->version);
		if (beside)
			canvas_text(canvas, row, rest, width - rest, style, m->why);
	}
	return beside ? 1 : 1 + write_wrapped(c, canvas, row + 1, APP_COL, width, style, m->why);
}

/* From row -top on; returns the rows of it all. */
static int write_all(const struct console *c, struct canvas *canvas, int top, int width)
{
	int row = -top;

	for (size_t i = 0; i < c->releases.n; i++) {
		const struct model_release *r = &c->releases.items[i];

		if (canvas)
			draw_release(c, r, canvas, row);
		row++;
		for (size_t m = 0; m < r->nmembers; m++)
			row += write_member(c, &r->members[m], canvas, row, width);
		row += write_wrapped(c, canvas, row, NAME_COL, width, *r->blocked ? STYLE_WAIT : STYLE_DIM, remark(r));
		row++;
	}
	return row + top;
}

static void draw_rows(const struct console *c, struct canvas *canvas)
{
	int rows = canvas_rows(canvas) - HEAD_ROWS, cols = canvas_cols(canvas), total;

	canvas_push(canvas, HEAD_ROWS, 0, rows, cols - 1);
	total = write_all(c, canvas, c->scroll.top, cols - 1);
	canvas_pop(canvas);
	canvas_scrollbar(canvas, HEAD_ROWS, cols - 1, rows, (size_t)c->scroll.top, (size_t)rows, (size_t)total);
}

static void draw(const struct console *c, struct canvas *canvas)
{
	size_t under_way = 0;
	char title[80];

	for (size_t i = 0; i < c->releases.n; i++)
		under_way += !deployment_state_is_over(c->releases.items[i].state);
	snprintf(title, sizeof title, " groups: %zu under way ", under_way);
	canvas_hline(canvas, 0, 0, canvas_cols(canvas), STYLE_BORDER);
	canvas_text(canvas, 0, 2, INT_MAX, STYLE_STRONG, c->releases.known ? title : " groups ");
	if (!c->releases.known)
		canvas_text(canvas, 1, 1, INT_MAX, STYLE_DIM, "asking the engine");
	else if (c->releases.n == 0)
		canvas_wrap(canvas, 1, 1, 2, canvas_cols(canvas) - 2, STYLE_DIM,
		            "nothing was released together yet: slipway release GROUP ENVIRONMENT APP=VERSION...");
	else
		draw_rows(c, canvas);
}

static bool key(struct console *c, uint32_t k)
{
	return textscroll_key(c, k, write_all(c, NULL, 0, c->cols - 1), surround_body_rows(c) - HEAD_ROWS);
}

const struct view view_groups = {
	.name = "groups", .context = ON_GROUPS, .needs = needs, .enter = enter, .draw = draw, .key = key,
};
