/* run_resume: after a restart the step that was under way is settled by probing; then the run goes on, or back. */
#include "backend/engine/run_priv.h"

#include <inttypes.h>

#include "backend/base/json.h"
#include "backend/base/log.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/engine/output.h"

static void note_recovery(struct run *run, struct rows *r, const char *probe, const char *decision)
{
	run_rows_add(r, "deployment.recovered",
	         json_pack("{s:I, s:i, s:s, s:s}", "id", (json_int_t)run->d.id, "step", (int)run->step, "probe", probe,
	                   "decision", decision));
	output_line(run->output, "== the engine was restarted during %s: %s; %s",
	            run->step < run->d.nsteps ? stage_name(run->d.steps[run->step].stage) : "the end", probe, decision);
	log_line(LOG_LEVEL_INFO, "deployment %" PRId64 ": %s; %s", run->d.id, probe, decision);
}

static void run_again(struct run *run)
{
	struct rows r;
	struct err err = { 0 };

	run_rows_begin(run, &r);
	note_recovery(run, &r, "not completed", "runs the step again");
	if (!run_rows_end(&r))
		return;
	store_clear_results(run->env->e->store, run->d.id, (int)run->step, &err);
	run_begin_step(run);
}

static void give_up(struct run *run, const char *probe, const char *why)
{
	AUTO(mem_auto_free) char *message = NULL;
	struct rows r;

	run_rows_begin(run, &r);
	note_recovery(run, &r, probe, "needs attention");
	if (!run_rows_end(&r))
		return;
	message = mem_printf("after a restart of the engine the state of %s is not known: %s; traffic was left where it is",
	                     stage_name(run->d.steps[run->step].stage), why ? why : "it could not be probed");
	run_finish(run, DEPLOYMENT_ATTENTION, message);
}

static void reconciled_after_probe(struct environment *env, bool ok, const struct err *err)
{
	struct run *run = env->run;

	(void)ok;
	(void)err;
	if (run->phase == PHASE_OVER)
		return;
	if (run->stop_why) {
		struct driver_outcome stopped = { .layer = "stop" };

		err_set(&stopped.err, ERR_REFUSED, "stopped");
		run_step_done(run, &stopped);
	} else if (run->d.state == DEPLOYMENT_UNDOING)
		run_undo(run);
	else if (run->d.steps[run->step].state == STEP_RUN)
		run_again(run);
	else
		run_advance(run, NULL);
}

/* The step was done when the engine went away: its outcome is written now, then the environment is put in order. */
static void settle_done(struct run *run)
{
	struct driver_outcome o = { .ok = true };
	struct rows r;

	run_rows_begin(run, &r);
	note_recovery(run, &r, "completed", "goes on");
	run_add_step_finished(&r, STEP_OK, &o);
	if (run->d.steps[run->step].stage == STAGE_SWITCH) {
		run_add_switched(&r);
		run->switched = true;
	}
	if (!run_rows_end(&r))
		return;
	run->step++;
	if (run->step == run->d.nsteps)
		run_finish(run, DEPLOYMENT_SUCCEEDED, "");
	else
		environment_reconcile(run->env, reconciled_after_probe);
}

static void probed(void *arg, enum driver_probe probe, const char *why)
{
	struct run *run = arg;

	loop_timer_stop(run->deadline);
	switch (probe) {
	case PROBE_DONE:
		settle_done(run);
		return;
	case PROBE_NOT_STARTED:
		environment_reconcile(run->env, reconciled_after_probe);
		return;
	case PROBE_FAILED: {
		struct driver_outcome o = { .layer = "recovery" };

		err_set(&o.err, ERR_FAILED, "after a restart of the engine: %s", why ? why : "it does not hold");
		run_step_done(run, &o);
		return;
	}
	case PROBE_UNKNOWN:
		give_up(run, "unknown", why);
		return;
	}
}

static void probe_passed_deadline(struct run *run)
{
	loop_timer_set(run->deadline, RUN_CANCEL_GRACE_MS);
	run->phase = PHASE_CANCEL;
}

static bool engine_does(enum stage stage)
{
	return stage == STAGE_GATE || stage == STAGE_SMOKE || stage == STAGE_ACCEPTANCE;
}

void run_resume(struct run *run)
{
	while (run->step < run->d.nsteps && run->d.steps[run->step].state == STEP_OK)
		run->step++;
	if (run->d.state == DEPLOYMENT_UNDOING) {
		struct rows r;

		err_set(&run->failure, ERR_FAILED, "undone after a restart of the engine");
		run_rows_begin(run, &r);
		note_recovery(run, &r, "was being undone", "undoes it again");
		if (run_rows_end(&r))
			environment_reconcile(run->env, reconciled_after_probe);
	} else if (run->step == run->d.nsteps) {
		run_finish(run, DEPLOYMENT_SUCCEEDED, "");
	} else if (run->d.steps[run->step].state == STEP_FAIL) {
		err_set(&run->failure, ERR_FAILED, "%s failed before a restart of the engine",
		        stage_name(run->d.steps[run->step].stage));
		run->d.state = DEPLOYMENT_UNDOING;
		environment_reconcile(run->env, reconciled_after_probe);
	} else if (run->d.steps[run->step].state != STEP_RUN || engine_does(run->d.steps[run->step].stage)) {
		environment_reconcile(run->env, reconciled_after_probe);
	} else {
		probe_passed_deadline(run);
		run->env->driver->probe(run->env->denv, &run->job, run->d.steps[run->step].stage, probed, run);
	}
}
