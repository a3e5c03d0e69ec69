/*
 * run_priv: one deployment from the inside, for its files:
 *   run.c        the state machine: intent, effect, outcome, undo     run_job.c     what is asked of the driver
 *   run_resume.c what a restart found unfinished                      run_rows.c    what is written into the journal
 */
#ifndef ENGINE_RUN_PRIV_H
#define ENGINE_RUN_PRIV_H

#include "backend/engine/engine_priv.h"
#include "backend/engine/facts.h"

struct signature;
struct suite;

enum phase { PHASE_STEP, PHASE_CANCEL, PHASE_UNDO, PHASE_OVER };

struct run {
	struct environment *env;
	struct store_deployment d;
	struct facts_artifacts artifacts, live_artifacts;
	struct store_build build;
	struct facts_migrations pending;   /* what this deployment brings; names lie in build */
	struct driver_job job;
	char id_text[24];
	char *from_digest;
	struct output *output;
	struct suite *suite;
	struct signature *signature;   /* verified before a colour starts */
	void (*effect)(struct run *run);       /* waits until its intent is kept; NULL: none does */
	struct err refused;            /* by a gate, or stopped, before the driver was called */
	struct loop_timer *deadline;
	struct loop_timer *later;      /* gate's outcome, and the end: never from inside another's callback */
	enum phase phase;
	size_t step;                   /* index of the step under way */
	bool switched;
	bool is_judged;                /* the gates were asked in this very turn of the loop */
	bool is_asked;                 /* the driver, for the step under way */
	bool timed_out;
	char *stop_actor, *stop_why;
	struct err failure;            /* why it is being undone */
	char layer[32];
};

/* Appends rows in one transaction: begin … add … end. The first failure is kept and told at the end. */
struct rows { struct run *run; struct err err; bool failed; };

void run_rows_begin(struct run *run, struct rows *r);
void run_rows_add(struct rows *r, const char *type, json_t *take_body);
bool run_rows_end(struct rows *r);
void run_put_log(const struct run *run, json_t *body);
void run_add_slot(struct rows *r, enum colour colour, const char *state, const char *version, const char *digest);
void run_add_live(struct rows *r, enum colour colour, const char *version, const char *digest);
void run_add_switched(struct rows *r);
void run_add_migrations(struct rows *r, const char *type);
void run_add_step_started(struct rows *r, size_t step);
void run_add_step_finished(struct rows *r, enum step_state state, const struct driver_outcome *o);
void run_add_release(struct rows *r);
void run_add_pause(struct rows *r);

/* run.c */
enum { RUN_CANCEL_GRACE_MS = 20000 };          /* what the driver has to answer in, when told to stop or probed */
void run_begin_step(struct run *run);          /* the effect of a step whose intent is journalled, when it is kept */
/* Writes the outcome of the step under way (NULL: there is none yet) and the next intent, and begins it. */
void run_advance(struct run *run, const struct driver_outcome *outcome);
void run_step_done(void *arg, const struct driver_outcome *outcome);       /* arg is the run */
void run_undo(struct run *run);
void run_finish(struct run *run, enum deployment_state state, const char *message);
/* Nothing more is begun; recovery settles it when the journal can be written again. */
void run_journal_lost(struct run *run, const struct err *err);

/* run_job.c */
bool run_fill_job(struct run *run, struct err *err);
void run_forget_job(struct run *run);
/* Puts the plan of now into deployment.started, where it is another than the one that was asked for. */
bool run_renew_plan(struct run *run, json_t *started, struct err *err);
bool run_reload(struct run *run, struct err *err);     /* `d` as the journal has it now */

/* run_resume.c: settles the step that was under way, then goes on, or back */
void run_resume(struct run *run);

#endif
