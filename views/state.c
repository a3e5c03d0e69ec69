#include "views/state.h"

#include <stdio.h>
#include <string.h>

#include "backend/base/mem.h"
#include "tui/canvas.h"

enum { WORD_COLS = 5 };

static void set(struct state *s, enum step_state word, const char *more)
{
	static const int styles[STEP_STATE_COUNT] = {
		[STEP_WAIT] = STYLE_WAIT, [STEP_RUN] = STYLE_RUN, [STEP_OK] = STYLE_OK,
		[STEP_FAIL] = STYLE_FAIL, [STEP_SKIP] = STYLE_SKIP, [STEP_HELD] = STYLE_HELD,
	};

	s->word = step_state_word(word);
	s->style = styles[word];
	snprintf(s->more, sizeof s->more, "%s", more);
}

void state_of_deployment(const struct model_deployment *d, struct state *ret)
{
	static const struct { enum step_state word; const char *more; } says[DEPLOYMENT_STATE_COUNT] = {
		[DEPLOYMENT_QUEUED] = { STEP_WAIT, "queued" },
		[DEPLOYMENT_RUNNING] = { STEP_RUN, "" },
		[DEPLOYMENT_UNDOING] = { STEP_RUN, "undoing" },
		[DEPLOYMENT_SUCCEEDED] = { STEP_OK, "" },
		[DEPLOYMENT_FAILED] = { STEP_FAIL, "undone" },
		[DEPLOYMENT_STOPPED] = { STEP_SKIP, "stopped" },
		[DEPLOYMENT_ATTENTION] = { STEP_HELD, "attention" },
	};
	const struct model_step *step = model_deployment_step(d);

	set(ret, says[d->state].word, says[d->state].more);
	if (d->state == DEPLOYMENT_RUNNING && step)
		snprintf(ret->more, sizeof ret->more, "%s", stage_name(step->stage));
}

void state_of_release(enum deployment_state state, struct state *ret)
{
	const struct model_deployment d = { .state = state };

	state_of_deployment(&d, ret);
	/* Whether it is undone is the group's choice: its members say it. */
	if (state == DEPLOYMENT_FAILED)
		set(ret, STEP_FAIL, "");
}

void state_of_member(const char *word, struct state *ret)
{
	static const struct { const char *word; enum step_state state; const char *more; } says[] = {
		{ "wait", STEP_WAIT, "" }, { "unchanged", STEP_SKIP, "unchanged" }, { "skip", STEP_SKIP, "" },
		{ "undone", STEP_SKIP, "undone" }, { "stays", STEP_HELD, "stays" },
	};
	struct model_deployment d = { .state = DEPLOYMENT_ATTENTION };

	for (size_t i = 0; i < ARRAY_LEN(says); i++) {
		if (strcmp(says[i].word, word) == 0) {
			set(ret, says[i].state, says[i].more);
			return;
		}
	}
	deployment_state_parse(word, &d.state);
	state_of_deployment(&d, ret);
}

void state_of_environment(const struct model_environment *e, struct state *ret)
{
	const struct model_deployment *d = &e->deployment;
	char waiting[32] = "";

	if (e->nqueue)
		snprintf(waiting, sizeof waiting, "%zu wait", e->nqueue);
	if (d->id && !model_deployment_is_over(d))
		state_of_deployment(d, ret);
	else if (d->id && d->state == DEPLOYMENT_ATTENTION)
		set(ret, STEP_HELD, "attention");
	else if (e->drifted)
		set(ret, STEP_HELD, "drift");
	else if (!*e->live_version)
		set(ret, STEP_WAIT, "empty");
	else if (e->is_past && !e->health_known)
		*ret = (struct state){ .word = "-", .style = STYLE_DIM };
	else if (!e->health_known)
		set(ret, STEP_WAIT, "health");
	else
		set(ret, e->healthy ? STEP_OK : STEP_FAIL, e->healthy ? waiting : e->health);
}

void state_of_step(const struct model_step *step, struct state *ret)
{
	set(ret, step->state, "");
	if (step->tests.known && step->tests.planned > 0 && step->state == STEP_RUN)
		snprintf(ret->more, sizeof ret->more, "%d/%d", model_totals_sum(&step->tests), step->tests.planned);
}

int model_totals_sum(const struct model_totals *tests)
{
	return tests->ok + tests->fail + tests->skip + tests->todo;
}

void state_of_tests(const struct model_totals *tests, struct state *ret)
{
	int total = tests->planned > model_totals_sum(tests) ? tests->planned : model_totals_sum(tests);

	if (!tests->known || total == 0) {
		*ret = (struct state){ .word = "-", .style = STYLE_DIM };
		return;
	}
	set(ret, tests->fail || model_totals_sum(tests) < total ? STEP_FAIL : STEP_OK, "");
	snprintf(ret->more, sizeof ret->more, "%d/%d", total - tests->fail - (total - model_totals_sum(tests)), total);
}

void state_of_result(enum test_outcome outcome, struct state *ret)
{
	static const struct { enum step_state word; const char *more; } says[TEST_OUTCOME_COUNT] = {
		[TEST_OK] = { STEP_OK, "" }, [TEST_FAIL] = { STEP_FAIL, "" },
		[TEST_SKIP] = { STEP_SKIP, "" }, [TEST_TODO] = { STEP_HELD, "todo" },
	};

	set(ret, says[outcome].word, says[outcome].more);
}

int state_draw(const struct state *s, struct canvas *canvas, int row, int col, int width, bool aligned)
{
	int used = canvas_text(canvas, row, col, width, s->style, s->word);
	int from = aligned ? WORD_COLS : used + 1;

	if (!*s->more || width <= from)
		return used;
	return from + canvas_text(canvas, row, col + from, width - from, STYLE_TEXT, s->more);
}

char *state_why(const struct model_deployment *d)
{
	bool is_undone = d->state == DEPLOYMENT_FAILED || d->state == DEPLOYMENT_STOPPED;

	if (!*d->message || d->state == DEPLOYMENT_RUNNING || d->state == DEPLOYMENT_SUCCEEDED)
		return mem_dup("");
	return mem_printf("%s%s%s%s", d->message, is_undone ? "; undone, " : "",
	                  !is_undone ? "" : *d->from ? d->from : "nothing", is_undone ? " is live" : "");
}

static int64_t span(int64_t from, int64_t to, int64_t wall_ms)
{
	if (!from)
		return 0;
	if (!to)
		to = wall_ms;
	return to > from ? to - from : 0;
}

int64_t state_deployment_ms(const struct model_deployment *d, int64_t wall_ms)
{
	return span(d->started, d->ended, wall_ms);
}

int64_t state_step_ms(const struct model_step *step, int64_t wall_ms)
{
	return span(step->started, step->ended, wall_ms);
}
