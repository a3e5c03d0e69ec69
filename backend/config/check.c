#include "backend/config/check.h"

#include <jansson.h>
#include <string.h>

#include "backend/base/mem.h"
#include "backend/config/key.h"
#include "backend/config/mistake.h"
#include "backend/config/value.h"

enum { COMPONENTS_MAX = 64, PORTS_PER_COMPONENT = 3 /* blue, green, preview */ };

static bool has(const void *json, const char *key)
{
	return json_object_get(json, key) != NULL;
}

static int at(const struct source *s, int place, const char *key)
{
	return places_child(s->places, place, key);
}

static bool leaves_folder(const char *path)
{
	for (const char *p = path; p; p = strchr(p, '/')) {
		p += *p == '/';
		if (strncmp(p, "..", 2) == 0 && (p[2] == '/' || p[2] == '\0'))
			return true;
	}
	return false;
}

void check_component(const struct source *s, const void *json, int place, void *item)
{
	struct config_component *c = item;
	const char *program = c->start ? c->start[0] : NULL;

	if (!c->artifact)
		c->artifact = mem_dup(c->name);
	if (program && program[0] == '/')
		source_mistake(s, places_child(s->places, at(s, place, "start"), "0"), "\"start\" begins with the "
		               "absolute path %.80s; name a file of the artifact (\"bin/web\") or a program in PATH "
		               "(\"python3\")", program);
	else if (program && leaves_folder(program))
		source_mistake(s, places_child(s->places, at(s, place, "start"), "0"), "\"start\" leaves the artifact "
		               "with %.80s; name a file inside it", program);
	if (c->protocol != PROTOCOL_HTTP && has(json, "health"))
		source_mistake_key(s, at(s, place, "health"), "\"health\" is for components with protocol http; a tcp "
		                   "component is healthy when it accepts a connection, one without a port when it "
		                   "runs");
}

static void other_drivers_keys(const struct source *s, const void *json, int place, const struct config_environment *e)
{
	for (size_t i = 0; i < config_kind_environment.nkeys; i++) {
		const struct config_key *key = &config_kind_environment.keys[i];
		const json_t *value = json_object_get(json, key->name);

		if (!value || !key->driver || strcmp(key->driver, e->driver) == 0)
			continue;
		if (config_key_find(&config_kind_environment, key->name, json_typeof(value)) == key)
			source_mistake_key(s, at(s, place, key->name), "this \"%s\" is for the driver %s; the driver "
			                   "here is %s", key->name, key->driver, e->driver);
	}
}

void check_environment(const struct source *s, const void *json, int place, void *item)
{
	struct config_environment *e = item;

	if (has(json, "approval") && e->approvals == 0)
		e->approvals = 1;
	if (!e->driver)
		return;
	if (strcmp(e->driver, "host") == 0 || strcmp(e->driver, "command") == 0)
		other_drivers_keys(s, json, place, e);
	if (strcmp(e->driver, "command") != 0)
		return;
	if (!has(json, "deploy"))
		source_mistake(s, place, "the driver command needs \"deploy\", the command that brings a build there");
	if (!has(json, "observe"))
		source_mistake(s, place, "the driver command needs \"observe\", the command that tells what is live");
}

void check_smoke(const struct source *s, const void *json, int place, void *item)
{
	static const char *const http_only[] = { "component", "status", "body" };
	struct config_test *t = item;

	t->kind = has(json, "get") ? TEST_HTTP : TEST_COMMAND;
	if (has(json, "get") && has(json, "command"))
		source_mistake_key(s, at(s, place, "command"), "a smoke test has \"get\" or \"command\", not both");
	if (!has(json, "get") && !has(json, "command"))
		source_mistake(s, place, "a smoke test needs \"get\" (a request) or \"command\"");
	if (has(json, "get") && !has(json, "component"))
		source_mistake(s, place, "this smoke test lacks \"component\": which one is asked?");
	for (size_t i = 0; i < ARRAY_LEN(http_only) && !has(json, "get"); i++)
		if (has(json, http_only[i]))
			source_mistake_key(s, at(s, place, http_only[i]), "\"%s\" is for smoke tests with \"get\"",
			                   http_only[i]);
}

void check_acceptance(const struct source *s, const void *json, int place, void *item)
{
	struct config_test *t = item;

	t->kind = TEST_COMMAND;
	if (t->report != REPORT_JUNIT && has(json, "files"))
		source_mistake_key(s, at(s, place, "files"), "\"files\" is for suites with \"report\": \"junit\"");
	if (t->report == REPORT_JUNIT && !t->report_files)
		t->report_files = mem_dup("*.xml");
}

/* Finds the component or reports its absence at `pointer`, where its name stands as a key or as a value. */
static const struct config_component *known(const struct source *s, const struct config_app *app, const char *name,
                                            int place, bool is_key)
{
	const struct config_component *c = config_component(app, name);
	const char *words[COMPONENTS_MAX];
	size_t n = 0;

	if (c)
		return c;
	for (size_t i = 0; i < app->ncomponents && n < ARRAY_LEN(words); i++)
		words[n++] = app->components[i].name;
	AUTO(mem_auto_free) char *hint = word_hint(name, words, n);
	(is_key ? source_mistake_key : source_mistake)(s, place, "there is no component \"%.60s\"%s", name, hint);
	return NULL;
}

static int needs_place(const struct source *s, const struct config_component *c, size_t i)
{
	AUTO(mem_auto_free) char *pointer = mem_printf("/components/%s/needs/%zu", c->name, i);

	return places_find(s->places, pointer);
}

enum mark { MARK_NEW, MARK_OPEN, MARK_DONE };

/* Depth first; a need that leads back to an open component closes a cycle, which is reported where it closes. */
static void find_cycle(const struct source *s, const struct config_app *app, size_t index, enum mark *marks,
                       size_t *path, size_t depth)
{
	const struct config_component *c = &app->components[index];

	path[depth] = index;
	marks[index] = MARK_OPEN;
	for (size_t i = 0; i < c->nneeds; i++) {
		const struct config_component *need = config_component(app, c->needs[i]);
		size_t to = need ? (size_t)(need - app->components) : index;
		AUTO(mem_auto_free) char *text = NULL;

		if (to == index)
			continue;
		if (marks[to] == MARK_NEW)
			find_cycle(s, app, to, marks, path, depth + 1);
		if (marks[to] != MARK_OPEN)
			continue;
		text = mem_dup(need->name);
		for (size_t k = depth + 1; k-- > 0 && path[k] != to;) {
			char *longer = mem_printf("%s needs %s", app->components[path[k]].name, text);

			mem_auto_free(&text);
			text = longer;
		}
		source_mistake(s, needs_place(s, c, i), "the needs go in a circle: %s needs %s", need->name, text);
	}
	marks[index] = MARK_DONE;
}

static void check_needs(const struct source *s, const struct config_app *app)
{
	enum mark marks[COMPONENTS_MAX] = { MARK_NEW };
	size_t path[COMPONENTS_MAX];

	for (size_t i = 0; i < app->ncomponents; i++) {
		const struct config_component *c = &app->components[i];

		for (size_t k = 0; k < c->nneeds; k++) {
			const struct config_component *need = known(s, app, c->needs[k], needs_place(s, c, k), false);

			if (need == c)
				source_mistake(s, needs_place(s, c, k), "%s needs itself", c->name);
			else if (need && need->protocol == PROTOCOL_NONE)
				source_mistake(s, needs_place(s, c, k), "%s has protocol none: it has no port that can "
				               "be called", need->name);
			for (size_t before = 0; before < k; before++)
				if (strcmp(c->needs[before], c->needs[k]) == 0)
					source_mistake(s, needs_place(s, c, k), "\"%s\" stands here twice",
					               c->needs[k]);
		}
	}
	for (size_t i = 0; i < app->ncomponents && i < COMPONENTS_MAX; i++)
		if (marks[i] == MARK_NEW)
			find_cycle(s, app, i, marks, path, 0);
}

static bool drives(const struct config_environment *e, const char *driver)
{
	return e->driver && strcmp(e->driver, driver) == 0;
}

/* A component with a port named under "ports" or "urls" of an environment. */
static void check_port_owner(const struct source *s, const struct config_app *app, size_t env, const char *key,
                             const char *name)
{
	AUTO(mem_auto_free) char *pointer = mem_printf("/environments/%zu/%s", env, key);
	int place = places_child(s->places, places_find(s->places, pointer), name);
	const struct config_component *c = known(s, app, name, place, true);

	if (c && c->protocol == PROTOCOL_NONE)
		source_mistake_key(s, place, "%s has protocol none: it has no port", c->name);
}

static void check_slots(const struct source *s, const struct config_app *app, size_t env)
{
	const struct config_environment *e = &app->environments[env];
	AUTO(mem_auto_free) char *pointer = mem_printf("/environments/%zu", env);
	int place = places_find(s->places, pointer), slots = at(s, place, "slots");
	int have = e->slot_port_first ? e->slot_port_last - e->slot_port_first + 1 : 0, want = 0;

	for (size_t i = 0; i < app->ncomponents; i++)
		want += app->components[i].protocol != PROTOCOL_NONE ? PORTS_PER_COMPONENT : 0;
	if (want > 0 && slots == place)
		source_mistake(s, place, "this environment lacks \"slots\", a range of %d ports or more such as "
		               "\"21000-%d\": blue, green and preview of each component", want, 20999 + want);
	else if (have > 0 && have < want)
		source_mistake(s, slots, "\"slots\" has room for %d ports; %d are needed: blue, green and preview of "
		               "each component", have, want);
}

static void check_environments(const struct source *s, const struct config_app *app)
{
	for (size_t i = 0; i < app->nenvironments; i++) {
		const struct config_environment *e = &app->environments[i];
		AUTO(mem_auto_free) char *pointer = mem_printf("/environments/%zu/name", i);

		for (size_t k = 0; e->name && k < i; k++)
			if (app->environments[k].name && strcmp(app->environments[k].name, e->name) == 0)
				source_mistake(s, places_find(s->places, pointer), "there is an environment \"%.60s\" "
				               "already", e->name);
		/* Those of the other driver are mistakes as such; a driver that is mistyped hides none of either. */
		for (size_t k = 0; k < e->nports && !drives(e, "command"); k++)
			check_port_owner(s, app, i, "ports", e->ports[k].component);
		for (size_t k = 0; k < e->nurls && !drives(e, "host"); k++)
			check_port_owner(s, app, i, "urls", e->urls[k].name);
		if (drives(e, "host"))
			check_slots(s, app, i);
	}
}

/* Only the host driver starts components. */
static void check_starts(const struct source *s, const struct config_app *app)
{
	const struct config_environment *host = NULL;

	for (size_t i = 0; i < app->nenvironments && !host; i++)
		host = drives(&app->environments[i], "host") ? &app->environments[i] : NULL;
	for (size_t i = 0; host && i < app->ncomponents; i++) {
		AUTO(mem_auto_free) char *pointer = mem_printf("/components/%s", app->components[i].name);
		int place = places_find(s->places, pointer);

		/* One without an artifact was no object: that is said already, as is a start of another type. */
		if (app->components[i].artifact && at(s, place, "start") == place)
			source_mistake(s, place, "this component lacks \"start\", which the driver host needs");
	}
}

/* Names of tests, and their times against the deadline of the stage that they run in. */
static void check_tests(const struct source *s, const char *list, const struct config_test *tests, size_t n,
                        const char *stage, int64_t deadline_ms)
{
	AUTO(mem_auto_free) char *deadline = value_duration_text(deadline_ms);

	for (size_t i = 0; i < n; i++) {
		AUTO(mem_auto_free) char *pointer = mem_printf("/%s/%zu", list, i);
		int place = places_find(s->places, pointer);

		for (size_t k = 0; tests[i].name && k < i; k++)
			if (tests[k].name && strcmp(tests[k].name, tests[i].name) == 0)
				source_mistake(s, at(s, place, "name"), "there is a test \"%.60s\" already",
				               tests[i].name);
		if (deadline_ms > 0 && tests[i].timeout_ms > deadline_ms)
			source_mistake(s, at(s, place, "timeout"), "\"timeout\" is longer than the stage's deadline of "
			               "%s (\"deadlines\": {\"%s\": …})", deadline, stage);
	}
}

static void check_smoke_components(const struct source *s, const struct config_app *app)
{
	for (size_t i = 0; i < app->nsmoke; i++) {
		const struct config_test *t = &app->smoke[i];
		AUTO(mem_auto_free) char *pointer = mem_printf("/smoke/%zu/component", i);
		int place = places_find(s->places, pointer);
		const struct config_component *c = t->component ? known(s, app, t->component, place, false) : NULL;

		if (c && c->protocol != PROTOCOL_HTTP)
			source_mistake(s, place, "%s does not speak http; a smoke test with \"get\" cannot ask it",
			               c->name);
	}
}

/* Something that may take longer than the deadline of its stage would always fail there. */
static void check_time(const struct source *s, const char *pointer, int64_t ms, const char *stage, int64_t deadline_ms)
{
	AUTO(mem_auto_free) char *deadline = value_duration_text(deadline_ms);
	AUTO(mem_auto_free) char *time = value_duration_text(ms);

	if (deadline_ms > 0 && ms > deadline_ms)
		source_mistake(s, places_find(s->places, pointer), "%s is longer than the stage's deadline of %s "
		               "(\"deadlines\": {\"%s\": …})", time, deadline, stage);
}

void check_app(const struct source *s, const void *json, int place, void *item)
{
	struct config_app *app = item;

	(void)json;
	(void)place;
	check_needs(s, app);
	check_environments(s, app);
	check_policy(s, app);
	check_starts(s, app);
	check_tests(s, "smoke", app->smoke, app->nsmoke, "smoke", app->deadline_ms[STAGE_SMOKE]);
	check_tests(s, "acceptance", app->acceptance, app->nacceptance, "acceptance",
	            app->deadline_ms[STAGE_ACCEPTANCE]);
	check_smoke_components(s, app);
	check_time(s, "/verify/for", app->verify_ms, "verify", app->deadline_ms[STAGE_VERIFY]);
	check_time(s, "/drain", app->drain_ms, "drain", app->deadline_ms[STAGE_DRAIN]);
	for (size_t i = 0; i < app->ncomponents; i++) {
		AUTO(mem_auto_free) char *pointer = mem_printf("/components/%s/health_within", app->components[i].name);

		check_time(s, pointer, app->components[i].health_within_ms, "start", app->deadline_ms[STAGE_START]);
	}
}
