#include "backend/engine/delivery.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/clock.h"
#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/engine/delivery_priv.h"
#include "backend/engine/engine_priv.h"
#include "backend/report/metrics.h"

enum { SLICE_MS = 4, SLICE_ROWS = 50 };        /* the loop is held for no more than 10 ms by anything */

static void finish_first(struct delivery *d, const json_t *answer, const struct err *err)
{
	struct delivery_ask *ask = d->asks;

	d->asks = ask->next;
	ask->fn(ask->arg, err ? err_http_status(err->kind) : 200, answer, err);
	json_decref(ask->apps);
	buf_done(&ask->text);
	free(ask->app);
	free(ask);
}

/* false when the journal cannot be read. *ret_end: all that was committed is read. */
static bool read_slice(struct delivery *d, bool *ret_end, struct err *err)
{
	int64_t until = clock_mono_ms() + SLICE_MS;

	do {
		AUTO(json_auto_decref) json_t *rows = NULL;

		if (!store_rows(d->e->store, metrics_seq(d->metrics), SLICE_ROWS, &rows, err))
			return false;
		for (size_t i = 0; i < json_array_size(rows); i++)
			metrics_row(d->metrics, json_array_get(rows, i));
		*ret_end = json_array_size(rows) < SLICE_ROWS;
	} while (!*ret_end && clock_mono_ms() < until);
	return true;
}

static bool is_asked_for(const struct delivery_ask *ask, const struct config_app *app)
{
	return !ask->app || strcmp(ask->app, app->name) == 0;
}

/* The next environment that the ask is about; false at the end of the configuration. */
static bool next_place(const struct delivery_ask *ask, struct delivery_place *ret)
{
	const struct config *config = ask->config;
	size_t app = ask->at.app, environment = ask->at.environment;

	while (config && app < config->napps) {
		if (is_asked_for(ask, &config->apps[app]) && environment < config->apps[app].nenvironments) {
			*ret = (struct delivery_place){ app, environment };
			return true;
		}
		app++;
		environment = 0;
	}
	return false;
}

static void begin_anew(struct delivery *d, struct delivery_ask *ask)
{
	json_decref(ask->apps);
	ask->apps = json_array();
	buf_clear(&ask->text);
	ask->at = (struct delivery_place){ 0 };
	ask->family = 0;
	ask->config = d->e->config;
}

/* Works on the first ask for a slice; the answer is made when its last environment is done. */
static void answer_slice(struct delivery *d)
{
	static const struct delivery_kind *const kinds[] = {
		[DELIVERY_METRICS] = &delivery_metrics, [DELIVERY_MATURITY] = &delivery_maturity,
		[DELIVERY_TEXT] = &delivery_text,
	};
	struct delivery_ask *ask = d->asks;
	const struct delivery_kind *kind = kinds[ask->what];
	int64_t until = clock_mono_ms() + SLICE_MS;
	struct delivery_place place;
	json_t *answer;

	/* The configuration was changed in between: what is counted so far is of the former one. */
	if (!ask->apps || ask->config != d->e->config)
		begin_anew(d, ask);
	do {
		if (next_place(ask, &place)) {
			kind->place(d, ask, &place);
			ask->at = (struct delivery_place){ place.app, place.environment + 1 };
		} else if (++ask->family < kind->nfamilies) {
			ask->at = (struct delivery_place){ 0 };
		} else {
			answer = kind->answer(d, ask);
			finish_first(d, answer, NULL);
			json_decref(answer);
			return;
		}
	} while (clock_mono_ms() < until);
}

static void turn(void *arg)
{
	struct delivery *d = arg;
	struct err err = { 0 };
	bool end = false;

	if (!read_slice(d, &end, &err)) {
		while (d->asks)
			finish_first(d, NULL, &err);
		return;
	}
	if (end)
		answer_slice(d);
	if (d->asks)
		loop_timer_set(d->timer, 0);
}

static void add_ask(struct delivery *d, const struct delivery_ask *what)
{
	struct delivery_ask *ask = mem_alloc(sizeof *ask), **last = &d->asks;

	*ask = *what;
	ask->app = what->app && *what->app ? mem_dup(what->app) : NULL;
	ask->now = engine_now(d->e);
	buf_init(&ask->text, DELIVERY_TEXT_MAX);
	while (*last)
		last = &(*last)->next;
	*last = ask;
	loop_timer_set(d->timer, 0);
}

static bool check_app(const struct engine *e, const char *app, struct err *err)
{
	return !app || !*app || config_app(e->config, app)
		|| err_set(err, ERR_NOT_FOUND, "there is no application \"%s\" in the configuration", app);
}

static void ask_about(struct engine *e, const struct delivery_ask *ask)
{
	struct err err = { 0 };

	if (check_app(e, ask->app, &err))
		add_ask(e->delivery, ask);
	else
		ask->fn(ask->arg, err_http_status(err.kind), NULL, &err);
}

void engine_metrics(struct engine *e, const char *app, int64_t since, engine_answer_fn fn, void *arg)
{
	ask_about(e, &(struct delivery_ask){ .what = DELIVERY_METRICS, .app = (char *)app, .since = since, .fn = fn,
	                                     .arg = arg });
}

void engine_maturity(struct engine *e, const char *app, int64_t since, engine_answer_fn fn, void *arg)
{
	ask_about(e, &(struct delivery_ask){ .what = DELIVERY_MATURITY, .app = (char *)app, .since = since, .fn = fn,
	                                     .arg = arg });
}

void engine_metrics_text(struct engine *e, engine_answer_fn fn, void *arg)
{
	add_ask(e->delivery, &(struct delivery_ask){ .what = DELIVERY_TEXT, .fn = fn, .arg = arg });
}

struct delivery *delivery_new(struct engine *e)
{
	struct delivery *d = mem_alloc(sizeof *d);

	d->e = e;
	d->metrics = metrics_new();
	d->timer = loop_timer_new(e->loop, turn, d);
	return d;
}

void delivery_free(struct delivery *d)
{
	struct err err = { 0 };

	if (!d)
		return;
	err_set(&err, ERR_UNREACHABLE, "the engine ends");
	while (d->asks)
		finish_first(d, NULL, &err);
	loop_timer_free(d->timer);
	metrics_free(d->metrics);
	free(d);
}
