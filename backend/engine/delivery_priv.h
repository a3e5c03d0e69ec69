/* The inside of delivery: delivery.c walks, delivery_answers.c and delivery_text.c put into words. */
#ifndef ENGINE_DELIVERY_PRIV_H
#define ENGINE_DELIVERY_PRIV_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/base/buf.h"
#include "backend/config/config.h"
#include "backend/engine/engine.h"

struct loop_timer;
struct metrics;

enum { DELIVERY_TEXT_MAX = 8 * 1024 * 1024 };

enum delivery_what { DELIVERY_METRICS, DELIVERY_MATURITY, DELIVERY_TEXT };

/* Indexes into a configuration. */
struct delivery_place { size_t app, environment; };

struct delivery_ask {
	enum delivery_what what;
	char *app;                         /* NULL: all */
	int64_t since, now;
	engine_answer_fn fn;
	void *arg;
	struct delivery_ask *next;

	const struct config *config;       /* in which `at` counts */
	struct delivery_place at;          /* what is done next */
	size_t family;
	json_t *apps;                      /* what is done */
	struct buf text;
};

struct delivery {
	struct engine *e;
	struct metrics *metrics;
	struct loop_timer *timer;
	struct delivery_ask *asks;         /* in order of arrival */
};

/* How an answer is made: all environments of the configuration, once for each family, a few at a time. */
struct delivery_kind {
	size_t nfamilies;
	void (*place)(struct delivery *d, struct delivery_ask *ask, const struct delivery_place *place);
	json_t *(*answer)(struct delivery *d, struct delivery_ask *ask);       /* yours */
};

extern const struct delivery_kind delivery_metrics, delivery_maturity, delivery_text;

#endif
