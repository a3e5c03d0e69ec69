#include "backend/report/maturity.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/report/maturity_priv.h"

/* ---- words ---- */

void maturity_says(struct maturity_verdict *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(v->evidence, sizeof v->evidence, fmt, ap);
	va_end(ap);
}

void maturity_next(struct maturity_verdict *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(v->next, sizeof v->next, fmt, ap);
	va_end(ap);
}

struct maturity_count maturity_count(int64_t n, const char *one, const char *many)
{
	struct maturity_count count;

	snprintf(count.text, sizeof count.text, "%" PRId64 " %s", n, n == 1 ? one : many);
	return count;
}

const char *maturity_file(const struct config_app *app)
{
	const char *slash = app->file ? strrchr(app->file, '/') : NULL;

	return slash ? slash + 1 : app->file ? app->file : "slipway.json";
}

void maturity_add_to_environment(const struct maturity_facts *f, const struct config_environment *env, const char *key,
                               struct maturity_verdict *v)
{
	maturity_next(v, "add %s to environment \"%s\" in %s", key, env->name, maturity_file(f->app));
}

void maturity_add(const struct maturity_facts *f, const char *key, struct maturity_verdict *v)
{
	maturity_next(v, "add %s to %s", key, maturity_file(f->app));
}

void maturity_deploy_to(const struct config_environment *env, struct maturity_verdict *v)
{
	maturity_next(v, "deploy a build there: slipway deploy VERSION %s", env->name);
}

/* ---- facts ---- */

/* Where users are: the last environment that is not beside the pipeline. */
const struct config_environment *maturity_last(const struct config_app *app)
{
	for (size_t i = app->nenvironments; i > 0; i--)
		if (!app->environments[i - 1].is_optional)
			return &app->environments[i - 1];
	return &app->environments[app->nenvironments - 1];
}

struct metrics_evidence maturity_seen(const struct maturity_facts *f, const struct config_environment *env)
{
	struct metrics_evidence e;

	metrics_evidence(f->metrics, f->app->name, env->name, f->from, f->to, &e);
	return e;
}

struct metrics_figures maturity_figures(const struct maturity_facts *f, const struct config_environment *env)
{
	struct metrics_figures figures;

	metrics_figures(f->metrics, f->app->name, env->name, f->from, f->to, &figures);
	return figures;
}

/* Over the whole journal. */
int maturity_ever_deployed(const struct maturity_facts *f, const struct config_environment *env)
{
	struct metrics_figures ever;

	metrics_figures(f->metrics, f->app->name, env->name, 0, f->to, &ever);
	return ever.deployments;
}

const struct config_environment *maturity_pipeline(const struct config_app *app, size_t *at)
{
	while (*at < app->nenvironments)
		if (!app->environments[(*at)++].is_optional)
			return &app->environments[*at - 1];
	return NULL;
}

/* Those that succeeded. */
struct maturity_tally maturity_tally(const struct maturity_facts *f, const struct config_environment *env,
                                     maturity_good_fn *is_good)
{
	size_t n;
	const struct metrics_change *c = metrics_changes(f->metrics, f->app->name, env->name, f->from, f->to, &n);
	struct maturity_tally t = { 0 };

	for (; n > 0; n--, c++) {
		if (c->state != DEPLOYMENT_SUCCEEDED)
			continue;
		t.n++;
		t.newest = c;
		if (is_good(c))
			t.good++;
		else
			t.bad = c;
	}
	return t;
}

void maturity_never_deployed(const struct config_environment *env, const char *configured, struct maturity_verdict *v)
{
	maturity_says(v, "%s, but nothing was deployed to %s in this period", configured, env->name);
	maturity_deploy_to(env, v);
}

const struct config_environment *maturity_drifted(const struct maturity_facts *f)
{
	for (size_t i = 0; i < f->app->nenvironments; i++)
		if (maturity_seen(f, &f->app->environments[i]).drifts)
			return &f->app->environments[i];
	return NULL;
}

/* Requests are lost when the colour that they are on is stopped under them. */
void maturity_drain_longer(const struct maturity_facts *f, const struct config_environment *env,
                         struct maturity_verdict *v)
{
	int64_t longer_ms = f->app->drain_ms * 2 + 10000, most_ms = f->app->deadline_ms[STAGE_DRAIN];
	char key[80];

	if (longer_ms > most_ms)
		longer_ms = most_ms;
	snprintf(key, sizeof key, "\"drain\": \"%" PRId64 "s\"", longer_ms / 1000);
	if (longer_ms > f->app->drain_ms)
		maturity_add(f, key, v);
	else
		maturity_next(v, "see in the log of a deployment which requests failed: slipway log %s", env->name);
}

/* ---- the table ---- */

const struct maturity_indicator maturity_indicators[] = {
	{ 0, "not-by-hand", "nothing is copied by hand", maturity_not_by_hand },
	{ 0, "certain", "it is certain whether a deployment succeeded", maturity_certain },
	{ 0, "built-elsewhere", "nothing comes from a developer's machine", maturity_built_elsewhere },
	{ 0, "users-go-on", "users need not stop", maturity_users_go_on },
	{ 1, "pipeline", "there is a pipeline of environments", maturity_has_pipeline },
	{ 1, "only-successful", "only successful builds go on", maturity_only_successful },
	{ 1, "approved", "deployed when the team chooses, after approvals", maturity_approved },
	{ 1, "smoke-tests", "smoke tests at each deployment", maturity_smoke_tested },
	{ 1, "outside-hours", "outside usual hours", maturity_outside_hours },
	{ 2, "automatic", "all components are deployed automatically", maturity_automatic },
	{ 2, "no-impact", "no impact on users, and instantaneous", maturity_no_impact },
	{ 2, "acceptance-tests", "acceptance tests prove the expected features", maturity_acceptance_tested },
	{ 2, "features", "features are deployed and pulled one by one", maturity_features },
	{ 2, "several-a-day", "several releases a day", maturity_several_a_day },
	{ 2, "consistent", "environments are consistent", maturity_consistent },
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
