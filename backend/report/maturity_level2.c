/* Level 2: automatic, no impact, acceptance tests, features one by one, several a day, consistent. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/report/maturity_priv.h"

enum { SEVERAL_A_DAY = 2, INSTANT_US = 1000000 };

static bool was_automatic(const struct metrics_change *c)
{
	return c->kind == KIND_AUTOMATIC;
}

/* The one that users are on may wait for the team's word: level 1 asks for that. */
static bool must_be_automatic(const struct maturity_facts *f, const struct config_environment *env)
{
	size_t at = 0;

	return env->automatic || env != maturity_last(f->app) || (maturity_pipeline(f->app, &at) == env && !env->approvals);
}

static void not_automatic(const struct maturity_facts *f, const struct config_environment *env,
                          struct maturity_verdict *v)
{
	if (!env->automatic) {
		maturity_says(v, "%s does not take new builds by itself", env->name);
		maturity_add_to_environment(f, env, "\"automatic\": true", v);
		return;
	}
	maturity_says(v, "%s takes new builds by itself, but none came and stayed in this period", env->name);
	if (f->app->watch)
		maturity_next(v, "let CI drop its builds into %s", f->app->watch);
	else
		maturity_add(f, "\"builds\": {\"watch\": \"incoming\"}", v);
}

/* A deployment brings all components at once: the gate of artifacts lets no build pass that lacks one. */
void maturity_automatic(const struct maturity_facts *f, struct maturity_verdict *v)
{
	const struct config_environment *last = maturity_last(f->app), *env;
	char names[160] = "";
	size_t at = 0;

	while ((env = maturity_pipeline(f->app, &at))) {
		int n = maturity_tally(f, env, was_automatic).good;
		size_t used = strlen(names);

		if (!must_be_automatic(f, env))
			continue;
		if (!env->automatic || !n) {
			not_automatic(f, env, v);
			return;
		}
		snprintf(names + used, sizeof names - used, "%s%s (%d)", used ? ", " : "", env->name, n);
	}
	v->met = true;
	maturity_says(v, "%s by %s to %s%s%s",
	              maturity_count((int64_t)f->app->ncomponents, "component goes", "components go").text,
	              f->app->ncomponents == 1 ? "itself" : "themselves", names, last->automatic ? "" : "; when the team chooses to ", last->automatic ? "" : last->name);
}

void maturity_no_impact(const struct maturity_facts *f, struct maturity_verdict *v)
{
	const struct config_environment *last = maturity_last(f->app);
	struct metrics_evidence e = maturity_seen(f, last);

	if (!e.probes) {
		maturity_says(v, "no switch of %s was measured in this period", last->name);
		if (strcmp(last->driver, "host") == 0)
			maturity_deploy_to(last, v);
		else
			maturity_add_to_environment(f, last, "\"driver\": \"host\"", v);
	} else if (e.probes_failed || e.slowest_switch_us < 0 || e.slowest_switch_us >= INSTANT_US) {
		maturity_says(v, "%" PRId64 " of %" PRId64 " requests failed in %d switches of %s, the slowest took %.1f ms; "
		              "drain is %" PRId64 " s", e.probes_failed, e.probes, e.probed, last->name,
		              (double)e.slowest_switch_us / 1000, f->app->drain_ms / 1000);
		maturity_drain_longer(f, last, v);
	} else {
		v->met = true;
		maturity_says(v, "0 of %" PRId64 " requests failed in %d switches of %s, the slowest took %.1f ms", e.probes,
		              e.probed, last->name, (double)e.slowest_switch_us / 1000);
	}
}

static bool was_accepted(const struct metrics_change *c)
{
	return c->accepted;
}

void maturity_acceptance_tested(const struct maturity_facts *f, struct maturity_verdict *v)
{
	const struct config_environment *last = maturity_last(f->app);
	struct maturity_tally t = maturity_tally(f, last, was_accepted);

	if (!f->app->nacceptance) {
		maturity_says(v, "there are no acceptance tests");
		maturity_add(f, "\"acceptance\": [{\"name\": \"features\", \"command\": [\"tests/acceptance\"], "
		             "\"report\": \"tap\"}]", v);
	} else if (!t.good) {
		maturity_says(v, "there %s %s, but no deployment to %s ran %s in this period",
		              f->app->nacceptance == 1 ? "is" : "are",
		              maturity_count((int64_t)f->app->nacceptance, "suite", "suites").text, last->name,
		              f->app->nacceptance == 1 ? "it" : "them");
		maturity_deploy_to(last, v);
	} else if (t.bad) {
		maturity_says(v, "%d of %d deployments to %s had them, #%" PRId64 " ran none", t.good, t.n, last->name,
		              t.bad->id);
		maturity_deploy_to(last, v);
	} else {
		v->met = true;
		maturity_says(v,
		              "%" PRId64 " tests passed before users of %s saw the last build; %d of %d deployments had them",
		              maturity_seen(f, last).acceptance_tests, last->name, t.good, t.n);
	}
}

void maturity_features(const struct maturity_facts *f, struct maturity_verdict *v)
{
	const struct config_environment *last = maturity_last(f->app);
	int features = maturity_seen(f, last).features;

	v->met = features > 0;
	maturity_says(v, "%s put into or pulled from %s without a deployment",
	              maturity_count(features, "feature was", "features were").text, last->name);
	if (!v->met)
		maturity_next(v, "name them when a build is added (slipway build add VERSION --feature NAME), then: "
		              "slipway feature %s NAME on", last->name);
}

void maturity_several_a_day(const struct maturity_facts *f, struct maturity_verdict *v)
{
	const struct config_environment *last = maturity_last(f->app);
	double per_day = maturity_figures(f, last).per_day;

	v->met = per_day >= SEVERAL_A_DAY;
	maturity_says(v, "%.1f deployments a day to %s, %d on the busiest day", per_day, last->name,
	              maturity_seen(f, last).busiest_day);
	if (v->met)
		return;
	if (last->nwindows)
		maturity_next(v, "make \"windows\" of environment \"%s\" in %s longer", last->name, maturity_file(f->app));
	else if (last->automatic)
		maturity_next(v, "release smaller builds more often; %s takes them by itself%s", last->name,
		              last->approvals ? " when they are approved" : "");
	else
		maturity_next(v, "release smaller builds more often, each when the team chooses: slipway deploy VERSION %s",
		              last->name);
}

static const char *failed_value(const json_t *row)
{
	const char *environment;
	json_t *value;

	json_object_foreach(json_object_get(row, "values"), environment, value)
		if (strncmp(json_string_value(value) ? json_string_value(value) : "", "failed:", 7) == 0)
			return environment;
	return NULL;
}

/* What the rows of Consistency say. A build on its way through the pipeline is no difference: it is what one is for. */
struct comparison {
	int facts, variables, declared, differ;
	const char *first;                 /* that differs undeclared; borrowed */
	const char *failed, *where;        /* could not be found out; borrowed */
};

static struct comparison compare(const struct maturity_facts *f)
{
	struct comparison c = { 0 };
	const json_t *row;
	size_t i;

	json_array_foreach(f->consistency, i, row) {
		const char *what = json_text(row, "what"), *failed = failed_value(row);

		if (strncmp(what, "digest.", 7) == 0)
			continue;
		c.facts += strncmp(what, "facts.", 6) == 0;
		c.variables += strncmp(what, "variables.", 10) == 0;
		c.declared += json_flag(row, "declared");
		if (failed && !c.failed) {
			c.failed = what;
			c.where = failed;
		}
		if (json_flag(row, "same") || json_flag(row, "declared"))
			continue;
		c.differ++;
		c.first = c.first ? c.first : what;
	}
	return c;
}

/* What is not yet so that it could be compared. */
static bool is_compared(const struct maturity_facts *f, struct maturity_verdict *v)
{
	const struct config_environment *last = maturity_last(f->app), *env = maturity_drifted(f);

	if (env) {
		maturity_says(v, "what is live on %s is not what was deployed there", env->name);
		maturity_next(v, "deploy it again: slipway deploy VERSION %s", env->name);
	} else if (!f->app->nfacts) {
		maturity_says(v, "nothing is compared across environments but the builds");
		maturity_add(f, "\"facts\": [{\"name\": \"libc\", \"command\": [\"ldd\", \"--version\"]}]", v);
	} else if (!last->drift_refuses) {
		maturity_says(v, "%s compared, but %s would be deployed to over a drift",
		              maturity_count((int64_t)f->app->nfacts, "fact is", "facts are").text, last->name);
		maturity_add_to_environment(f, last, "\"drift\": \"refuse\"", v);
	} else {
		return true;
	}
	return false;
}

void maturity_consistent(const struct maturity_facts *f, struct maturity_verdict *v)
{
	struct comparison c = compare(f);

	if (!is_compared(f, v))
		return;
	if (!c.facts) {
		maturity_says(v, "%s to be compared, but none was ever found out",
		              maturity_count((int64_t)f->app->nfacts, "fact is", "facts are").text);
		maturity_next(v, "let the engine run for a while and look again: slipway consistency");
	} else if (c.failed) {
		maturity_says(v, "%s could not be found out in %s", c.failed, c.where);
		maturity_next(v, "see why: slipway consistency");
	} else if (c.differ) {
		maturity_says(v, "%s across environments undeclared, beginning with %s",
		              maturity_count(c.differ, "fact or variable differs", "facts or variables differ").text, c.first);
		maturity_next(v, "make them the same, or declare what differs on purpose: "
		              "\"differs\": [\"%s\"] of an environment in %s", c.first, maturity_file(f->app));
	} else {
		v->met = true;
		maturity_says(v,
		              "%s and %s are the same across %s but for %s; there is no drift, and %s refuses one",
		              maturity_count(c.facts, "fact", "facts").text,
		              maturity_count(c.variables, "variable", "variables").text,
		              maturity_count((int64_t)f->app->nenvironments, "environment", "environments").text,
		              maturity_count(c.declared, "declared difference", "declared differences").text,
		              maturity_last(f->app)->name);
	}
}
