#include "backend/engine/blocked.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/engine/engine_priv.h"
#include "backend/engine/gate_facts.h"

static json_t *line(const char *gate, const char *why, const char *who, int64_t clears_at)
{
	return json_pack("{s:s, s:o, s:o, s:o}", "gate", gate, "why", json_safe_string(why), "who", json_safe_string(who),
	                 "clears_at", clears_at ? json_integer(clears_at) : json_null());
}

json_t *blocked_json(const struct gate_refusals *refusals)
{
	json_t *list = json_array();

	for (size_t i = 0; i < refusals->n; i++)
		json_array_append_new(list, line(refusals->items[i].gate, refusals->items[i].why, refusals->items[i].who,
		                                 refusals->items[i].clears_at));
	return list;
}

/* The gate step of one that is held says so, though its intent was never written. */
static void hold_step(json_t *deployment, const char *why)
{
	json_t *step = json_array_get(json_object_get(deployment, "steps"), 0);

	if (strcmp(json_text(step, "stage"), stage_name(STAGE_GATE)) != 0)
		return;
	json_object_set_new(step, "state", json_string(step_state_name(STEP_HELD)));
	json_object_set_new(step, "message", json_safe_string(why));
	json_object_set(deployment, "step", json_object_get(step, "index"));
	json_object_set(deployment, "stage", json_object_get(step, "stage"));
}

/* Of each approval of one that waits: until when it counts. */
static void put_ends(const struct environment *env, json_t *deployment)
{
	json_t *a;
	size_t i;

	json_array_foreach(json_object_get(deployment, "approvals"), i, a)
		json_object_set_new(a, "ends", json_integer(gate_approval_ends(env->cenv, json_int(a, "at", 0),
			json_int(a, "not_before", 0), json_int(deployment, "not_before", 0))));
}

void blocked_put(struct environment *env, json_t *deployment)
{
	bool waits = strcmp(json_text(deployment, "state"), deployment_state_name(DEPLOYMENT_QUEUED)) == 0;
	AUTO(store_deployment_done) struct store_deployment d = { 0 };
	struct gate_refusals refusals = { .n = 0 };
	char plan_hash[DIGEST_SIZE];
	int64_t expected = 0;
	json_t *list;

	json_object_set_new(deployment, "expected", json_null());
	if (!waits || !store_deployment(env->e->store, json_int(deployment, "id", 0), &d, NULL)
	    || !gate_foresee_deployment(env, &d, &expected, &refusals, plan_hash, NULL)) {
		json_object_set_new(deployment, "blocked", json_array());
		return;
	}
	list = blocked_json(&refusals);
	put_ends(env, deployment);
	json_object_set_new(deployment, "plan_hash", json_string(plan_hash));
	if (expected && refusals.n > 0)
		json_object_set_new(deployment, "expected", json_integer(expected));
	if (refusals.n > 0) {
		hold_step(deployment, refusals.items[0].why);
	} else if (env->run) {
		AUTO(mem_auto_free) char *why = mem_printf("deployment %" PRId64 " runs", run_id(env->run));

		json_array_append_new(list, line("queue", why, "its end", 0));
	}
	json_object_set_new(deployment, "blocked", list);
}

json_t *blocked_environment(struct environment *env, const struct engine_caller *who)
{
	AUTO(gate_collected_done) struct gate_collected c = { 0 };
	struct gate_question q = { .kind = KIND_DEPLOY, .uid = (int64_t)who->uid, .name = who->name };
	struct gate_refusals refusals = { .n = 0 };

	if (gate_collect(env, &q, &c, NULL))
		gate_judge_environment(&c.facts, &refusals);
	return blocked_json(&refusals);
}

/* Most environments have no rule that could refuse a rollback: a fleet's status must not judge each of them. */
static bool may_refuse_rollback(struct environment *env)
{
	const struct config_environment *cenv = env->cenv;
	AUTO(store_rans_done) struct store_rans rans = { 0 };

	return cenv->deployers.names || cenv->signatures_required || cenv->rollback_gated
		|| (store_migrations(env->e->store, env->app, env->name, &rans, NULL) && rans.n > 0);
}

json_t *blocked_rollback(struct environment *env, const struct engine_caller *who, const struct store_env *state)
{
	AUTO(store_build_done) struct store_build build = { 0 };
	AUTO(gate_collected_done) struct gate_collected c = { 0 };
	struct gate_question q = { .kind = KIND_ROLLBACK, .build = &build, .state = state, .uid = (int64_t)who->uid,
	                           .name = who->name };
	struct gate_refusals refusals = { .n = 0 };

	if (may_refuse_rollback(env) && store_build(env->e->store, env->app, state->previous_version, NULL, &build, NULL)
	    && gate_collect(env, &q, &c, NULL))
		gate_judge_all(&c.facts, &refusals);
	return blocked_json(&refusals);
}
