#include "views/fleetrows.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/mem.h"
#include "views/select.h"
#include "views/state.h"

/* What is worth looking at first. */
enum urgency { URGENT_FAIL, URGENT_HELD, URGENT_RUN, URGENT_WAIT, URGENT_NONE };

struct key { size_t app; enum urgency urgency; int64_t changed; };

static enum urgency urgency_of(const char *word)
{
	static const struct { enum step_state state; enum urgency urgency; } rows[] = {
		{ STEP_FAIL, URGENT_FAIL }, { STEP_HELD, URGENT_HELD }, { STEP_RUN, URGENT_RUN }, { STEP_WAIT, URGENT_WAIT },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(step_state_word(rows[i].state), word) == 0)
			return rows[i].urgency;
	return URGENT_NONE;
}

static bool has(const char *text, const char *filter)
{
	return strcasestr(text, filter) != NULL;
}

static bool matches(const struct model_app *app, const char *filter)
{
	struct state s;

	if (!filter || !*filter || has(app->name, filter))
		return true;
	for (size_t i = 0; i < app->nenvironments; i++) {
		state_of_environment(&app->environments[i], &s);
		if (has(app->environments[i].live_version, filter) || has(s.word, filter))
			return true;
	}
	return false;
}

static void add_column(struct fleetrows *f, const char *name)
{
	for (size_t i = 0; i < f->ncolumns; i++)
		if (strcmp(f->columns[i], name) == 0)
			return;
	if (f->ncolumns < FLEET_COLUMNS_MAX)
		f->columns[f->ncolumns++] = name;
}

/* Where users are stands first in every application; the rest follows the one that has most. */
static void make_columns(const struct model_status *s, struct fleetrows *f)
{
	const struct model_app *largest = NULL;

	for (size_t i = 0; i < f->n; i++)
		if (!largest || s->apps[f->apps[i]].nenvironments > largest->nenvironments)
			largest = &s->apps[f->apps[i]];
	for (size_t k = 0; largest && k < largest->nenvironments; k++)
		add_column(f, select_environment_at(largest, (int64_t)k)->name);
	for (size_t i = 0; i < f->n; i++)
		for (size_t k = 0; k < s->apps[f->apps[i]].nenvironments; k++)
			add_column(f, select_environment_at(&s->apps[f->apps[i]], (int64_t)k)->name);
}

static void count(struct fleetrows *f, enum urgency urgency)
{
	f->fail += urgency == URGENT_FAIL;
	f->held += urgency == URGENT_HELD;
	f->run += urgency == URGENT_RUN;
	f->wait += urgency == URGENT_WAIT;
}

static struct key look_at(const struct model_status *s, size_t index, struct fleetrows *f)
{
	const struct model_app *app = &s->apps[index];
	struct key key = { .app = index, .urgency = URGENT_NONE };
	struct state state;

	for (size_t i = 0; i < app->nenvironments; i++) {
		const struct model_environment *e = &app->environments[i];
		enum urgency urgency;

		state_of_environment(e, &state);
		urgency = urgency_of(state.word);
		count(f, urgency);
		if (urgency < key.urgency)
			key.urgency = urgency;
		if (e->live_since > key.changed)
			key.changed = e->live_since;
	}
	return key;
}

static int by_place(const struct key *a, const struct key *b)
{
	return (a->app > b->app) - (a->app < b->app);
}

static int by_urgency(const void *x, const void *y)
{
	const struct key *a = x, *b = y;

	return a->urgency != b->urgency ? (int)a->urgency - (int)b->urgency : by_place(a, b);
}

static int by_change(const void *x, const void *y)
{
	const struct key *a = x, *b = y;

	return a->changed != b->changed ? (a->changed < b->changed) - (a->changed > b->changed) : by_place(a, b);
}

static int longer(int cols, const char *text)
{
	int len = (int)strlen(text);

	return len > cols ? len : cols;
}

static void measure(const struct model_app *app, struct fleetrows *ret)
{
	ret->name_cols = longer(ret->name_cols, app->name);
	for (size_t i = 0; i < app->nenvironments; i++)
		ret->version_cols = longer(ret->version_cols, app->environments[i].live_version);
}

void fleetrows_make(const struct model_status *s, const char *filter, enum fleet_order order, struct fleetrows *ret)
{
	struct key *keys = mem_array(s->napps + 1, sizeof *keys);
	size_t n = 0;

	ret->ncolumns = 0;
	ret->fail = ret->run = ret->held = ret->wait = ret->name_cols = ret->version_cols = 0;
	for (size_t i = 0; i < s->napps; i++)
		if (matches(&s->apps[i], filter))
			keys[n++] = look_at(s, i, ret);
	if (order != FLEET_AS_CONFIGURED)
		qsort(keys, n, sizeof *keys, order == FLEET_ATTENTION_FIRST ? by_urgency : by_change);
	for (ret->n = 0; ret->n < n; ret->n++) {
		ret->apps = mem_grow(ret->apps, ret->n, &ret->cap, sizeof *ret->apps);
		ret->apps[ret->n] = keys[ret->n].app;
		measure(&s->apps[keys[ret->n].app], ret);
	}
	make_columns(s, ret);
	free(keys);
}

void fleetrows_done(struct fleetrows *f)
{
	free(f->apps);
	*f = (struct fleetrows){ 0 };
}
