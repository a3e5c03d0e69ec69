/* Level 1: a pipeline, success, approvals, smoke tests, outside usual hours. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backend/base/clock.h"
#include "backend/base/mem.h"
#include "backend/report/maturity_priv.h"

#define USUAL_HOURS "Mon-Fri 08:00-18:00"      /* where the configuration names none */

void maturity_has_pipeline(const struct maturity_facts *f, struct maturity_verdict *v)
{
	const struct config_environment *env;
	char names[200] = "";
	size_t at = 0, n = 0;

	while ((env = maturity_pipeline(f->app, &at))) {
		size_t used = strlen(names);

		snprintf(names + used, sizeof names - used, "%s%s", n++ ? " > " : "", env->name);
	}
	if (n < 2) {
		maturity_says(v, "there is one environment alone: %s", names);
		maturity_next(v, "add a second one to \"environments\" in %s, with \"after\": [\"%s\"]", maturity_file(f->app),
		              names);
		return;
	}
	for (at = 0; (env = maturity_pipeline(f->app, &at));) {
		if (maturity_ever_deployed(f, env))
			continue;
		maturity_says(v, "%s, but nothing was ever deployed to %s", names, env->name);
		maturity_deploy_to(env, v);
		return;
	}
	v->met = true;
	maturity_says(v, "%s, and builds went through it", names);
}

/* The last change that came without success in an environment that it asks for, and in which. */
static const struct metrics_change *skipped(const struct maturity_facts *f, const struct config_environment *env,
                                            const char **ret_where)
{
	size_t n;
	const struct metrics_change *c = metrics_changes(f->metrics, f->app->name, env->name, f->from, f->to, &n),
	*ret = NULL;

	for (; n > 0; n--, c++) {
		for (size_t i = 0; i < env->nafter; i++) {
			const char *before = env->after[i].environment;
			int64_t good = metrics_good_since(f->metrics, f->app->name, before, c->digest);

			if (good >= 0 && good <= c->at)
				continue;
			*ret_where = before;
			ret = c;
		}
	}
	return ret;
}

/* … and without passed tests of CI. */
static const struct metrics_change *untested(const struct maturity_facts *f, const struct config_environment *env)
{
	size_t n;
	const struct metrics_change *c = metrics_changes(f->metrics, f->app->name, env->name, f->from, f->to, &n),
	*ret = NULL;

	for (; n > 0; n--, c++)
		if (!metrics_build(f->metrics, f->app->name, c->digest).is_tested)
			ret = c;
	return ret;
}

/* Whether the pipeline asks for success all along. */
static bool asks_for_success(const struct maturity_facts *f, struct maturity_verdict *v)
{
	const struct config_environment *last = maturity_last(f->app), *env, *before = NULL;
	size_t at = 0;
	char key[120];

	while ((env = maturity_pipeline(f->app, &at))) {
		if (before && !env->nafter) {
			maturity_says(v, "%s takes builds that were never on %s", env->name, before->name);
			snprintf(key, sizeof key, "\"after\": [\"%s\"]", before->name);
			maturity_add_to_environment(f, env, key, v);
			return false;
		}
		before = env;
	}
	if (last->tests_required)
		return true;
	maturity_says(v, "%s takes builds without tests, or with failed ones", last->name);
	maturity_add_to_environment(f, last, "\"tests\": \"required\"", v);
	return false;
}

void maturity_only_successful(const struct maturity_facts *f, struct maturity_verdict *v)
{
	const struct config_environment *last = maturity_last(f->app), *env;
	const struct metrics_change *bad = NULL;
	const char *where = "CI";
	size_t at = 0;

	if (!asks_for_success(f, v))
		return;
	while (!bad && (env = maturity_pipeline(f->app, &at)))
		bad = skipped(f, env, &where);
	if (!bad) {
		env = last;
		bad = untested(f, last);
	}
	if (bad) {
		maturity_says(v, "#%" PRId64 " went to %s without success in %s before", bad->id, env->name, where);
		maturity_next(v, "deploy what succeeded in %s; the gates ask for it now: slipway deploy VERSION %s", where,
		              env->name);
	} else if (!maturity_figures(f, last).changes) {
		maturity_never_deployed(last, "each environment asks for success in the one before", v);
	} else {
		v->met = true;
		maturity_says(v,
		              "all %d changes on %s had succeeded in the environments before, and in CI; %d were caught there",
		              maturity_figures(f, last).changes, last->name, maturity_figures(f, last).caught);
	}
}

static bool was_approved(const struct metrics_change *c)
{
	return c->approvals > 0;
}

static bool was_scheduled(const struct metrics_change *c)
{
	return c->kind == KIND_SCHEDULED;
}

/* One that went without a word counts until a later one was approved. */
void maturity_approved(const struct maturity_facts *f, struct maturity_verdict *v)
{
	const struct config_environment *last = maturity_last(f->app);
	struct maturity_tally t = maturity_tally(f, last, was_approved);

	if (!last->approvals) {
		maturity_says(v, "nobody is asked before a deployment to %s", last->name);
		maturity_add_to_environment(f, last, "\"approval\": {\"count\": 1, \"from\": [\"@release\"]}", v);
	} else if (!t.n) {
		maturity_says(v, "%s asks %s; %s given, but no deployment succeeded in this period", last->name,
		              maturity_count(last->approvals, "person", "people").text,
		              maturity_count(maturity_seen(f, last).approvals, "approval was", "approvals were").text);
		maturity_deploy_to(last, v);
	} else if (t.newest == t.bad) {
		maturity_says(v, "%d of %d deployments to %s were approved, the last one (#%" PRId64 ") by nobody", t.good, t.n,
		              last->name, t.newest->id);
		maturity_next(v, "%s asks %s for the next one: slipway deploy VERSION %s, then slipway approve %s", last->name,
		              maturity_count(last->approvals, "person", "people").text, last->name, last->name);
	} else {
		v->met = true;
		maturity_says(v, "%d of %d deployments to %s were approved, the last one (#%" PRId64 ") by %s; %s scheduled",
		              t.good, t.n, last->name, t.newest->id,
		              maturity_count(t.newest->approvals, "person", "people").text,
		              maturity_count(maturity_tally(f, last, was_scheduled).good, "was", "were").text);
	}
}

static const char *asked_component(const struct config_app *app)
{
	for (size_t i = 0; i < app->ncomponents; i++)
		if (app->components[i].protocol == PROTOCOL_HTTP)
			return app->components[i].name;
	return NULL;
}

static bool was_smoked(const struct metrics_change *c)
{
	return c->smoked;
}

void maturity_smoke_tested(const struct maturity_facts *f, struct maturity_verdict *v)
{
	const struct config_environment *last = maturity_last(f->app);
	const char *component = asked_component(f->app);
	struct maturity_tally t = maturity_tally(f, last, was_smoked);

	if (!f->app->nsmoke) {
		maturity_says(v, "there are no smoke tests");
		if (component)
			maturity_next(v, "add \"smoke\": [{\"name\": \"front page\", \"component\": \"%s\", \"get\": \"/\"}] to %s",
			              component, maturity_file(f->app));
		else
			maturity_add(f, "\"smoke\": [{\"name\": \"alive\", \"command\": [\"COMMAND\"]}]", v);
	} else if (!t.good) {
		maturity_says(v, "there %s %s, but no deployment to %s ran %s in this period", f->app->nsmoke == 1 ? "is" : "are",
		              maturity_count((int64_t)f->app->nsmoke, "smoke test", "smoke tests").text, last->name,
		              f->app->nsmoke == 1 ? "it" : "them");
		maturity_deploy_to(last, v);
	} else if (t.bad) {
		maturity_says(v, "%d of %d deployments to %s passed them, #%" PRId64 " ran none", t.good, t.n, last->name,
		              t.bad->id);
		maturity_deploy_to(last, v);
	} else {
		v->met = true;
		maturity_says(v, "%s; %d of %d deployments to %s passed them",
		              maturity_count((int64_t)f->app->nsmoke, "smoke test", "smoke tests").text, t.good, t.n,
		              last->name);
	}
}

/* Hours in which users are at work; in UTC where nothing says where that is. */
struct usual { struct window standard; const struct window *windows; size_t n; };

static void usual_hours(const struct maturity_facts *f, struct usual *ret)
{
	const struct config_environment *last = maturity_last(f->app);
	const char *zone = last->nwindows ? last->windows[0].zone : "UTC";
	AUTO(mem_auto_free) char *text = mem_printf(USUAL_HOURS " %s", zone);

	*ret = (struct usual){ .windows = f->app->usual, .n = f->app->nusual };
	/* The zone was checked with the configuration. */
	if (!ret->n && window_parse(text, &ret->standard, NULL)) {
		ret->windows = &ret->standard;
		ret->n = 1;
	}
}

static bool is_usual(const struct usual *u, int64_t at)
{
	for (size_t i = 0; i < u->n; i++)
		if (window_is_open(&u->windows[i], at))
			return true;
	return false;
}

/* What moved the traffic inside the usual hours. */
struct inside {
	int all, n;                        /* changes; … inside */
	int64_t probes;                    /* its requests there */
	const struct metrics_change *noticed;      /* the last one inside that it did not prove harmless */
};

static struct inside count_inside(const struct maturity_facts *f, const struct config_environment *env)
{
	size_t n;
	const struct metrics_change *c = metrics_changes(f->metrics, f->app->name, env->name, f->from, f->to, &n);
	struct inside in = { 0 };
	struct usual usual;

	usual_hours(f, &usual);
	for (; n > 0; n--, c++) {
		in.all += c->state != DEPLOYMENT_RUNNING;
		if (c->state == DEPLOYMENT_RUNNING || !is_usual(&usual, c->at))
			continue;
		in.n++;
		in.probes += c->probes;
		if (!c->is_first && (!c->probes || c->probes_failed))
			in.noticed = c;
	}
	return in;
}

void maturity_outside_hours(const struct maturity_facts *f, struct maturity_verdict *v)
{
	const struct config_environment *last = maturity_last(f->app);
	struct inside in = count_inside(f, last);
	char at[CLOCK_ISO_SIZE];

	if (!in.all) {
		maturity_says(v, "%s has %s, but nothing was deployed to it in this period", last->name,
		              maturity_count((int64_t)last->nwindows, "window", "windows").text);
		maturity_deploy_to(last, v);
	} else if (in.noticed) {
		maturity_says(v, "%d of %d changes on %s were inside usual hours; of #%" PRId64 " at %s %" PRId64 " of %" PRId64
		              " requests failed",
		              in.n, in.all, last->name, in.noticed->id, clock_iso(in.noticed->at, at),
		              in.noticed->probes_failed, in.noticed->probes);
		if (last->nwindows)
			maturity_next(v, "let \"windows\" of environment \"%s\" in %s leave out the usual hours", last->name,
			              maturity_file(f->app));
		else
			maturity_add_to_environment(f, last, "\"windows\": [\"Mon-Thu 18:00-22:00 Europe/London\"]", v);
	} else if (in.n) {
		v->met = true;
		maturity_says(v, "%d of %d changes on %s were outside usual hours; users noticed nothing of the others: "
		              "0 of %" PRId64 " requests failed", in.all - in.n, in.all, last->name, in.probes);
	} else {
		v->met = true;
		maturity_says(v, "%d of %d changes on %s were outside usual hours", in.all, in.all, last->name);
	}
}
