#include "backend/store/query.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/store/build.h"
#include "backend/store/result.h"
#include "backend/store/store_priv.h"

enum {
	NEAR_BUILDS = 500,         /* how many of the newest are looked at for a version that was mistyped */
	WORD_MAX = 64,             /* longer versions are not compared */
	RESULTS_MAX = 1000         /* of one build in one answer; the totals count them all */
};

/* BUILD_COLUMNS of sql.c. */
enum {
	B_ID, B_VERSION, B_DIGEST, B_COMMIT, B_BRANCH, B_AUTHOR, B_MESSAGE, B_AT, B_ADDED_BY, B_TESTS, B_SIZE, B_REMOVED,
	B_ARTIFACTS, B_FEATURES, B_MIGRATIONS, B_SIGNATURE, B_SIGNER, B_COMMIT_TIME, B_RESULTS_SHA256
};

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many letters have to be changed, added or taken away (Levenshtein). */
static size_t distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], la = strlen(a), lb = strlen(b);

	if (la > WORD_MAX || lb > WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t above = row[j];

			row[j] = least(diagonal + (a[i - 1] != b[j - 1]), least(above, row[j - 1]) + 1);
			diagonal = above;
		}
	}
	return row[lb];
}

/* NULL when there is no build at all. Yours. */
static char *nearest_version(struct store *s, const char *app, const char *version)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_BUILD_VERSIONS, NULL, "td", app, NEAR_BUILDS);
	size_t best = SIZE_MAX;
	char *nearest = NULL;

	while (stmt && sql_step(s, stmt, NULL) == SQLITE_ROW) {
		size_t d = distance(version, sql_text(stmt, 0));

		if (d >= best)
			continue;
		best = d;
		free(nearest);
		nearest = sql_dup(stmt, 0);
	}
	return nearest;
}

static bool no_build(struct store *s, const char *app, const char *version, struct err *err)
{
	AUTO(mem_auto_free) char *near = nearest_version(s, app, version);

	if (!near)
		return err_set(err, ERR_NOT_FOUND, "%s has no build %s, nor any other: add one with `slipway build add`", app,
		               version);
	return err_set(err, ERR_NOT_FOUND, "%s has no build %s; the nearest is %s", app, version, near);
}

static void load_artifacts(sqlite3_stmt *stmt, struct store_build *b)
{
	AUTO(json_auto_decref) json_t *list = sql_json(stmt, B_ARTIFACTS);
	json_t *artifact;
	size_t i;

	b->artifacts = mem_array(json_array_size(list), sizeof *b->artifacts);
	json_array_foreach(list, i, artifact)
		b->artifacts[b->nartifacts++] = (struct store_artifact){ mem_dup(json_text(artifact, "component")),
			mem_dup(json_text(artifact, "sha256")), json_int(artifact, "size", 0) };
}

static void load_contents(sqlite3_stmt *stmt, struct store_build *b)
{
	AUTO(json_auto_decref) json_t *features = sql_json(stmt, B_FEATURES);
	AUTO(json_auto_decref) json_t *migrations = sql_json(stmt, B_MIGRATIONS);
	json_t *item;
	size_t i;

	b->features = mem_array(json_array_size(features), sizeof *b->features);
	json_array_foreach(features, i, item)
		b->features[b->nfeatures++] = mem_dup(json_string_value(item) ? json_string_value(item) : "");
	b->migrations = mem_array(json_array_size(migrations), sizeof *b->migrations);
	json_array_foreach(migrations, i, item)
		b->migrations[b->nmigrations++] = (struct store_migration){ mem_dup(json_text(item, "id")),
		                                                            json_flag(item, "reversible") };
	b->signature = sql_dup(stmt, B_SIGNATURE);
	b->signer = sql_dup(stmt, B_SIGNER);
}

bool store_build(struct store *s, const char *app, const char *version, const char *digest, struct store_build *ret,
                 struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, version ? SQL_BUILD_BY_VERSION : SQL_BUILD_BY_DIGEST, err, "tt", app,
	                                           version ? version : digest);
	int code = stmt ? sql_step(s, stmt, err) : SQLITE_ERROR;
	AUTO(json_auto_decref) json_t *tests = NULL;
	struct store_build b = { 0 };

	if (code == SQLITE_DONE)
		return version ? no_build(s, app, version, err)
		               : err_set(err, ERR_NOT_FOUND, "%s has no build with digest %s", app, digest);
	if (code != SQLITE_ROW)
		return err_wrap(err, "build %s", version ? version : digest);
	b.version = sql_dup(stmt, B_VERSION);
	b.digest = sql_dup(stmt, B_DIGEST);
	b.at = sqlite3_column_int64(stmt, B_AT);
	b.removed = sqlite3_column_int(stmt, B_REMOVED);
	b.results_sha256 = sql_dup(stmt, B_RESULTS_SHA256);
	load_artifacts(stmt, &b);
	load_contents(stmt, &b);
	tests = sql_json(stmt, B_TESTS);
	b.tests_ok = (int)json_int(tests, "ok", -1);
	b.tests_fail = (int)json_int(tests, "fail", -1);
	*ret = b;
	return true;
}

void store_build_done(struct store_build *b)
{
	for (size_t i = 0; i < b->nartifacts; i++) {
		free(b->artifacts[i].component);
		free(b->artifacts[i].sha256);
	}
	for (size_t i = 0; i < b->nfeatures; i++)
		free(b->features[i]);
	for (size_t i = 0; i < b->nmigrations; i++)
		free(b->migrations[i].id);
	free(b->features);
	free(b->migrations);
	free(b->signature);
	free(b->signer);
	free(b->results_sha256);
	free(b->artifacts);
	free(b->version);
	free(b->digest);
	*b = (struct store_build){ 0 };
}

/* The environments where the version is live. */
static json_t *live_in(struct store *s, const char *app, const char *version, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_BUILD_LIVE, err, "tt", app, version);
	AUTO(json_auto_decref) json_t *names = json_array();
	int code = SQLITE_ERROR;

	while (stmt && (code = sql_step(s, stmt, err)) == SQLITE_ROW)
		json_array_append_new(names, sql_string(stmt, 0));
	return code == SQLITE_DONE ? json_incref(names) : NULL;
}

static json_t *list_or_empty(sqlite3_stmt *stmt, int column)
{
	json_t *list = sql_json(stmt, column);

	return json_is_array(list) ? list : json_array();
}

static json_t *build_json(struct store *s, const char *app, sqlite3_stmt *stmt, struct err *err)
{
	static const struct { const char *key; int column; } texts[] = {
		{ "version", B_VERSION }, { "digest", B_DIGEST }, { "commit", B_COMMIT }, { "branch", B_BRANCH },
		{ "author", B_AUTHOR }, { "message", B_MESSAGE }, { "added_by", B_ADDED_BY },
	};
	json_t *json, *live = live_in(s, app, sql_text(stmt, B_VERSION), err);

	if (!live)
		return NULL;
	json = json_object();
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		json_object_set_new(json, texts[i].key, sql_string(stmt, texts[i].column));
	json_object_set_new(json, "at", sql_number(stmt, B_AT));
	json_object_set_new(json, "commit_time", sql_number(stmt, B_COMMIT_TIME));
	json_object_set_new(json, "tests", sql_json(stmt, B_TESTS));
	json_object_set_new(json, "live", live);
	json_object_set_new(json, "features", list_or_empty(stmt, B_FEATURES));
	json_object_set_new(json, "migrations", list_or_empty(stmt, B_MIGRATIONS));
	json_object_set_new(json, "signer", sql_string(stmt, B_SIGNER));
	json_object_set_new(json, "size", sql_number(stmt, B_SIZE));
	json_object_set_new(json, "removed", json_boolean(sqlite3_column_int(stmt, B_REMOVED)));
	return json;
}

static bool append_build(struct store *s, const char *app, int64_t id, json_t *list, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_BUILD, err, "i", id);
	json_t *json = stmt && sql_step(s, stmt, err) == SQLITE_ROW ? build_json(s, app, stmt, err) : NULL;

	return json && json_array_append_new(list, json) == 0;
}

bool store_query_builds(struct store *s, const char *app, const char *q, int offset, int limit, json_t **ret,
                        struct err *err)
{
	AUTO(json_auto_decref) json_t *list = json_array();
	struct build_page page;
	bool ok = true;

	if (!build_search(s, app, q, offset, limit, &page, err))
		return err_wrap(err, "builds of %s", app);
	for (size_t i = 0; ok && i < page.n; i++)
		ok = append_build(s, app, page.ids[i], list, err);
	free(page.ids);
	if (!ok)
		return err_wrap(err, "builds of %s", app);
	*ret = json_pack("{s:I, s:I, s:i, s:O}", "seq", (json_int_t)store_seq(s), "total", (json_int_t)page.total,
	                 "offset", offset, "builds", list);
	return true;
}

bool store_query_build(struct store *s, const char *app, const char *version, json_t **ret, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_BUILD_BY_VERSION, err, "tt", app, version);
	int code = stmt ? sql_step(s, stmt, err) : SQLITE_ERROR;
	AUTO(json_auto_decref) json_t *json = NULL;
	json_t *results;

	if (code == SQLITE_DONE)
		return no_build(s, app, version, err);
	if (code != SQLITE_ROW || !(json = build_json(s, app, stmt, err))
	    || !result_of_build(s, sqlite3_column_int64(stmt, B_ID), RESULTS_MAX, &results, err))
		return err_wrap(err, "build %s", version);
	json_object_set_new(json, "artifacts", sql_json(stmt, B_ARTIFACTS));
	json_object_set_new(json, "results", results);
	*ret = json_incref(json);
	return true;
}

bool store_artifact_in_use(struct store *s, const char *sha256, bool *ret, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_ARTIFACT_IN_USE, err, "t", sha256);
	int code = stmt ? sql_step(s, stmt, err) : SQLITE_ERROR;

	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return err_wrap(err, "artifact %s", sha256);
	*ret = code == SQLITE_ROW;
	return true;
}
