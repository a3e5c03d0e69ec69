/* The store as a whole: opening, migrating and refusing files. */
#include "tests/unit/store_case.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "backend/store/migrate.h"
#include "backend/store/project.h"
#include "backend/store/store_priv.h"

/* ---- opening ---- */

static void digest_of(const char *path, char ret[static DIGEST_SIZE])
{
	AUTO(mem_auto_close) int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		snprintf(ret, DIGEST_SIZE, "absent");
	else
		assert_ok(digest_fd(fd, ret, NULL, err));
}

/* Runs SQL as a program of its own would; leave_wal: it is killed before it closes the file. */
static void as_another_program(const char *path, const char *sql, bool leave_wal)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		sqlite3 *db;

		if (sqlite3_open(path, &db) != SQLITE_OK || sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
			_exit(1);
		if (!leave_wal)
			sqlite3_close(db);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void the_file_is_private_and_in_wal_mode(void **state)
{
	struct store_case *c = *state;
	AUTO(mem_auto_free) char *shm = mem_printf("%s-shm", c->path);
	struct stat st;

	journal_build(c->s, "1", 1000);
	assert_int_equal(stat(c->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(access(shm, F_OK), -1);
	for (size_t i = 0; i < 2; i++) {
		static const struct { const char *sql, *value; } rows[] = {
			{ "PRAGMA journal_mode", "wal" }, { "PRAGMA synchronous", "2" },
		};
		sqlite3_stmt *stmt;

		assert_int_equal(sqlite3_prepare_v2(c->s->db, rows[i].sql, -1, &stmt, NULL), SQLITE_OK);
		assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
		assert_string_equal((const char *)sqlite3_column_text(stmt, 0), rows[i].value);
		sqlite3_finalize(stmt);
	}
}

/* As another program, so that nothing of ours that a fork copies is judged at its end. */
static void end_child(bool ok)
{
	execlp(ok ? "true" : "false", "child", (char *)NULL);
	_exit(2);
}

static void nothing_else_can_open_the_live_file(void **state)
{
	struct store_case *c = *state;
	pid_t child;
	int status;

	journal_build(c->s, "1", 1000);
	child = fork();
	if (child == 0) {
		sqlite3 *db;
		int code;

		sqlite3_open(c->path, &db);
		code = sqlite3_exec(db, "SELECT count(*) FROM journal", NULL, NULL, NULL);
		end_child(code == SQLITE_BUSY);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void a_second_engine_is_told_that_the_file_is_in_use(void **state)
{
	struct store_case *c = *state;
	pid_t child;
	int status;

	journal_build(c->s, "1", 1000);
	child = fork();
	if (child == 0) {
		struct err why = { 0 };
		struct store *s;

		if (store_open(c->path, &s, &why))
			_exit(1);
		end_child(why.kind == ERR_LOCKED && strstr(why.text, "in use by another program"));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	journal_build(c->s, "2", 1000);
	assert_int_equal(store_seq(c->s), 2);
}

static void a_file_from_a_newer_version_is_refused_and_stays_untouched(void **state)
{
	static const bool with_wal[] = { false, true };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(with_wal); i++) {
		struct store_case *c;
		struct err why = { 0 };
		struct store *s = NULL;
		char before[2][DIGEST_SIZE], after[2][DIGEST_SIZE];
		AUTO(mem_auto_free) char *wal = NULL, *shm = NULL;

		store_case_begin((void **)&c);
		wal = mem_printf("%s-wal", c->path);
		shm = mem_printf("%s-shm", c->path);
		journal_build(c->s, "1", 1000);
		store_close(c->s);
		c->s = NULL;
		as_another_program(c->path, "PRAGMA user_version = 1000; CREATE TABLE later (x)", with_wal[i]);
		unlink(shm);
		digest_of(c->path, before[0]);
		digest_of(wal, before[1]);
		assert_int_equal(strcmp(before[1], "absent") != 0, with_wal[i]);

		assert_false(store_open(c->path, &s, &why));

		assert_null(s);
		assert_int_equal(why.kind, ERR_CONFIG);
		assert_non_null(strstr(why.text, "newer Slipway"));
		assert_non_null(strstr(why.text, c->path));
		digest_of(c->path, after[0]);
		digest_of(wal, after[1]);
		assert_string_equal(after[0], before[0]);
		assert_string_equal(after[1], before[1]);
		assert_int_equal(access(shm, F_OK), -1);
		store_case_end((void **)&c);
	}
}

static void files_that_are_not_ours_are_refused(void **state)
{
	static const struct { const char *when, *sql, *text, *says; } rows[] = {
		{ "another program's database", "CREATE TABLE people (name)", NULL, "another program" },
		{ "no database", NULL, "This is a letter to my mother, and by no means a database of any kind.", "not a database" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char dir[] = "/tmp/slipway-test.XXXXXX", before[DIGEST_SIZE], after[DIGEST_SIZE];
		AUTO(mem_auto_free) char *path = NULL;
		struct err why = { 0 };
		struct store *s = NULL;

		assert_non_null(mkdtemp(dir));
		path = file_join(dir, "a b%20?#.db");
		if (rows[i].sql)
			as_another_program(path, rows[i].sql, false);
		else
			assert_ok(file_write_atomic(path, rows[i].text, strlen(rows[i].text), 0600, err));
		digest_of(path, before);
		assert_false(store_open(path, &s, &why));
		if (!strstr(why.text, rows[i].says))
			fail_msg("%s: %s", rows[i].when, why.text);
		digest_of(path, after);
		assert_string_equal(after, before);
		assert_ok(file_remove_tree(dir, err));
	}
}

static void a_folder_that_is_not_there_is_named(void **state)
{
	struct err why = { 0 };
	struct store *s = NULL;

	(void)state;
	assert_false(store_open("/nowhere/at/all/engine.db", &s, &why));
	assert_non_null(strstr(why.text, "/nowhere/at/all/engine.db"));
}

/* A store that was last written at `version`: its journal is there, its projections are what that version had. */
static void write_at_version(struct store_case *c, int version)
{
	AUTO(mem_auto_free) char *back = mem_printf("PRAGMA user_version = %d; DROP TABLE build_search; DROP TABLE artifact;"
		" DROP TABLE build; DROP TABLE step; DROP TABLE deployment; DROP TABLE environment; DROP TABLE slot;"
		" DROP TABLE known_good; DROP TABLE app; DROP TABLE test_result; DROP TABLE test_count; DROP TABLE build_result;"
		" DROP TABLE approval; DROP TABLE lease; DROP TABLE quarantine; DROP TABLE pause; DROP TABLE migration;"
		" DROP TABLE drift; DROP TABLE stay; DROP TABLE fact; DROP TABLE difference; DROP TABLE feature;"
		" DROP TABLE group_release; DROP TABLE release_member; DROP TABLE tried; DROP TABLE config_file",
		version);

	store_close(c->s);
	c->s = NULL;
	as_another_program(c->path, back, false);
}

static void a_file_of_the_first_version_is_migrated_and_its_projections_made_again(void **state)
{
	struct store_case *c = *state;
	struct store_env env;
	struct store_build b;
	json_t *page;

	journal_build(c->s, "1", 1000);
	journal_build(c->s, "2", 2000);
	journal_success(c->s, "prod", "deploy", "1", NULL);
	journal_success(c->s, "prod", "deploy", "2", "1");
	write_at_version(c, 1);

	assert_ok(store_open(c->path, &c->s, err));

	assert_ok(store_env(c->s, "shop", "prod", &env, err));
	assert_string_equal(env.live_version, "2");
	assert_string_equal(env.previous_version, "1");
	store_env_done(&env);
	assert_ok(store_build(c->s, "shop", "2", NULL, &b, err));
	assert_string_equal(b.artifacts[0].sha256, "a2");
	store_build_done(&b);
	assert_ok(store_query_builds(c->s, "shop", "round", 0, 10, &page, err));
	assert_int_equal(json_int(page, "total", 0), 2);
	json_decref(page);
	assert_int_equal(store_seq(c->s), 10);
}

static void a_migration_that_fails_leaves_the_file_at_its_version(void **state)
{
	struct store_case *c = *state;
	struct err why = { 0 };
	struct store *s = NULL;
	sqlite3_stmt *stmt;
	sqlite3 *db;

	journal_build(c->s, "1", 1000);
	write_at_version(c, 1);
	as_another_program(c->path, "CREATE TABLE test_result (in_the_way)", false);

	assert_false(store_open(c->path, &s, &why));

	assert_non_null(strstr(why.text, "test_result"));
	assert_int_equal(sqlite3_open(c->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM build", -1, &stmt, NULL), SQLITE_ERROR);
	assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(stmt, 0), 1);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
}

static void every_statement_fits_the_schema(void **state)
{
	struct store_case *c = *state;

	for (int i = 0; i < SQL_COUNT; i++) {
		sqlite3_stmt *stmt = NULL;

		assert_ok((stmt = sql_use(c->s, (enum sql)i, err, "")) != NULL);
		sql_end(&stmt);
	}
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, store_case_begin, store_case_end)
	const struct CMUnitTest tests[] = {
		CASE(the_file_is_private_and_in_wal_mode),
		CASE(nothing_else_can_open_the_live_file),
		CASE(a_second_engine_is_told_that_the_file_is_in_use),
		cmocka_unit_test(a_file_from_a_newer_version_is_refused_and_stays_untouched),
		cmocka_unit_test(files_that_are_not_ours_are_refused),
		cmocka_unit_test(a_folder_that_is_not_there_is_named),
		CASE(a_file_of_the_first_version_is_migrated_and_its_projections_made_again),
		CASE(a_migration_that_fails_leaves_the_file_at_its_version),
		CASE(every_statement_fits_the_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
