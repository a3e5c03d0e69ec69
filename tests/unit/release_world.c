#include "tests/unit/release_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/engine/engine_priv.h"

struct release_script release_script;

static const char *const apps[] = { "api", "shop", "web" };

/* ---- the driver: engine_world's, with a say in how a step ends ---- */

struct wrapped { driver_done_fn fn; void *arg; };

static struct hanging {
	struct driver_env *denv;
	const struct driver_job *job;
	enum stage stage;
	driver_done_fn fn;
	void *arg;
} hanging;

static void fails_instead(void *arg, const struct driver_outcome *outcome)
{
	struct wrapped wrapped = *(struct wrapped *)arg;
	struct driver_outcome failed = { .layer = "process" };

	(void)outcome;
	free(arg);
	err_set(&failed.err, ERR_FAILED, "as scripted");
	wrapped.fn(wrapped.arg, &failed);
}

static void run_failing(struct driver_env *denv, const struct driver_job *job, enum stage stage, driver_done_fn fn,
                        void *arg)
{
	struct wrapped *wrapped = mem_alloc(sizeof *wrapped);

	*wrapped = (struct wrapped){ fn, arg };
	engine_world_driver.run(denv, job, stage, fails_instead, wrapped);
}

static bool fails(const char *version)
{
	for (size_t i = 0; i < ARRAY_LEN(release_script.fails); i++)
		if (release_script.fails[i] && strcmp(version, release_script.fails[i]) == 0)
			return true;
	return false;
}

static void run(struct driver_env *denv, const struct driver_job *job, enum stage stage, driver_done_fn fn, void *arg)
{
	if ((stage == STAGE_START || stage == STAGE_SWITCH) && fails(job->version))
		run_failing(denv, job, stage, fn, arg);
	else if (stage == STAGE_START && release_script.hangs && strcmp(job->version, release_script.hangs) == 0)
		hanging = (struct hanging){ denv, job, stage, fn, arg };
	else
		engine_world_driver.run(denv, job, stage, fn, arg);
}

static void cancel(struct driver_env *denv)
{
	if (hanging.denv == denv)
		run_failing(denv, hanging.job, hanging.stage, hanging.fn, hanging.arg);
	hanging = (struct hanging){ 0 };
}

struct driver release_world_driver;

static void make_driver(void)
{
	release_world_driver = engine_world_driver;
	release_world_driver.run = run;
	release_world_driver.cancel = cancel;
}

/* ---- the workspace ---- */

static void write_file(const struct engine_world *w, const char *name, const char *text)
{
	AUTO(mem_auto_free) char *path = file_join(w->dir, name);

	assert_true(file_write_atomic(path, text, strlen(text), 0600, NULL));
}

static void write_app(const struct engine_world *w, size_t i, const char *of_prod)
{
	AUTO(mem_auto_free) char *name = mem_printf("slipway.d/%s.json", apps[i]);
	int base = 18900 + 2 * (int)i, slots = 23700 + 20 * (int)i;
	AUTO(mem_auto_free) char *text = mem_printf(
		"{\"application\":\"%s\",\"components\":{\"web\":{\"start\":[\"bin/web\"],\"protocol\":\"http\"}},"
		"\"environments\":[{\"name\":\"dev\",\"protection\":\"open\",\"driver\":\"host\",\"ports\":{\"web\":%d},"
		"\"slots\":\"%d-%d\"},{\"name\":\"prod\",\"protection\":\"protected\",\"driver\":\"host\",\"ports\":{\"web\":%d},"
		"\"slots\":\"%d-%d\"%s}],\"warm\":\"1h\"}",
		apps[i], base, slots, slots + 9, base + 1, slots + 10, slots + 19, of_prod);

	write_file(w, name, text);
}

static void row(void *arg, const json_t *value)
{
	struct engine_world *w = arg;

	json_array_append_new(w->rows, json_deep_copy(value));
	if (w->wanted && strcmp(json_text(value, "type"), w->wanted) == 0 && --w->wanted_rows == 0)
		loop_stop(w->loop);
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

static void add_build(struct engine_world *w, const char *app, int number)
{
	const struct engine_caller who = { getuid(), "ci" };
	AUTO(mem_auto_free) char *path = file_join(w->dir, "artifact");
	AUTO(mem_auto_free) char *version = mem_printf("%s-%d", app, number);
	AUTO(json_auto_decref) json_t *request = json_pack("{s:s, s:s, s:{s:s}}", "app", app, "version", version,
	                                                   "artifacts", "web", path);

	write_file(w, "artifact", version);
	w->status = 0;
	engine_add_build(w->engine, &who, request, added, w);
	if (!w->status)
		loop_run(w->loop);
	assert_int_equal(w->status, 201);
}

static void deployed(struct engine_world *w, const char *app, const char *environment)
{
	AUTO(mem_auto_free) char *version = mem_printf("%s-1", app);
	struct err err = { 0 };

	if (!engine_world_deploy(w, environment, version, json_pack("{s:s}", "app", app), &err))
		fail_msg("%s", err.text);
	engine_world_wait(w, "deployment.finished", 1);
}

int release_world_begin(void **state)
{
	struct engine_world *w;

	release_script = (struct release_script){ 0 };
	hanging = (struct hanging){ 0 };
	make_driver();
	engine_world_begin(state);
	w = *state;
	engine_world_stop(w);
	AUTO(mem_auto_free) char *former = file_join(w->dir, "slipway.json");
	AUTO(mem_auto_free) char *folder = file_join(w->dir, "slipway.d");
	assert_int_equal(unlink(former), 0);
	assert_true(file_make_dirs(folder, 0700, NULL));
	for (size_t i = 0; i < ARRAY_LEN(apps); i++)
		write_app(w, i, "");
	write_file(w, "groups.json", "{\"groups\":[{\"name\":\"suite\",\"applications\":[\"api\",\"web\",\"shop\"],\"undo\":true},"
		"{\"name\":\"loose\",\"applications\":[\"api\",\"web\",\"shop\"]}]}");
	engine_world_start(w);
	for (size_t i = 0; i < ARRAY_LEN(apps); i++) {
		add_build(w, apps[i], 1);
		add_build(w, apps[i], 2);
		deployed(w, apps[i], "dev");
		deployed(w, apps[i], "prod");
	}
	json_array_clear(w->rows);
	return 0;
}

int release_world_end(void **state)
{
	return engine_world_end(state);
}

void release_world_configure(struct engine_world *w, const char *app, const char *of_prod)
{
	for (size_t i = 0; i < ARRAY_LEN(apps); i++)
		if (strcmp(apps[i], app) == 0)
			write_app(w, i, of_prod);
	engine_world_wait(w, "config.loaded", 1);
}

void release_world_regroup(struct engine_world *w, const char *text)
{
	write_file(w, "groups.json", text);
	engine_world_wait(w, "config.loaded", 1);
}

void release_world_add_environment(struct engine_world *w)
{
	for (size_t i = 0; i < ARRAY_LEN(apps); i++) {
		AUTO(mem_auto_free) char *more = mem_printf("},{\"name\":\"new\",\"driver\":\"host\",\"ports\":{\"web\":%d},"
			"\"slots\":\"%d-%d\"", 18950 + (int)i, 23800 + 10 * (int)i, 23809 + 10 * (int)i);

		write_app(w, i, more);
	}
	engine_world_wait(w, "config.loaded", 1);
}

void release_world_hangs(struct engine_world *w)
{
	for (int i = 0; i < 500 && !hanging.denv; i++)
		engine_world_run(w, 20);
	assert_non_null(hanging.denv);
}

void release_world_let_go(struct engine_world *w)
{
	struct hanging h;

	release_world_hangs(w);
	h = hanging;
	hanging = (struct hanging){ 0 };
	release_script.hangs = NULL;
	engine_world_driver.run(h.denv, h.job, h.stage, h.fn, h.arg);
}

int64_t release_world_ask(struct engine_world *w, const char *name, uid_t uid, const char *request, struct err *err)
{
	const struct engine_caller who = { uid, name };
	AUTO(mem_auto_free) char *text = mem_dup(request);
	AUTO(json_auto_decref) json_t *body = NULL, *answer = NULL;
	int status = 0;

	for (char *p = text; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	body = json_loads(text, 0, NULL);
	assert_non_null(body);
	if (!engine_release(w->engine, &who, body, &status, &answer, err))
		return 0;
	w->status = status;
	return json_int(answer, "id", -1);
}

int64_t release_world_asked(struct engine_world *w, const char *request)
{
	struct err err = { 0 };
	int64_t id = release_world_ask(w, "alice", getuid(), request, &err);

	if (!id)
		fail_msg("%s", err.text);
	return id;
}

json_t *release_world_look(struct engine_world *w, int64_t id)
{
	json_t *release = NULL;
	struct err err = { 0 };

	if (!engine_release_of(w->engine, id, &release, &err))
		fail_msg("%s", err.text);
	return release;
}

const char *release_world_ended(struct engine_world *w, int64_t id)
{
	AUTO(store_release_done) struct store_release r = { 0 };

	for (;;) {
		assert_true(store_release(w->engine->store, id, &r, NULL));
		if (r.ended)
			return deployment_state_name(r.state);
		store_release_done(&r);
		engine_world_wait(w, "release.finished", 1);
	}
}

const char *release_world_member(struct engine_world *w, int64_t id, const char *app)
{
	static char state[20];
	AUTO(json_auto_decref) json_t *release = release_world_look(w, id);
	const json_t *member;
	size_t i;

	json_array_foreach(json_object_get(release, "members"), i, member)
		if (strcmp(json_text(member, "app"), app) == 0)
			snprintf(state, sizeof state, "%s", json_text(member, "state"));
	return state;
}

const char *release_world_live(struct engine_world *w, const char *app)
{
	static char live[20];
	AUTO(store_env_done) struct store_env state = { 0 };

	assert_true(store_env(w->engine->store, app, "prod", &state, NULL));
	snprintf(live, sizeof live, "%s", state.live_version ? state.live_version : "none");
	return live;
}

static void passed_limit(void *arg)
{
	struct engine_world *w = arg;

	w->timed_out = true;
	loop_stop(w->loop);
}

static void event(void *arg, const char *name, const json_t *data)
{
	(void)arg, (void)name, (void)data;
}

struct engine_world *release_world_open(const char *dir)
{
	struct engine_world *w = mem_alloc(sizeof *w);
	struct err err = { 0 };

	*w = (struct engine_world){ .loop = loop_new(), .rows = json_array() };
	snprintf(w->dir, sizeof w->dir, "%s", dir);
	w->limit = loop_timer_new(w->loop, passed_limit, w);
	if (!engine_new(w->loop, w->dir, &w->engine, &err))
		fail_msg("%s", err.text);
	engine_listen(w->engine, event, row, w);
	return w;
}

void release_world_close(struct engine_world *w)
{
	engine_free(w->engine);
	loop_timer_free(w->limit);
	loop_free(w->loop);
	json_decref(w->rows);
	free(w);
}
