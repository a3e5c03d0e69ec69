/*
 * model_delivery: what the console knows of delivery: the four keys of each environment and the maturity level. Like
 * model.h: cleaned and typed, a missing member is an absent fact.
 */
#ifndef VIEWS_MODEL_DELIVERY_H
#define VIEWS_MODEL_DELIVERY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MODEL_DELIVERY_UNITS = 62 };

struct model_figures {
	char *environment;
	double per_day, failure_rate;          /* failure_rate -1 unknown */
	int changes, failed, caught, rollbacks;
	int64_t lead_ms, restore_ms;           /* -1 unknown */
	int leads, leads_from_build;           /* builds of the lead time; … whose commit's time is unknown */
	int units[MODEL_DELIVERY_UNITS];       /* changes that succeeded, a day or week each; oldest first */
	size_t nunits;
};

struct model_indicator {
	int level;
	bool met;
	char *text, *evidence, *next;
};

/* Of one application. */
struct model_delivery {
	bool metrics_known, maturity_known;
	int64_t from, to;
	bool by_week;
	struct model_figures *figures;
	size_t nfigures;
	int level;
	struct model_indicator *indicators;
	size_t nindicators;
};

/* The answers to GET /v1/metrics and GET /v1/maturity about one application; each replaces what was of its kind. */
void model_metrics_read(const json_t *answer, struct model_delivery *d);
void model_maturity_read(const json_t *answer, struct model_delivery *d);
void model_delivery_done(struct model_delivery *d);

#endif
