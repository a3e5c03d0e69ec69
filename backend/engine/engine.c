#include "backend/engine/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/artifact/digest.h"
#include "backend/base/buf.h"
#include "backend/base/clock.h"
#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/log.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/base/saver.h"
#include "backend/base/watch.h"
#include "backend/engine/automation.h"
#include "backend/engine/builds.h"
#include "backend/engine/delivery.h"
#include "backend/engine/engine_priv.h"
#include "backend/engine/features.h"
#include "backend/engine/incoming.h"
#include "backend/engine/outlet.h"
#include "backend/engine/replay.h"
#include "backend/engine/status.h"
#include "backend/engine/survey.h"
#include "backend/engine/past.h"
#include "backend/engine/people.h"
#include "backend/engine/release.h"
#include "backend/http/http.h"
#include "backend/process/launcher.h"
#include "backend/proto/api.h"

enum { CONFIG_SETTLE_MS = 150 };

char *engine_program(void)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
	static const char deleted[] = " (deleted)";

	if (n <= 0)
		return mem_dup("slipwayd");
	path[n] = '\0';
	/* Replaced by an upgrade while running: the new file stands at the same path. */
	if ((size_t)n > sizeof deleted && strcmp(path + n - (sizeof deleted - 1), deleted) == 0)
		path[n - (ssize_t)(sizeof deleted - 1)] = '\0';
	return mem_dup(path);
}

bool engine_append(struct engine *e, const char *actor, const char *type, json_t *take_body)
{
	struct err err = { 0 };

	if (store_append(e->store, actor, type, take_body, NULL, &err))
		return true;
	log_line(LOG_LEVEL_ERROR, "journal %s: %s", type, err.text);
	return false;
}

void engine_tell(struct engine *e, const char *event, const json_t *data)
{
	if (e->outlet)
		outlet_event(e->outlet, event, data);
	else if (e->event_fn)
		e->event_fn(e->listen_arg, event, data);
}

static void row_appended(void *arg, const json_t *row)
{
	struct engine *e = arg;

	features_row(e, row);
	releases_row(e->releases, row);
	automation_row(e, row);
	outlet_row(e->outlet, row);
}

void engine_listen(struct engine *e, engine_event_fn event_fn, engine_row_fn row_fn, void *arg)
{
	if (e->outlet)
		outlet_begin(e->outlet);
	e->event_fn = event_fn;
	e->row_fn = row_fn;
	e->listen_arg = arg;
}

static struct environment *find_environment(struct engine *e, const char *app, const char *name)
{
	for (size_t i = 0; i < e->nenvironments; i++) {
		struct environment *env = e->environments[i];

		if (!env->removed && strcmp(env->app, app) == 0 && strcmp(env->name, name) == 0)
			return env;
	}
	return NULL;
}

struct environment *engine_environment(struct engine *e, const char *app, const char *name, struct err *err)
{
	const struct config_app *capp = config_app(e->config, app && *app ? app : NULL);
	struct environment *env;

	if (!capp) {
		if (app && *app)
			err_set(err, ERR_NOT_FOUND, "there is no application \"%s\" in the configuration", app);
		else
			err_set(err, ERR_USAGE, "there are %zu applications; name one", e->config ? e->config->napps : 0);
		return NULL;
	}
	env = find_environment(e, capp->name, name);
	if (!env) {
		AUTO(buf_done) struct buf names = { 0 };

		buf_init(&names, 400);
		for (size_t i = 0; i < capp->nenvironments; i++)
			buf_printf(&names, "%s%s", i ? ", " : "", capp->environments[i].name);
		err_set(err, ERR_NOT_FOUND, "%s has no environment \"%s\"; it has %s", capp->name, name, names.data);
	}
	return env;
}

/* A configuration is freed when no environment was opened with it any more. */
void engine_drop_old_configs(struct engine *e)
{
	size_t kept = 0;

	for (size_t i = 0; i < e->nold; i++) {
		bool used = false;

		for (size_t a = 0; a < e->old_configs[i]->napps && !used; a++)
			for (size_t k = 0; k < e->nenvironments && !used; k++)
				used = e->environments[k]->capp == &e->old_configs[i]->apps[a];
		if (used)
			e->old_configs[kept++] = e->old_configs[i];
		else
			config_free(e->old_configs[i]);
	}
	e->nold = kept;
}

static void close_removed(struct engine *e)
{
	size_t kept = 0;

	for (size_t i = 0; i < e->nenvironments; i++) {
		struct environment *env = e->environments[i];

		if (!env->removed) {
			env->removed = !config_environment(config_app(e->config, env->app), env->name);
			if (env->removed)
				log_line(LOG_LEVEL_INFO, "%s %s is no longer in the configuration; what runs is left running",
				         env->app, env->name);
		}
		if (env->removed && !env->run)
			environment_free(env);
		else
			e->environments[kept++] = env;
	}
	e->nenvironments = kept;
}

/* What is known of a new environment at once is journalled at once: hundreds of them wait for the disk a single time. */
static void open_environments(struct engine *e)
{
	bool joined = store_begin(e->store, NULL);

	for (size_t a = 0; a < e->config->napps; a++) {
		const struct config_app *app = &e->config->apps[a];

		for (size_t i = 0; i < app->nenvironments; i++) {
			struct environment *env = find_environment(e, app->name, app->environments[i].name);

			if (env) {
				environment_reconfigure(env, app, &app->environments[i]);
				continue;
			}
			e->environments = mem_grow(e->environments, e->nenvironments, &e->environments_cap,
			                           sizeof *e->environments);
			e->environments[e->nenvironments++] = environment_new(e, app, &app->environments[i]);
		}
	}
	if (joined)
		store_commit(e->store, NULL);
}

static void adopt_config(struct engine *e, struct config *config)
{
	if (e->config) {
		e->old_configs = mem_grow(e->old_configs, e->nold, &e->old_cap, sizeof *e->old_configs);
		e->old_configs[e->nold++] = e->config;
	}
	e->config = config;
	close_removed(e);
	open_environments(e);
	engine_drop_old_configs(e);
	survey_tidy(e);
	incoming_configure(e->incoming);
	past_reconfigure(e->past);
}

static bool check_owners(const struct engine *e, const struct config *config, json_t *mistakes)
{
	AUTO(mem_auto_free) char *groups = file_join(e->dir, "groups.json");
	struct err of_groups = { 0 };

	if (access(groups, F_OK) == 0 && !file_check_owner(groups, &of_groups))
		json_array_append_new(mistakes, json_safe_string(of_groups.text));
	for (size_t a = 0; a < config->napps; a++) {
		struct err err = { 0 };

		if (!file_check_owner(config->apps[a].file, &err))
			json_array_append_new(mistakes, json_safe_string(err.text));
	}
	return json_array_size(mistakes) == 0;
}

static bool append_file(struct engine *e, const struct config_file *file, struct err *err)
{
	char sha256[DIGEST_SIZE];

	digest_bytes(file->text, strlen(file->text), sha256);
	return store_config_has(e->store, file->name, sha256)
		|| store_append(e->store, "engine", "config.file",
		                json_pack("{s:o, s:s, s:o}", "name", json_safe_string(file->name), "sha256", sha256, "text",
		                          json_safe_string(file->text)), NULL, err);
}

static json_t *loaded_body(const struct config *config)
{
	json_t *body = json_pack("{s:[], s:[]}", "files", "names");

	for (size_t a = 0; a < config->napps; a++)
		json_array_append_new(json_object_get(body, "files"), json_safe_string(config->apps[a].file));
	for (size_t i = 0; i < config->nfiles; i++)
		json_array_append_new(json_object_get(body, "names"), json_safe_string(config->files[i].name));
	return body;
}

/* What changed in it is journalled, so that what was can be told by the rules of then. */
static bool append_config(struct engine *e, const struct config *config, struct err *err)
{
	if (!store_begin(e->store, err))
		return false;
	for (size_t i = 0; i < config->nfiles; i++)
		if (!append_file(e, &config->files[i], err)) {
			store_rollback(e->store);
			return false;
		}
	if (!store_append(e->store, "engine", "config.loaded", loaded_body(config), NULL, err)) {
		store_rollback(e->store);
		return false;
	}
	return store_commit(e->store, err);
}

static void journal_config(struct engine *e, struct config *config)
{
	struct err err = { 0 };

	if (!append_config(e, config, &err))
		log_line(LOG_LEVEL_ERROR, "journal config.loaded: %s", err.text);
	config_forget_files(config);
}

/* Reads the workspace's files; an invalid one is refused and the old one stays in force, visibly. */
static bool load_config(struct engine *e, struct err *err)
{
	struct config_mistakes mistakes = { 0 };
	struct config *config = NULL;
	json_t *texts = json_array();
	bool ok = config_load(e->dir, &config, &mistakes);

	for (size_t i = 0; i < mistakes.n; i++) {
		const struct config_mistake *m = &mistakes.items[i];
		char *text = mem_printf("%s:%d:%d: %s", m->file, m->line, m->column, m->text);

		json_array_append_new(texts, json_safe_string(text));
		free(text);
	}
	config_mistakes_done(&mistakes);
	if (ok && !check_owners(e, config, texts)) {
		config_free(config);
		ok = false;
	}
	json_decref(e->mistakes);
	e->mistakes = texts;
	if (ok) {
		adopt_config(e, config);
		journal_config(e, config);
		return true;
	}
	engine_append(e, "engine", "config.refused", json_pack("{s:O}", "mistakes", texts));
	err_set(err, ERR_CONFIG, "%s", json_string_value(json_array_get(texts, 0)));
	return false;
}

static void config_settled(void *arg)
{
	struct engine *e = arg;
	struct err err = { 0 };

	if (load_config(e, &err))
		log_line(LOG_LEVEL_INFO, "the configuration changed and is in force");
	else
		log_line(LOG_LEVEL_WARN, "the changed configuration is refused, the old one stays in force: %s", err.text);
}

static void config_touched(void *arg, const char *name)
{
	struct engine *e = arg;
	size_t len = strlen(name);

	/* Editors write in several steps: wait until it is quiet. */
	if (len == 0 || strcmp(name, "slipway.d") == 0 || (len > 5 && strcmp(name + len - 5, ".json") == 0))
		loop_timer_set(e->config_timer, CONFIG_SETTLE_MS);
}

static void groups_touched(void *arg, const char *name)
{
	if (strcmp(name, "groups.json") == 0)
		config_touched(arg, name);
}

static void watch_config(struct engine *e)
{
	AUTO(mem_auto_free) char *several = file_join(e->dir, "slipway.d");
	bool has_folder = access(several, F_OK) == 0;
	const char *dir = has_folder ? several : e->dir;
	struct err err = { 0 };

	e->config_timer = loop_timer_new(e->loop, config_settled, e);
	if (!watch_new(e->loop, dir, config_touched, e, &e->config_watch, &err)
	    || (has_folder && !watch_new(e->loop, e->dir, groups_touched, e, &e->groups_watch, &err)))
		log_line(LOG_LEVEL_WARN, "%s; a changed configuration needs a restart of the engine", err.text);
}

static void loop_was_slow(int64_t ms, const char *what, void *arg)
{
	(void)arg;
	log_line(LOG_LEVEL_WARN, "the loop was held for %lld ms by %s", (long long)ms, what);
}

static bool make_folders(struct engine *e, struct err *err)
{
	AUTO(mem_auto_free) char *logs = file_join(e->state_dir, "log");
	AUTO(mem_auto_free) char *environments = file_join(e->state_dir, "environments");

	return file_make_dirs(e->state_dir, 0700, err) && file_check_owner(e->state_dir, err)
		&& file_make_dirs(logs, 0700, err) && file_make_dirs(environments, 0700, err)
		&& file_make_dirs(e->artifacts_dir, 0700, err);
}

bool engine_new(struct loop *loop, const char *dir, struct engine **ret, struct err *err)
{
	struct engine *e = mem_alloc(sizeof *e);
	AUTO(mem_auto_free) char *database = NULL;
	struct err invalid = { 0 };

	*e = (struct engine){ .loop = loop, .dir = mem_dup(dir), .started_at = clock_wall_ms(), .mistakes = json_array() };
	e->state_dir = file_join(dir, API_STATE_DIR);
	e->artifacts_dir = file_join(e->state_dir, "artifacts");
	database = file_join(e->state_dir, "slipway.db");
	if (!make_folders(e, err) || !store_open(database, &e->store, err) || !saver_new(loop, &e->saver, err)
	    || !launcher_new(loop, &e->launcher, err)) {
		engine_free(e);
		return false;
	}
	loop_watchdog(loop, 10, loop_was_slow, NULL);
	e->outlet = outlet_new(e);
	e->http = http_new(loop);
	e->builds = builds_new(e);
	e->incoming = incoming_new(e);
	e->people = people_new();
	e->delivery = delivery_new(e);
	e->past = past_new(e);
	e->releases = releases_new(e);
	store_on_append(e->store, row_appended, e);
	engine_append(e, "engine", "engine.started",
	              json_pack("{s:s, s:i}", "version", SLIPWAY_VERSION, "pid", (int)getpid()));
	/* An invalid configuration does not keep the engine down: history and status stay readable, the mistake visible. */
	if (!load_config(e, &invalid))
		log_line(LOG_LEVEL_ERROR, "the configuration is refused: %s", invalid.text);
	watch_config(e);
	recovery_begin(e);
	releases_begin(e->releases);
	*ret = e;
	return true;
}

void engine_free(struct engine *e)
{
	if (e && e->replay) {
		replay_free(e->replay);
		return;
	}
	if (!e)
		return;
	e->event_fn = NULL;
	e->row_fn = NULL;
	watch_free(e->config_watch);
	watch_free(e->groups_watch);
	loop_timer_free(e->config_timer);
	builds_free(e->builds);
	incoming_free(e->incoming);
	people_free(e->people);
	status_end(e);
	delivery_free(e->delivery);
	past_free(e->past);
	for (size_t i = 0; i < e->nenvironments; i++)
		environment_free(e->environments[i]);
	free(e->environments);
	releases_free(e->releases);
	http_free(e->http);
	outlet_free(e->outlet);
	launcher_free(e->launcher);
	saver_free(e->saver);
	if (e->store)
		store_close(e->store);
	config_free(e->config);
	for (size_t i = 0; i < e->nold; i++)
		config_free(e->old_configs[i]);
	free(e->old_configs);
	json_decref(e->mistakes);
	free(e->artifacts_dir);
	free(e->state_dir);
	free(e->dir);
	free(e);
}
