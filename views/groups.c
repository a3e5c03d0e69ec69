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
       VERSIONS_COLS = 24, WHY_COLS_MIN = 12 };

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

/* Its own row, its members', the remark's, and a blank one. */
static int rows_of(const struct model_release *r)
{
	return 1 + (int)r->nmembers + (*remark(r) != '\0') + 1;
}

static int rows_of_all(const struct console *c)
{
	int rows = 0;

	for (size_t i = 0; i < c->releases.n; i++)
		rows += rows_of(&c->releases.items[i]);
	return rows;
}

static void draw_release(const struct console *c, const struct model_release *r, struct canvas *canvas, int row)
{
	int cols = canvas_cols(canvas);
	char right[80], time[CLOCK_AGE_SIZE] = "", age[CLOCK_AGE_SIZE];
	struct state s;

	state_of_release(r->state, &s);
	state_draw(&s, canvas, row, STATE_COL, STATE_COLS, true);
	if (r->started)
		clock_span((r->ended ? r->ended : c->wall_ms) - r->started, time);
	snprintf(right, sizeof right, "%zu/%zu %s%s%s %s", model_release_succeeded(r), r->nmembers, time, *time ? " " : "",
	         r->actor, clock_age(c->wall_ms - r->requested, age));
	canvas_textf(canvas, row, NAME_COL, cols - NAME_COL - RIGHT_COLS - 2, STYLE_STRONG, "#%" PRId64 " %s to %s%s%s", r->id,
	             r->group, r->environment, *r->from ? " from " : "", r->from);
	canvas_text_right(canvas, row, cols - RIGHT_COLS - 2, RIGHT_COLS, STYLE_DIM, right);
}

static void draw_member(const struct model_member *m, struct canvas *canvas, int row)
{
	int cols = canvas_cols(canvas), col = APP_COL + APP_COLS + 1, rest = col + VERSIONS_COLS + 1;
	struct state s;

	state_of_member(m->state, &s);
	state_draw(&s, canvas, row, STATE_COL, STATE_COLS, true);
	canvas_text(canvas, row, APP_COL, APP_COLS, STYLE_TEXT, m->app);
	canvas_textf(canvas, row, col, VERSIONS_COLS, STYLE_TEXT, "%s > %s", *m->from ? m->from : "nothing", m->version);
	if (rest + WHY_COLS_MIN < cols)
		canvas_text(canvas, row, rest, cols - rest - 2, s.style == STYLE_FAIL ? STYLE_FAIL : STYLE_DIM, m->why);
}

static void draw_rows(const struct console *c, struct canvas *canvas)
{
	int rows = canvas_rows(canvas), cols = canvas_cols(canvas), row = HEAD_ROWS - c->scroll.top;

	for (size_t i = 0; i < c->releases.n && row < rows; i++) {
		const struct model_release *r = &c->releases.items[i];

		if (row >= HEAD_ROWS)
			draw_release(c, r, canvas, row);
		row++;
		for (size_t m = 0; m < r->nmembers; m++, row++)
			if (row >= HEAD_ROWS && row < rows)
				draw_member(&r->members[m], canvas, row);
		if (*remark(r)) {
			if (row >= HEAD_ROWS && row < rows)
				canvas_text(canvas, row, APP_COL, cols - APP_COL - 2, *r->blocked ? STYLE_WAIT : STYLE_DIM, remark(r));
			row++;
		}
		row++;
	}
	canvas_scrollbar(canvas, HEAD_ROWS, cols - 1, rows - HEAD_ROWS, (size_t)c->scroll.top, (size_t)(rows - HEAD_ROWS),
	                 (size_t)rows_of_all(c));
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
		canvas_text(canvas, 1, 1, canvas_cols(canvas) - 2, STYLE_DIM,
		            "nothing was released together yet: slipway release GROUP ENVIRONMENT APP=VERSION...");
	else
		draw_rows(c, canvas);
}

static bool key(struct console *c, uint32_t k)
{
	return textscroll_key(c, k, rows_of_all(c), surround_body_rows(c) - HEAD_ROWS);
}

const struct view view_groups = {
	.name = "groups", .context = ON_GROUPS, .needs = needs, .enter = enter, .draw = draw, .key = key,
};
