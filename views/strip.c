#include "views/strip.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/clock.h"
#include "backend/base/mem.h"
#include "tui/canvas.h"
#include "views/console.h"
#include "views/select.h"
#include "views/state.h"

enum { SEGMENT_SIZE = STATE_TEXT_SIZE + 2, SEGMENT_GAP = 3, HEAD_ROWS = 2, STORY_ROWS = 3, STORY_ROWS_LOW = 2, LOW = 20 };

/* What stands behind the stage's name: how far, or how long. */
static void measure(const struct model_step *step, int64_t wall_ms, char text[static SEGMENT_SIZE])
{
	char time[CLOCK_AGE_SIZE];
	struct state s;

	state_of_step(step, &s);
	*text = '\0';
	if (*s.more)
		snprintf(text, SEGMENT_SIZE, " %s", s.more);
	else if (step->started && (step->state == STEP_RUN || step->state == STEP_OK || step->state == STEP_FAIL))
		snprintf(text, SEGMENT_SIZE, " %s", clock_span(state_step_ms(step, wall_ms), time));
}

static int segment_cols(const struct model_step *step, int64_t wall_ms)
{
	char text[SEGMENT_SIZE];

	measure(step, wall_ms, text);
	return (int)(strlen(step_state_word(step->state)) + strlen(stage_name(step->stage)) + strlen(text)) + 3;
}

static int draw_segment(struct canvas *canvas, int row, int col, const struct model_step *step, int64_t wall_ms)
{
	bool is_current = step->state == STEP_RUN || step->state == STEP_FAIL || step->state == STEP_HELD;
	int at = col, rest = is_current ? STYLE_TEXT : STYLE_DIM;
	char text[SEGMENT_SIZE];
	struct state s;

	state_of_step(step, &s);
	measure(step, wall_ms, text);
	at += canvas_text(canvas, row, at, 1, STYLE_BORDER, "[");
	at += canvas_text(canvas, row, at, INT_MAX, s.style, s.word);
	at += canvas_textf(canvas, row, at, INT_MAX, is_current ? STYLE_STRONG : STYLE_TEXT, " %s", stage_name(step->stage));
	at += canvas_text(canvas, row, at, INT_MAX, rest, text);
	at += canvas_text(canvas, row, at, 1, STYLE_BORDER, "]");
	return at - col;
}

static size_t current_step(const struct model_deployment *d)
{
	const struct model_step *step = model_deployment_step(d);
	size_t last = 0;

	if (step)
		return (size_t)(step - d->steps);
	for (size_t i = 0; i < d->nsteps; i++)
		if (d->steps[i].state != STEP_WAIT)
			last = i;
	return last;
}

/* The first step shown: as early as leaves room for the current one and the one after it. */
static size_t first_step(const struct model_deployment *d, int64_t wall_ms, int width)
{
	size_t current = current_step(d), last = current + 1 < d->nsteps ? current + 1 : current, first = 0;

	for (; first < current; first++) {
		int cols = (first ? 2 : 0) + (last + 1 < d->nsteps ? SEGMENT_GAP + 1 : 0);

		for (size_t i = first; i <= last; i++)
			cols += segment_cols(&d->steps[i], wall_ms) + (i > first ? SEGMENT_GAP : 0);
		if (cols <= width)
			break;
	}
	return first;
}

static void draw_pipeline(const struct console *c, const struct model_deployment *d, struct canvas *canvas, int row)
{
	int width = canvas_cols(canvas) - 2, col = 1;
	size_t first = first_step(d, console_known_ms(c), width);

	if (first > 0) {
		canvas_glyph(canvas, row, col, STYLE_DIM, GLYPH_ELLIPSIS);
		col += 2;
	}
	for (size_t i = first; i < d->nsteps; i++) {
		int room = width + 1 - col - (i + 1 < d->nsteps ? SEGMENT_GAP + 1 : 0);

		if (i > first) {
			canvas_text(canvas, row, col + 1, 1, STYLE_DIM, "→");
			col += SEGMENT_GAP;
			room -= SEGMENT_GAP;
		}
		if (segment_cols(&d->steps[i], console_known_ms(c)) > room) {
			canvas_glyph(canvas, row, col, STYLE_DIM, GLYPH_ELLIPSIS);
			return;
		}
		col += draw_segment(canvas, row, col, &d->steps[i], console_known_ms(c));
	}
}

static const struct result *first_failure(const struct console *c, const struct model_deployment *d)
{
	if (c->results_build || c->results.deployment != d->id)
		return NULL;
	for (size_t i = 0; i < c->results.n; i++)
		if (c->results.items[i].outcome == TEST_FAIL)
			return &c->results.items[i];
	return NULL;
}

static void draw_tests(const struct console *c, const struct model_deployment *d, struct canvas *canvas, int row)
{
	const struct model_totals *t = &d->tests;
	const struct result *failure = first_failure(c, d);
	int col = 1, left = t->planned - model_totals_sum(t);

	if (!t->known || (model_totals_sum(t) == 0 && t->planned <= 0)) {
		canvas_textf(canvas, row, col, INT_MAX, STYLE_DIM, "from %s  by %s%s%s", *d->from ? d->from : "nothing", d->actor,
		             *d->reason ? "  " : "", d->reason);
		return;
	}
	col += canvas_text(canvas, row, col, INT_MAX, STYLE_DIM, "tests: ");
	col += canvas_textf(canvas, row, col, INT_MAX, STYLE_OK, "%d ok", t->ok);
	if (t->fail)
		col += canvas_textf(canvas, row, col, INT_MAX, STYLE_FAIL, "  %d FAIL", t->fail);
	if (t->skip + t->todo)
		col += canvas_textf(canvas, row, col, INT_MAX, STYLE_SKIP, "  %d skip", t->skip + t->todo);
	if (left > 0)
		col += canvas_textf(canvas, row, col, INT_MAX, STYLE_WAIT, "  %d wait", left);
	if (!failure)
		return;
	col += canvas_text(canvas, row, col + 3, INT_MAX, STYLE_FAIL, "FAIL") + 3;
	canvas_textf(canvas, row, col, INT_MAX, STYLE_TEXT, " %s%s%s", failure->suite, *failure->suite ? ": " : "",
	             failure->name);
}

/* Why it waits or failed: "smoke", ": ", "GET / answered 500"; no text: neither, its tests are told instead. */
struct story { const char *word, *mark; int style; char *text; };

static void story_done(struct story *s)
{
	free(s->text);
}

static void story_of(const struct model_deployment *d, struct story *ret)
{
	AUTO(mem_auto_free) char *why = state_why(d);

	*ret = (struct story){ .word = "WAIT", .mark = " ", .style = STYLE_WAIT };
	if (d->state == DEPLOYMENT_QUEUED) {
		ret->text = mem_dup(*d->blocked ? d->blocked : *d->message ? d->message : "for its turn in this environment");
	} else if (*why) {
		ret->word = *d->layer ? d->layer : "why";
		ret->mark = ": ";
		ret->style = d->state == DEPLOYMENT_FAILED ? STYLE_FAIL : STYLE_HELD;
		ret->text = mem_dup(why);
	}
}

static int story_col(const struct console *c, const struct story *s)
{
	return 1 + canvas_width(c->ruler, s->word) + canvas_width(c->ruler, s->mark);
}

int strip_rows(const struct console *c)
{
	const struct model_deployment *d = select_deployment(c);
	AUTO(story_done) struct story s = { 0 };
	int rows = 1, most = c->rows < LOW ? STORY_ROWS_LOW : STORY_ROWS;

	if (d)
		story_of(d, &s);
	if (s.text)
		rows = canvas_wrap_rows(c->ruler, c->cols - story_col(c, &s) - 1, s.text);
	return HEAD_ROWS + (rows < 1 ? 1 : rows > most ? most : rows);
}

static void draw_last_lines(const struct console *c, const struct model_deployment *d, struct canvas *canvas, int row)
{
	AUTO(story_done) struct story s = { 0 };
	int col;

	story_of(d, &s);
	if (!s.text) {
		draw_tests(c, d, canvas, row);
		return;
	}
	col = story_col(c, &s);
	canvas_textf(canvas, row, 1, col, s.style, "%s%s", s.word, s.mark);
	canvas_wrap(canvas, row, col, canvas_rows(canvas) - row, canvas_cols(canvas) - col - 1, STYLE_TEXT, s.text);
}

static void draw_rule(const struct console *c, const struct model_deployment *d, struct canvas *canvas)
{
	int cols = canvas_cols(canvas), width;
	char time[CLOCK_AGE_SIZE], right[STATE_TEXT_SIZE + CLOCK_AGE_SIZE + 16];
	struct state s;

	canvas_hline(canvas, 0, 0, cols, STYLE_BORDER);
	if (!d)
		return;
	state_of_deployment(d, &s);
	canvas_textf(canvas, 0, 2, cols / 2 + 10, STYLE_STRONG, " %s %s%s ", d->environment,
	             d->kind == KIND_ROLLBACK ? "back to " : "", d->version);
	clock_span(state_deployment_ms(d, console_known_ms(c)), time);
	/* The stage stands in the pipeline below. */
	snprintf(right, sizeof right, "%s%s%s", d->state == DEPLOYMENT_RUNNING ? "" : s.more,
	         d->state == DEPLOYMENT_RUNNING || !*s.more || !d->started ? "" : " ", d->started ? time : "");
	width = canvas_width(canvas, right) + (int)strlen(s.word) + 3;
	canvas_textf(canvas, 0, cols - 2 - width, width, s.style, " %s", s.word);
	canvas_textf(canvas, 0, cols - 2 - width + (int)strlen(s.word) + 1, width, STYLE_TEXT, " %s ", right);
}

void strip_draw(const struct console *c, struct canvas *canvas)
{
	const struct model_deployment *d = select_deployment(c);

	draw_rule(c, d, canvas);
	if (!d) {
		canvas_text(canvas, 1, 1, INT_MAX, STYLE_DIM, c->status.known ? "nothing was deployed here yet" : "");
		return;
	}
	draw_pipeline(c, d, canvas, 1);
	draw_last_lines(c, d, canvas, HEAD_ROWS);
}
