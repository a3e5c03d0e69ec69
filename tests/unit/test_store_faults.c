/*
 * The store when the machine fails: reads, writes, syncs and allocations below SQLite, and a disk that is really full.
 * Whatever fails and whenever: no crash, no leak, what was acknowledged is there, the chain is whole, and the
 * projections are those of the journal.
 */
#include "tests/unit/store_case.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "backend/store/project.h"
#include "backend/store/store_priv.h"

/* ---- faults below SQLite ---- */

enum call { CALL_READ, CALL_WRITE, CALL_SYNC, CALL_TRUNCATE, CALL_ALLOCATE, CALL_COUNT };

/* The n-th call of that kind fails; with `for_ever` those after it too. n 0: none. */
static struct { enum call call; int n; bool for_ever; int number; int seen; } fault;

static bool is_hit(enum call call)
{
	if (fault.n == 0 || call != fault.call)
		return false;
	fault.seen++;
	return fault.seen == fault.n || (fault.for_ever && fault.seen > fault.n);
}

static int fail_with_errno(void)
{
	errno = fault.number;
	return -1;
}

static ssize_t fault_pread(int fd, void *data, size_t len, off_t at)
{
	return is_hit(CALL_READ) ? fail_with_errno() : pread(fd, data, len, at);
}

static ssize_t fault_pwrite(int fd, const void *data, size_t len, off_t at)
{
	return is_hit(CALL_WRITE) ? fail_with_errno() : pwrite(fd, data, len, at);
}

static ssize_t fault_read(int fd, void *data, size_t len)
{
	return is_hit(CALL_READ) ? fail_with_errno() : read(fd, data, len);
}

static ssize_t fault_write(int fd, const void *data, size_t len)
{
	return is_hit(CALL_WRITE) ? fail_with_errno() : write(fd, data, len);
}

static int fault_truncate(int fd, off_t size)
{
	return is_hit(CALL_TRUNCATE) ? fail_with_errno() : ftruncate(fd, size);
}

/* SQLite cannot be told of another sync; the linker finds these before the C library's. Nothing is really synced. */
int fdatasync(int fd);
int fdatasync(int fd)
{
	(void)fd;
	return is_hit(CALL_SYNC) ? fail_with_errno() : 0;
}

int fsync(int fd)
{
	return fdatasync(fd);
}

static sqlite3_mem_methods real_memory;

static void *fault_malloc(int size)
{
	return is_hit(CALL_ALLOCATE) ? NULL : real_memory.xMalloc(size);
}

static void *fault_realloc(void *old, int size)
{
	return is_hit(CALL_ALLOCATE) ? NULL : real_memory.xRealloc(old, size);
}

static void hook_memory(void)
{
	sqlite3_mem_methods ours;

	assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory), SQLITE_OK);
	ours = real_memory;
	ours.xMalloc = fault_malloc;
	ours.xRealloc = fault_realloc;
	assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &ours), SQLITE_OK);
}

static void hook_calls(void)
{
	static const struct { const char *name; sqlite3_syscall_ptr fn; } rows[] = {
		{ "pread", (sqlite3_syscall_ptr)fault_pread }, { "pread64", (sqlite3_syscall_ptr)fault_pread },
		{ "pwrite", (sqlite3_syscall_ptr)fault_pwrite }, { "pwrite64", (sqlite3_syscall_ptr)fault_pwrite },
		{ "read", (sqlite3_syscall_ptr)fault_read }, { "write", (sqlite3_syscall_ptr)fault_write },
		{ "ftruncate", (sqlite3_syscall_ptr)fault_truncate },
	};
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (vfs->xGetSystemCall(vfs, rows[i].name))
			vfs->xSetSystemCall(vfs, rows[i].name, rows[i].fn);
}

/* ---- a life under faults ---- */

enum { ROWS_MAX = 64 };

/* What was acknowledged: each row's hash by its number, as the listener was told. */
struct life { struct store *s; int64_t last; char hashes[ROWS_MAX][DIGEST_SIZE]; int refused; };

static void remember(void *arg, const json_t *row)
{
	struct life *life = arg;

	life->last = json_int(row, "seq", 0);
	snprintf(life->hashes[life->last % ROWS_MAX], DIGEST_SIZE, "%s", json_text(row, "hash"));
}

/* Says why for every refusal: an empty text would be a failure that nobody can act on. */
static void try(struct life *life, bool ok, struct err *why)
{
	if (ok)
		return;
	life->refused++;
	assert_true(why->kind != ERR_NONE);
	assert_true(why->text[0] != '\0');
}

static void try_append(struct life *life, const char *type, json_t *take_body)
{
	struct err why = { 0 };

	try(life, store_append(life->s, "alice", type, take_body, NULL, &why), &why);
}

static void try_build(struct life *life, const char *version)
{
	static const struct store_result results[] = { { "s", "a", "", TEST_OK, 1 }, { "s", "b", "", TEST_FAIL, 1 } };
	struct err why = { 0 };
	json_t *body = json_pack("{s:s, s:s, s:s, s:s, s:[{s:s, s:s, s:i}]}", "app", "shop", "version", version, "digest",
		version, "message", "Round the total", "artifacts", "component", "web", "sha256", "a", "size", 1);

	if (!store_begin(life->s, &why)) {
		json_decref(body);
		try(life, false, &why);
		return;
	}
	if (!store_append(life->s, "alice", "build.added", body, NULL, &why)
	    || !store_set_build_results(life->s, "shop", version, results, 2, &why)) {
		store_rollback(life->s);
		try(life, false, &why);
		return;
	}
	try(life, store_commit(life->s, &why), &why);
}

static void try_deployment(struct life *life, const char *version)
{
	struct store_result result = { "s", "a", "", TEST_OK, 1 };
	struct err why = { 0 };
	int64_t id = 0;
	int n;

	try(life, store_append(life->s, "alice", "deployment.requested", json_pack("{s:s, s:s, s:s, s:s, s:s, s:[{s:s}]}",
		"app", "shop", "environment", "prod", "kind", "deploy", "version", version, "digest", version, "steps", "stage",
		"smoke"), &id, &why), &why);
	try_append(life, "deployment.started", json_pack("{s:I}", "id", (json_int_t)id));
	for (int i = 0; i < 5; i++)
		try(life, store_add_result(life->s, id, 0, &result, &n, &why), &why);
	try_append(life, "environment.live", json_pack("{s:I, s:s, s:s, s:s, s:s, s:s}", "id", (json_int_t)id, "app", "shop",
		"environment", "prod", "colour", "blue", "version", version, "digest", version));
	try_append(life, "deployment.finished", json_pack("{s:I, s:s}", "id", (json_int_t)id, "state", "succeeded"));
}

static void try_questions(struct life *life)
{
	struct err why = { 0 };
	struct store_env env;
	json_t *json;
	bool ok;

	try(life, ok = store_env(life->s, "shop", "prod", &env, &why), &why);
	if (ok)
		store_env_done(&env);
	try(life, ok = store_query_builds(life->s, "shop", "total", 0, 10, &json, &why), &why);
	if (ok)
		json_decref(json);
	try(life, ok = store_query_environment(life->s, "shop", "prod", &json, &why), &why);
	if (ok)
		json_decref(json);
	try(life, ok = store_query_results(life->s, 3, 1, 10, &json, &why), &why);
	if (ok)
		json_decref(json);
}

static void live(struct life *life, const char *path)
{
	struct err why = { 0 };

	if (!store_open(path, &life->s, &why)) {
		try(life, false, &why);
		return;
	}
	store_on_append(life->s, remember, life);
	try_build(life, "1");
	try_deployment(life, "1");
	try_build(life, "2");
	try_deployment(life, "2");
	try_questions(life);
	store_close(life->s);
}

static int count_in(struct store *s, const char *sql)
{
	sqlite3_stmt *stmt;
	int n;

	assert_int_equal(sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	n = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return n;
}

/* All of every projection in one number that depends on each value and its place. */
static int64_t sum_of_projections(struct store *s)
{
	static const char *const tables[] = { "build", "artifact", "deployment", "step", "environment", "known_good", "app" };
	int64_t sum = 0;

	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		AUTO(mem_auto_free) char *sql = mem_printf("SELECT * FROM %s ORDER BY 1, 2, 3", tables[i]);
		sqlite3_stmt *stmt;

		assert_int_equal(sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL), SQLITE_OK);
		while (sqlite3_step(stmt) == SQLITE_ROW)
			for (int column = 0; column < sqlite3_column_count(stmt); column++)
				for (const char *p = sql_text(stmt, column); *p; p++)
					sum = (sum * 31 + (unsigned char)*p) % 1000000007;
		sqlite3_finalize(stmt);
	}
	return sum;
}

static void assert_sound(const struct life *life, const char *path)
{
	struct store_walk walk = { 0 };
	struct store *s;
	int64_t sum;
	json_t *rows, *row;
	size_t i;

	assert_ok(store_open(path, &s, err));
	while (!walk.end)
		assert_ok(store_walk(s, &walk, 1000, err));
	assert_int_equal(walk.bad_seq, 0);
	assert_true(walk.rows >= life->last);
	assert_ok(store_rows(s, 0, (int)life->last, &rows, err));
	json_array_foreach(rows, i, row)
		assert_string_equal(json_text(row, "hash"), life->hashes[i + 1]);
	json_decref(rows);
	assert_int_equal(count_in(s, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), 0);
	sum = sum_of_projections(s);
	assert_ok(store_begin(s, err));
	assert_ok(project_rebuild(s, INT64_MAX, err));
	assert_int_equal(sum_of_projections(s), sum);
	store_rollback(s);
	store_close(s);
}

/* One life with the fault set; whether it was met. */
static bool live_once(enum call call, int n, bool for_ever, int number)
{
	char dir[] = "/tmp/slipway-test.XXXXXX";
	AUTO(mem_auto_free) char *path = NULL;
	struct life life = { 0 };
	bool met;

	assert_non_null(mkdtemp(dir));
	path = file_join(dir, "engine.db");
	fault.call = call;
	fault.n = n;
	fault.for_ever = for_ever;
	fault.number = number;
	fault.seen = 0;
	live(&life, path);
	met = fault.seen >= n;
	fault.n = 0;
	if (!met)
		assert_int_equal(life.refused, 0);
	assert_sound(&life, path);
	assert_ok(file_remove_tree(dir, err));
	return met;
}

static void no_failing_call_loses_what_was_acknowledged(void **state)
{
	static const struct { enum call call; int number; int stride; } rows[] = {
		{ CALL_READ, EIO, 1 }, { CALL_WRITE, EIO, 3 }, { CALL_WRITE, ENOSPC, 3 }, { CALL_SYNC, EIO, 1 },
		{ CALL_TRUNCATE, EIO, 1 }, { CALL_ALLOCATE, ENOMEM, 47 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (int for_ever = 0; for_ever <= 1; for_ever++) {
			int n = 1;

			while (live_once(rows[i].call, n, for_ever, rows[i].number))
				n += rows[i].stride;
			/* A call that is never met would prove nothing. */
			assert_true(n > 1);
		}
}

/* ---- a disk that is full ---- */

enum { SKIPPED = 77 };

static bool write_file(const char *path, const char *text)
{
	AUTO(mem_auto_close) int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* A file system of 8 MB that only this process sees. */
static bool mount_small(const char *dir)
{
	AUTO(mem_auto_free) char *map = mem_printf("0 %u 1", getuid());

	if (unshare(CLONE_NEWNS) != 0
	    && (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0 || !write_file("/proc/self/setgroups", "deny")
	        || !write_file("/proc/self/uid_map", map)))
		return false;
	return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0
	       && mount("none", dir, "tmpfs", 0, "size=8m,mode=0700") == 0;
}

static void fill_up(const char *path)
{
	static const char zeros[4096];
	AUTO(mem_auto_close) int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	while (write(fd, zeros, sizeof zeros) == (ssize_t)sizeof zeros)
		continue;
}

static bool append_one(struct store *s, struct err *ret)
{
	struct err why = { 0 };
	bool ok = store_append(s, "alice", "engine.started", json_pack("{s:i}", "pid", 7), NULL, &why);

	*ret = why;
	return ok;
}

/* Says what was not so and ends the child: assertions would jump into the parent's test. */
#define must(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "line %d: %s\n", __LINE__, #condition); \
			_exit(1); \
		} \
	} while (0)

static void on_a_full_disk(const char *dir)
{
	AUTO(mem_auto_free) char *path = file_join(dir, "engine.db"), *filler = file_join(dir, "filler");
	AUTO(mem_auto_free) char *ballast = file_join(dir, "engine.db.ballast");
	struct store_walk walk = { 0 };
	struct err why = { 0 };
	struct store *s;
	int64_t last;
	json_t *rows;
	int more = 0;

	must(store_open(path, &s, &why));
	must(append_one(s, &why));
	must(!store_is_full(s) && access(ballast, F_OK) == 0);

	fill_up(filler);
	while (!store_is_full(s))
		must(append_one(s, &why));
	must(access(ballast, F_OK) != 0);
	while (append_one(s, &why))
		more++;
	must(more >= 20);
	must(strstr(why.text, "no space is left"));
	last = store_seq(s);
	must(!append_one(s, &why) && store_seq(s) == last);
	must(store_rows(s, last - 1, 10, &rows, &why) && json_array_size(rows) == 1);
	json_decref(rows);

	must(unlink(filler) == 0);
	must(append_one(s, &why) && store_seq(s) == last + 1);
	must(!store_is_full(s) && access(ballast, F_OK) == 0);
	store_close(s);
	must(store_open(path, &s, &why));
	must(store_walk(s, &walk, 1000000, &why) && walk.bad_seq == 0 && walk.rows == last + 1);
	store_close(s);
}

static void on_a_full_disk_the_reserve_lets_a_rollback_be_journalled(void **state)
{
	char dir[] = "/tmp/slipway-test.XXXXXX";
	pid_t child;
	int status;

	(void)state;
	assert_non_null(mkdtemp(dir));
	child = fork();
	if (child == 0) {
		if (!mount_small(dir))
			_exit(SKIPPED);
		on_a_full_disk(dir);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_ok(file_remove_tree(dir, err));
	if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED) {
		print_message("skipped: this machine lets nobody mount a small file system\n");
		skip();
	}
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_a_full_disk_the_reserve_lets_a_rollback_be_journalled),
		cmocka_unit_test(no_failing_call_loses_what_was_acknowledged),
	};

	hook_memory();
	hook_calls();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
