#include "views/pane.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "backend/base/clock.h"
#include "backend/base/mem.h"
#include "tui/canvas.h"
#include "views/console.h"
#include "views/select.h"
#include "views/state.h"

enum { STAGE_COL = 7, TIME_COL = 19, NOTE_COL = 27, BAR_COLS = 20, FAILURES_MAX = 50 };

static const char *verb(enum deployment_kind kind)
{
	static const char *const verbs[KIND_COUNT] = {
		[KIND_DEPLOY] = "deploy", [KIND_ROLLBACK] = "roll back to", [KIND_SCHEDULED] = "scheduled deploy of",
		[KIND_AUTOMATIC] = "automatic deploy of",
	};

	return verbs[kind];
}

static int draw_facts(const struct console *c, const struct model_deployment *d, struct canvas *canvas)
{
	char iso[CLOCK_ISO_SIZE], time[CLOCK_AGE_SIZE];
	int cols = canvas_cols(canvas), width = 0;
	struct state s;

	state_of_deployment(d, &s);
	canvas_textf(canvas, 0, 1, cols - 24, STYLE_STRONG, "%s %s %s %s", verb(d->kind), d->version,
	             d->kind == KIND_ROLLBACK ? "in" : "to", d->environment);
	if (d->started)
		width = canvas_width(canvas, clock_span(state_deployment_ms(d, c->wall_ms), time)) + 1;
	canvas_text_right(canvas, 0, cols - 1 - width, width, STYLE_TEXT, width ? time : "");
	width += canvas_width(canvas, s.more) + (*s.more ? 1 : 0);
	canvas_text(canvas, 0, cols - 1 - width, 20, STYLE_TEXT, s.more);
	width += (int)strlen(s.word) + 1;
	canvas_text(canvas, 0, cols - 1 - width, 5, s.style, s.word);
	canvas_textf(canvas, 1, 1, cols - 2, STYLE_DIM, "#%" PRId64 "  from %s  by %s  %s%s%s", d->id,
	             *d->from ? d->from : "nothing", d->actor, clock_iso(d->requested, iso), *d->reason ? "  " : "",
	             d->reason);
	return 3;
}

static void draw_step(const struct console *c, const struct model_step *step, struct canvas *canvas, int row)
{
	int cols = canvas_cols(canvas), note = NOTE_COL;
	char time[CLOCK_AGE_SIZE];
	struct state s;

	state_of_step(step, &s);
	canvas_text(canvas, row, 1, 5, s.style, s.word);
	canvas_text(canvas, row, STAGE_COL, 11, step->state == STEP_RUN ? STYLE_STRONG : STYLE_TEXT, stage_name(step->stage));
	if (step->started)
		canvas_text_right(canvas, row, TIME_COL, 6, STYLE_DIM, clock_span(state_step_ms(step, c->wall_ms), time));
	if (step->tests.known && step->tests.planned > 0 && step->state == STEP_RUN) {
		canvas_bar(canvas, row, note, BAR_COLS, STYLE_RUN, model_totals_sum(&step->tests), step->tests.planned);
		note += BAR_COLS + 1;
		note += canvas_text(canvas, row, note, 12, STYLE_TEXT, s.more) + 1;
	}
	canvas_text(canvas, row, note, cols - note - 1, step->state == STEP_FAIL ? STYLE_FAIL : STYLE_DIM, step->message);
}

static int draw_totals(const struct model_deployment *d, struct canvas *canvas, int row)
{
	const struct model_totals *t = &d->tests;
	int left = t->planned - model_totals_sum(t), col = 1;

	if (!t->known || model_totals_sum(t) == 0)
		return row;
	col += canvas_text(canvas, row, col, INT_MAX, STYLE_HEADING, "tests");
	col += canvas_textf(canvas, row, col, INT_MAX, STYLE_OK, "  %d ok", t->ok);
	col += canvas_textf(canvas, row, col, INT_MAX, t->fail ? STYLE_FAIL : STYLE_DIM, "  %d FAIL", t->fail);
	if (t->skip + t->todo)
		col += canvas_textf(canvas, row, col, INT_MAX, STYLE_SKIP, "  %d skip", t->skip + t->todo);
	if (left > 0)
		canvas_textf(canvas, row, col, INT_MAX, STYLE_WAIT, "  %d wait", left);
	return row + 1;
}

/* Failures first, with what they say; then, while it runs, the newest that passed. */
static int draw_results(const struct console *c, const struct model_deployment *d, struct canvas *canvas, int row)
{
	int rows = canvas_rows(canvas), cols = canvas_cols(canvas), shown = 0;

	if (c->results_build || c->results.deployment != d->id)
		return row;
	for (size_t i = 0; i < c->results.n && row < rows && shown < FAILURES_MAX; i++) {
		const struct result *r = &c->results.items[i];

		if (r->outcome != TEST_FAIL)
			continue;
		canvas_text(canvas, row, 1, 5, STYLE_FAIL, "FAIL");
		canvas_textf(canvas, row++, STAGE_COL, cols - STAGE_COL - 1, STYLE_TEXT, "%s%s%s", r->suite,
		             *r->suite ? ": " : "", r->name);
		if (*r->message && row < rows)
			row += canvas_wrap(canvas, row, STAGE_COL, rows - row > 3 ? 3 : rows - row, cols - STAGE_COL - 1,
			                   STYLE_DIM, r->message);
		shown++;
	}
	for (size_t i = c->results.n; i > 0 && row < rows; i--) {
		const struct result *r = &c->results.items[i - 1];
		struct state s;

		if (r->outcome == TEST_FAIL)
			continue;
		state_of_result(r->outcome, &s);
		canvas_text(canvas, row, 1, 5, s.style, s.word);
		canvas_textf(canvas, row++, STAGE_COL, cols - STAGE_COL - 1, STYLE_DIM, "%s%s%s", r->suite,
		             *r->suite ? ": " : "", r->name);
	}
	return row;
}

/* Why it failed comes before everything that went well: the layer, the message, the process's last lines. */
static int draw_failure(const struct model_deployment *d, struct canvas *canvas, int row)
{
	const struct model_step *step = model_deployment_step(d);
	int rows = canvas_rows(canvas), cols = canvas_cols(canvas);

	if (*d->message && d->state != DEPLOYMENT_RUNNING && d->state != DEPLOYMENT_SUCCEEDED && row < rows) {
		int col = 1 + canvas_textf(canvas, row, 1, cols - 2, STYLE_FAIL, "%s: ", *d->layer ? d->layer : "why");

		row += canvas_wrap(canvas, row, col, 3, cols - col - 1, STYLE_TEXT, d->message);
	}
	if (step && *step->tail && row < rows) {
		canvas_text(canvas, row++, 1, cols - 2, STYLE_HEADING, "last lines of what failed");
		row += canvas_wrap(canvas, row, 3, rows - row, cols - 4, STYLE_DIM, step->tail);
	}
	return row;
}

void pane_deployment(const struct console *c, struct canvas *canvas)
{
	const struct model_deployment *d = select_deployment(c);
	int row, before;

	if (!d) {
		canvas_text(canvas, 0, 1, INT_MAX, STYLE_DIM, c->status.known ? "nothing was deployed here yet" : "");
		return;
	}
	row = draw_facts(c, d, canvas);
	for (size_t i = 0; i < d->nsteps; i++)
		draw_step(c, &d->steps[i], canvas, row++);
	before = ++row;
	row = draw_failure(d, canvas, row);
	if (row > before)
		row++;
	row = draw_totals(d, canvas, row);
	draw_results(c, d, canvas, row);
}
