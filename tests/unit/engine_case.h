/*
 * engine_case: the engine with a driver that does as it is told, in a workspace of its own. The store, the children that
 * import artifacts and the loop are real. One test program, one include: it stands in the place of the drivers.
 */
#ifndef TESTS_ENGINE_CASE_H
#define TESTS_ENGINE_CASE_H

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

enum answer {
	ANSWER_OK, ANSWER_FAIL, ANSWER_FAIL_ONCE, ANSWER_WAIT /* until cancelled */, ANSWER_NEVER,
	ANSWER_HOLD /* until let_go, then OK */
};

/* What the driver is told to do; one process, one driver environment. */
static struct script {
	enum answer run[STAGE_COUNT];
	enum answer undo, reconcile;
	const char *layer;             /* of a step that fails; "test" when NULL */
	enum driver_probe probe;
	char log[2000];                /* what it was asked, in order */
	int opened;
	enum colour live;              /* where the traffic is */
	struct driver_env *held;       /* by ANSWER_HOLD */
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

static inline void note(const char *verb, const char *word)
{
	size_t used = strlen(script.log);

	snprintf(script.log + used, sizeof script.log - used, "%s%s ", verb, word);
}

static inline void answer_now(void *arg)
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

static inline void observe_now(void *arg)
{
	struct driver_env *denv = arg;

	denv->observed_fn(denv->observed_arg, &(struct driver_observed){ .known = true, .healthy = true, .live = script.live,
	                                                               .health = "OK" });
}

static inline struct driver_env *test_open(const struct driver_ctx *ctx, struct err *err)
{
	struct driver_env *denv = mem_alloc(sizeof *denv);

	(void)err;
	denv->timer = loop_timer_new(ctx->loop, answer_now, denv);
	denv->observe_timer = loop_timer_new(ctx->loop, observe_now, denv);
	script.opened++;
	return denv;
}

static inline void test_close(struct driver_env *denv)
{
	loop_timer_free(denv->timer);
	loop_timer_free(denv->observe_timer);
	free(denv);
}

static inline bool test_reconfigure(struct driver_env *denv, const struct config_app *app,
                             const struct config_environment *env, struct err *err)
{
	(void)denv;
	(void)app;
	(void)env;
	(void)err;
	return true;
}

static inline void begin(struct driver_env *denv, enum answer answer, driver_done_fn fn, void *arg)
{
	denv->fn = fn;
	denv->arg = arg;
	denv->answer = answer;
	denv->cancelled = false;
	if (answer == ANSWER_OK || answer == ANSWER_FAIL || answer == ANSWER_FAIL_ONCE)
		loop_timer_set(denv->timer, 0);
	else if (answer == ANSWER_HOLD)
		script.held = denv;
}

static inline void let_go(void)
{
	assert_non_null(script.held);
	script.held->answer = ANSWER_OK;
	loop_timer_set(script.held->timer, 0);
	script.held = NULL;
}

static inline void test_run(struct driver_env *denv, const struct driver_job *job, enum stage stage, driver_done_fn fn,
                     void *arg)
{
	if (stage == STAGE_SWITCH)
		script.live = job->target;
	note("", stage_name(stage));
	begin(denv, script.run[stage], fn, arg);
	if (script.run[stage] == ANSWER_FAIL_ONCE)
		script.run[stage] = ANSWER_OK;
}

static inline void test_cancel(struct driver_env *denv)
{
	note("cancel", "");
	denv->cancelled = true;
	if (denv->answer == ANSWER_WAIT)
		loop_timer_set(denv->timer, 0);
}

static inline void test_probe(struct driver_env *denv, const struct driver_job *job, enum stage stage, driver_probed_fn fn,
                       void *arg)
{
	(void)job;
	note("probe-", stage_name(stage));
	begin(denv, ANSWER_OK, NULL, arg);
	denv->probed_fn = fn;
}

static inline void test_undo(struct driver_env *denv, const struct driver_job *job, driver_done_fn fn, void *arg)
{
	script.live = job->live;
	note("undo-to-", job->live_version ? job->live_version : "nothing");
	begin(denv, script.undo, fn, arg);
}

static inline void test_cool(struct driver_env *denv, enum colour colour, driver_done_fn fn, void *arg)
{
	note("cool-", colour_name(colour));
	begin(denv, ANSWER_OK, fn, arg);
}

static inline void test_observe(struct driver_env *denv, driver_observed_fn fn, void *arg)
{
	denv->observed_fn = fn;
	denv->observed_arg = arg;
	loop_timer_set(denv->observe_timer, 0);
}

static inline void test_reconcile(struct driver_env *denv, const struct driver_expect *expect, driver_done_fn fn, void *arg)
{
	(void)expect;
	begin(denv, script.reconcile, fn, arg);
}

static inline char *test_url(struct driver_env *denv, const char *component, bool preview)
{
	(void)denv;
	(void)component;
	(void)preview;
	return NULL;
}

static const enum stage test_stages[] = { STAGE_FETCH, STAGE_STAGE, STAGE_MIGRATE, STAGE_START, STAGE_SMOKE,
                                          STAGE_ACCEPTANCE, STAGE_SWITCH, STAGE_VERIFY, STAGE_DRAIN };
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
	bool known;                    /* the build that was added last was there already */
	char why[1000];                /* … why it was refused; "" */
};

static const char configuration[] =
	"{\"application\":\"shop\",\"components\":{\"web\":{\"start\":[\"bin/web\"],\"protocol\":\"http\",\"health_within\":\"500ms\"}},"
	"\"environments\":[{\"name\":\"dev\",\"protection\":\"open\",\"driver\":\"host\",\"ports\":{\"web\":18999},"
	"\"slots\":\"23990-23999\"}],\"deadlines\":{\"start\":\"1s\"},\"warm\":\"1h\"%s}";

static inline void passed_limit(void *arg)
{
	struct fixture *f = arg;

	f->timed_out = true;
	loop_stop(f->loop);
}

static inline void row(void *arg, const json_t *value)
{
	struct fixture *f = arg;

	if (getenv("SLIPWAY_TEST_ROWS")) {
		AUTO(mem_auto_free) char *line = json_line(value);

		print_message("%s\n", line);
	}
	if (f->wanted && strcmp(json_text(value, "type"), f->wanted) == 0 && --f->wanted_rows == 0)
		loop_stop(f->loop);
}

/* What is told without a row is waited for by its name, as if it were the type of one. */
static inline void event(void *arg, const char *name, const json_t *data)
{
	struct fixture *f = arg;

	(void)data;
	if (f->wanted && strcmp(name, f->wanted) == 0 && --f->wanted_rows == 0)
		loop_stop(f->loop);
}

static inline void wait_rows(struct fixture *f, const char *type, int n)
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

static inline void open_engine(struct fixture *f)
{
	struct err err = { 0 };

	if (!engine_new(f->loop, f->dir, &f->engine, &err))
		fail_msg("%s", err.text);
	engine_listen(f->engine, event, row, f);
}

static inline void write_file(struct fixture *f, const char *name, const char *text)
{
	AUTO(mem_auto_free) char *path = file_join(f->dir, name);

	assert_true(file_write_atomic(path, text, strlen(text), 0600, NULL));
}

static inline void added(void *arg, int status, const json_t *answer, const struct err *err)
{
	struct fixture *f = arg;

	if (err)
		print_message("%s\n", err->text);
	snprintf(f->why, sizeof f->why, "%s", err ? err->text : "");
	f->known = json_flag(answer, "known");
	f->status = status;
	loop_stop(f->loop);
}

/* `take_facts`: commit and the like; consumed, and may be NULL. */
static inline int add_build_with(struct fixture *f, const char *version, const char *content, json_t *take_facts)
{
	struct engine_caller who = { getuid(), "ci" };
	json_t *request;
	AUTO(mem_auto_free) char *path = file_join(f->dir, "artifact");

	write_file(f, "artifact", content);
	request = json_pack("{s:s, s:{s:s}}", "version", version, "artifacts", "web", path);
	json_object_update(request, take_facts);
	json_decref(take_facts);
	f->status = 0;
	engine_add_build(f->engine, &who, request, added, f);
	if (!f->status)
		loop_run(f->loop);
	json_decref(request);
	return f->status;
}

static inline int add_build(struct fixture *f, const char *version, const char *content)
{
	return add_build_with(f, version, content, NULL);
}

static inline bool ask(struct fixture *f, const char *kind, const char *version, const char *expect, const char *key,
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

static inline void deploy(struct fixture *f, const char *version)
{
	struct err err = { 0 };

	if (!ask(f, "deploy", version, NULL, NULL, &err))
		fail_msg("%s", err.text);
}

static inline void deployed(struct fixture *f, const char *version)
{
	deploy(f, version);
	wait_rows(f, "deployment.finished", 1);
	script.log[0] = '\0';
}

static inline json_t *environment(struct fixture *f)
{
	struct engine_caller who = { getuid(), "alice" };
	json_t *status = NULL, *env;

	assert_true(engine_status(f->engine, &who, NULL, &status, NULL));
	env = json_incref(json_array_get(json_object_get(json_array_get(json_object_get(status, "apps"), 0),
	                                                 "environments"), 0));
	json_decref(status);
	return env;
}

static inline void assert_now(struct fixture *f, const char *live, const char *rollback, const char *state)
{
	AUTO(json_auto_decref) json_t *env = environment(f);

	assert_string_equal(json_text_or(json_object_get(env, "live"), "version", "none"), live);
	assert_string_equal(json_text_or(json_object_get(env, "rollback"), "version", "none"), rollback);
	assert_string_equal(json_text_or(json_object_get(env, "deployment"), "state", "none"), state);
}

static inline int open_fixture(void **state)
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

static inline int close_fixture(void **state)
{
	struct fixture *f = *state;

	engine_free(f->engine);
	loop_timer_free(f->limit);
	loop_free(f->loop);
	file_remove_tree(f->dir, NULL);
	free(f);
	return 0;
}

#endif
