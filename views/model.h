/*
 * model: what the console knows of the engine: snapshots of its answers, cleaned and typed.
 *
 * Every string that came from outside has passed base/clean.h here, once, so that no view can forget it. Readers take
 * an answer in the shape of proto/api.h and never fail: a missing member is an absent fact. Times are wall
 * milliseconds, 0 when absent. A struct owns what it points to; `_done` releases it and leaves it zeroed.
 */
#ifndef VIEWS_MODEL_H
#define VIEWS_MODEL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/proto/words.h"
#include "views/model_policy.h"

struct model_totals {
	bool known;                  /* false: no test was reported */
	int ok, fail, skip, todo;
	int planned;                 /* -1 unknown */
};

struct model_step {
	enum stage stage;
	enum step_state state;
	int64_t started, ended, deadline_ms;
	char *message, *layer;
	char *tail;                  /* the failing process's last lines, newlines kept; "" when none */
	struct model_totals tests;
};

struct model_deployment {
	int64_t id;                  /* 0: there is none */
	char *app, *environment, *version, *digest;
	char *from;                  /* "" when nothing was live */
	enum deployment_kind kind;
	enum deployment_state state;
	char *actor, *reason, *message, *layer;
	char *override;              /* "OVERRIDE hotfix by bob": it passed over windows and freezes; "" */
	char *place;                 /* while it is queued: "2nd of 3 in prod's queue"; "" */
	char *release;               /* of several applications, that it is part of: "release 12 suite 2/3"; "" */
	char *blocked;               /* while it is queued: what it waits for, who can clear it, when; "" */
	struct model_blockers blockers;          /* all of that */
	int64_t uid;                 /* who asked for it; -1 unknown */
	char *plan_hash;             /* the one that it would have now */
	struct model_approvals approvals;
	int64_t not_before;          /* scheduled for then; 0 it is not */
	int64_t requested, started, ended;
	struct model_step *steps;
	size_t nsteps;
	struct model_totals tests;
	int64_t log_size;
};

struct model_port { char *component; int port; };

struct model_environment {
	char *name, *driver;
	bool is_protected, rollback_needs_arming, has_preview;
	char *live_version, *live_digest, *live_colour;        /* version "" when nothing is live */
	int64_t live_since;
	bool is_past;                                          /* told as it was then: nothing looks at its health */
	bool health_known, healthy;
	char *health;
	char *back_version, *back_digest;                      /* the rollback's target; version "" when there is none */
	bool back_is_warm, back_is_cold;                       /* neither: it is not known of then */
	int64_t back_ms;                                       /* how long it will take; -1 unknown */
	struct model_deployment deployment;                    /* the running one, else the last; id 0 none */
	struct model_deployment *queue;
	size_t nqueue;
	struct model_port *ports;
	size_t nports;
	char *attention;                                       /* "" none */
	char *hindrance;             /* what keeps the person from deploying there now: a gate, a lock; "" */
	struct model_blockers blockers;                        /* all of that */
	struct model_features features;
	struct model_lock lock;
	bool drifted;                /* what is live is not what was recorded */
	char *remark;                /* drift, paused automation, what automation waits for; "" */
};

struct model_app {
	char *name;
	char **components;
	size_t ncomponents;
	struct model_environment *environments;
	size_t nenvironments;
	char **features;             /* the names of all, of whatever environment, sorted */
	size_t nfeatures;
};

struct model_status {
	bool known;                  /* an answer was read */
	int64_t seq, now;
	int64_t then;                /* it tells of then; 0: of the present */
	bool is_replay;
	double speed;                /* of the replay; 0: it is at its end */
	int engine_pid;
	char *engine_version, *workspace;
	bool config_valid;
	char **mistakes;
	size_t nmistakes;
	char *user;
	int64_t uid;                 /* -1 unknown */
	struct model_app *apps;
	size_t napps;
};

struct model_build {
	char *version, *digest, *commit, *branch, *author, *message;
	int64_t at;
	struct model_totals tests;
	char **live;                 /* environments where it is live */
	size_t nlive;
	char **features;
	size_t nfeatures;
	char *migrations;            /* "0006, 0007 irreversible"; "" none */
};

/* A window over the engine's list: items[0] is number `offset` of `total`. */
struct model_builds {
	bool known;
	size_t total, offset;
	struct model_build *items;
	size_t n;
};

struct model_history {
	bool known;
	struct model_deployment *items;
	size_t n, cap;
};

void model_totals_read(const json_t *totals, struct model_totals *ret);
void model_deployment_read(const json_t *answer, struct model_deployment *ret);    /* released first */
void model_deployment_done(struct model_deployment *d);
bool model_deployment_is_over(const struct model_deployment *d);                   /* also when there is none */
/* The step that is under way, else the one that failed, else NULL. */
const struct model_step *model_deployment_step(const struct model_deployment *d);

void model_status_read(const json_t *answer, struct model_status *ret);
void model_status_done(struct model_status *s);
const struct model_app *model_app(const struct model_status *s, const char *name);
/* Borrowed until the next model_status_read; NULL when there is none of that name. */
const struct model_environment *model_environment(const struct model_app *app, const char *name);
void model_health_read(const json_t *event, struct model_status *s);               /* the "health" event */

void model_builds_read(const json_t *answer, struct model_builds *ret);
void model_builds_done(struct model_builds *b);
const struct model_build *model_build(const struct model_builds *b, const char *version);

/* `more`: older ones, put behind what is there; else they replace it. */
void model_history_read(const json_t *answer, bool more, struct model_history *ret);
void model_history_done(struct model_history *h);

#endif
