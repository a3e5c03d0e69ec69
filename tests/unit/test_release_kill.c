/*
 * A release survives the engine's death after each row of the journal: a child process runs it and dies in the moment in
 * which the row is committed; an engine that starts on what is left brings it to the end that it would have had.
 */
#include "tests/unit/release_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/engine/engine_priv.h"
#include "backend/store/store_priv.h"

RELEASE_WORLD_REGISTRY

#define SUITE "{'group':'suite','environment':'prod','members':[{'app':'api','version':'api-2'}," \
	"{'app':'web','version':'web-2'},{'app':'shop','version':'shop-2'}]}"

enum { KILLED = 7, UNASKED = 8, ROWS_MOST = 300 };

static struct { int left; store_appended_fn fn; void *arg; } death;

static void row_of_death(void *arg, const json_t *row)
{
	(void)arg;
	death.fn(death.arg, row);
	if (--death.left == 0)
		_exit(KILLED);
	if (strcmp(json_text(row, "type"), "release.finished") == 0)
		_exit(0);
}

/* In a child: asks for the release, or only takes it up again, and dies after so many rows. 0: it came to its end before. */
static int run_and_die(const char *dir, int rows, bool asks)
{
	pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (pid == 0) {
		struct engine_world *w = release_world_open(dir);
		struct err err = { 0 };

		death.left = rows;
		death.fn = w->engine->store->appended_fn;
		death.arg = w->engine->store->appended_arg;
		store_on_append(w->engine->store, row_of_death, w);
		if (asks && !release_world_ask(w, "alice", getuid(), SUITE, &err))
			_exit(UNASKED);
		loop_run(w->loop);
		_exit(UNASKED);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static char *copy_of(const struct engine_world *w, int n)
{
	char *dir = mem_printf("%s.%d", w->dir, n);
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		execlp("cp", "cp", "-r", w->dir, dir, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return dir;
}

static int64_t the_release(struct engine_world *w)
{
	int64_t *ids = NULL, id;
	size_t n = 0;

	assert_true(store_releases(w->engine->store, 0, 10, &ids, &n, NULL));
	assert_true(n <= 1);
	id = n ? ids[0] : 0;
	free(ids);
	return id;
}

static int count_of(struct engine_world *w, int64_t release, const char *app, bool rollback)
{
	AUTO(json_auto_decref) json_t *page = NULL;
	const json_t *d;
	size_t i;
	int n = 0;

	assert_true(engine_deployments(w->engine, app, "prod", 0, 100, &page, NULL));
	json_array_foreach(json_object_get(page, "deployments"), i, d)
		n += json_int(json_object_get(d, "release"), "id", 0) == release
			&& (strcmp(json_text(d, "kind"), "rollback") == 0) == rollback;
	return n;
}

struct wanted { const char *state, *live; int rollbacks; };

static void assert_end(const char *dir, int row, const struct wanted *wanted)
{
	static const char *const apps[] = { "api", "web", "shop" };
	struct engine_world *w = release_world_open(dir);
	int64_t id = the_release(w);

	if (!id || strcmp(release_world_ended(w, id), wanted->state) != 0)
		fail_msg("row %d: the release %s", row, id ? release_world_ended(w, id) : "is lost");
	for (size_t i = 0; i < ARRAY_LEN(apps); i++) {
		AUTO(mem_auto_free) char *live = mem_printf("%s-%s", apps[i], wanted->live);

		if (strcmp(release_world_live(w, apps[i]), live) != 0)
			fail_msg("row %d: %s is live, not %s", row, release_world_live(w, apps[i]), live);
		if (count_of(w, id, apps[i], false) != 1)
			fail_msg("row %d: %s was deployed %d times", row, apps[i], count_of(w, id, apps[i], false));
	}
	if (count_of(w, id, "api", true) + count_of(w, id, "web", true) + count_of(w, id, "shop", true) != wanted->rollbacks)
		fail_msg("row %d: rolled back %d, %d and %d times", row, count_of(w, id, "api", true),
		         count_of(w, id, "web", true), count_of(w, id, "shop", true));
	release_world_close(w);
}


static void die_after_each_row(struct engine_world *w, const struct wanted *wanted)
{
	int code = KILLED, row;

	engine_world_stop(w);
	for (row = 1; code == KILLED && row < ROWS_MOST; row++) {
		AUTO(mem_auto_free) char *dir = copy_of(w, row);

		code = run_and_die(dir, row, true);
		if (code != KILLED && code != 0)
			fail_msg("row %d: the child ended with %d", row, code);
		/* every third one dies a second time, on the way that the restart takes */
		if (code == KILLED && row % 3 == 0)
			run_and_die(dir, 1 + row % 5, false);
		assert_end(dir, row, wanted);
		file_remove_tree(dir, NULL);
	}
	assert_int_equal(code, 0);
	print_message("%d rows\n", row - 2);
	assert_true(row > 30);
}

static void a_release_that_succeeds_does_so_whenever_the_engine_dies(void **state)
{
	die_after_each_row(*state, &(struct wanted){ "succeeded", "2", 0 });
}

static void a_release_that_fails_is_undone_whenever_the_engine_dies(void **state)
{
	release_script.fails[0] = "shop-2";
	die_after_each_row(*state, &(struct wanted){ "failed", "1", 2 });
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, release_world_begin, release_world_end)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		CASE(a_release_that_succeeds_does_so_whenever_the_engine_dies),
		CASE(a_release_that_fails_is_undone_whenever_the_engine_dies),
	};
	int code = 0;

	if (engine_world_helps(argc, argv, &code))
		return code;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
