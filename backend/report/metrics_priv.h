/* The inside of struct metrics: metrics.c fills it from rows, metrics_figures.c counts. */
#ifndef REPORT_METRICS_PRIV_H
#define REPORT_METRICS_PRIV_H

#include "backend/proto/words.h"
#include "backend/report/metrics.h"

struct metrics_times { int64_t *at; size_t n, cap; };

struct metrics_environment {
	char *app, *name;
	struct metrics_change *changes;    /* by time */
	size_t nchanges, changes_cap;
	int unrestored;                    /* failed changes that are not restored yet */
	struct metrics_times rollbacks, caught, approvals, features;
	char *live_digest;
	int64_t live_since;
	struct metrics_stay *stays;        /* by the journal's order */
	size_t nstays, stays_cap;
	json_t *good;                      /* digests that succeeded here: {digest: since when} */
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
	json_t *built;                     /* {app NEWLINE digest: {at,commit_time,signed,tested}} */
	int64_t first_at, seq, rows;
};

const struct metrics_environment *metrics_find(const struct metrics *m, const char *app, const char *environment);

#endif
