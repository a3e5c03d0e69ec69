/* The command driver when something goes wrong: probe, undo, cancel, and an engine that was killed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/clock.h"
#include "backend/base/file.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/drivers/registry.h"
#include "backend/process/child.h"
#include "backend/process/launcher.h"
#include "tests/unit/command_world.h"

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)

static void probe_tells_by_what_is_live(void **state)
{
	static const struct { const char *live; const char *from; enum driver_probe then; } rows[] = {
		{ "2.0\n", "1.0", PROBE_DONE },
		{ "1.0\n", "1.0", PROBE_NOT_STARTED },
		{ "0.9\n", "1.0", PROBE_UNKNOWN },
		{ "", "1.0", PROBE_UNKNOWN },
		{ "", NULL, PROBE_NOT_STARTED },
		{ "2.0\n", NULL, PROBE_DONE },
		{ "0.9\n", NULL, PROBE_UNKNOWN },
		/* the same version again: bringing it there twice does no harm */
		{ "2.0\n", "2.0", PROBE_NOT_STARTED },
		{ "{\"version\":\"2.0\",\"digest\":\"d2\"}\n", "2.0", PROBE_DONE },
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		world_put(w, "live", rows[i].live);
		w->job.live_version = rows[i].from;
		world_probe(w, STAGE_SWITCH);
		assert_int_equal(w->probe, rows[i].then);
		assert_true(strlen(w->why) > 0);
	}
	world_shell(w->observe, "echo lost >&2; exit 1");
	world_probe(w, STAGE_SWITCH);
	assert_int_equal(w->probe, PROBE_UNKNOWN);
	assert_string_equal(w->why, "observe exited with 1: lost");
	world_probe(w, STAGE_VERIFY);
	assert_int_equal(w->probe, PROBE_NOT_STARTED);
	world_probe(w, STAGE_FETCH);
	assert_int_equal(w->probe, PROBE_NOT_STARTED);
}

static void a_migration_whose_end_nobody_saw_is_not_known(void **state)
{
	struct world *w = *state;

	w->env.migrate = world_shell(w->migrate, "echo ran > ran");
	world_probe(w, STAGE_MIGRATE);
	assert_int_equal(w->probe, PROBE_UNKNOWN);
	world_assert_file(w, "ran", "");
}

static void undo_after_a_failed_migration_leaves_what_is_live(void **state)
{
	struct world *w = *state;

	w->env.migrate = world_shell(w->migrate, "exit 1");
	w->env.rollback = world_shell(w->rollback, "echo ran > ran");
	world_run(w, STAGE_MIGRATE);
	world_undo(w);
	assert_true(w->ok);
	world_assert_file(w, "ran", "");
}

static void undo_does_nothing_when_the_old_version_is_live(void **state)
{
	struct world *w = *state;

	w->env.deploy = world_shell(w->deploy, "echo ran > ran");
	world_undo(w);
	assert_true(w->ok);
	world_assert_file(w, "ran", "");
}

static void undo_brings_the_old_build_back_with_all_it_needs(void **state)
{
	struct world *w = *state;
	AUTO(mem_auto_free) char *expected = NULL;

	w->env.rollback = world_shell(w->rollback, "echo $SLIPWAY_VERSION > live; echo $SLIPWAY_KIND $SLIPWAY_VERSION "
	                              "$SLIPWAY_DIGEST $SLIPWAY_FROM $SLIPWAY_DEPLOYMENT "
	                              "$SLIPWAY_ARTIFACT_WEB_FRONT > facts");
	world_put(w, "live", "2.0\n");
	world_undo(w);
	assert_true(w->ok);
	world_assert_file(w, "live", "1.0\n");
	expected = mem_printf("rollback 1.0 d1 2.0 7 %s\n", w->old_artifact);
	world_assert_file(w, "facts", expected);
	/* and again, for it may be told twice */
	world_put(w, "facts", "");
	world_undo(w);
	assert_true(w->ok);
	world_assert_file(w, "facts", "");
}

static void undo_believes_what_is_live_and_not_the_exit_code(void **state)
{
	struct world *w = *state;

	world_put(w, "live", "2.0\n");
	w->env.rollback = world_shell(w->rollback, "echo 1.0 > live; exit 1");
	world_undo(w);
	assert_true(w->ok);
	world_put(w, "live", "2.0\n");
	world_shell(w->rollback, "true");
	world_undo(w);
	assert_false(w->ok);
	assert_string_equal(w->err.text, "1.0 was to be brought back: 2.0 is live");
	world_shell(w->rollback, "echo stuck; exit 4");
	world_undo(w);
	assert_false(w->ok);
	assert_string_equal(w->err.text, "1.0 was to be brought back, but rollback exited with 4: 2.0 is live");
	assert_string_equal(w->tail, "stuck\n");
	w->rollback[0] = (char *)(uintptr_t)"./gone";
	world_undo(w);
	assert_false(w->ok);
	assert_non_null(strstr(w->err.text, "start ./gone"));
}

static void undo_of_the_first_deployment_runs_nothing(void **state)
{
	struct world *w = *state;

	w->job.live_version = w->job.live_digest = NULL;
	w->job.nlive_artifacts = 0;
	w->env.rollback = world_shell(w->rollback, "echo ran > ran");
	world_put(w, "live", "");
	world_undo(w);
	assert_true(w->ok);
	world_put(w, "live", "2.0\n");
	world_undo(w);
	assert_false(w->ok);
	assert_non_null(strstr(w->err.text, "nothing was live before"));
	world_assert_file(w, "ran", "");
}

static void undo_heals_what_its_deployment_broke_and_only_that(void **state)
{
	struct world *w = *state;

	/* given: the old version is live and not healthy */
	world_shell(w->observe, "if [ -e healed ]; then echo 1.0; else echo '{\"version\":\"1.0\",\"healthy\":false}'; fi");
	w->env.rollback = world_shell(w->rollback, "echo ran >> ran; : > healed");
	w->env.deploy = world_shell(w->deploy, "exit 1");
	/* when its deployment got no further than fetch, then it is left alone */
	world_run(w, STAGE_FETCH);
	world_undo(w);
	assert_true(w->ok);
	world_assert_file(w, "ran", "");
	/* when its command ran, then it is brought back */
	world_run(w, STAGE_FETCH);
	world_run(w, STAGE_SWITCH);
	world_undo(w);
	assert_true(w->ok);
	world_assert_file(w, "ran", "ran\n");
}

static void do_cancel(struct world *w)
{
	driver_command.cancel(w->denv);
	driver_command.cancel(w->denv);
}

static void assert_stopped(struct world *w)
{
	assert_false(w->ok);
	assert_int_equal(w->err.kind, ERR_REFUSED);
	assert_string_equal(w->err.text, "stopped");
}

static void cancel_ends_the_command_with_all_it_started(void **state)
{
	struct world *w = *state;
	int64_t began_ms = clock_mono_ms();

	w->env.deploy = world_shell(w->deploy, "echo ready; sleep 60; echo late > live");
	w->act_at = "ready";
	w->act = do_cancel;
	world_run(w, STAGE_SWITCH);
	assert_stopped(w);
	assert_true(clock_mono_ms() - began_ms < 20000);
	world_assert_file(w, "live", "1.0\n");
	world_assert_file(w, "state/command-running", "");
}

static void cancel_runs_the_users_command(void **state)
{
	struct world *w = *state;

	w->env.deploy = world_shell(w->deploy, "echo ready; while [ ! -e stop ]; do sleep 0.02; done; "
	                            "echo ended > by-itself");
	w->env.cancel = world_shell(w->cancel, "echo $SLIPWAY_DEPLOYMENT > stop");
	w->act_at = "ready";
	w->act = do_cancel;
	world_run(w, STAGE_SWITCH);
	assert_stopped(w);
	world_assert_file(w, "stop", "7\n");
	world_assert_file(w, "by-itself", "ended\n");
}

static void cancel_command_that_fails_does_not_stop_the_stop(void **state)
{
	struct world *w = *state;

	w->env.deploy = world_shell(w->deploy, "echo ready; exec sleep 60");
	w->env.cancel = world_shell(w->cancel, "exit 5");
	w->act_at = "ready";
	w->act = do_cancel;
	world_run(w, STAGE_SWITCH);
	assert_stopped(w);
	assert_non_null(strstr(w->output.data, "cancel exited with 5"));
	w->cancel[0] = (char *)(uintptr_t)"./gone";
	buf_clear(&w->output);
	w->act_at = "ready";
	world_run(w, STAGE_SWITCH);
	assert_stopped(w);
}

static void cancel_ends_the_other_stages_too(void **state)
{
	struct world *w = *state;
	int before = w->answers;

	w->app.verify_ms = 600000;
	world_put(w, "live", "2.0\n");
	w->act_at = "2.0 is live";
	w->act = do_cancel;
	world_run(w, STAGE_VERIFY);
	assert_stopped(w);
	before = w->answers;
	driver_command.run(w->denv, &w->job, STAGE_FETCH, world_done, w);
	do_cancel(w);
	world_wait(w, before);
	assert_stopped(w);
	w->env.migrate = world_shell(w->migrate, "echo migrating; sleep 600");
	w->act_at = "migrating";
	world_run(w, STAGE_MIGRATE);
	assert_stopped(w);
	/* nothing runs: nothing happens */
	do_cancel(w);
	world_run(w, STAGE_FETCH);
	assert_true(w->ok);
}

static void do_close(struct world *w)
{
	driver_command.close(w->denv);
	w->denv = NULL;
	loop_timer_set(w->impatience, 100);
}

static void close_ends_the_command_and_calls_nobody(void **state)
{
	struct world *w = *state;

	w->env.deploy = world_shell(w->deploy, "echo ready $$; exec sleep 60");
	w->act_at = "ready";
	w->act = do_close;
	driver_command.run(w->denv, &w->job, STAGE_SWITCH, world_done, w);
	loop_timer_set(w->impatience, WORLD_PATIENCE_MS);
	loop_run(w->loop);
	assert_int_equal(w->answers, 0);
	assert_int_equal(kill((pid_t)strtol(strstr(w->output.data, "ready") + 6, NULL, 10), 0), -1);
	world_open(w);
}

/* ---- an engine that is killed: the test program is its own child ---- */

static void say_output(void *arg, const char *data, size_t len)
{
	(void)arg;
	fwrite(data, 1, len, stdout);
	fflush(stdout);
}

/* Deploys in the folder argv[3], and is killed while it does. */
static int act_engine(const char *dir)
{
	struct world *w = mem_alloc(sizeof *w);

	snprintf(w->dir, sizeof w->dir, "%s", dir);
	w->state_dir = file_join(w->dir, "state");
	w->loop = loop_new();
	if (!launcher_new(w->loop, &w->launcher, NULL))
		return 1;
	world_fill(w);
	w->job.output = say_output;
	w->env.deploy = world_shell(w->deploy, "(trap '' TERM; i=0; while [ $i -lt 300 ]; do i=$((i+1)); sleep 0.1; "
	                            "done) & echo child $!; wait");
	world_open(w);
	driver_command.run(w->denv, &w->job, STAGE_SWITCH, world_done, w);
	loop_run(w->loop);
	return 0;
}

struct engine { struct loop *loop; struct child *child; struct buf out; };

static void engine_output(void *arg, bool is_stderr, const char *data, size_t len)
{
	struct engine *e = arg;

	(void)is_stderr;
	buf_add(&e->out, data, len);
	if (strchr(e->out.data, '\n'))
		loop_stop(e->loop);
}

static void engine_ended(void *arg, const struct child_end *end)
{
	struct engine *e = arg;

	(void)end;
	e->child = NULL;
	loop_stop(e->loop);
}

static void command_that_a_killed_engine_left_is_ended_first(void **state)
{
	struct world *w = *state;
	char self[4096] = "";
	const char *const argv[] = { self, "act", w->dir, NULL };
	const char *const env[] = { "PATH=/usr/bin:/bin", NULL };
	struct engine e = { .loop = w->loop };
	struct child_spec spec = { .argv = argv, .env = env, .output = engine_output, .end = engine_ended, .arg = &e };
	AUTO(mem_auto_free) char *running = NULL;
	pid_t left;

	/* given: an engine that was killed in the middle of a command, which has started something that ignores SIGTERM */
	assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
	buf_init(&e.out, 10000);
	e.child = child_start(w->launcher, &spec);
	loop_timer_set(w->impatience, WORLD_PATIENCE_MS);
	loop_run(w->loop);
	loop_timer_stop(w->impatience);
	left = strncmp(e.out.data, "child ", 6) == 0 ? (pid_t)strtol(e.out.data + 6, NULL, 10) : 0;
	child_free(e.child);
	buf_done(&e.out);
	assert_true(left > 1);
	running = world_get(w, "state/command-running");
	assert_non_null(strstr(running, " 7\n"));
	assert_int_equal(kill(left, 0), 0);
	/* when the next engine looks at it */
	driver_command.close(w->denv);
	world_open(w);
	world_probe(w, STAGE_SWITCH);
	/* then it is gone before observe was asked */
	assert_int_equal(w->probe, PROBE_NOT_STARTED);
	assert_non_null(strstr(w->output.data, "left a command running"));
	for (int64_t until = clock_mono_ms() + 5000; kill(left, 0) == 0 && clock_mono_ms() < until;)
		usleep(2000);
	assert_int_equal(kill(left, 0), -1);
	world_assert_file(w, "state/command-running", "");
}

static void process_of_somebody_else_with_the_groups_number_is_left_alone(void **state)
{
	struct world *w = *state;
	const char *const argv[] = { "sh", "-c", "echo; exec sleep 60", NULL };
	const char *const env[] = { "PATH=/usr/bin:/bin", "SLIPWAY_DEPLOYMENT=77", NULL };
	struct engine e = { .loop = w->loop };
	struct child_spec spec = { .argv = argv, .env = env, .output = engine_output, .end = engine_ended, .arg = &e };
	AUTO(mem_auto_free) char *running = NULL;

	buf_init(&e.out, 10000);
	e.child = child_start(w->launcher, &spec);
	loop_run(w->loop);
	buf_done(&e.out);
	running = mem_printf("%d 7\n", child_pid(e.child));
	world_put(w, "state/command-running", running);
	driver_command.close(w->denv);
	world_open(w);
	world_probe(w, STAGE_SWITCH);
	assert_int_equal(w->probe, PROBE_NOT_STARTED);
	assert_non_null(e.child);
	assert_int_equal(kill(child_pid(e.child), 0), 0);
	child_free(e.child);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(probe_tells_by_what_is_live),
		TEST(undo_does_nothing_when_the_old_version_is_live),
		TEST(undo_brings_the_old_build_back_with_all_it_needs),
		TEST(undo_believes_what_is_live_and_not_the_exit_code),
		TEST(undo_of_the_first_deployment_runs_nothing),
		TEST(undo_heals_what_its_deployment_broke_and_only_that),
		TEST(cancel_ends_the_command_with_all_it_started),
		TEST(cancel_runs_the_users_command),
		TEST(cancel_command_that_fails_does_not_stop_the_stop),
		TEST(cancel_ends_the_other_stages_too),
		TEST(a_migration_whose_end_nobody_saw_is_not_known),
		TEST(undo_after_a_failed_migration_leaves_what_is_live),
		TEST(close_ends_the_command_and_calls_nobody),
		TEST(command_that_a_killed_engine_left_is_ended_first),
		TEST(process_of_somebody_else_with_the_groups_number_is_left_alone),
	};

	if (argc > 2 && strcmp(argv[1], "act") == 0)
		return act_engine(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
