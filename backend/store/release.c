#include "backend/store/release.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/store/project.h"
#include "backend/store/store_priv.h"

/* Columns of RELEASE. */
enum {
	R_ID, R_GROUP, R_ENVIRONMENT, R_FROM, R_UNDO, R_STATE, R_ACTOR, R_UID, R_REASON, R_OVERRIDE, R_WHEN_ALLOWED,
	R_NOT_BEFORE, R_REQUESTED, R_STARTED, R_ENDED, R_STOPPED, R_MESSAGE
};

/* Columns of RELEASE_MEMBERS. */
enum {
	M_APP, M_VERSION, M_DIGEST, M_EXPECT, M_NOTE, M_WHY, M_DEPLOYMENT, M_STATE, M_FROM, M_MESSAGE, M_ROLLBACK,
	M_ROLLBACK_STATE, M_ROLLBACK_MESSAGE
};

/* ---- what the rows change ---- */

static bool one_release(int changes, const json_t *body, struct err *err)
{
	return changes == 1 || err_set(err, ERR_INTERNAL, "there is no release %" PRId64, json_int(body, "id", 0));
}

bool release_project_requested(struct store *s, const struct project_row *row, struct err *err)
{
	const json_t *body = row->body, *members = json_object_get(body, "members"), *member;
	size_t i;

	if (json_array_size(members) == 0)
		return err_set(err, ERR_INTERNAL, "a release of no application");
	if (!sql_run(s, SQL_RELEASE_ADD, NULL, err, "itttdtittt" "dii", row->seq, json_text(body, "group"),
	             json_text(body, "environment"), json_string_value(json_object_get(body, "from")),
	             (int)json_flag(body, "undo"), row->actor, json_int(body, "uid", -1), json_text(body, "reason"),
	             json_string_value(json_object_get(body, "override")), json_text(body, "key"),
	             (int)json_flag(body, "when_allowed"), json_int(body, "not_before", 0), row->at))
		return false;
	json_array_foreach(members, i, member)
		if (!sql_run(s, SQL_RELEASE_MEMBER_ADD, NULL, err, "iitttt", row->seq, (int64_t)i, json_text(member, "app"),
		             json_text(member, "version"), json_text(member, "digest"),
		             json_string_value(json_object_get(member, "expect"))))
			return false;
	return true;
}

bool release_project_started(struct store *s, const struct project_row *row, struct err *err)
{
	int changes = 0;

	return sql_run(s, SQL_RELEASE_START, &changes, err, "ii", row->at, json_int(row->body, "id", 0))
	       && one_release(changes, row->body, err);
}

bool release_project_member(struct store *s, const struct project_row *row, struct err *err)
{
	const json_t *body = row->body;
	enum member_note note;
	int changes = 0;

	if (!member_note_parse(json_text(body, "state"), &note) || note == MEMBER_PLAIN)
		return err_set(err, ERR_INTERNAL, "no member of a release is \"%s\"", json_text(body, "state"));
	if (!sql_run(s, SQL_RELEASE_MEMBER_NOTE, &changes, err, "ttit", member_note_name(note), json_text(body, "why"),
	             json_int(body, "id", 0), json_text(body, "app")))
		return false;
	return changes == 1 || err_set(err, ERR_INTERNAL, "release %" PRId64 " has no member %s", json_int(body, "id", 0),
	                               json_text(body, "app"));
}

bool release_project_stopping(struct store *s, const struct project_row *row, struct err *err)
{
	int changes = 0;

	return sql_run(s, SQL_RELEASE_STOP, &changes, err, "tdi", json_text(row->body, "why"),
	               (int)json_flag(row->body, "stopped"), json_int(row->body, "id", 0))
	       && one_release(changes, row->body, err);
}

bool release_project_finished(struct store *s, const struct project_row *row, struct err *err)
{
	const json_t *body = row->body;
	enum deployment_state state;
	int changes = 0;

	if (!deployment_state_parse(json_text(body, "state"), &state) || !deployment_state_is_over(state))
		return err_set(err, ERR_INTERNAL, "no release ends in state \"%s\"", json_text(body, "state"));
	return sql_run(s, SQL_RELEASE_FINISH, &changes, err, "ttii", deployment_state_name(state),
	               json_text(body, "message"), row->at, json_int(body, "id", 0))
	       && one_release(changes, body, err);
}

/* ---- what is asked ---- */

static struct store_member load_member(sqlite3_stmt *stmt)
{
	struct store_member m = { .deployment = sqlite3_column_int64(stmt, M_DEPLOYMENT),
	                          .rollback = sqlite3_column_int64(stmt, M_ROLLBACK) };

	m.app = sql_dup(stmt, M_APP);
	m.version = sql_dup(stmt, M_VERSION);
	m.digest = sql_dup(stmt, M_DIGEST);
	m.expect = sql_dup(stmt, M_EXPECT);
	m.why = sql_dup(stmt, M_WHY);
	m.from = sql_dup(stmt, M_FROM);
	m.message = mem_dup(sql_text(stmt, M_MESSAGE));
	m.rollback_message = mem_dup(sql_text(stmt, M_ROLLBACK_MESSAGE));
	member_note_parse(sql_text(stmt, M_NOTE), &m.note);
	deployment_state_parse(sql_text(stmt, M_STATE), &m.state);
	deployment_state_parse(sql_text(stmt, M_ROLLBACK_STATE), &m.rollback_state);
	return m;
}

static bool load_members(struct store *s, struct store_release *r, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_RELEASE_MEMBERS, err, "i", r->id);
	int code = SQLITE_ERROR;
	size_t cap = 0;

	while (stmt && (code = sql_step(s, stmt, err)) == SQLITE_ROW) {
		r->members = mem_grow(r->members, r->nmembers, &cap, sizeof *r->members);
		r->members[r->nmembers++] = load_member(stmt);
	}
	return code == SQLITE_DONE;
}

static struct store_release load(sqlite3_stmt *stmt)
{
	struct store_release r = { .id = sqlite3_column_int64(stmt, R_ID) };

	r.group = sql_dup(stmt, R_GROUP);
	r.environment = sql_dup(stmt, R_ENVIRONMENT);
	r.from = sql_dup(stmt, R_FROM);
	r.undo = sqlite3_column_int(stmt, R_UNDO);
	deployment_state_parse(sql_text(stmt, R_STATE), &r.state);
	r.actor = sql_dup(stmt, R_ACTOR);
	r.uid = sqlite3_column_int64(stmt, R_UID);
	r.reason = sql_dup(stmt, R_REASON);
	r.override = sql_dup(stmt, R_OVERRIDE);
	r.when_allowed = sqlite3_column_int(stmt, R_WHEN_ALLOWED);
	r.not_before = sqlite3_column_int64(stmt, R_NOT_BEFORE);
	r.requested = sqlite3_column_int64(stmt, R_REQUESTED);
	r.started = sqlite3_column_int64(stmt, R_STARTED);
	r.ended = sqlite3_column_int64(stmt, R_ENDED);
	r.stopped = sqlite3_column_int(stmt, R_STOPPED);
	r.message = sql_dup(stmt, R_MESSAGE);
	return r;
}

bool store_release(struct store *s, int64_t id, struct store_release *ret, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_RELEASE, err, "i", id);
	int code = stmt ? sql_step(s, stmt, err) : SQLITE_ERROR;
	struct store_release r;

	if (code == SQLITE_DONE)
		return err_set(err, ERR_NOT_FOUND, "there is no release %" PRId64, id);
	if (code != SQLITE_ROW)
		return err_wrap(err, "release %" PRId64, id);
	r = load(stmt);
	if (!load_members(s, &r, err)) {
		store_release_done(&r);
		return err_wrap(err, "release %" PRId64, id);
	}
	*ret = r;
	return true;
}

static void member_done(struct store_member *m)
{
	free(m->app);
	free(m->version);
	free(m->digest);
	free(m->expect);
	free(m->why);
	free(m->from);
	free(m->message);
	free(m->rollback_message);
}

void store_release_done(struct store_release *r)
{
	for (size_t i = 0; i < r->nmembers; i++)
		member_done(&r->members[i]);
	free(r->members);
	free(r->group);
	free(r->environment);
	free(r->from);
	free(r->actor);
	free(r->reason);
	free(r->override);
	free(r->message);
	*r = (struct store_release){ 0 };
}

bool store_release_by_key(struct store *s, const char *key, int64_t *ret_id, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = NULL;
	int code;

	if (!key || !*key) {
		*ret_id = 0;
		return true;
	}
	stmt = sql_use(s, SQL_RELEASE_BY_KEY, err, "t", key);
	code = stmt ? sql_step(s, stmt, err) : SQLITE_ERROR;
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return false;
	*ret_id = code == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
	return true;
}

static bool read_ids(struct store *s, sqlite3_stmt *stmt, int64_t **ret_ids, size_t *ret_n, struct err *err)
{
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

bool store_releases(struct store *s, int64_t before, int limit, int64_t **ret_ids, size_t *ret_n, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_RELEASES, err, "id", before > 0 ? before : INT64_MAX, limit);

	return read_ids(s, stmt, ret_ids, ret_n, err);
}

bool store_releases_unfinished(struct store *s, int64_t **ret_ids, size_t *ret_n, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_RELEASES_UNFINISHED, err, "");

	return read_ids(s, stmt, ret_ids, ret_n, err);
}

json_t *release_place_json(struct store *s, int64_t release, const char *app, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = NULL;
	int code;

	if (!release)
		return json_null();
	stmt = sql_use(s, SQL_RELEASE_PLACE, err, "it", release, app);
	code = stmt ? sql_step(s, stmt, err) : SQLITE_ERROR;
	if (code == SQLITE_ROW)
		return json_pack("{s:I, s:o, s:i, s:i}", "id", (json_int_t)release, "group", sql_string(stmt, 0), "index",
		                 sqlite3_column_int(stmt, 1) + 1, "of", sqlite3_column_int(stmt, 2));
	return code == SQLITE_DONE ? json_null() : NULL;
}
