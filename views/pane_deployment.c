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

enum { STAGE_COL = 7, TIME_COL = 19, NOTE_COL = 27, BAR_COLS = 20, FAILURES_MAX = 50, STEPS_MIN = 3,
       FAILURE_ROWS = 6 };

static const char *verb(enum deployment_kind kind)
{
	static const char *const verbs[KIND_COUNT] = {
		[KIND_DEPLOY] = "deploy", [KIND_ROLLBACK] = "roll back to", [KIND_SCHEDULED] = "scheduled deploy of",
		[KIND_AUTOMATIC] = "automatic deploy of",
	};

	return verbs[kind];
}

/* "RUN acceptance  0:42" at the right end of the rule. */
static void draw_rule_state(const struct console *c, const struct model_deployment *d, struct canvas *canvas)
{
	int end = canvas_cols(canvas) - 2, width;
	char time[CLOCK_AGE_SIZE] = "", rest[STATE_TEXT_SIZE + CLOCK_AGE_SIZE + 4];
	struct state s;

	state_of_deployment(d, &s);
	if (d->started)
		clock_span(state_deployment_ms(d, console_known_ms(c)), time);
	snprintf(rest, sizeof rest, "%s%s%s%s ", *s.more ? " " : "", s.more, *time ? " " : "", time);
	width = canvas_width(canvas, s.word) + canvas_width(canvas, rest);
	canvas_text(canvas, 0, end - width - 1, width, s.style, " ");
	canvas_text(canvas, 0, end - width, width, s.style, s.word);
	canvas_text(canvas, 0, end - width + canvas_width(canvas, s.word), width, STYLE_TEXT, rest);
}

static int draw_facts(const struct console *c, const struct model_deployment *d, struct canvas *canvas)
{
	int cols = canvas_cols(canvas);
	char iso[CLOCK_ISO_SIZE];

	canvas_hline(canvas, 0, 0, cols, STYLE_BORDER);
	canvas_textf(canvas, 0, 2, cols - 28, STYLE_STRONG, " %s %s %s %s ", verb(d->kind), d->version,
	             d->kind == KIND_ROLLBACK ? "in" : "to", d->environment);
	draw_rule_state(c, d, canvas);
	canvas_textf(canvas, 1, 1, cols - 2, STYLE_DIM, "#%" PRId64 "%s%s  from %s  by %s  %s%s%s", d->id,
	             *d->release ? " of " : "", d->release, *d->from ? d->from : "nothing", d->actor,
	             clock_iso(d->requested, iso), *d->reason ? "  " : "", d->reason);
	if (!*d->override)
		return 3;
	canvas_text(canvas, 2, 1, cols - 2, STYLE_HELD, d->override);
	return 4;
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
		canvas_text_right(canvas, row, TIME_COL, 6, STYLE_DIM, clock_span(state_step_ms(step, console_known_ms(c)), time));
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
	AUTO(mem_auto_free) char *why = state_why(d);

	if (d->state == DEPLOYMENT_QUEUED && *d->blocked && row < rows) {
		canvas_text(canvas, row, 1, 5, STYLE_WAIT, "WAIT");
		row += canvas_wrap(canvas, row, STAGE_COL, 3, cols - STAGE_COL - 1, STYLE_TEXT, d->blocked);
		if (*d->place && row < rows)
			canvas_text(canvas, row++, STAGE_COL, cols - STAGE_COL - 1, STYLE_DIM, d->place);
	}
	if (*why && row < rows) {
		int col = 1 + canvas_textf(canvas, row, 1, cols - 2, STYLE_FAIL, "%s: ", *d->layer ? d->layer : "why");

		row += canvas_wrap(canvas, row, col, 3, cols - col - 1, STYLE_TEXT, why);
	}
	if (step && *step->tail && row < rows) {
		canvas_text(canvas, row++, 1, cols - 2, STYLE_HEADING, "last lines of what failed");
		row += canvas_wrap(canvas, row, 3, rows - row, cols - 4, STYLE_DIM, step->tail);
	}
	return row;
}

/* The steps around the one that matters, so many that room is left for what went wrong. */
static int draw_steps(const struct console *c, const struct model_deployment *d, struct canvas *canvas, int row)
{
	const struct model_step *current = model_deployment_step(d);
	size_t first = 0, room = d->nsteps, at = current ? (size_t)(current - d->steps) : d->nsteps;
	int left = canvas_rows(canvas) - row - FAILURE_ROWS;

	if (left < (int)d->nsteps && current)
		room = left > STEPS_MIN ? (size_t)left : STEPS_MIN;
	if (room < d->nsteps && at + 2 > room)
		first = at + 2 > d->nsteps ? d->nsteps - room : at + 2 - room;
	for (size_t i = first; i < d->nsteps && i < first + room; i++)
		draw_step(c, &d->steps[i], canvas, row++);
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
	row = draw_steps(c, d, canvas, row);
	before = ++row;
	row = draw_failure(d, canvas, row);
	if (row > before)
		row++;
	row = draw_totals(d, canvas, row);
	draw_results(c, d, canvas, row);
}
