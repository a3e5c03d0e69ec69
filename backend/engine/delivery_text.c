/*
 * Prometheus text, version 0.0.4: prometheus.io/docs/instrumenting/exposition_formats. Counters are over the whole
 * journal, so they never go back; medians and rates are over the last 30 days.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "backend/base/buf.h"
#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/engine/delivery_priv.h"
#include "backend/engine/engine_priv.h"
#include "backend/report/metrics.h"

enum { RECENT_DAYS = 30 };

struct sample { struct metrics_figures all, recent; const struct environment *env; };

static double deployments(const struct sample *s) { return s->all.deployments; }
static double failed(const struct sample *s) { return s->all.failed; }
static double caught(const struct sample *s) { return s->all.caught; }
static double rollbacks(const struct sample *s) { return s->all.rollbacks; }
static double per_day(const struct sample *s) { return s->recent.per_day; }
static double failure_rate(const struct sample *s) { return s->recent.failure_rate; }
static double seconds(int64_t ms) { return ms < 0 ? -1 : (double)ms / 1000; }
static double lead(const struct sample *s) { return seconds(s->recent.lead_ms); }
static double from_build(const struct sample *s) { return s->recent.leads_from_build; }
static double restored(const struct sample *s) { return seconds(s->recent.restore_ms); }
static double unrestored(const struct sample *s) { return s->recent.unrestored; }
static double running(const struct sample *s) { return s->env && s->env->run; }
static double healthy(const struct sample *s) { return s->env && s->env->health_known ? s->env->health_ok : -1; }
static double attention(const struct sample *s) { return s->env && (s->env->attention || s->env->unrepaired || !s->env->denv); }

/* A value below 0 is unknown and is left out. */
static const struct {
	const char *name, *type, *help;
	double (*value)(const struct sample *s);
} families[] = {
	{ "slipway_deployments_total", "counter", "Deployments that got the traffic and kept it", deployments },
	{ "slipway_failed_changes_total", "counter", "Deployments that got the traffic and were taken back", failed },
	{ "slipway_caught_deployments_total", "counter", "Deployments that failed before they got any traffic", caught },
	{ "slipway_rollbacks_total", "counter", "Rollbacks that succeeded", rollbacks },
	{ "slipway_deployment_frequency_per_day", "gauge", "Deployments a day, over 30 days", per_day },
	{ "slipway_change_failure_ratio", "gauge", "Failed changes of all changes, over 30 days", failure_rate },
	{ "slipway_lead_time_seconds", "gauge", "Median from commit to live, over 30 days", lead },
	{ "slipway_lead_times_from_build", "gauge", "Builds of these without a commit time: from when built", from_build },
	{ "slipway_time_to_restore_seconds", "gauge", "Median from failed change to restored, over 30 days", restored },
	{ "slipway_unrestored_changes", "gauge", "Failed changes of 30 days that still have the traffic", unrestored },
	{ "slipway_environment_deploying", "gauge", "1 while a deployment runs", running },
	{ "slipway_environment_healthy", "gauge", "1 when what is live was healthy when it was last looked at", healthy },
	{ "slipway_environment_attention", "gauge", "1 while something needs a person", attention },
};

static void put_label(struct buf *b, const char *name, const char *value)
{
	buf_printf(b, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			buf_add_text(b, "\\");
		if (*value == '\n')
			buf_add_text(b, "\\n");
		else
			buf_add(b, value, 1);
	}
	buf_add_text(b, "\"");
}

static void put_head(struct buf *b, const char *name, const char *type, const char *help)
{
	buf_printf(b, "# HELP %s %s.\n# TYPE %s %s\n", name, help, name, type);
}

static void text_place(struct delivery *d, struct delivery_ask *ask, const struct delivery_place *place)
{
	const struct config_app *app = &ask->config->apps[place->app];
	const char *name = app->environments[place->environment].name;
	struct sample s = { .env = engine_environment(d->e, app->name, name, NULL) };
	double value;

	if (place->app == 0 && place->environment == 0)
		put_head(&ask->text, families[ask->family].name, families[ask->family].type, families[ask->family].help);
	metrics_figures(d->metrics, app->name, name, 0, INT64_MAX, &s.all);
	metrics_figures(d->metrics, app->name, name, ask->now - RECENT_DAYS * (int64_t)METRICS_DAY_MS, ask->now + 1,
	                &s.recent);
	value = families[ask->family].value(&s);
	if (value < 0)
		return;
	buf_printf(&ask->text, "%s{", families[ask->family].name);
	put_label(&ask->text, "application", app->name);
	buf_add_text(&ask->text, ",");
	put_label(&ask->text, "environment", name);
	buf_printf(&ask->text, "} %.10g\n", value);
}

static void put_one(struct buf *b, const char *name, const char *type, const char *help, double value)
{
	put_head(b, name, type, help);
	buf_printf(b, "%s %.15g\n", name, value);
}

static json_t *text_answer(struct delivery *d, struct delivery_ask *ask)
{
	struct buf *b = &ask->text;
	int64_t *ids = NULL;
	size_t unfinished = 0, under_way = 0;

	for (size_t i = 0; i < d->e->nenvironments; i++)
		under_way += d->e->environments[i]->run != NULL;
	if (!store_unfinished(d->e->store, &ids, &unfinished, NULL))
		unfinished = under_way;
	free(ids);
	put_one(b, "slipway_deployments_running", "gauge", "Deployments under way", (double)under_way);
	put_one(b, "slipway_deployments_waiting", "gauge", "Deployments that wait for their turn",
	        (double)(unfinished > under_way ? unfinished - under_way : 0));
	put_one(b, "slipway_journal_rows", "gauge", "Rows of the journal", (double)store_seq(d->e->store));
	put_one(b, "slipway_loop_slow_total", "counter", "How often something held the engine's loop for over 10 ms",
	        (double)loop_slow_count(d->e->loop));
	put_one(b, "slipway_config_valid", "gauge", "1 when the configuration on disk is the one in force",
	        json_array_size(d->e->mistakes) == 0);
	put_one(b, "slipway_start_time_seconds", "gauge", "When the engine started, since 1970 UTC",
	        (double)d->e->started_at / 1000);
	put_head(b, "slipway_info", "gauge", "The engine's version");
	buf_add_text(b, "slipway_info{version=\"" SLIPWAY_VERSION "\"} 1\n");
	return json_safe_string(b->data);
}

const struct delivery_kind delivery_text = {
	.nfamilies = ARRAY_LEN(families), .place = text_place, .answer = text_answer,
};
