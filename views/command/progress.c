#include "views/command/progress.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "views/command/out.h"
#include "views/command/record.h"

/* What was printed of a step. A step that a restarted engine runs again has another time of start. */
struct printed {
	int64_t started;          /* 0: not yet */
	char state[8];            /* the last one printed */
	char message[200];        /* printed with a state that lasts, such as "held" */
	int top;                  /* the highest number of a result of it */
};

struct progress {
	bool json;
	struct printed *steps;
	size_t nsteps;
	json_t *fresh;            /* RESULTs that were not printed yet */
	int seen;
	int64_t counted;          /* results counted by the snapshot for which results were fetched last */
	enum deployment_state state;
	bool any;                 /* something was printed */
};

struct progress *progress_new(bool json)
{
	struct progress *p = mem_alloc(sizeof *p);

	*p = (struct progress){ .json = json, .fresh = json_array() };
	return p;
}

void progress_free(struct progress *p)
{
	if (!p)
		return;
	free(p->steps);
	json_decref(p->fresh);
	free(p);
}

int progress_results_seen(const struct progress *p) { return p->seen; }
enum deployment_state progress_state(const struct progress *p) { return p->state; }

static void grow(struct progress *p, size_t n)
{
	struct printed *steps;

	if (n <= p->nsteps)
		return;
	steps = mem_array(n, sizeof *steps);
	if (p->nsteps)
		memcpy(steps, p->steps, p->nsteps * sizeof *steps);
	free(p->steps);
	p->steps = steps;
	p->nsteps = n;
}

/* The results of a step that runs again are forgotten, and their numbers are used again. */
static void forget_results_from(struct progress *p, size_t step)
{
	p->seen = 0;
	p->counted = -1;
	for (size_t i = 0; i < p->nsteps; i++) {
		if (i >= step)
			p->steps[i].top = 0;
		else if (p->steps[i].top > p->seen)
			p->seen = p->steps[i].top;
	}
}

bool progress_wants_results(struct progress *p, const json_t *deployment)
{
	const json_t *steps = json_object_get(deployment, "steps"), *step;
	size_t i;

	grow(p, json_array_size(steps));
	json_array_foreach((json_t *)steps, i, step) {
		int64_t started = json_int(step, "started", 0);

		if (started && p->steps[i].started && started != p->steps[i].started) {
			forget_results_from(p, i);
			break;
		}
	}
	return record_count(json_object_get(deployment, "tests")) != p->counted;
}

void progress_add_results(struct progress *p, const json_t *results)
{
	const json_t *result;
	size_t i;

	json_array_foreach((json_t *)results, i, result) {
		int n = (int)json_int(result, "n", 0);
		int64_t step = json_int(result, "step", -1);

		if (n <= p->seen)
			continue;
		p->seen = n;
		if (step >= 0 && (size_t)step < p->nsteps)
			p->steps[step].top = n;
		json_array_append(p->fresh, (json_t *)result);
	}
}

static void print_result(const struct progress *p, int64_t id, const json_t *result)
{
	const char *suite = json_text(result, "suite"), *message = json_text(result, "message");

	if (p->json) {
		AUTO(json_auto_decref) json_t *line = json_pack("{s:I, s:O}", "deployment", (json_int_t)id, "result", result);

		out_json(line);
		return;
	}
	if (strcmp(json_text(result, "outcome"), "fail") != 0)
		return;
	out_piece(OUT_PLAIN, "deployment %lld  ", (long long)id);
	out_piece(OUT_BAD, "FAIL");
	out_piece(OUT_PLAIN, " %s%s%s%s%s", suite, *suite ? ": " : "", json_text(result, "name"), *message ? "  " : "", message);
	out_end_line();
}

/* Results of a step, or (step -1) of all. */
static void print_results(struct progress *p, int64_t id, int64_t step)
{
	for (size_t i = 0; i < json_array_size(p->fresh);) {
		const json_t *result = json_array_get(p->fresh, i);

		if (step >= 0 && json_int(result, "step", -1) != step) {
			i++;
			continue;
		}
		print_result(p, id, result);
		json_array_remove(p->fresh, i);
	}
}

static void print_step(const struct progress *p, const json_t *deployment, const json_t *step, size_t at)
{
	AUTO(mem_auto_free) char *route = record_route(deployment), *span = record_span(step);
	AUTO(mem_auto_free) char *totals = record_totals(json_object_get(step, "tests"));
	const char *state = json_text(step, "state"), *layer = json_text(step, "layer"), *message = json_text(step, "message");
	enum step_state parsed;

	if (p->json) {
		AUTO(json_auto_decref) json_t *line = json_pack("{s:O, s:O}", "deployment", json_object_get(deployment, "id"),
		                                                "step", step);

		out_json(line);
		return;
	}
	out_piece(OUT_PLAIN, "deployment %lld  %s  [%zu/%zu] %s  ", (long long)json_int(deployment, "id", 0), route, at + 1,
	          p->nsteps, json_text(step, "stage"));
	out_piece(out_style_of(state), "%s", step_state_parse(state, &parsed) ? step_state_word(parsed) : state);
	out_piece(OUT_PLAIN, "%s%s%s%s", *span ? " " : "", span, *totals ? "  tests " : "", totals);
	if (*layer || *message)
		out_piece(OUT_PLAIN, "  %s%s%s", layer, *layer && *message ? ": " : "", message);
	out_end_line();
}

/* The last lines of what failed. */
static void print_tail(const struct progress *p, const json_t *deployment, const json_t *step)
{
	const char *line = json_text(step, "tail");

	while (!p->json && *line) {
		size_t len = strcspn(line, "\n");

		if (len)
			out_line("deployment %lld  | %.*s", (long long)json_int(deployment, "id", 0), (int)len, line);
		line += len + (line[len] == '\n');
	}
}

static void remember(struct printed *was, const char *state, const char *message)
{
	size_t n = strnlen(state, sizeof was->state - 1), m = strnlen(message, sizeof was->message - 1);

	memcpy(was->state, state, n);
	was->state[n] = '\0';
	memcpy(was->message, message, m);
	was->message[m] = '\0';
}

static bool says_the_same(const struct printed *was, const char *state, const char *message)
{
	return strcmp(was->state, state) == 0
		&& (strcmp(state, "held") != 0 || strncmp(was->message, message, sizeof was->message - 1) == 0);
}

/* The begin of a step that was not seen running, for the line that says so. */
static void print_begin(const struct progress *p, const json_t *deployment, const json_t *step, size_t at)
{
	AUTO(json_auto_decref) json_t *begin = json_copy((json_t *)step);

	json_object_set_new(begin, "state", json_string("run"));
	json_object_set_new(begin, "ended", json_null());
	json_object_set_new(begin, "message", json_string(""));
	json_object_set_new(begin, "layer", json_string(""));
	json_object_set_new(begin, "tail", json_string(""));
	json_object_set_new(begin, "tests", json_null());
	print_step(p, deployment, begin, at);
}

static void show_step(struct progress *p, const json_t *deployment, const json_t *step, size_t at)
{
	struct printed *was = &p->steps[at];
	const char *state = json_text(step, "state"), *message = json_text(step, "message");
	int64_t id = json_int(deployment, "id", 0), started = json_int(step, "started", 0);

	if (started && started != was->started) {
		was->started = started;
		print_begin(p, deployment, step, at);
		remember(was, "run", "");
	}
	print_results(p, id, json_int(step, "index", (int64_t)at));
	/* A step that never ran is not news, whatever it is called in the end. */
	if (says_the_same(was, state, message) || strcmp(state, "wait") == 0 || (!was->started && strcmp(state, "held") != 0))
		return;
	remember(was, state, message);
	print_step(p, deployment, step, at);
	print_tail(p, deployment, step);
}

static void print_end(const struct progress *p, const json_t *deployment)
{
	if (p->json) {
		AUTO(json_auto_decref) json_t *line = json_pack("{s:O, s:O}", "deployment", json_object_get(deployment, "id"),
		                                                "end", deployment);

		out_json(line);
	} else {
		record_print(deployment);
	}
}

void progress_skip(struct progress *p, const json_t *deployment)
{
	const json_t *steps = json_object_get(deployment, "steps"), *step;
	size_t i;

	grow(p, json_array_size(steps));
	json_array_foreach((json_t *)steps, i, step) {
		p->steps[i].started = json_int(step, "started", 0);
		remember(&p->steps[i], json_text(step, "state"), json_text(step, "message"));
	}
	p->counted = record_count(json_object_get(deployment, "tests"));
	p->seen = (int)p->counted;     /* results are numbered from 1 without gaps */
	deployment_state_parse(json_text(deployment, "state"), &p->state);
	p->any = true;
}

/* A step that failed has said why. */
static bool step_failed(const json_t *steps)
{
	const json_t *step;
	size_t i;

	json_array_foreach((json_t *)steps, i, step)
		if (strcmp(json_text(step, "state"), step_state_name(STEP_FAIL)) == 0)
			return true;
	return false;
}

static void print_undoing(const json_t *deployment)
{
	AUTO(json_auto_decref) json_t *brief = json_copy((json_t *)deployment);

	if (step_failed(json_object_get(deployment, "steps"))) {
		json_object_del(brief, "message");
		json_object_del(brief, "layer");
	}
	record_print(brief);
}

bool progress_print(struct progress *p, const json_t *deployment)
{
	const json_t *steps = json_object_get(deployment, "steps"), *step;
	enum deployment_state state = DEPLOYMENT_RUNNING, was = p->state;
	bool first = !p->any;
	size_t i;

	deployment_state_parse(json_text(deployment, "state"), &state);
	p->any = true;
	p->state = state;
	p->counted = record_count(json_object_get(deployment, "tests"));
	grow(p, json_array_size(steps));
	/* That it waits, or is being undone, no step says. */
	if (!p->json && state == DEPLOYMENT_QUEUED && first)
		record_print(deployment);
	json_array_foreach((json_t *)steps, i, step)
		show_step(p, deployment, step, i);
	if (!p->json && state == DEPLOYMENT_UNDOING && was != state)
		print_undoing(deployment);
	if (!deployment_state_is_over(state))
		return false;
	print_results(p, json_int(deployment, "id", 0), -1);
	print_end(p, deployment);
	return true;
}
