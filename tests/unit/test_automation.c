/* Automation at work in the engine: what it takes, what it passes over, what it never takes again, what stops it. */
#include "tests/unit/engine_case.h"

#include "backend/engine/engine_priv.h"
#include "backend/report/tool.h"

/* %s: members of dev, members of prod. */
static const char two_environments[] =
	"{\"application\":\"shop\",\"components\":{\"web\":{\"start\":[\"bin/web\"],\"health_within\":\"500ms\"}},"
	"\"environments\":[{\"name\":\"dev\",\"protection\":\"open\",\"ports\":{\"web\":18999},\"slots\":\"23990-23999\"%s},"
	"{\"name\":\"prod\",\"ports\":{\"web\":18998},\"slots\":\"23980-23989\"%s}]}";

#define AUTOMATIC ",\"automatic\":true"
#define APPROVED ",\"approval\":{\"from\":[\"bob\"]}"

static const struct engine_caller alice = { 4001, "alice" }, bob = { 4002, "bob" };

static void write_config(struct fixture *f, const char *dev, const char *prod)
{
	AUTO(mem_auto_free) char *text = mem_alloc(sizeof two_environments + strlen(dev) + strlen(prod));

	snprintf(text, sizeof two_environments + strlen(dev) + strlen(prod), two_environments, dev, prod);
	write_file(f, "slipway.json", text);
}

static struct fixture *given(void **state, const char *dev, const char *prod)
{
	struct fixture *f = *state;

	write_config(f, dev, prod);
	open_engine(f);
	return f;
}

static void restart(struct fixture *f)
{
	engine_free(f->engine);
	open_engine(f);
}

/* Time in which it could do what it must not. */
static void linger(struct fixture *f, int64_t ms)
{
	loop_timer_set(f->limit, ms);
	loop_run(f->loop);
	f->timed_out = false;
}

/* A build with what CI wrote of its tests; NULL: nothing. */
static void build(struct fixture *f, const char *version, const char *tap)
{
	AUTO(mem_auto_free) char *artifact = file_join(f->dir, "artifact"), *report = file_join(f->dir, "tests.tap");
	AUTO(json_auto_decref) json_t *request = NULL;

	write_file(f, "artifact", version);
	request = json_pack("{s:s, s:{s:s}}", "version", version, "artifacts", "web", artifact);
	if (tap) {
		write_file(f, "tests.tap", tap);
		json_object_set_new(request, "tests", json_pack("[s]", report));
	}
	f->status = 0;
	engine_add_build(f->engine, &(struct engine_caller){ getuid(), "ci" }, request, added, f);
	if (!f->status)
		loop_run(f->loop);
	assert_int_equal(f->status, 201);
}

static void built_and_deployed(struct fixture *f, const char *version)
{
	build(f, version, NULL);
	wait_rows(f, "deployment.finished", 1);
}

static json_t *deployments(struct fixture *f, const char *environment)
{
	AUTO(json_auto_decref) json_t *answer = NULL;

	assert_true(engine_deployments(f->engine, "shop", environment, 0, 50, &answer, NULL));
	return json_incref(json_object_get(answer, "deployments"));
}

/* "1.1.0 automatic succeeded, 1.0.0 automatic failed": newest first. Yours. */
static char *history(struct fixture *f, const char *environment)
{
	AUTO(json_auto_decref) json_t *list = deployments(f, environment);
	char text[1000] = "";
	const json_t *d;
	size_t i;

	json_array_foreach(list, i, d) {
		size_t used = strlen(text);

		snprintf(text + used, sizeof text - used, "%s%s %s %s", i ? ", " : "", json_text(d, "version"), json_text(d, "kind"),
		         json_text(d, "state"));
	}
	return mem_dup(text);
}

static void assert_history(struct fixture *f, const char *environment, const char *wanted)
{
	AUTO(mem_auto_free) char *text = history(f, environment);

	assert_string_equal(text, wanted);
}

/* The loop runs until the history is so; then a little longer, for it is to stay so. */
static void assert_becomes(struct fixture *f, const char *environment, const char *wanted)
{
	for (int64_t until = clock_mono_ms() + 20000; clock_mono_ms() < until; linger(f, 5)) {
		AUTO(mem_auto_free) char *text = history(f, environment);

		if (strcmp(text, wanted) == 0)
			break;
	}
	linger(f, 60);
	assert_history(f, environment, wanted);
}

/* The deployment number n of the environment, the last one is 0. */
static json_t *deployment(struct fixture *f, const char *environment, size_t n)
{
	AUTO(json_auto_decref) json_t *list = deployments(f, environment);

	return json_incref(json_array_get(list, n));
}

static json_t *place(struct fixture *f, const char *name)
{
	json_t *answer = answers_environment(engine_environment(f->engine, "shop", name, NULL), &alice, NULL);

	assert_non_null(answer);
	return answer;
}

static void assert_next(struct fixture *f, const char *environment, const char *version, const char *gate)
{
	AUTO(json_auto_decref) json_t *answer = place(f, environment);
	const json_t *next = json_object_get(answer, "next");

	assert_string_equal(json_text(next, "version"), version);
	assert_string_equal(json_text(next, "gate"), gate);
}

static bool hold(struct fixture *f, enum engine_hold what, const char *body, struct err *err)
{
	AUTO(json_auto_decref) json_t *request = json_loads(body, 0, NULL), *answer = NULL;

	return engine_hold(f->engine, &alice, "dev", what, request, &answer, err);
}

static void approve(struct fixture *f, int64_t id)
{
	AUTO(json_auto_decref) json_t *request = json_pack("{s:s}", "reason", "seen"), *answer = NULL;
	struct err err = { 0 };

	if (!engine_approve(f->engine, &bob, id, request, false, &answer, &err))
		fail_msg("%s", err.text);
}

static void rolled_back(struct fixture *f)
{
	struct err err = { 0 };

	if (!ask(f, "rollback", NULL, NULL, NULL, &err))
		fail_msg("%s", err.text);
	wait_rows(f, "deployment.finished", 1);
}

/* The body of the journal's last row of the type; yours. */
static json_t *last_row(struct fixture *f, const char *type)
{
	AUTO(json_auto_decref) json_t *answer = NULL;
	const json_t *value, *last = NULL;
	size_t i;

	assert_true(engine_journal(f->engine, 0, 500, &answer, NULL));
	json_array_foreach(json_object_get(answer, "rows"), i, value)
		if (strcmp(json_text(value, "type"), type) == 0)
			last = json_object_get(value, "body");
	return last ? json_incref((json_t *)last) : NULL;
}

static void a_new_build_is_deployed_by_nobody(void **state)
{
	struct fixture *f = given(state, AUTOMATIC ",\"deployers\":[\"alice\"]", "");
	AUTO(json_auto_decref) json_t *d = NULL;

	built_and_deployed(f, "1.0.0");

	d = deployment(f, "dev", 0);
	assert_history(f, "dev", "1.0.0 automatic succeeded");
	assert_history(f, "prod", "");
	assert_string_equal(json_text(d, "actor"), "automation");
	assert_int_equal(json_int(d, "uid", 0), -1);
}

static void the_newest_wins_and_those_passed_over_are_named(void **state)
{
	struct fixture *f = given(state, "", "");
	AUTO(json_auto_decref) json_t *d = NULL, *passed = NULL;
	const json_t *over;

	build(f, "1.0.0", NULL);
	build(f, "1.1.0", NULL);
	build(f, "1.2.0", NULL);
	write_config(f, AUTOMATIC, "");
	wait_rows(f, "deployment.finished", 1);

	d = deployment(f, "dev", 0);
	passed = last_row(f, "automation.passed");
	over = json_object_get(passed, "passed_over");
	assert_history(f, "dev", "1.2.0 automatic succeeded");
	assert_string_equal(json_text(d, "reason"), "passed over: 1.1.0, 1.0.0");
	assert_int_equal(json_int(passed, "id", 0), json_int(d, "id", -1));
	assert_int_equal(json_array_size(over), 2);
	assert_string_equal(json_text(json_array_get(over, 1), "version"), "1.0.0");
	assert_string_equal(json_text(json_array_get(over, 1), "why"), "1.2.0 is newer");
}

static void the_newest_that_passes_its_gates_is_taken(void **state)
{
	struct fixture *f = given(state, "", "");
	AUTO(json_auto_decref) json_t *d = NULL;

	build(f, "1.0.0", "1..1\nok 1 - adds\n");
	build(f, "1.1.0", "1..1\nnot ok 1 - adds\n");
	write_config(f, AUTOMATIC ",\"tests\":\"required\"", "");
	wait_rows(f, "deployment.finished", 1);
	linger(f, 100);

	d = deployment(f, "dev", 0);
	assert_history(f, "dev", "1.0.0 automatic succeeded");
	assert_string_equal(json_text(d, "reason"), "passed over: 1.1.0 (tests)");
	assert_next(f, "dev", "1.1.0", "tests");
}

static void one_that_waits_in_the_queue_gives_way_to_a_newer_one(void **state)
{
	struct fixture *f = given(state, AUTOMATIC APPROVED, "");
	AUTO(json_auto_decref) json_t *former = NULL, *d = NULL;

	build(f, "1.0.0", NULL);
	assert_becomes(f, "dev", "1.0.0 automatic queued");
	build(f, "1.1.0", NULL);

	assert_becomes(f, "dev", "1.1.0 automatic queued, 1.0.0 automatic stopped");
	former = deployment(f, "dev", 1);
	d = deployment(f, "dev", 0);
	assert_string_equal(json_text(former, "layer"), "superseded");
	assert_non_null(strstr(json_text(former, "message"), "superseded by 1.1.0"));
	assert_string_equal(json_text(d, "reason"), "passed over: 1.0.0");
	approve(f, json_int(d, "id", 0));
	assert_becomes(f, "dev", "1.1.0 automatic succeeded, 1.0.0 automatic stopped");
}

static void while_one_runs_only_the_newest_waits_for_its_end(void **state)
{
	struct fixture *f = given(state, AUTOMATIC, "");
	AUTO(json_auto_decref) json_t *d = NULL, *nothing = json_object(), *answer = NULL;

	script.run[STAGE_START] = ANSWER_WAIT;
	build(f, "1.0.0", NULL);
	build(f, "1.1.0", NULL);
	assert_becomes(f, "dev", "1.1.0 automatic queued, 1.0.0 automatic running");
	build(f, "1.2.0", NULL);
	assert_becomes(f, "dev", "1.2.0 automatic queued, 1.1.0 automatic stopped, 1.0.0 automatic running");

	script.run[STAGE_START] = ANSWER_OK;
	d = deployment(f, "dev", 2);
	assert_true(engine_stop(f->engine, &alice, json_int(d, "id", 0), nothing, &answer, NULL));

	assert_becomes(f, "dev", "1.2.0 automatic succeeded, 1.1.0 automatic stopped, 1.0.0 automatic stopped");
}

static void a_failed_one_is_not_tried_again_and_the_next_one_is(void **state)
{
	struct fixture *f = given(state, AUTOMATIC, "");

	script.run[STAGE_START] = ANSWER_FAIL;
	built_and_deployed(f, "1.0.0");
	script.run[STAGE_START] = ANSWER_OK;
	assert_becomes(f, "dev", "1.0.0 automatic failed");
	restart(f);
	assert_becomes(f, "dev", "1.0.0 automatic failed");

	built_and_deployed(f, "1.1.0");

	assert_history(f, "dev", "1.1.0 automatic succeeded, 1.0.0 automatic failed");
	deployed(f, "1.0.0");
	assert_history(f, "dev", "1.0.0 deploy succeeded, 1.1.0 automatic succeeded, 1.0.0 automatic failed");
}

static void what_a_rollback_left_is_never_brought_back(void **state)
{
	struct fixture *f = given(state, AUTOMATIC, "");
	struct err err = { 0 };

	built_and_deployed(f, "1.0.0");
	built_and_deployed(f, "1.1.0");
	rolled_back(f);
	build(f, "1.2.0", NULL);
	linger(f, 100);
	restart(f);
	assert_becomes(f, "dev", "1.0.0 rollback succeeded, 1.1.0 automatic succeeded, 1.0.0 automatic succeeded");

	assert_true(hold(f, ENGINE_RESUME, "{\"reason\":\"fixed\"}", &err));

	assert_becomes(f, "dev", "1.2.0 automatic succeeded, 1.0.0 rollback succeeded, 1.1.0 automatic succeeded, "
	               "1.0.0 automatic succeeded");
}

static void after_a_resume_nothing_happens_until_something_newer_comes(void **state)
{
	struct fixture *f = given(state, AUTOMATIC, "");
	struct err err = { 0 };

	built_and_deployed(f, "1.0.0");
	built_and_deployed(f, "1.1.0");
	rolled_back(f);
	assert_true(hold(f, ENGINE_RESUME, "{}", &err));
	linger(f, 100);
	assert_history(f, "dev", "1.0.0 rollback succeeded, 1.1.0 automatic succeeded, 1.0.0 automatic succeeded");
}

static void a_person_pauses_it_and_what_waited_is_new_after_the_resume(void **state)
{
	struct fixture *f = given(state, AUTOMATIC APPROVED, "");
	AUTO(json_auto_decref) json_t *ended = NULL, *answer = NULL;
	struct err err = { 0 };

	assert_false(hold(f, ENGINE_PAUSE, "{}", &err));
	assert_int_equal(err.kind, ERR_USAGE);
	build(f, "1.0.0", NULL);
	assert_becomes(f, "dev", "1.0.0 automatic queued");
	assert_true(hold(f, ENGINE_PAUSE, "{\"reason\":\"fair week\"}", &err));
	assert_false(hold(f, ENGINE_PAUSE, "{\"reason\":\"again\"}", &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	linger(f, 100);

	ended = deployment(f, "dev", 0);
	answer = place(f, "dev");
	assert_history(f, "dev", "1.0.0 automatic stopped");
	assert_non_null(strstr(json_text(ended, "message"), "paused before it began: fair week"));
	assert_string_equal(json_text(json_object_get(answer, "paused"), "why"), "fair week");
	assert_string_equal(json_text(json_object_get(answer, "paused"), "by"), "alice");

	assert_true(hold(f, ENGINE_RESUME, "{}", &err));
	assert_becomes(f, "dev", "1.0.0 automatic queued, 1.0.0 automatic stopped");
}

static void what_is_not_automatic_is_not_paused(void **state)
{
	struct fixture *f = given(state, "", "");
	struct err err = { 0 };

	assert_false(hold(f, ENGINE_PAUSE, "{\"reason\":\"x\"}", &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_non_null(strstr(err.text, "not automatic"));
}

static void what_waits_ends_when_the_configuration_is_automatic_no_more(void **state)
{
	struct fixture *f = given(state, AUTOMATIC APPROVED, "");

	build(f, "1.0.0", NULL);
	assert_becomes(f, "dev", "1.0.0 automatic queued");
	write_config(f, APPROVED, "");

	assert_becomes(f, "dev", "1.0.0 automatic stopped");
}

static void it_waits_for_a_soak_and_goes_on_when_that_is_over(void **state)
{
	struct fixture *f = given(state, AUTOMATIC, AUTOMATIC ",\"after\":[{\"environment\":\"dev\",\"soak\":\"1s\"}]");
	AUTO(json_auto_decref) json_t *first = NULL, *d = NULL;

	built_and_deployed(f, "1.0.0");
	linger(f, 100);
	assert_history(f, "prod", "");
	assert_next(f, "prod", "1.0.0", "promotion");
	wait_rows(f, "deployment.finished", 1);

	first = deployment(f, "dev", 0);
	d = deployment(f, "prod", 0);
	assert_history(f, "prod", "1.0.0 automatic succeeded");
	assert_in_range(json_int(d, "requested", 0) - json_int(first, "ended", 0), 1000, 1500);
	assert_next(f, "prod", "", "");
}

static void a_soak_that_a_newer_build_ends_is_none(void **state)
{
	struct fixture *f = given(state, AUTOMATIC, AUTOMATIC ",\"after\":[{\"environment\":\"dev\",\"soak\":\"1s\"}]");

	built_and_deployed(f, "1.0.0");
	linger(f, 200);
	built_and_deployed(f, "1.1.0");

	assert_becomes(f, "prod", "1.1.0 automatic succeeded");
}

static void a_restart_neither_loses_nor_doubles_anything(void **state)
{
	struct fixture *f = given(state, AUTOMATIC, AUTOMATIC ",\"after\":[{\"environment\":\"dev\",\"soak\":\"1s\"}]" APPROVED);
	AUTO(json_auto_decref) json_t *d = NULL;

	built_and_deployed(f, "1.0.0");
	restart(f);
	assert_becomes(f, "prod", "1.0.0 automatic queued");
	restart(f);
	assert_becomes(f, "prod", "1.0.0 automatic queued");
	assert_history(f, "dev", "1.0.0 automatic succeeded");

	d = deployment(f, "prod", 0);
	approve(f, json_int(d, "id", 0));
	wait_rows(f, "deployment.finished", 1);
	assert_history(f, "prod", "1.0.0 automatic succeeded");
}

static void a_lock_holds_it_in_the_queue(void **state)
{
	struct fixture *f = given(state, AUTOMATIC, "");
	struct err err = { 0 };

	assert_true(hold(f, ENGINE_LOCK, "{\"reason\":\"measuring\"}", &err));
	build(f, "1.0.0", NULL);
	assert_becomes(f, "dev", "1.0.0 automatic queued");

	assert_true(hold(f, ENGINE_UNLOCK, "{}", &err));
	assert_becomes(f, "dev", "1.0.0 automatic succeeded");
}

static void it_pauses_where_nobody_knows_what_is_there(void **state)
{
	struct fixture *f = given(state, AUTOMATIC, "");
	AUTO(json_auto_decref) json_t *answer = NULL;

	script.run[STAGE_SWITCH] = ANSWER_NEVER;
	script.probe = PROBE_UNKNOWN;
	build(f, "1.0.0", NULL);
	assert_becomes(f, "dev", "1.0.0 automatic running");
	restart(f);
	assert_becomes(f, "dev", "1.0.0 automatic attention");
	script.run[STAGE_SWITCH] = ANSWER_OK;
	build(f, "1.1.0", NULL);
	linger(f, 100);

	answer = place(f, "dev");
	assert_history(f, "dev", "1.0.0 automatic attention");
	assert_non_null(strstr(json_text(json_object_get(answer, "paused"), "why"), "needs attention"));
}

static void nobody_asks_in_its_name(void **state)
{
	struct fixture *f = given(state, "", "");
	struct err err = { 0 };

	build(f, "1.0.0", NULL);
	assert_false(ask(f, "automatic", "1.0.0", NULL, NULL, &err));
	assert_int_equal(err.kind, ERR_USAGE);
}

static int begin_automation(void **state)
{
	struct fixture *f = mem_alloc(sizeof *f);

	script = (struct script){ .undo = ANSWER_OK };
	snprintf(f->dir, sizeof f->dir, "/tmp/slipway-automation.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->loop = loop_new();
	f->limit = loop_timer_new(f->loop, passed_limit, f);
	*state = f;
	return 0;
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin_automation, close_fixture)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		CASE(a_new_build_is_deployed_by_nobody),
		CASE(the_newest_wins_and_those_passed_over_are_named),
		CASE(the_newest_that_passes_its_gates_is_taken),
		CASE(one_that_waits_in_the_queue_gives_way_to_a_newer_one),
		CASE(while_one_runs_only_the_newest_waits_for_its_end),
		CASE(a_failed_one_is_not_tried_again_and_the_next_one_is),
		CASE(what_a_rollback_left_is_never_brought_back),
		CASE(after_a_resume_nothing_happens_until_something_newer_comes),
		CASE(a_person_pauses_it_and_what_waited_is_new_after_the_resume),
		CASE(what_is_not_automatic_is_not_paused),
		CASE(what_waits_ends_when_the_configuration_is_automatic_no_more),
		CASE(it_waits_for_a_soak_and_goes_on_when_that_is_over),
		CASE(a_soak_that_a_newer_build_ends_is_none),
		CASE(a_restart_neither_loses_nor_doubles_anything),
		CASE(a_lock_holds_it_in_the_queue),
		CASE(it_pauses_where_nobody_knows_what_is_there),
		CASE(nobody_asks_in_its_name),
	};

	/* The engine runs its own program for what takes long; here that is this one. */
	if (argc > 1 && strcmp(argv[1], "artifact-import") == 0)
		return artifact_tool(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "report-read") == 0)
		return report_tool(argc - 1, argv + 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
