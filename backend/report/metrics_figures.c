#include "backend/report/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/report/metrics_priv.h"

/* 1970-01-05, the first Monday. */
#define FIRST_MONDAY_MS (4LL * METRICS_DAY_MS)

static int by_value(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

/* Of an even number of values the mean of the two in the middle, as whole milliseconds. -1 of none. */
static int64_t median(struct metrics_times *t)
{
	if (t->n == 0)
		return -1;
	qsort(t->at, t->n, sizeof *t->at, by_value);
	return t->n % 2 ? t->at[t->n / 2] : (t->at[t->n / 2 - 1] + t->at[t->n / 2]) / 2;
}

static void add(struct metrics_times *t, int64_t value)
{
	t->at = mem_grow(t->at, t->n, &t->cap, sizeof *t->at);
	t->at[t->n++] = value;
}

static int count_in(const struct metrics_times *t, int64_t from, int64_t to)
{
	int n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += t->at[i] >= from && t->at[i] < to;
	return n;
}

/* The first change at or after `at`: a history asks often, and they are by time. */
static size_t first_change(const struct metrics_environment *env, int64_t at)
{
	size_t low = 0, high = env->nchanges;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (env->changes[middle].at < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static double days(const struct metrics *m, int64_t from, int64_t to)
{
	int64_t begin = m->rows && m->first_at > from ? m->first_at : from;
	double n = (double)(to - begin) / METRICS_DAY_MS;

	return n < 1 ? 1 : n;
}

void metrics_figures(const struct metrics *m, const char *app, const char *environment, int64_t from, int64_t to,
                     struct metrics_figures *ret)
{
	const struct metrics_environment *env = metrics_find(m, app, environment);
	struct metrics_times leads = { 0 }, restores = { 0 };
	struct metrics_figures f = { .failure_rate = -1, .lead_ms = -1, .restore_ms = -1 };

	for (size_t i = env ? first_change(env, from) : 0; env && i < env->nchanges && env->changes[i].at < to; i++) {
		const struct metrics_change *c = &env->changes[i];

		if (c->state == DEPLOYMENT_RUNNING)
			continue;
		f.changes++;
		f.deployments += c->state == DEPLOYMENT_SUCCEEDED;
		f.failed += c->failed;
		f.unrestored += c->failed && !c->restored_at;
		if (c->lead_ms >= 0)
			add(&leads, c->lead_ms);
		f.leads_from_build += c->lead_ms >= 0 && c->lead_from_build;
		if (c->failed && c->restored_at)
			add(&restores, c->restored_at - c->hurt_at);
	}
	f.per_day = f.deployments / days(m, from, to);
	if (f.changes)
		f.failure_rate = (double)f.failed / f.changes;
	f.lead_ms = median(&leads);
	f.leads = (int)leads.n;
	f.restore_ms = median(&restores);
	if (env) {
		f.rollbacks = count_in(&env->rollbacks, from, to);
		f.caught = count_in(&env->caught, from, to);
	}
	free(leads.at);
	free(restores.at);
	*ret = f;
}

void metrics_evidence(const struct metrics *m, const char *app, const char *environment, int64_t from, int64_t to,
                      struct metrics_evidence *ret)
{
	const struct metrics_environment *env = metrics_find(m, app, environment);
	struct metrics_evidence e = { .slowest_switch_us = -1 };
	int64_t day = 0;
	int on_day = 0;

	for (size_t i = env ? first_change(env, from) : 0; env && i < env->nchanges && env->changes[i].at < to; i++) {
		const struct metrics_change *c = &env->changes[i];

		e.attention += c->state == DEPLOYMENT_ATTENTION;
		e.probed += c->probed;
		e.probes += c->probes;
		e.probes_failed += c->probes_failed;
		if (c->switch_us > e.slowest_switch_us)
			e.slowest_switch_us = c->switch_us;
		if (c->state != DEPLOYMENT_SUCCEEDED)
			continue;
		e.automatic += c->kind == KIND_AUTOMATIC;
		e.scheduled += c->kind == KIND_SCHEDULED;
		e.smoked += c->smoked;
		e.accepted += c->accepted;
		if (c->accepted)
			e.acceptance_tests = c->acceptance_tests;
		on_day = metrics_unit_begin(c->at, false) == day ? on_day + 1 : 1;
		day = metrics_unit_begin(c->at, false);
		if (on_day > e.busiest_day)
			e.busiest_day = on_day;
	}
	if (env) {
		e.approvals = count_in(&env->approvals, from, to);
		e.features = count_in(&env->features, from, to);
		e.drifts = (int)json_object_size(env->drifts);
	}
	*ret = e;
}

const struct metrics_change *metrics_changes(const struct metrics *m, const char *app, const char *environment,
                                             int64_t from, int64_t to, size_t *ret_n)
{
	const struct metrics_environment *env = metrics_find(m, app, environment);
	size_t first = env ? first_change(env, from) : 0, end = env ? first_change(env, to) : 0;

	*ret_n = end - first;
	return end > first ? &env->changes[first] : NULL;
}

const struct metrics_stay *metrics_stays(const struct metrics *m, const char *app, const char *environment,
                                         size_t *ret_n)
{
	const struct metrics_environment *env = metrics_find(m, app, environment);

	*ret_n = env ? env->nstays : 0;
	return env ? env->stays : NULL;
}

int64_t metrics_good_since(const struct metrics *m, const char *app, const char *environment, const char *digest)
{
	const struct metrics_environment *env = metrics_find(m, app, environment);

	return env ? json_int(env->good, digest, -1) : -1;
}

struct metrics_build metrics_build(const struct metrics *m, const char *app, const char *digest)
{
	AUTO(mem_auto_free) char *key = mem_printf("%s\n%s", app, digest);
	const json_t *built = json_object_get(m->built, key);

	return (struct metrics_build){ json_flag(built, "signed"), json_flag(built, "tested") };
}

bool metrics_by_week(int64_t from, int64_t to)
{
	return (to - from) / METRICS_DAY_MS > METRICS_DAYS_MOST;
}

static int64_t floor_to(int64_t at, int64_t unit)
{
	int64_t rest = at % unit;

	return rest < 0 ? at - rest - unit : at - rest;
}

int64_t metrics_unit_begin(int64_t at, bool by_week)
{
	return by_week ? FIRST_MONDAY_MS + floor_to(at - FIRST_MONDAY_MS, 7LL * METRICS_DAY_MS)
	               : floor_to(at, METRICS_DAY_MS);
}

static json_t *or_null(int64_t value)
{
	return value < 0 ? json_null() : json_integer(value);
}

/* To four places: what a person compares, and the same in every locale and build. */
static json_t *ratio(double value)
{
	return value < 0 ? json_null() : json_real((double)(int64_t)(value * 10000 + 0.5) / 10000);
}

json_t *metrics_json(const struct metrics_figures *f)
{
	return json_pack("{s:i, s:o, s:i, s:i, s:o, s:o, s:o, s:i, s:i, s:i, s:i, s:i}", "deployments", f->deployments, "per_day",
	                 ratio(f->per_day), "changes", f->changes, "failed", f->failed, "failure_rate",
	                 ratio(f->failure_rate), "lead_ms", or_null(f->lead_ms), "restore_ms", or_null(f->restore_ms),
	                 "unrestored", f->unrestored, "rollbacks", f->rollbacks, "caught", f->caught, "leads",
	                 f->leads, "leads_from_build", f->leads_from_build);
}

json_t *metrics_history(const struct metrics *m, const char *app, const char *environment, int64_t from, int64_t to)
{
	bool by_week = metrics_by_week(from, to);
	int64_t unit = (by_week ? 7LL : 1LL) * METRICS_DAY_MS, begin = metrics_unit_begin(from, by_week);
	json_t *ret = json_array();

	for (int i = 0; begin < to && i < METRICS_UNITS_MOST; i++, begin += unit) {
		struct metrics_figures f;
		json_t *one;

		metrics_figures(m, app, environment, begin, begin + unit, &f);
		one = metrics_json(&f);
		json_object_set_new(one, "from", json_integer(begin));
		json_array_append_new(ret, one);
	}
	return ret;
}
