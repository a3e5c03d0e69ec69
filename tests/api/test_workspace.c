/* Finding the workspace, and starting the engine of one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/client/client.h"
#include "backend/client/workspace.h"
#include "tests/api/folder.h"
#include "tests/api/play.h"

static int setup(void **state)
{
	*state = theatre_new(NULL);
	return 0;
}

static int teardown(void **state)
{
	theatre_free(*state);
	return 0;
}

static void a_workspace_is_found_from_a_folder_deep_inside(void **state)
{
	struct theatre *s = *state;
	AUTO(mem_auto_free) char *deep = mem_printf("%s/a/b/c", s->dir);
	AUTO(workspace_done) struct workspace w = { 0 };
	struct err err = { 0 };

	assert_true(file_make_dirs(deep, 0700, NULL));
	if (!workspace_find(deep, &w, &err))
		fail_msg("%s", err.text);
	assert_string_equal(w.dir, s->dir);
	assert_non_null(strstr(w.socket, "/.slipway/slipway.sock"));
}

static void a_folder_of_applications_is_a_workspace_too(void **state)
{
	AUTO(mem_auto_free) char *folder = folder_new();
	AUTO(mem_auto_free) char *apps = file_join(folder, "slipway.d");
	AUTO(workspace_done) struct workspace w = { 0 };

	(void)state;
	assert_int_equal(mkdir(apps, 0700), 0);
	assert_true(workspace_find(folder, &w, NULL));
	assert_string_equal(w.dir, folder);
	folder_free(mem_dup(folder));
}

static void a_configuration_whose_link_leads_nowhere_is_not_passed_over(void **state)
{
	AUTO(workspace_done) struct workspace w = { 0 };
	AUTO(mem_auto_free) char *folder = folder_new();
	AUTO(mem_auto_free) char *above = file_join(folder, "slipway.json");
	AUTO(mem_auto_free) char *inside = file_join(folder, "inside");
	AUTO(mem_auto_free) char *link = file_join(inside, "slipway.json");

	/* given: a workspace with a folder in it that has a broken link for a configuration */
	(void)state;
	assert_true(file_write_atomic(above, "{}", 2, 0600, NULL));
	assert_int_equal(mkdir(inside, 0700), 0);
	assert_int_equal(symlink("gone.json", link), 0);
	/* when, then */
	assert_true(workspace_find(inside, &w, NULL));
	assert_string_equal(w.dir, inside);
	folder_free(mem_dup(folder));
}

static void without_a_workspace_it_is_said_how_to_begin(void **state)
{
	AUTO(workspace_done) struct workspace w = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_false(workspace_find("/", &w, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	assert_non_null(strstr(err.text, "slipway init"));
	assert_false(workspace_find("/no/such/folder", &w, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
}

static void open_workspace(struct theatre *s, struct workspace *w)
{
	assert_true(workspace_find(s->dir, w, NULL));
}

static void the_engine_is_started_when_none_runs_and_only_then(void **state)
{
	struct theatre *s = *state;
	AUTO(workspace_done) struct workspace w = { 0 };
	struct err err = { 0 };

	open_workspace(s, &w);
	assert_false(workspace_engine_answers(&w));
	if (!workspace_start_engine(&w, &err))
		fail_msg("%s", err.text);
	assert_true(workspace_engine_answers(&w));
	/* when it is started again, nothing happens: a second one would write into the log */
	assert_true(workspace_start_engine(&w, &err));
	assert_true(theatre_engine_runs(s));
}

static void many_at_once_start_one_engine(void **state)
{
	struct theatre *s = *state;
	AUTO(workspace_done) struct workspace w = { 0 };
	AUTO(mem_auto_free) char *second = mem_printf("%s/scene.2.used", s->dir);
	pid_t pids[8];

	theatre_add_scene(s, json_object());
	theatre_add_scene(s, json_object());
	open_workspace(s, &w);
	for (int i = 0; i < 8; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(workspace_start_engine(&w, NULL) ? 0 : 1);
	}
	for (int i = 0; i < 8; i++) {
		int status = -1;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	assert_int_not_equal(access(second, F_OK), 0);
}

static void an_engine_that_ends_at_once_says_why_with_its_last_line(void **state)
{
	struct theatre *s = *state;
	AUTO(workspace_done) struct workspace w = { 0 };
	struct err err = { 0 };

	theatre_add_scene(s, json_pack("{s:s, s:i}", "say", "the database is from a newer version", "refuse", 2));
	open_workspace(s, &w);
	assert_false(workspace_start_engine(&w, &err));
	assert_int_equal(err.kind, ERR_UNREACHABLE);
	assert_non_null(strstr(err.text, "the engine ended at once: the database is from a newer version"));
	assert_null(strstr(err.text, "starting"));
}

static void a_missing_engine_program_is_named(void **state)
{
	struct theatre *s = *state;
	AUTO(workspace_done) struct workspace w = { 0 };
	AUTO(mem_auto_free) char *path = mem_dup(getenv("PATH"));
	struct err err = { 0 };

	open_workspace(s, &w);
	setenv("PATH", "/nonexistent", 1);
	assert_false(workspace_start_engine(&w, &err));
	setenv("PATH", path, 1);
	assert_int_equal(err.kind, ERR_UNREACHABLE);
	assert_non_null(strstr(err.text, "run slipwayd: No such file"));
}

static void an_engine_that_was_killed_is_started_again(void **state)
{
	struct theatre *s = *state;
	AUTO(workspace_done) struct workspace w = { 0 };
	struct err err = { 0 };

	/* given an engine that left its socket behind */
	open_workspace(s, &w);
	assert_true(workspace_start_engine(&w, &err));
	theatre_kill_engine(s);
	assert_int_equal(access(w.socket, F_OK), 0);
	assert_false(workspace_engine_answers(&w));
	if (!workspace_start_engine(&w, &err))
		fail_msg("%s", err.text);
	assert_true(workspace_engine_answers(&w));
}

static void an_engine_that_holds_the_lock_but_does_not_answer_is_named(void **state)
{
	struct theatre *s = *state;
	AUTO(workspace_done) struct workspace w = { 0 };
	AUTO(mem_auto_free) char *lock = NULL;
	AUTO(mem_auto_close) int fd = -1;
	struct err err = { 0 };

	open_workspace(s, &w);
	assert_true(file_make_dirs(w.state_dir, 0700, NULL));
	lock = file_join(w.state_dir, "engine.lock");
	fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "4711\n", 5), 5);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_false(workspace_wait_for_end(&w, 30, &err));
	assert_non_null(strstr(err.text, "pid 4711"));
	flock(fd, LOCK_UN);
	assert_true(workspace_wait_for_end(&w, 30, &err));
}

static void the_engine_has_no_descriptor_terminal_or_parent_of_ours(void **state)
{
	struct theatre *s = *state;
	AUTO(workspace_done) struct workspace w = { 0 };
	AUTO(mem_auto_free) char *pid_path = NULL, *fd_path = NULL;
	int leaked = open("/dev/null", O_RDONLY);        /* not close-on-exec, as a careless library would */
	struct buf b;
	pid_t pid;

	assert_int_equal(dup2(leaked, 77), 77);
	open_workspace(s, &w);
	assert_true(workspace_start_engine(&w, NULL));
	pid_path = file_join(w.state_dir, "play.pid");
	assert_true(file_read(pid_path, 100, &b, NULL));
	pid = (pid_t)strtol(b.data, NULL, 10);
	buf_done(&b);
	fd_path = mem_printf("/proc/%d/fd/77", (int)pid);
	assert_int_not_equal(access(fd_path, F_OK), 0);
	assert_int_not_equal(getsid(pid), getsid(0));
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
	close(77);
	close(leaked);
}

static void a_state_folder_that_others_may_write_starts_nothing(void **state)
{
	struct theatre *s = *state;
	AUTO(workspace_done) struct workspace w = { 0 };
	struct err err = { 0 };

	open_workspace(s, &w);
	assert_int_equal(mkdir(w.state_dir, 0700), 0);
	assert_int_equal(chmod(w.state_dir, 0777), 0);
	assert_false(workspace_start_engine(&w, &err));
	assert_int_equal(err.kind, ERR_DENIED);
	assert_false(theatre_engine_runs(s));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(a_workspace_is_found_from_a_folder_deep_inside),
		TEST(a_folder_of_applications_is_a_workspace_too),
		TEST(a_configuration_whose_link_leads_nowhere_is_not_passed_over),
		TEST(without_a_workspace_it_is_said_how_to_begin),
		TEST(the_engine_is_started_when_none_runs_and_only_then),
		TEST(many_at_once_start_one_engine),
		TEST(an_engine_that_ends_at_once_says_why_with_its_last_line),
		TEST(a_missing_engine_program_is_named),
		TEST(an_engine_that_was_killed_is_started_again),
		TEST(an_engine_that_holds_the_lock_but_does_not_answer_is_named),
		TEST(the_engine_has_no_descriptor_terminal_or_parent_of_ours),
		TEST(a_state_folder_that_others_may_write_starts_nothing),
	};

	play_if_asked(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
