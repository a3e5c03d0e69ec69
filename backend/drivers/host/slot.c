#include "backend/drivers/host/slot.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/drivers/host/runit.h"

enum { MARK_MAX = 65536 };

static char *colour_dir(const char *dir, enum colour colour)
{
	return mem_printf("%s/slots/%s", dir, colour_name(colour));
}

char *slot_release(const char *dir, enum colour colour, const char *component)
{
	return mem_printf("%s/slots/%s/%s/release", dir, colour_name(colour), component);
}

char *slot_service(const char *dir, enum colour colour, const char *component)
{
	return mem_printf("%s/slots/%s/%s/service", dir, colour_name(colour), component);
}

char *slot_log(const char *dir, enum colour colour, const char *component)
{
	return mem_printf("%s/logs/%s/%s", dir, colour_name(colour), component);
}

static char *mark_path(const char *dir, enum colour colour)
{
	return mem_printf("%s/slots/%s/slot.json", dir, colour_name(colour));
}

void slot_mark_read(const char *dir, enum colour colour, struct slot_mark *ret)
{
	AUTO(mem_auto_free) char *path = mark_path(dir, colour);
	AUTO(json_auto_decref) json_t *mark = NULL;
	AUTO(buf_done) struct buf text = { 0 };

	*ret = (struct slot_mark){ 0 };
	if (!file_read(path, MARK_MAX, &text, NULL) || !(mark = json_read(text.data, text.len, NULL)))
		return;
	ret->version = mem_dup(json_string_value(json_object_get(mark, "version")));
	ret->digest = mem_dup(json_string_value(json_object_get(mark, "digest")));
}

void slot_mark_done(struct slot_mark *mark)
{
	free(mark->version);
	free(mark->digest);
	*mark = (struct slot_mark){ 0 };
}

struct save *slot_mark_save(struct saver *saver, const char *dir, enum colour colour, const char *version,
                            const char *digest, saver_fn fn, void *arg)
{
	AUTO(mem_auto_free) char *path = mark_path(dir, colour);
	AUTO(mem_auto_free) char *line = NULL;
	AUTO(json_auto_decref) json_t *mark = json_object();

	json_put_text(mark, "version", version);
	json_put_text(mark, "digest", digest);
	line = json_line(mark);
	return saver_write(saver, path, line, strlen(line), 0600, fn, arg);
}

struct save *slot_mark_remove(struct saver *saver, const char *dir, enum colour colour, saver_fn fn, void *arg)
{
	AUTO(mem_auto_free) char *path = mark_path(dir, colour);

	return saver_remove(saver, path, fn, arg);
}

bool slot_holds(const char *dir, const struct host_model *model, enum colour colour, const char *digest)
{
	AUTO(slot_mark_done) struct slot_mark mark = { 0 };

	slot_mark_read(dir, colour, &mark);
	if (!mark.digest || strcmp(mark.digest, digest) != 0)
		return false;
	for (size_t i = 0; i < model->n; i++) {
		AUTO(mem_auto_free) char *release = slot_release(dir, colour, model->parts[i].name);

		if (access(release, X_OK) != 0)
			return false;
	}
	return true;
}

char **slot_services(const char *dir, enum colour colour)
{
	AUTO(mem_auto_free) char *folder = colour_dir(dir, colour);
	DIR *entries = opendir(folder);
	struct dirent *entry;
	char **services = NULL;
	size_t n = 0, cap = 0;

	while (entries && (entry = readdir(entries))) {
		char *service;

		if (entry->d_name[0] == '.')
			continue;
		service = slot_service(dir, colour, entry->d_name);
		if (access(service, F_OK) != 0) {
			free(service);
			continue;
		}
		services = mem_grow(services, n, &cap, sizeof *services);
		services[n++] = service;
	}
	if (entries)
		closedir(entries);
	services = mem_grow(services, n, &cap, sizeof *services);
	services[n] = NULL;
	return services;
}

void slot_services_free(char **services)
{
	for (char **service = services; service && *service; service++)
		free(*service);
	free(services);
}

bool slot_runs(const char *dir, const struct host_model *model, enum colour colour, bool with_workers,
               char **ret_missing)
{
	for (size_t i = 0; i < model->n; i++) {
		AUTO(mem_auto_free) char *service = slot_service(dir, colour, model->parts[i].name);
		struct runit_status status;

		if (!with_workers && !host_part_serves(&model->parts[i]))
			continue;
		runit_status(service, &status);
		if (status.running)
			continue;
		if (ret_missing)
			*ret_missing = mem_dup(model->parts[i].name);
		return false;
	}
	return true;
}
