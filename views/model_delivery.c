#include "views/model_delivery.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/clean.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"

static char *clean(const json_t *object, const char *key)
{
	return clean_dup(json_text(object, key), CLEAN_LINE);
}

static double number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_number(value) ? json_number_value(value) : -1;
}

static void metrics_done(struct model_delivery *d)
{
	for (size_t i = 0; i < d->nfigures; i++)
		free(d->figures[i].environment);
	free(d->figures);
	d->figures = NULL;
	d->nfigures = 0;
	d->metrics_known = false;
}

static void maturity_done(struct model_delivery *d)
{
	for (size_t i = 0; i < d->nindicators; i++) {
		free(d->indicators[i].text);
		free(d->indicators[i].evidence);
		free(d->indicators[i].next);
	}
	free(d->indicators);
	d->indicators = NULL;
	d->nindicators = 0;
	d->maturity_known = false;
}

void model_delivery_done(struct model_delivery *d)
{
	metrics_done(d);
	maturity_done(d);
	*d = (struct model_delivery){ 0 };
}

static void read_units(const json_t *history, struct model_figures *f)
{
	size_t all = json_array_size(history);

	for (size_t i = all > MODEL_DELIVERY_UNITS ? all - MODEL_DELIVERY_UNITS : 0; i < all; i++)
		f->units[f->nunits++] = (int)json_int(json_array_get(history, i), "deployments", 0);
}

void model_metrics_read(const json_t *answer, struct model_delivery *d)
{
	const json_t *app = json_array_get(json_object_get(answer, "apps"), 0), *one;
	const json_t *environments = json_object_get(app, "environments");
	size_t i;

	metrics_done(d);
	d->metrics_known = true;
	d->from = json_int(answer, "from", 0);
	d->to = json_int(answer, "to", 0);
	d->by_week = strcmp(json_text(answer, "unit"), "week") == 0;
	d->nfigures = json_array_size(environments);
	d->figures = mem_array(d->nfigures, sizeof *d->figures);
	json_array_foreach(environments, i, one) {
		d->figures[i] = (struct model_figures){
			.environment = clean(one, "name"), .per_day = number(one, "per_day"),
			.failure_rate = number(one, "failure_rate"), .changes = (int)json_int(one, "changes", 0),
			.failed = (int)json_int(one, "failed", 0), .caught = (int)json_int(one, "caught", 0),
			.rollbacks = (int)json_int(one, "rollbacks", 0), .lead_ms = json_int(one, "lead_ms", -1),
			.restore_ms = json_int(one, "restore_ms", -1), .leads = (int)json_int(one, "leads", 0),
			.leads_from_build = (int)json_int(one, "leads_from_build", 0),
		};
		read_units(json_object_get(one, "history"), &d->figures[i]);
	}
}

void model_maturity_read(const json_t *answer, struct model_delivery *d)
{
	const json_t *app = json_array_get(json_object_get(answer, "apps"), 0), *one;
	const json_t *indicators = json_object_get(app, "indicators");
	size_t i;

	maturity_done(d);
	d->maturity_known = true;
	d->level = (int)json_int(app, "level", 0);
	d->nindicators = json_array_size(indicators);
	d->indicators = mem_array(d->nindicators, sizeof *d->indicators);
	json_array_foreach(indicators, i, one)
		d->indicators[i] = (struct model_indicator){
			.level = (int)json_int(one, "level", 0), .met = json_flag(one, "met"), .text = clean(one, "text"),
			.evidence = clean(one, "evidence"), .next = clean(one, "next"),
		};
}
