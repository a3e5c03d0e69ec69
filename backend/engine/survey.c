#include "backend/engine/survey.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/json.h"
#include "backend/base/log.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/engine/engine_priv.h"
#include "backend/engine/secret.h"
#include "backend/process/child.h"
#include "backend/process/env.h"
#include "backend/store/fact.h"

enum {
	FIRST_MS = 200, APART_MS = 20,         /* many environments do not all begin at once */
	EVERY_MS = 10 * 60 * 1000, COMMAND_MS = 20000,
	OUTPUT_MAX = 4096,
	SECRET_MIN = 4                         /* a shorter value is found in any text */
};

struct survey {
	struct environment *env;
	struct loop_timer *timer;
	json_t *found;                         /* what → value; NULL: none is under way */
	size_t next;                           /* which of the application's facts */
	struct child *child;
	struct buf output;
};

/*
 * Values that an older engine journalled as "sha256:…" are replaced by the first look after it: a row for each
 * environment, and for the moment between two of them they differ.
 */
static char *hashed(const struct survey *s, const char *value)
{
	struct err err = { 0 };
	char *hash = secret_hash(s->env->e, value, &err);

	return hash ? hash : mem_printf("failed: %s", err.text);
}

static bool is_secret(const struct config_environment *cenv, const char *name)
{
	for (size_t i = 0; i < cenv->nsecrets; i++)
		if (strcmp(cenv->secrets[i], name) == 0)
			return true;
	return false;
}

static void note(struct survey *s, const char *kind, const char *name, const char *value)
{
	AUTO(mem_auto_free) char *what = mem_printf("%s.%s", kind, name);

	json_object_set_new(s->found, what, json_safe_string(value));
}

static void note_variables(struct survey *s)
{
	const struct config_environment *cenv = s->env->cenv;

	for (size_t i = 0; i < cenv->nvars; i++) {
		AUTO(mem_auto_free) char *hash = is_secret(cenv, cenv->vars[i].name) ? hashed(s, cenv->vars[i].value)
		                                                                     : NULL;

		note(s, "variables", cenv->vars[i].name, hash ? hash : cenv->vars[i].value);
	}
}

/* A command that prints a secret must not bring it into the journal. */
static bool tells_a_secret(const struct config_environment *cenv, const char *text)
{
	for (size_t i = 0; i < cenv->nvars; i++)
		if (strlen(cenv->vars[i].value) >= SECRET_MIN && is_secret(cenv, cenv->vars[i].name)
		    && strstr(text, cenv->vars[i].value))
			return true;
	return false;
}

static void note_fact(struct survey *s, const char *name, const char *value)
{
	AUTO(mem_auto_free) char *hash = tells_a_secret(s->env->cenv, value) ? hashed(s, value) : NULL;

	note(s, "facts", name, hash ? hash : value);
}

/* What of `found` differs from what the journal knows; null for what is gone. */
static json_t *changes(const struct survey *s, const struct store_facts *known)
{
	json_t *changed = json_object(), *value;
	const char *what;

	json_object_foreach(s->found, what, value) {
		const struct store_fact *fact = store_fact(known, what);

		if (!fact || strcmp(fact->value, json_string_value(value)) != 0)
			json_object_set(changed, what, value);
	}
	for (size_t i = 0; i < known->n; i++)
		if (strncmp(known->items[i].what, "digest.", 7) != 0 && !json_object_get(s->found, known->items[i].what))
			json_object_set_new(changed, known->items[i].what, json_null());
	return changed;
}

static void finish(struct survey *s)
{
	struct environment *env = s->env;
	AUTO(store_facts_done) struct store_facts known = { 0 };
	AUTO(json_auto_decref) json_t *changed = NULL;
	struct err err = { 0 };

	if (!store_facts(env->e->store, env->app, env->name, &known, &err)) {
		log_line(LOG_LEVEL_ERROR, "%s %s: %s", env->app, env->name, err.text);
	} else {
		changed = changes(s, &known);
		if (json_object_size(changed) > 0)
			engine_append(env->e, "engine", "facts.changed", json_pack("{s:s, s:s, s:O}", "app", env->app,
			                                                           "environment", env->name, "facts", changed));
	}
	json_decref(s->found);
	s->found = NULL;
	loop_timer_set(s->timer, EVERY_MS);
}

static void printed(void *arg, bool is_stderr, const char *data, size_t len)
{
	struct survey *s = arg;
	size_t room = OUTPUT_MAX - s->output.len;

	(void)is_stderr;
	buf_add(&s->output, data, len < room ? len : room);
}

static void begin_next(struct survey *s);

static void ended(void *arg, const struct child_end *end)
{
	struct survey *s = arg;
	const char *name = s->env->capp->facts[s->next].name;
	char *text = s->output.data;
	AUTO(mem_auto_free) char *failed = NULL;
	size_t len = strlen(text);

	s->child = NULL;
	while (len > 0 && strchr(" \t\r\n", text[len - 1]))
		text[--len] = '\0';
	if (end->err)
		failed = mem_printf("failed: %s", end->err->text);
	else if (end->timed_out)
		failed = mem_printf("failed: it did not end within %d s", COMMAND_MS / 1000);
	else if (end->signo)
		failed = mem_printf("failed: ended by signal %d", end->signo);
	else if (end->code != 0)
		failed = mem_printf("failed: exit code %d: %s", end->code, text);
	note_fact(s, name, failed ? failed : text);
	s->next++;
	begin_next(s);
}

static void start(struct survey *s, const struct config_fact *fact)
{
	const struct environment *env = s->env;
	AUTO(env_done) struct env words = { 0 };
	struct child_spec spec = { .argv = (const char *const *)fact->command, .dir = env->capp->dir,
	                           .timeout_ms = COMMAND_MS, .output = printed, .end = ended, .arg = s };

	env_set(&words, "SLIPWAY_APP", env->app);
	env_set(&words, "SLIPWAY_ENVIRONMENT", env->name);
	for (size_t i = 0; i < env->cenv->nvars; i++)
		env_set(&words, env->cenv->vars[i].name, env->cenv->vars[i].value);
	env_set_inherited(&words);
	spec.env = env_list(&words);
	buf_clear(&s->output);
	s->child = child_start(env->e->launcher, &spec);
}

static void begin_next(struct survey *s)
{
	const struct config_app *app = s->env->capp;

	if (s->next < app->nfacts)
		start(s, &app->facts[s->next]);
	else
		finish(s);
}

static void begin(void *arg)
{
	struct survey *s = arg;

	s->found = json_object();
	s->next = 0;
	note_variables(s);
	begin_next(s);
}

struct survey *survey_new(struct environment *env)
{
	struct survey *s = mem_alloc(sizeof *s);

	s->env = env;
	buf_init(&s->output, OUTPUT_MAX);
	s->timer = loop_timer_new(env->e->loop, begin, s);
	survey_again(s);
	return s;
}

static void give_up(struct survey *s)
{
	child_free(s->child);
	s->child = NULL;
	json_decref(s->found);
	s->found = NULL;
}

void survey_again(struct survey *s)
{
	give_up(s);
	loop_timer_set(s->timer, FIRST_MS + APART_MS * (int64_t)s->env->e->nenvironments);
}

void survey_free(struct survey *s)
{
	if (!s)
		return;
	give_up(s);
	loop_timer_free(s->timer);
	buf_done(&s->output);
	free(s);
}

void survey_tidy(struct engine *e)
{
	AUTO(store_facts_done) struct store_facts places = { 0 };
	struct err err = { 0 };

	if (!store_fact_places(e->store, &places, &err))
		log_line(LOG_LEVEL_ERROR, "%s", err.text);
	for (size_t i = 0; i < places.n; i++)
		if (!config_environment(config_app(e->config, places.items[i].what), places.items[i].value))
			engine_append(e, "engine", "facts.changed",
			              json_pack("{s:s, s:s, s:b}", "app", places.items[i].what, "environment",
			                        places.items[i].value, "gone", 1));
}
