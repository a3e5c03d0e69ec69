#include "backend/store/migrate.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "backend/base/buf.h"
#include "backend/base/mem.h"
#include "backend/store/project.h"
#include "backend/store/store_priv.h"

#define APPLICATION_ID 0x534c4950      /* "SLIP" in the file's header: tells our file from another program's */

struct migration {
	bool rebuild;                  /* the projections are made again from the journal afterwards */
	const char *text;
};

/* Row i leads to version i + 1. A row that was released is never changed again; a new one is added below. */
static const struct migration migrations[] = {
	{ false,
	  "CREATE TABLE journal (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, type TEXT NOT NULL,"
	  " body TEXT NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL);" },
	{ true,
	  "CREATE TABLE app (app TEXT PRIMARY KEY, number INTEGER NOT NULL, builds INTEGER NOT NULL) WITHOUT ROWID;"
	  "CREATE TABLE build (id INTEGER PRIMARY KEY, app TEXT NOT NULL, version TEXT NOT NULL, digest TEXT NOT NULL,"
	  " commit_id TEXT NOT NULL, branch TEXT NOT NULL, author TEXT NOT NULL, message TEXT NOT NULL,"
	  " at INTEGER NOT NULL, added_by TEXT NOT NULL, tests TEXT, size INTEGER NOT NULL, results_sha256 TEXT NOT NULL,"
	  " artifacts TEXT NOT NULL, find TEXT NOT NULL, removed INTEGER NOT NULL, UNIQUE (app, version));"
	  "CREATE INDEX build_digest ON build (app, digest);"
	  "CREATE INDEX build_order ON build (app, at DESC, id DESC, find);"
	  "CREATE TABLE artifact (build INTEGER NOT NULL REFERENCES build (id), n INTEGER NOT NULL, sha256 TEXT NOT NULL,"
	  " PRIMARY KEY (build, n)) WITHOUT ROWID;"
	  "CREATE INDEX artifact_sha256 ON artifact (sha256);"
	  "CREATE TABLE deployment (id INTEGER PRIMARY KEY, app TEXT NOT NULL, environment TEXT NOT NULL,"
	  " kind TEXT NOT NULL, version TEXT NOT NULL, digest TEXT NOT NULL, from_version TEXT, expect TEXT,"
	  " state TEXT NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL, requested INTEGER NOT NULL, started INTEGER,"
	  " ended INTEGER, message TEXT NOT NULL DEFAULT '', layer TEXT NOT NULL DEFAULT '', key TEXT NOT NULL,"
	  " plan_hash TEXT NOT NULL, target TEXT NOT NULL, switched INTEGER NOT NULL DEFAULT 0,"
	  " stopped INTEGER NOT NULL DEFAULT 0);"
	  "CREATE INDEX deployment_of ON deployment (app, environment, id);"
	  "CREATE INDEX deployment_of_app ON deployment (app, id);"
	  "CREATE INDEX deployment_key ON deployment (key) WHERE key <> '';"
	  "CREATE INDEX deployment_unfinished ON deployment (id) WHERE ended IS NULL;"
	  "CREATE TABLE step (deployment INTEGER NOT NULL REFERENCES deployment (id), n INTEGER NOT NULL,"
	  " stage TEXT NOT NULL, state TEXT NOT NULL, started INTEGER, ended INTEGER, deadline_ms INTEGER NOT NULL,"
	  " message TEXT NOT NULL DEFAULT '', layer TEXT NOT NULL DEFAULT '', tail TEXT NOT NULL DEFAULT '', detail TEXT,"
	  " tests TEXT, PRIMARY KEY (deployment, n)) WITHOUT ROWID;"
	  "CREATE TABLE environment (app TEXT NOT NULL, environment TEXT NOT NULL, colour TEXT NOT NULL, version TEXT,"
	  " digest TEXT, since INTEGER NOT NULL, deployment INTEGER NOT NULL, PRIMARY KEY (app, environment)) WITHOUT ROWID;"
	  "CREATE INDEX environment_version ON environment (app, version);"
	  "CREATE TABLE slot (app TEXT NOT NULL, environment TEXT NOT NULL, colour TEXT NOT NULL, state TEXT NOT NULL,"
	  " version TEXT, digest TEXT, PRIMARY KEY (app, environment, colour)) WITHOUT ROWID;"
	  "CREATE TABLE known_good (app TEXT NOT NULL, environment TEXT NOT NULL, n INTEGER NOT NULL,"
	  " version TEXT NOT NULL, digest TEXT NOT NULL, deployment INTEGER NOT NULL,"
	  " PRIMARY KEY (app, environment, n)) WITHOUT ROWID;" },
	/*
	 * Any three letters find a build. No content is kept in the index: build.find has it. Letters are folded before.
	 * A build's id begins with its application's number, so that a range of ids is one application's.
	 */
	{ true, "CREATE VIRTUAL TABLE build_search USING fts5 (find, content = '', columnsize = 0,"
	        " tokenize = 'trigram case_sensitive 1');" },
	/* Results are no projections: they outlive a rebuild, so nothing here refers to a projection's rows. */
	{ false,
	  "CREATE TABLE test_result (deployment INTEGER NOT NULL, n INTEGER NOT NULL, step INTEGER NOT NULL,"
	  " suite TEXT NOT NULL, name TEXT NOT NULL, outcome TEXT NOT NULL, message TEXT NOT NULL, ms INTEGER,"
	  " PRIMARY KEY (deployment, n)) WITHOUT ROWID;"
	  "CREATE TABLE test_count (deployment INTEGER NOT NULL, step INTEGER NOT NULL, outcome TEXT NOT NULL,"
	  " count INTEGER NOT NULL, PRIMARY KEY (deployment, step, outcome)) WITHOUT ROWID;"
	  "CREATE TABLE build_result (build INTEGER NOT NULL, n INTEGER NOT NULL, suite TEXT NOT NULL, name TEXT NOT NULL,"
	  " outcome TEXT NOT NULL, message TEXT NOT NULL, ms INTEGER, PRIMARY KEY (build, n)) WITHOUT ROWID;" },
	/* What the rules of the environments know. */
	{ true,
	  "ALTER TABLE build ADD COLUMN features TEXT; ALTER TABLE build ADD COLUMN migrations TEXT;"
	  "ALTER TABLE build ADD COLUMN signature TEXT; ALTER TABLE build ADD COLUMN signer TEXT;"
	  "ALTER TABLE deployment ADD COLUMN uid INTEGER NOT NULL DEFAULT -1; ALTER TABLE deployment ADD COLUMN override TEXT;"
	  "CREATE TABLE approval (deployment INTEGER NOT NULL, n INTEGER NOT NULL, at INTEGER NOT NULL,"
	  " uid INTEGER NOT NULL, name TEXT NOT NULL, approved INTEGER NOT NULL, digest TEXT NOT NULL,"
	  " plan_hash TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (deployment, n)) WITHOUT ROWID;"
	  "CREATE TABLE lease (app TEXT NOT NULL, environment TEXT NOT NULL, uid INTEGER NOT NULL, owner TEXT NOT NULL,"
	  " reason TEXT NOT NULL, taken INTEGER NOT NULL, expires INTEGER NOT NULL, PRIMARY KEY (app, environment))"
	  " WITHOUT ROWID;"
	  "CREATE TABLE quarantine (app TEXT NOT NULL, environment TEXT NOT NULL, digest TEXT NOT NULL,"
	  " version TEXT NOT NULL, deployment INTEGER NOT NULL, at INTEGER NOT NULL,"
	  " PRIMARY KEY (app, environment, digest)) WITHOUT ROWID;"
	  "CREATE TABLE pause (app TEXT NOT NULL, environment TEXT NOT NULL, at INTEGER NOT NULL, actor TEXT NOT NULL,"
	  " why TEXT NOT NULL, PRIMARY KEY (app, environment)) WITHOUT ROWID;"
	  "CREATE TABLE migration (app TEXT NOT NULL, environment TEXT NOT NULL, migration TEXT NOT NULL,"
	  " n INTEGER NOT NULL, version TEXT NOT NULL, reversible INTEGER NOT NULL,"
	  " PRIMARY KEY (app, environment, migration)) WITHOUT ROWID;"
	  "CREATE TABLE drift (app TEXT NOT NULL, environment TEXT NOT NULL, what TEXT NOT NULL, expected TEXT NOT NULL,"
	  " found TEXT NOT NULL, since INTEGER NOT NULL, PRIMARY KEY (app, environment, what)) WITHOUT ROWID;"
	  "CREATE TABLE stay (app TEXT NOT NULL, environment TEXT NOT NULL, n INTEGER NOT NULL, digest TEXT NOT NULL,"
	  " version TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER, PRIMARY KEY (app, environment, n)) WITHOUT ROWID;"
	  "CREATE INDEX stay_of ON stay (app, environment, digest, n);" },
	/* What environments are compared by, and since when they differ. */
	{ true,
	  "CREATE TABLE fact (app TEXT NOT NULL, environment TEXT NOT NULL, what TEXT NOT NULL, value TEXT NOT NULL,"
	  " since INTEGER NOT NULL, PRIMARY KEY (app, environment, what)) WITHOUT ROWID;"
	  "CREATE TABLE difference (app TEXT NOT NULL, what TEXT NOT NULL, since INTEGER NOT NULL, PRIMARY KEY (app, what))"
	  " WITHOUT ROWID;" },
	/* Features that were put in or pulled, and deployments that wait for their time. */
	{ true,
	  "CREATE TABLE feature (app TEXT NOT NULL, environment TEXT NOT NULL, name TEXT NOT NULL, is_on INTEGER NOT NULL,"
	  " at INTEGER NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (app, environment, name))"
	  " WITHOUT ROWID;"
	  "ALTER TABLE deployment ADD COLUMN not_before INTEGER NOT NULL DEFAULT 0;" },
	/* Several applications released together. */
	{ true,
	  "CREATE TABLE group_release (id INTEGER PRIMARY KEY, name TEXT NOT NULL, environment TEXT NOT NULL, source TEXT,"
	  " undo INTEGER NOT NULL, state TEXT NOT NULL, actor TEXT NOT NULL, uid INTEGER NOT NULL, reason TEXT NOT NULL,"
	  " override TEXT, key TEXT NOT NULL, when_allowed INTEGER NOT NULL, not_before INTEGER NOT NULL,"
	  " requested INTEGER NOT NULL, started INTEGER, ended INTEGER, stopped INTEGER NOT NULL DEFAULT 0,"
	  " message TEXT NOT NULL DEFAULT '');"
	  "CREATE INDEX group_release_key ON group_release (key) WHERE key <> '';"
	  "CREATE INDEX group_release_unfinished ON group_release (id) WHERE ended IS NULL;"
	  "CREATE TABLE release_member (release INTEGER NOT NULL, n INTEGER NOT NULL, app TEXT NOT NULL,"
	  " version TEXT NOT NULL, digest TEXT NOT NULL, expect TEXT, note TEXT NOT NULL DEFAULT '',"
	  " why TEXT NOT NULL DEFAULT '', PRIMARY KEY (release, n)) WITHOUT ROWID;"
	  "ALTER TABLE deployment ADD COLUMN of_release INTEGER;"
	  "CREATE INDEX deployment_of_release ON deployment (of_release, app) WHERE of_release IS NOT NULL;" },
	/* The newest build that was tried in an environment: what came after it is new there. */
	{ true,
	  "CREATE TABLE tried (app TEXT NOT NULL, environment TEXT NOT NULL, build INTEGER NOT NULL,"
	  " PRIMARY KEY (app, environment)) WITHOUT ROWID;" },
	/* What the past is told by: the configuration that was in force, and how long a log was. */
	{ true,
	  "CREATE TABLE config_file (name TEXT PRIMARY KEY, sha256 TEXT NOT NULL, text TEXT NOT NULL,"
	  " seq INTEGER NOT NULL) WITHOUT ROWID;"
	  "ALTER TABLE deployment ADD COLUMN log INTEGER;" },
	/* The time for which a scheduled deployment was approved. */
	{ true, "ALTER TABLE approval ADD COLUMN not_before INTEGER NOT NULL DEFAULT 0;" },
	/* No row of before tells it, so nothing is made again. */
	{ false, "ALTER TABLE build ADD COLUMN commit_time INTEGER;" },
};

int migrate_latest(void)
{
	return (int)ARRAY_LEN(migrations);
}

static bool read_number(sqlite3 *db, const char *text, int64_t *ret)
{
	sqlite3_stmt *stmt = NULL;
	bool ok = sqlite3_prepare_v2(db, text, -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW;

	if (ok)
		*ret = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return ok;
}

static bool judge(sqlite3 *db, const char *path, struct err *err)
{
	int64_t version, application, tables;
	bool ok = read_number(db, "PRAGMA user_version", &version) && read_number(db, "PRAGMA application_id", &application)
		&& read_number(db, "SELECT count(*) FROM sqlite_schema", &tables);

	if (!ok && sqlite3_errcode(db) == SQLITE_BUSY)
		return err_set(err, ERR_LOCKED, "%s is in use by another program: stop that one first", path);
	if (!ok)
		return err_set(err, ERR_CONFIG, "%s cannot be read as a Slipway database: %s; move it away, or restore a copy",
		               path, sqlite3_errmsg(db));
	if (tables > 0 && application != APPLICATION_ID)
		return err_set(err, ERR_CONFIG, "%s is a database of another program: move it away", path);
	if (version > migrate_latest())
		return err_set(err, ERR_CONFIG, "%s was written by a newer Slipway (its schema is %lld, this program knows %d):"
		               " start that version, or a newer one", path, (long long)version, migrate_latest());
	return true;
}

/* "file:PATH?…" with what a URI cannot hold written as %XX. */
static char *uri_of(const char *path)
{
	static const char query[] = "?mode=ro&immutable=1";
	size_t max = 3 * strlen(path) + 64;
	AUTO(buf_done) struct buf b;

	buf_init(&b, max);
	buf_add_text(&b, "file:");
	for (const char *p = path; *p; p++)
		if (strchr("%?#", *p))
			buf_printf(&b, "%%%02X", (unsigned char)*p);
		else
			buf_add(&b, p, 1);
	buf_add_text(&b, query);
	return buf_detach(&b);
}

/*
 * A WAL that was left behind may hold the newest header, and an immutable open does not look into it. This one does,
 * and neither checkpoints nor removes it at the end; exclusive locking keeps SQLite from making a -shm file.
 */
static bool judge_with_wal(const char *path, struct err *err)
{
	sqlite3 *db = NULL;
	bool ok;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK
	    || sqlite3_busy_timeout(db, MIGRATE_BUSY_MS) != SQLITE_OK
	    || sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) != SQLITE_OK
	    || sqlite3_exec(db, "PRAGMA locking_mode = EXCLUSIVE", NULL, NULL, NULL) != SQLITE_OK)
		ok = err_set(err, ERR_INTERNAL, "%s: %s", path, sqlite3_errmsg(db));
	else
		ok = judge(db, path, err);
	sqlite3_close(db);
	return ok;
}

bool migrate_check(const char *path, struct err *err)
{
	AUTO(mem_auto_free) char *wal = mem_printf("%s-wal", path);
	AUTO(mem_auto_free) char *uri = uri_of(path);
	sqlite3 *db = NULL;
	struct stat st;
	bool ok;

	if (stat(path, &st) != 0 || st.st_size == 0)
		return true;
	if (stat(wal, &st) == 0 && st.st_size > 0)
		return judge_with_wal(path, err);
	if (sqlite3_open_v2(uri, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) != SQLITE_OK)
		ok = err_set(err, ERR_INTERNAL, "%s: %s", path, sqlite3_errmsg(db));
	else
		ok = judge(db, path, err);
	sqlite3_close(db);
	return ok;
}

static bool run_text(struct store *s, const char *text, struct err *err)
{
	return sqlite3_exec(s->db, text, NULL, NULL, NULL) == SQLITE_OK || sql_fail(s, err);
}

/*
 * All steps in one transaction, so that a failure leaves the file as it was. The projections are made again at the end:
 * project.c knows the newest schema only.
 */
static bool steps(struct store *s, int from, int to, struct err *err)
{
	AUTO(mem_auto_free) char *mark = mem_printf("PRAGMA user_version = %d; PRAGMA application_id = %d", to,
	                                            APPLICATION_ID);
	bool rebuild = false;

	for (int next = from; next < to; next++) {
		if (!run_text(s, migrations[next].text, err))
			return err_wrap(err, "schema step %d", next + 1);
		rebuild = rebuild || migrations[next].rebuild;
	}
	return (!rebuild || to < migrate_latest() || project_rebuild(s, INT64_MAX, err)) && run_text(s, mark, err);
}

bool migrate_to(struct store *s, int version, struct err *err)
{
	int64_t now;

	if (!read_number(s->db, "PRAGMA user_version", &now))
		return sql_fail(s, err);
	if (now >= version)
		return true;
	if (!run_text(s, "BEGIN IMMEDIATE", err))
		return false;
	if (steps(s, (int)now, version, err) && run_text(s, "COMMIT", err))
		return true;
	if (!sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return false;
}

bool migrate_run(struct store *s, struct err *err)
{
	return migrate_to(s, migrate_latest(), err);
}
