/*
 * model_policy: what the console knows of the release policy: features, what blocks, approvals, locks. A part of the
 * model (model.h), under the same rules: cleaned and typed, readers never fail, `_done` releases and leaves it zeroed.
 */
#ifndef VIEWS_MODEL_POLICY_H
#define VIEWS_MODEL_POLICY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A switch in the running application, in one environment. */
struct model_feature {
	char *name;
	bool on;
	int64_t since;               /* when a person changed it; 0: never here */
	char *by, *reason;
};

struct model_features { struct model_feature *items; size_t n; };

/* What keeps something from going on. */
struct model_blocker {
	char *gate, *why;
	char *who;                   /* who or what can clear it; "" */
	int64_t clears_at;           /* 0 unknown */
};

struct model_blockers { struct model_blocker *items; size_t n; };

struct model_approval {
	char *name, *reason, *plan_hash;
	bool approved;               /* else rejected */
	int64_t at, ends;            /* ends 0: nothing waits for it any more */
};

struct model_approvals { struct model_approval *items; size_t n; };

struct model_lock {
	char *owner;                 /* NULL: nobody holds it */
	char *reason;
	int64_t taken, expires;      /* expires 0: until it is unlocked */
};

void model_features_read(const json_t *answer, struct model_features *ret);
void model_features_done(struct model_features *f);
const struct model_feature *model_feature(const struct model_features *f, const char *name);     /* NULL: none */
/* The feature that was put in last after `live_since`; NULL: none was. */
const struct model_feature *model_feature_put_in(const struct model_features *f, int64_t live_since);

void model_blockers_read(const json_t *answer, struct model_blockers *ret);
void model_blockers_done(struct model_blockers *b);
const struct model_blocker *model_blocker(const struct model_blockers *b, const char *gate);     /* NULL: none */
/* "approval: 1 of 1 is missing (@release)", "window until 2026-11-20T09:00Z: closed"; yours. */
char *model_blocker_text(const struct model_blocker *b);
/* The first of them as text, "" when there is none; yours. */
char *model_blockers_text(const struct model_blockers *b);

void model_approvals_read(const json_t *answer, struct model_approvals *ret);
void model_approvals_done(struct model_approvals *a);
/* Those that count for this plan. */
size_t model_approvals_for(const struct model_approvals *a, const char *plan_hash);

void model_lock_read(const json_t *answer, struct model_lock *ret);
void model_lock_done(struct model_lock *l);
/* "locked by bob until 2026-11-20T09:00Z: measuring"; "" when nobody holds it; yours. */
char *model_lock_text(const struct model_lock *l);

#endif
