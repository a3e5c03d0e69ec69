/*
 * gate: the rules that must hold before a deployment goes on. Pure functions of the facts (configuration, build, state,
 * caller, time), in one const table; judged when a deployment is asked for and again when its gate step runs. Adding
 * one is one file in gates/, one row and one table of tests. gate_facts.h collects the facts: a gate asks nobody.
 *
 * A refusal says which gate, why, who or what can clear it, and when that is expected. One that `waits` can clear while
 * the deployment stays in the queue (a window opens, a lock ends, somebody approves); the others refuse outright.
 */
#ifndef ENGINE_GATE_H
#define ENGINE_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/base/err.h"
#include "backend/proto/words.h"
#include "backend/store/policy.h"

struct config_app;
struct config_environment;
struct config_people;
struct store_build;
struct store_env;

/* A user of the machine, by uid. Groups by name, NULL-terminated; NULL: none are known. */
struct gate_person { int64_t uid; const char *name; const char *const *groups; };

/* An environment that must come before, and what the build did there. */
struct gate_before { const char *environment; int64_t soak_ms; bool is_optional; struct store_stay stay; };

struct gate_approval {
	struct gate_person who;
	bool approved;
	int64_t at;
	const char *digest, *plan_hash;
	int64_t not_before;                /* the schedule that it was given for; 0: none */
};

/* A build to which one could go back. */
struct gate_target { const char *version; const struct store_build *build; int64_t last; };

/* The turn of a deployment that is part of a release. */
struct gate_turn {
	int64_t release;
	const char *group;
	const char *before;                /* the application that must succeed first; NULL: it is its turn */
	bool stops;                        /* nothing more of the release begins */
};

struct gate_facts {
	const struct config_app *app;
	const struct config_environment *env;
	const struct store_build *build;
	const struct store_env *state;
	enum deployment_kind kind;
	const char *expect;                /* the live version the caller saw; "" none; NULL: not said */
	int64_t id;                        /* the deployment's, 0 while it is being asked for */

	int64_t now;
	int64_t not_before;                /* scheduled for then; 0: it is not */
	int64_t engine_started;            /* what came due before was missed */
	struct gate_person requester;      /* who asked for it */
	const char *reason;                /* "" or NULL: none was given */
	const char *override;              /* why windows and freezes are to be passed over; NULL: they hold */
	const char *plan_hash;             /* of what would be done now */
	bool is_started;                   /* it passed its gates before and is about to switch */
	bool is_foreseen;                  /* `now` is yet to come: refusals say that they are of then */

	const struct gate_before *before; size_t nbefore;
	const struct gate_approval *approvals; size_t napprovals;
	const struct store_policy *policy; /* of the environment; NULL: nothing is known */
	const struct store_stay *here;     /* the build in this environment; NULL: it never was here */
	const struct store_ran *ran; size_t nran;              /* migrations in this environment */
	const struct gate_target *targets; size_t ntargets;    /* known to be good here, newest first */
	const struct gate_turn *turn;      /* NULL: it is part of no release */
};

struct gate_refusal {
	const char *gate;
	enum err_kind kind;
	bool waits;
	char why[400];
	char who[200];                     /* who or what can clear it; "" nobody */
	int64_t clears_at;                 /* 0: not known */
};

struct gate {
	const char *name;                  /* stable: in refusals, in the journal */
	const char *help;
	bool of_environment;               /* needs no build: it holds for whatever would be deployed now */
	bool (*judge)(const struct gate_facts *facts, struct gate_refusal *ret);
};

extern const struct gate gates[];
extern const size_t ngates;

enum { GATES_MAX = 16 };
struct gate_refusals { struct gate_refusal items[GATES_MAX]; size_t n; };

/* All refusals, in the table's order. */
void gate_judge_all(const struct gate_facts *facts, struct gate_refusals *ret);
/*
 * What will hold a deployment that waits: judged at the time for which it is scheduled, then at each time at which what
 * held it clears, so that a lock which ends at night is followed by the window of the morning. Returns when nothing
 * holds it any more; 0: that is not a matter of time alone.
 */
int64_t gate_foresee(const struct gate_facts *facts, struct gate_refusals *ret);
/* Only those that hold for the environment whatever the build. */
void gate_judge_environment(const struct gate_facts *facts, struct gate_refusals *ret);
/*
 * The first refusal that does not wait, else the first; a missing right before all. As "NAME gate: why"; the error keeps
 * all of them (proto/refusal.h).
 */
bool gate_tell(const struct gate_refusals *refusals, struct err *err);
bool gate_judge(const struct gate_facts *facts, struct err *err);

/*
 * When an approval ends: after its term; one that was given for the schedule that still stands not before that time has
 * come and the environment's allowance for late ones is over (an hour at least: what runs then may end first).
 */
int64_t gate_approval_ends(const struct config_environment *env, int64_t given_at, int64_t given_for,
                           int64_t not_before);

#endif
