#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/engine/automation.h"
#include "backend/engine/blocked.h"
#include "backend/engine/engine_priv.h"
#include "backend/engine/features.h"
#include "backend/engine/output.h"
#include "backend/engine/release.h"
#include "backend/proto/api.h"
#include "backend/store/policy.h"

enum { AUDIT_ROWS_A_TURN = 200, RESULTS_MAX = 1000, LOG_MOST = 1024 * 1024 };

static void add_rollback(struct environment *env, const struct engine_caller *who, const struct store_env *state,
                         json_t *ret)
{
	json_t *target = json_object_get(ret, "rollback");
	const struct store_slot *slot = &state->slots[colour_other(state->live)];
	int64_t ms;
	bool warm;

	if (!json_is_object(target))
		return;
	warm = env->is_warm && slot->digest && strcmp(slot->state, "warm") == 0
		&& strcmp(slot->digest, json_text(target, "digest")) == 0;
	json_object_set_new(target, "warm", engine_is_past(env->e) ? json_null() : json_boolean(warm));
	ms = warm ? env->estimate.warm_ms : env->estimate.cold_ms;
	json_object_set_new(target, "ms", ms < 0 ? json_null() : json_integer(ms));
	json_object_set_new(target, "blocked", blocked_rollback(env, who, state));
}

static void add_policy(struct environment *env, const struct engine_caller *who, const struct store_policy *p,
                       json_t *ret)
{
	const struct store_lock *lock = &p->lock;
	bool held = lock->owner && (!lock->expires || engine_now(env->e) < lock->expires);
	json_t *queued;
	size_t i;

	json_object_set_new(ret, "lock", !held ? json_null()
	                    : json_pack("{s:I, s:o, s:o, s:I, s:o}", "uid", (json_int_t)lock->uid, "owner",
	                                json_safe_string(lock->owner), "reason", json_safe_string(lock->reason), "taken",
	                                (json_int_t)lock->taken, "expires",
	                                lock->expires ? json_integer(lock->expires) : json_null()));
	json_object_set_new(ret, "paused", !p->paused ? json_null()
	                    : json_pack("{s:o, s:o, s:I}", "why", json_safe_string(p->paused_why), "by",
	                                json_safe_string(p->paused_by), "since", (json_int_t)p->paused_at));
	json_object_set_new(ret, "automatic", json_boolean(env->cenv->automatic));
	json_object_set_new(ret, "next", env->automation ? automation_next(env) : json_null());
	json_object_set_new(ret, "drift", p->drift ? json_safe_string(p->drift) : json_null());
	json_object_set_new(ret, "blocked", blocked_environment(env, who));
	json_array_foreach(json_object_get(ret, "queue"), i, queued)
		blocked_put(env, queued);
}

json_t *answers_environment(struct environment *env, const struct engine_caller *who, struct err *err)
{
	json_t *ret = NULL, *ports = json_object(), *features = features_answer(env, err);
	AUTO(store_policy_done) struct store_policy policy = { 0 };
	struct store_env state;

	if (!features || !store_query_environment(env->e->store, env->app, env->name, &ret, err)
	    || !store_policy(env->e->store, env->app, env->name, &policy, err)
	    || !store_env(env->e->store, env->app, env->name, &state, err)) {
		json_decref(ports);
		json_decref(features);
		json_decref(ret);
		return NULL;
	}
	for (size_t i = 0; i < env->cenv->nports; i++)
		json_object_set_new(ports, env->cenv->ports[i].component, json_integer(env->cenv->ports[i].port));
	json_object_set_new(ret, "name", json_string(env->name));
	json_object_set_new(ret, "protected", json_boolean(env->cenv->is_protected));
	json_object_set_new(ret, "arming", json_boolean(env->cenv->rollback_needs_arming));
	json_object_set_new(ret, "driver", json_string(env->driver->name));
	json_object_set_new(ret, "has_preview", json_boolean(env->driver->has_preview));
	json_object_set_new(ret, "health", environment_health(env));
	json_object_set_new(ret, "ports", ports);
	json_object_set_new(ret, "features", features);
	add_rollback(env, who, &state, ret);
	add_policy(env, who, &policy, ret);
	json_object_set_new(ret, "attention", environment_attention(env));
	store_env_done(&state);
	return ret;
}

/* The only application when none is named. */
static bool the_app(struct engine *e, const char *app, const char **ret, struct err *err)
{
	const struct config_app *found;

	if (app && *app) {
		*ret = app;
		return true;
	}
	found = config_app(e->config, NULL);
	if (!found)
		return err_set(err, ERR_USAGE, "there is not exactly one application: name one with app=");
	*ret = found->name;
	return true;
}

bool engine_builds(struct engine *e, const char *app, const char *q, int offset, int limit, json_t **ret,
                   struct err *err)
{
	return the_app(e, app, &app, err) && store_query_builds(e->store, app, q, offset, limit, ret, err);
}

bool engine_build(struct engine *e, const char *app, const char *version, json_t **ret, struct err *err)
{
	AUTO(json_auto_decref) json_t *whole = NULL;

	if (!the_app(e, app, &app, err) || !store_query_build(e->store, app, version, ret, err))
		return false;
	/* Test results are in no journal, but those of a build never change. */
	if (e->results && store_query_build(e->results, app, version, &whole, NULL))
		json_object_set(*ret, "results", json_object_get(whole, "results"));
	return true;
}

bool engine_deployments(struct engine *e, const char *app, const char *environment, int64_t before, int limit,
                        json_t **ret, struct err *err)
{
	return store_query_deployments(e->store, app && *app ? app : NULL, environment && *environment ? environment : NULL,
	                               before, limit, ret, err);
}

/* Of what the log said later nothing is told: one that was not over ended with the last row of then. */
static bool log_end(struct engine *e, int64_t id, int64_t *ret, struct err *err)
{
	AUTO(store_deployment_done) struct store_deployment d = { 0 };
	int64_t then;

	*ret = output_size(e, id);
	if (!engine_is_past(e))
		return true;
	if (!store_deployment(e->store, id, &d, err) || !store_deployment_log(e->store, id, &then, err))
		return false;
	if (then >= 0 && then < *ret && !deployment_state_is_over(d.state))
		*ret = then;
	return true;
}

bool engine_deployment(struct engine *e, int64_t id, json_t **ret, struct err *err)
{
	struct environment *env;
	int64_t size;

	if (!store_query_deployment(e->store, id, ret, err))
		return false;
	env = engine_environment(e, json_text(*ret, "app"), json_text(*ret, "environment"), NULL);
	if (env)
		blocked_put(env, *ret);
	if (!log_end(e, id, &size, err)) {
		json_decref(*ret);
		*ret = NULL;
		return false;
	}
	json_object_set_new(*ret, "log_size", json_integer(size));
	return true;
}

/* The steps that had ended: when a result of a later one came is not known. */
static int steps_over(const struct store_deployment *d)
{
	int n = 0;

	while (n < (int)d->nsteps && (d->steps[n].state == STEP_OK || d->steps[n].state == STEP_FAIL))
		n++;
	return n;
}

/* The sums are those of then; the results themselves are in no journal, but never change once they are written. */
static bool tests_of_then(struct engine *e, int64_t id, int from, int limit, json_t **ret, struct err *err)
{
	AUTO(store_deployment_done) struct store_deployment d = { 0 };
	AUTO(json_auto_decref) json_t *answer = NULL, *whole = NULL, *kept = json_array();
	json_t *result;
	size_t i;

	if (!store_deployment(e->store, id, &d, err) || !store_query_results(e->store, id, from, limit, &answer, err)
	    || !store_query_results(e->results, id, from, limit, &whole, err))
		return false;
	json_array_foreach(json_object_get(whole, "results"), i, result)
		if (json_int(result, "step", 0) < steps_over(&d))
			json_array_append(kept, result);
	json_object_set(answer, "results", kept);
	*ret = json_incref(answer);
	return true;
}

bool engine_tests(struct engine *e, int64_t id, int from, int limit, json_t **ret, struct err *err)
{
	int most = limit > RESULTS_MAX ? RESULTS_MAX : limit;

	return e->results ? tests_of_then(e, id, from, most, ret, err)
		: store_query_results(e->store, id, from, most, ret, err);
}

bool engine_log(struct engine *e, int64_t id, int64_t from, int64_t limit, json_t **ret, struct err *err)
{
	AUTO(store_deployment_done) struct store_deployment d = { 0 };
	int64_t most = limit < LOG_MOST ? limit : LOG_MOST, end;

	if (!store_deployment(e->store, id, &d, err) || !log_end(e, id, &end, err))
		return false;
	from = from < end ? from : end;
	*ret = output_read(e, id, from, most < end - from ? most : end - from);
	json_object_set_new(*ret, "size", json_integer(end));
	return true;
}

bool engine_journal(struct engine *e, int64_t since, int limit, json_t **ret, struct err *err)
{
	json_t *rows;

	if (!store_rows(e->store, since, limit, &rows, err))
		return false;
	*ret = json_pack("{s:I, s:o}", "seq", (json_int_t)store_seq(e->store), "rows", rows);
	return true;
}

/* Walks the chain a slice a turn of the loop, so that a long journal holds nobody up. */
struct audit { struct engine *e; struct store_walk walk; struct loop_timer *timer; engine_answer_fn fn; void *arg; };

static void audit_turn(void *arg)
{
	struct audit *a = arg;
	struct err err = { 0 };
	json_t *answer, *bad;

	if (!store_walk(a->e->store, &a->walk, AUDIT_ROWS_A_TURN, &err)) {
		a->fn(a->arg, err_http_status(err.kind), NULL, &err);
	} else if (!a->walk.end && !a->walk.bad_seq) {
		loop_timer_set(a->timer, 0);
		return;
	} else {
		bad = a->walk.bad_seq ? json_pack("{s:I, s:s}", "seq", (json_int_t)a->walk.bad_seq, "why", a->walk.why)
			: json_null();
		answer = json_pack("{s:b, s:I, s:s, s:o}", "ok", !a->walk.bad_seq, "rows", (json_int_t)a->walk.rows, "head",
		                   a->walk.hash, "bad", bad);
		a->fn(a->arg, 200, answer, NULL);
		json_decref(answer);
	}
	loop_timer_free(a->timer);
	free(a);
}

void engine_audit(struct engine *e, engine_answer_fn fn, void *arg)
{
	struct audit *a = mem_alloc(sizeof *a);

	*a = (struct audit){ .e = e, .fn = fn, .arg = arg };
	a->timer = loop_timer_new(e->loop, audit_turn, a);
	loop_timer_set(a->timer, 0);
}
