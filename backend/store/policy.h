/*
 * policy: what the rules know of an environment and of a deployment: locks, approvals, quarantine, migrations, and how
 * long a build was live where. Made by project_policy.c from the journal; read by the engine's gate_facts.
 *
 * Struct results own their strings; free them with their _done, which takes a zeroed one too.
 */
#ifndef STORE_POLICY_H
#define STORE_POLICY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/base/err.h"

struct store;

/* A lease: it ends by itself at `expires` (0: when it is given back). owner NULL: nobody ever took it. */
struct store_lock { int64_t uid; char *owner, *reason; int64_t taken, expires; };

struct store_policy {
	struct store_lock lock;
	bool paused;                           /* the environment's automation */
	char *paused_why, *paused_by; int64_t paused_at;
	char *drift; int64_t drift_at;         /* what is not as it was recorded; NULL: nothing */
};
bool store_policy(struct store *s, const char *app, const char *environment, struct store_policy *ret,
                  struct err *err);
void store_policy_done(struct store_policy *p);

struct store_approval {
	int64_t at, uid;
	int64_t not_before;            /* what it was scheduled for when it was approved; 0: it was not */
	bool approved;
	char *name, *digest, *plan_hash, *reason;
};
struct store_approvals { struct store_approval *items; size_t n; };
bool store_approvals(struct store *s, int64_t deployment, struct store_approvals *ret, struct err *err);
void store_approvals_done(struct store_approvals *a);

/* Where a build stood in an environment, by its digest. */
struct store_stay {
	bool succeeded;                        /* a deployment brought it there and succeeded */
	bool is_there;                         /* and it is live since then */
	int64_t since;                         /* when the last such time began */
	int64_t lived_ms;                      /* the longest such time that is over */
	int64_t last;                          /* journal row of the last success; 0 none */
	int64_t quarantined_by;                /* the rollback that left it there; 0 none */
};
bool store_stay(struct store *s, const char *app, const char *environment, const char *digest, struct store_stay *ret,
                struct err *err);

/* What ran in an environment, oldest first. */
struct store_ran { char *migration, *version; bool reversible; int64_t seq; };
struct store_rans { struct store_ran *items; size_t n; };
bool store_migrations(struct store *s, const char *app, const char *environment, struct store_rans *ret,
                      struct err *err);
void store_rans_done(struct store_rans *r);

/* Versions known to be good in an environment whose artifacts are there, newest first. */
struct store_versions { char **items; size_t n; };
bool store_known_good(struct store *s, const char *app, const char *environment, struct store_versions *ret,
                      struct err *err);
void store_versions_done(struct store_versions *v);

/* [{"uid","name","verdict","at","reason","plan_hash"}…]; NULL on failure. Yours. */
json_t *store_approvals_json(struct store *s, int64_t deployment, struct err *err);

#endif
