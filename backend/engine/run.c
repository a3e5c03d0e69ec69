/*
 * run: one deployment. Intent, effect, outcome: step.started is on the disk before the driver is called, step.finished is
 * written from what came of it, in one transaction with the next intent. Moving traffic alone does not wait for the disk,
 * where every start moves it to where the journal says. A step that fails, passes its deadline or is stopped leads to the
 * undo, whose end is proven by the driver or is "needs attention".
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/log.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/engine/engine_priv.h"
#include "backend/engine/gate_facts.h"
#include "backend/engine/output.h"
#include "backend/engine/run_priv.h"
#include "backend/engine/signature.h"
#include "backend/engine/suite.h"

enum { UNDO_DEADLINE_MS = 90000 };

int64_t run_id(const struct run *run)
{
	return run->d.id;
}

void run_free(struct run *run)
{
	if (!run)
		return;
	suite_free(run->suite);
	signature_free(run->signature);
	output_free(run->output);
	loop_timer_free(run->deadline);
	loop_timer_free(run->later);
	engine_forget_kept(run->env->e, run);
	run_forget_job(run);
	store_deployment_done(&run->d);
	free(run->stop_actor);
	free(run->stop_why);
	free(run);
}

/* The run ends from the loop: drivers may still look at the job while their callback is under way. */
static void over(struct run *run)
{
	run->phase = PHASE_OVER;
	engine_forget_kept(run->env->e, run);
	run->effect = NULL;
	loop_timer_stop(run->deadline);
	loop_timer_set(run->later, 0);
}

/* The journal does not take the outcome (disk full): nothing more is begun; recovery settles it when it can write. */
void run_journal_lost(struct run *run, const struct err *err)
{
	struct environment *env = run->env;

	log_line(LOG_LEVEL_ERROR, "deployment %" PRId64 ": the journal cannot be written: %s", run->d.id, err->text);
	free(env->attention);
	env->attention = mem_printf("the journal cannot be written: %s", err->text);
	env->unsettled = run->d.id;
	over(run);
}

static void close_run(struct run *run)
{
	struct environment *env = run->env;
	bool switched = run->switched;
	int64_t warm_ms = env->capp->warm_ms;

	environment_run_over(env);
	if (switched)
		environment_warm_for(env, warm_ms);
	run_free(run);
}

void run_finish(struct run *run, enum deployment_state state, const char *message)
{
	struct rows r;

	run_rows_begin(run, &r);
	run_rows_add(&r, "deployment.finished",
	         json_pack("{s:I, s:s, s:o, s:s}", "id", (json_int_t)run->d.id, "state", deployment_state_name(state),
	                   "message", json_safe_string(message), "layer", run->layer));
	if (state == DEPLOYMENT_SUCCEEDED)
		run_add_release(&r);
	if (state == DEPLOYMENT_ATTENTION)
		run_add_pause(&r);
	output_line(run->output, "== %s%s%s", deployment_state_name(state), *message ? ": " : "", message);
	free(run->env->attention);
	run->env->attention = state == DEPLOYMENT_ATTENTION
		? mem_printf("deployment %" PRId64 ": %s", run->d.id, message) : NULL;
	if (run_rows_end(&r))
		over(run);
}

/* The gates as they stand now; `only` NULL: all of them. */
static bool gates_hold(struct run *run, const char *only, struct err *err)
{
	struct gate_refusals all, some = { .n = 0 };
	char plan_hash[DIGEST_SIZE];

	if (!gate_judge_deployment(run->env, &run->d, only != NULL, &all, plan_hash, err))
		return false;
	for (size_t i = 0; i < all.n; i++)
		if (!only || strcmp(all.items[i].gate, only) == 0)
			some.items[some.n++] = all.items[i];
	return gate_tell(&some, err);
}

static void gate_step(struct run *run)
{
	struct driver_outcome o = { .layer = "gate" };

	o.ok = gates_hold(run, NULL, &o.err);
	run_step_done(run, &o);
}

static void refused_step(struct run *run)
{
	struct driver_outcome o = { .layer = "gate" };

	o.err = run->refused;
	run->refused = (struct err){ 0 };
	run_step_done(run, &o);
}

static void later(void *arg)
{
	struct run *run = arg;

	if (run->phase == PHASE_OVER)
		close_run(run);
	else if (run->refused.kind != ERR_NONE)
		refused_step(run);
	else
		gate_step(run);
}

/* The step ends from the loop, as if the driver had answered. */
static void refuse_step(struct run *run)
{
	loop_timer_set(run->later, 0);
}

static void call_driver(struct run *run)
{
	run->is_asked = true;
	run->env->driver->run(run->env->denv, &run->job, run->d.steps[run->step].stage, run_step_done, run);
}

static void signature_checked(void *arg, const char *signer, const struct err *err)
{
	struct run *run = arg;

	run->signature = NULL;
	if (err) {
		run->refused = *err;
		err_wrap(&run->refused, "signature gate");
		refuse_step(run);
		return;
	}
	output_line(run->output, "signed by %s", signer);
	call_driver(run);
}

/*
 * Keys are revoked and files change: what is about to start (or, where nothing is started, to get the traffic) is
 * verified, not what was when it was added.
 */
static bool is_verified_before(const struct run *run, enum stage stage)
{
	bool starts = false;

	for (size_t i = 0; i < run->d.nsteps; i++)
		starts |= run->d.steps[i].stage == STAGE_START;
	return run->env->cenv->signatures_required && stage == (starts ? STAGE_START : STAGE_SWITCH);
}

static void check_signature(struct run *run)
{
	AUTO(mem_auto_free) char *manifest = signature_manifest(run->d.app, &run->build);
	const char *signers = run->env->capp->signers;

	if (!signers || !run->build.signature)
		err_set(&run->refused, ERR_REFUSED, "signature gate: %s is not signed", run->d.version);
	else
		run->signature = signature_verify(run->env->e, signers, manifest, run->build.signature, signature_checked, run,
		                                  &run->refused);
	if (!run->signature)
		refuse_step(run);
}

static void intent_kept(void *arg, const struct err *err)
{
	struct run *run = arg;
	void (*effect)(struct run *) = run->effect;

	run->effect = NULL;
	if (err)
		run_journal_lost(run, err);
	else
		effect(run);
}

/* What the journal has must survive a power cut before anything is done that would. */
static void when_kept(struct run *run, bool moves_traffic, void (*effect)(struct run *run))
{
	if ((moves_traffic && run->env->driver->moves_at_once) || engine_is_kept(run->env->e)) {
		effect(run);
		return;
	}
	run->effect = effect;
	engine_when_kept(run->env->e, intent_kept, run);
}

static void do_step(struct run *run)
{
	const struct store_step *step = &run->d.steps[run->step];

	if (step->stage == STAGE_GATE) {
		loop_timer_set(run->later, 0);
	} else if (step->stage == STAGE_SMOKE || step->stage == STAGE_ACCEPTANCE) {
		struct suite_spec spec = { .env = run->env, .job = &run->job, .output = run->output, .deployment = run->d.id,
		                           .step = (int)run->step, .stage = step->stage };

		run->suite = suite_start(&spec, run_step_done, run);
	} else if (step->stage == STAGE_SWITCH && !run->is_judged && !gates_hold(run, "window", &run->refused)) {
		refuse_step(run);
	} else if (is_verified_before(run, step->stage)) {
		check_signature(run);
	} else {
		call_driver(run);
	}
}

void run_begin_step(struct run *run)
{
	const struct store_step *step = &run->d.steps[run->step];

	run->phase = PHASE_STEP;
	run->is_asked = false;
	loop_timer_set(run->deadline, step->deadline_ms);
	output_line(run->output, "== %s", stage_name(step->stage));
	when_kept(run, step->stage == STAGE_SWITCH, do_step);
}

/* A rollback that found its warm colour ill goes the whole way: the slot is not warm any more, so the plan is made anew. */
static bool falls_back(const struct run *run, const struct driver_outcome *o)
{
	return !o->ok && run->job.target_is_warm && !run->switched && !run->stop_why && !run->timed_out
		&& run->d.steps[run->step].stage == STAGE_SWITCH && o->layer && strcmp(o->layer, "health") == 0;
}

static void begin(struct run *run);

static void fall_back(struct run *run, const struct driver_outcome *o)
{
	struct rows r;

	output_line(run->output, "%s; it is started anew", o->err.text);
	run_rows_begin(run, &r);
	run_add_step_finished(&r, STEP_FAIL, o);
	run_add_slot(&r, run->job.target, "stopped", run->d.version, run->d.digest);
	if (run_rows_end(&r))
		begin(run);
}

/* Writes the outcome of the step under way (NULL: there is none yet) and the next intent, and begins it. */
void run_advance(struct run *run, const struct driver_outcome *outcome)
{
	size_t next = outcome ? run->step + 1 : run->step;
	struct rows r;

	run_rows_begin(run, &r);
	if (outcome) {
		run_add_step_finished(&r, outcome->ok ? STEP_OK : STEP_FAIL, outcome);
		if (run->d.steps[run->step].stage == STAGE_SWITCH)
			run_add_switched(&r);
	}
	if (next < run->d.nsteps)
		run_add_step_started(&r, next);
	if (!run_rows_end(&r))
		return;
	if (outcome && run->d.steps[run->step].stage == STAGE_SWITCH) {
		run->switched = true;
		environment_observe(run->env);
	}
	suite_free(run->suite);
	run->suite = NULL;
	run->step = next;
	if (next < run->d.nsteps)
		run_begin_step(run);
	else
		run_finish(run, DEPLOYMENT_SUCCEEDED, outcome && !outcome->ok ? outcome->err.text : "");
}

/* Where the layer is called as the stage, it says where it failed: the two are shown together. */
static void keep_failure(struct run *run, const struct driver_outcome *o)
{
	const char *stage = stage_name(run->d.steps[run->step].stage);
	bool is_said = o->layer && strcmp(o->layer, stage) == 0;

	if (run->stop_why)
		err_set(&run->failure, ERR_REFUSED, "stopped by %s%s%s", run->stop_actor, *run->stop_why ? ": " : "",
		        run->stop_why);
	else if (run->timed_out)
		err_set(&run->failure, ERR_TIMEOUT, "%s passed its deadline of %" PRId64 " s", stage,
		        run->d.steps[run->step].deadline_ms / 1000);
	else
		err_set(&run->failure, ERR_FAILED, "%s%s%s", is_said ? "" : stage, is_said ? "" : ": ", o->err.text);
	snprintf(run->layer, sizeof run->layer, "%s",
	         run->stop_why ? "stop" : run->timed_out ? "deadline" : o->layer ? o->layer : stage);
}

/*
 * Of the step that failed. What a start or a deploy command did to the data before it failed, nobody knows: then they
 * ran, unless the driver was never asked.
 */
static bool has_not_migrated(const struct run *run)
{
	return run->step == plan_migrating_step(run->d.steps, run->d.nsteps)
		&& (run->d.steps[run->step].stage == STAGE_MIGRATE || !run->is_asked);
}

/* A suite has told each failure already, and the end of the deployment tells the first of them again. */
static void log_failure(struct run *run, const struct driver_outcome *o)
{
	if (run->suite && !run->stop_why && !run->timed_out)
		return;
	output_line(run->output, "FAIL %s", run->failure.text);
	if (o->tail && !run->suite)
		output_line(run->output, "%s", o->tail);
}

void run_step_done(void *arg, const struct driver_outcome *outcome)
{
	struct run *run = arg;
	enum stage stage = run->d.steps[run->step].stage;
	struct rows r;

	loop_timer_stop(run->deadline);
	/* The build is live and verified by now: a drain that fails takes nothing back, but it is said. */
	if ((outcome->ok && !run->stop_why && !run->timed_out) || stage == STAGE_DRAIN) {
		if (!outcome->ok)
			output_line(run->output, "%s", outcome->err.text);
		run_advance(run, outcome);
		return;
	}
	if (falls_back(run, outcome)) {
		fall_back(run, outcome);
		return;
	}
	keep_failure(run, outcome);
	log_failure(run, outcome);
	run_rows_begin(run, &r);
	run_add_step_finished(&r, STEP_FAIL, outcome);
	if (has_not_migrated(run))
		run_add_migrations(&r, "migration.failed");
	/* A switch that was stopped just after it took: the journal follows the traffic before the undo moves it back. */
	if (stage == STAGE_SWITCH && outcome->ok) {
		run_add_switched(&r);
		run->switched = true;
	}
	if (!run_rows_end(&r))
		return;
	suite_free(run->suite);
	run->suite = NULL;
	run_undo(run);
}

static void undone(void *arg, const struct driver_outcome *o)
{
	struct run *run = arg;
	AUTO(mem_auto_free) char *message = NULL;
	struct rows r;

	loop_timer_stop(run->deadline);
	if (!o->ok) {
		message = mem_printf("%.400s; and it could not be proven undone: %.400s", run->failure.text, o->err.text);
		run_finish(run, DEPLOYMENT_ATTENTION, message);
		return;
	}
	run_rows_begin(run, &r);
	if (run->switched) {
		run_add_live(&r, run->job.live, run->job.live_version, run->from_digest);
		run_add_slot(&r, run->job.live, "live", run->job.live_version, run->from_digest);
	}
	run_add_slot(&r, run->job.target, "stopped", run->d.version, run->d.digest);
	if (!run_rows_end(&r))
		return;
	run->switched = false;
	run_finish(run, run->stop_why ? DEPLOYMENT_STOPPED : DEPLOYMENT_FAILED, run->failure.text);
}

/* Nothing of the deployment's was touched yet when its gate refuses. */
static bool is_untouched(const struct run *run)
{
	return !run->switched && run->d.steps[run->step].stage == STAGE_GATE;
}

static void do_undo(struct run *run)
{
	run->env->driver->undo(run->env->denv, &run->job, undone, run);
}

void run_undo(struct run *run)
{
	json_t *body = json_pack("{s:I, s:o, s:s, s:b}", "id", (json_int_t)run->d.id, "why",
	                         json_safe_string(run->failure.text), "layer", run->layer, "stopped",
	                         run->stop_why != NULL);
	struct rows r;

	run_put_log(run, body);
	run_rows_begin(run, &r);
	run_rows_add(&r, "deployment.undoing", body);
	if (!run_rows_end(&r))
		return;
	if (is_untouched(run)) {
		run_finish(run, run->stop_why ? DEPLOYMENT_STOPPED : DEPLOYMENT_FAILED, run->failure.text);
		return;
	}
	run->phase = PHASE_UNDO;
	output_line(run->output, "== undo");
	loop_timer_set(run->deadline, UNDO_DEADLINE_MS);
	when_kept(run, true, do_undo);
}

static void cancel_effect(struct run *run)
{
	run->phase = PHASE_CANCEL;
	loop_timer_set(run->deadline, RUN_CANCEL_GRACE_MS);
	if (run->suite) {
		suite_stop(run->suite);
	} else if (run->effect || run->signature || run->refused.kind != ERR_NONE) {
		engine_forget_kept(run->env->e, run);
		run->effect = NULL;
		signature_free(run->signature);
		run->signature = NULL;
		err_set(&run->refused, ERR_REFUSED, "stopped");
		refuse_step(run);
	} else if (run->d.steps[run->step].stage != STAGE_GATE) {
		run->env->driver->cancel(run->env->denv);
	}
}

static void deadline_passed(void *arg)
{
	struct run *run = arg;

	if (run->phase == PHASE_STEP) {
		run->timed_out = true;
		cancel_effect(run);
		return;
	}
	/* Neither the effect nor its undoing answers: the driver is given up, and what it did is not known. */
	if (run->phase == PHASE_CANCEL || run->phase == PHASE_UNDO) {
		AUTO(mem_auto_free) char *message = mem_printf(
			"%.300s; the driver did not answer %s, what it did is not known and traffic was left where it was",
			*run->failure.text ? run->failure.text : run->timed_out ? "a step passed its deadline" : "stopped",
			run->phase == PHASE_UNDO ? "while undoing" : "when it was told to stop");

		environment_reopen(run->env);
		run_finish(run, DEPLOYMENT_ATTENTION, message);
	}
}

bool run_stop(struct run *run, const char *actor, const char *why, struct err *err)
{
	if (run->stop_why)
		return true;
	if (run->phase == PHASE_UNDO || run->phase == PHASE_OVER)
		return err_set(err, ERR_CONFLICT, "deployment %" PRId64 " is being taken back already", run->d.id);
	if (run->d.steps[run->step].stage == STAGE_DRAIN)
		return err_set(err, ERR_CONFLICT, "%s is live on %s and verified; to go back, roll back", run->d.version,
		               run->d.environment);
	run->stop_actor = mem_dup(actor);
	run->stop_why = mem_dup(why);
	if (run->phase == PHASE_STEP)
		cancel_effect(run);
	return true;
}

/*
 * The start and the first intent, within a transaction: nothing happens in between, and a rollback waits for one less.
 * `is_new`: it was asked for in this very transaction, so its plan is that of now.
 */
static void add_begin(struct rows *r, bool is_new)
{
	struct run *run = r->run;
	json_t *started = json_pack("{s:I}", "id", (json_int_t)run->d.id);

	if (r->failed || (!is_new && !run_renew_plan(run, started, &r->err))) {
		json_decref(started);
		r->failed = true;
		return;
	}
	run_forget_job(run);
	run->step = 0;
	run_rows_add(r, "deployment.started", started);
	if (!r->failed && run_reload(run, &r->err) && run_fill_job(run, &r->err))
		run_add_step_started(r, 0);
	else
		r->failed = true;
}

static void say_begin(struct run *run)
{
	output_line(run->output, "%s %s to %s %s, %s is live", kind_name(run->d.kind), run->d.version, run->d.app,
	            run->d.environment, run->job.live_version ? run->job.live_version : "nothing");
}

static void begin(struct run *run)
{
	struct rows r;

	run_rows_begin(run, &r);
	add_begin(&r, false);
	if (r.failed)
		store_rollback(run->env->e->store);
	if (!run_rows_end(&r))
		return;
	say_begin(run);
	run_begin_step(run);
}

static struct run *run_new(struct environment *env, int64_t id)
{
	struct run *run = mem_alloc(sizeof *run);

	run->env = env;
	run->d.id = id;
	run->output = output_new(env->e, id);
	run->deadline = loop_timer_new(env->e->loop, deadline_passed, run);
	run->later = loop_timer_new(env->e->loop, later, run);
	return run;
}

struct run *run_join(struct environment *env, int64_t id, struct err *err)
{
	struct run *run = run_new(env, id);
	struct rows r = { .run = run };

	if (store_deployment(env->e->store, id, &run->d, err)) {
		add_begin(&r, true);
		if (!r.failed)
			return run;
		err_copy(err, &r.err);
	}
	run_free(run);
	return NULL;
}

void run_go(struct run *run)
{
	run->env->run = run;
	run->is_judged = true;
	say_begin(run);
	run_begin_step(run);
	run->is_judged = false;
}

/* A rollback's plan has no gate step; what became true while it waited is judged here. */
static bool rollback_holds(struct run *run)
{
	return run->d.kind != KIND_ROLLBACK || gates_hold(run, NULL, &run->failure);
}

void run_start(struct environment *env, int64_t id, bool recovering)
{
	struct run *run = run_new(env, id);
	struct err err = { 0 };

	env->run = run;
	env->unsettled = 0;
	if (!store_deployment(env->e->store, id, &run->d, &err)) {
		run_journal_lost(run, &err);
	} else if (!recovering && !rollback_holds(run)) {
		snprintf(run->layer, sizeof run->layer, "gate");
		run_finish(run, DEPLOYMENT_FAILED, run->failure.text);
	} else if (!recovering) {
		begin(run);
	} else if (!run_fill_job(run, &err)) {
		run_journal_lost(run, &err);
	} else {
		run_resume(run);
	}
}
