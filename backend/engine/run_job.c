/* run_job: what a run asks of the driver, put together from the journal and the configuration. */
#include "backend/engine/run_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/engine/output.h"

/* What was live before this deployment, from the journal; after its own switch the journal says the new one is live. */
bool run_fill_job(struct run *run, struct err *err)
{
	struct environment *env = run->env;
	struct store_env state;
	const char *before;

	if (!store_build(env->e->store, run->d.app, run->d.version, NULL, &run->build, err)
	    || !store_env(env->e->store, run->d.app, run->d.environment, &state, err))
		return false;
	if (!facts_migrations(env, &run->build, &run->pending, err)) {
		store_env_done(&state);
		return false;
	}
	facts_artifacts(env, &run->build, &run->artifacts);
	run->switched = run->d.switched;
	before = run->switched ? run->d.from : state.live_version;
	snprintf(run->id_text, sizeof run->id_text, "%" PRId64, run->d.id);
	run->job = (struct driver_job){
		.deployment = run->id_text, .kind = run->d.kind, .version = run->d.version, .digest = run->d.digest,
		.artifacts = run->artifacts.items, .nartifacts = run->artifacts.n, .migrations = run->pending.names,
		.nmigrations = run->pending.n, .target = run->d.target,
		.live = !before ? COLOUR_NONE : run->switched ? colour_other(run->d.target) : state.live,
		.live_version = mem_dup(before),
		.target_is_warm = run->d.kind == KIND_ROLLBACK && run->d.target != COLOUR_NONE
			&& strcmp(state.slots[run->d.target].state, "warm") == 0 && state.slots[run->d.target].digest
			&& strcmp(state.slots[run->d.target].digest, run->d.digest) == 0,
		.output = (void (*)(void *, const char *, size_t))output_add, .output_arg = run->output,
	};
	if (before) {
		struct store_build former;

		if (!store_build(env->e->store, run->d.app, before, NULL, &former, err)) {
			store_env_done(&state);
			return false;
		}
		run->from_digest = mem_dup(former.digest);
		facts_artifacts(env, &former, &run->live_artifacts);
		run->job.live_digest = run->from_digest;
		run->job.live_artifacts = run->live_artifacts.items;
		run->job.nlive_artifacts = run->live_artifacts.n;
		store_build_done(&former);
	}
	store_env_done(&state);
	return true;
}

/* The state may have changed while it waited in the queue: what was live, and so the slot it goes into. */
bool run_renew_plan(struct run *run, json_t *started, struct err *err)
{
	struct store_env state;
	struct plan plan;
	AUTO(store_build_done) struct store_build build = { 0 };

	if (!store_build(run->env->e->store, run->d.app, run->d.version, NULL, &build, err)
	    || !store_env(run->env->e->store, run->d.app, run->d.environment, &state, err))
		return false;
	if (!facts_plan(run->env, &state, &build, run->d.kind, &plan, err)) {
		store_env_done(&state);
		return false;
	}
	if (strcmp(plan.hash, run->d.plan_hash) != 0) {
		json_object_set_new(started, "target", json_string(colour_name(plan.target)));
		json_object_set_new(started, "plan_hash", json_string(plan.hash));
		json_object_set_new(started, "from", state.live_version ? json_safe_string(state.live_version) : json_null());
		json_object_set_new(started, "steps", plan_steps_json(&plan));
	}
	store_env_done(&state);
	return true;
}

bool run_reload(struct run *run, struct err *err)
{
	int64_t id = run->d.id;

	store_deployment_done(&run->d);
	return store_deployment(run->env->e->store, id, &run->d, err);
}

void run_forget_job(struct run *run)
{
	facts_artifacts_done(&run->artifacts);
	facts_artifacts_done(&run->live_artifacts);
	facts_migrations_done(&run->pending);
	store_build_done(&run->build);
	run->build = (struct store_build){ 0 };
	free((char *)run->job.live_version);
	free(run->from_digest);
	run->from_digest = NULL;
	run->job = (struct driver_job){ 0 };
}
