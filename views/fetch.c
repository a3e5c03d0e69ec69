#include "views/fetch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "tui/list.h"
#include "views/console.h"
#include "views/escape.h"
#include "views/select.h"
#include "views/view.h"

enum { BUILDS_PAGE = 100, GROUPS_PAGE = 20, RESULTS_PAGE = 500, HISTORY_MAX = 500 };

void fetch_want(struct console *c, enum fetch_id id)
{
	c->fetches[id].dirty = true;
}

void fetch_want_all(struct console *c)
{
	for (int i = 0; i < FETCH_COUNT; i++)
		c->fetches[i].dirty = true;
}

void fetch_renew(struct console *c, enum fetch_id id)
{
	c->fetches[id].dirty = true;
	c->fetches[id].outdated = c->fetches[id].request != 0;
}

void fetch_forget(struct console *c)
{
	for (int i = 0; i < FETCH_COUNT; i++)
		c->fetches[i] = (struct fetch){ .dirty = true };
}

void fetch_row(struct console *c, const char *type)
{
	static const struct { const char *prefix; unsigned what; } rows[] = {
		{ "build.", 1 << FETCH_BUILDS },
		{ "environment.live", 1 << FETCH_BUILDS | 1 << FETCH_HISTORY },
		{ "deployment.", 1 << FETCH_HISTORY | 1 << FETCH_DEPLOYMENT | 1 << FETCH_LOG | 1 << FETCH_RESULTS },
		{ "step.", 1 << FETCH_DEPLOYMENT | 1 << FETCH_LOG | 1 << FETCH_RESULTS },
		{ "config.", 1 << FETCH_BUILDS | 1 << FETCH_HISTORY | 1 << FETCH_METRICS | 1 << FETCH_MATURITY
		  | 1 << FETCH_CONSISTENCY },
		{ "deployment.finished", 1 << FETCH_METRICS | 1 << FETCH_MATURITY },
		{ "drift.", 1 << FETCH_MATURITY },
		{ "feature.", 1 << FETCH_MATURITY },
		{ "environment.live", 1 << FETCH_CONSISTENCY },
		{ "facts.", 1 << FETCH_CONSISTENCY },
		{ "deployment.", 1 << FETCH_GROUPS },
		{ "release.", 1 << FETCH_GROUPS },
	};

	fetch_want(c, FETCH_STATUS);
	/* After a restart of the engine a step may run again: its results are counted anew. */
	if (strcmp(type, "deployment.recovered") == 0)
		results_empty(&c->results);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (int id = 0; id < FETCH_COUNT; id++)
			if (strncmp(type, rows[i].prefix, strlen(rows[i].prefix)) == 0 && (rows[i].what & 1u << id))
				fetch_want(c, (enum fetch_id)id);
}

static char *builds_path(const struct console *c)
{
	AUTO(buf_done) struct buf b = { 0 };
	int64_t first = 0, n = 0;

	if (!select_app(c))
		return NULL;
	if (!list_wants(c->build_list, &first, &n)) {
		first = (int64_t)c->builds.offset;
		n = (int64_t)c->builds.n;
	}
	buf_init(&b, 4096);
	buf_add_text(&b, "/v1/builds?app=");
	escape_put(&b, c->app);
	if (c->query) {
		buf_add_text(&b, "&q=");
		escape_put(&b, c->query);
	}
	buf_printf(&b, "&offset=%" PRId64 "&limit=%" PRId64, first, n < BUILDS_PAGE ? BUILDS_PAGE : n);
	return buf_detach(&b);
}

static char *deployment_path(const struct console *c)
{
	const struct model_deployment *d = select_deployment(c);
	int64_t id = select_screen(c)->deployment;

	/* What the status tells already needs no question of its own. */
	if (!id || (d && d != &c->deployment))
		return NULL;
	return mem_printf("/v1/deployments/%" PRId64, id);
}

char *fetch_build_path(const struct console *c, const char *version)
{
	AUTO(buf_done) struct buf b = { 0 };

	buf_init(&b, 4096);
	buf_add_text(&b, "/v1/builds/");
	escape_put(&b, version);
	buf_add_text(&b, "?app=");
	escape_put(&b, c->app);
	return buf_detach(&b);
}

static char *results_path(const struct console *c)
{
	if (!c->results_build && c->results.deployment)
		return mem_printf("/v1/deployments/%" PRId64 "/tests?from=%zu&limit=%d", c->results.deployment, c->results.n + 1,
		                  RESULTS_PAGE);
	return c->results_build && c->app ? fetch_build_path(c, c->results_build) : NULL;
}

/* The window's next piece: what was asked for by scrolling, else what was written since. */
static char *log_path(const struct console *c)
{
	const struct logtext *l = &c->log;
	const struct model_deployment *d = select_deployment(c);
	int64_t size = d && d->log_size > l->size ? d->log_size : l->size, from = l->end, limit = LOGTEXT_PAGE;

	if (!l->deployment)
		return NULL;
	if (c->log_wanted >= 0) {
		from = c->log_wanted;
		if (l->known && from < l->from && l->from - from < limit)
			limit = l->from - from;
	} else if (!l->known || size - l->end > LOGTEXT_MAX) {
		from = size > LOGTEXT_PAGE ? size - LOGTEXT_PAGE : 0;
	} else if (size <= l->end) {
		return NULL;
	}
	return mem_printf("/v1/deployments/%" PRId64 "/log?from=%" PRId64 "&limit=%" PRId64, l->deployment, from, limit);
}

static char *history_path(struct console *c)
{
	AUTO(buf_done) struct buf b = { 0 };
	int64_t bottom = list_top(c->history_list) + c->rows;
	size_t limit = c->history.n > CONSOLE_HISTORY_PAGE ? c->history.n : CONSOLE_HISTORY_PAGE;

	if (!select_app(c))
		return NULL;
	c->history_older = c->history.known && !c->history_end && bottom >= (int64_t)c->history.n;
	buf_init(&b, 4096);
	buf_add_text(&b, "/v1/deployments?app=");
	escape_put(&b, c->app);
	if (c->history_older && c->history.n)
		buf_printf(&b, "&before=%" PRId64 "&limit=%d", c->history.items[c->history.n - 1].id, CONSOLE_HISTORY_PAGE);
	else
		buf_printf(&b, "&limit=%zu", limit > HISTORY_MAX ? HISTORY_MAX : limit);
	return buf_detach(&b);
}

static char *app_path(const struct console *c, const char *what)
{
	AUTO(buf_done) struct buf b = { 0 };

	if (!select_app(c))
		return NULL;
	buf_init(&b, 4096);
	buf_printf(&b, "/v1/%s?app=", what);
	escape_put(&b, c->app);
	return buf_detach(&b);
}

static char *path_of(struct console *c, enum fetch_id id)
{
	switch (id) {
	case FETCH_STATUS: return mem_dup("/v1/status");
	case FETCH_BUILDS: return builds_path(c);
	case FETCH_DEPLOYMENT: return deployment_path(c);
	case FETCH_RESULTS: return results_path(c);
	case FETCH_LOG: return log_path(c);
	case FETCH_HISTORY: return history_path(c);
	case FETCH_METRICS: return app_path(c, "metrics");
	case FETCH_MATURITY: return app_path(c, "maturity");
	case FETCH_CONSISTENCY: return app_path(c, "consistency");
	case FETCH_GROUPS: return mem_printf("/v1/releases?limit=%d", GROUPS_PAGE);
	case FETCH_COUNT: break;
	}
	return NULL;
}

void fetch_pump(struct console *c, bool hurry, struct effects *effects)
{
	unsigned needs = 1 << FETCH_STATUS;

	if (!c->connected || c->frozen)
		return;
	if (select_screen(c)->view->needs)
		needs |= select_screen(c)->view->needs(c);
	for (int id = 0; id < FETCH_COUNT; id++) {
		struct fetch *f = &c->fetches[id];
		char *path;

		if (!f->dirty || f->request || !(needs & 1u << id))
			continue;
		/* Nothing else is asked before it is known what there is. */
		if (id != FETCH_STATUS && !c->status.known)
			continue;
		path = lookback_path(c, path_of(c, (enum fetch_id)id));
		f->dirty = false;
		if (!path)
			continue;
		f->request = ++c->last_request;
		f->outdated = false;
		f->hurried = hurry;
		effects_send(effects, f->request, "GET", path, NULL);
	}
}

static void take_results(struct console *c, const json_t *answer)
{
	AUTO(json_auto_decref) json_t *page = NULL;

	size_t before = c->results.n;

	if (!c->results_build) {
		results_read(&c->results, answer);
		if (results_lack(&c->results) && c->results.n > before)
			fetch_want(c, FETCH_RESULTS);
		return;
	}
	/* A build's results stand in its own answer, without numbers. */
	page = json_object();
	json_object_set_new(page, "total", json_integer((json_int_t)json_array_size(json_object_get(answer, "results"))));
	json_object_set_new(page, "results", json_array());
	for (size_t i = 0; i < json_array_size(json_object_get(answer, "results")); i++) {
		json_t *result = json_copy(json_array_get(json_object_get(answer, "results"), i));

		json_object_set_new(result, "n", json_integer((json_int_t)i + 1));
		json_array_append_new(json_object_get(page, "results"), result);
	}
	results_done(&c->results);
	results_read(&c->results, page);
}

static void take_log(struct console *c, const json_t *answer)
{
	const char *text = json_text(answer, "text");
	int64_t from = json_int(answer, "from", 0);
	int64_t end = json_int(answer, "next", from + (int64_t)strlen(text)), before = c->log.end;

	logtext_put(&c->log, from, end, text, json_int(answer, "size", 0));
	c->log_wanted = -1;
	if (c->log_view.follow && c->log.end < c->log.size && c->log.end > before)
		fetch_want(c, FETCH_LOG);
}

static void take_history(struct console *c, const json_t *answer)
{
	size_t before = c->history.n;

	model_history_read(answer, c->history_older, &c->history);
	c->history_end = c->history_older ? c->history.n - before < CONSOLE_HISTORY_PAGE
	                                  : c->history.n < CONSOLE_HISTORY_PAGE;
	list_set(c->history_list, (int64_t)c->history.n, 0, (int64_t)c->history.n, select_history_id, c);
}

static void take(struct console *c, enum fetch_id id, const json_t *answer)
{
	switch (id) {
	case FETCH_STATUS:
		model_status_read(answer, &c->status);
		lookback_told(c);
		/* A deployment that is looked at may just have fallen out of it. */
		fetch_want(c, FETCH_DEPLOYMENT);
		break;
	case FETCH_BUILDS:
		model_builds_read(answer, &c->builds);
		list_set(c->build_list, (int64_t)c->builds.total, (int64_t)c->builds.offset, (int64_t)c->builds.n,
		         select_build_id, c);
		break;
	case FETCH_DEPLOYMENT:
		model_deployment_read(answer, &c->deployment);
		break;
	case FETCH_RESULTS:
		take_results(c, answer);
		break;
	case FETCH_LOG:
		take_log(c, answer);
		break;
	case FETCH_HISTORY:
		take_history(c, answer);
		break;
	case FETCH_METRICS:
		model_metrics_read(answer, &c->delivery);
		break;
	case FETCH_MATURITY:
		model_maturity_read(answer, &c->delivery);
		break;
	case FETCH_CONSISTENCY:
		compare_read(answer, c->app, &c->compare);
		break;
	case FETCH_GROUPS:
		model_releases_read(answer, &c->releases);
		break;
	case FETCH_COUNT:
		break;
	}
}

bool fetch_answer(struct console *c, const struct console_event *e)
{
	for (int id = 0; id < FETCH_COUNT; id++) {
		struct fetch *f = &c->fetches[id];

		if (!f->request || f->request != e->request)
			continue;
		f->request = 0;
		if (f->outdated || c->frozen) {
			f->outdated = false;
			f->dirty = true;
		} else if (e->err) {
			messages_error(&c->messages, e->wall_ms, "%s", e->err->text);
			/* What failed is not asked for again and again; a row or a key does. */
			c->history_end = c->history_end || id == FETCH_HISTORY;
			c->dirty = true;
		} else {
			take(c, (enum fetch_id)id, e->answer);
			c->dirty = true;
			c->urgent = c->urgent || f->hurried;
		}
		return true;
	}
	return false;
}
