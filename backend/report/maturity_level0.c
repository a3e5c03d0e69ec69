/* Level 0, left behind: copying by hand, uncertain outcomes, builds from a developer's machine, users who must stop. */
#include <inttypes.h>
#include <string.h>

#include "backend/report/maturity_priv.h"

void maturity_not_by_hand(const struct maturity_facts *f, struct maturity_verdict *v)
{
	const struct config_environment *env = maturity_drifted(f);
	size_t at = 0;
	int n = 0;

	if (env) {
		maturity_says(v, "what is live on %s is not what was deployed there: somebody else put it there", env->name);
		maturity_add_to_environment(f, env, "\"drift\": \"refuse\"", v);
		return;
	}
	while ((env = maturity_pipeline(f->app, &at))) {
		if (!maturity_ever_deployed(f, env)) {
			maturity_says(v, "the journal has no deployment to %s", env->name);
			maturity_deploy_to(env, v);
			return;
		}
		n += maturity_ever_deployed(f, env);
	}
	v->met = true;
	maturity_says(v, "%d deployments to all environments are in the journal, and what is live is what they brought", n);
}

void maturity_certain(const struct maturity_facts *f, struct maturity_verdict *v)
{
	const struct config_environment *last = maturity_last(f->app);
	int attention = maturity_seen(f, last).attention;

	if (f->app->verify_ms <= 0) {
		maturity_says(v, "nothing is watched after the switch");
		maturity_add(f, "\"verify\": {\"for\": \"30s\", \"failures\": 3}", v);
	} else if (attention) {
		maturity_says(v, "%s on %s ended without anybody knowing the state",
		              maturity_count(attention, "change", "changes").text, last->name);
		maturity_next(v, "see why and settle it: slipway history %s", last->name);
	} else if (!maturity_ever_deployed(f, last)) {
		maturity_says(v, "the journal has no deployment to %s", last->name);
		maturity_deploy_to(last, v);
	} else {
		v->met = true;
		maturity_says(v, "each switch is verified for %g s; all %d changes on %s ended in a known state",
		              (double)f->app->verify_ms / 1000, maturity_figures(f, last).changes, last->name);
	}
}

/* Users' environments: what comes there must come from CI. */
static bool must_be_signed(const struct maturity_facts *f, const struct config_environment *env)
{
	return env->is_protected || env == maturity_last(f->app);
}

static const struct config_environment *takes_unsigned(const struct maturity_facts *f)
{
	for (size_t i = 0; i < f->app->nenvironments; i++)
		if (must_be_signed(f, &f->app->environments[i]) && !f->app->environments[i].signatures_required)
			return &f->app->environments[i];
	return NULL;
}

/* The builds that had the environment's traffic in the period, and the last of them that nobody signed. */
static int count_stays(const struct maturity_facts *f, const struct config_environment *env,
                       const struct metrics_stay **ret_unsigned)
{
	size_t n;
	const struct metrics_stay *s = metrics_stays(f->metrics, f->app->name, env->name, &n);
	int ret = 0;

	for (; n > 0; n--, s++) {
		if (s->at >= f->to || (s->until && s->until <= f->from))
			continue;
		ret++;
		if (!metrics_build(f->metrics, f->app->name, s->digest).is_signed)
			*ret_unsigned = s;
	}
	return ret;
}

void maturity_built_elsewhere(const struct maturity_facts *f, struct maturity_verdict *v)
{
	const struct config_environment *last = maturity_last(f->app), *env = takes_unsigned(f);
	const struct metrics_stay *bad = NULL;
	int n = 0;

	if (env) {
		maturity_says(v, "%s takes builds that nobody signed", env->name);
		if (f->app->signers)
			maturity_add_to_environment(f, env, "\"signatures\": \"required\"", v);
		else
			maturity_next(v, "add \"signers\": \"allowed_signers\" and, to environment \"%s\", "
			              "\"signatures\": \"required\" in %s", env->name, maturity_file(f->app));
		return;
	}
	for (size_t i = 0; i < f->app->nenvironments && !bad; i++) {
		env = &f->app->environments[i];
		if (must_be_signed(f, env))
			n += count_stays(f, env, &bad);
	}
	if (bad) {
		maturity_says(v, "a build that nobody signed was live on %s in this period: #%" PRId64 " brought %.12s",
		              env->name, bad->id, bad->digest);
		maturity_next(v, "deploy one that is: slipway build add VERSION --sign KEY, slipway deploy VERSION %s",
		              env->name);
	} else if (!count_stays(f, last, &bad)) {
		maturity_never_deployed(last, "only builds that one of the signers signed are taken", v);
	} else {
		v->met = true;
		maturity_says(v, "each of %d times that a build came to be live on %s, one of the signers had signed it", n,
		              last->name);
	}
}

void maturity_users_go_on(const struct maturity_facts *f, struct maturity_verdict *v)
{
	const struct config_environment *last = maturity_last(f->app);
	struct metrics_evidence e = maturity_seen(f, last);

	if (!e.probes && strcmp(last->driver, "host") != 0) {
		maturity_says(v, "nothing shows that users of %s could go on: the %s driver has one slot", last->name,
		              last->driver);
		maturity_add_to_environment(f, last, "\"driver\": \"host\"", v);
	} else if (!e.probes) {
		maturity_says(v, "%s has two colours, but no request was sent through a switch of it in this period",
		              last->name);
		maturity_deploy_to(last, v);
	} else if (e.probes_failed) {
		maturity_says(v, "%" PRId64 " of %" PRId64 " requests failed in %d switches of %s", e.probes_failed, e.probes,
		              e.probed, last->name);
		maturity_drain_longer(f, last, v);
	} else {
		v->met = true;
		maturity_says(v, "traffic of %s moves between two colours; 0 of %" PRId64 " requests failed in %d switches",
		              last->name, e.probes, e.probed);
	}
}
