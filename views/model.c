#include "views/model.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/clean.h"
#include "backend/base/clock.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"

enum { MIGRATIONS_MAX = 4000 };

static char *line(const json_t *object, const char *key)
{
	return clean_dup(json_text(object, key), CLEAN_LINE);
}

static int small(const json_t *object, const char *key, int otherwise)
{
	int64_t n = json_int(object, key, otherwise);

	return n < -1 ? -1 : n > INT32_MAX ? INT32_MAX : (int)n;
}

/* An array of strings, cleaned; yours. */
static char **lines(const json_t *array, size_t *ret_n)
{
	size_t n = json_array_size(array);
	char **list = mem_array(n + 1, sizeof *list);

	for (size_t i = 0; i < n; i++)
		list[i] = clean_dup(json_string_value(json_array_get(array, i)), CLEAN_LINE);
	*ret_n = n;
	return list;
}

static void lines_done(char **list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i]);
	free(list);
}

void model_totals_read(const json_t *totals, struct model_totals *ret)
{
	*ret = (struct model_totals){
		.known = json_is_object(totals),
		.ok = small(totals, "ok", 0),
		.fail = small(totals, "fail", 0),
		.skip = small(totals, "skip", 0),
		.todo = small(totals, "todo", 0),
		.planned = small(totals, "planned", -1),
	};
}

/* The build that the environment does not take by itself yet. Yours. */
static char *next_text(const json_t *next)
{
	int64_t clears = json_int(next, "clears_at", 0);
	char iso[CLOCK_ISO_SIZE] = "";

	if (!clears)
		return mem_printf("automatic: %s does not pass %s: %s", json_text(next, "version"), json_text(next, "gate"),
		                  json_text(next, "why"));
	return mem_printf("automatic: %s waits for %s until %.16sZ: %s", json_text(next, "version"), json_text(next, "gate"),
	                  clock_iso(clears, iso), json_text(next, "why"));
}

/* A lock keeps out whoever does not hold it; the engine's own list of hindrances says for whom. */
static char *remark_read(const json_t *environment, const struct model_lock *lock)
{
	const json_t *paused = json_object_get(environment, "paused"), *next = json_object_get(environment, "next");
	AUTO(mem_auto_free) char *text = NULL;

	if (lock->owner)
		text = model_lock_text(lock);
	else if (*json_text(environment, "drift"))
		text = mem_printf("drift: %s", json_text(environment, "drift"));
	else if (json_is_object(paused))
		text = mem_printf("automation is paused: %s", json_text(paused, "why"));
	else if (next && !json_is_null(next))
		text = next_text(next);
	return clean_dup(text, CLEAN_LINE);
}

static void step_read(const json_t *answer, struct model_step *ret)
{
	ret->stage = STAGE_GATE;
	ret->state = STEP_WAIT;
	stage_parse(json_text(answer, "stage"), &ret->stage);
	step_state_parse(json_text(answer, "state"), &ret->state);
	ret->started = json_int(answer, "started", 0);
	ret->ended = json_int(answer, "ended", 0);
	ret->deadline_ms = json_int(answer, "deadline_ms", 0);
	ret->message = line(answer, "message");
	ret->layer = line(answer, "layer");
	ret->tail = clean_dup(json_text(answer, "tail"), CLEAN_TEXT);
	model_totals_read(json_object_get(answer, "tests"), &ret->tests);
}

void model_deployment_done(struct model_deployment *d)
{
	char *texts[] = {
		d->app, d->environment, d->version, d->digest, d->from, d->actor, d->reason, d->message, d->layer, d->blocked,
		d->release, d->plan_hash, d->override, d->place,
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		free(texts[i]);
	for (size_t i = 0; i < d->nsteps; i++) {
		free(d->steps[i].message);
		free(d->steps[i].layer);
		free(d->steps[i].tail);
	}
	free(d->steps);
	model_blockers_done(&d->blockers);
	model_approvals_done(&d->approvals);
	*d = (struct model_deployment){ 0 };
}

static char *release_read(const json_t *place)
{
	AUTO(mem_auto_free) char *text = !json_is_object(place) ? mem_dup("")
		: mem_printf("release %lld %s %d/%d", (long long)json_int(place, "id", 0), json_text(place, "group"),
		             small(place, "index", 0), small(place, "of", 0));

	return clean_dup(text, CLEAN_LINE);
}

/* Who asked for it is who passed over the windows: it stays with whatever is told of it. */
static char *override_read(const json_t *answer)
{
	AUTO(mem_auto_free) char *text = override_words(json_text(answer, "actor"), json_text(answer, "override"));

	return clean_dup(text, CLEAN_LINE);
}

static char *place_read(const json_t *answer)
{
	AUTO(mem_auto_free) char *text = queue_place(small(answer, "position", 0), small(answer, "queue_size", 0),
	                                             json_text(answer, "environment"));

	return clean_dup(text, CLEAN_LINE);
}

void model_deployment_read(const json_t *answer, struct model_deployment *ret)
{
	const json_t *steps = json_object_get(answer, "steps");

	model_deployment_done(ret);
	if (!json_is_object(answer))
		return;
	ret->id = json_int(answer, "id", 0);
	ret->app = line(answer, "app");
	ret->environment = line(answer, "environment");
	ret->version = line(answer, "version");
	ret->digest = line(answer, "digest");
	ret->from = line(answer, "from");
	kind_parse(json_text(answer, "kind"), &ret->kind);
	/* A state that this console does not know is one to look at, never one to take for success. */
	ret->state = DEPLOYMENT_ATTENTION;
	deployment_state_parse(json_text(answer, "state"), &ret->state);
	ret->actor = line(answer, "actor");
	ret->reason = line(answer, "reason");
	ret->message = line(answer, "message");
	ret->layer = line(answer, "layer");
	ret->override = override_read(answer);
	ret->place = place_read(answer);
	ret->release = release_read(json_object_get(answer, "release"));
	model_blockers_read(json_object_get(answer, "blocked"), &ret->blockers);
	ret->blocked = model_blockers_text(&ret->blockers);
	ret->uid = json_int(answer, "uid", -1);
	ret->plan_hash = line(answer, "plan_hash");
	model_approvals_read(json_object_get(answer, "approvals"), &ret->approvals);
	ret->not_before = json_int(answer, "not_before", 0);
	ret->requested = json_int(answer, "requested", 0);
	ret->started = json_int(answer, "started", 0);
	ret->ended = json_int(answer, "ended", 0);
	ret->log_size = json_int(answer, "log_size", 0);
	model_totals_read(json_object_get(answer, "tests"), &ret->tests);
	ret->nsteps = json_array_size(steps);
	ret->steps = mem_array(ret->nsteps + 1, sizeof *ret->steps);
	for (size_t i = 0; i < ret->nsteps; i++)
		step_read(json_array_get(steps, i), &ret->steps[i]);
}

bool model_deployment_is_over(const struct model_deployment *d)
{
	return d->id == 0 || deployment_state_is_over(d->state);
}

const struct model_step *model_deployment_step(const struct model_deployment *d)
{
	for (size_t i = 0; i < d->nsteps; i++)
		if (d->steps[i].state == STEP_RUN || d->steps[i].state == STEP_HELD)
			return &d->steps[i];
	for (size_t i = 0; i < d->nsteps; i++)
		if (d->steps[i].state == STEP_FAIL)
			return &d->steps[i];
	return NULL;
}

static void health_read(const json_t *health, struct model_environment *e)
{
	free(e->health);
	e->health_known = json_is_object(health);
	e->healthy = json_flag(health, "ok");
	e->health = line(health, "text");
}

/* A lock is told by its owner and reason: the gate says the same in more words. */
static char *hindrance_text(const struct model_environment *e)
{
	if (e->blockers.n && strcmp(e->blockers.items[0].gate, "lock") == 0 && e->lock.owner)
		return model_lock_text(&e->lock);
	return model_blockers_text(&e->blockers);
}

static void attention_read(const json_t *answer, struct model_environment *e)
{
	free(e->attention);
	e->attention = line(answer, "attention");
}

static void environment_read(const json_t *answer, struct model_environment *e)
{
	const json_t *live = json_object_get(answer, "live"), *back = json_object_get(answer, "rollback");
	json_t *queue = json_object_get(answer, "queue"), *ports = json_object_get(answer, "ports"), *port;
	const char *component;

	e->name = line(answer, "name");
	e->driver = line(answer, "driver");
	/* What is not said to be open is protected. */
	e->is_protected = !json_is_false(json_object_get(answer, "protected"));
	e->rollback_needs_arming = e->is_protected && !json_is_false(json_object_get(answer, "arming"));
	e->has_preview = json_flag(answer, "has_preview");
	e->live_version = line(live, "version");
	e->live_digest = line(live, "digest");
	e->live_colour = line(live, "colour");
	e->live_since = json_int(live, "since", 0);
	health_read(json_object_get(answer, "health"), e);
	e->back_version = line(back, "version");
	e->back_digest = line(back, "digest");
	e->back_is_warm = json_flag(back, "warm");
	e->back_is_cold = json_is_false(json_object_get(back, "warm"));
	e->back_ms = json_int(back, "ms", -1);
	attention_read(answer, e);
	model_blockers_read(json_object_get(answer, "blocked"), &e->blockers);
	model_features_read(json_object_get(answer, "features"), &e->features);
	model_lock_read(json_object_get(answer, "lock"), &e->lock);
	e->hindrance = hindrance_text(e);
	e->drifted = *json_text(answer, "drift");
	e->remark = remark_read(answer, &e->lock);
	model_deployment_read(json_object_get(answer, "deployment"), &e->deployment);
	e->nqueue = json_array_size(queue);
	e->queue = mem_array(e->nqueue + 1, sizeof *e->queue);
	for (size_t i = 0; i < e->nqueue; i++)
		model_deployment_read(json_array_get(queue, i), &e->queue[i]);
	e->ports = mem_array(json_object_size(ports) + 1, sizeof *e->ports);
	json_object_foreach(ports, component, port)
		e->ports[e->nports++] = (struct model_port){
			.component = clean_dup(component, CLEAN_LINE), .port = (int)json_integer_value(port),
		};
}

static void environment_done(struct model_environment *e)
{
	char *texts[] = {
		e->name, e->driver, e->live_version, e->live_digest, e->live_colour, e->health, e->back_version,
		e->back_digest, e->attention, e->hindrance, e->remark,
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		free(texts[i]);
	model_blockers_done(&e->blockers);
	model_features_done(&e->features);
	model_lock_done(&e->lock);
	model_deployment_done(&e->deployment);
	for (size_t i = 0; i < e->nqueue; i++)
		model_deployment_done(&e->queue[i]);
	free(e->queue);
	for (size_t i = 0; i < e->nports; i++)
		free(e->ports[i].component);
	free(e->ports);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void collect_features(struct model_app *app)
{
	size_t cap = 0, n = 0;

	for (size_t e = 0; e < app->nenvironments; e++)
		for (size_t i = 0; i < app->environments[e].features.n; i++) {
			app->features = mem_grow(app->features, app->nfeatures, &cap, sizeof *app->features);
			app->features[app->nfeatures++] = mem_dup(app->environments[e].features.items[i].name);
		}
	if (app->nfeatures)
		qsort(app->features, app->nfeatures, sizeof *app->features, by_name);
	for (size_t i = 0; i < app->nfeatures; i++) {
		if (n && strcmp(app->features[n - 1], app->features[i]) == 0)
			free(app->features[i]);
		else
			app->features[n++] = app->features[i];
	}
	app->nfeatures = n;
}

static void app_read(const json_t *answer, struct model_app *app)
{
	const json_t *environments = json_object_get(answer, "environments");

	app->name = line(answer, "name");
	app->components = lines(json_object_get(answer, "components"), &app->ncomponents);
	app->nenvironments = json_array_size(environments);
	app->environments = mem_array(app->nenvironments + 1, sizeof *app->environments);
	for (size_t i = 0; i < app->nenvironments; i++)
		environment_read(json_array_get(environments, i), &app->environments[i]);
	collect_features(app);
}

void model_status_done(struct model_status *s)
{
	for (size_t i = 0; i < s->napps; i++) {
		struct model_app *app = &s->apps[i];

		for (size_t n = 0; n < app->nenvironments; n++)
			environment_done(&app->environments[n]);
		free(app->environments);
		lines_done(app->components, app->ncomponents);
		lines_done(app->features, app->nfeatures);
		free(app->name);
	}
	free(s->apps);
	lines_done(s->mistakes, s->nmistakes);
	free(s->engine_version);
	free(s->workspace);
	free(s->user);
	*s = (struct model_status){ 0 };
}

void model_status_read(const json_t *answer, struct model_status *ret)
{
	const json_t *engine = json_object_get(answer, "engine"), *config = json_object_get(answer, "config");
	const json_t *apps = json_object_get(answer, "apps");

	model_status_done(ret);
	ret->known = true;
	ret->seq = json_int(answer, "seq", 0);
	ret->now = json_int(answer, "now", 0);
	ret->then = json_int(json_object_get(answer, "as_of"), "at", 0);
	ret->is_replay = json_is_number(json_object_get(json_object_get(answer, "as_of"), "speed"));
	ret->speed = json_number_value(json_object_get(json_object_get(answer, "as_of"), "speed"));
	ret->engine_pid = small(engine, "pid", 0);
	ret->engine_version = line(engine, "version");
	ret->workspace = line(engine, "workspace");
	ret->config_valid = !json_is_false(json_object_get(config, "valid"));
	ret->mistakes = lines(json_object_get(config, "mistakes"), &ret->nmistakes);
	ret->user = line(json_object_get(answer, "you"), "name");
	ret->uid = json_int(json_object_get(answer, "you"), "uid", -1);
	ret->napps = json_array_size(apps);
	ret->apps = mem_array(ret->napps + 1, sizeof *ret->apps);
	for (size_t i = 0; i < ret->napps; i++) {
		app_read(json_array_get(apps, i), &ret->apps[i]);
		for (size_t k = 0; k < ret->apps[i].nenvironments; k++)
			ret->apps[i].environments[k].is_past = ret->then != 0;
	}
}

const struct model_app *model_app(const struct model_status *s, const char *name)
{
	for (size_t i = 0; name && i < s->napps; i++)
		if (strcmp(s->apps[i].name, name) == 0)
			return &s->apps[i];
	return NULL;
}

const struct model_environment *model_environment(const struct model_app *app, const char *name)
{
	for (size_t i = 0; app && name && i < app->nenvironments; i++)
		if (strcmp(app->environments[i].name, name) == 0)
			return &app->environments[i];
	return NULL;
}

void model_health_read(const json_t *event, struct model_status *s)
{
	for (size_t i = 0; i < s->napps; i++)
		for (size_t n = 0; n < s->apps[i].nenvironments; n++) {
			struct model_environment *e = &s->apps[i].environments[n];

			if (strcmp(s->apps[i].name, json_text(event, "app")) != 0
			    || strcmp(e->name, json_text(event, "environment")) != 0)
				continue;
			health_read(json_object_get(event, "health"), e);
			attention_read(event, e);
		}
}

static char *migrations_read(const json_t *migrations)
{
	AUTO(buf_done) struct buf b = { 0 };
	const json_t *one;
	size_t i;

	buf_init(&b, MIGRATIONS_MAX);
	json_array_foreach((json_t *)migrations, i, one)
		buf_printf(&b, "%s%s%s", i ? ", " : "", json_text(one, "id"), json_flag(one, "reversible") ? "" : " irreversible");
	return clean_dup(b.data, CLEAN_LINE);
}

static void build_read(const json_t *answer, struct model_build *b)
{
	b->version = line(answer, "version");
	b->digest = line(answer, "digest");
	b->commit = line(answer, "commit");
	b->branch = line(answer, "branch");
	b->author = line(answer, "author");
	b->message = line(answer, "message");
	b->at = json_int(answer, "at", 0);
	model_totals_read(json_object_get(answer, "tests"), &b->tests);
	b->live = lines(json_object_get(answer, "live"), &b->nlive);
	b->features = lines(json_object_get(answer, "features"), &b->nfeatures);
	b->migrations = migrations_read(json_object_get(answer, "migrations"));
}

void model_builds_done(struct model_builds *b)
{
	for (size_t i = 0; i < b->n; i++) {
		struct model_build *build = &b->items[i];
		char *texts[] = {
			build->version, build->digest, build->commit, build->branch, build->author, build->message,
			build->migrations,
		};

		for (size_t n = 0; n < ARRAY_LEN(texts); n++)
			free(texts[n]);
		lines_done(build->live, build->nlive);
		lines_done(build->features, build->nfeatures);
	}
	free(b->items);
	*b = (struct model_builds){ 0 };
}

void model_builds_read(const json_t *answer, struct model_builds *ret)
{
	const json_t *builds = json_object_get(answer, "builds");
	int64_t total = json_int(answer, "total", 0), offset = json_int(answer, "offset", 0);

	model_builds_done(ret);
	ret->known = true;
	ret->total = total > 0 ? (size_t)total : 0;
	ret->offset = offset > 0 ? (size_t)offset : 0;
	ret->n = json_array_size(builds);
	ret->items = mem_array(ret->n + 1, sizeof *ret->items);
	for (size_t i = 0; i < ret->n; i++)
		build_read(json_array_get(builds, i), &ret->items[i]);
}

const struct model_build *model_build(const struct model_builds *b, const char *version)
{
	for (size_t i = 0; version && i < b->n; i++)
		if (strcmp(b->items[i].version, version) == 0)
			return &b->items[i];
	return NULL;
}

void model_history_done(struct model_history *h)
{
	for (size_t i = 0; i < h->n; i++)
		model_deployment_done(&h->items[i]);
	free(h->items);
	*h = (struct model_history){ 0 };
}

void model_history_read(const json_t *answer, bool more, struct model_history *ret)
{
	const json_t *deployments = json_object_get(answer, "deployments");

	if (!more)
		model_history_done(ret);
	ret->known = true;
	for (size_t i = 0; i < json_array_size(deployments); i++) {
		ret->items = mem_grow(ret->items, ret->n, &ret->cap, sizeof *ret->items);
		model_deployment_read(json_array_get(deployments, i), &ret->items[ret->n++]);
	}
}
