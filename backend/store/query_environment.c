#include "backend/store/query.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/store/result.h"
#include "backend/store/store_priv.h"

/* Columns of LIVE. */
enum { L_COLOUR, L_VERSION, L_DIGEST, L_SINCE, L_DEPLOYMENT };

static bool load_live(struct store *s, const char *app, const char *environment, struct store_env *e, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_LIVE, err, "tt", app, environment);
	int code = stmt ? sql_step(s, stmt, err) : SQLITE_ERROR;

	if (code == SQLITE_ROW) {
		colour_parse(sql_text(stmt, L_COLOUR), &e->live);
		e->live_version = sql_dup(stmt, L_VERSION);
		e->live_digest = sql_dup(stmt, L_DIGEST);
		e->live_since = sqlite3_column_int64(stmt, L_SINCE);
		e->live_deployment = sqlite3_column_int64(stmt, L_DEPLOYMENT);
	}
	return code == SQLITE_ROW || code == SQLITE_DONE;
}

static bool load_target(struct store *s, const char *app, const char *environment, struct store_env *e,
                        struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_GOOD_TARGET, err, "tt", app, environment);
	int code = stmt ? sql_step(s, stmt, err) : SQLITE_ERROR;

	if (code == SQLITE_ROW) {
		e->previous_version = sql_dup(stmt, 0);
		e->previous_digest = sql_dup(stmt, 1);
	}
	return code == SQLITE_ROW || code == SQLITE_DONE;
}

static bool load_slots(struct store *s, const char *app, const char *environment, struct store_env *e, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_SLOTS, err, "tt", app, environment);
	int code = SQLITE_ERROR;

	while (stmt && (code = sql_step(s, stmt, err)) == SQLITE_ROW) {
		enum colour colour;

		if (!colour_parse(sql_text(stmt, 0), &colour))
			continue;
		e->slots[colour] = (struct store_slot){ sql_dup(stmt, 1), sql_dup(stmt, 2), sql_dup(stmt, 3) };
	}
	for (int i = 0; i < COLOUR_COUNT; i++)
		if (!e->slots[i].state)
			e->slots[i].state = mem_dup("empty");
	return code == SQLITE_DONE;
}

bool store_env(struct store *s, const char *app, const char *environment, struct store_env *ret, struct err *err)
{
	struct store_env e = { 0 };

	if (!load_live(s, app, environment, &e, err) || !load_target(s, app, environment, &e, err)
	    || !load_slots(s, app, environment, &e, err)) {
		store_env_done(&e);
		return err_wrap(err, "environment %s", environment);
	}
	*ret = e;
	return true;
}

void store_env_done(struct store_env *e)
{
	free(e->live_version);
	free(e->live_digest);
	free(e->previous_version);
	free(e->previous_digest);
	for (int i = 0; i < COLOUR_COUNT; i++) {
		free(e->slots[i].state);
		free(e->slots[i].version);
		free(e->slots[i].digest);
	}
	*e = (struct store_env){ 0 };
}

static json_t *live_json(const struct store_env *e)
{
	json_t *json;

	if (!e->live_version)
		return json_null();
	json = json_object();
	json_put_text(json, "version", e->live_version);
	json_put_text(json, "digest", e->live_digest);
	json_put_text(json, "colour", colour_name(e->live));
	json_object_set_new(json, "since", json_integer(e->live_since));
	return json;
}

static json_t *rollback_json(const struct store_env *e)
{
	json_t *json;

	if (!e->previous_version)
		return json_null();
	json = json_object();
	json_put_text(json, "version", e->previous_version);
	json_put_text(json, "digest", e->previous_digest);
	return json;
}

static json_t *list_of(struct store *s, enum sql which, const char *app, const char *environment, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, which, err, "tt", app, environment);
	json_t *list;

	return query_deployments(s, stmt, &list, err) ? list : NULL;
}

/* The one that runs; else the last one that ended; else none. */
static json_t *current(struct store *s, const char *app, const char *environment, struct err *err)
{
	AUTO(json_auto_decref) json_t *running = list_of(s, SQL_RUNNING, app, environment, err);
	AUTO(json_auto_decref) json_t *ended = NULL;

	if (!running)
		return NULL;
	if (json_array_size(running) > 0)
		return json_incref(json_array_get(running, 0));
	ended = list_of(s, SQL_LAST_ENDED, app, environment, err);
	if (!ended)
		return NULL;
	return json_array_size(ended) > 0 ? json_incref(json_array_get(ended, 0)) : json_null();
}

bool store_query_environment(struct store *s, const char *app, const char *environment, json_t **ret, struct err *err)
{
	AUTO(store_env_done) struct store_env e = { 0 };
	AUTO(json_auto_decref) json_t *deployment = NULL;
	json_t *queue, *answer;

	result_settle(s);
	if (!store_env(s, app, environment, &e, err))
		return false;
	deployment = current(s, app, environment, err);
	queue = deployment ? list_of(s, SQL_QUEUED, app, environment, err) : NULL;
	if (!queue)
		return err_wrap(err, "environment %s", environment);
	answer = json_object();
	json_object_set_new(answer, "live", live_json(&e));
	json_object_set_new(answer, "rollback", rollback_json(&e));
	json_object_set(answer, "deployment", deployment);
	json_object_set_new(answer, "queue", queue);
	*ret = answer;
	return true;
}
