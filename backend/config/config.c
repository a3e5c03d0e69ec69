#include "backend/config/config.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/config/check.h"
#include "backend/config/mistake.h"
#include "backend/config/text.h"
#include "backend/config/type.h"

enum { CONFIG_BYTES_MAX = 1024 * 1024, CONFIG_FILES_MAX = 1000 };

#define CONFIG_FILE "slipway.json"
#define CONFIG_FOLDER "slipway.d"
#define CONFIG_GROUPS "groups.json"

/* The files of a workspace while they are read; both arrays run in parallel. */
struct loading {
	struct config groups;                  /* only the groups of groups.json */
	struct config_app *apps;
	struct check_loaded *loaded;
	size_t n;
	struct config_file *files; size_t nfiles, files_cap;
	bool keeps_files;
	struct config_mistakes *out;
};

static void mistake(struct config_mistakes *out, const char *file, int line, int column, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

static void mistake(struct config_mistakes *out, const char *file, int line, int column, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	mistakes_add(out, file, line, column, fmt, ap);
	va_end(ap);
}

static void app_done(struct config_app *app)
{
	read_done(&config_kind_app, app);
	free(app->file);
	free(app->dir);
}

/* jansson says where it stopped, which is the end of the token that it did not like. */
static void syntax_mistake(struct config_mistakes *out, const char *file, const json_error_t *e)
{
	const char *near = strstr(e->text, " near '");
	int column = e->column;

	if (near) {
		for (const char *p = near + strlen(" near '"); *p && !(p[0] == '\'' && p[1] == '\0'); p++)
			column -= ((unsigned char)*p & 0xc0) != 0x80;
		column++;
	}
	mistake(out, file, e->line < 1 ? 1 : e->line, column < 1 ? 1 : column, "this is not JSON: %s", e->text);
}

static void twice_mistake(void *arg, const char *key, struct place first, struct place again)
{
	const struct source *s = arg;

	mistake(s->out, s->file, again.line, again.column, "\"%.60s\" stands here twice; first on line %d", key,
	        first.line);
}

static void keep_file(struct loading *loading, const char *name, const json_t *json)
{
	if (!loading->keeps_files)
		return;
	loading->files = mem_grow(loading->files, loading->nfiles, &loading->files_cap, sizeof *loading->files);
	loading->files[loading->nfiles++] = (struct config_file){ mem_dup(name), config_text(json) };
}

static void files_done(struct config_file *files, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(files[i].name);
		free(files[i].text);
	}
	free(files);
}

/* One text into the next place of `loading`; nothing is added when it is no JSON. */
static void load_text(struct loading *loading, const char *name, const char *path, const char *text, size_t len)
{
	struct config_app *app = &loading->apps[loading->n];
	struct check_loaded *loaded = &loading->loaded[loading->n];
	const char *slash = strrchr(path, '/');
	AUTO(json_auto_decref) json_t *json = NULL;
	json_error_t error;

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		mistake(loading->out, name, 1, 1, "the file begins with a byte order mark; save it as UTF-8 without "
		        "one");
		return;
	}
	json = json_loadb(text, len, 0, &error);
	if (!json) {
		syntax_mistake(loading->out, name, &error);
		return;
	}
	*app = (struct config_app){
		.file = mem_dup(path),
		.dir = slash ? mem_dupn(path, slash == path ? 1 : (size_t)(slash - path)) : mem_dup("."),
	};
	*loaded = (struct check_loaded){ { name, app->dir, places_new(text, len), loading->out }, app };
	places_each_twice(loaded->source.places, twice_mistake, &loaded->source);
	read_object(&loaded->source, &config_kind_app, json, PLACE_ROOT, app);
	keep_file(loading, name, json);
	loading->n++;
}

static void loading_init(struct loading *loading, size_t room, struct config_mistakes *out)
{
	*out = (struct config_mistakes){ 0 };
	*loading = (struct loading){
		.apps = mem_array(room, sizeof *loading->apps),
		.loaded = mem_array(room, sizeof *loading->loaded),
		.out = out,
	};
}

static int app_compare(const void *a, const void *b)
{
	const struct config_app *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* The checks across applications, then either the config or the mistakes; `loading` is spent. */
static bool loading_finish(struct loading *loading, struct config **ret_config)
{
	bool ok;

	check_apps(loading->loaded, loading->n);
	for (size_t i = 0; i < loading->n; i++)
		places_free((struct places *)loading->loaded[i].source.places);
	free(loading->loaded);
	mistakes_sort(loading->out);
	ok = loading->out->n == 0;
	if (ok) {
		struct config *config = mem_alloc(sizeof *config);

		*config = (struct config){ loading->apps, loading->n, loading->groups.groups, loading->groups.ngroups,
		                           loading->files, loading->nfiles };
		qsort(config->apps, config->napps, sizeof *config->apps, app_compare);
		*ret_config = config;
		return true;
	}
	for (size_t i = 0; i < loading->n; i++)
		app_done(&loading->apps[i]);
	free(loading->apps);
	files_done(loading->files, loading->nfiles);
	read_done(&config_kind_groups, &loading->groups);
	return false;
}

bool config_parse(const char *file, const char *text, size_t len, struct config **ret_config,
                  struct config_mistakes *ret_mistakes)
{
	struct loading loading;

	loading_init(&loading, 1, ret_mistakes);
	load_text(&loading, file, file, text, len);
	return loading_finish(&loading, ret_config);
}

static void load_file(struct loading *loading, const char *dir, const char *name)
{
	AUTO(mem_auto_free) char *path = file_join(dir, name);
	AUTO(buf_done) struct buf text = { 0 };
	struct err err = { 0 };
	struct stat st;

	/* A fifo would keep us waiting for its writer. */
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		mistake(loading->out, name, 1, 1, "%s is not a regular file", path);
	else if (!file_read(path, CONFIG_BYTES_MAX, &text, &err))
		mistake(loading->out, name, 1, 1, "%s", err.text);
	else
		load_text(loading, name, path, text.data, text.len);
}

static int is_config_name(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".json") == 0;
}

/* Names relative to the workspace, sorted; yours, NULL-terminated. */
static char **find_files(const char *dir, struct config_mistakes *out)
{
	AUTO(mem_auto_free) char *file = file_join(dir, CONFIG_FILE);
	AUTO(mem_auto_free) char *folder = file_join(dir, CONFIG_FOLDER);
	struct dirent **entries = NULL;
	int found = scandir(folder, &entries, is_config_name, alphasort);
	char **names = mem_array(CONFIG_FILES_MAX + 1, sizeof *names);
	size_t n = 0;
	struct stat st;

	if (found < 0 && errno != ENOENT)
		mistake(out, CONFIG_FOLDER, 1, 1, "%s: %s", folder, strerror(errno));
	if (lstat(file, &st) == 0)
		names[n++] = mem_dup(CONFIG_FILE);
	for (int i = 0; i < found; i++) {
		if (n < CONFIG_FILES_MAX)
			names[n++] = file_join(CONFIG_FOLDER, entries[i]->d_name);
		else if (i == found - 1)
			mistake(out, CONFIG_FOLDER, 1, 1, "%s holds %d files; at most %d are possible", folder, found,
			        CONFIG_FILES_MAX);
		free(entries[i]);
	}
	free(entries);
	return names;
}

/* An application stands in a group once, and there must be one of that name. */
static void check_groups(const struct source *s, const struct loading *loading)
{
	for (size_t g = 0; g < loading->groups.ngroups; g++) {
		const struct config_group *group = &loading->groups.groups[g];
		AUTO(mem_auto_free) char *list = mem_printf("/groups/%zu/applications", g);

		if (group->name && group->napplications == 0)
			source_mistake(s, places_find(s->places, list), "the group \"%.60s\" holds no application", group->name);
		for (size_t i = 0; i < group->napplications; i++) {
			AUTO(mem_auto_free) char *pointer = mem_printf("/groups/%zu/applications/%zu", g, i);
			int place = places_find(s->places, pointer);
			bool known = false, twice = false;

			for (size_t a = 0; a < loading->n; a++)
				known |= loading->apps[a].name && strcmp(loading->apps[a].name, group->applications[i]) == 0;
			for (size_t k = 0; k < i; k++)
				twice |= strcmp(group->applications[k], group->applications[i]) == 0;
			if (!known)
				source_mistake(s, place, "there is no application \"%.60s\"", group->applications[i]);
			else if (twice)
				source_mistake(s, place, "\"%s\" stands here twice", group->applications[i]);
		}
		for (size_t k = 0; group->name && k < g; k++)
			if (loading->groups.groups[k].name && strcmp(loading->groups.groups[k].name, group->name) == 0)
				source_mistake(s, PLACE_ROOT, "there are two groups \"%.60s\"", group->name);
	}
}

static void load_groups_text(struct loading *loading, const char *dir, const char *text, size_t len)
{
	AUTO(json_auto_decref) json_t *json = NULL;
	struct source source = { CONFIG_GROUPS, dir, NULL, loading->out };
	json_error_t error;

	json = json_loadb(text, len, 0, &error);
	if (!json) {
		syntax_mistake(loading->out, CONFIG_GROUPS, &error);
		return;
	}
	source.places = places_new(text, len);
	read_object(&source, &config_kind_groups, json, PLACE_ROOT, &loading->groups);
	check_groups(&source, loading);
	places_free((struct places *)source.places);
	keep_file(loading, CONFIG_GROUPS, json);
}

static void load_groups(struct loading *loading, const char *dir)
{
	AUTO(mem_auto_free) char *path = file_join(dir, CONFIG_GROUPS);
	AUTO(buf_done) struct buf text = { 0 };
	struct err err = { 0 };
	struct stat st;

	if (stat(path, &st) != 0)
		return;
	if (!S_ISREG(st.st_mode)) {
		mistake(loading->out, CONFIG_GROUPS, 1, 1, "%s is not a regular file", path);
		return;
	}
	if (!file_read(path, CONFIG_BYTES_MAX, &text, &err)) {
		mistake(loading->out, CONFIG_GROUPS, 1, 1, "%s", err.text);
		return;
	}
	load_groups_text(loading, dir, text.data, text.len);
}

bool config_load(const char *dir, struct config **ret_config, struct config_mistakes *ret_mistakes)
{
	AUTO(mem_auto_free) char *real = realpath(dir, NULL);
	const char *base = real ? real : dir;
	struct loading loading;
	char **names;
	bool ok;

	loading_init(&loading, CONFIG_FILES_MAX, ret_mistakes);
	loading.keeps_files = true;
	names = find_files(base, ret_mistakes);
	if (!names[0] && ret_mistakes->n == 0)
		mistake(ret_mistakes, CONFIG_FILE, 1, 1, "%s holds no " CONFIG_FILE " and no " CONFIG_FOLDER "/*.json; "
		        "`slipway init` writes one to begin with", base);
	for (size_t i = 0; names[i]; i++)
		load_file(&loading, base, names[i]);
	load_groups(&loading, base);
	ok = loading_finish(&loading, ret_config);
	for (size_t i = 0; names[i]; i++)
		free(names[i]);
	free(names);
	return ok;
}

bool config_from_files(const json_t *files, struct config **ret_config, struct err *err)
{
	AUTO(config_mistakes_done) struct config_mistakes mistakes = { 0 };
	struct loading loading;
	const json_t *file;
	size_t i;

	if (json_array_size(files) == 0)
		return err_set(err, ERR_CONFIG, "no configuration was kept");
	loading_init(&loading, json_array_size(files), &mistakes);
	json_array_foreach(files, i, file)
		if (strcmp(json_text(file, "name"), CONFIG_GROUPS) != 0)
			load_text(&loading, json_text(file, "name"), json_text(file, "name"), json_text(file, "text"),
			          strlen(json_text(file, "text")));
	json_array_foreach(files, i, file)
		if (strcmp(json_text(file, "name"), CONFIG_GROUPS) == 0)
			load_groups_text(&loading, ".", json_text(file, "text"), strlen(json_text(file, "text")));
	return loading_finish(&loading, ret_config)
		|| err_set(err, ERR_CONFIG, "%s: %s", mistakes.items[0].file, mistakes.items[0].text);
}

void config_forget_files(struct config *config)
{
	files_done(config->files, config->nfiles);
	config->files = NULL;
	config->nfiles = 0;
}

void config_free(struct config *config)
{
	if (!config)
		return;
	config_forget_files(config);
	for (size_t i = 0; i < config->napps; i++)
		app_done(&config->apps[i]);
	free(config->apps);
	read_done(&config_kind_groups, config);
	free(config);
}

const struct config_app *config_app(const struct config *config, const char *app)
{
	if (!config)
		return NULL;
	if (!app)
		return config->napps == 1 ? &config->apps[0] : NULL;
	for (size_t i = 0; i < config->napps; i++)
		if (strcmp(config->apps[i].name, app) == 0)
			return &config->apps[i];
	return NULL;
}

const struct config_environment *config_environment(const struct config_app *app, const char *environment)
{
	for (size_t i = 0; app && i < app->nenvironments; i++)
		if (app->environments[i].name && strcmp(app->environments[i].name, environment) == 0)
			return &app->environments[i];
	return NULL;
}

const struct config_component *config_component(const struct config_app *app, const char *component)
{
	for (size_t i = 0; i < app->ncomponents; i++)
		if (strcmp(app->components[i].name, component) == 0)
			return &app->components[i];
	return NULL;
}

const struct config_group *config_group(const struct config *config, const char *group)
{
	for (size_t i = 0; config && i < config->ngroups; i++)
		if (strcmp(config->groups[i].name, group) == 0)
			return &config->groups[i];
	return NULL;
}

int config_port(const struct config_environment *environment, const char *component)
{
	for (size_t i = 0; i < environment->nports; i++)
		if (strcmp(environment->ports[i].component, component) == 0)
			return environment->ports[i].port;
	return 0;
}
