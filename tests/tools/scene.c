#include "tests/tools/scene.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/buf.h"
#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"

#define FIXTURES "tests/screen/fixtures"

enum { FIXTURE_MAX = 8 * 1024 * 1024 };

/* The scene's own file, else the one of the scene that all others are variations of. */
static bool read_text(const char *scene, const char *name, struct buf *ret)
{
	AUTO(mem_auto_free) char *own = mem_printf("%s/%s/%s", FIXTURES, scene, name);
	AUTO(mem_auto_free) char *shared = mem_printf("%s/shop/%s", FIXTURES, name);
	struct err err = { 0 };

	return file_read(access(own, R_OK) == 0 ? own : shared, FIXTURE_MAX, ret, &err);
}

static json_t *read_json(const char *scene, const char *name)
{
	AUTO(buf_done) struct buf text = { 0 };
	struct err err = { 0 };
	json_t *value;

	if (!read_text(scene, name, &text))
		return NULL;
	value = json_read(text.data, text.len, &err);
	if (!value) {
		fprintf(stderr, "%s/%s/%s: %s\n", FIXTURES, scene, name, err.text);
		abort();
	}
	return value;
}

json_t *scene_status(const char *scene)
{
	return read_json(scene, "status.json");
}

static bool matches(const json_t *build, const char *q)
{
	static const char *const keys[] = { "version", "commit", "branch", "author", "message" };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strcasestr(json_text(build, keys[i]), q))
			return true;
	return false;
}

static json_t *file_builds(const char *scene, const char *q, int64_t offset, int64_t limit)
{
	AUTO(json_auto_decref) json_t *all = read_json(scene, "builds.json");
	json_t *found = json_array(), *page = json_array(), *build;
	int64_t total;
	size_t i;

	json_array_foreach(json_object_get(all, "builds"), i, build)
		if (!q || matches(build, q))
			json_array_append(found, build);
	/* A file may promise more than it has, as a broken engine would. */
	total = q ? (int64_t)json_array_size(found) : json_int(all, "total", 0);
	for (int64_t n = offset; n < total && n < offset + limit; n++)
		json_array_append(page, json_array_get(found, (size_t)n));
	json_decref(found);
	return json_pack("{s:I, s:I, s:I, s:o}", "seq", (json_int_t)json_int(all, "seq", 0), "total", (json_int_t)total,
	                 "offset", (json_int_t)offset, "builds", page);
}

/* 100,000 builds that are in no file. */
static json_t *many_builds(int64_t offset, int64_t limit)
{
	enum { MANY = 100000 };
	json_t *page = json_array();

	for (int64_t n = offset; n < MANY && n < offset + limit; n++) {
		AUTO(mem_auto_free) char *version = mem_printf("1.0.%" PRId64, MANY - n);

		json_array_append_new(page, json_pack("{s:s, s:s, s:I}", "version", version, "digest", "d", "at",
		                                      (json_int_t)(SCENE_WALL_MS - n * 60000)));
	}
	return json_pack("{s:i, s:I, s:I, s:o}", "seq", 1, "total", (json_int_t)MANY, "offset", (json_int_t)offset, "builds",
	                 page);
}

json_t *scene_builds(const char *scene, const char *q, int64_t offset, int64_t limit)
{
	if (strcmp(scene, "many") == 0)
		return many_builds(offset, limit);
	return file_builds(scene, q, offset, limit);
}

json_t *scene_build(const char *scene, const char *version)
{
	AUTO(mem_auto_free) char *name = mem_printf("build-%s.json", version);
	AUTO(json_auto_decref) json_t *all = NULL;
	json_t *answer = read_json(scene, name), *build;
	size_t i;

	if (answer)
		return answer;
	all = read_json(scene, "builds.json");
	json_array_foreach(json_object_get(all, "builds"), i, build)
		if (strcmp(json_text(build, "version"), version) == 0) {
			answer = json_deep_copy(build);
			json_object_set_new(answer, "results", json_array());
		}
	return answer;
}

json_t *scene_deployments(const char *scene, int64_t before)
{
	json_t *answer = read_json(scene, "history.json");

	/* There is one page. */
	if (answer && before)
		json_array_clear(json_object_get(answer, "deployments"));
	return answer;
}

json_t *scene_deployment(const char *scene, int64_t id)
{
	AUTO(json_auto_decref) json_t *status = scene_status(scene);
	AUTO(json_auto_decref) json_t *history = scene_deployments(scene, 0);
	json_t *app, *item;
	size_t a, i;

	json_array_foreach(json_object_get(status, "apps"), a, app)
		json_array_foreach(json_object_get(app, "environments"), i, item) {
			json_t *known = json_object_get(item, "deployment"), *queued;
			size_t q;

			if (json_int(known, "id", 0) == id)
				return json_incref(known);
			json_array_foreach(json_object_get(item, "queue"), q, queued)
				if (json_int(queued, "id", 0) == id)
					return json_incref(queued);
		}
	json_array_foreach(json_object_get(history, "deployments"), i, item)
		if (json_int(item, "id", 0) == id)
			return json_incref(item);
	return NULL;
}

json_t *scene_consistency(const char *scene)
{
	return read_json(scene, "consistency.json");
}

json_t *scene_releases(const char *scene)
{
	return read_json(scene, "releases.json");
}

json_t *scene_tests(const char *scene, int64_t id, int64_t from)
{
	AUTO(mem_auto_free) char *name = mem_printf("tests-%" PRId64 ".json", id);
	AUTO(json_auto_decref) json_t *all = read_json(scene, name);
	json_t *page = json_array(), *result;
	size_t i;

	json_array_foreach(json_object_get(all, "results"), i, result)
		if (json_int(result, "n", 0) >= from)
			json_array_append(page, result);
	return json_pack("{s:I, s:o}", "total", (json_int_t)json_int(all, "total", 0), "results", page);
}

json_t *scene_log(const char *scene, int64_t id, int64_t from, int64_t limit)
{
	AUTO(mem_auto_free) char *name = mem_printf("log-%" PRId64 ".txt", id);
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(mem_auto_free) char *piece = NULL;
	int64_t size = 0;

	if (read_text(scene, name, &text))
		size = (int64_t)text.len;
	if (from > size)
		from = size;
	if (limit > size - from)
		limit = size - from;
	piece = mem_dupn(size ? text.data + from : "", (size_t)limit);
	return json_pack("{s:I, s:I, s:I, s:o}", "size", (json_int_t)size, "from", (json_int_t)from, "next",
	                 (json_int_t)(from + limit), "text", json_safe_string(piece));
}

/* A number of the query; `otherwise` when it is not there. */
static int64_t number(const char *path, const char *key, int64_t otherwise)
{
	AUTO(mem_auto_free) char *first = mem_printf("?%s=", key);
	AUTO(mem_auto_free) char *further = mem_printf("&%s=", key);
	const char *at = strstr(path, first);

	if (!at)
		at = strstr(path, further);
	return at ? strtoll(at + strlen(first), NULL, 10) : otherwise;
}

static char *text_of(const char *path, const char *key)
{
	AUTO(mem_auto_free) char *mark = mem_printf("&%s=", key);
	const char *at = strstr(path, mark);

	return at ? mem_dupn(at + strlen(mark), strcspn(at + strlen(mark), "&")) : NULL;
}

static json_t *get_of_deployment(const char *scene, const char *path)
{
	char *rest = NULL;
	int64_t id = strtoll(path, &rest, 10);

	if (strncmp(rest, "/tests", 6) == 0)
		return scene_tests(scene, id, number(rest, "from", 0));
	if (strncmp(rest, "/log", 4) == 0)
		return scene_log(scene, id, number(rest, "from", 0), number(rest, "limit", 65536));
	return scene_deployment(scene, id);
}

json_t *scene_metrics(const char *scene)
{
	return read_json(scene, "metrics.json");
}

json_t *scene_maturity(const char *scene)
{
	return read_json(scene, "maturity.json");
}

json_t *scene_get(const char *scene, const char *path)
{
	if (strncmp(path, "/v1/status", 10) == 0)
		return scene_status(scene);
	if (strncmp(path, "/v1/metrics", 11) == 0)
		return scene_metrics(scene);
	if (strncmp(path, "/v1/maturity", 12) == 0)
		return scene_maturity(scene);
	if (strncmp(path, "/v1/builds?", 11) == 0) {
		AUTO(mem_auto_free) char *q = text_of(path, "q");

		return scene_builds(scene, q, number(path, "offset", 0), number(path, "limit", 50));
	}
	if (strncmp(path, "/v1/builds/", 11) == 0) {
		AUTO(mem_auto_free) char *version = mem_dupn(path + 11, strcspn(path + 11, "?"));

		return scene_build(scene, version);
	}
	if (strncmp(path, "/v1/consistency", 15) == 0)
		return scene_consistency(scene);
	if (strncmp(path, "/v1/releases", 12) == 0)
		return scene_releases(scene);
	if (strncmp(path, "/v1/deployments?", 16) == 0)
		return scene_deployments(scene, number(path, "before", 0));
	if (strncmp(path, "/v1/deployments/", 16) == 0)
		return get_of_deployment(scene, path + 16);
	return NULL;
}
