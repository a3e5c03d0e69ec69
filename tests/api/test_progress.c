/* What is printed of a deployment, given one snapshot after the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "tests/api/capture.h"
#include "tests/api/play.h"
#include "views/command/progress.h"

struct shot { const char *deployment; const char *results; };    /* results: what is there when they are asked for */
struct film { const struct shot *shots; size_t n; };

/* The results from `from` on, as the engine gives them. */
static json_t *results_from(const char *all, int from)
{
	AUTO(json_auto_decref) json_t *results = scene_of(all ? all : "[]");
	json_t *ret = json_array();
	const json_t *result;
	size_t i;

	json_array_foreach(results, i, result)
		if (json_int(result, "n", 0) >= from)
			json_array_append(ret, (json_t *)result);
	return ret;
}

static int play_film(void *arg)
{
	const struct film *film = arg;
	struct progress *p = progress_new(false);
	bool over = false;

	for (size_t i = 0; i < film->n; i++) {
		AUTO(json_auto_decref) json_t *deployment = scene_of(film->shots[i].deployment);

		if (progress_wants_results(p, deployment)) {
			AUTO(json_auto_decref) json_t *results = results_from(film->shots[i].results, progress_results_seen(p));

			progress_add_results(p, results);
		}
		over = progress_print(p, deployment);
	}
	progress_free(p);
	return over;
}

#define D(state, more) "{'id': 3, 'environment': 'prod', 'version': '2', 'from': '1', 'state': '" state "', " more "}"
#define STEPS(steps) "'steps': [" steps "]"
#define HEAD "deployment 3  prod 1 -> 2  "

static void assert_prints(const struct shot *shots, size_t n, bool over, const char *wanted)
{
	struct film film = { shots, n };
	AUTO(capture_done) struct capture c = capture(play_film, &film);

	assert_string_equal(c.out, wanted);
	assert_int_equal(c.code, over);
	assert_string_equal(c.err, "");
}

static void the_same_snapshot_again_prints_nothing(void **state)
{
	static const char shot[] = D("running", STEPS("{'index': 0, 'stage': 'fetch', 'state': 'run', 'started': 1}"));
	const struct shot shots[] = { { shot, NULL }, { shot, NULL }, { shot, NULL } };

	(void)state;
	assert_prints(shots, 3, false, HEAD "[1/1] fetch  RUN\n");
}

static void a_step_that_was_over_before_it_was_looked_at_has_both_its_lines(void **state)
{
	const struct shot shots[] = { { D("running", STEPS("{'index': 0, 'stage': 'gate', 'state': 'ok', 'started': 1, 'ended': 5}")), NULL } };

	(void)state;
	assert_prints(shots, 1, false, HEAD "[1/1] gate  RUN\n" HEAD "[1/1] gate  OK 0:00\n");
}

static void a_held_step_says_what_it_waits_for_each_time_that_changes(void **state)
{
	const struct shot shots[] = {
		{ D("running", STEPS("{'index': 0, 'stage': 'gate', 'state': 'held', 'started': 1, 'message': 'waits for the window'}")), NULL },
		{ D("running", STEPS("{'index': 0, 'stage': 'gate', 'state': 'held', 'started': 1, 'message': 'waits for the window'}")), NULL },
		{ D("running", STEPS("{'index': 0, 'stage': 'gate', 'state': 'held', 'started': 1, 'message': 'waits for approval'}")), NULL },
	};

	(void)state;
	assert_prints(shots, 3, false, HEAD "[1/1] gate  RUN\n" HEAD "[1/1] gate  HELD  waits for the window\n"
	              HEAD "[1/1] gate  HELD  waits for approval\n");
}

static void steps_that_never_ran_are_no_news(void **state)
{
	const struct shot shots[] = { { D("stopped", "'message': 'stopped by bob', " STEPS(
		"{'index': 0, 'stage': 'fetch', 'state': 'skip'}, {'index': 1, 'stage': 'start', 'state': 'wait'}")), NULL } };

	(void)state;
	assert_prints(shots, 1, true, HEAD "stopped  stopped by bob\n");
}

static void a_step_that_runs_again_after_a_restart_is_told_again_with_its_results(void **state)
{
	static const char first[] = "[{'n': 1, 'step': 0, 'name': 'a', 'outcome': 'fail'}, {'n': 2, 'step': 1, 'name': 'b', 'outcome': 'fail'}]";
	static const char second[] = "[{'n': 1, 'step': 0, 'name': 'a', 'outcome': 'fail'}, {'n': 2, 'step': 1, 'name': 'c', 'outcome': 'fail'}]";
	const struct shot shots[] = {
		{ D("running", "'tests': {'fail': 2}, " STEPS("{'index': 0, 'stage': 'smoke', 'state': 'ok', 'started': 1, 'ended': 2},"
			"{'index': 1, 'stage': 'acceptance', 'state': 'run', 'started': 3}")), first },
		/* when the second step is begun again, with as many results as before */
		{ D("running", "'tests': {'fail': 2}, " STEPS("{'index': 0, 'stage': 'smoke', 'state': 'ok', 'started': 1, 'ended': 2},"
			"{'index': 1, 'stage': 'acceptance', 'state': 'run', 'started': 9}")), second },
	};

	(void)state;
	assert_prints(shots, 2, false,
		HEAD "[1/2] smoke  RUN\ndeployment 3  FAIL a\n" HEAD "[1/2] smoke  OK 0:00\n"
		HEAD "[2/2] acceptance  RUN\ndeployment 3  FAIL b\n"
		HEAD "[2/2] acceptance  RUN\ndeployment 3  FAIL c\n");
}

static void waiting_and_undoing_have_their_lines(void **state)
{
	const struct shot shots[] = {
		{ D("queued", "'steps': []"), NULL }, { D("queued", "'steps': []"), NULL }, { D("running", "'steps': []"), NULL },
		{ D("undoing", "'message': 'smoke failed', 'steps': []"), NULL }, { D("undoing", "'message': 'smoke failed', 'steps': []"), NULL },
		{ D("failed", "'message': 'smoke failed', 'steps': []"), NULL },
	};

	(void)state;
	assert_prints(shots, 6, true, HEAD "queued\n" HEAD "undoing  smoke failed\n" HEAD "failed  smoke failed\n");
}

static void the_first_deployment_of_all_comes_from_nothing(void **state)
{
	const struct shot shots[] = { { "{'id': 3, 'environment': 'dev', 'version': '1', 'from': null, 'state': 'succeeded',"
	                                "'started': 0, 'ended': 61000}", NULL } };

	(void)state;
	assert_prints(shots, 1, true, "deployment 3  dev nothing -> 1  succeeded 1:01\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_snapshot_again_prints_nothing),
		cmocka_unit_test(a_step_that_was_over_before_it_was_looked_at_has_both_its_lines),
		cmocka_unit_test(a_held_step_says_what_it_waits_for_each_time_that_changes),
		cmocka_unit_test(steps_that_never_ran_are_no_news),
		cmocka_unit_test(a_step_that_runs_again_after_a_restart_is_told_again_with_its_results),
		cmocka_unit_test(waiting_and_undoing_have_their_lines),
		cmocka_unit_test(the_first_deployment_of_all_comes_from_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
