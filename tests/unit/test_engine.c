/*
 * The state machine with a driver that does as it is told: every outcome of every step, stops, deadlines, queues,
 * restarts. The store, the children that import artifacts and the loop are real.
 */
#include "tests/unit/engine_case.h"
#include "backend/report/tool.h"


/* Added with a commit time of this JSON; what the journal's row has of it, -1: the build was refused. */
static int64_t journalled_commit_time(struct fixture *f, const char *version, json_t *take_told)
{
	struct engine_caller who = { getuid(), "ci" };
	AUTO(mem_auto_free) char *path = file_join(f->dir, "artifact");
	AUTO(json_auto_decref) json_t *request = json_pack("{s:s, s:{s:s}, s:o}", "version", version, "artifacts", "web", path,
	                                                   "commit_time", take_told), *build = NULL;

	write_file(f, "artifact", version);
	f->status = 0;
	engine_add_build(f->engine, &who, request, added, f);
	if (!f->status)
		loop_run(f->loop);
	if (f->status != 201)
		return -1;
	assert_true(engine_build(f->engine, "shop", version, &build, NULL));
	return json_int(build, "commit_time", 0);
}

static void a_build_has_the_time_of_its_commit_where_ci_tells_it(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(journalled_commit_time(f, "3.0.0", json_string("2026-11-25T10:00:00Z")), 1795600800000);
	assert_int_equal(journalled_commit_time(f, "3.0.1", json_string("1795600800")), 1795600800000);
	assert_int_equal(journalled_commit_time(f, "3.0.2", json_integer(1795600800)), 1795600800000);
	assert_int_equal(journalled_commit_time(f, "3.0.3", json_null()), 0);
	assert_int_equal(journalled_commit_time(f, "3.0.4", json_string("yesterday")), -1);
	assert_int_equal(journalled_commit_time(f, "3.0.5", json_integer(1795600800000)), -1);
	assert_int_equal(journalled_commit_time(f, "3.0.6", json_true()), -1);
}

static void deployment_goes_through_every_stage_and_is_live(void **state)
{
	struct fixture *f = *state;

	deploy(f, "1.0.0");
	wait_rows(f, "deployment.finished", 1);
	assert_string_equal(script.log, "fetch stage start switch verify ");
	assert_now(f, "1.0.0", "none", "succeeded");
	deploy(f, "1.1.0");
	wait_rows(f, "deployment.finished", 1);
	assert_now(f, "1.1.0", "1.0.0", "succeeded");
}

static void version_is_immutable(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(add_build(f, "1.0.0", "one"), 200);
	assert_int_equal(add_build(f, "1.0.0", "other"), 409);
	assert_int_equal(add_build(f, "../1", "other"), 400);
}

static json_t *facts_of(struct fixture *f, const char *commit, const char *tap, const char *feature)
{
	AUTO(mem_auto_free) char *path = file_join(f->dir, "tests.tap");
	json_t *facts = json_object();

	json_put_text(facts, "commit", commit);
	json_put_text(facts, "author", "eve");
	if (tap) {
		write_file(f, "tests.tap", tap);
		json_object_set_new(facts, "tests", json_pack("[s]", path));
	}
	if (feature)
		json_object_set_new(facts, "features", json_pack("[s]", feature));
	return facts;
}

static void what_is_known_of_a_version_is_immutable_too(void **state)
{
	static const struct { const char *commit, *tap, *feature; int status; const char *why; } rows[] = {
		{ "9f3c1ab", "1..1\nok 1 - a\n", "checkout", 200, "" },
		/* what is left out is not said to be otherwise */
		{ NULL, NULL, "checkout", 200, "" },
		{ "ffff", NULL, "checkout", 409, "with the commit \"9f3c1ab\", not \"ffff\"" },
		{ "9f3c1ab", "1..1\nnot ok 1 - a\n", "checkout", 409, "with other tests" },
		{ "9f3c1ab", NULL, "search", 409, "with other features" },
	};
	struct fixture *f = *state;

	/* given */
	assert_int_equal(add_build_with(f, "2.0.0", "one", facts_of(f, "9f3c1ab", "1..1\nok 1 - a\n", "checkout")), 201);
	assert_false(f->known);

	/* when, then */
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(add_build_with(f, "2.0.0", "one", facts_of(f, rows[i].commit, rows[i].tap, rows[i].feature)),
		                 rows[i].status);
		assert_non_null(strstr(f->why, rows[i].why));
		assert_int_equal(f->known, rows[i].status == 200);
	}
	/* and a fact that comes later than the build is not dropped either; 1.0.0 came with none */
	assert_int_equal(add_build_with(f, "1.0.0", "one", facts_of(f, "9f3c1ab", NULL, NULL)), 409);
	assert_non_null(strstr(f->why, "1.0.0 is there already with no commit, not \"9f3c1ab\""));
}

static void failure_in_each_stage_is_undone_and_leaves_the_live_build(void **state)
{
	static const struct { enum stage stage; const char *then; } rows[] = {
		{ STAGE_FETCH, "fetch undo-to-1.0.0 " },
		{ STAGE_STAGE, "fetch stage undo-to-1.0.0 " },
		{ STAGE_START, "fetch stage start undo-to-1.0.0 " },
		{ STAGE_SWITCH, "fetch stage start switch undo-to-1.0.0 " },
		{ STAGE_VERIFY, "fetch stage start switch verify undo-to-1.0.0 " },
	};
	struct fixture *f = *state;

	deployed(f, "1.0.0");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		script.run[rows[i].stage] = ANSWER_FAIL;
		deploy(f, "1.1.0");
		wait_rows(f, "deployment.finished", 1);
		assert_string_equal(script.log, rows[i].then);
		assert_now(f, "1.0.0", "none", "failed");
		script.run[rows[i].stage] = ANSWER_OK;
		script.log[0] = '\0';
	}
}

static void failed_first_deployment_leaves_nothing_live(void **state)
{
	struct fixture *f = *state;

	script.run[STAGE_VERIFY] = ANSWER_FAIL;
	deploy(f, "1.0.0");
	wait_rows(f, "deployment.finished", 1);
	assert_string_equal(script.log, "fetch stage start switch verify undo-to-nothing ");
	assert_now(f, "none", "none", "failed");
}

static void failed_drain_takes_nothing_back(void **state)
{
	struct fixture *f = *state;

	deployed(f, "1.0.0");
	script.run[STAGE_DRAIN] = ANSWER_FAIL;
	deploy(f, "1.1.0");
	wait_rows(f, "deployment.finished", 1);
	assert_now(f, "1.1.0", "1.0.0", "succeeded");
}

static void undo_that_fails_needs_attention(void **state)
{
	struct fixture *f = *state;
	AUTO(json_auto_decref) json_t *env = NULL;

	deployed(f, "1.0.0");
	script.run[STAGE_SWITCH] = script.undo = ANSWER_FAIL;
	deploy(f, "1.1.0");
	wait_rows(f, "deployment.finished", 1);
	assert_now(f, "1.0.0", "none", "attention");
	env = environment(f);
	assert_non_null(strstr(json_text(env, "attention"), "could not be proven undone"));
}

static void step_that_passes_its_deadline_is_cancelled_and_undone(void **state)
{
	struct fixture *f = *state;

	script.run[STAGE_START] = ANSWER_WAIT;
	deploy(f, "1.0.0");
	wait_rows(f, "deployment.finished", 1);
	assert_string_equal(script.log, "fetch stage start cancel undo-to-nothing ");
	assert_now(f, "none", "none", "failed");
}

static void driver_that_never_answers_is_given_up(void **state)
{
	struct fixture *f = *state;
	int opened = script.opened;

	script.run[STAGE_START] = ANSWER_NEVER;
	deploy(f, "1.0.0");
	wait_rows(f, "deployment.finished", 1);
	assert_now(f, "none", "none", "attention");
	assert_int_equal(script.opened, opened + 1);
	/* and the environment is usable again */
	script.run[STAGE_START] = ANSWER_OK;
	deploy(f, "1.0.0");
	wait_rows(f, "deployment.finished", 1);
	assert_now(f, "1.0.0", "none", "succeeded");
}

static void stop_ends_in_stopped_and_undone(void **state)
{
	struct fixture *f = *state;
	struct engine_caller who = { getuid(), "bob" };
	json_t *request = json_pack("{s:s}", "reason", "wrong build"), *answer = NULL;

	deployed(f, "1.0.0");
	script.run[STAGE_STAGE] = ANSWER_WAIT;
	deploy(f, "1.1.0");
	wait_rows(f, "step.started", 3);
	assert_true(engine_stop(f->engine, &who, f->id, request, &answer, NULL));
	json_decref(answer);
	json_decref(request);
	wait_rows(f, "deployment.finished", 1);
	assert_string_equal(script.log, "fetch stage cancel undo-to-1.0.0 ");
	assert_now(f, "1.0.0", "none", "stopped");
}

static void deployments_queue_and_a_rollback_goes_first(void **state)
{
	struct fixture *f = *state;
	struct err err = { 0 };

	assert_int_equal(add_build(f, "1.2.0", "three"), 201);
	deployed(f, "1.0.0");
	deployed(f, "1.1.0");
	script.run[STAGE_STAGE] = ANSWER_WAIT;
	deploy(f, "1.2.0");
	wait_rows(f, "step.started", 3);
	deploy(f, "1.2.0");
	assert_true(ask(f, "rollback", NULL, "1.1.0", NULL, &err));
	script.run[STAGE_STAGE] = ANSWER_OK;
	wait_rows(f, "deployment.finished", 2);
	/* the running one was stopped and undone, then the rollback ran, before the one that waited; the warm colour had
	   been taken for the new build, so it had to be started anew */
	assert_string_equal(script.log, "fetch stage cancel undo-to-1.1.0 fetch stage start switch verify drain ");
	wait_rows(f, "deployment.finished", 1);
	assert_now(f, "1.2.0", "1.0.0", "succeeded");
}

static void rollback_to_a_warm_colour_only_switches(void **state)
{
	struct fixture *f = *state;
	struct err err = { 0 };

	deployed(f, "1.0.0");
	deployed(f, "1.1.0");
	assert_true(ask(f, "rollback", NULL, "1.1.0", NULL, &err));
	wait_rows(f, "deployment.finished", 1);
	assert_string_equal(script.log, "switch verify drain ");
	assert_now(f, "1.0.0", "none", "succeeded");
}

static void rollback_whose_warm_colour_is_ill_starts_it_anew(void **state)
{
	struct fixture *f = *state;
	struct err err = { 0 };

	deployed(f, "1.0.0");
	deployed(f, "1.1.0");
	script.run[STAGE_SWITCH] = ANSWER_FAIL_ONCE;
	script.layer = "health";
	assert_true(ask(f, "rollback", NULL, "1.1.0", NULL, &err));
	wait_rows(f, "deployment.finished", 1);
	assert_string_equal(script.log, "switch fetch stage start switch verify drain ");
	assert_now(f, "1.0.0", "none", "succeeded");
}

static void retried_request_never_deploys_twice(void **state)
{
	struct fixture *f = *state;
	struct err err = { 0 };
	int64_t id;

	assert_true(ask(f, "deploy", "1.0.0", "", "key-0123456789", &err));
	id = f->id;
	assert_true(ask(f, "deploy", "1.0.0", "", "key-0123456789", &err));
	assert_int_equal(f->id, id);
	wait_rows(f, "deployment.finished", 1);
	assert_true(ask(f, "deploy", "1.0.0", "", "key-0123456789", &err));
	assert_int_equal(f->id, id);
}

static void stale_view_is_refused(void **state)
{
	struct fixture *f = *state;
	struct err err = { 0 };

	deployed(f, "1.0.0");
	assert_false(ask(f, "deploy", "1.1.0", "", NULL, &err));
	assert_int_equal(err.kind, ERR_STALE);
	assert_false(ask(f, "deploy", "9.9.9", NULL, NULL, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_false(ask(f, "rollback", NULL, NULL, NULL, &err));
	assert_int_equal(err.kind, ERR_REFUSED);
}

/* The engine goes away while `stage` is under way, and comes back with a driver that probes as told. */
static void restart_during(struct fixture *f, enum stage stage, enum driver_probe probe)
{
	int steps = 0;

	script.run[stage] = ANSWER_NEVER;
	deploy(f, "1.1.0");
	for (size_t i = 0; i < ARRAY_LEN(test_stages) && test_stages[i] != stage; i++)
		steps += test_stages[i] != STAGE_SMOKE && test_stages[i] != STAGE_ACCEPTANCE
			&& test_stages[i] != STAGE_MIGRATE;
	wait_rows(f, "step.started", steps + 2);
	engine_free(f->engine);
	script.run[stage] = ANSWER_OK;
	script.probe = probe;
	script.log[0] = '\0';
	open_engine(f);
	wait_rows(f, "deployment.finished", 1);
}

static void restart_settles_each_stage_by_probing(void **state)
{
	static const struct { enum stage stage; enum driver_probe probe; const char *asked, *live, *back, *then; } rows[] = {
		{ STAGE_FETCH, PROBE_NOT_STARTED, "probe-fetch fetch stage start switch verify drain ", "1.1.0", "1.0.0",
		  "succeeded" },
		{ STAGE_START, PROBE_DONE, "probe-start switch verify drain ", "1.1.0", "1.0.0",
		  "succeeded" },
		{ STAGE_START, PROBE_FAILED, "probe-start undo-to-1.0.0 ", "1.0.0", "1.1.0",
		  "failed" },
		{ STAGE_SWITCH, PROBE_NOT_STARTED, "probe-switch switch verify drain ", "1.1.0", "1.0.0",
		  "succeeded" },
		{ STAGE_SWITCH, PROBE_DONE, "probe-switch verify drain ", "1.1.0", "1.0.0",
		  "succeeded" },
		{ STAGE_SWITCH, PROBE_UNKNOWN, "probe-switch ", "1.0.0", "1.1.0",
		  "attention" },
		{ STAGE_VERIFY, PROBE_NOT_STARTED, "probe-verify verify drain ", "1.1.0", "1.0.0",
		  "succeeded" },
		{ STAGE_VERIFY, PROBE_FAILED, "probe-verify undo-to-1.0.0 ", "1.0.0", "none",
		  "failed" },
		{ STAGE_DRAIN, PROBE_NOT_STARTED, "probe-drain drain ", "1.1.0", "1.0.0",
		  "succeeded" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		deployed(f, "1.0.0");
		restart_during(f, rows[i].stage, rows[i].probe);
		if (strcmp(script.log, rows[i].asked) != 0)
			fail_msg("row %zu: the driver was asked \"%s\", not \"%s\"", i, script.log, rows[i].asked);
		/* A build that failed when it had the traffic is no rollback target any more, though it was good before. */
		assert_now(f, rows[i].live, rows[i].back, rows[i].then);
	}
}

static void changed_configuration_is_taken_and_an_invalid_one_refused(void **state)
{
	struct fixture *f = *state;
	AUTO(mem_auto_free) char *changed = mem_printf(configuration, ",\"drain\":\"7s\"");
	struct engine_caller who = { getuid(), "alice" };
	json_t *status = NULL;

	write_file(f, "slipway.json", "{ \"application\": \"shop\", \"componentz\": {} }");
	wait_rows(f, "config.refused", 1);
	assert_true(engine_status(f->engine, &who, NULL, &status, NULL));
	assert_false(json_flag(json_object_get(status, "config"), "valid"));
	assert_int_equal(json_array_size(json_object_get(status, "apps")), 1);
	json_decref(status);
	write_file(f, "slipway.json", changed);
	wait_rows(f, "config.loaded", 1);
	assert_true(engine_status(f->engine, &who, NULL, &status, NULL));
	assert_true(json_flag(json_object_get(status, "config"), "valid"));
	json_decref(status);
}

static void what_cannot_be_put_right_is_told_until_it_is(void **state)
{
	struct fixture *f = *state;
	AUTO(mem_auto_free) char *changed = mem_printf(configuration, ",\"drain\":\"1s\"");
	AUTO(json_auto_decref) json_t *env = NULL;

	/* given: an engine that starts where something stands in the driver's way */
	engine_free(f->engine);
	script.reconcile = ANSWER_FAIL;
	open_engine(f);
	wait_rows(f, "health", 1);
	env = environment(f);
	assert_string_equal(json_text(env, "attention"), "not as it should be, tried again every 10 s: as scripted");

	/* when: it is out of the way, and a new configuration has it looked at again before the 10 s are over */
	script.reconcile = ANSWER_OK;
	write_file(f, "slipway.json", changed);

	/* then: those who look are told, also when the health stays what it is */
	while (!json_is_null(json_object_get(env, "attention"))) {
		wait_rows(f, "health", 1);
		json_decref(env);
		env = environment(f);
	}
}

static void watched_folder_takes_builds_and_names_what_it_refuses(void **state)
{
	struct fixture *f = *state;
	AUTO(mem_auto_free) char *text = mem_printf(configuration, ",\"builds\":{\"watch\":\"incoming\"}");
	AUTO(mem_auto_free) char *why = file_join(f->dir, "incoming/bad.json.why");
	AUTO(mem_auto_free) char *ok = file_join(f->dir, "incoming/good.json.added");

	write_file(f, "slipway.json", text);
	wait_rows(f, "config.loaded", 1);
	write_file(f, "incoming/web.tar", "content");
	write_file(f, "incoming/bad.json", "{\"version\": \"2.0.0\", \"artifacts\": {\"api\": \"web.tar\"}}");
	write_file(f, "incoming/good.json", "{\"version\": \"2.0.0\", \"artifacts\": {\"web\": \"web.tar\"}}");
	wait_rows(f, "build.added", 1);
	for (int i = 0; i < 100 && (access(ok, F_OK) != 0 || access(why, F_OK) != 0); i++) {
		loop_timer_set(f->limit, 20);
		loop_run(f->loop);
	}
	assert_int_equal(access(ok, F_OK), 0);
	assert_int_equal(access(why, F_OK), 0);
}

static bool exists(const struct fixture *f, const char *name)
{
	AUTO(mem_auto_free) char *path = mem_printf("%s/incoming/%s", f->dir, name);

	return access(path, F_OK) == 0;
}

static size_t builds_added(const struct fixture *f)
{
	AUTO(json_auto_decref) json_t *journal = NULL;
	const json_t *one;
	size_t i, n = 0;

	assert_true(engine_journal(f->engine, 0, 500, &journal, NULL));
	json_array_foreach(json_object_get(journal, "rows"), i, one)
		n += strcmp(json_text(one, "type"), "build.added") == 0;
	return n;
}

static void what_is_dropped_at_once_is_added_one_after_the_other_and_each_once(void **state)
{
	static const char *const versions[] = { "3.0.0", "3.1.0", "3.2.0", "3.3.0" };
	struct fixture *f = *state;
	AUTO(mem_auto_free) char *text = mem_printf(configuration, ",\"builds\":{\"watch\":\"incoming\"}");
	size_t before = builds_added(f);

	/* given a watched folder */
	write_file(f, "slipway.json", text);
	wait_rows(f, "config.loaded", 1);
	write_file(f, "incoming/web.tar", "content");
	/* when */
	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		AUTO(mem_auto_free) char *name = mem_printf("incoming/%s.json", versions[i]);
		AUTO(mem_auto_free) char *drop = mem_printf("{\"version\": \"%s\", \"artifacts\": {\"web\": \"web.tar\"}}",
		                                            versions[i]);

		write_file(f, name, drop);
	}
	for (int i = 0; i < 500 && !exists(f, "3.3.0.json.added"); i++) {
		loop_timer_set(f->limit, 20);
		loop_run(f->loop);
	}
	/* then */
	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		AUTO(mem_auto_free) char *added = mem_printf("%s.json.added", versions[i]);

		assert_true(exists(f, added));
	}
	assert_int_equal(builds_added(f) - before, ARRAY_LEN(versions));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_build_has_the_time_of_its_commit_where_ci_tells_it, open_fixture,
		                                close_fixture),
		cmocka_unit_test_setup_teardown(deployment_goes_through_every_stage_and_is_live, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(version_is_immutable, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(what_is_known_of_a_version_is_immutable_too, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(failure_in_each_stage_is_undone_and_leaves_the_live_build, open_fixture,
		                                close_fixture),
		cmocka_unit_test_setup_teardown(failed_first_deployment_leaves_nothing_live, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(failed_drain_takes_nothing_back, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(undo_that_fails_needs_attention, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(step_that_passes_its_deadline_is_cancelled_and_undone, open_fixture,
		                                close_fixture),
		cmocka_unit_test_setup_teardown(driver_that_never_answers_is_given_up, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(stop_ends_in_stopped_and_undone, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(deployments_queue_and_a_rollback_goes_first, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(rollback_to_a_warm_colour_only_switches, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(rollback_whose_warm_colour_is_ill_starts_it_anew, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(retried_request_never_deploys_twice, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(stale_view_is_refused, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(restart_settles_each_stage_by_probing, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(changed_configuration_is_taken_and_an_invalid_one_refused, open_fixture,
		                                close_fixture),
		cmocka_unit_test_setup_teardown(what_cannot_be_put_right_is_told_until_it_is, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(watched_folder_takes_builds_and_names_what_it_refuses, open_fixture,
		                                close_fixture),
		cmocka_unit_test_setup_teardown(what_is_dropped_at_once_is_added_one_after_the_other_and_each_once,
		                                open_fixture, close_fixture),
	};

	/* The engine runs its own program for what takes long; here that is this one. */
	if (argc > 1 && strcmp(argv[1], "artifact-import") == 0)
		return artifact_tool(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "report-read") == 0)
		return report_tool(argc - 1, argv + 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
