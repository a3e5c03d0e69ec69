#include "backend/report/maturity.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/config/config.h"
#include "backend/report/metrics.h"

enum { SEVERAL_A_DAY = 2, INSTANT_US = 1000000 };

/* ---- words ---- */

__attribute__((format(printf, 2, 3)))
static void evidence(struct maturity_verdict *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(v->evidence, sizeof v->evidence, fmt, ap);
	va_end(ap);
}

__attribute__((format(printf, 2, 3)))
static void next(struct maturity_verdict *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(v->next, sizeof v->next, fmt, ap);
	va_end(ap);
}

static const char *file_of(const struct config_app *app)
{
	const char *slash = app->file ? strrchr(app->file, '/') : NULL;

	return slash ? slash + 1 : app->file ? app->file : "slipway.json";
}

static void add_to_environment(const struct maturity_facts *f, const struct config_environment *env, const char *key,
                               struct maturity_verdict *v)
{
	next(v, "add %s to environment \"%s\" in %s", key, env->name, file_of(f->app));
}

static void add_to_application(const struct maturity_facts *f, const char *key, struct maturity_verdict *v)
{
	next(v, "add %s to %s", key, file_of(f->app));
}

static void deploy_to(const struct config_environment *env, struct maturity_verdict *v)
{
	next(v, "deploy a build there: slipway deploy VERSION %s", env->name);
}

/* ---- facts ---- */

/* Where users are: the last environment that is not beside the pipeline. */
static const struct config_environment *last_of(const struct config_app *app)
{
	for (size_t i = app->nenvironments; i > 0; i--)
		if (!app->environments[i - 1].is_optional)
			return &app->environments[i - 1];
	return &app->environments[app->nenvironments - 1];
}

static struct metrics_evidence seen(const struct maturity_facts *f, const struct config_environment *env)
{
	struct metrics_evidence e;

	metrics_evidence(f->metrics, f->app->name, env->name, f->from, f->to, &e);
	return e;
}

static struct metrics_figures figures(const struct maturity_facts *f, const struct config_environment *env)
{
	struct metrics_figures figures;

	metrics_figures(f->metrics, f->app->name, env->name, f->from, f->to, &figures);
	return figures;
}

/* Over the whole journal. */
static int ever_deployed(const struct maturity_facts *f, const struct config_environment *env)
{
	struct metrics_figures ever;

	metrics_figures(f->metrics, f->app->name, env->name, 0, f->to, &ever);
	return ever.deployments;
}

static const struct config_environment *in_pipeline(const struct config_app *app, size_t *at)
{
	while (*at < app->nenvironments)
		if (!app->environments[(*at)++].is_optional)
			return &app->environments[*at - 1];
	return NULL;
}

static const struct config_environment *drifted(const struct maturity_facts *f)
{
	for (size_t i = 0; i < f->app->nenvironments; i++)
		if (seen(f, &f->app->environments[i]).drifts)
			return &f->app->environments[i];
	return NULL;
}

/* ---- level 0, left behind ---- */

static void not_by_hand(const struct maturity_facts *f, struct maturity_verdict *v)
{
	const struct config_environment *env = drifted(f);
	size_t at = 0;
	int n = 0;

	if (env) {
		evidence(v, "what is live on %s is not what was deployed there: somebody else put it there", env->name);
		add_to_environment(f, env, "\"drift\": \"refuse\"", v);
		return;
	}
	while ((env = in_pipeline(f->app, &at))) {
		if (!ever_deployed(f, env)) {
			evidence(v, "the journal has no deployment to %s", env->name);
			deploy_to(env, v);
			return;
		}
		n += ever_deployed(f, env);
	}
	v->met = true;
	evidence(v, "%d deployments to all environments are in the journal, and what is live is what they brought", n);
}

static void certain(const struct maturity_facts *f, struct maturity_verdict *v)
{
	const struct config_environment *last = last_of(f->app);
	int attention = seen(f, last).attention;

	if (f->app->verify_ms <= 0) {
		evidence(v, "nothing is watched after the switch");
		add_to_application(f, "\"verify\": {\"for\": \"30s\", \"failures\": 3}", v);
	} else if (attention) {
		evidence(v, "%d changes on %s ended without anybody knowing their state", attention, last->name);
		next(v, "see why and settle it: slipway history %s", last->name);
	} else if (!ever_deployed(f, last)) {
		evidence(v, "the journal has no deployment to %s", last->name);
		deploy_to(last, v);
	} else {
		v->met = true;
		evidence(v, "each switch is verified for %" PRId64 " ms; all %d changes on %s ended in a known state",
		         f->app->verify_ms, figures(f, last).changes, last->name);
	}
}

static void built_elsewhere(const struct maturity_facts *f, struct maturity_verdict *v)
{
	const struct config_environment *last = last_of(f->app);

	for (size_t i = 0; i < f->app->nenvironments; i++) {
		const struct config_environment *env = &f->app->environments[i];

		if ((!env->is_protected && env != last) || env->signatures_required)
			continue;
		evidence(v, "%s takes builds that nobody signed", env->name);
		if (f->app->signers)
			add_to_environment(f, env, "\"signatures\": \"required\"", v);
		else
			next(v, "add \"signers\": \"allowed_signers\" and, to environment \"%s\", "
			        "\"signatures\": \"required\" in %s", env->name, file_of(f->app));
		return;
	}
	v->met = true;
	evidence(v, "%s takes only builds that one of the signers signed", last->name);
}

static void users_go_on(const struct maturity_facts *f, struct maturity_verdict *v)
{
	const struct config_environment *last = last_of(f->app);
	struct metrics_evidence e = seen(f, last);

	if (strcmp(last->driver, "host") != 0) {
		evidence(v, "nothing shows that users of %s could go on: the %s driver has one slot", last->name,
		         last->driver);
		add_to_environment(f, last, "\"driver\": \"host\"", v);
		return;
	}
	v->met = true;
	evidence(v, "%s has two colours and traffic moves between them; %" PRId64 " requests were sent through %d switches",
	         last->name, e.probes, e.probed);
}

/* ---- level 1 ---- */

static void pipeline(const struct maturity_facts *f, struct maturity_verdict *v)
{
	const struct config_environment *env;
	char names[200] = "";
	size_t at = 0, n = 0;

	while ((env = in_pipeline(f->app, &at))) {
		size_t used = strlen(names);

		snprintf(names + used, sizeof names - used, "%s%s", n++ ? " > " : "", env->name);
	}
	if (n < 2) {
		evidence(v, "there is one environment alone: %s", names);
		next(v, "add a second one to \"environments\" in %s, with \"after\": [\"%s\"]", file_of(f->app), names);
		return;
	}
	for (at = 0; (env = in_pipeline(f->app, &at));) {
		if (ever_deployed(f, env))
			continue;
		evidence(v, "%s, but nothing was ever deployed to %s", names, env->name);
		deploy_to(env, v);
		return;
	}
	v->met = true;
	evidence(v, "%s, and builds went through it", names);
}

static void only_successful(const struct maturity_facts *f, struct maturity_verdict *v)
{
	const struct config_environment *last = last_of(f->app), *env, *before = NULL;
	size_t at = 0;
	char key[120];

	while ((env = in_pipeline(f->app, &at))) {
		if (before && !env->nafter) {
			evidence(v, "%s takes builds that were never on %s", env->name, before->name);
			snprintf(key, sizeof key, "\"after\": [\"%s\"]", before->name);
			add_to_environment(f, env, key, v);
			return;
		}
		before = env;
	}
	if (!last->tests_required) {
		evidence(v, "%s takes builds without tests, or with failed ones", last->name);
		add_to_environment(f, last, "\"tests\": \"required\"", v);
		return;
	}
	v->met = true;
	evidence(v, "each environment asks for success in the one before, %s for passed tests too; %d were caught there",
	         last->name, figures(f, last).caught);
}

static void approved_and_scheduled(const struct maturity_facts *f, struct maturity_verdict *v)
{
	const struct config_environment *last = last_of(f->app);
	struct metrics_evidence e = seen(f, last);

	if (!last->approvals) {
		evidence(v, "nobody is asked before a deployment to %s", last->name);
		add_to_environment(f, last, "\"approval\": {\"count\": 1, \"from\": [\"@release\"]}", v);
		return;
	}
	v->met = true;
	evidence(v, "%s asks %d people; %d approvals were given, %d deployments were scheduled", last->name,
	         last->approvals, e.approvals, e.scheduled);
}

static const char *asked_component(const struct config_app *app)
{
	for (size_t i = 0; i < app->ncomponents; i++)
		if (app->components[i].protocol == PROTOCOL_HTTP)
			return app->components[i].name;
	return NULL;
}

static void smoke_tested(const struct maturity_facts *f, struct maturity_verdict *v)
{
	const struct config_environment *last = last_of(f->app);
	const char *component = asked_component(f->app);
	struct metrics_evidence e = seen(f, last);

	if (!f->app->nsmoke) {
		evidence(v, "there are no smoke tests");
		if (component)
			next(v, "add \"smoke\": [{\"name\": \"front page\", \"component\": \"%s\", \"get\": \"/\"}] to %s",
			     component, file_of(f->app));
		else
			add_to_application(f, "\"smoke\": [{\"name\": \"alive\", \"command\": [\"COMMAND\"]}]", v);
	} else if (!e.smoked) {
		evidence(v, "there are %zu, but no deployment to %s ran them in this period", f->app->nsmoke, last->name);
		deploy_to(last, v);
	} else {
		v->met = true;
		evidence(v, "%zu smoke tests; %d of %d deployments to %s passed them", f->app->nsmoke, e.smoked,
		         figures(f, last).deployments, last->name);
	}
}

static bool is_unnoticed(const struct metrics_evidence *e)
{
	return e->probes > 0 && e->probes_failed == 0;
}

static void outside_hours(const struct maturity_facts *f, struct maturity_verdict *v)
{
	const struct config_environment *last = last_of(f->app);
	struct metrics_evidence e = seen(f, last);

	v->met = last->nwindows > 0 || is_unnoticed(&e);
	if (last->nwindows) {
		evidence(v, "%s is deployed to in %zu windows only", last->name, last->nwindows);
	} else if (v->met) {
		evidence(v, "users notice nothing at any hour: 0 of %" PRId64 " requests failed in %d switches of %s", e.probes,
		         e.probed, last->name);
	} else {
		evidence(v, "%s is deployed to at any hour, and %" PRId64 " of %" PRId64 " requests failed in switches",
		         last->name, e.probes_failed, e.probes);
		add_to_environment(f, last, "\"windows\": [\"Mon-Thu 18:00-22:00 Europe/London\"]", v);
	}
}

/* ---- level 2 ---- */

static void all_automatic(const struct maturity_facts *f, struct maturity_verdict *v)
{
	const struct config_environment *found = NULL;
	int automatic = 0;

	for (size_t i = 0; i < f->app->nenvironments; i++) {
		if (!found && f->app->environments[i].automatic)
			found = &f->app->environments[i];
		automatic += seen(f, &f->app->environments[i]).automatic;
	}
	if (!found) {
		evidence(v, "no environment takes new builds by itself");
		add_to_environment(f, &f->app->environments[0], "\"automatic\": true", v);
	} else if (!automatic) {
		evidence(v, "%s takes new builds by itself, but none came in this period", found->name);
		if (f->app->watch)
			next(v, "let CI drop its builds into %s", f->app->watch);
		else
			add_to_application(f, "\"builds\": {\"watch\": \"incoming\"}", v);
	} else {
		v->met = true;
		evidence(v, "%d deployments of all %zu components were automatic, beginning with %s", automatic,
		         f->app->ncomponents, found->name);
	}
}

/* Requests are lost when the colour that they are on is stopped under them. */
static void drain_longer(const struct maturity_facts *f, const struct config_environment *env,
                         struct maturity_verdict *v)
{
	int64_t longer_ms = f->app->drain_ms * 2 + 10000, most_ms = f->app->deadline_ms[STAGE_DRAIN];
	char key[80];

	if (longer_ms > most_ms)
		longer_ms = most_ms;
	snprintf(key, sizeof key, "\"drain\": \"%" PRId64 "s\"", longer_ms / 1000);
	if (longer_ms > f->app->drain_ms)
		add_to_application(f, key, v);
	else
		next(v, "see in the log of a deployment which requests failed: slipway log %s", env->name);
}

static void no_impact(const struct maturity_facts *f, struct maturity_verdict *v)
{
	const struct config_environment *last = last_of(f->app);
	struct metrics_evidence e = seen(f, last);

	if (!e.probes) {
		evidence(v, "no switch of %s was measured in this period", last->name);
		if (strcmp(last->driver, "host") == 0)
			deploy_to(last, v);
		else
			add_to_environment(f, last, "\"driver\": \"host\"", v);
	} else if (e.probes_failed || e.slowest_switch_us < 0 || e.slowest_switch_us >= INSTANT_US) {
		evidence(v, "%" PRId64 " of %" PRId64 " requests failed in %d switches of %s, the slowest took %.1f ms; "
		            "drain is %" PRId64 " s", e.probes_failed, e.probes, e.probed, last->name, (double)e.slowest_switch_us / 1000,
		         f->app->drain_ms / 1000);
		drain_longer(f, last, v);
	} else {
		v->met = true;
		evidence(v, "0 of %" PRId64 " requests failed in %d switches of %s, the slowest took %.1f ms", e.probes,
		         e.probed, last->name, (double)e.slowest_switch_us / 1000);
	}
}

static void acceptance_tested(const struct maturity_facts *f, struct maturity_verdict *v)
{
	const struct config_environment *last = last_of(f->app);
	struct metrics_evidence e = seen(f, last);

	if (!f->app->nacceptance) {
		evidence(v, "there are no acceptance tests");
		add_to_application(f, "\"acceptance\": [{\"name\": \"features\", \"command\": [\"tests/acceptance\"], "
		                      "\"report\": \"tap\"}]", v);
	} else if (!e.accepted) {
		evidence(v, "there are %zu suites, but no deployment to %s ran them in this period", f->app->nacceptance,
		         last->name);
		deploy_to(last, v);
	} else {
		v->met = true;
		evidence(v, "%" PRId64 " tests passed before users of %s saw the last build; %d of %d deployments had them",
		         e.acceptance_tests, last->name, e.accepted, figures(f, last).deployments);
	}
}

static void features_one_by_one(const struct maturity_facts *f, struct maturity_verdict *v)
{
	const struct config_environment *last = last_of(f->app);
	int features = seen(f, last).features;

	v->met = features > 0;
	evidence(v, "%d features were put into or pulled from %s by themselves", features, last->name);
	if (!v->met)
		next(v, "name them when a build is added (slipway build add VERSION --feature NAME), then: "
		        "slipway feature %s NAME on", last->name);
}

static void several_a_day(const struct maturity_facts *f, struct maturity_verdict *v)
{
	const struct config_environment *last = last_of(f->app);
	double per_day = figures(f, last).per_day;

	v->met = per_day >= SEVERAL_A_DAY;
	evidence(v, "%.1f deployments a day to %s, %d on the busiest day", per_day, last->name, seen(f, last).busiest_day);
	if (v->met)
		return;
	if (!last->automatic)
		add_to_environment(f, last, "\"automatic\": true", v);
	else if (last->nwindows)
		next(v, "make \"windows\" of environment \"%s\" in %s longer", last->name, file_of(f->app));
	else
		next(v, "release smaller builds more often; %s takes them by itself", last->name);
}

static void consistent(const struct maturity_facts *f, struct maturity_verdict *v)
{
	const struct config_environment *last = last_of(f->app), *env = drifted(f);

	if (env) {
		evidence(v, "what is live on %s is not what was deployed there", env->name);
		next(v, "deploy it again: slipway deploy VERSION %s", env->name);
	} else if (!f->app->nfacts) {
		evidence(v, "nothing is compared across environments but the builds");
		add_to_application(f, "\"facts\": [{\"name\": \"libc\", \"command\": [\"ldd\", \"--version\"]}]", v);
	} else if (!last->drift_refuses) {
		evidence(v, "%zu facts are compared, but %s would be deployed to over a drift", f->app->nfacts, last->name);
		add_to_environment(f, last, "\"drift\": \"refuse\"", v);
	} else {
		v->met = true;
		evidence(v, "%zu facts are compared across %zu environments, there is no drift, and %s refuses one",
		         f->app->nfacts, f->app->nenvironments, last->name);
	}
}

const struct maturity_indicator maturity_indicators[] = {
	{ 0, "not-by-hand", "nothing is copied by hand", not_by_hand },
	{ 0, "certain", "it is certain whether a deployment succeeded", certain },
	{ 0, "built-elsewhere", "nothing comes from a developer's machine", built_elsewhere },
	{ 0, "users-go-on", "users need not stop", users_go_on },
	{ 1, "pipeline", "there is a pipeline of environments", pipeline },
	{ 1, "only-successful", "only successful builds go on", only_successful },
	{ 1, "approved", "deployed when the team chooses, after approvals", approved_and_scheduled },
	{ 1, "smoke-tests", "smoke tests at each deployment", smoke_tested },
	{ 1, "outside-hours", "outside usual hours", outside_hours },
	{ 2, "automatic", "all components are deployed automatically", all_automatic },
	{ 2, "no-impact", "no impact on users, and instantaneous", no_impact },
	{ 2, "acceptance-tests", "acceptance tests prove the expected features", acceptance_tested },
	{ 2, "features", "features are deployed and pulled one by one", features_one_by_one },
	{ 2, "several-a-day", "several releases a day", several_a_day },
	{ 2, "consistent", "environments are consistent", consistent },
};
const size_t nmaturity_indicators = ARRAY_LEN(maturity_indicators);

int maturity_judge(const struct maturity_facts *f, struct maturity_verdict *verdicts)
{
	int level = MATURITY_LEVELS - 1;

	for (size_t i = 0; i < nmaturity_indicators; i++) {
		const struct maturity_indicator *indicator = &maturity_indicators[i];

		verdicts[i] = (struct maturity_verdict){ 0 };
		indicator->judge(f, &verdicts[i]);
		/* One that is not met keeps from its level; nothing is below level 0. */
		if (!verdicts[i].met && level >= indicator->level)
			level = indicator->level > 1 ? indicator->level - 1 : 0;
	}
	return level;
}

json_t *maturity_json(const struct maturity_facts *f)
{
	struct maturity_verdict *verdicts = mem_array(nmaturity_indicators, sizeof *verdicts);
	int level = maturity_judge(f, verdicts);
	json_t *list = json_array();

	for (size_t i = 0; i < nmaturity_indicators; i++)
		json_array_append_new(list, json_pack("{s:i, s:s, s:s, s:b, s:o, s:o}", "level", maturity_indicators[i].level,
		                                      "name", maturity_indicators[i].name, "text", maturity_indicators[i].text,
		                                      "met", (int)verdicts[i].met, "evidence",
		                                      json_safe_string(verdicts[i].evidence), "next",
		                                      verdicts[i].met ? json_null() : json_safe_string(verdicts[i].next)));
	free(verdicts);
	return json_pack("{s:s, s:i, s:o}", "name", f->app->name, "level", level, "indicators", list);
}
