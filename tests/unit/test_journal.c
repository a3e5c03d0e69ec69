/* The journal: the chain, who is told of rows, transactions, and crashes: what was acknowledged is never lost. */
#include "tests/unit/store_case.h"

#include <signal.h>
#include <sys/wait.h>

#include "backend/store/project.h"
#include "backend/store/store_priv.h"

static void fill(struct store *s, int rows)
{
	for (int i = 0; i < rows; i++)
		journal(s, "engine.started", json_pack("{s:s, s:i}", "version", "0.1.0", "pid", 100 + i));
}

static struct store_walk walk_all(struct store *s)
{
	struct store_walk walk = { 0 };

	while (!walk.end)
		assert_ok(store_walk(s, &walk, 3, err));
	return walk;
}

static void the_chain_of_an_untouched_journal_is_whole(void **state)
{
	struct store_case *c = *state;
	struct store_walk walk;

	fill(c->s, 20);
	store_case_reopen(c);
	fill(c->s, 5);
	walk = walk_all(c->s);
	assert_int_equal(walk.bad_seq, 0);
	assert_int_equal(walk.rows, 25);
	assert_int_equal(walk.seq, 25);
	assert_int_equal(store_seq(c->s), 25);
}

static void an_empty_journal_is_whole(void **state)
{
	struct store_case *c = *state;
	struct store_walk walk = walk_all(c->s);

	assert_int_equal(walk.rows, 0);
	assert_int_equal(walk.bad_seq, 0);
	assert_int_equal(store_seq(c->s), 0);
}

/* What anyone can do with an export and sha256sum. */
static void a_rows_hash_can_be_computed_from_what_is_exported(void **state)
{
	struct store_case *c = *state;
	const char *prev = "0000000000000000000000000000000000000000000000000000000000000000";
	json_t *rows, *row;
	size_t i;

	journal(c->s, "engine.stopped", json_object());
	journal(c->s, "config.loaded", json_pack("{s:[s, s]}", "files", "sl\"ipway.json", "\xc3\xa9.json"));
	assert_ok(store_rows(c->s, 0, 10, &rows, err));
	assert_int_equal(json_array_size(rows), 2);
	json_array_foreach(rows, i, row) {
		AUTO(mem_auto_free) char *body = json_line(json_object_get(row, "body"));
		AUTO(mem_auto_free) char *bytes = mem_printf("%s\n%zu\n%lld\n%s\n%s\n%s", prev, i + 1,
			(long long)json_int(row, "at", 0), json_text(row, "actor"), json_text(row, "type"), body);
		char hash[DIGEST_SIZE];

		digest_bytes(bytes, strlen(bytes), hash);
		assert_string_equal(hash, json_text(row, "hash"));
		prev = json_text(row, "hash");
	}
	json_decref(rows);
}

static void any_change_is_named_by_the_walk(void **state)
{
	static const struct { const char *when, *sql; int64_t bad; } rows[] = {
		{ "the body is flipped", "UPDATE journal SET body = replace(body, '104', '105') WHERE seq = 5", 5 },
		{ "the body grows a space", "UPDATE journal SET body = body || ' ' WHERE seq = 5", 5 },
		{ "the time is moved", "UPDATE journal SET at = at + 1 WHERE seq = 1", 1 },
		{ "another actor is put in", "UPDATE journal SET actor = 'mallory' WHERE seq = 12", 12 },
		{ "the type is changed", "UPDATE journal SET type = 'engine.stopped' WHERE seq = 7", 7 },
		{ "the hash is changed", "UPDATE journal SET hash = replace(hash, substr(hash, 1, 1), 'x') WHERE seq = 3", 3 },
		{ "the link is changed", "UPDATE journal SET prev = '00' WHERE seq = 4", 4 },
		{ "the first row is dropped", "DELETE FROM journal WHERE seq = 1", 1 },
		{ "a row is dropped", "DELETE FROM journal WHERE seq = 6", 6 },
		{ "two rows are dropped", "DELETE FROM journal WHERE seq IN (6, 7)", 6 },
		{ "a row is dropped and the others close up", "DELETE FROM journal WHERE seq = 6;"
		  " UPDATE journal SET seq = seq - 1 WHERE seq > 6", 6 },
		{ "two rows change places", "UPDATE journal SET seq = 999 WHERE seq = 8; UPDATE journal SET seq = 8 WHERE seq = 9;"
		  " UPDATE journal SET seq = 9 WHERE seq = 999", 8 },
		{ "a row is put in front", "INSERT INTO journal SELECT 0, at, actor, type, body, prev, hash FROM journal"
		  " WHERE seq = 1", 1 },
		{ "a row is put at the end", "INSERT INTO journal SELECT 21, at, actor, type, body, hash, hash FROM journal"
		  " WHERE seq = 20", 21 },
		{ "a row is put between", "UPDATE journal SET seq = -seq WHERE seq > 10;"
		  " UPDATE journal SET seq = 1 - seq WHERE seq < 0;"
		  " INSERT INTO journal SELECT 11, at, actor, type, body, prev, hash FROM journal WHERE seq = 12", 12 },
		{ "a body becomes a blob with other bytes", "UPDATE journal SET body = x'7b7d' WHERE seq = 2", 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct store_case *c;
		struct store_walk walk;

		store_case_begin((void **)&c);
		fill(c->s, 20);
		store_case_tamper(c, rows[i].sql);
		walk = walk_all(c->s);
		if (walk.bad_seq != rows[i].bad)
			fail_msg("when %s, the walk names %lld (%s), not %lld", rows[i].when, (long long)walk.bad_seq, walk.why,
			         (long long)rows[i].bad);
		assert_true(strlen(walk.why) > 0);
		store_case_end((void **)&c);
	}
}

/* Somebody who can compute hashes leaves a number out: the chain of hashes holds, the numbers tell. */
static void a_row_that_skips_a_number_is_named_though_its_hash_is_right(void **state)
{
	struct store_case *c = *state;
	AUTO(mem_auto_free) char *bytes = NULL, *sql = NULL;
	char hash[DIGEST_SIZE];
	struct store_walk walk;
	json_t *rows;

	fill(c->s, 3);
	assert_ok(store_rows(c->s, 2, 1, &rows, err));
	bytes = mem_printf("%s\n5\n1000\nalice\nengine.stopped\n{}", json_text(json_array_get(rows, 0), "hash"));
	digest_bytes(bytes, strlen(bytes), hash);
	sql = mem_printf("INSERT INTO journal SELECT 5, 1000, 'alice', 'engine.stopped', '{}', hash, '%s' FROM journal"
		" WHERE seq = 3", hash);
	json_decref(rows);
	store_case_tamper(c, sql);
	walk = walk_all(c->s);
	assert_int_equal(walk.bad_seq, 4);
	assert_string_equal(walk.why, "row 4 is missing: row 5 stands in its place");
}

static void rows_come_after_since_and_no_more_than_asked(void **state)
{
	struct store_case *c = *state;
	json_t *rows;

	fill(c->s, 10);
	assert_ok(store_rows(c->s, 4, 3, &rows, err));
	assert_int_equal(json_array_size(rows), 3);
	assert_int_equal(json_int(json_array_get(rows, 0), "seq", 0), 5);
	assert_int_equal(json_int(json_object_get(json_array_get(rows, 0), "body"), "pid", 0), 104);
	json_decref(rows);
	assert_ok(store_rows(c->s, 10, 3, &rows, err));
	assert_int_equal(json_array_size(rows), 0);
	json_decref(rows);
}

struct told { struct store *s; int64_t seqs[16]; int n; int64_t committed[16]; };

static void remember(void *arg, const json_t *row)
{
	struct told *told = arg;

	told->committed[told->n] = store_seq(told->s);
	told->seqs[told->n++] = json_int(row, "seq", 0);
}

static void rows_are_told_in_order_and_only_after_the_commit(void **state)
{
	struct store_case *c = *state;
	struct told told = { .s = c->s };

	store_on_append(c->s, remember, &told);
	assert_ok(store_begin(c->s, err));
	fill(c->s, 3);
	assert_int_equal(told.n, 0);
	assert_int_equal(store_seq(c->s), 0);
	assert_ok(store_commit(c->s, err));
	fill(c->s, 1);
	assert_int_equal(told.n, 4);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(told.seqs[i], i + 1);
		assert_int_equal(told.committed[i], i < 3 ? 3 : 4);
	}
}

static void append_another(void *arg, const json_t *row)
{
	struct told *told = arg;

	remember(told, row);
	if (json_int(row, "seq", 0) == 1)
		fill(told->s, 2);
}

static void a_row_that_the_listener_appends_is_told_after_those_before_it(void **state)
{
	struct store_case *c = *state;
	struct told told = { .s = c->s };

	store_on_append(c->s, append_another, &told);
	assert_ok(store_begin(c->s, err));
	fill(c->s, 2);
	assert_ok(store_commit(c->s, err));
	assert_int_equal(told.n, 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(told.seqs[i], i + 1);
}

static void what_is_rolled_back_was_never_there(void **state)
{
	struct store_case *c = *state;
	struct told told = { .s = c->s };
	struct store_walk walk;

	fill(c->s, 2);
	store_on_append(c->s, remember, &told);
	assert_ok(store_begin(c->s, err));
	fill(c->s, 3);
	store_rollback(c->s);
	assert_int_equal(told.n, 0);
	assert_int_equal(store_seq(c->s), 2);
	fill(c->s, 1);
	assert_int_equal(told.n, 1);
	assert_int_equal(told.seqs[0], 3);
	walk = walk_all(c->s);
	assert_int_equal(walk.bad_seq, 0);
	assert_int_equal(walk.rows, 3);
}

static void a_transaction_with_a_refused_row_commits_nothing(void **state)
{
	struct store_case *c = *state;
	struct err why = { 0 };

	assert_ok(store_begin(c->s, err));
	fill(c->s, 1);
	assert_false(store_append(c->s, "alice", "step.started", json_pack("{s:i, s:i}", "id", 77, "step", 0), NULL, &why));
	assert_non_null(strstr(why.text, "deployment 77 has no step 0"));
	assert_false(store_append(c->s, "alice", "engine.stopped", json_object(), NULL, &why));
	memset(&why, 0, sizeof why);
	assert_false(store_commit(c->s, &why));
	assert_non_null(strstr(why.text, "deployment 77 has no step 0"));
	assert_int_equal(store_seq(c->s), 0);
	fill(c->s, 1);
	assert_int_equal(walk_all(c->s).rows, 1);
}

static void malformed_rows_are_refused(void **state)
{
	struct store_case *c = *state;
	struct err why = { 0 };
	AUTO(mem_auto_free) char *large = mem_alloc(5 * 1024 * 1024);

	memset(large, 'x', 5 * 1024 * 1024 - 1);
	assert_false(store_append(c->s, "a\nb", "engine.stopped", json_object(), NULL, &why));
	assert_false(store_append(c->s, "alice", "engine\nstopped", json_object(), NULL, &why));
	assert_false(store_append(c->s, "alice", "engine.stopped", json_array(), NULL, &why));
	assert_false(store_append(c->s, "alice", "engine.stopped", NULL, NULL, &why));
	assert_false(store_append(c->s, "alice", "engine.stopped", json_pack("{s:s}", "text", large), NULL, &why));
	assert_int_equal(why.kind, ERR_TOO_BIG);
	assert_false(store_commit(c->s, &why));
	assert_int_equal(store_seq(c->s), 0);
}

/* Appends for ever, and reports each row's number only once the store has acknowledged it. */
static void append_until_killed(const char *path, int out)
{
	struct store *s;
	struct err why = { 0 };

	if (!store_open(path, &s, &why))
		_exit(1);
	for (;;) {
		int64_t seq;

		if (!store_append(s, "alice", "engine.started", json_pack("{s:i}", "pid", 1), &seq, &why)
		    || write(out, &seq, sizeof seq) != sizeof seq)
			_exit(1);
	}
}

static int64_t last_acknowledged(int in, int64_t enough, pid_t child)
{
	int64_t seq, last = 0;

	while (read(in, &seq, sizeof seq) == sizeof seq) {
		last = seq;
		if (last == enough)
			kill(child, SIGKILL);
	}
	return last;
}

static void no_acknowledged_row_is_lost_when_the_process_is_killed(void **state)
{
	struct store_case *c = *state;

	for (int round = 1; round <= 5; round++) {
		int64_t before = store_seq(c->s), last;
		struct store_walk walk;
		int pipe_fd[2], status;
		pid_t child;

		store_close(c->s);
		c->s = NULL;
		assert_int_equal(pipe(pipe_fd), 0);
		child = fork();
		if (child == 0) {
			close(pipe_fd[0]);
			append_until_killed(c->path, pipe_fd[1]);
		}
		close(pipe_fd[1]);
		last = last_acknowledged(pipe_fd[0], before + 37 * round, child);
		close(pipe_fd[0]);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		assert_ok(store_open(c->path, &c->s, err));
		walk = walk_all(c->s);
		assert_int_equal(walk.bad_seq, 0);
		assert_true(last >= before + 37 * round);
		assert_true(walk.rows == last || walk.rows == last + 1);
	}
}

static void a_path_with_odd_letters_opens_twice(void **state)
{
	struct store_case *c = *state;
	AUTO(mem_auto_free) char *path = file_join(c->dir, "a b%20?mode=ro#.db");
	struct store *s;

	for (int i = 1; i <= 2; i++) {
		assert_ok(store_open(path, &s, err));
		journal_build(s, "1", 1000);
		assert_int_equal(store_seq(s), i);
		store_close(s);
	}
	assert_int_equal(access(path, F_OK), 0);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, store_case_begin, store_case_end)
	const struct CMUnitTest tests[] = {
		CASE(a_path_with_odd_letters_opens_twice),
		CASE(the_chain_of_an_untouched_journal_is_whole),
		CASE(an_empty_journal_is_whole),
		CASE(a_rows_hash_can_be_computed_from_what_is_exported),
		cmocka_unit_test(any_change_is_named_by_the_walk),
		CASE(a_row_that_skips_a_number_is_named_though_its_hash_is_right),
		CASE(rows_come_after_since_and_no_more_than_asked),
		CASE(rows_are_told_in_order_and_only_after_the_commit),
		CASE(a_row_that_the_listener_appends_is_told_after_those_before_it),
		CASE(what_is_rolled_back_was_never_there),
		CASE(a_transaction_with_a_refused_row_commits_nothing),
		CASE(malformed_rows_are_refused),
		CASE(no_acknowledged_row_is_lost_when_the_process_is_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
