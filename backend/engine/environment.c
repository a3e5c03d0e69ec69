#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/clock.h"
#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/log.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/base/saver.h"
#include "backend/engine/automation.h"
#include "backend/engine/drift.h"
#include "backend/engine/engine_priv.h"
#include "backend/engine/facts.h"
#include "backend/engine/features.h"
#include "backend/engine/survey.h"
#include "backend/engine/gate_facts.h"

/*
 * An observation may start a process. Where there are many environments each is looked at less often, in turn, so that
 * no more than 25 a second are under way.
 */
enum { TICK_MS = 2000, TICKS_A_RECONCILE = 5, LOOKS_A_TICK = 50 };

static void driver_noted(void *arg, const char *type, json_t *take_detail)
{
	struct environment *env = arg;

	json_object_set_new(take_detail, "app", json_string(env->app));
	json_object_set_new(take_detail, "environment", json_string(env->name));
	engine_append(env->e, "engine", type, take_detail);
}

static void open_driver(struct environment *env)
{
	struct driver_ctx ctx = {
		.loop = env->e->loop, .http = env->e->http, .saver = env->e->saver,
		.launcher = env->e->launcher, .state_dir = env->state_dir, .app = env->capp, .env = env->cenv, .note = driver_noted, .note_arg = env,
	};

	env->trouble = (struct err){ 0 };
	if (!file_make_dirs(env->state_dir, 0700, &env->trouble)) {
		env->denv = NULL;
	} else {
		env->denv = env->driver->open(&ctx, &env->trouble);
	}
	if (!env->denv)
		log_line(LOG_LEVEL_ERROR, "%s %s: %s", env->app, env->name, env->trouble.text);
}

json_t *environment_health(const struct environment *env)
{
	if (!env->health_known)
		return json_null();
	return json_pack("{s:b, s:o, s:I}", "ok", env->health_ok, "text", json_safe_string(env->health), "at",
	                 (json_int_t)env->health_at);
}

json_t *environment_attention(const struct environment *env)
{
	if (!env->denv && env->trouble.kind)
		return json_safe_string(env->trouble.text);
	if (env->attention)
		return json_safe_string(env->attention);
	return env->unrepaired ? json_safe_string(env->unrepaired) : json_null();
}

/* No row of the journal tells of it: those who look hear of it here. */
static void tell_health(struct environment *env)
{
	AUTO(json_auto_decref) json_t *data = json_pack("{s:s, s:s, s:o, s:o}", "app", env->app, "environment", env->name,
	                                                "health", environment_health(env), "attention",
	                                                environment_attention(env));

	engine_tell(env->e, "health", data);
}

static void observed(void *arg, const struct driver_observed *o)
{
	struct environment *env = arg;
	const char *text = o->known ? o->health : o->err.text;
	bool ok = o->known && o->healthy;
	bool changed = !env->health_known || env->health_ok != ok || env->is_warm != o->warm
		|| strcmp(env->health ? env->health : "", text ? text : "") != 0;

	env->observing = false;
	env->health_known = true;
	env->health_ok = ok;
	env->is_warm = o->warm;
	env->health_at = clock_wall_ms();
	free(env->health);
	env->health = mem_dup(text ? text : "");
	if (changed)
		tell_health(env);
	/* What a deployment is just moving is neither where it was nor where it will be. */
	if (!env->run && !env->unsettled && env->observed_runs == env->runs)
		drift_observed(env, o);
}

void environment_observe(struct environment *env)
{
	if (!env->denv || env->observing)
		return;
	env->observing = true;
	env->observed_runs = env->run ? env->runs - 1 : env->runs;
	env->driver->observe(env->denv, observed, env);
}

struct reconcile { struct environment *env; struct facts facts; environment_fn fn; };

struct cooling { struct environment *env; enum colour colour; char *version, *digest; };

static void forget_operation(struct environment *env)
{
	if (env->reconcile)
		facts_done(&env->reconcile->facts);
	free(env->reconcile);
	env->reconcile = NULL;
	if (env->cooling) {
		free(env->cooling->version);
		free(env->cooling->digest);
	}
	free(env->cooling);
	env->cooling = NULL;
	env->reconciling = false;
}

static void set_unrepaired(struct environment *env, char *take_text)
{
	bool changed = strcmp(env->unrepaired ? env->unrepaired : "", take_text ? take_text : "") != 0;

	free(env->unrepaired);
	env->unrepaired = take_text;
	if (changed)
		tell_health(env);
}

static void reconciled(void *arg, const struct driver_outcome *outcome)
{
	struct reconcile *r = arg;
	struct environment *env = r->env;
	environment_fn fn = r->fn;

	if (!outcome->ok)
		log_line(LOG_LEVEL_WARN, "%s %s: reconcile: %s", env->app, env->name, outcome->err.text);
	set_unrepaired(env, outcome->ok ? NULL : mem_printf("not as it should be, tried again every 10 s: %s",
	                                                    outcome->err.text));
	forget_operation(env);
	if (fn)
		fn(env, outcome->ok, &outcome->err);
	else
		environment_wake(env);
}

void environment_reconcile(struct environment *env, environment_fn fn)
{
	struct reconcile *r = mem_alloc(sizeof *r);
	struct driver_expect expect;
	struct err err = { 0 };

	r->env = env;
	r->fn = fn;
	if (!facts_load(env, &r->facts, &err) || !facts_expect(env, &r->facts, &expect, &err)) {
		log_line(LOG_LEVEL_ERROR, "%s %s: %s", env->app, env->name, err.text);
		facts_done(&r->facts);
		free(r);
		if (fn)
			fn(env, false, &err);
		return;
	}
	expect.busy = env->run != NULL || env->unsettled;
	features_reconcile(env);
	env->reconciling = true;
	env->reconcile = r;
	env->driver->reconcile(env->denv, &expect, reconciled, r);
}

static void ticked(void *arg)
{
	struct environment *env = arg;

	unsigned turn = 1 + (unsigned)(env->e->nenvironments / LOOKS_A_TICK);

	loop_timer_set(env->tick, TICK_MS);
	env->ticks++;
	if (!env->denv && env->ticks % (TICKS_A_RECONCILE * turn) == 0) {
		open_driver(env);
		automation_wake(env);
	}
	if (!env->denv)
		return;
	if (env->ticks % turn == 0)
		environment_observe(env);
	if (env->holds)
		environment_wake(env);
	if (env->ticks % (TICKS_A_RECONCILE * turn) != 0 || env->run || env->reconciling)
		return;
	if (env->unsettled)
		recovery_settle(env, env->unsettled);
	else
		environment_reconcile(env, NULL);
}

/*
 * Whatever waits for its gates lets those behind it pass. One that is refused for good starts: its gate step fails and
 * says so.
 */
static bool may_start(struct environment *env, const struct store_deployment *d)
{
	struct gate_refusals refusals;
	char plan_hash[DIGEST_SIZE];
	struct err err = { 0 };
	bool waits;

	if (!gate_judge_deployment(env, d, false, &refusals, plan_hash, &err))
		return true;
	waits = refusals.n > 0;
	for (size_t i = 0; i < refusals.n; i++)
		waits = waits && refusals.items[i].waits;
	env->holds |= waits;
	return !waits;
}

/* Which deployment is next: a rollback first, then the oldest. */
static int64_t next_in_queue(struct environment *env)
{
	int64_t *ids = NULL, next = 0;
	bool is_rollback = false;
	size_t n = 0;
	struct err err = { 0 };

	env->holds = false;
	if (!store_unfinished(env->e->store, &ids, &n, &err))
		log_line(LOG_LEVEL_ERROR, "read the queue: %s", err.text);
	for (size_t i = 0; i < n; i++) {
		struct store_deployment d;

		if (!store_deployment(env->e->store, ids[i], &d, &err))
			continue;
		if (d.state == DEPLOYMENT_QUEUED && strcmp(d.app, env->app) == 0 && strcmp(d.environment, env->name) == 0
		    && (!next || (d.kind == KIND_ROLLBACK && !is_rollback)) && may_start(env, &d)) {
			next = d.id;
			is_rollback = d.kind == KIND_ROLLBACK;
		}
		store_deployment_done(&d);
	}
	free(ids);
	return next;
}

static bool may_run(const struct environment *env)
{
	return !env->run && !env->reconciling && !env->unsettled && env->denv && !env->removed;
}

bool environment_is_idle(struct environment *env)
{
	return may_run(env) && next_in_queue(env) == 0;
}

static void woken(void *arg)
{
	struct environment *env = arg;
	int64_t id;

	if (!may_run(env))
		return;
	id = next_in_queue(env);
	if (id)
		run_start(env, id, false);
}

void environment_wake(struct environment *env)
{
	loop_timer_set(env->waker, 0);
}

void environment_run_over(struct environment *env)
{
	const struct config_app *app = config_app(env->e->config, env->app);
	const struct config_environment *cenv = app ? config_environment(app, env->name) : NULL;

	env->run = NULL;
	/* The deployment may have put it right, or tells itself what it met. */
	set_unrepaired(env, NULL);
	env->estimate = estimate_of(env);
	env->runs++;
	if (cenv && cenv != env->cenv)
		environment_reconfigure(env, app, cenv);
	engine_drop_old_configs(env->e);
	environment_observe(env);
	environment_wake(env);
}

static void cooled(void *arg, const struct driver_outcome *outcome)
{
	struct cooling *c = arg;
	struct environment *env = c->env;

	if (outcome->ok)
		engine_append(env->e, "engine", "slot.set",
		              json_pack("{s:s, s:s, s:s, s:s, s:s*, s:s*}", "app", env->app, "environment", env->name, "colour",
		                        colour_name(c->colour), "state", "stopped", "version", c->version, "digest",
		                        c->digest));
	else
		log_line(LOG_LEVEL_WARN, "%s %s: stop the warm colour: %s", env->app, env->name, outcome->err.text);
	forget_operation(env);
	environment_wake(env);
}

static void cool(void *arg)
{
	struct environment *env = arg;
	struct store_env state;
	struct cooling *c;
	enum colour colour;

	if (env->run || env->reconciling || !env->denv) {
		loop_timer_set(env->cooler, TICK_MS);
		return;
	}
	if (!store_env(env->e->store, env->app, env->name, &state, NULL))
		return;
	colour = colour_other(state.live);
	if (state.live != COLOUR_NONE && strcmp(state.slots[colour].state, "warm") == 0) {
		c = mem_alloc(sizeof *c);
		*c = (struct cooling){ env, colour, mem_dup(state.slots[colour].version), mem_dup(state.slots[colour].digest) };
		/* Keeps a deployment from starting into the slot that is being stopped. */
		env->reconciling = true;
		env->cooling = c;
		env->driver->cool(env->denv, colour, cooled, c);
	}
	store_env_done(&state);
}

void environment_warm_for(struct environment *env, int64_t ms)
{
	loop_timer_set(env->cooler, ms);
}

struct environment *environment_new(struct engine *e, const struct config_app *app,
                                    const struct config_environment *cenv)
{
	struct environment *env = mem_alloc(sizeof *env);

	*env = (struct environment){ .e = e, .app = mem_dup(app->name), .name = mem_dup(cenv->name), .capp = app,
	                             .cenv = cenv, .driver = driver_find(cenv->driver), .ticks = (unsigned)e->nenvironments };
	env->state_dir = mem_printf("%s/environments/%s/%s", e->state_dir, app->name, cenv->name);
	env->tick = loop_timer_new(e->loop, ticked, env);
	env->cooler = loop_timer_new(e->loop, cool, env);
	env->waker = loop_timer_new(e->loop, woken, env);
	env->estimate = estimate_of(env);
	env->survey = survey_new(env);
	env->automation = automation_new(env);
	open_driver(env);
	loop_timer_set(env->tick, TICK_MS);
	loop_timer_set(env->cooler, app->warm_ms);
	return env;
}

void environment_free(struct environment *env)
{
	if (!env)
		return;
	run_free(env->run);
	survey_free(env->survey);
	automation_free(env->automation);
	if (env->denv)
		env->driver->close(env->denv);
	forget_operation(env);
	save_forget(env->flags);
	loop_timer_free(env->tick);
	loop_timer_free(env->cooler);
	loop_timer_free(env->waker);
	free(env->health);
	free(env->attention);
	free(env->unrepaired);
	free(env->drift_seen);
	free(env->state_dir);
	free(env->app);
	free(env->name);
	free(env);
}

void environment_reconfigure(struct environment *env, const struct config_app *app,
                             const struct config_environment *cenv)
{
	struct err err = { 0 };

	/* A running deployment keeps the configuration that it was planned with. */
	if (env->run || env->unsettled)
		return;
	if (strcmp(cenv->driver, env->driver->name) != 0) {
		if (env->denv)
			env->driver->close(env->denv);
		env->denv = NULL;
		set_unrepaired(env, NULL);
		env->driver = driver_find(cenv->driver);
	}
	env->capp = app;
	env->cenv = cenv;
	survey_again(env->survey);
	automation_wake(env);
	if (!env->denv)
		open_driver(env);
	else if (!env->driver->reconfigure(env->denv, app, cenv, &err)) {
		log_line(LOG_LEVEL_ERROR, "%s %s: the new configuration cannot be applied: %s", env->app, env->name, err.text);
		env->trouble = err;
	}
	if (env->denv && !env->reconciling)
		environment_reconcile(env, NULL);
}

void environment_reopen(struct environment *env)
{
	env->driver->close(env->denv);
	env->observing = false;
	forget_operation(env);
	set_unrepaired(env, NULL);
	open_driver(env);
}
