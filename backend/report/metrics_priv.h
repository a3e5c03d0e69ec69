/* The inside of struct metrics: metrics.c fills it from rows, metrics_figures.c counts. */
#ifndef REPORT_METRICS_PRIV_H
#define REPORT_METRICS_PRIV_H

#include "backend/proto/words.h"
#include "backend/report/metrics.h"

struct metrics_times { int64_t *at; size_t n, cap; };

/* A deployment that got the traffic and is no rollback. */
struct metrics_change {
	int64_t id;
	int64_t at;                        /* it got the traffic */
	char *digest;
	enum deployment_kind kind;
	enum deployment_state state;       /* DEPLOYMENT_RUNNING until it is over */
	bool failed;
	int64_t hurt_at, restored_at;      /* of a failed one; restored 0: not yet */
	int64_t lead_ms;                   /* -1 */
	bool lead_from_build;              /* the commit's time is unknown */
	bool smoked, accepted, probed;
	int64_t acceptance_tests, probes, probes_failed, switch_us;      /* switch_us -1 unknown */
};

struct metrics_environment {
	char *app, *name;
	struct metrics_change *changes;    /* by time */
	size_t nchanges, changes_cap;
	int unrestored;                    /* failed changes that are not restored yet */
	struct metrics_times rollbacks, caught, approvals, features;
	char *live_digest;
	int64_t live_since;
	json_t *good;                      /* digests that succeeded here: {digest: true} */
	json_t *drifts;                    /* what drifted and was not cleared: {what: true} */
};

/* A deployment that is not over yet. */
struct metrics_running {
	int64_t id;
	size_t environment;                /* index: the array moves */
	char *digest, *left_digest;        /* left: what had the traffic before */
	int64_t live_at, undone_at, left_since;
	struct metrics_change facts;       /* what its steps tell */
};

struct metrics {
	struct metrics_environment *environments;
	size_t nenvironments, environments_cap;
	struct metrics_running *running;
	size_t nrunning, running_cap;
	json_t *built;                     /* {app NEWLINE digest: {at,commit_time}} */
	int64_t first_at, seq, rows;
};

const struct metrics_environment *metrics_find(const struct metrics *m, const char *app, const char *environment);

#endif
