/* The command driver on the real loop: its stages, its observations; and the drivers' registry. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/file.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/drivers/command_look.h"
#include "backend/drivers/registry.h"
#include "tests/unit/command_world.h"

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)

static void registry_is_sorted_and_complete(void **state)
{
	(void)state;
	for (const struct driver *const *d = driver_registry; *d; d++) {
		assert_true(d == driver_registry || strcmp(d[-1]->name, (*d)->name) < 0);
		assert_ptr_equal(driver_find((*d)->name), *d);
		assert_true(strlen((*d)->help) > 10 && !strchr((*d)->help, '\n'));
		assert_true((*d)->nstages > 0);
		assert_non_null((*d)->open);
		assert_non_null((*d)->close);
		assert_non_null((*d)->reconfigure);
		assert_non_null((*d)->run);
		assert_non_null((*d)->cancel);
		assert_non_null((*d)->probe);
		assert_non_null((*d)->undo);
		assert_non_null((*d)->cool);
		assert_non_null((*d)->observe);
		assert_non_null((*d)->reconcile);
		assert_non_null((*d)->url);
	}
	assert_null(driver_find("nonsense"));
	assert_ptr_equal(driver_find("command"), &driver_command);
}

static void deploy_goes_through_its_stages(void **state)
{
	struct world *w = *state;

	world_run(w, STAGE_FETCH);
	assert_true(w->ok);
	world_assert_file(w, "live", "1.0\n");
	world_run(w, STAGE_SWITCH);
	assert_true(w->ok);
	world_assert_file(w, "live", "2.0\n");
	assert_string_equal(w->output.data, "deploy 2.0\n");
	world_run(w, STAGE_VERIFY);
	assert_true(w->ok);
	assert_non_null(strstr(w->output.data, "2.0 is live"));
	world_assert_file(w, "state/command-running", "");
}

static void commands_get_the_documented_environment_and_nothing_else(void **state)
{
	struct world *w = *state;
	AUTO(mem_auto_free) char *expected = NULL;
	AUTO(mem_auto_free) char *env = NULL;
	char *argv[] = { (char *)(uintptr_t)"sh", (char *)(uintptr_t)"-c",
	                 (char *)(uintptr_t)"env -0 | tr '\\0' '\\n' | grep -v '^PWD=\\|^_=\\|^SHLVL=\\|^OLDPWD=' |"
	                                    "LC_ALL=C sort > env", NULL };

	/* given: a variable of ours that is nobody's business, and one of the configuration's that would hide ours */
	w->vars[0].name = (char *)(uintptr_t)"SLIPWAY_VERSION";
	setenv("SLIPWAY_TEST_SECRET", "x", 1);
	setenv("HOME", "/home/x", 1);
	setenv("LANG", "C.UTF-8", 1);
	w->env.deploy = argv;
	world_run(w, STAGE_SWITCH);
	assert_true(w->ok);
	env = world_get(w, "env");
	expected = mem_printf("HOME=/home/x\nLANG=C.UTF-8\nPATH=/usr/bin:/bin\nSLIPWAY_APP=shop\n"
	                      "SLIPWAY_ARTIFACT_WEB_FRONT=%s\nSLIPWAY_DEPLOYMENT=7\nSLIPWAY_DIGEST=d2\n"
	                      "SLIPWAY_ENVIRONMENT=prod\nSLIPWAY_FROM=1.0\nSLIPWAY_KIND=deploy\nSLIPWAY_VERSION=2.0\n",
	                      w->artifact);
	assert_string_equal(env, expected);
	unsetenv("SLIPWAY_TEST_SECRET");
}

static void migrate_gets_what_is_to_run_and_its_exit_code_is_the_outcome(void **state)
{
	static const char *const ids[] = { "0007", "0008" };
	struct world *w = *state;

	/* given: a build that brings two */
	w->job.migrations = ids;
	w->job.nmigrations = ARRAY_LEN(ids);
	w->env.migrate = world_shell(w->migrate, "echo $SLIPWAY_MIGRATIONS of $SLIPWAY_VERSION in $SLIPWAY_ENVIRONMENT");

	world_run(w, STAGE_MIGRATE);
	assert_true(w->ok);
	assert_string_equal(w->output.data, "0007 0008 of 2.0 in prod\n");
	world_assert_file(w, "live", "1.0\n");
	world_assert_file(w, "state/command-running", "");

	world_shell(w->migrate, "echo table locked; exit 3");
	world_run(w, STAGE_MIGRATE);
	assert_false(w->ok);
	assert_string_equal(w->layer, "migrate");
	assert_string_equal(w->err.text, "migrate exited with 3");
	assert_string_equal(w->tail, "table locked\n");

	w->env.migrate = NULL;
	world_run(w, STAGE_MIGRATE);
	assert_false(w->ok);
}

static void rollback_runs_its_own_command_or_else_deploy(void **state)
{
	struct world *w = *state;

	w->job.kind = KIND_ROLLBACK;
	world_run(w, STAGE_SWITCH);
	assert_string_equal(w->output.data, "rollback 2.0\n");
	w->env.rollback = world_shell(w->rollback, "echo back to $SLIPWAY_VERSION from $SLIPWAY_FROM");
	buf_clear(&w->output);
	world_run(w, STAGE_SWITCH);
	assert_true(w->ok);
	assert_string_equal(w->output.data, "back to 2.0 from 1.0\n");
}

static void failed_command_is_told_with_its_last_lines(void **state)
{
	static const struct { const char *script, *says, *tail; } rows[] = {
		{ "echo no such host >&2; exit 3", "deploy exited with 3", "no such host\n" },
		{ "kill -9 $$", "deploy was ended by signal 9 (Killed)", "" },
		{ "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo $i; done; exit 1", "deploy exited with 1", "2999\n3000\n" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		w->env.deploy = world_shell(w->deploy, rows[i].script);
		world_run(w, STAGE_SWITCH);
		assert_false(w->ok);
		assert_string_equal(w->err.text, rows[i].says);
		assert_string_equal(w->layer, "command");
		assert_true(strlen(w->tail) <= 4096 && strlen(w->tail) >= strlen(rows[i].tail));
		assert_string_equal(w->tail + strlen(w->tail) - strlen(rows[i].tail), rows[i].tail);
	}
	w->deploy[0] = (char *)(uintptr_t)"./no-such-script";
	world_run(w, STAGE_SWITCH);
	assert_false(w->ok);
	assert_string_equal(w->err.text, "deploy: start ./no-such-script: No such file or directory");
}

static void artifact_that_is_gone_is_named(void **state)
{
	struct world *w = *state;

	assert_int_equal(unlink(w->artifact), 0);
	world_run(w, STAGE_FETCH);
	assert_false(w->ok);
	assert_string_equal(w->layer, "artifact");
	assert_non_null(strstr(w->err.text, "web-front"));
	assert_non_null(strstr(w->err.text, w->artifact));
	w->artifacts[0].path = w->dir;
	world_run(w, STAGE_FETCH);
	assert_false(w->ok);
	assert_non_null(strstr(w->err.text, "is not a file"));
}

static void what_observe_prints_is_read(void **state)
{
	static const struct {
		const char *given;
		bool known;
		const char *version, *digest;
		bool healthy;
		const char *health;
	} rows[] = {
		{ "2.0\n", true, "2.0", NULL, true, "OK" },
		{ "  2.0-rc 1 \r\nmore\n", true, "2.0-rc 1", NULL, true, "OK" },
		{ "", true, NULL, NULL, true, "OK" },
		{ "\n2.0\n", true, NULL, NULL, true, "OK" },
		{ "{\"version\":\"2.0\"}", true, "2.0", NULL, true, "OK" },
		{ "\n {\"version\":\"2.0\",\"digest\":\"d\",\"healthy\":true,\"health\":\"3 of 3\"}\n",
		  true, "2.0", "d", true, "3 of 3" },
		{ "{\"version\":\"2.0\",\"healthy\":false}", true, "2.0", NULL, false, "observe says that it is not healthy" },
		{ "{\"version\":null,\"healthy\":false,\"health\":\"none\"}", true, NULL, NULL, false, "none" },
		{ "{\"version\":\"2.0\",\"healthy\":\"yes\"}", true, "2.0", NULL, false,
		  "observe says that it is not healthy" },
		{ "{\"version\"", false, NULL, NULL, false, "JSON that is broken" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sight s;

		sight_read(rows[i].given, strlen(rows[i].given), &s);
		assert_int_equal(s.known, rows[i].known);
		assert_int_equal(s.healthy, rows[i].healthy);
		assert_string_equal(s.version ? s.version : "(none)", rows[i].version ? rows[i].version : "(none)");
		assert_string_equal(s.digest ? s.digest : "(none)", rows[i].digest ? rows[i].digest : "(none)");
		assert_non_null(strstr(s.known ? s.health : s.err.text, rows[i].health));
		sight_done(&s);
	}
}

static void observe_that_fails_says_why(void **state)
{
	static const struct { const char *script, *says; } rows[] = {
		{ "echo first >&2; echo no route to host >&2; exit 2", "observe exited with 2: no route to host" },
		{ "kill -15 $$", "observe was ended by signal 15 (Terminated)" },
		{ "head -c 70000 /dev/zero", "observe printed more than 64 kB" },
		{ "head -c 300 /dev/zero | tr '\\0' 9", "observe printed a version of more than 200 characters" },
	};
	struct world *w = *state;
	struct err err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		world_shell(w->observe, rows[i].script);
		assert_true(driver_command.reconfigure(w->denv, &w->app, &w->env, &err));
		world_observe(w);
		assert_false(w->known);
		assert_string_equal(w->err.text, rows[i].says);
	}
	w->observe[0] = (char *)(uintptr_t)"no-such-observer";
	assert_true(driver_command.reconfigure(w->denv, &w->app, &w->env, &err));
	world_observe(w);
	assert_false(w->known);
	assert_non_null(strstr(w->err.text, "no-such-observer"));
}

static void observe_asked_often_runs_its_command_seldom(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 5; i++)
		world_observe(w);
	assert_string_equal(w->version, "1.0");
	world_assert_file(w, "observed", ".\n");
	/* A deployment may have changed what is live: the next answer is a new one. */
	world_run(w, STAGE_SWITCH);
	world_observe(w);
	assert_string_equal(w->version, "2.0");
	world_assert_file(w, "observed", ".\n.\n");
}

static void two_who_ask_at_once_are_both_answered(void **state)
{
	struct world *w = *state;

	driver_command.observe(w->denv, world_observed, w);
	driver_command.observe(w->denv, world_observed, w);
	loop_timer_set(w->impatience, WORLD_PATIENCE_MS);
	loop_run(w->loop);
	loop_timer_stop(w->impatience);
	assert_int_equal(w->answers, 2);
	world_assert_file(w, "observed", ".\n");
}

static void ask_again(void *arg)
{
	struct world *w = arg;

	driver_command.observe(w->denv, world_observed, w);
}

static void who_asks_while_it_runs_gets_the_same_answer(void **state)
{
	struct world *w = *state;
	struct loop_timer *timer = loop_timer_new(w->loop, ask_again, w);

	world_shell(w->observe, "echo . >> observed; sleep 0.3; echo 1.0");
	loop_timer_set(timer, 100);
	driver_command.observe(w->denv, world_observed, w);
	loop_timer_set(w->impatience, WORLD_PATIENCE_MS);
	loop_run(w->loop);
	loop_timer_stop(w->impatience);
	loop_timer_free(timer);
	assert_int_equal(w->answers, 2);
	world_assert_file(w, "observed", ".\n");
}

static void nobody_waits(void *arg, const struct driver_observed *o)
{
	(void)arg;
	(void)o;
}

static void ask_in_between(struct world *w)
{
	driver_command.observe(w->denv, nobody_waits, NULL);
}

static void what_was_seen_during_a_command_is_not_believed_after_it(void **state)
{
	struct world *w = *state;

	w->env.deploy = world_shell(w->deploy, "echo ready; while [ ! -e observed ]; do sleep 0.01; done; sleep 0.3; "
	                            "echo 2.0 > live");
	w->act_at = "ready";
	w->act = ask_in_between;
	world_run(w, STAGE_SWITCH);
	world_observe(w);
	assert_string_equal(w->version, "2.0");
}

static void version_that_nobody_deployed_is_not_healthy(void **state)
{
	struct world *w = *state;
	struct driver_expect expect = { .live_version = "0.9" };

	driver_command.reconcile(w->denv, &expect, world_done, w);
	world_wait(w, 0);
	assert_true(w->ok);
	world_observe(w);
	assert_true(w->known);
	assert_false(w->healthy);
	assert_string_equal(w->health, "1.0 is live; 0.9 was deployed");
	/* A deployment that is verified is expected from then on. */
	world_run(w, STAGE_SWITCH);
	world_observe(w);
	assert_true(w->healthy);
	world_run(w, STAGE_VERIFY);
	world_observe(w);
	assert_true(w->healthy);
	assert_string_equal(w->health, "OK");
}

static void verify_wants_the_new_version_and_healthy(void **state)
{
	static const struct { const char *script; bool ok; const char *says; } rows[] = {
		{ "echo 2.0", true, "" },
		{ "echo 1.9", false, "expected 2.0: 1.9 is live" },
		{ "true", false, "expected 2.0: nothing is live" },
		{ "exit 1", false, "expected 2.0: observe exited with 1" },
		{ "echo '{\"version\":\"2.0\",\"digest\":\"d2\"}'", true, "" },
		{ "echo '{\"version\":\"2.0\",\"digest\":\"other\"}'", false, "expected 2.0: 2.0 is live, digest other" },
		{ "echo '{\"version\":\"2.0\",\"healthy\":false,\"health\":\"1 of 3\"}'", false,
		  "expected 2.0: 2.0 is live, but 1 of 3" },
		/* one failure is below the limit of two */
		{ "if [ -e once ]; then echo 2.0; else : > once; echo 1.0; fi", true, "" },
		/* the last look must be good: the second failure comes late, after the time */
		{ "echo . >> n; if [ $(wc -l < n) -gt 2 ]; then sleep 0.05; echo 1.0; else echo 2.0; fi", false,
		  "expected 2.0: 1.0 is live" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		w->app.verify_ms = i == 8 ? 60000 : 30;
		world_shell(w->observe, rows[i].script);
		world_run(w, STAGE_VERIFY);
		assert_string_equal(w->ok ? "" : w->err.text, rows[i].says);
		assert_int_equal(w->ok, rows[i].ok);
		if (!w->ok)
			assert_string_equal(w->layer, "health");
	}
}

static void urls_are_the_configurations(void **state)
{
	struct world *w = *state;
	AUTO(mem_auto_free) char *url = driver_command.url(w->denv, "web-front", false);

	assert_string_equal(url, "http://10.0.0.5");
	assert_null(driver_command.url(w->denv, "web-front", true));
	assert_null(driver_command.url(w->denv, "api", false));
}

static void environment_without_its_commands_is_refused(void **state)
{
	struct world *w = *state;
	struct driver_ctx ctx = { .loop = w->loop, .state_dir = w->state_dir, .app = &w->app, .env = &w->env };
	struct err err = { 0 };

	w->env.observe = NULL;
	assert_null(driver_command.open(&ctx, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registry_is_sorted_and_complete),
		TEST(deploy_goes_through_its_stages),
		TEST(commands_get_the_documented_environment_and_nothing_else),
		TEST(migrate_gets_what_is_to_run_and_its_exit_code_is_the_outcome),
		TEST(rollback_runs_its_own_command_or_else_deploy),
		TEST(failed_command_is_told_with_its_last_lines),
		TEST(artifact_that_is_gone_is_named),
		cmocka_unit_test(what_observe_prints_is_read),
		TEST(observe_that_fails_says_why),
		TEST(observe_asked_often_runs_its_command_seldom),
		TEST(two_who_ask_at_once_are_both_answered),
		TEST(who_asks_while_it_runs_gets_the_same_answer),
		TEST(what_was_seen_during_a_command_is_not_believed_after_it),
		TEST(version_that_nobody_deployed_is_not_healthy),
		TEST(verify_wants_the_new_version_and_healthy),
		TEST(urls_are_the_configurations),
		TEST(environment_without_its_commands_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
