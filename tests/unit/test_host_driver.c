/* The host driver's main way, with a real HAProxy, real runsv and real processes on loopback. Faults: tests/live. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backend/base/file.h"
#include "backend/drivers/registry.h"
#include "tests/tools/host_stand.h"

static void a_first_deployment_is_seen_in_preview_before_any_user_sees_it(void **state)
{
	struct stand *s = *state;

	stand_job(s, "1.0", "good", COLOUR_BLUE, COLOUR_NONE);
	stand_run_ok(s, STAGE_FETCH);
	stand_run_ok(s, STAGE_STAGE);
	stand_run_ok(s, STAGE_START);
	assert_string_equal(stand_get(s, true), "1.0 blue");
	assert_string_equal(stand_get(s, false), "HTTP 503");
	assert_int_equal(stand_pid(s, COLOUR_BLUE, "worker"), 0);

	stand_run_ok(s, STAGE_SWITCH);
	stand_has(s->outcome.detail, "\"map_us\":");
	stand_has(s->outcome.detail, "\"failed\":0");
	assert_string_equal(stand_get(s, false), "1.0 blue");
	assert_string_equal(stand_db(s), "1.0 blue");
	assert_int_not_equal(stand_pid(s, COLOUR_BLUE, "worker"), 0);
	stand_run_ok(s, STAGE_VERIFY);
	stand_observe(s);
	assert_true(s->seen.known);
	assert_true(s->seen.healthy);
	assert_false(s->seen.warm);
	assert_int_equal(s->seen.live, COLOUR_BLUE);
	assert_string_equal(s->seen_version, "1.0");
	assert_string_equal(s->seen_health, "OK");
}

static void no_request_is_lost_over_deployments_and_rollbacks(void **state)
{
	struct stand *s = *state;
	long sent, failed;

	stand_deploy(s, "1.0", COLOUR_BLUE, COLOUR_NONE);
	stand_hammer(s);
	stand_deploy(s, "2.0", COLOUR_GREEN, COLOUR_BLUE);
	for (int i = 0; i < 4; i++) {
		bool to_blue = i % 2 == 0;
		enum colour target = to_blue ? COLOUR_BLUE : COLOUR_GREEN;
		pid_t web = stand_pid(s, target, "web");

		stand_rollback_job(s, to_blue ? "1.0" : "2.0", target, colour_other(target));
		stand_run_ok(s, STAGE_FETCH);
		stand_run_ok(s, STAGE_STAGE);
		stand_run_ok(s, STAGE_START);
		stand_run_ok(s, STAGE_SWITCH);
		stand_run_ok(s, STAGE_DRAIN);
		assert_int_equal(stand_pid(s, target, "web"), web);
	}
	stand_cool(s, COLOUR_BLUE);
	assert_true(s->outcome.ok);
	stand_deploy(s, "3.0", COLOUR_BLUE, COLOUR_GREEN);
	stand_hammer_end(s, &sent, &failed);
	assert_int_equal(failed, 0);
	assert_true(sent > 100);
	assert_string_equal(stand_get(s, false), "3.0 blue");
}

static void a_crash_at_start_is_told_with_the_last_lines_and_touches_nothing(void **state)
{
	struct stand *s = *state;

	stand_deploy(s, "1.0", COLOUR_BLUE, COLOUR_NONE);
	stand_job(s, "2.0", "crash", COLOUR_GREEN, COLOUR_BLUE);
	stand_run_ok(s, STAGE_FETCH);
	stand_run_ok(s, STAGE_STAGE);
	stand_run(s, STAGE_START);
	assert_false(s->outcome.ok);
	assert_string_equal(s->outcome.layer, "process");
	stand_has(s->outcome.err.text, "start web: exited with 3 after ");
	stand_has(s->outcome.tail, "no database at db:5432");
	assert_false(stand_is_kept_up(s, COLOUR_GREEN, "web"));
	assert_true(stand_is_kept_up(s, COLOUR_GREEN, "db"));
	assert_string_equal(stand_get(s, false), "1.0 blue");
	stand_undo(s);
	assert_string_equal(stand_get(s, false), "1.0 blue");
	assert_int_equal(stand_pid(s, COLOUR_GREEN, "db"), 0);
}

static void a_missing_artifact_is_found_before_anything_is_touched(void **state)
{
	struct stand *s = *state;

	stand_job(s, "1.0", "good", COLOUR_BLUE, COLOUR_NONE);
	s->job.nartifacts = 1;
	stand_run(s, STAGE_FETCH);
	assert_false(s->outcome.ok);
	assert_string_equal(s->outcome.layer, "artifact");
	stand_has(s->outcome.err.text, "db: build 1.0 has no artifact db");
}

static void a_changed_artifact_is_refused(void **state)
{
	struct stand *s = *state;

	stand_job(s, "1.0", "good", COLOUR_BLUE, COLOUR_NONE);
	assert_true(file_write_atomic(s->paths[1], "other", 5, 0400, NULL));
	stand_run(s, STAGE_STAGE);
	assert_false(s->outcome.ok);
	assert_string_equal(s->outcome.layer, "artifact");
	stand_has(s->outcome.err.text, "unpack db: ");
	stand_probe(s, STAGE_STAGE);
	assert_int_equal(s->probe, PROBE_NOT_STARTED);
}

/* The stage migrate of a build that needs two migrations; `script` is the db's migrate command. */
static void migrate(struct stand *s, const char *script)
{
	static const char *const migrations[] = { "0007", "0008", NULL };
	char *command[] = { (char *)"sh", (char *)"-c", (char *)script, NULL };

	stand_job(s, "1.0", "good", COLOUR_BLUE, COLOUR_NONE);
	s->job.migrations = migrations;
	s->job.nmigrations = 2;
	s->components[1].migrate = command;
	assert_true(driver_host.reconfigure(s->denv, &s->app, &s->env, NULL));
	s->components[1].migrate = NULL;
	stand_run_ok(s, STAGE_FETCH);
	stand_run_ok(s, STAGE_STAGE);
	stand_run(s, STAGE_MIGRATE);
}

static void the_migrate_command_runs_in_the_artifact_and_is_told_which_ones(void **state)
{
	struct stand *s = *state;

	migrate(s, "basename \"$PWD\"; echo \"$SLIPWAY_MIGRATIONS for $SLIPWAY_VERSION\"");
	assert_true(s->outcome.ok);
	stand_has(s->output, "release\n0007 0008 for 1.0\n");
}

static void a_migrate_command_that_fails_is_told_with_its_last_lines(void **state)
{
	struct stand *s = *state;

	migrate(s, "echo 'no such table'; exit 4");
	assert_false(s->outcome.ok);
	assert_string_equal(s->outcome.layer, "migrate");
	stand_has(s->outcome.err.text, "db: its migrate command exited with 4");
	stand_has(s->outcome.tail, "no such table");
}

static void nobody_knows_after_a_restart_how_a_migration_ended(void **state)
{
	struct stand *s = *state;

	migrate(s, "true");
	stand_probe(s, STAGE_MIGRATE);
	assert_int_equal(s->probe, PROBE_UNKNOWN);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, stand_set_up, stand_tear_down)
		CASE(the_migrate_command_runs_in_the_artifact_and_is_told_which_ones),
		CASE(a_migrate_command_that_fails_is_told_with_its_last_lines),
		CASE(nobody_knows_after_a_restart_how_a_migration_ended),
		CASE(a_first_deployment_is_seen_in_preview_before_any_user_sees_it),
		CASE(no_request_is_lost_over_deployments_and_rollbacks),
		CASE(a_crash_at_start_is_told_with_the_last_lines_and_touches_nothing),
		CASE(a_missing_artifact_is_found_before_anything_is_touched),
		CASE(a_changed_artifact_is_refused),
	};
	int code = stand_main(argc, argv);

	return code >= 0 ? code : cmocka_run_group_tests(tests, NULL, NULL);
}
