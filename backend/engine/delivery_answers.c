#include <string.h>

#include "backend/base/json.h"
#include "backend/base/log.h"
#include "backend/base/mem.h"
#include "backend/engine/consistency.h"
#include "backend/engine/delivery_priv.h"
#include "backend/engine/engine_priv.h"
#include "backend/report/maturity.h"
#include "backend/report/metrics.h"

/* The application's object in the answer, begun when its first environment is. Borrowed. */
static json_t *app_of(struct delivery_ask *ask, const struct config_app *app)
{
	json_t *last = json_array_get(ask->apps, json_array_size(ask->apps) - 1);

	if (last && strcmp(json_text(last, "name"), app->name) == 0)
		return last;
	last = json_pack("{s:s, s:[]}", "name", app->name, "environments");
	json_array_append_new(ask->apps, last);
	return last;
}

/* Lead time is to where users are: the last environment that is not beside the pipeline. */
static bool is_last(const struct config_app *app, size_t environment)
{
	if (app->environments[environment].is_optional)
		return false;
	for (size_t i = environment + 1; i < app->nenvironments; i++)
		if (!app->environments[i].is_optional)
			return false;
	return true;
}

static void metrics_place(struct delivery *d, struct delivery_ask *ask, const struct delivery_place *place)
{
	const struct config_app *app = &ask->config->apps[place->app];
	const char *name = app->environments[place->environment].name;
	struct metrics_figures f;
	json_t *one;

	metrics_figures(d->metrics, app->name, name, ask->since, ask->now + 1, &f);
	one = metrics_json(&f);
	json_object_set_new(one, "name", json_string(name));
	json_object_set_new(one, "last", json_boolean(is_last(app, place->environment)));
	/* Of all of many applications it would be more than an answer holds, and nobody looks at it. */
	if (ask->app || ask->config->napps == 1)
		json_object_set_new(one, "history", metrics_history(d->metrics, app->name, name, ask->since, ask->now + 1));
	json_array_append_new(json_object_get(app_of(ask, app), "environments"), one);
}

static json_t *metrics_answer(struct delivery *d, struct delivery_ask *ask)
{
	return json_pack("{s:I, s:I, s:I, s:s, s:O}", "seq", (json_int_t)metrics_seq(d->metrics), "from",
	                 (json_int_t)ask->since, "to", (json_int_t)ask->now, "unit",
	                 metrics_by_week(ask->since, ask->now + 1) ? "week" : "day", "apps", ask->apps);
}

const struct delivery_kind delivery_metrics = { .nfamilies = 1, .place = metrics_place, .answer = metrics_answer };

/* An application is judged as a whole, when its last environment's turn comes. */
static void maturity_place(struct delivery *d, struct delivery_ask *ask, const struct delivery_place *place)
{
	const struct config_app *app = &ask->config->apps[place->app];
	AUTO(json_auto_decref) json_t *consistency = NULL;
	struct err err = { 0 };

	if (place->environment + 1 != app->nenvironments)
		return;
	if (!consistency_of(d->e, app, &consistency, &err))
		log_line(LOG_LEVEL_ERROR, "%s: %s", app->name, err.text);
	json_array_append_new(ask->apps, maturity_json(&(struct maturity_facts){
		.app = app, .metrics = d->metrics, .consistency = consistency, .from = ask->since, .to = ask->now + 1 }));
}

static json_t *maturity_answer(struct delivery *d, struct delivery_ask *ask)
{
	return json_pack("{s:I, s:I, s:I, s:O}", "seq", (json_int_t)metrics_seq(d->metrics), "from",
	                 (json_int_t)ask->since, "to", (json_int_t)ask->now, "apps", ask->apps);
}

const struct delivery_kind delivery_maturity = { .nfamilies = 1, .place = maturity_place, .answer = maturity_answer };
