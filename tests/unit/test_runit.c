/* Services under a real runsv: what the program gets, how its end is told, that nothing of it is left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/base/clock.h"
#include "backend/base/file.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/drivers/host/runit.h"
#include "backend/drivers/host/teardown.h"

enum { WAIT_MS = 10000 };

struct fixture {
	char dir[64];
	char *service, *release, *log;
};

static int set_up(void **state)
{
	struct fixture *f = mem_alloc(sizeof *f);

	snprintf(f->dir, sizeof f->dir, "/tmp/slipway-runit.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->service = mem_printf("%s/slot/service", f->dir);
	f->release = mem_printf("%s/slot/release", f->dir);
	f->log = mem_printf("%s/it's a log", f->dir);
	assert_true(file_make_dirs(f->release, 0700, NULL));
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	host_teardown(f->dir);
	file_remove_tree(f->dir, NULL);
	free(f->service);
	free(f->release);
	free(f->log);
	free(f);
	return 0;
}

static void nap(void)
{
	usleep(5000);
}

/* Bounded waits on conditions: nothing here depends on how fast the machine is. */
#define WAIT_FOR(condition) \
	do { \
		int64_t until_ms = clock_mono_ms() + WAIT_MS; \
		while (!(condition)) { \
			assert_true(clock_mono_ms() < until_ms); \
			nap(); \
		} \
	} while (0)

static bool write_service(struct fixture *f, const char *const *argv, const struct host_var *vars, size_t nvars)
{
	struct runit_service service = {
		.dir = f->service, .run_dir = "../release", .log_dir = f->log, .title = "web 1.0 (blue, port 1)", .argv = argv,
		.vars = vars, .nvars = nvars,
	};
	struct err err = { 0 };
	bool changed = false;

	if (!runit_write(&service, &changed, &err))
		fail_msg("%s", err.text);
	return changed;
}

static struct runit_status status_of(struct fixture *f)
{
	struct runit_status status;

	runit_status(f->service, &status);
	return status;
}

static void started(void *arg, pid_t pid, const struct err *err)
{
	(void)pid;
	if (err)
		fail_msg("%s", err->text);
	loop_stop(arg);
}

static void supervise(struct fixture *f)
{
	struct loop *loop = loop_new();
	struct launcher *launcher;

	assert_true(launcher_new(loop, &launcher, NULL));
	runit_supervise(launcher, f->service, started, loop);
	loop_run(loop);
	launcher_free(launcher);
	loop_free(loop);
	WAIT_FOR(status_of(f).supervised);
}

static void given_shell_service(struct fixture *f, const char *script)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	struct host_var vars[] = { { (char *)"PATH", (char *)"/usr/bin:/bin" } };

	write_service(f, argv, vars, 1);
	supervise(f);
}

static char *release_file(struct fixture *f, const char *name)
{
	AUTO(mem_auto_free) char *path = file_join(f->release, name);
	struct buf b;

	WAIT_FOR(access(path, F_OK) == 0);
	assert_true(file_read(path, 65536, &b, NULL));
	return b.data;
}

static bool is_alive(pid_t pid)
{
	AUTO(mem_auto_free) char *path = mem_printf("/proc/%d/stat", (int)pid);
	AUTO(buf_done) struct buf b = { 0 };
	const char *end;

	if (!file_read(path, 4096, &b, NULL))
		return false;
	end = strrchr(b.data, ')');
	return end && end[2] != 'Z';
}

static void a_program_gets_its_arguments_and_variables_byte_for_byte(void **state)
{
	struct fixture *f = *state;
	const char *const argv[] = {
		"/bin/sh", "-c", "printf '%s|' \"$@\" >args.part; env -0 | sort -z >vars; mv args.part args", "sh", "$(touch evil)",
		";rm", "-rf", "it's", "two\nlines", "", NULL,
	};
	struct host_var vars[] = {
		{ (char *)"A_TEXT", (char *)"it's $HOME `x` \"q\"" }, { (char *)"B_LINES", (char *)"one\ntwo" },
		{ (char *)"C_EMPTY", (char *)"" }, { (char *)"PATH", (char *)"/usr/bin:/bin" },
	};
	static const char expected[] = "A_TEXT=it's $HOME `x` \"q\"\0B_LINES=one\ntwo\0C_EMPTY=\0";
	AUTO(mem_auto_free) char *args = NULL;
	AUTO(mem_auto_free) char *got = NULL;

	write_service(f, argv, vars, 4);
	supervise(f);
	runit_control(f->service, 'o');
	args = release_file(f, "args");
	got = release_file(f, "vars");
	assert_string_equal(args, "$(touch evil)|;rm|-rf|it's|two\nlines||");
	assert_memory_equal(got, expected, sizeof expected - 1);
}

static void only_a_change_says_that_a_restart_is_needed(void **state)
{
	struct fixture *f = *state;
	const char *const argv[] = { "sleep", "1000", NULL };
	const char *const other[] = { "sleep", "2000", NULL };
	struct host_var vars[] = { { (char *)"A", (char *)"1" }, { (char *)"B", (char *)"2" } };

	assert_true(write_service(f, argv, vars, 2));
	assert_false(write_service(f, argv, vars, 2));
	assert_true(write_service(f, argv, vars, 1));
	assert_false(write_service(f, argv, vars, 1));
	assert_true(write_service(f, other, vars, 1));
	vars[0].value = (char *)"3";
	assert_true(write_service(f, other, vars, 1));
}

static void a_service_starts_only_when_told_to(void **state)
{
	struct fixture *f = *state;

	assert_false(status_of(f).supervised);
	given_shell_service(f, "exec sleep 1000");
	assert_false(status_of(f).running);
	assert_true(runit_control(f->service, 'u'));
	WAIT_FOR(status_of(f).running);
	assert_true(status_of(f).wanted);
	assert_true(is_alive(status_of(f).pid));
}

static void a_crash_at_start_is_told_with_its_last_lines(void **state)
{
	struct fixture *f = *state;
	AUTO(mem_auto_free) char *text = NULL;
	AUTO(mem_auto_free) char *tail = NULL;
	struct runit_exit end;
	bool ended = false;

	given_shell_service(f, "echo one; echo two >&2; echo three; exit 3");
	runit_control(f->service, 'o');
	WAIT_FOR(runit_exit(f->service, &end));
	text = runit_exit_text(&end);
	assert_memory_equal(text, "exited with 3 after ", 20);
	do {
		free(tail);
		tail = runit_tail(f->log, 2, &ended);
	} while (!ended && (nap(), true));
	assert_string_equal(tail, "two\nthree");
	assert_false(status_of(f).running);
	assert_false(status_of(f).wanted);
}

static void a_program_that_is_not_there_says_so_in_its_log(void **state)
{
	struct fixture *f = *state;
	const char *const argv[] = { "bin/missing", NULL };
	AUTO(mem_auto_free) char *tail = NULL;
	struct runit_exit end;
	bool ended = false;

	write_service(f, argv, NULL, 0);
	supervise(f);
	runit_control(f->service, 'o');
	WAIT_FOR(runit_exit(f->service, &end));
	assert_int_equal(end.code, 111);
	do {
		free(tail);
		tail = runit_tail(f->log, 5, &ended);
	} while (!ended && (nap(), true));
	assert_non_null(strstr(tail, "bin/missing"));
}

static void a_signal_is_told_by_name(void **state)
{
	struct fixture *f = *state;
	AUTO(mem_auto_free) char *text = NULL;
	struct runit_exit end;

	given_shell_service(f, "kill -SEGV $$");
	runit_control(f->service, 'o');
	WAIT_FOR(runit_exit(f->service, &end));
	text = runit_exit_text(&end);
	assert_memory_equal(text, "was killed by signal 11 (Segmentation fault) after ", 51);
}

static void a_program_that_is_up_is_started_again_when_it_ends(void **state)
{
	struct fixture *f = *state;
	pid_t first;

	given_shell_service(f, "exec sleep 1000");
	runit_control(f->service, 'u');
	WAIT_FOR(status_of(f).running);
	first = status_of(f).pid;
	kill(first, SIGKILL);
	WAIT_FOR(status_of(f).running && status_of(f).pid != first);
}

static void what_a_program_leaves_behind_ends_with_it(void **state)
{
	struct fixture *f = *state;
	AUTO(mem_auto_free) char *text = NULL;
	struct runit_exit end;
	pid_t grandchild;

	given_shell_service(f, "sleep 1000 & echo $! >pid.part; mv pid.part pid; exit 0");
	runit_control(f->service, 'o');
	text = release_file(f, "pid");
	grandchild = (pid_t)strtol(text, NULL, 10);
	WAIT_FOR(runit_exit(f->service, &end));
	WAIT_FOR(!is_alive(grandchild));
}

static void an_orphan_of_a_killed_runsv_is_found_and_ended(void **state)
{
	struct fixture *f = *state;
	AUTO(mem_auto_free) char *pid_file = mem_printf("%s/supervise/pid", f->service);
	pid_t program, runsv;
	AUTO(mem_auto_free) char *stat_path = NULL;
	AUTO(buf_done) struct buf b = { 0 };

	given_shell_service(f, "exec sleep 1000");
	runit_control(f->service, 'u');
	WAIT_FOR(status_of(f).running);
	program = status_of(f).pid;
	stat_path = mem_printf("/proc/%d/stat", (int)program);
	assert_true(file_read(stat_path, 4096, &b, NULL));
	assert_int_equal(sscanf(strrchr(b.data, ')') + 1, " %*c %d", &runsv), 1);
	WAIT_FOR(access(pid_file, F_OK) == 0);
	/* Its run script has come to its end: it is the program, in its folder, and leads its group. */
	WAIT_FOR(getpgid(program) == program);
	kill(runsv, SIGKILL);
	WAIT_FOR(!status_of(f).supervised);
	assert_true(is_alive(program));
	assert_false(runit_end_orphan(f->service, "/tmp", SIGTERM));
	assert_true(is_alive(program));
	assert_true(runit_end_orphan(f->service, f->release, SIGTERM));
	WAIT_FOR(!is_alive(program));
}

static void teardown_ends_even_what_ignores_sigterm(void **state)
{
	struct fixture *f = *state;
	pid_t program;

	given_shell_service(f, "trap '' TERM; while :; do sleep 1; done");
	runit_control(f->service, 'u');
	WAIT_FOR(status_of(f).running);
	program = status_of(f).pid;
	assert_int_equal(host_teardown(f->dir), 0);
	assert_false(status_of(f).supervised);
	assert_false(is_alive(program));
	assert_int_equal(host_teardown(f->dir), 0);
}

static void the_tail_is_of_the_last_run_without_times(void **state)
{
	struct fixture *f = *state;
	static const char log[] =
		"2026-11-20_14:03:07.12345 slipway: starts web 1.0\n"
		"2026-11-20_14:03:07.12345 old line\n"
		"2026-11-20_14:03:08.12345 slipway: exited with 1\n"
		"2026-11-20_14:03:09.12345 slipway: starts web 1.1\n"
		"2026-11-20_14:03:09.12346 new \x1b[31mline\x1b[0m\n"
		"not from svlogd\n";
	AUTO(mem_auto_free) char *path = mem_printf("%s/current", f->release);
	AUTO(mem_auto_free) char *tail = NULL;
	AUTO(mem_auto_free) char *none = NULL;
	bool ended = true;

	assert_true(file_write_atomic(path, log, sizeof log - 1, 0600, NULL));
	tail = runit_tail(f->release, 10, &ended);
	assert_string_equal(tail, "new line\nnot from svlogd");
	assert_false(ended);
	none = runit_tail(f->dir, 10, &ended);
	assert_string_equal(none, "");
}

/* How many old logs there are, and the size of the largest of all. */
static int count_logs(struct fixture *f, off_t *ret_largest)
{
	DIR *dir = opendir(f->log);
	int n = 0;

	assert_non_null(dir);
	*ret_largest = 0;
	for (struct dirent *e; (e = readdir(dir));) {
		struct stat st;

		if ((*e->d_name == '@' || strcmp(e->d_name, "current") == 0) && fstatat(dirfd(dir), e->d_name, &st, 0) == 0
		    && st.st_size > *ret_largest)
			*ret_largest = st.st_size;
		n += *e->d_name == '@';
	}
	closedir(dir);
	return n;
}

static void a_log_is_rotated_by_size_and_the_oldest_go(void **state)
{
	struct fixture *f = *state;
	AUTO(mem_auto_free) char *tail = NULL;
	struct runit_exit end;
	off_t largest = 0;
	bool ended = false;

	/* given: a program that prints 8 MB */
	given_shell_service(f, "head -c 8000000 /dev/zero | tr '\\0' x | fold -w 900; echo; echo the end");
	/* when */
	runit_control(f->service, 'o');
	WAIT_FOR(runit_exit(f->service, &end));
	WAIT_FOR((free(tail), tail = runit_tail(f->log, 1, &ended), ended));
	/* then */
	assert_string_equal(tail, "the end");
	assert_int_equal(count_logs(f, &largest), 5);
	assert_in_range(largest, 900000, 1002000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		CASE(a_program_gets_its_arguments_and_variables_byte_for_byte),
		CASE(only_a_change_says_that_a_restart_is_needed),
		CASE(a_service_starts_only_when_told_to),
		CASE(a_crash_at_start_is_told_with_its_last_lines),
		CASE(a_program_that_is_not_there_says_so_in_its_log),
		CASE(a_signal_is_told_by_name),
		CASE(a_program_that_is_up_is_started_again_when_it_ends),
		CASE(what_a_program_leaves_behind_ends_with_it),
		CASE(an_orphan_of_a_killed_runsv_is_found_and_ended),
		CASE(teardown_ends_even_what_ignores_sigterm),
		CASE(the_tail_is_of_the_last_run_without_times),
		CASE(a_log_is_rotated_by_size_and_the_oldest_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
