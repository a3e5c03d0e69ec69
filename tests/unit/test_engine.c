/*
 * The state machine with a driver that does as it is told: every outcome of every step, stops, deadlines, queues,
 * restarts. The store, the children that import artifacts and the loop are real.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/artifact/artifact.h"
#include "backend/base/clock.h"
#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/drivers/driver.h"
#include "backend/engine/engine.h"

enum answer { ANSWER_OK, ANSWER_FAIL, ANSWER_FAIL_ONCE, ANSWER_WAIT /* until cancelled */, ANSWER_NEVER };

/* What the driver is told to do; one process, one driver environment. */
static struct script {
	enum answer run[STAGE_COUNT];
	enum answer undo;
	const char *layer;             /* of a step that fails; "test" when NULL */
	enum driver_probe probe;
	char log[2000];                /* what it was asked, in order */
	int opened;
} script;

struct driver_env {
	struct loop_timer *timer;      /* answers from the loop */
	driver_done_fn fn;
	void *arg;
	driver_probed_fn probed_fn;
	enum answer answer;
	bool cancelled;
	struct loop_timer *observe_timer;
	driver_observed_fn observed_fn;
	void *observed_arg;
};

static void note(const char *verb, const char *word)
{
	size_t used = strlen(script.log);

	snprintf(script.log + used, sizeof script.log - used, "%s%s ", verb, word);
}

static void answer_now(void *arg)
{
	struct driver_env *denv = arg;
	struct driver_outcome o = { .ok = denv->answer == ANSWER_OK && !denv->cancelled, .layer = script.layer ? script.layer : "test", .tail = "last" };
	driver_done_fn fn = denv->fn;
	driver_probed_fn probed_fn = denv->probed_fn;

	denv->fn = NULL;
	denv->probed_fn = NULL;
	if (!o.ok)
		err_set(&o.err, ERR_FAILED, denv->cancelled ? "stopped" : "as scripted");
	if (probed_fn)
		probed_fn(denv->arg, script.probe, "as scripted");
	else if (fn)
		fn(denv->arg, &o);
}

static void observe_now(void *arg)
{
	struct driver_env *denv = arg;

	denv->observed_fn(denv->observed_arg, &(struct driver_observed){ .known = true, .healthy = true, .health = "OK" });
}

static struct driver_env *test_open(const struct driver_ctx *ctx, struct err *err)
{
	struct driver_env *denv = mem_alloc(sizeof *denv);

	(void)err;
	denv->timer = loop_timer_new(ctx->loop, answer_now, denv);
	denv->observe_timer = loop_timer_new(ctx->loop, observe_now, denv);
	script.opened++;
	return denv;
}

static void test_close(struct driver_env *denv)
{
	loop_timer_free(denv->timer);
	loop_timer_free(denv->observe_timer);
	free(denv);
}

static bool test_reconfigure(struct driver_env *denv, const struct config_app *app,
                             const struct config_environment *env, struct err *err)
{
	(void)denv;
	(void)app;
	(void)env;
	(void)err;
	return true;
}

static void begin(struct driver_env *denv, enum answer answer, driver_done_fn fn, void *arg)
{
	denv->fn = fn;
	denv->arg = arg;
	denv->answer = answer;
	denv->cancelled = false;
	if (answer == ANSWER_OK || answer == ANSWER_FAIL || answer == ANSWER_FAIL_ONCE)
		loop_timer_set(denv->timer, 0);
}

static void test_run(struct driver_env *denv, const struct driver_job *job, enum stage stage, driver_done_fn fn,
                     void *arg)
{
	(void)job;
	note("", stage_name(stage));
	begin(denv, script.run[stage], fn, arg);
	if (script.run[stage] == ANSWER_FAIL_ONCE)
		script.run[stage] = ANSWER_OK;
}

static void test_cancel(struct driver_env *denv)
{
	note("cancel", "");
	denv->cancelled = true;
	if (denv->answer == ANSWER_WAIT)
		loop_timer_set(denv->timer, 0);
}

static void test_probe(struct driver_env *denv, const struct driver_job *job, enum stage stage, driver_probed_fn fn,
                       void *arg)
{
	(void)job;
	note("probe-", stage_name(stage));
	begin(denv, ANSWER_OK, NULL, arg);
	denv->probed_fn = fn;
}

static void test_undo(struct driver_env *denv, const struct driver_job *job, driver_done_fn fn, void *arg)
{
	note("undo-to-", job->live_version ? job->live_version : "nothing");
	begin(denv, script.undo, fn, arg);
}

static void test_cool(struct driver_env *denv, enum colour colour, driver_done_fn fn, void *arg)
{
	note("cool-", colour_name(colour));
	begin(denv, ANSWER_OK, fn, arg);
}

static void test_observe(struct driver_env *denv, driver_observed_fn fn, void *arg)
{
	denv->observed_fn = fn;
	denv->observed_arg = arg;
	loop_timer_set(denv->observe_timer, 0);
}

static void test_reconcile(struct driver_env *denv, const struct driver_expect *expect, driver_done_fn fn, void *arg)
{
	(void)expect;
	begin(denv, ANSWER_OK, fn, arg);
}

static char *test_url(struct driver_env *denv, const char *component, bool preview)
{
	(void)denv;
	(void)component;
	(void)preview;
	return NULL;
}

static const enum stage test_stages[] = { STAGE_FETCH, STAGE_STAGE, STAGE_START, STAGE_SMOKE, STAGE_ACCEPTANCE,
                                          STAGE_SWITCH, STAGE_VERIFY, STAGE_DRAIN };
static const struct driver test_driver = {
	.name = "host", .help = "does as it is told", .stages = test_stages, .nstages = ARRAY_LEN(test_stages),
	.has_preview = true, .open = test_open, .close = test_close, .reconfigure = test_reconfigure, .run = test_run,
	.cancel = test_cancel, .probe = test_probe, .undo = test_undo, .cool = test_cool, .observe = test_observe,
	.reconcile = test_reconcile, .url = test_url,
};
/* In the place of the real registry, whose object is not linked because these symbols are here already. */
const struct driver *const driver_registry[] = { &test_driver, NULL };

const struct driver *driver_find(const char *name)
{
	return strcmp(name, test_driver.name) == 0 ? &test_driver : NULL;
}

/* ---- the workspace ---- */

struct fixture {
	struct loop *loop;
	struct engine *engine;
	char dir[40];
	struct loop_timer *limit;
	const char *wanted;            /* type of the row to wait for */
	int64_t id;                    /* of the deployment asked for last */
	int wanted_rows;
	bool timed_out;
	int status;
};

static const char configuration[] =
	"{\"application\":\"shop\",\"components\":{\"web\":{\"start\":[\"bin/web\"],\"protocol\":\"http\",\"health_within\":\"500ms\"}},"
	"\"environments\":[{\"name\":\"dev\",\"protection\":\"open\",\"driver\":\"host\",\"ports\":{\"web\":18999},"
	"\"slots\":\"23990-23999\"}],\"deadlines\":{\"start\":\"1s\"},\"warm\":\"1h\"%s}";

static void passed_limit(void *arg)
{
	struct fixture *f = arg;

	f->timed_out = true;
	loop_stop(f->loop);
}

static void row(void *arg, const json_t *value)
{
	struct fixture *f = arg;

	if (getenv("SLIPWAY_TEST_ROWS")) {
		AUTO(mem_auto_free) char *line = json_line(value);

		print_message("%s\n", line);
	}
	if (f->wanted && strcmp(json_text(value, "type"), f->wanted) == 0 && --f->wanted_rows == 0)
		loop_stop(f->loop);
}

static void event(void *arg, const char *name, const json_t *data)
{
	(void)arg;
	(void)name;
	(void)data;
}

static void wait_rows(struct fixture *f, const char *type, int n)
{
	f->wanted = type;
	f->wanted_rows = n;
	loop_timer_set(f->limit, 40000);
	loop_run(f->loop);
	loop_timer_stop(f->limit);
	f->wanted = NULL;
	if (f->timed_out)
		fail_msg("no %s within 40 s; the driver was asked: %s", type, script.log);
}

static void open_engine(struct fixture *f)
{
	struct err err = { 0 };

	if (!engine_new(f->loop, f->dir, &f->engine, &err))
		fail_msg("%s", err.text);
	engine_listen(f->engine, event, row, f);
}

static void write_file(struct fixture *f, const char *name, const char *text)
{
	AUTO(mem_auto_free) char *path = file_join(f->dir, name);

	assert_true(file_write_atomic(path, text, strlen(text), 0600, NULL));
}

static void added(void *arg, int status, const json_t *answer, const struct err *err)
{
	struct fixture *f = arg;

	(void)answer;
	if (err)
		print_message("%s\n", err->text);
	f->status = status;
	loop_stop(f->loop);
}

static int add_build(struct fixture *f, const char *version, const char *content)
{
	struct engine_caller who = { getuid(), "ci" };
	json_t *request;
	AUTO(mem_auto_free) char *path = file_join(f->dir, "artifact");

	write_file(f, "artifact", content);
	request = json_pack("{s:s, s:{s:s}}", "version", version, "artifacts", "web", path);
	f->status = 0;
	engine_add_build(f->engine, &who, request, added, f);
	if (!f->status)
		loop_run(f->loop);
	json_decref(request);
	return f->status;
}

static bool ask(struct fixture *f, const char *kind, const char *version, const char *expect, const char *key,
                struct err *err)
{
	struct engine_caller who = { getuid(), "alice" };
	json_t *request = json_pack("{s:s, s:s}", "environment", "dev", "kind", kind), *answer = NULL;
	int status = 0;
	bool ok;

	json_put_text(request, "version", version);
	json_put_text(request, "expect", expect);
	json_put_text(request, "key", key);
	ok = engine_deploy(f->engine, &who, request, &status, &answer, err);
	f->id = ok ? json_int(answer, "id", 0) : 0;
	json_decref(answer);
	json_decref(request);
	return ok;
}

static void deploy(struct fixture *f, const char *version)
{
	struct err err = { 0 };

	if (!ask(f, "deploy", version, NULL, NULL, &err))
		fail_msg("%s", err.text);
}

static void deployed(struct fixture *f, const char *version)
{
	deploy(f, version);
	wait_rows(f, "deployment.finished", 1);
	script.log[0] = '\0';
}

static json_t *environment(struct fixture *f)
{
	struct engine_caller who = { getuid(), "alice" };
	json_t *status = NULL, *env;

	assert_true(engine_status(f->engine, &who, NULL, &status, NULL));
	env = json_incref(json_array_get(json_object_get(json_array_get(json_object_get(status, "apps"), 0),
	                                                 "environments"), 0));
	json_decref(status);
	return env;
}

static void assert_now(struct fixture *f, const char *live, const char *rollback, const char *state)
{
	AUTO(json_auto_decref) json_t *env = environment(f);

	assert_string_equal(json_text_or(json_object_get(env, "live"), "version", "none"), live);
	assert_string_equal(json_text_or(json_object_get(env, "rollback"), "version", "none"), rollback);
	assert_string_equal(json_text_or(json_object_get(env, "deployment"), "state", "none"), state);
}

static int open_fixture(void **state)
{
	struct fixture *f = mem_alloc(sizeof *f);
	AUTO(mem_auto_free) char *text = mem_printf(configuration, "");

	script = (struct script){ .undo = ANSWER_OK };
	snprintf(f->dir, sizeof f->dir, "/tmp/slipway-engine.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->loop = loop_new();
	f->limit = loop_timer_new(f->loop, passed_limit, f);
	write_file(f, "slipway.json", text);
	open_engine(f);
	assert_int_equal(add_build(f, "1.0.0", "one"), 201);
	assert_int_equal(add_build(f, "1.1.0", "two"), 201);
	*state = f;
	return 0;
}

static int close_fixture(void **state)
{
	struct fixture *f = *state;

	engine_free(f->engine);
	loop_timer_free(f->limit);
	loop_free(f->loop);
	file_remove_tree(f->dir, NULL);
	free(f);
	return 0;
}

/* ---- the tests ---- */

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
		steps += test_stages[i] != STAGE_SMOKE && test_stages[i] != STAGE_ACCEPTANCE;
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

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(deployment_goes_through_every_stage_and_is_live, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(version_is_immutable, open_fixture, close_fixture),
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
		cmocka_unit_test_setup_teardown(watched_folder_takes_builds_and_names_what_it_refuses, open_fixture,
		                                close_fixture),
	};

	/* The engine runs its own program for what takes long; here that is this one. */
	if (argc > 1 && strcmp(argv[1], "artifact-import") == 0)
		return artifact_tool(argc - 1, argv + 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
