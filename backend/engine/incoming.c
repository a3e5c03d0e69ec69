#include "backend/engine/incoming.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/buf.h"
#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/log.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/base/saver.h"
#include "backend/base/watch.h"
#include "backend/engine/engine_priv.h"

enum { DROP_MAX = 64 * 1024, SETTLE_MS = 50 };

struct folder { struct incoming *in; struct watch *watch; char *app, *dir; struct loop_timer *look; };

struct incoming {
	struct engine *e;
	struct folder *folders; size_t nfolders;
	char *dropped;                 /* the file whose build is being added, until it is renamed; NULL: none */
	json_t *passed;                /* object: paths that are not looked at any more, as they cannot be renamed */
};

static void look_again(struct incoming *in)
{
	free(in->dropped);
	in->dropped = NULL;
	for (size_t i = 0; i < in->nfolders; i++)
		loop_timer_set(in->folders[i].look, 0);
}

static void pass_over(struct incoming *in)
{
	json_object_set_new(in->passed, in->dropped, json_true());
	look_again(in);
}

static void rename_dropped(struct incoming *in, const char *ending)
{
	AUTO(mem_auto_free) char *to = mem_printf("%s.%s", in->dropped, ending);

	if (rename(in->dropped, to) == 0) {
		look_again(in);
		return;
	}
	log_line(LOG_LEVEL_WARN, "%s cannot be renamed; it will be looked at again after a restart", in->dropped);
	pass_over(in);
}

/* Where the disk failed the file stays as it is: the build is added again when the engine starts again. */
static void added_is_kept(void *arg, const struct err *err)
{
	struct incoming *in = arg;

	if (err)
		pass_over(in);
	else
		rename_dropped(in, "added");
}

static void refuse(struct incoming *in, const struct err *err)
{
	AUTO(mem_auto_free) char *why = mem_printf("%s.why", in->dropped);
	AUTO(mem_auto_free) char *text = mem_printf("%s\n", err->text);

	log_line(LOG_LEVEL_WARN, "%s: %s", in->dropped, err->text);
	saver_write(in->e->saver, why, text, strlen(text), 0644, NULL, NULL);
	rename_dropped(in, "refused");
}

static void concluded(void *arg, int status, const json_t *value, const struct err *err)
{
	struct incoming *in = arg;

	(void)status;
	if (err) {
		refuse(in, err);
		return;
	}
	log_line(LOG_LEVEL_INFO, "%s: build %s %s", in->dropped, json_text(value, "version"),
	         json_flag(value, "known") ? "is there already" : "added");
	if (engine_is_kept(in->e))
		rename_dropped(in, "added");
	else
		engine_when_kept(in->e, added_is_kept, in);
}

static json_t *absolute(const char *dir, const json_t *path)
{
	const char *text = json_string_value(path);
	AUTO(mem_auto_free) char *whole = text && *text != '/' ? file_join(dir, text) : mem_dup(text ? text : "");

	return json_safe_string(whole);
}

static void make_absolute(const char *dir, json_t *request)
{
	json_t *tests = json_object_get(request, "tests"), *artifacts = json_object_get(request, "artifacts");
	json_t *path;
	const char *component;
	size_t i;

	json_array_foreach(tests, i, path)
		json_array_set_new(tests, i, absolute(dir, path));
	json_object_foreach(artifacts, component, path)
		json_object_set_new(artifacts, component, absolute(dir, path));
}

/* Takes the path. */
static void take(struct folder *f, char *take_path)
{
	struct engine_caller who = { .uid = geteuid(), .name = "watch" };
	AUTO(json_auto_decref) json_t *request = NULL;
	AUTO(buf_done) struct buf text = { 0 };
	struct err err = { 0 };

	f->in->dropped = take_path;
	if (file_read(take_path, DROP_MAX, &text, &err))
		request = json_read(text.data, text.len, &err);
	if (!request) {
		refuse(f->in, &err);
		return;
	}
	json_object_set_new(request, "app", json_string(f->app));
	make_absolute(f->dir, request);
	engine_add_build(f->in->e, &who, request, concluded, f->in);
}

static bool is_drop(const char *name)
{
	size_t len = strlen(name);

	return *name != '.' && len > 5 && strcmp(name + len - 5, ".json") == 0;
}

/* One at a time: its folder is looked at again when it is renamed. */
static void look(void *arg)
{
	struct folder *f = arg;
	struct dirent **names = NULL;
	int n = f->in->dropped ? 0 : scandir(f->dir, &names, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		if (is_drop(names[i]->d_name) && !f->in->dropped) {
			char *path = file_join(f->dir, names[i]->d_name);

			if (json_object_get(f->in->passed, path))
				free(path);
			else
				take(f, path);
		}
		free(names[i]);
	}
	free(names);
}

static void touched(void *arg, const char *name)
{
	struct folder *f = arg;

	(void)name;
	loop_timer_set(f->look, SETTLE_MS);
}

static void close_folders(struct incoming *in)
{
	for (size_t i = 0; i < in->nfolders; i++) {
		watch_free(in->folders[i].watch);
		loop_timer_free(in->folders[i].look);
		free(in->folders[i].app);
		free(in->folders[i].dir);
	}
	free(in->folders);
	in->folders = NULL;
	in->nfolders = 0;
}

void incoming_configure(struct incoming *in)
{
	const struct config *config = in->e->config;

	close_folders(in);
	in->folders = mem_array(config->napps, sizeof *in->folders);
	for (size_t i = 0; i < config->napps; i++) {
		struct folder *f = &in->folders[in->nfolders];
		struct err err = { 0 };

		if (!config->apps[i].watch)
			continue;
		*f = (struct folder){ .in = in, .app = mem_dup(config->apps[i].name), .dir = mem_dup(config->apps[i].watch) };
		f->look = loop_timer_new(in->e->loop, look, f);
		in->nfolders++;
		if (file_make_dirs(f->dir, 0755, &err) && watch_new(in->e->loop, f->dir, touched, f, &f->watch, &err))
			loop_timer_set(f->look, 0);
		else
			log_line(LOG_LEVEL_ERROR, "builds are not watched for: %s", err.text);
	}
}

struct incoming *incoming_new(struct engine *e)
{
	struct incoming *in = mem_alloc(sizeof *in);

	*in = (struct incoming){ .e = e, .passed = json_object() };
	return in;
}

void incoming_free(struct incoming *in)
{
	if (!in)
		return;
	engine_forget_kept(in->e, in);
	close_folders(in);
	json_decref(in->passed);
	free(in->dropped);
	free(in);
}
