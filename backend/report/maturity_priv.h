/* The inside of maturity: maturity.c has the table and its words, maturity_level*.c the judges of each level. */
#ifndef REPORT_MATURITY_PRIV_H
#define REPORT_MATURITY_PRIV_H

#include "backend/config/config.h"
#include "backend/report/maturity.h"
#include "backend/report/metrics.h"

/* ---- words ---- */

__attribute__((format(printf, 2, 3))) void maturity_says(struct maturity_verdict *v, const char *fmt, ...);
__attribute__((format(printf, 2, 3))) void maturity_next(struct maturity_verdict *v, const char *fmt, ...);
/* "1 person", "2 people". */
struct maturity_count { char text[48]; };
struct maturity_count maturity_count(int64_t n, const char *one, const char *many);
/* The name of the application's file; borrowed. */
const char *maturity_file(const struct config_app *app);
/* Next steps: a key of the configuration, or a deployment. */
void maturity_add_to_environment(const struct maturity_facts *f, const struct config_environment *env, const char *key,
                                 struct maturity_verdict *v);
void maturity_add(const struct maturity_facts *f, const char *key, struct maturity_verdict *v);
void maturity_deploy_to(const struct config_environment *env, struct maturity_verdict *v);
void maturity_drain_longer(const struct maturity_facts *f, const struct config_environment *env,
                           struct maturity_verdict *v);
/* It is configured, and nothing came of it: evidence and next step. */
void maturity_never_deployed(const struct config_environment *env, const char *configured, struct maturity_verdict *v);

/* ---- facts ---- */

/* Where users are: the last environment that is not beside the pipeline. */
const struct config_environment *maturity_last(const struct config_app *app);
/* The next one of the pipeline from *at on, which moves; NULL at its end. */
const struct config_environment *maturity_pipeline(const struct config_app *app, size_t *at);
struct metrics_evidence maturity_seen(const struct maturity_facts *f, const struct config_environment *env);
struct metrics_figures maturity_figures(const struct maturity_facts *f, const struct config_environment *env);
/* Over the whole journal. */
int maturity_ever_deployed(const struct maturity_facts *f, const struct config_environment *env);
/* One where what is live is not what was deployed there; NULL. */
const struct config_environment *maturity_drifted(const struct maturity_facts *f);

/* Changes of the period that succeeded, and the last of them that is not as it should be. */
struct maturity_tally {
	int n, good;
	const struct metrics_change *newest, *bad;     /* NULL; borrowed from the metrics */
};
typedef bool maturity_good_fn(const struct metrics_change *c);
struct maturity_tally maturity_tally(const struct maturity_facts *f, const struct config_environment *env,
                                     maturity_good_fn *is_good);

/* ---- the judges ---- */

typedef void maturity_judge_fn(const struct maturity_facts *f, struct maturity_verdict *ret);

extern maturity_judge_fn maturity_not_by_hand, maturity_certain, maturity_built_elsewhere, maturity_users_go_on;
extern maturity_judge_fn maturity_has_pipeline, maturity_only_successful, maturity_approved, maturity_smoke_tested,
	maturity_outside_hours;
extern maturity_judge_fn maturity_automatic, maturity_no_impact, maturity_acceptance_tested, maturity_features,
	maturity_several_a_day, maturity_consistent;

#endif
