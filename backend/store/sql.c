#include "backend/store/sql.h"

#include <stdarg.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/store/store_priv.h"

#define JOURNAL_COLUMNS "seq, at, actor, type, body, prev, hash"
#define BUILD_COLUMNS \
	"id, version, digest, commit_id, branch, author, message, at, added_by, tests, size, removed, artifacts," \
	" features, migrations, signature, signer, commit_time, results_sha256"
#define DEPLOYMENT_COLUMNS \
	"id, app, environment, kind, version, digest, from_version, state, actor, reason, requested, started, ended," \
	" message, layer, key, plan_hash, target, switched, stopped, expect, uid, override, nullif(not_before, 0)," \
	" of_release"
/* Of the application (by its range of ids), and added after every build that was tried or is on its way there. */
#define NEW_BUILD \
	"removed = 0 AND id > max(" \
	" coalesce((SELECT number << 40 FROM app WHERE app = ?1), 0)," \
	" coalesce((SELECT build FROM tried WHERE app = ?1 AND environment = ?2), 0)," \
	" coalesce((SELECT max(b.id) FROM deployment d JOIN build b ON b.app = d.app AND b.version = d.version" \
	"  WHERE d.ended IS NULL AND d.app = ?1 AND d.environment = ?2), 0))" \
	" AND id < (SELECT (number + 1) << 40 FROM app WHERE app = ?1)"

static const char *const texts[SQL_COUNT] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",

	[SQL_JOURNAL_ADD] = "INSERT INTO journal (" JOURNAL_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?)",
	[SQL_JOURNAL_HEAD] = "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1",
	[SQL_JOURNAL_AFTER] = "SELECT " JOURNAL_COLUMNS " FROM journal WHERE seq > ? ORDER BY seq LIMIT ?",

	[SQL_APP] = "SELECT number, builds FROM app WHERE app = ?",
	[SQL_APP_ADD] = "INSERT INTO app (app, number, builds) VALUES (?, (SELECT count(*) FROM app) + 1, 0)",
	[SQL_APP_COUNT] = "UPDATE app SET builds = builds + 1 WHERE app = ?",

	[SQL_BUILD_ADD] = "INSERT INTO build (id, app, version, digest, commit_id, branch, author, message, at,"
		" added_by, tests, size, results_sha256, artifacts, features, migrations, signature, signer,"
		" commit_time, removed, find)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,"
		" nullif(?19, 0), 0,"
		" lower(?3 || char(10) || ?5 || char(10) || ?6 || char(10) || ?7 || char(10) || ?8))",
	[SQL_BUILD_DROP] = "DELETE FROM build WHERE id = ?",
	[SQL_BUILD_ID] = "SELECT id FROM build WHERE app = ? AND version = ?",
	[SQL_BUILD_REMOVE] = "UPDATE build SET removed = 1 WHERE app = ? AND version = ?",
	[SQL_BUILD] = "SELECT " BUILD_COLUMNS " FROM build WHERE id = ?",
	[SQL_BUILD_BY_VERSION] = "SELECT " BUILD_COLUMNS " FROM build WHERE app = ? AND version = ?",
	[SQL_BUILD_BY_DIGEST] = "SELECT " BUILD_COLUMNS " FROM build WHERE app = ? AND digest = ? ORDER BY removed, id DESC",
	[SQL_BUILD_VERSIONS] = "SELECT version FROM build WHERE app = ? ORDER BY at DESC, id DESC LIMIT ?",
	[SQL_BUILD_PAGE] = "SELECT id FROM build WHERE app = ? ORDER BY at DESC, id DESC LIMIT ? OFFSET ?",
	[SQL_BUILD_SCAN] = "SELECT id FROM build INDEXED BY build_order WHERE app = ? AND instr(find, lower(?))"
		" ORDER BY at DESC, id DESC",
	/* By VALUES, not by SELECT: that one is a savepoint to SQLite, at which the index writes what it gathered. */
	[SQL_SEARCH_ADD] = "INSERT INTO build_search (rowid, find) VALUES (?1, (SELECT find FROM build WHERE id = ?1))",
	[SQL_SEARCH_DROP] = "INSERT INTO build_search (build_search, rowid, find) SELECT 'delete', id, find FROM build"
		" WHERE id = ?",
	[SQL_SEARCH_COUNT] = "SELECT count(*) FROM build_search WHERE build_search MATCH lower(?) AND rowid BETWEEN ? AND ?",
	/* The plus keeps SQLite from walking all builds in order and asking the index about each. */
	[SQL_SEARCH_PAGE] = "SELECT id FROM build WHERE id IN"
		" (SELECT rowid FROM build_search WHERE build_search MATCH lower(?) AND rowid BETWEEN ? AND ?)"
		" ORDER BY +at DESC, id DESC LIMIT ? OFFSET ?",
	[SQL_BUILD_LIVE] = "SELECT environment FROM environment WHERE app = ? AND version = ? ORDER BY environment",

	[SQL_ARTIFACT_CLEAR] = "DELETE FROM artifact WHERE build = ?",
	[SQL_ARTIFACT_ADD] = "INSERT INTO artifact (build, n, sha256) VALUES (?, ?, ?)",
	[SQL_ARTIFACT_IN_USE] = "SELECT 1 FROM artifact JOIN build ON build.id = artifact.build"
		" WHERE artifact.sha256 = ? AND build.removed = 0 LIMIT 1",

	[SQL_DEPLOYMENT_ADD] = "INSERT INTO deployment (id, app, environment, kind, version, digest, from_version, state,"
		" actor, reason, requested, key, plan_hash, target, expect, uid, override, not_before,"
		" of_release) VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, 0))",
	[SQL_DEPLOYMENT_REPLAN] = "UPDATE deployment SET target = ?, plan_hash = ?, from_version = ? WHERE id = ?",
	[SQL_DEPLOYMENT_START] = "UPDATE deployment SET state = 'running', started = ? WHERE id = ?",
	[SQL_DEPLOYMENT_UNDO] = "UPDATE deployment SET state = 'undoing', message = ?, layer = ?, stopped = ? WHERE id = ?",
	[SQL_DEPLOYMENT_FINISH] = "UPDATE deployment SET state = ?, message = ?, layer = ?, ended = ? WHERE id = ?",
	[SQL_DEPLOYMENT_SWITCH] = "UPDATE deployment SET switched = 1 WHERE id = ?",
	[SQL_DEPLOYMENT] = "SELECT " DEPLOYMENT_COLUMNS " FROM deployment WHERE id = ?",
	[SQL_DEPLOYMENTS] = "SELECT " DEPLOYMENT_COLUMNS " FROM deployment WHERE id < ?1 AND app = ?2 AND environment = ?3"
		" ORDER BY id DESC LIMIT ?4",
	[SQL_DEPLOYMENTS_OF_APP] = "SELECT " DEPLOYMENT_COLUMNS " FROM deployment WHERE id < ? AND app = ?"
		" ORDER BY id DESC LIMIT ?",
	[SQL_DEPLOYMENTS_ALL] = "SELECT " DEPLOYMENT_COLUMNS " FROM deployment WHERE id < ?1"
		" AND (?2 IS NULL OR app = ?2) AND (?3 IS NULL OR environment = ?3) ORDER BY id DESC LIMIT ?4",
	[SQL_DEPLOYMENT_BY_KEY] = "SELECT id FROM deployment WHERE key = ? ORDER BY id LIMIT 1",
	[SQL_UNFINISHED] = "SELECT id FROM deployment WHERE ended IS NULL ORDER BY id",
	[SQL_QUEUED] = "SELECT " DEPLOYMENT_COLUMNS " FROM deployment WHERE ended IS NULL AND app = ? AND environment = ?"
		" AND state = 'queued' ORDER BY kind <> 'rollback', id",
	/* Of number ?1 in the order above, and how many wait there. */
	[SQL_QUEUE_PLACE] = "SELECT count(*) FILTER (WHERE (q.kind <> 'rollback', q.id) <= (d.kind <> 'rollback', d.id)), count(*)"
		" FROM deployment d JOIN deployment q ON q.app = d.app AND q.environment = d.environment WHERE d.id = ?"
		" AND q.ended IS NULL AND q.state = 'queued'",
	[SQL_RUNNING] = "SELECT " DEPLOYMENT_COLUMNS " FROM deployment WHERE ended IS NULL AND app = ? AND environment = ?"
		" AND state <> 'queued' ORDER BY id LIMIT 1",
	[SQL_LAST_ENDED] = "SELECT " DEPLOYMENT_COLUMNS " FROM deployment WHERE app = ? AND environment = ?"
		" AND ended IS NOT NULL ORDER BY id DESC LIMIT 1",

	[SQL_STEP_CLEAR] = "DELETE FROM step WHERE deployment = ?",
	[SQL_STEP_ADD] = "INSERT INTO step (deployment, n, stage, state, deadline_ms) VALUES (?, ?, ?, 'wait', ?)",
	[SQL_STEP_START] = "UPDATE step SET state = 'run', started = ?, ended = NULL, message = '', layer = '', tail = '',"
		" detail = NULL, tests = NULL WHERE deployment = ? AND n = ?",
	[SQL_STEP_FINISH] = "UPDATE step SET state = ?, ended = ?, message = ?, layer = ?, tail = ?, detail = ?, tests = ?"
		" WHERE deployment = ? AND n = ?",
	[SQL_STEP_SKIP] = "UPDATE step SET state = 'skip' WHERE deployment = ? AND state = 'wait'",
	[SQL_STEPS] = "SELECT n, stage, state, started, ended, deadline_ms, message, layer, tail, detail, tests FROM step"
		" WHERE deployment = ? ORDER BY n",

	[SQL_LIVE_SET] = "INSERT OR REPLACE INTO environment (app, environment, colour, version, digest, since, deployment)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, coalesce("
		" (SELECT id FROM deployment WHERE id = ?7 AND digest = ?5),"
		" (SELECT deployment FROM known_good WHERE app = ?1 AND environment = ?2 AND digest = ?5"
		"  ORDER BY n DESC LIMIT 1), 0))",
	[SQL_LIVE] = "SELECT colour, version, digest, since, deployment FROM environment WHERE app = ? AND environment = ?",
	[SQL_SLOT_SET] = "INSERT OR REPLACE INTO slot (app, environment, colour, state, version, digest)"
		" VALUES (?, ?, ?, ?, ?, ?)",
	[SQL_SLOTS] = "SELECT colour, state, version, digest FROM slot WHERE app = ? AND environment = ?",

	[SQL_GOOD_ADD] = "INSERT INTO known_good (app, environment, n, version, digest, deployment) VALUES (?, ?, ?, ?, ?, ?)",
	[SQL_GOOD_LAST] = "SELECT n FROM known_good WHERE app = ? AND environment = ? AND digest = ? ORDER BY n DESC LIMIT 1",
	[SQL_GOOD_DROP_DIGEST] = "DELETE FROM known_good WHERE app = ? AND environment = ? AND digest = ?",
	[SQL_GOOD_DROP_VERSION] = "DELETE FROM known_good WHERE app = ? AND environment = ? AND version = ?",
	[SQL_GOOD_DROP_AFTER] = "DELETE FROM known_good WHERE app = ?1 AND environment = ?2 AND digest IN"
		" (SELECT digest FROM known_good WHERE app = ?1 AND environment = ?2 AND n > ?3)",
	/* The comparison is by IS NOT: where nothing is live any known-good build will do. */
	[SQL_GOOD_TARGET] = "SELECT g.version, g.digest FROM known_good g"
		" LEFT JOIN build b ON b.app = g.app AND b.version = g.version"
		" WHERE g.app = ?1 AND g.environment = ?2 AND coalesce(b.removed, 0) = 0 AND g.digest IS NOT"
		" (SELECT digest FROM environment WHERE app = ?1 AND environment = ?2) ORDER BY g.n DESC LIMIT 1",

	[SQL_RESULT_ADD] = "INSERT INTO test_result (deployment, n, step, suite, name, outcome, message, ms)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
	[SQL_RESULT_CLEAR] = "DELETE FROM test_result WHERE deployment = ? AND step = ?",
	[SQL_RESULT_LAST] = "SELECT max(n) FROM test_result WHERE deployment = ?",
	[SQL_RESULTS] = "SELECT n, step, suite, name, outcome, message, ms FROM test_result"
		" WHERE deployment = ? AND n >= ? ORDER BY n LIMIT ?",
	[SQL_RESULT_COUNT_ADD] = "INSERT INTO test_count (deployment, step, outcome, count) VALUES (?, ?, ?, 1)"
		" ON CONFLICT (deployment, step, outcome) DO UPDATE SET count = count + 1",
	[SQL_RESULT_COUNT_SET] = "INSERT OR REPLACE INTO test_count (deployment, step, outcome, count) VALUES (?, ?, ?, ?)",
	[SQL_RESULT_COUNT_CLEAR] = "DELETE FROM test_count WHERE deployment = ? AND step = ?",
	[SQL_RESULT_COUNTS] = "SELECT step, outcome, count FROM test_count WHERE deployment = ?",
	[SQL_RESULT_TOTAL] = "SELECT sum(count) FROM test_count WHERE deployment = ?",
	[SQL_BUILD_RESULT_ADD] = "INSERT INTO build_result (build, n, suite, name, outcome, message, ms)"
		" VALUES (?, ?, ?, ?, ?, ?, ?)",
	[SQL_BUILD_RESULT_CLEAR] = "DELETE FROM build_result WHERE build = ?",
	[SQL_BUILD_RESULTS] = "SELECT n, NULL, suite, name, outcome, message, ms FROM build_result WHERE build = ?"
		" ORDER BY outcome <> 'fail', n LIMIT ?",

	[SQL_APPROVAL_ADD] = "INSERT INTO approval (deployment, n, at, uid, name, approved, digest, plan_hash, reason,"
		" not_before) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[SQL_APPROVALS] = "SELECT at, uid, name, approved, digest, plan_hash, reason, not_before FROM approval"
		" WHERE deployment = ? ORDER BY n",
	[SQL_LEASE_SET] = "INSERT OR REPLACE INTO lease (app, environment, uid, owner, reason, taken, expires)"
		" VALUES (?, ?, ?, ?, ?, ?, ?)",
	[SQL_LEASE_DROP] = "DELETE FROM lease WHERE app = ? AND environment = ?",
	[SQL_LEASE] = "SELECT uid, owner, reason, taken, expires FROM lease WHERE app = ? AND environment = ?",
	[SQL_QUARANTINE_ADD] = "INSERT OR REPLACE INTO quarantine (app, environment, digest, version, deployment, at)"
		" VALUES (?, ?, ?, ?, ?, ?)",
	[SQL_QUARANTINE_DROP] = "DELETE FROM quarantine WHERE app = ? AND environment = ? AND digest = ?",
	[SQL_QUARANTINE] = "SELECT deployment FROM quarantine WHERE app = ? AND environment = ? AND digest = ?",
	[SQL_PAUSE_SET] = "INSERT OR REPLACE INTO pause (app, environment, at, actor, why) VALUES (?, ?, ?, ?, ?)",
	[SQL_PAUSE_DROP] = "DELETE FROM pause WHERE app = ? AND environment = ?",
	[SQL_PAUSE] = "SELECT at, actor, why FROM pause WHERE app = ? AND environment = ?",
	[SQL_MIGRATION_ADD] = "INSERT OR REPLACE INTO migration (app, environment, migration, n, version, reversible)"
		" VALUES (?, ?, ?, ?, ?, ?)",
	[SQL_MIGRATION_DROP] = "DELETE FROM migration WHERE app = ? AND environment = ? AND migration = ?",
	[SQL_MIGRATIONS] = "SELECT migration, version, reversible, n FROM migration WHERE app = ? AND environment = ?"
		" ORDER BY n",
	[SQL_DRIFT_SET] = "INSERT OR REPLACE INTO drift (app, environment, what, expected, found, since)"
		" VALUES (?, ?, ?, ?, ?, ?)",
	[SQL_DRIFT_DROP] = "DELETE FROM drift WHERE app = ? AND environment = ? AND what = ?",
	[SQL_DRIFT] = "SELECT what, expected, found, since FROM drift WHERE app = ? AND environment = ? ORDER BY since LIMIT 1",
	[SQL_STAY_BEGIN] = "INSERT INTO stay (app, environment, n, digest, version, since)"
		" SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS"
		" (SELECT 1 FROM stay WHERE app = ?1 AND environment = ?2 AND digest = ?4 AND until IS NULL)",
	[SQL_STAY_END] = "UPDATE stay SET until = ? WHERE app = ? AND environment = ? AND digest <> ? AND until IS NULL",
	[SQL_STAY_GOES_ON] = "UPDATE stay SET until = NULL WHERE app = ?1 AND environment = ?2 AND digest = ?3"
		" AND n = (SELECT max(n) FROM stay WHERE app = ?1 AND environment = ?2)",
	[SQL_STAYS] = "SELECT n, since, until FROM stay WHERE app = ? AND environment = ? AND digest = ? ORDER BY n",
	[SQL_GOOD_ALL] = "SELECT g.version FROM known_good g LEFT JOIN build b ON b.app = g.app AND b.version = g.version"
		" WHERE g.app = ? AND g.environment = ? AND coalesce(b.removed, 0) = 0 ORDER BY g.n DESC",

	/* What is there already with the same value keeps its time. */
	[SQL_DEPLOYMENT_LOG] = "SELECT log FROM deployment WHERE id = ? AND log IS NOT NULL",
	[SQL_DEPLOYMENT_LOG_SET] = "UPDATE deployment SET log = ? WHERE id = ?",
	[SQL_CONFIG_FILE_SET] = "INSERT INTO config_file (name, sha256, text, seq) VALUES (?, ?, ?, ?)"
		" ON CONFLICT (name) DO UPDATE SET sha256 = excluded.sha256, text = excluded.text, seq = excluded.seq",
	[SQL_CONFIG_FILE_KEEP] = "DELETE FROM config_file WHERE name NOT IN (SELECT value FROM json_each(?))",
	[SQL_CONFIG_FILES] = "SELECT name, text FROM config_file ORDER BY name",
	[SQL_CONFIG_FILE_IS] = "SELECT 1 FROM config_file WHERE name = ? AND sha256 = ?",
	[SQL_CONFIG_STAND] = "SELECT coalesce(max(seq), 0), count(*) FROM config_file",

	[SQL_FACT_SET] = "INSERT INTO fact (app, environment, what, value, since) VALUES (?, ?, ?, ?, ?)"
		" ON CONFLICT (app, environment, what) DO UPDATE SET value = excluded.value, since = excluded.since"
		" WHERE value <> excluded.value",
	[SQL_FACT_DROP] = "DELETE FROM fact WHERE app = ? AND environment = ? AND what = ?",
	[SQL_FACT_DROP_ALL] = "DELETE FROM fact WHERE app = ? AND environment = ?",
	[SQL_FACTS] = "SELECT what, value, since FROM fact WHERE app = ? AND environment = ? ORDER BY what",
	[SQL_FACT_PLACES] = "SELECT DISTINCT app, environment FROM fact",
	[SQL_DIGEST_DROP] = "DELETE FROM fact WHERE app = ?1 AND environment = ?2 AND what GLOB 'digest.*'"
		" AND (what, value) NOT IN (SELECT 'digest.' || json_extract(a.value, '$.component'),"
		" json_extract(a.value, '$.sha256') FROM build, json_each(build.artifacts) a"
		" WHERE build.app = ?1 AND build.digest = ?3)",
	[SQL_DIGEST_ADD] = "INSERT OR IGNORE INTO fact (app, environment, what, value, since)"
		" SELECT ?1, ?2, 'digest.' || json_extract(a.value, '$.component'), json_extract(a.value, '$.sha256'), ?4"
		" FROM build, json_each(build.artifacts) a WHERE build.app = ?1 AND build.digest = ?3",
	/* An environment that lacks what another one has differs from it. */
	[SQL_DIFFERENCE_ADD] = "INSERT OR IGNORE INTO difference (app, what, since)"
		" SELECT ?1, what, ?2 FROM fact WHERE app = ?1 GROUP BY what HAVING count(DISTINCT value) > 1"
		" OR count(*) < (SELECT count(DISTINCT environment) FROM fact WHERE app = ?1)",
	[SQL_DIFFERENCE_DROP] = "DELETE FROM difference WHERE app = ?1 AND what NOT IN"
		" (SELECT what FROM fact WHERE app = ?1 GROUP BY what HAVING count(DISTINCT value) > 1"
		" OR count(*) < (SELECT count(DISTINCT environment) FROM fact WHERE app = ?1))",
	[SQL_DIFFERENCES] = "SELECT what, since FROM difference WHERE app = ? ORDER BY what",
	[SQL_DEPLOYMENT_MOVE] = "UPDATE deployment SET not_before = ? WHERE id = ? AND state = 'queued'",
	[SQL_FEATURE_SET] = "INSERT OR REPLACE INTO feature (app, environment, name, is_on, at, actor, reason)"
		" VALUES (?, ?, ?, ?, ?, ?, ?)",
	[SQL_RELEASE_ADD] = "INSERT INTO group_release (id, name, environment, source, undo, state, actor, uid, reason,"
		" override, key, when_allowed, not_before, requested)"
		" VALUES (?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?)",
	[SQL_RELEASE_MEMBER_ADD] = "INSERT INTO release_member (release, n, app, version, digest, expect)"
		" VALUES (?, ?, ?, ?, ?, ?)",
	[SQL_RELEASE_MEMBER_NOTE] = "UPDATE release_member SET note = ?, why = ? WHERE release = ? AND app = ?",
	[SQL_RELEASE_START] = "UPDATE group_release SET state = 'running', started = ? WHERE id = ?",
	[SQL_RELEASE_STOP] = "UPDATE group_release SET state = 'undoing', message = ?, stopped = ? WHERE id = ?",
	[SQL_RELEASE_FINISH] = "UPDATE group_release SET state = ?, message = ?, ended = ? WHERE id = ?",
	[SQL_RELEASE] = "SELECT id, name, environment, source, undo, state, actor, uid, reason, override, when_allowed,"
		" not_before, requested, started, ended, stopped, message FROM group_release WHERE id = ?",
	[SQL_RELEASE_MEMBERS] = "SELECT m.app, m.version, m.digest, m.expect, m.note, m.why, d.id, d.state, d.from_version,"
		" d.message, r.id, r.state, r.message FROM release_member m"
		" LEFT JOIN deployment d ON d.of_release = ?1 AND d.app = m.app AND d.kind <> 'rollback'"
		" LEFT JOIN deployment r ON r.of_release = ?1 AND r.app = m.app AND r.kind = 'rollback'"
		" WHERE m.release = ?1 ORDER BY m.n",
	[SQL_RELEASE_BY_KEY] = "SELECT id FROM group_release WHERE key = ? ORDER BY id LIMIT 1",
	[SQL_RELEASE_PLACE] = "SELECT g.name, m.n, (SELECT count(*) FROM release_member WHERE release = ?1)"
		" FROM group_release g JOIN release_member m ON m.release = g.id WHERE g.id = ?1 AND m.app = ?2",
	[SQL_RELEASES] = "SELECT id FROM group_release WHERE id < ? ORDER BY id DESC LIMIT ?",
	[SQL_RELEASES_UNFINISHED] = "SELECT id FROM group_release WHERE ended IS NULL ORDER BY id",
	[SQL_FEATURES] = "SELECT name, is_on, at, actor, reason FROM feature WHERE app = ? AND environment = ? ORDER BY name",

	[SQL_TRIED_SET] = "INSERT INTO tried (app, environment, build)"
		" SELECT ?1, ?2, id FROM build WHERE app = ?1 AND version = ?3"
		" ON CONFLICT (app, environment) DO UPDATE SET build = excluded.build WHERE excluded.build > build",
	[SQL_NEW_BUILDS] = "SELECT version FROM build WHERE " NEW_BUILD " ORDER BY id DESC LIMIT ?3",
	/* Of the last successes there, so that an environment with a long past costs no more than a young one. */
	[SQL_NEW_BUILDS_AFTER] = "SELECT b.version FROM (SELECT version FROM stay WHERE app = ?1 AND environment = ?4"
		"  ORDER BY n DESC LIMIT 2 * ?3) s CROSS JOIN build b ON b.app = ?1 AND b.version = s.version"
		" WHERE " NEW_BUILD " GROUP BY b.id ORDER BY b.id DESC LIMIT ?3",
	[SQL_QUEUED_AUTOMATIC] = "SELECT id FROM deployment WHERE ended IS NULL AND app = ? AND environment = ?"
		" AND state = 'queued' AND kind = 'automatic' ORDER BY id LIMIT 1",
};

bool sql_fail(struct store *s, struct err *err)
{
	int code = sqlite3_errcode(s->db);

	if ((code & 0xff) == SQLITE_FULL)
		return err_set(err, ERR_INTERNAL, "%s: no space is left: free some on its file system", s->path);
	if ((code & 0xff) == SQLITE_BUSY)
		return err_set(err, ERR_LOCKED, "%s is in use by another program: stop that one first", s->path);
	return err_set(err, ERR_INTERNAL, "%s: %s (SQLite %d)", s->path, sqlite3_errmsg(s->db),
	               sqlite3_extended_errcode(s->db));
}

static bool bind_all(struct store *s, sqlite3_stmt *stmt, struct err *err, const char *types, va_list ap)
{
	for (int i = 0; types[i]; i++) {
		int code = SQLITE_MISUSE;

		if (types[i] == 't')
			code = sqlite3_bind_text(stmt, i + 1, va_arg(ap, const char *), -1, SQLITE_STATIC);
		else if (types[i] == 'i')
			code = sqlite3_bind_int64(stmt, i + 1, va_arg(ap, int64_t));
		else if (types[i] == 'd')
			code = sqlite3_bind_int(stmt, i + 1, va_arg(ap, int));
		if (code != SQLITE_OK)
			return sql_fail(s, err);
	}
	return true;
}

static sqlite3_stmt *use(struct store *s, enum sql which, struct err *err, const char *types, va_list ap)
{
	sqlite3_stmt **stmt = &s->stmts[which];

	if (!*stmt && sqlite3_prepare_v3(s->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL) != SQLITE_OK) {
		sql_fail(s, err);
		return NULL;
	}
	if (bind_all(s, *stmt, err, types, ap))
		return *stmt;
	sqlite3_clear_bindings(*stmt);
	return NULL;
}

sqlite3_stmt *sql_use(struct store *s, enum sql which, struct err *err, const char *types, ...)
{
	sqlite3_stmt *stmt;
	va_list ap;

	va_start(ap, types);
	stmt = use(s, which, err, types, ap);
	va_end(ap);
	return stmt;
}

void sql_end(sqlite3_stmt **stmt)
{
	if (*stmt) {
		sqlite3_reset(*stmt);
		sqlite3_clear_bindings(*stmt);
	}
	*stmt = NULL;
}

int sql_step(struct store *s, sqlite3_stmt *stmt, struct err *err)
{
	int code = sqlite3_step(stmt);

	if (code != SQLITE_ROW && code != SQLITE_DONE)
		sql_fail(s, err);
	return code;
}

bool sql_run(struct store *s, enum sql which, int *ret_changes, struct err *err, const char *types, ...)
{
	AUTO(sql_end) sqlite3_stmt *stmt = NULL;
	va_list ap;

	va_start(ap, types);
	stmt = use(s, which, err, types, ap);
	va_end(ap);
	if (!stmt || sql_step(s, stmt, err) != SQLITE_DONE)
		return false;
	if (ret_changes)
		*ret_changes = sqlite3_changes(s->db);
	return true;
}

void sql_done(struct store *s)
{
	for (int i = 0; i < SQL_COUNT; i++) {
		sqlite3_finalize(s->stmts[i]);
		s->stmts[i] = NULL;
	}
}

const char *sql_text(sqlite3_stmt *stmt, int column)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	return text ? text : "";
}

char *sql_dup(sqlite3_stmt *stmt, int column)
{
	return mem_dup((const char *)sqlite3_column_text(stmt, column));
}

json_t *sql_string(sqlite3_stmt *stmt, int column)
{
	return json_safe_string((const char *)sqlite3_column_text(stmt, column));
}

json_t *sql_number(sqlite3_stmt *stmt, int column)
{
	return sqlite3_column_type(stmt, column) == SQLITE_NULL ? json_null()
		: json_integer(sqlite3_column_int64(stmt, column));
}

json_t *sql_json(sqlite3_stmt *stmt, int column)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);
	json_t *value = text ? json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL) : NULL;

	return value ? value : json_null();
}
