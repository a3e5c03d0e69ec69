#include "backend/engine/run_priv.h"

#include <inttypes.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/engine/automation.h"
#include "backend/engine/output.h"
#include "backend/engine/suite.h"
#include "backend/store/policy.h"

void run_rows_begin(struct run *run, struct rows *r)
{
	*r = (struct rows){ .run = run };
	r->failed = !store_begin(run->env->e->store, &r->err);
}

void run_rows_add(struct rows *r, const char *type, json_t *take_body)
{
	const char *actor = "engine";

	if (r->failed) {
		json_decref(take_body);
		return;
	}
	if (!store_append(r->run->env->e->store, actor, type, take_body, NULL, &r->err)) {
		store_rollback(r->run->env->e->store);
		r->failed = true;
	}
}

bool run_rows_end(struct rows *r)
{
	if (!r->failed && !store_commit(r->run->env->e->store, &r->err))
		r->failed = true;
	if (r->failed)
		run_journal_lost(r->run, &r->err);
	return !r->failed;
}

/* So that the past can be told without what the log said later. */
void run_put_log(const struct run *run, json_t *body)
{
	json_object_set_new(body, "log", json_integer(output_size(run->env->e, run->d.id)));
}

static json_t *place(const struct run *run)
{
	return json_pack("{s:I, s:s, s:s}", "id", (json_int_t)run->d.id, "app", run->d.app, "environment",
	                 run->d.environment);
}

void run_add_slot(struct rows *r, enum colour colour, const char *state, const char *version, const char *digest)
{
	json_t *body = place(r->run);

	if (colour == COLOUR_NONE) {
		json_decref(body);
		return;
	}
	json_object_set_new(body, "colour", json_string(colour_name(colour)));
	json_object_set_new(body, "state", json_string(state));
	json_put_text(body, "version", version);
	json_put_text(body, "digest", digest);
	run_rows_add(r, "slot.set", body);
}

void run_add_live(struct rows *r, enum colour colour, const char *version, const char *digest)
{
	json_t *body = place(r->run);

	json_object_set_new(body, "colour", json_string(colour_name(colour)));
	json_object_set_new(body, "version", version ? json_safe_string(version) : json_null());
	json_object_set_new(body, "digest", digest ? json_safe_string(digest) : json_null());
	run_rows_add(r, "environment.live", body);
}

/* The traffic is on the target: seen by the driver. The formerly live colour goes on running, warm for a rollback. */
void run_add_switched(struct rows *r)
{
	struct run *run = r->run;

	run_add_live(r, run->job.target, run->d.version, run->d.digest);
	run_add_slot(r, run->job.target, "live", run->d.version, run->d.digest);
	run_add_slot(r, run->job.live, run->env->driver->has_preview ? "warm" : "stopped", run->job.live_version,
	         run->from_digest);
}

/*
 * Written with the intent, so that a migration whose end nobody saw is never run a second time; taken back only when it
 * is known to have failed, or never to have begun.
 */
void run_add_migrations(struct rows *r, const char *type)
{
	for (size_t i = 0; i < r->run->pending.n; i++) {
		json_t *body = place(r->run);

		json_put_text(body, "migration", r->run->pending.items[i]->id);
		json_put_text(body, "version", r->run->d.version);
		json_object_set_new(body, "reversible", json_boolean(r->run->pending.items[i]->reversible));
		run_rows_add(r, type, body);
	}
}

void run_add_step_started(struct rows *r, size_t step)
{
	struct run *run = r->run;
	json_t *body = json_pack("{s:I, s:i, s:s}", "id", (json_int_t)run->d.id, "step", (int)step, "stage",
	                         stage_name(run->d.steps[step].stage));

	run_put_log(run, body);
	if (run->d.steps[step].stage == STAGE_STAGE && !run->job.target_is_warm)
		run_add_slot(r, run->job.target, "preparing", run->d.version, run->d.digest);
	if (step == plan_migrating_step(run->d.steps, run->d.nsteps))
		run_add_migrations(r, "migration.ran");
	run_rows_add(r, "step.started", body);
}

void run_add_step_finished(struct rows *r, enum step_state state, const struct driver_outcome *o)
{
	struct run *run = r->run;
	json_t *body = json_pack("{s:I, s:i, s:s, s:s}", "id", (json_int_t)run->d.id, "step", (int)run->step, "stage",
	                         stage_name(run->d.steps[run->step].stage), "state", step_state_name(state));

	if (!o->ok) {
		json_put_text(body, "message", o->err.text);
		json_put_text(body, "layer", o->layer);
		json_put_text(body, "tail", o->tail);
	}
	run_put_log(run, body);
	if (o->detail)
		json_object_set(body, "detail", o->detail);
	if (run->suite)
		json_object_set_new(body, "tests", output_totals_json(suite_totals(run->suite)));
	run_rows_add(r, "step.finished", body);
}

/* Nothing is deployed by itself to a place of which nobody knows what is there. */
void run_add_pause(struct rows *r)
{
	struct environment *env = r->run->env;
	AUTO(mem_auto_free) char *why = mem_printf("deployment %" PRId64 " needs attention", r->run->d.id);

	if (r->failed || !env->cenv->automatic || automation_pause(env, "engine", why, r->run->d.id, &r->err))
		return;
	store_rollback(env->e->store);
	r->failed = true;
}

/* A person had a reason to deploy it again, and it held. */
void run_add_release(struct rows *r)
{
	struct run *run = r->run;
	struct store_stay stay;
	json_t *body;

	if (run->d.kind == KIND_AUTOMATIC || r->failed
	    || !store_stay(run->env->e->store, run->d.app, run->d.environment, run->d.digest, &stay, NULL)
	    || !stay.quarantined_by)
		return;
	body = place(run);
	json_put_text(body, "version", run->d.version);
	json_put_text(body, "digest", run->d.digest);
	run_rows_add(r, "build.released_from_quarantine", body);
}
