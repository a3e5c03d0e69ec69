/* run_priv: one deployment from the inside, for run.c and run_rows.c (what is written into the journal, and how). */
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
	struct facts_migrations pending;   /* what the stage migrate brings; names lie in build */
	struct driver_job job;
	char id_text[24];
	char *from_digest;
	struct output *output;
	struct suite *suite;
	struct signature *signature;   /* verified before a colour starts */
	struct err refused;            /* by a gate, or stopped, before the driver was called */
	struct loop_timer *deadline;
	struct loop_timer *later;      /* gate's outcome, and the end: never from inside another's callback */
	enum phase phase;
	size_t step;                   /* index of the step under way */
	bool switched;
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
void run_add_slot(struct rows *r, enum colour colour, const char *state, const char *version, const char *digest);
void run_add_live(struct rows *r, enum colour colour, const char *version, const char *digest);
void run_add_switched(struct rows *r);
void run_add_migrations(struct rows *r, const char *type);
void run_add_step_started(struct rows *r, size_t step);
void run_add_step_finished(struct rows *r, enum step_state state, const struct driver_outcome *o);
void run_add_release(struct rows *r);
void run_add_pause(struct rows *r);

/* run.c: nothing more is begun; recovery settles it when the journal can be written again. */
void run_journal_lost(struct run *run, const struct err *err);

#endif
