/*
 * metrics: how delivery goes, counted from the journal alone. A pure reader: rows in, figures out; no store, no clock.
 *
 * The four keys are DORA's: Forsgren, Humble, Kim, "Accelerate" (2018); dora.dev/guides/dora-metrics-four-keys.
 * What they mean here, for one environment and a period; each counts at the moment when the traffic moved to the build:
 *   change                a deployment (no rollback) whose build got the traffic and which is over
 *   deployment frequency  changes that succeeded, a day; the period begins no earlier than the journal, and a period
 *                         shorter than a day counts as a day
 *   lead time             median, from the commit (build.added's `commit_time`) to when the environment was live with it;
 *                         of each build only its first change there that succeeded. A build whose commit time CI did not
 *                         tell counts from its own time (`at`), and how many did so is told
 *   change failure rate   changes that failed, of all changes. One failed when it did not succeed though it had the
 *                         traffic (verification switched it back, it was stopped, it needs attention), or when a
 *                         rollback left it. A deployment that failed before it got any traffic hurt nobody: "caught"
 *   time to restore       median, over failed changes, from when the build that failed had the traffic until another
 *                         one had it: by the switch back, the rollback, or the next change that succeeded
 * A bad build that is only replaced by a newer one counts as good: nothing in the journal says otherwise.
 */
#ifndef REPORT_METRICS_H
#define REPORT_METRICS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/proto/words.h"

struct metrics;

enum { METRICS_DAY_MS = 24 * 60 * 60 * 1000 };

/* The four keys of one environment. */
struct metrics_figures {
	int deployments;                   /* changes that succeeded */
	double per_day;
	int changes;                       /* those that failed too */
	int failed;
	double failure_rate;               /* 0…1; -1: there was no change */
	int64_t lead_ms;                   /* median; -1: no build came there for the first time */
	int leads, leads_from_build;       /* builds that it is the median of; … of which the commit's time is unknown */
	int64_t restore_ms;                /* median; -1: nothing had to be restored */
	int unrestored;                    /* failed changes whose build still has the traffic */
	int rollbacks;                     /* that succeeded */
	int caught;                        /* deployments that failed before they got any traffic */
};

/* What else the journal tells of one environment: what the maturity level rests on. */
struct metrics_evidence {
	int automatic, scheduled;          /* of the changes that succeeded */
	int smoked;                        /* … those with a smoke stage that passed */
	int accepted;                      /* … those with an acceptance stage that passed */
	int64_t acceptance_tests;          /* passed in the last one of those */
	int probed;                        /* changes through whose switch the prober asked */
	int64_t probes, probes_failed;     /* its requests */
	int64_t slowest_switch_us;         /* of the traffic itself; -1 unknown */
	int busiest_day;                   /* most changes that succeeded on one day, UTC */
	int attention;                     /* changes that ended without anybody knowing their state */
	int approvals;                     /* given */
	int features;                      /* put in or pulled */
	int drifts;                        /* found and not cleared, now */
};

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
	bool is_first;                     /* nothing had the traffic before: there were no users yet */
	int approvals;                     /* given to it */
	int64_t acceptance_tests, probes, probes_failed, switch_us;      /* switch_us -1 unknown */
};

/* How long a build had the traffic of an environment, however it came there. */
struct metrics_stay {
	int64_t id;                        /* the deployment that brought it */
	int64_t at, until;                 /* until 0: it still has */
	char *digest;
};

/* What the journal tells of a build. */
struct metrics_build { bool is_signed, is_tested; };

struct metrics *metrics_new(void);
void metrics_free(struct metrics *m);
/* ROW of proto/api.h, each once, in the journal's order. Types that do not matter are passed over. */
void metrics_row(struct metrics *m, const json_t *row);
int64_t metrics_seq(const struct metrics *m);          /* of the last row; 0 none */
int64_t metrics_rows(const struct metrics *m);

/* What counts in [from, to). An environment that the journal does not know has zeros and unknowns. */
void metrics_figures(const struct metrics *m, const char *app, const char *environment, int64_t from, int64_t to,
                     struct metrics_figures *ret);
void metrics_evidence(const struct metrics *m, const char *app, const char *environment, int64_t from, int64_t to,
                      struct metrics_evidence *ret);

/* Those in [from, to), by time; some may still run. Borrowed until the next row; NULL and 0 of none. */
const struct metrics_change *metrics_changes(const struct metrics *m, const char *app, const char *environment,
                                             int64_t from, int64_t to, size_t *ret_n);
/* All of the environment; borrowed as above. */
const struct metrics_stay *metrics_stays(const struct metrics *m, const char *app, const char *environment,
                                         size_t *ret_n);
/* When the build had the traffic of the environment in a deployment that succeeded, for the first time; -1 never. */
int64_t metrics_good_since(const struct metrics *m, const char *app, const char *environment, const char *digest);
struct metrics_build metrics_build(const struct metrics *m, const char *app, const char *digest);

/* The unit of a history: days (UTC) up to METRICS_DAYS_MOST of them, then weeks from Monday on. */
enum { METRICS_DAYS_MOST = 62, METRICS_UNITS_MOST = 530 };
bool metrics_by_week(int64_t from, int64_t to);
/* The beginning of the day or week that `at` is in. */
int64_t metrics_unit_begin(int64_t at, bool by_week);

/* FIGURES of proto/api.h; unknowns are null. */
json_t *metrics_json(const struct metrics_figures *f);
/* Array of {"from", FIGURES}: a unit each, oldest first; the first and last are whole units. */
json_t *metrics_history(const struct metrics *m, const char *app, const char *environment, int64_t from, int64_t to);

#endif
