#include "backend/engine/features.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/buf.h"
#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/log.h"
#include "backend/base/mem.h"
#include "backend/base/saver.h"
#include "backend/engine/engine_priv.h"
#include "backend/engine/people.h"
#include "backend/proto/api.h"
#include "backend/store/feature.h"

enum { FILE_MAX = 1024 * 1024, REASON_MAX = 1000 };

/* Names, sorted, each once. */
struct names { char **items; size_t n, cap; };

static void names_done(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->items[i]);
	free(names->items);
	*names = (struct names){ 0 };
}

static void names_add(struct names *names, const char *name)
{
	size_t at = 0;

	while (at < names->n && strcmp(names->items[at], name) < 0)
		at++;
	if (at < names->n && strcmp(names->items[at], name) == 0)
		return;
	names->items = mem_grow(names->items, names->n, &names->cap, sizeof *names->items);
	memmove(&names->items[at + 1], &names->items[at], (names->n - at) * sizeof *names->items);
	names->items[at] = mem_dup(name);
	names->n++;
}

/* A build that is gone from the store has no features that anybody could use. */
static void add_of_build(struct environment *env, const char *version, struct names *names)
{
	struct store_build build;

	if (!version || !store_build(env->e->store, env->app, version, NULL, &build, NULL))
		return;
	for (size_t i = 0; i < build.nfeatures; i++)
		names_add(names, build.features[i]);
	store_build_done(&build);
}

/* What is being brought reads the file before it is live. */
static bool add_of_running(struct environment *env, struct names *names, struct err *err)
{
	int64_t *ids = NULL;
	size_t n = 0;

	if (!store_unfinished(env->e->store, &ids, &n, err))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct store_deployment d;

		if (!store_deployment(env->e->store, ids[i], &d, NULL))
			continue;
		if (d.state != DEPLOYMENT_QUEUED && strcmp(d.app, env->app) == 0 && strcmp(d.environment, env->name) == 0)
			add_of_build(env, d.version, names);
		store_deployment_done(&d);
	}
	free(ids);
	return true;
}

/* Those of the builds that run in the environment or are being brought, and those that were ever touched there. */
static bool all_names(struct environment *env, const struct store_features *touched, struct names *ret, struct err *err)
{
	struct store_env state;

	if (!store_env(env->e->store, env->app, env->name, &state, err) || !add_of_running(env, ret, err))
		return false;
	add_of_build(env, state.live_version, ret);
	for (int c = 0; c < COLOUR_COUNT; c++)
		if (strcmp(state.slots[c].state, "empty") != 0 && strcmp(state.slots[c].state, "stopped") != 0)
			add_of_build(env, state.slots[c].version, ret);
	for (size_t i = 0; i < touched->n; i++)
		names_add(ret, touched->items[i].name);
	store_env_done(&state);
	return true;
}

static json_t *feature_json(const char *name, const struct store_feature *touched)
{
	json_t *json = json_object();

	json_object_set_new(json, "name", json_safe_string(name));
	json_object_set_new(json, "on", json_boolean(!touched || touched->on));
	json_object_set_new(json, "since", touched ? json_integer(touched->at) : json_null());
	json_object_set_new(json, "by", touched ? json_safe_string(touched->actor) : json_null());
	json_object_set_new(json, "reason", touched ? json_safe_string(touched->reason) : json_null());
	return json;
}

json_t *features_answer(struct environment *env, struct err *err)
{
	AUTO(store_features_done) struct store_features touched = { 0 };
	AUTO(names_done) struct names names = { 0 };
	json_t *list;

	if (!store_features(env->e->store, env->app, env->name, &touched, err) || !all_names(env, &touched, &names, err))
		return NULL;
	list = json_array();
	for (size_t i = 0; i < names.n; i++)
		json_array_append_new(list, feature_json(names.items[i], store_features_find(&touched, names.items[i])));
	return list;
}

/* The file of flagd. Yours. */
static char *flags_text(const json_t *features)
{
	AUTO(json_auto_decref) json_t *root = json_object();
	json_t *flags = json_object();
	const json_t *feature;
	char *text, *lines;
	size_t i;

	json_object_set_new(root, "$schema", json_string("https://flagd.dev/schema/v0/flags.json"));
	json_object_set_new(root, "flags", flags);
	json_array_foreach(features, i, feature)
		json_object_set_new(flags, json_text(feature, "name"),
		                    json_pack("{s:s, s:{s:b, s:b}, s:s}", "state", "ENABLED", "variants", "on", 1, "off", 0,
		                              "defaultVariant", json_flag(feature, "on") ? "on" : "off"));
	text = json_dumps(root, JSON_INDENT(2));
	lines = mem_printf("%s\n", text);
	free(text);
	return lines;
}

enum found { FOUND_SAME, FOUND_NONE, FOUND_OTHER };

static enum found look_at(const char *path, const char *text)
{
	AUTO(buf_done) struct buf b = { 0 };

	if (access(path, F_OK) != 0)
		return FOUND_NONE;
	if (!file_read(path, FILE_MAX, &b, NULL))
		return FOUND_OTHER;
	return b.len == strlen(text) && memcmp(b.data, text, b.len) == 0 ? FOUND_SAME : FOUND_OTHER;
}

static enum found write_flags(struct environment *env);

static void flags_saved(void *arg, const struct err *err)
{
	struct environment *env = arg;

	env->flags = NULL;
	if (err)
		log_line(LOG_LEVEL_ERROR, "%s %s: features: %s", env->app, env->name, err->text);
	if (env->flags_again)
		write_flags(env);
}

static enum found write_flags(struct environment *env)
{
	AUTO(mem_auto_free) char *path = file_join(env->state_dir, API_FLAGS_NAME), *text = NULL;
	AUTO(json_auto_decref) json_t *features = NULL;
	struct err err = { 0 };
	enum found found;

	env->flags_again = env->flags != NULL;
	if (env->flags)
		return FOUND_SAME;
	features = features_answer(env, &err);
	if (!features) {
		log_line(LOG_LEVEL_ERROR, "%s %s: features: %s", env->app, env->name, err.text);
		return FOUND_SAME;
	}
	text = flags_text(features);
	found = look_at(path, text);
	if (found != FOUND_SAME)
		env->flags = saver_write(env->e->saver, path, text, strlen(text), 0644, flags_saved, env);
	return found;
}

void features_reconcile(struct environment *env)
{
	if (write_flags(env) == FOUND_OTHER)
		engine_append(env->e, "engine", "environment.repaired",
		              json_pack("{s:s, s:s, s:s}", "app", env->app, "environment", env->name, "what",
		                        "the features' file differed from the journal: written anew"));
}

void features_row(struct engine *e, const json_t *row)
{
	static const char *const types[] = { "deployment.started", "environment.live", "feature.set", "slot.set" };
	const json_t *body = json_object_get(row, "body");
	const char *type = json_text(row, "type");
	bool matters = false;

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		matters = matters || strcmp(type, types[i]) == 0;
	if (!matters)
		return;
	for (size_t i = 0; i < e->nenvironments; i++) {
		struct environment *env = e->environments[i];
		/* A deployment's row names it by its id alone. */
		bool is_this = strcmp(type, "deployment.started") == 0
			? env->run && run_id(env->run) == json_int(body, "id", 0)
			: strcmp(env->app, json_text(body, "app")) == 0 && strcmp(env->name, json_text(body, "environment")) == 0;

		if (is_this && !env->removed)
			write_flags(env);
	}
}

struct ask { struct environment *env; const char *name, *reason; bool on; };

static bool read_ask(struct engine *e, const json_t *request, struct ask *ret, struct err *err)
{
	const json_t *on = json_object_get(request, "on");

	*ret = (struct ask){ .name = json_text(request, "feature"), .reason = json_text(request, "reason"),
	                     .on = json_is_true(on) };
	if (!*json_text(request, "environment")) {
		err_set(err, ERR_USAGE, "the request names no environment");
		return false;
	}
	ret->env = engine_environment(e, json_text(request, "app"), json_text(request, "environment"), err);
	if (!ret->env)
		return false;
	if (!*ret->name)
		return err_set(err, ERR_USAGE, "the request names no feature");
	if (!json_is_boolean(on))
		return err_set(err, ERR_USAGE, "\"on\" must be true or false");
	if (strlen(ret->reason) > REASON_MAX)
		return err_set(err, ERR_USAGE, "the reason is longer than 1,000 bytes");
	return true;
}

/* Borrowed from the list; NULL names what there is. */
static const json_t *find(const json_t *list, const struct ask *ask, struct err *err)
{
	AUTO(buf_done) struct buf names = { 0 };
	const json_t *feature;
	size_t i;

	buf_init(&names, 400);
	json_array_foreach(list, i, feature) {
		if (strcmp(json_text(feature, "name"), ask->name) == 0)
			return feature;
		buf_printf(&names, "%s%s", i ? ", " : "", json_text(feature, "name"));
	}
	err_set(err, ERR_NOT_FOUND, "%s has no feature \"%.100s\"; %s%s", ask->env->name, ask->name,
	        names.len ? "it has " : "what is live there lists none: `slipway build add --feature NAME`",
	        names.len ? names.data : "");
	return NULL;
}

/* A console sends what it saw: another person may have been faster. */
static bool check_expect(const json_t *request, const json_t *feature, const struct ask *ask, struct err *err)
{
	const json_t *expect = json_object_get(request, "expect");

	if (!json_is_boolean(expect) || json_is_true(expect) == json_flag(feature, "on"))
		return true;
	return err_set(err, ERR_STALE, "%s is %s in %s now; look again and decide anew", ask->name,
	               json_flag(feature, "on") ? "on" : "off", ask->env->name);
}

static bool set(const struct ask *ask, const struct engine_caller *who, struct err *err)
{
	json_t *body = json_pack("{s:s, s:s, s:s, s:b, s:I}", "app", ask->env->app, "environment", ask->env->name, "feature",
	                         ask->name, "on", ask->on, "uid", (json_int_t)who->uid);

	json_put_text(body, "reason", ask->reason);
	return store_append(ask->env->e->store, who->name, "feature.set", body, NULL, err);
}

bool engine_feature(struct engine *e, const struct engine_caller *who, const json_t *request, json_t **ret,
                    struct err *err)
{
	AUTO(json_auto_decref) json_t *before = NULL, *after = NULL;
	const json_t *feature;
	struct ask ask;

	if (!read_ask(e, request, &ask, err) || !people_may_change(ask.env, who, err))
		return false;
	before = features_answer(ask.env, err);
	feature = before ? find(before, &ask, err) : NULL;
	if (!feature)
		return false;
	/* Asked for again over a lost link: it is done already. */
	if (json_flag(feature, "on") != ask.on
	    && (!check_expect(request, feature, &ask, err) || !set(&ask, who, err)))
		return err_wrap(err, "feature %s in %s", ask.name, ask.env->name);
	after = features_answer(ask.env, err);
	feature = after ? find(after, &ask, err) : NULL;
	if (!feature)
		return false;
	*ret = json_pack("{s:s, s:s}", "app", ask.env->app, "environment", ask.env->name);
	json_object_update(*ret, (json_t *)feature);
	return true;
}
