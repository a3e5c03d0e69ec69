#include "backend/store/query.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/store/policy.h"
#include "backend/store/release.h"
#include "backend/store/result.h"
#include "backend/store/store_priv.h"

/* DEPLOYMENT_COLUMNS of sql.c. */
enum {
	D_ID, D_APP, D_ENVIRONMENT, D_KIND, D_VERSION, D_DIGEST, D_FROM, D_STATE, D_ACTOR, D_REASON, D_REQUESTED,
	D_STARTED, D_ENDED, D_MESSAGE, D_LAYER, D_KEY, D_PLAN_HASH, D_TARGET, D_SWITCHED, D_STOPPED,
	D_EXPECT, D_UID, D_OVERRIDE, D_NOT_BEFORE, D_RELEASE
};

/* Columns of STEPS. */
enum { S_N, S_STAGE, S_STATE, S_STARTED, S_ENDED, S_DEADLINE, S_MESSAGE, S_LAYER, S_TAIL, S_DETAIL, S_TESTS };

static bool load_steps(struct store *s, struct store_deployment *d, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_STEPS, err, "i", d->id);
	int code = SQLITE_ERROR;
	size_t cap = 0;

	while (stmt && (code = sql_step(s, stmt, err)) == SQLITE_ROW) {
		struct store_step *step;

		d->steps = mem_grow(d->steps, d->nsteps, &cap, sizeof *d->steps);
		step = &d->steps[d->nsteps++];
		stage_parse(sql_text(stmt, S_STAGE), &step->stage);
		step_state_parse(sql_text(stmt, S_STATE), &step->state);
		step->deadline_ms = sqlite3_column_int64(stmt, S_DEADLINE);
	}
	return code == SQLITE_DONE;
}

static struct store_deployment load(sqlite3_stmt *stmt)
{
	struct store_deployment d = { .id = sqlite3_column_int64(stmt, D_ID) };

	d.app = sql_dup(stmt, D_APP);
	d.environment = sql_dup(stmt, D_ENVIRONMENT);
	d.version = sql_dup(stmt, D_VERSION);
	d.digest = sql_dup(stmt, D_DIGEST);
	d.from = sql_dup(stmt, D_FROM);
	d.expect = sql_dup(stmt, D_EXPECT);
	d.not_before = sqlite3_column_int64(stmt, D_NOT_BEFORE);
	d.uid = sqlite3_column_int64(stmt, D_UID);
	d.release = sqlite3_column_int64(stmt, D_RELEASE);
	d.override = sql_dup(stmt, D_OVERRIDE);
	d.key = sql_dup(stmt, D_KEY);
	d.reason = sql_dup(stmt, D_REASON);
	d.actor = sql_dup(stmt, D_ACTOR);
	d.plan_hash = sql_dup(stmt, D_PLAN_HASH);
	d.message = sql_dup(stmt, D_MESSAGE);
	d.layer = sql_dup(stmt, D_LAYER);
	kind_parse(sql_text(stmt, D_KIND), &d.kind);
	deployment_state_parse(sql_text(stmt, D_STATE), &d.state);
	colour_parse(sql_text(stmt, D_TARGET), &d.target);
	d.switched = sqlite3_column_int(stmt, D_SWITCHED);
	d.stopped = sqlite3_column_int(stmt, D_STOPPED);
	return d;
}

bool store_deployment(struct store *s, int64_t id, struct store_deployment *ret, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_DEPLOYMENT, err, "i", id);
	int code = stmt ? sql_step(s, stmt, err) : SQLITE_ERROR;
	struct store_deployment d;

	if (code == SQLITE_DONE)
		return err_set(err, ERR_NOT_FOUND, "there is no deployment %" PRId64, id);
	if (code != SQLITE_ROW)
		return err_wrap(err, "deployment %" PRId64, id);
	d = load(stmt);
	if (!load_steps(s, &d, err)) {
		store_deployment_done(&d);
		return err_wrap(err, "deployment %" PRId64, id);
	}
	*ret = d;
	return true;
}

void store_deployment_done(struct store_deployment *d)
{
	free(d->app);
	free(d->environment);
	free(d->version);
	free(d->digest);
	free(d->from);
	free(d->expect);
	free(d->override);
	free(d->key);
	free(d->reason);
	free(d->actor);
	free(d->plan_hash);
	free(d->message);
	free(d->layer);
	free(d->steps);
	*d = (struct store_deployment){ 0 };
}

bool store_deployment_by_key(struct store *s, const char *key, int64_t *ret_id, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = NULL;
	int code;

	/* A request without a key is never the same as another one. */
	if (!key || !*key) {
		*ret_id = 0;
		return true;
	}
	stmt = sql_use(s, SQL_DEPLOYMENT_BY_KEY, err, "t", key);
	code = stmt ? sql_step(s, stmt, err) : SQLITE_ERROR;
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return false;
	*ret_id = code == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
	return true;
}

bool store_unfinished(struct store *s, int64_t **ret_ids, size_t *ret_n, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_UNFINISHED, err, "");
	int code = SQLITE_ERROR;
	size_t n = 0, cap = 0;
	int64_t *ids = NULL;

	while (stmt && (code = sql_step(s, stmt, err)) == SQLITE_ROW) {
		ids = mem_grow(ids, n, &cap, sizeof *ids);
		ids[n++] = sqlite3_column_int64(stmt, 0);
	}
	if (code != SQLITE_DONE) {
		free(ids);
		return false;
	}
	*ret_ids = ids;
	*ret_n = n;
	return true;
}

/* What the step itself reported at its end, else what was counted, else null. */
static json_t *tests_of(sqlite3_stmt *stmt, const json_t *counts)
{
	json_t *said = sql_json(stmt, S_TESTS);
	json_t *counted = json_object_get(counts, sql_text(stmt, S_N));

	if (!json_is_null(said) || !counted)
		return said;
	return json_incref(counted);
}

static json_t *step_json(sqlite3_stmt *stmt, const json_t *counts)
{
	json_t *json = json_object();

	json_object_set_new(json, "index", sql_number(stmt, S_N));
	json_object_set_new(json, "stage", sql_string(stmt, S_STAGE));
	json_object_set_new(json, "state", sql_string(stmt, S_STATE));
	json_object_set_new(json, "started", sql_number(stmt, S_STARTED));
	json_object_set_new(json, "ended", sql_number(stmt, S_ENDED));
	json_object_set_new(json, "deadline_ms", sql_number(stmt, S_DEADLINE));
	json_object_set_new(json, "message", sql_string(stmt, S_MESSAGE));
	json_object_set_new(json, "layer", sql_string(stmt, S_LAYER));
	json_object_set_new(json, "tail", sql_string(stmt, S_TAIL));
	json_object_set_new(json, "detail", sql_json(stmt, S_DETAIL));
	json_object_set_new(json, "tests", tests_of(stmt, counts));
	return json;
}

/* The sum over the steps; planned is known only when every step with tests knows it. */
static json_t *sum_tests(const json_t *steps)
{
	static const char *const outcomes[] = { "ok", "fail", "skip", "todo" };
	int64_t sums[ARRAY_LEN(outcomes)] = { 0 }, planned = 0;
	json_t *step, *sum = json_object();
	bool known = false, unknown = false;
	size_t i;

	json_array_foreach(steps, i, step) {
		const json_t *tests = json_object_get(step, "tests");

		if (!json_is_object(tests))
			continue;
		for (size_t o = 0; o < ARRAY_LEN(outcomes); o++)
			sums[o] += json_int(tests, outcomes[o], 0);
		if (json_is_integer(json_object_get(tests, "planned")))
			known = true;
		else
			unknown = true;
		planned += json_int(tests, "planned", 0);
	}
	for (size_t o = 0; o < ARRAY_LEN(outcomes); o++)
		json_object_set_new(sum, outcomes[o], json_integer(sums[o]));
	json_object_set_new(sum, "planned", known && !unknown ? json_integer(planned) : json_null());
	return sum;
}

/* "step" and "stage" name the step that is under way. */
static void put_current(json_t *json, const json_t *steps)
{
	json_t *step, *current = NULL;
	size_t i;

	json_array_foreach(steps, i, step)
		if (strcmp(json_text(step, "state"), "run") == 0 || strcmp(json_text(step, "state"), "held") == 0)
			current = step;
	json_object_set_new(json, "step", current ? json_incref(json_object_get(current, "index")) : json_null());
	json_object_set_new(json, "stage", current ? json_incref(json_object_get(current, "stage")) : json_null());
}

static json_t *steps_json(struct store *s, int64_t id, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = NULL;
	AUTO(json_auto_decref) json_t *counts = NULL;
	AUTO(json_auto_decref) json_t *steps = json_array();
	int code = SQLITE_ERROR;

	if (!result_counts(s, id, &counts, err))
		return NULL;
	stmt = sql_use(s, SQL_STEPS, err, "i", id);
	while (stmt && (code = sql_step(s, stmt, err)) == SQLITE_ROW)
		json_array_append_new(steps, step_json(stmt, counts));
	return code == SQLITE_DONE ? json_incref(steps) : NULL;
}

/* "position" and "queue_size" of one that waits, else null. */
static bool put_place(struct store *s, int64_t id, json_t *json, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = NULL;

	json_object_set_new(json, "position", json_null());
	json_object_set_new(json, "queue_size", json_null());
	if (strcmp(json_text(json, "state"), deployment_state_name(DEPLOYMENT_QUEUED)) != 0)
		return true;
	stmt = sql_use(s, SQL_QUEUE_PLACE, err, "i", id);
	if (!stmt || sql_step(s, stmt, err) != SQLITE_ROW)
		return false;
	json_object_set_new(json, "position", sql_number(stmt, 0));
	json_object_set_new(json, "queue_size", sql_number(stmt, 1));
	return true;
}

static json_t *deployment_json(struct store *s, sqlite3_stmt *stmt, struct err *err)
{
	static const struct { const char *key; int column; bool number; } members[] = {
		{ "id", D_ID, true }, { "app", D_APP, false }, { "environment", D_ENVIRONMENT, false },
		{ "kind", D_KIND, false }, { "version", D_VERSION, false }, { "digest", D_DIGEST, false },
		{ "from", D_FROM, false }, { "state", D_STATE, false }, { "actor", D_ACTOR, false },
		{ "reason", D_REASON, false }, { "requested", D_REQUESTED, true }, { "started", D_STARTED, true },
		{ "ended", D_ENDED, true }, { "uid", D_UID, true }, { "override", D_OVERRIDE, false },
		{ "plan_hash", D_PLAN_HASH, false }, { "not_before", D_NOT_BEFORE, true }, { "message", D_MESSAGE, false }, { "layer", D_LAYER, false },
	};
	AUTO(json_auto_decref) json_t *steps = steps_json(s, sqlite3_column_int64(stmt, D_ID), err);
	AUTO(json_auto_decref) json_t *approvals = store_approvals_json(s, sqlite3_column_int64(stmt, D_ID), err);
	json_t *json, *release = release_place_json(s, sqlite3_column_int64(stmt, D_RELEASE), sql_text(stmt, D_APP), err);

	if (!steps || !approvals || !release) {
		json_decref(release);
		return NULL;
	}
	json = json_object();
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		json_object_set_new(json, members[i].key, members[i].number ? sql_number(stmt, members[i].column)
		                    : sql_string(stmt, members[i].column));
	json_object_set_new(json, "release", release);
	if (!put_place(s, sqlite3_column_int64(stmt, D_ID), json, err)) {
		json_decref(json);
		return NULL;
	}
	put_current(json, steps);
	json_object_set(json, "approvals", approvals);
	json_object_set_new(json, "tests", sum_tests(steps));
	json_object_set(json, "steps", steps);
	return json;
}

bool query_deployments(struct store *s, sqlite3_stmt *stmt, json_t **ret, struct err *err)
{
	AUTO(json_auto_decref) json_t *list = json_array();
	int code = SQLITE_ERROR;

	while (stmt && (code = sql_step(s, stmt, err)) == SQLITE_ROW) {
		json_t *json = deployment_json(s, stmt, err);

		if (!json)
			return false;
		json_array_append_new(list, json);
	}
	if (code != SQLITE_DONE)
		return false;
	*ret = json_incref(list);
	return true;
}

bool store_query_deployment(struct store *s, int64_t id, json_t **ret, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = NULL;
	AUTO(json_auto_decref) json_t *list = NULL;

	result_settle(s);
	stmt = sql_use(s, SQL_DEPLOYMENT, err, "i", id);
	if (!query_deployments(s, stmt, &list, err))
		return err_wrap(err, "deployment %" PRId64, id);
	if (json_array_size(list) == 0)
		return err_set(err, ERR_NOT_FOUND, "there is no deployment %" PRId64, id);
	*ret = json_incref(json_array_get(list, 0));
	return true;
}

bool store_query_deployments(struct store *s, const char *app, const char *environment, int64_t before, int limit,
                             json_t **ret, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = NULL;
	enum sql which = !app || !*app ? SQL_DEPLOYMENTS_ALL : environment && *environment ? SQL_DEPLOYMENTS
		: SQL_DEPLOYMENTS_OF_APP;
	int64_t below = before > 0 ? before : INT64_MAX;
	json_t *list, *answer;

	result_settle(s);
	if (which == SQL_DEPLOYMENTS_OF_APP)
		stmt = sql_use(s, which, err, "itd", below, app, limit);
	else
		stmt = sql_use(s, which, err, "ittd", below, app && *app ? app : NULL,
		               environment && *environment ? environment : NULL, limit);
	if (!query_deployments(s, stmt, &list, err))
		return err_wrap(err, "deployments");
	answer = json_object();
	json_object_set_new(answer, "seq", json_integer(store_seq(s)));
	json_object_set_new(answer, "deployments", list);
	*ret = answer;
	return true;
}

bool store_deployment_log(struct store *s, int64_t id, int64_t *ret, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_DEPLOYMENT_LOG, err, "i", id);
	int code = stmt ? sql_step(s, stmt, err) : SQLITE_ERROR;

	*ret = code == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : -1;
	return code == SQLITE_ROW || code == SQLITE_DONE || err_wrap(err, "deployment");
}
