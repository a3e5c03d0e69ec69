#include "views/command/find.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/config/mistake.h"
#include "backend/proto/words.h"
#include "views/command/call.h"

enum { NAMES_MAX = 64 };

bool find_status(struct call *c, json_t **ret, struct err *err)
{
	return call_ask(c, "GET", "/v1/status", NULL, CALL_ASK_MS, ret, err);
}

/* The member of an array whose "name" it is; NULL. */
static const json_t *named(const json_t *array, const char *name)
{
	const json_t *item;
	size_t i;

	json_array_foreach((json_t *)array, i, item)
		if (strcmp(json_text(item, "name"), name) == 0)
			return item;
	return NULL;
}

static char *hint(const json_t *array, const char *name)
{
	const char *names[NAMES_MAX];
	size_t n = 0, i;
	const json_t *item;

	json_array_foreach((json_t *)array, i, item)
		if (n < NAMES_MAX)
			names[n++] = json_text(item, "name");
	return word_hint(name, names, n);
}

/* Why there may be no application: the configuration does not say one. */
static bool no_apps(const json_t *status, struct err *err)
{
	const json_t *config = json_object_get(status, "config");
	const char *first = json_string_value(json_array_get(json_object_get(config, "mistakes"), 0));

	return err_set(err, ERR_CONFIG, "there is no application: %s", first ? first : "the configuration names none");
}

bool find_app(const struct call *c, const json_t *status, const json_t **ret, struct err *err)
{
	const json_t *apps = json_object_get(status, "apps"), *app;
	const char *name = call_value(c, &flag_app);
	AUTO(mem_auto_free) char *there_are = NULL;

	if (json_array_size(apps) == 0)
		return no_apps(status, err);
	app = name ? named(apps, name) : json_array_get(apps, 0);
	if (app && (name || json_array_size(apps) == 1)) {
		*ret = app;
		return true;
	}
	there_are = hint(apps, name ? name : "");
	if (name)
		return err_set(err, ERR_NOT_FOUND, "there is no application \"%.80s\"%s", name, there_are);
	return err_set(err, ERR_USAGE, "there are several applications: name one with --app%s", there_are);
}

bool find_environment(const json_t *app, const char *name, const json_t **ret, struct err *err)
{
	const json_t *environments = json_object_get(app, "environments"), *found = named(environments, name);
	AUTO(mem_auto_free) char *there_are = NULL;

	if (found) {
		*ret = found;
		return true;
	}
	there_are = hint(environments, name);
	return err_set(err, ERR_NOT_FOUND, "%s has no environment \"%.80s\"%s", json_text(app, "name"), name, there_are);
}

static bool is_number(const char *word)
{
	return *word && strspn(word, "0123456789") == strlen(word) && strlen(word) < 19;
}

/* How much an environment's deployment is what somebody means who says nothing more: running, waiting, the last one. */
static int rank(const json_t *deployment)
{
	enum deployment_state state;

	if (!deployment_state_parse(json_text(deployment, "state"), &state))
		return 0;
	return state == DEPLOYMENT_RUNNING || state == DEPLOYMENT_UNDOING ? 3 : state == DEPLOYMENT_QUEUED ? 2 : 1;
}

static void better(const json_t *deployment, const json_t **best)
{
	int a = rank(deployment), b = *best ? rank(*best) : 0;

	if (a > b || (a == b && a == 1 && json_int(deployment, "id", 0) > json_int(*best, "id", 0)))
		*best = deployment;
}

static void best_of(const json_t *environment, const json_t **best)
{
	better(json_object_get(environment, "deployment"), best);
	better(json_array_get(json_object_get(environment, "queue"), 0), best);
}

static bool best_everywhere(struct call *c, const json_t *status, const json_t **best, struct err *err)
{
	const json_t *apps = json_object_get(status, "apps"), *app, *environment;
	size_t a, e;

	if (call_has(c, &flag_app) && !find_app(c, status, &app, err))
		return false;
	json_array_foreach((json_t *)apps, a, app) {
		if (call_has(c, &flag_app) && strcmp(json_text(app, "name"), call_value(c, &flag_app)) != 0)
			continue;
		json_array_foreach(json_object_get(app, "environments"), e, environment)
			best_of(environment, best);
	}
	return true;
}

bool find_deployment(struct call *c, const char *word, int64_t *ret, struct err *err)
{
	AUTO(json_auto_decref) json_t *status = NULL;
	const json_t *app = NULL, *environment = NULL, *best = NULL;

	if (word && is_number(word)) {
		*ret = strtoll(word, NULL, 10);
		return true;
	}
	if (!find_status(c, &status, err))
		return false;
	if (!word && !best_everywhere(c, status, &best, err))
		return false;
	if (word) {
		if (!find_app(c, status, &app, err) || !find_environment(app, word, &environment, err))
			return false;
		best_of(environment, &best);
	}
	if (!best)
		return err_set(err, ERR_NOT_FOUND, "nothing was deployed yet%s%s", word ? " to " : "", word ? word : "");
	*ret = json_int(best, "id", 0);
	return true;
}
