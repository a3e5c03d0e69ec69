#include "backend/store/result.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/store/build.h"
#include "backend/store/journal.h"
#include "backend/store/store_priv.h"

enum {
	WAITING_WRITE = 1024,      /* so many are written at once, without waiting for a row */
	WAITING_MAX = 200000       /* more than one reader may report; reached only while the disk stays full */
};

struct result {
	int64_t deployment;
	int step, n;
	char *suite, *name, *message;
	enum test_outcome outcome;
	int64_t ms;
};

static void result_done(struct result *r)
{
	free(r->suite);
	free(r->name);
	free(r->message);
}

static const char *none_is_empty(const char *text)
{
	return text ? text : "";
}

static bool write_one(struct store *s, const struct result *r, struct err *err)
{
	const char *outcome = test_outcome_name(r->outcome);

	return sql_run(s, SQL_RESULT_ADD, NULL, err, "iddttt" "ti", r->deployment, r->n, r->step, r->suite, r->name,
	               outcome, r->message, r->ms)
	       && sql_run(s, SQL_RESULT_COUNT_ADD, NULL, err, "idt", r->deployment, r->step, outcome);
}

bool result_write(struct store *s, struct err *err)
{
	for (; s->written_results < s->nresults; s->written_results++)
		if (!write_one(s, &s->results[s->written_results], err))
			return false;
	return true;
}

void result_committed(struct store *s)
{
	if (s->written_results == 0)
		return;
	for (size_t i = 0; i < s->written_results; i++)
		result_done(&s->results[i]);
	s->nresults -= s->written_results;
	memmove(s->results, s->results + s->written_results, s->nresults * sizeof *s->results);
	s->written_results = 0;
}

void result_undone(struct store *s)
{
	s->written_results = 0;
	s->last_n_deployment = 0;
}

void result_forget(struct store *s)
{
	for (size_t i = 0; i < s->nresults; i++)
		result_done(&s->results[i]);
	free(s->results);
	s->results = NULL;
	s->nresults = s->cap_results = s->written_results = 0;
}

static bool write_now(struct store *s, struct err *err)
{
	if (s->written_results == s->nresults)
		return true;
	if (s->open)
		return result_write(s, err);
	return store_begin(s, err) && store_commit(s, err);
}

void result_settle(struct store *s)
{
	write_now(s, NULL);
}

/* The highest number that the deployment has used, on disk or waiting. */
static bool find_last_n(struct store *s, int64_t deployment, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = NULL;
	int last;

	if (s->last_n_deployment == deployment)
		return true;
	stmt = sql_use(s, SQL_RESULT_LAST, err, "i", deployment);
	if (!stmt || sql_step(s, stmt, err) != SQLITE_ROW)
		return false;
	last = sqlite3_column_int(stmt, 0);
	for (size_t i = 0; i < s->nresults; i++)
		if (s->results[i].deployment == deployment && s->results[i].n > last)
			last = s->results[i].n;
	s->last_n_deployment = deployment;
	s->last_n = last;
	return true;
}

bool store_add_result(struct store *s, int64_t deployment, int step, const struct store_result *r, int *ret_n,
                      struct err *err)
{
	struct result *kept;

	if (s->nresults >= WAITING_MAX)
		return err_set(err, ERR_TOO_BIG, "%s: %d test results wait for room on its file system: free some", s->path,
		               WAITING_MAX);
	if (!find_last_n(s, deployment, err))
		return err_wrap(err, "test result");
	s->results = mem_grow(s->results, s->nresults, &s->cap_results, sizeof *s->results);
	kept = &s->results[s->nresults++];
	*kept = (struct result){ .deployment = deployment, .step = step, .n = ++s->last_n, .outcome = r->outcome,
	                         .ms = r->ms, .suite = mem_dup(none_is_empty(r->suite)),
	                         .name = mem_dup(none_is_empty(r->name)), .message = mem_dup(none_is_empty(r->message)) };
	*ret_n = kept->n;
	if (s->nresults % WAITING_WRITE == 0)
		result_settle(s);
	return true;
}

bool store_clear_results(struct store *s, int64_t deployment, int step, struct err *err)
{
	struct err why = { 0 };
	bool own;

	if (!journal_enter(s, &own, err))
		return false;
	/* What waits is written first, so that it is undone or forgotten together with the rest. */
	if (!result_write(s, &why) || !sql_run(s, SQL_RESULT_CLEAR, NULL, &why, "id", deployment, step)
	    || !sql_run(s, SQL_RESULT_COUNT_CLEAR, NULL, &why, "id", deployment, step))
		err_wrap(&why, "clear test results");
	s->last_n_deployment = 0;
	return journal_leave(s, own, &why, err);
}

static bool replace_build_results(struct store *s, int64_t build, const struct store_result *r, size_t n,
                                  struct err *err)
{
	if (!sql_run(s, SQL_BUILD_RESULT_CLEAR, NULL, err, "i", build))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!sql_run(s, SQL_BUILD_RESULT_ADD, NULL, err, "iittt" "ti", build, (int64_t)i + 1,
		             none_is_empty(r[i].suite), none_is_empty(r[i].name), test_outcome_name(r[i].outcome),
		             none_is_empty(r[i].message), r[i].ms))
			return false;
	return true;
}

bool store_set_build_results(struct store *s, const char *app, const char *version, const struct store_result *r,
                             size_t n, struct err *err)
{
	struct err why = { 0 };
	int64_t build = 0;
	bool own;

	if (!journal_enter(s, &own, err))
		return false;
	if (!build_find(s, app, version, &build, &why)
	    || (!build && !err_set(&why, ERR_NOT_FOUND, "%s has no such build", app))
	    || !replace_build_results(s, build, r, n, &why))
		err_wrap(&why, "test results of build %s", version);
	return journal_leave(s, own, &why, err);
}

bool result_counts(struct store *s, int64_t deployment, json_t **ret, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_RESULT_COUNTS, err, "i", deployment);
	AUTO(json_auto_decref) json_t *steps = json_object();
	int code = SQLITE_ERROR;

	while (stmt && (code = sql_step(s, stmt, err)) == SQLITE_ROW) {
		json_t *step = json_object_get(steps, sql_text(stmt, 0));

		if (!step) {
			step = json_pack("{s:i, s:i, s:i, s:i, s:n}", "ok", 0, "fail", 0, "skip", 0, "todo", 0, "planned");
			json_object_set_new(steps, sql_text(stmt, 0), step);
		}
		json_object_set_new(step, sql_text(stmt, 1), sql_number(stmt, 2));
	}
	if (code != SQLITE_DONE)
		return false;
	*ret = json_incref(steps);
	return true;
}

static json_t *result_json(sqlite3_stmt *stmt)
{
	json_t *json = json_object();

	json_object_set_new(json, "n", sql_number(stmt, 0));
	json_object_set_new(json, "step", sql_number(stmt, 1));
	json_object_set_new(json, "suite", sql_string(stmt, 2));
	json_object_set_new(json, "name", sql_string(stmt, 3));
	json_object_set_new(json, "outcome", sql_string(stmt, 4));
	json_object_set_new(json, "message", sql_string(stmt, 5));
	json_object_set_new(json, "ms", sqlite3_column_int64(stmt, 6) < 0 ? json_null() : sql_number(stmt, 6));
	return json;
}

static bool results_json(struct store *s, sqlite3_stmt *stmt, json_t **ret, struct err *err)
{
	AUTO(json_auto_decref) json_t *results = json_array();
	int code = SQLITE_ERROR;

	while (stmt && (code = sql_step(s, stmt, err)) == SQLITE_ROW)
		json_array_append_new(results, result_json(stmt));
	if (code != SQLITE_DONE)
		return false;
	*ret = json_incref(results);
	return true;
}

bool result_of_build(struct store *s, int64_t build, int limit, json_t **ret, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_BUILD_RESULTS, err, "id", build, limit);

	return results_json(s, stmt, ret, err);
}

static bool count_results(struct store *s, int64_t deployment, int64_t *ret, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_RESULT_TOTAL, err, "i", deployment);

	if (!stmt || sql_step(s, stmt, err) != SQLITE_ROW)
		return false;
	*ret = sqlite3_column_int64(stmt, 0);
	return true;
}

bool store_query_results(struct store *s, int64_t deployment, int from, int limit, json_t **ret, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = NULL;
	json_t *results, *answer;
	int64_t total;

	result_settle(s);
	stmt = sql_use(s, SQL_RESULTS, err, "idd", deployment, from, limit);
	if (!count_results(s, deployment, &total, err) || !results_json(s, stmt, &results, err))
		return err_wrap(err, "test results of deployment %lld", (long long)deployment);
	answer = json_object();
	json_object_set_new(answer, "total", json_integer(total));
	json_object_set_new(answer, "results", results);
	*ret = answer;
	return true;
}
