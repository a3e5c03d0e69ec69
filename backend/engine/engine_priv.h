/*
 * engine_priv: the inside of the engine, shared by its files and its tests. One owner for each thing:
 *   engine.c   the whole: opening, configuration, closing        environment.c  one environment: driver, health, warmth
 *   request.c  deploy and stop as asked for                      run.c          one deployment: intent, effect, outcome
 *   recovery.c what a restart settles                            suite.c        smoke and acceptance tests
 *                                                                run_*.c        parts of a run: run_priv.h
 *   plan.c     what will be done (pure)                          gate.c         what must hold (pure)
 *   builds.c   adding builds, retention                      output.c       a deployment's log and live events
 *   answers.c  what the API is told                            features.c     what is on, and the components' file
 *   incoming.c the folders in which CI drops builds             policy.c       approvals, locks, pauses as asked for
 *   automation.c  takes new builds by itself
 *   schedule.c deployments that wait for their time
 *   gate_facts.c  what the gates judge by                      people.c       who may
 *   signature.c   builds signed by CI                          run_rows.c     what a run writes into the journal
 *   delivery.c    metrics and maturity, from the journal     status.c       all environments, a few a turn
 *   past.c        the engine as it was                        replay.c       an exported journal, played
 *   outlet.c      what leaves the engine waits for the disk
 *   release.c     several applications released together: what is next   release_request.c, release_answers.c
 */
#ifndef ENGINE_ENGINE_PRIV_H
#define ENGINE_ENGINE_PRIV_H

#include "backend/config/config.h"
#include "backend/drivers/driver.h"
#include "backend/engine/engine.h"
#include "backend/engine/estimate.h"
#include "backend/engine/plan.h"
#include "backend/store/store.h"

struct automation;
struct environment;
struct http;
struct incoming;
struct loop_timer;
struct builds;
struct people;
struct cooling;
struct delivery;
struct outlet;
struct output;
struct past;
struct reconcile;
struct replay;
struct releases;
struct run;
struct launcher;
struct saver;
struct status_ask;
struct survey;
struct watch;

struct engine {
	struct loop *loop;
	struct http *http;
	struct saver *saver;                           /* of small files */
	struct launcher *launcher;                     /* of programs */
	struct store *store;
	char *dir, *state_dir, *artifacts_dir;
	int64_t started_at;

	struct config *config;                         /* in force; NULL while none was ever valid */
	struct config **old_configs; size_t nold, old_cap;   /* still used by a running deployment */
	json_t *mistakes;                              /* of the refused one: array of text; empty when valid */
	struct watch *config_watch, *groups_watch;     /* the second only where applications have a folder of their own */
	struct loop_timer *config_timer;

	struct environment **environments; size_t nenvironments, environments_cap;
	struct builds *builds;
	struct incoming *incoming;                     /* the folders in which CI drops builds */
	struct people *people;                         /* who is in which group */
	struct delivery *delivery;
	struct status_ask *status_asks;                /* being answered, status.c */
	struct past *past;
	int64_t past_at;                               /* this one looks back (moment.h), to here; 0: it is the present */
	struct config *own_config;                     /* … by these rules; NULL: by those of now */
	int64_t config_stand;                          /* store_config_stand when they were read */
	struct store *results;                         /* … and where test results are; borrowed, NULL in a replay */
	struct replay *replay;                         /* it is one (replay.h); NULL */
	double speed;                                  /* of the replay; 0: none, or at its end */
	struct releases *releases;                     /* of several applications together */

	struct outlet *outlet;                         /* NULL: everything is kept (it looks back, or is a replay) */
	engine_event_fn event_fn;
	engine_row_fn row_fn;
	void *listen_arg;
};

/* One environment of one application, for as long as the configuration names it. */
struct environment {
	struct engine *e;
	char *app, *name, *state_dir;
	const struct config_app *capp;                 /* those it was opened with, see environment_reconfigure */
	const struct config_environment *cenv;
	const struct driver *driver;
	struct driver_env *denv;                       /* NULL when it could not be opened: see trouble */
	struct err trouble;
	bool removed;                                  /* the configuration names it no more; closed when idle */

	struct run *run;                               /* under way, or NULL */
	bool reconciling;                              /* an operation on the idle or warm colour is under way */
	struct reconcile *reconcile;                   /* its state, environment.c */
	struct cooling *cooling;
	bool observing;
	int runs, observed_runs;                       /* begun or ended until now, and when the observation began */
	struct survey *survey;
	struct save *flags;                            /* the features' file is being written */
	bool flags_again;                              /* and is to be looked at once more then */
	struct automation *automation;
	char *drift_seen;                              /* what drift was judged of last */
	int64_t unsettled;                             /* a deployment that could not be settled yet; tried again */
	struct loop_timer *tick;                       /* health, reconcile */
	struct loop_timer *cooler;                     /* the warm colour's end */
	struct loop_timer *waker;                      /* starts the next in the queue from the loop */
	unsigned ticks;                                /* begins with its number, so that environments take turns */
	bool holds;                                    /* something in the queue waits for its gates */

	bool health_known, health_ok, is_warm;
	char *health;
	int64_t health_at;
	struct estimate estimate;                      /* of a rollback, from the last deployments */
	char *attention;                               /* what is wrong that a person must settle; NULL */
	char *unrepaired;                              /* what the last reconcile could not put right; NULL */
};

/* engine.c */
char *engine_program(void);                        /* path of our own executable; yours */
bool engine_append(struct engine *e, const char *actor, const char *type, json_t *take_body);   /* logs a failure */
void engine_tell(struct engine *e, const char *event, const json_t *data);
void engine_drop_old_configs(struct engine *e);
struct environment *engine_environment(struct engine *e, const char *app, const char *name, struct err *err);

/* request.c: ends a deployment that waits; how: "stopped", "rejected". */
bool engine_end_queued(struct engine *e, const struct engine_caller *who, int64_t id, const char *how,
                       const char *reason, struct err *err);

/* answers.c */
json_t *answers_environment(struct environment *env, const struct engine_caller *who, struct err *err);

/* environment.c */
json_t *environment_health(const struct environment *env);
/* What needs a person, in one line, or null: what nobody but he can settle first, then what is tried again by itself. */
json_t *environment_attention(const struct environment *env);
struct environment *environment_new(struct engine *e, const struct config_app *app,
                                    const struct config_environment *env);
void environment_free(struct environment *env);
/* Takes the new configuration at once, or when the running deployment is over. */
void environment_reconfigure(struct environment *env, const struct config_app *app,
                             const struct config_environment *cenv);
/* Closes and opens the driver anew: an operation that never answers is given up this way. */
void environment_reopen(struct environment *env);
void environment_wake(struct environment *env);    /* the next in the queue may start */
bool environment_is_idle(struct environment *env); /* nothing runs and nobody waits */
void environment_run_over(struct environment *env);/* called by run.c; the run is freed afterwards */
void environment_warm_for(struct environment *env, int64_t ms);    /* then the colour that is not live is stopped */
void environment_observe(struct environment *env);
typedef void (*environment_fn)(struct environment *env, bool ok, const struct err *err);
void environment_reconcile(struct environment *env, environment_fn fn);

/* schedule.c: ERR_USAGE for a time that is past, or too far ahead */
bool schedule_check(int64_t not_before, struct err *err);

/* run.c */
/* Runs a queued deployment, or settles one that a restart found unfinished. */
void run_start(struct environment *env, int64_t id, bool recovering);
/*
 * The same for a deployment that is being asked for: its start and first intent join the caller's transaction, so that a
 * rollback waits for the disk once. After the commit run_go; run_free when the transaction was undone.
 */
struct run *run_join(struct environment *env, int64_t id, struct err *err);
void run_go(struct run *run);
/* Refused when it is past the point where stopping means anything (draining) or already being undone. */
bool run_stop(struct run *run, const char *actor, const char *why, struct err *err);
void run_free(struct run *run);
int64_t run_id(const struct run *run);

/* recovery.c: finds what a restart left unfinished and settles it, environment by environment */
void recovery_begin(struct engine *e);
void recovery_settle(struct environment *env, int64_t id);

#endif
