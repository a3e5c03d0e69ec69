/*
 * What waits, in all environments of all applications: for approval first, then for its time, a window, its turn. The
 * selected one is told whole: what is approved is what is read here.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
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

enum { HEAD_ROWS = 2, LIST_ROWS_MIN = 3, DETAIL_ROWS_MIN = 7, LABEL_COLS = 8, ALSO_COLS_WHOLE = 60, HASH_COLS = 12, TEXT_MAX = 2000 };

static int64_t count(const struct console *c)
{
	int64_t n = 0;

	while (select_waiting(c, (size_t)n, NULL))
		n++;
	return n;
}

/* The list takes what it needs, up to half; a row is left free under it. The detail has the rest, and tells all. */
static int detail_rows(int rows, int64_t n)
{
	int list = rows / 2 - HEAD_ROWS;

	if (n + 1 < list)
		list = n < LIST_ROWS_MIN ? LIST_ROWS_MIN + 1 : (int)n + 1;
	if (rows - HEAD_ROWS - list < DETAIL_ROWS_MIN)
		list = rows - HEAD_ROWS - DETAIL_ROWS_MIN;
	return rows - HEAD_ROWS - list;
}

static void layout(struct console *c, int rows, int cols)
{
	int64_t n = count(c);

	(void)cols;
	list_set(c->waiting_list, n, 0, n, select_waiting_id, c);
	list_height(c->waiting_list, rows - HEAD_ROWS - detail_rows(rows, n));
}

static int64_t selected(const struct console *c)
{
	const char *id = list_selected(c->waiting_list);

	return id ? strtoll(id, NULL, 10) : 0;
}

/* All that blocks it but that gate: "window until 2026-…: closed; lock: …", or "window, lock". Yours. */
static char *others_text(const struct model_deployment *d, const char *but, bool names_only)
{
	AUTO(buf_done) struct buf b = { 0 };

	buf_init(&b, TEXT_MAX);
	for (size_t i = 0; i < d->blockers.n; i++) {
		AUTO(mem_auto_free) char *text = model_blocker_text(&d->blockers.items[i]);

		if (strcmp(d->blockers.items[i].gate, but) == 0)
			continue;
		if (names_only)
			buf_printf(&b, "%s%s", b.len ? ", " : "", d->blockers.items[i].gate);
		else
			buf_printf(&b, "%s%s", b.len ? "; " : "", text);
	}
	return buf_detach(&b);
}

static void draw_row(const struct console *c, const struct model_app *app, const struct model_deployment *d,
                     const struct columns *cols, struct canvas *canvas, int row)
{
	enum { ID, FOR, APP, ENV, BUILD, WHO, SINCE, VOTES, ALSO, PLACE };
	const char *gate = select_awaits_approval(d) ? "approval" : d->blockers.n ? d->blockers.items[0].gate : "queue";
	/* The detail tells the rest of what a narrow column would cut off. */
	AUTO(mem_auto_free) char *others = others_text(d, gate, cols->w[ALSO] < ALSO_COLS_WHOLE);
	char text[32], age[CLOCK_AGE_SIZE];

	snprintf(text, sizeof text, "%" PRId64, d->id);
	columns_text(cols, canvas, row, ID, STYLE_DIM, text);
	columns_text(cols, canvas, row, FOR, select_awaits_approval(d) ? STYLE_HELD : STYLE_WAIT, gate);
	columns_text(cols, canvas, row, APP, STYLE_TEXT, app->name);
	columns_text(cols, canvas, row, ENV, STYLE_TEXT, d->environment);
	columns_text(cols, canvas, row, BUILD, STYLE_STRONG, d->version);
	columns_text(cols, canvas, row, WHO, STYLE_TEXT, select_is_own(c, d) ? "you" : d->actor);
	columns_text(cols, canvas, row, SINCE, STYLE_DIM, clock_age(c->wall_ms - d->requested, age));
	snprintf(text, sizeof text, "%zu", model_approvals_for(&d->approvals, d->plan_hash));
	columns_text(cols, canvas, row, VOTES, STYLE_TEXT, select_awaits_approval(d) ? text : "-");
	columns_text(cols, canvas, row, ALSO, STYLE_TEXT, *others ? others : "-");
	columns_text(cols, canvas, row, PLACE, *d->override ? STYLE_HELD : STYLE_DIM, *d->override ? d->override : d->place);
}

static void draw_list(const struct console *c, struct canvas *canvas)
{
	const struct column list[] = {
		{ .title = "ID", .width = 5, .right = true },
		{ .title = "WAITS FOR", .width = 9 },
		{ .title = "APP", .width = 8, .drop = c->status.napps > 1 ? 1 : 9, .grow = 1 },
		{ .title = "ENV", .width = 8, .grow = 1 },
		{ .title = "BUILD", .width = 8, .grow = 1 },
		{ .title = "BY", .width = 6, .grow = 1 },
		{ .title = "SINCE", .width = 5, .drop = 3, .right = true },
		{ .title = "VOTES", .width = 5, .drop = 2, .right = true },
		{ .title = "ALSO BLOCKED BY", .width = 16, .drop = 5, .grow = 6 },
		{ .title = "PLACE", .width = 28, .drop = 6, .grow = 1 },
	};
	const struct model_app *app = NULL;
	const struct model_deployment *d;
	int rows = canvas_rows(canvas), cols = canvas_cols(canvas);
	int64_t top = list_top(c->waiting_list), total = list_total(c->waiting_list);
	struct columns columns;

	columns_init(&columns, list, ARRAY_LEN(list), 1, cols - 3);
	columns_head(&columns, canvas, 1);
	for (int row = HEAD_ROWS; row < rows && (d = select_waiting(c, (size_t)(top + row - HEAD_ROWS), &app)); row++) {
		draw_row(c, app, d, &columns, canvas, row);
		if (list_is_selected(c->waiting_list, top + row - HEAD_ROWS)) {
			canvas_glyph(canvas, row, 0, STYLE_STRONG, GLYPH_POINTER);
			canvas_select(canvas, row, 0, cols - 1);
		}
	}
	canvas_scrollbar(canvas, HEAD_ROWS, cols - 1, rows - HEAD_ROWS, (size_t)top, (size_t)(rows - HEAD_ROWS), (size_t)total);
}

/* Leaves `below` rows to what comes after it, but takes one. */
static int labelled(struct canvas *canvas, int row, int below, const char *label, int style, const char *text)
{
	int left = canvas_rows(canvas) - row;

	if (left <= 0 || !*text)
		return row;
	canvas_text(canvas, row, 1, LABEL_COLS, STYLE_DIM, label);
	return row + canvas_wrap(canvas, row, 1 + LABEL_COLS, left - below < 1 ? 1 : left - below,
	                         canvas_cols(canvas) - LABEL_COLS - 2, style, text);
}

/* "3fa9c1b27d04  fetch 1m, start 1m, …": what would be done, each stage with its deadline; yours. */
static char *plan_text(const struct model_deployment *d)
{
	AUTO(buf_done) struct buf b = { 0 };
	char age[CLOCK_AGE_SIZE];

	buf_init(&b, TEXT_MAX);
	buf_printf(&b, "%.*s", HASH_COLS, d->plan_hash);
	for (size_t i = 0; i < d->nsteps; i++)
		buf_printf(&b, "%s%s %s", i ? ", " : "  ", stage_name(d->steps[i].stage),
		           clock_age(d->steps[i].deadline_ms, age));
	return buf_detach(&b);
}

static char *votes_text(const struct console *c, const struct model_deployment *d)
{
	AUTO(buf_done) struct buf b = { 0 };
	char age[CLOCK_AGE_SIZE];

	buf_init(&b, TEXT_MAX);
	for (size_t i = 0; i < d->approvals.n; i++) {
		const struct model_approval *a = &d->approvals.items[i];
		bool is_for_this = strcmp(a->plan_hash, d->plan_hash) == 0;
		char ends[CLOCK_ISO_SIZE + 16] = "", iso[CLOCK_ISO_SIZE];

		if (a->ends && a->approved && is_for_this)
			snprintf(ends, sizeof ends, ", until %.16sZ", clock_iso(a->ends, iso));
		buf_printf(&b, "%s%s %s %s ago%s%s%s%s", i ? "; " : "", a->name, a->approved ? "approved" : "rejected",
		           clock_age(c->wall_ms - a->at, age), ends, *a->reason ? ": " : "", a->reason,
		           is_for_this ? "" : " (for another plan)");
	}
	return buf_detach(&b);
}

static void draw_tests(const struct console *c, const struct model_deployment *d, struct canvas *canvas, int row)
{
	const struct model_build *b = model_build(&c->builds, d->version);
	struct state s;
	char text[STATE_TEXT_SIZE + 64];

	if (!b || !c->app || strcmp(c->app, d->app) != 0 || row >= canvas_rows(canvas))
		return;
	state_of_tests(&b->tests, &s);
	snprintf(text, sizeof text, "%s %s", s.word, s.more);
	labelled(canvas, row, 0, "tests", s.style, text);
}

/* Whoever approves reads these before he reads the whole plan. */
static int votes_and_why(const struct model_deployment *d)
{
	return (d->approvals.n ? 1 : 0) + (*d->reason ? 1 : 0) + 1;
}

static void draw_detail(const struct console *c, const struct model_deployment *d, struct canvas *canvas)
{
	AUTO(mem_auto_free) char *plan = plan_text(d);
	AUTO(mem_auto_free) char *votes = votes_text(c, d);
	AUTO(mem_auto_free) char *also = others_text(d, "approval", false);
	const struct model_blocker *approval = model_blocker(&d->blockers, "approval");
	AUTO(mem_auto_free) char *needs = approval ? model_blocker_text(approval) : NULL;
	char age[CLOCK_AGE_SIZE];
	int row = 1;

	canvas_hline(canvas, 0, 0, canvas_cols(canvas), STYLE_BORDER);
	canvas_textf(canvas, 0, 2, canvas_cols(canvas) - 4, STYLE_STRONG, " #%" PRId64 " %s to %s, asked by %s %s ago%s%s ", d->id,
	             d->version, d->environment, d->actor, clock_age(c->wall_ms - d->requested, age), *d->place ? ", " : "",
	             d->place);
	row = labelled(canvas, row, 1, "flagged", STYLE_HELD, d->override);
	if (needs && select_is_own(c, d))
		row = labelled(canvas, row, 1, "yours", STYLE_HELD, "you asked for it: another person must approve it");
	if (needs)
		row = labelled(canvas, row, 1, "needs", STYLE_TEXT, needs);
	row = labelled(canvas, row, 0, needs ? "also" : "waits", STYLE_HELD, *also || needs ? also : "for its turn");
	row = labelled(canvas, row, votes_and_why(d), "plan", STYLE_TEXT, plan);
	row = labelled(canvas, row, *d->reason ? 1 : 0, "votes", STYLE_TEXT, votes);
	row = labelled(canvas, row, 1, "why", STYLE_TEXT, d->reason);
	draw_tests(c, d, canvas, row);
}

static void draw(const struct console *c, struct canvas *canvas)
{
	const struct model_deployment *d = select_screen_deployment(c);
	int64_t n = list_total(c->waiting_list), approvals = 0;
	int rows = canvas_rows(canvas), cols = canvas_cols(canvas), detail = detail_rows(rows, n);

	while (approvals < n && select_awaits_approval(select_waiting(c, (size_t)approvals, NULL)))
		approvals++;
	canvas_hline(canvas, 0, 0, cols, STYLE_BORDER);
	canvas_textf(canvas, 0, 2, cols - 4, STYLE_STRONG, " waiting: %" PRId64 " for approval, %" PRId64 " for something else ",
	             approvals, n - approvals);
	if (n == 0) {
		canvas_text(canvas, 1, 1, INT_MAX, STYLE_DIM, c->status.known ? "nothing waits anywhere" : "asking the engine");
		return;
	}
	canvas_push(canvas, 0, 0, rows - detail, cols);
	draw_list(c, canvas);
	canvas_pop(canvas);
	if (!d)
		return;
	canvas_push(canvas, rows - detail, 0, detail, cols);
	draw_detail(c, d, canvas);
	canvas_pop(canvas);
}

static unsigned needs(const struct console *c)
{
	return c->app ? 1u << FETCH_BUILDS : 0;
}

static bool act(struct console *c, enum action action, struct effects *effects)
{
	int64_t id = selected(c);

	(void)effects;
	if (action != ACTION_OPEN || !id)
		return false;
	stack_push(c, &view_deployment, id, NULL);
	return true;
}

static bool key(struct console *c, uint32_t k)
{
	return list_key(c->waiting_list, k, select_waiting_id, c);
}

const struct view view_waiting = {
	.name = "waiting", .context = ON_WAITING, .selected = selected, .needs = needs, .draw = draw, .layout = layout,
	.act = act, .key = key,
};
