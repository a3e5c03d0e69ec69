#include "tests/unit/engine_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/artifact/artifact.h"
#include "backend/base/buf.h"
#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/drivers/driver.h"
#include "backend/engine/engine.h"

enum { LIMIT_MS = 40000 };

struct driver_env {
	struct loop_timer *timer, *observe_timer;
	driver_done_fn fn;
	driver_probed_fn probed_fn;
	void *arg;
	driver_observed_fn observed_fn;
	void *observed_arg;
};

static void answer_now(void *arg)
{
	struct driver_env *denv = arg;
	driver_done_fn fn = denv->fn;
	driver_probed_fn probed_fn = denv->probed_fn;

	denv->fn = NULL;
	denv->probed_fn = NULL;
	if (probed_fn)
		probed_fn(denv->arg, PROBE_DONE, "as it should be");
	else if (fn)
		fn(denv->arg, &(struct driver_outcome){ .ok = true });
}

static void observe_now(void *arg)
{
	struct driver_env *denv = arg;

	denv->observed_fn(denv->observed_arg, &(struct driver_observed){ .known = true, .healthy = true, .health = "OK" });
}

static struct driver_env *world_open(const struct driver_ctx *ctx, struct err *err)
{
	struct driver_env *denv = mem_alloc(sizeof *denv);

	(void)err;
	denv->timer = loop_timer_new(ctx->loop, answer_now, denv);
	denv->observe_timer = loop_timer_new(ctx->loop, observe_now, denv);
	return denv;
}

static void world_close(struct driver_env *denv)
{
	loop_timer_free(denv->timer);
	loop_timer_free(denv->observe_timer);
	free(denv);
}

static bool world_reconfigure(struct driver_env *denv, const struct config_app *app,
                              const struct config_environment *env, struct err *err)
{
	(void)denv, (void)app, (void)env, (void)err;
	return true;
}

static void begin(struct driver_env *denv, driver_done_fn fn, driver_probed_fn probed_fn, void *arg)
{
	denv->fn = fn;
	denv->probed_fn = probed_fn;
	denv->arg = arg;
	loop_timer_set(denv->timer, 0);
}

static void world_run(struct driver_env *denv, const struct driver_job *job, enum stage stage, driver_done_fn fn,
                      void *arg)
{
	(void)job, (void)stage;
	begin(denv, fn, NULL, arg);
}

static void world_cancel(struct driver_env *denv)
{
	(void)denv;
}

static void world_probe(struct driver_env *denv, const struct driver_job *job, enum stage stage, driver_probed_fn fn,
                        void *arg)
{
	(void)job, (void)stage;
	begin(denv, NULL, fn, arg);
}

static void world_undo(struct driver_env *denv, const struct driver_job *job, driver_done_fn fn, void *arg)
{
	(void)job;
	begin(denv, fn, NULL, arg);
}

static void world_cool(struct driver_env *denv, enum colour colour, driver_done_fn fn, void *arg)
{
	(void)colour;
	begin(denv, fn, NULL, arg);
}

static void world_observe(struct driver_env *denv, driver_observed_fn fn, void *arg)
{
	denv->observed_fn = fn;
	denv->observed_arg = arg;
	loop_timer_set(denv->observe_timer, 0);
}

static void world_reconcile(struct driver_env *denv, const struct driver_expect *expect, driver_done_fn fn, void *arg)
{
	(void)expect;
	begin(denv, fn, NULL, arg);
}

static char *world_url(struct driver_env *denv, const char *component, bool preview)
{
	(void)denv, (void)component, (void)preview;
	return NULL;
}

static const enum stage world_stages[] = { STAGE_STAGE, STAGE_START, STAGE_SWITCH, STAGE_DRAIN };
const struct driver engine_world_driver = {
	.name = "host", .help = "does as it is asked", .stages = world_stages, .nstages = ARRAY_LEN(world_stages),
	.has_preview = true, .open = world_open, .close = world_close, .reconfigure = world_reconfigure, .run = world_run,
	.cancel = world_cancel, .probe = world_probe, .undo = world_undo, .cool = world_cool, .observe = world_observe,
	.reconcile = world_reconcile, .url = world_url,
};
/* ---- the workspace ---- */

static void write_file(const struct engine_world *w, const char *name, const char *text)
{
	AUTO(mem_auto_free) char *path = file_join(w->dir, name);

	assert_true(file_write_atomic(path, text, strlen(text), 0600, NULL));
}

char *engine_world_read(const struct engine_world *w, const char *path)
{
	AUTO(mem_auto_free) char *whole = file_join(w->dir, path);
	AUTO(buf_done) struct buf b = { 0 };

	if (!file_read(whole, 1024 * 1024, &b, NULL))
		return mem_dup("");
	return mem_dupn(b.data, b.len);
}

static void write_config(const struct engine_world *w, const char *of_dev, const char *of_prod)
{
	AUTO(mem_auto_free) char *text = mem_printf(
		"{\"application\":\"shop\",\"components\":{\"web\":{\"start\":[\"bin/web\"],\"protocol\":\"http\"}},"
		"\"environments\":[{\"name\":\"dev\",\"protection\":\"open\",\"driver\":\"host\",\"ports\":{\"web\":18999},"
		"\"slots\":\"23980-23989\"%s},{\"name\":\"prod\",\"protection\":\"protected\",\"driver\":\"host\","
		"\"ports\":{\"web\":18998},\"slots\":\"23990-23999\"%s}],\"warm\":\"1h\"}", of_dev, of_prod);

	write_file(w, "slipway.json", text);
}

void engine_world_configure(struct engine_world *w, const char *of_dev, const char *of_prod)
{
	write_config(w, of_dev, of_prod);
	engine_world_wait(w, "config.loaded", 1);
}

static void row(void *arg, const json_t *value)
{
	struct engine_world *w = arg;

	json_array_append_new(w->rows, json_deep_copy(value));
	if (w->wanted && strcmp(json_text(value, "type"), w->wanted) == 0 && --w->wanted_rows == 0)
		loop_stop(w->loop);
}

static void event(void *arg, const char *name, const json_t *data)
{
	(void)arg, (void)name, (void)data;
}

static void passed_limit(void *arg)
{
	struct engine_world *w = arg;

	w->timed_out = true;
	loop_stop(w->loop);
}

void engine_world_wait(struct engine_world *w, const char *type, int n)
{
	w->wanted = type;
	w->wanted_rows = n;
	w->timed_out = false;
	loop_timer_set(w->limit, LIMIT_MS);
	loop_run(w->loop);
	loop_timer_stop(w->limit);
	w->wanted = NULL;
	if (w->timed_out)
		fail_msg("no %s within 40 s", type);
}

void engine_world_run(struct engine_world *w, int64_t ms)
{
	loop_timer_set(w->limit, ms);
	loop_run(w->loop);
}

void engine_world_settle(struct engine_world *w)
{
	do
		engine_world_run(w, 2);
	while (!engine_is_kept(w->engine));
}

int engine_world_count(const struct engine_world *w, const char *type, const json_t **ret_last)
{
	const json_t *value;
	size_t i;
	int n = 0;

	json_array_foreach(w->rows, i, value) {
		if (strcmp(json_text(value, "type"), type) != 0)
			continue;
		n++;
		if (ret_last)
			*ret_last = json_object_get(value, "body");
	}
	return n;
}

void engine_world_start(struct engine_world *w)
{
	struct err err = { 0 };

	if (!engine_new(w->loop, w->dir, &w->engine, &err))
		fail_msg("%s", err.text);
	engine_listen(w->engine, event, row, w);
}

void engine_world_stop(struct engine_world *w)
{
	engine_free(w->engine);
	w->engine = NULL;
}

int engine_world_begin(void **state)
{
	struct engine_world *w = mem_alloc(sizeof *w);

	*w = (struct engine_world){ .loop = loop_new(), .rows = json_array() };
	snprintf(w->dir, sizeof w->dir, "/tmp/slipway-world.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	w->limit = loop_timer_new(w->loop, passed_limit, w);
	write_config(w, "", "");
	engine_world_start(w);
	*state = w;
	return 0;
}

int engine_world_end(void **state)
{
	struct engine_world *w = *state;

	engine_free(w->engine);
	loop_timer_free(w->limit);
	loop_free(w->loop);
	file_remove_tree(w->dir, NULL);
	json_decref(w->rows);
	free(w);
	return 0;
}

bool engine_world_helps(int argc, char **argv, int *ret_code)
{
	if (argc < 2 || strcmp(argv[1], "artifact-import") != 0)
		return false;
	*ret_code = artifact_tool(argc - 1, argv + 1);
	return true;
}

static void added(void *arg, int status, const json_t *answer, const struct err *err)
{
	struct engine_world *w = arg;

	(void)answer;
	if (err)
		print_message("%s\n", err->text);
	w->status = status;
	loop_stop(w->loop);
}

int engine_world_build(struct engine_world *w, const char *version, const char *features)
{
	const struct engine_caller who = { getuid(), "ci" };
	AUTO(mem_auto_free) char *path = file_join(w->dir, "artifact");
	AUTO(json_auto_decref) json_t *request = NULL;

	write_file(w, "artifact", version);
	request = json_pack("{s:s, s:{s:s}}", "version", version, "artifacts", "web", path);
	if (*features)
		json_object_set_new(request, "features", json_read(features, strlen(features), NULL));
	w->status = 0;
	engine_add_build(w->engine, &who, request, added, w);
	if (!w->status)
		loop_run(w->loop);
	return w->status;
}

int64_t engine_world_deploy(struct engine_world *w, const char *environment, const char *version, json_t *take_more,
                            struct err *err)
{
	const struct engine_caller who = { getuid(), "alice" };
	AUTO(json_auto_decref) json_t *request = take_more ? take_more : json_object(), *answer = NULL;
	int status = 0;

	json_put_text(request, "environment", environment);
	json_put_text(request, "version", version);
	return engine_deploy(w->engine, &who, request, &status, &answer, err) ? json_int(answer, "id", 0) : 0;
}

void engine_world_deployed(struct engine_world *w, const char *environment, const char *version)
{
	struct err err = { 0 };

	if (!engine_world_deploy(w, environment, version, NULL, &err))
		fail_msg("%s", err.text);
	engine_world_wait(w, "deployment.finished", 1);
}

json_t *engine_world_environment(struct engine_world *w, const char *name)
{
	const struct engine_caller who = { getuid(), "alice" };
	AUTO(json_auto_decref) json_t *status = NULL;
	const json_t *environments, *environment;
	size_t i;

	assert_true(engine_status(w->engine, &who, NULL, &status, NULL));
	environments = json_object_get(json_array_get(json_object_get(status, "apps"), 0), "environments");
	json_array_foreach(environments, i, environment)
		if (strcmp(json_text(environment, "name"), name) == 0)
			return json_incref((json_t *)environment);
	fail_msg("there is no environment %s", name);
	return NULL;
}
