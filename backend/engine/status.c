/*
 * status: all applications with their environments. A fleet's is made a few applications a turn of the loop, so that it
 * holds nobody up; it is told as of the row where it began, since whoever follows the rows hears of what came after.
 */
#include "backend/engine/status.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/clock.h"
#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/engine/engine_priv.h"
#include "backend/engine/release.h"

enum { SLICE_MS = 4 };

struct status_ask {
	struct engine *e;
	struct status_ask *next;
	const struct config *config;       /* in which `at` counts */
	size_t at;                         /* the application that is next */
	int64_t seq;                       /* where it began */
	json_t *apps;
	bool is_complete;                  /* it is written down in the next turn, */
	bool is_told;                      /* and forgotten in the one after: a fleet's is large */
	char *app, *name;                  /* app NULL: all */
	uid_t uid;
	struct loop_timer *timer;
	engine_answer_fn fn;
	void *arg;
};

static json_t *app_answer(struct engine *e, const struct config_app *app, const struct engine_caller *who,
                          struct err *err)
{
	json_t *components = json_array(), *environments = json_array();

	for (size_t i = 0; i < app->ncomponents; i++)
		json_array_append_new(components, json_string(app->components[i].name));
	for (size_t i = 0; i < app->nenvironments; i++) {
		struct environment *env = engine_environment(e, app->name, app->environments[i].name, err);
		json_t *answer = env ? answers_environment(env, who, err) : NULL;

		if (!answer) {
			json_decref(components);
			json_decref(environments);
			return NULL;
		}
		json_array_append_new(environments, answer);
	}
	return json_pack("{s:s, s:o, s:o}", "name", app->name, "components", components, "environments", environments);
}

static void begin(struct status_ask *ask)
{
	json_decref(ask->apps);
	ask->apps = json_array();
	ask->config = ask->e->config;
	ask->at = 0;
	ask->is_complete = false;
	ask->seq = store_seq(ask->e->store);
}

static struct engine_caller caller_of(const struct status_ask *ask)
{
	return (struct engine_caller){ ask->uid, ask->name };
}

/* One application more; false with err, or at the end. */
static bool add_next(struct status_ask *ask, struct err *err)
{
	const struct config *config = ask->config;
	struct engine_caller who = caller_of(ask);
	json_t *answer;

	while (config && ask->at < config->napps && ask->app && strcmp(ask->app, config->apps[ask->at].name) != 0)
		ask->at++;
	if (!config || ask->at >= config->napps)
		return false;
	answer = app_answer(ask->e, &config->apps[ask->at++], &who, err);
	if (!answer)
		return false;
	json_array_append_new(ask->apps, answer);
	return true;
}

static json_t *whole(const struct status_ask *ask, struct err *err)
{
	struct engine *e = ask->e;
	json_t *releases = releases_answer(e, err), *ret;

	if (!releases)
		return NULL;
	ret = json_pack("{s:i, s:I, s:I, s:{s:i, s:s, s:I, s:o, s:I}, s:{s:b, s:O}, s:{s:I, s:o}, s:O, s:o, s:o}", "api",
	                SLIPWAY_API_VERSION, "seq", (json_int_t)ask->seq, "now", (json_int_t)engine_now(e),
	                "engine", "pid", (int)getpid(), "version", SLIPWAY_VERSION, "started", (json_int_t)e->started_at,
	                "workspace", json_safe_string(e->dir), "slow", (json_int_t)loop_slow_count(e->loop), "config",
	                "valid", json_array_size(e->mistakes) == 0, "mistakes", e->mistakes, "you", "uid",
	                (json_int_t)ask->uid, "name", json_safe_string(ask->name), "apps", ask->apps, "groups",
	                releases_groups(e), "releases", releases);
	if (engine_is_past(e))
		json_object_set_new(ret, "as_of", json_pack("{s:I, s:I, s:o}", "at", (json_int_t)engine_now(e), "seq",
		                                            (json_int_t)ask->seq, "speed",
		                                            e->replay ? json_real(e->speed) : json_null()));
	return ret;
}

static void ask_done(struct status_ask *ask)
{
	loop_timer_free(ask->timer);
	json_decref(ask->apps);
	free(ask->app);
	free(ask->name);
}

static bool knows_app(const struct engine *e, const char *app, struct err *err)
{
	return !app || !*app || config_app(e->config, app)
		|| err_set(err, ERR_NOT_FOUND, "there is no application \"%s\" in the configuration", app);
}

bool engine_status(struct engine *e, const struct engine_caller *who, const char *app, json_t **ret, struct err *err)
{
	struct status_ask ask = { .e = e, .uid = who->uid, .name = mem_dup(who->name),
	                          .app = app && *app ? mem_dup(app) : NULL };
	struct err failed = { 0 };

	begin(&ask);
	*ret = NULL;
	if (knows_app(e, app, &failed)) {
		while (add_next(&ask, &failed))
			continue;
		*ret = failed.kind ? NULL : whole(&ask, &failed);
	}
	ask_done(&ask);
	return *ret || err_copy(err, &failed);
}

static void drop(struct status_ask *ask)
{
	struct status_ask **at = &ask->e->status_asks;

	while (*at != ask)
		at = &(*at)->next;
	*at = ask->next;
	ask_done(ask);
	free(ask);
}

static void finish(struct status_ask *ask, const struct err *err)
{
	struct err failed = { 0 };
	json_t *answer = NULL;

	ask->is_told = true;
	if (err)
		failed = *err;
	else
		answer = whole(ask, &failed);
	/* Last: who is told may end the engine of a past that nobody else looks at, and the ask with it. */
	loop_timer_set(ask->timer, 0);
	ask->fn(ask->arg, answer ? 200 : err_http_status(failed.kind), answer, answer ? NULL : &failed);
	json_decref(answer);
}

static void turn(void *arg)
{
	struct status_ask *ask = arg;
	int64_t until = clock_mono_ms() + SLICE_MS;
	struct err err = { 0 };

	if (ask->is_told) {
		drop(ask);
		return;
	}
	/* The configuration was changed in between. */
	if (ask->config != ask->e->config)
		begin(ask);
	if (ask->is_complete) {
		finish(ask, NULL);
		return;
	}
	while (add_next(ask, &err)) {
		if (clock_mono_ms() < until)
			continue;
		loop_timer_set(ask->timer, 0);
		return;
	}
	ask->is_complete = !err.kind;
	if (err.kind)
		finish(ask, &err);
	else
		loop_timer_set(ask->timer, 0);
}

void engine_ask_status(struct engine *e, const struct engine_caller *who, const char *app, engine_answer_fn fn, void *arg)
{
	struct status_ask *ask;
	struct err err = { 0 };

	if (!knows_app(e, app, &err)) {
		fn(arg, err_http_status(err.kind), NULL, &err);
		return;
	}
	ask = mem_alloc(sizeof *ask);
	*ask = (struct status_ask){ .e = e, .next = e->status_asks, .uid = who->uid, .name = mem_dup(who->name),
	                            .app = app && *app ? mem_dup(app) : NULL, .fn = fn, .arg = arg };
	e->status_asks = ask;
	ask->timer = loop_timer_new(e->loop, turn, ask);
	begin(ask);
	turn(ask);
}

void status_end(struct engine *e)
{
	struct err err = { 0 };

	err_set(&err, ERR_UNREACHABLE, "the engine ends");
	while (e->status_asks) {
		if (!e->status_asks->is_told)
			finish(e->status_asks, &err);
		drop(e->status_asks);
	}
}
