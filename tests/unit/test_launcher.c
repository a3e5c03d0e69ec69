/* Programs started from a thread: the loop goes on, what nobody waits for goes away, a daemon is nobody's child. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "backend/base/buf.h"
#include "backend/base/clock.h"
#include "backend/base/file.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/process/child.h"
#include "backend/process/launcher.h"

enum { SLOW_MS = 400, TICK_MS = 5 };

static const char *const usual_env[] = { "PATH=/usr/bin:/bin", NULL };

/* A file system that takes its time: spawn calls this one, because the program's own names come before a library's. */
static volatile int exec_takes_ms;

int execve(const char *path, char *const *argv, char *const *env)
{
	struct timespec time = { .tv_sec = exec_takes_ms / 1000, .tv_nsec = exec_takes_ms % 1000 * 1000000L };

	nanosleep(&time, NULL);
	return (int)syscall(SYS_execve, path, argv, env);
}

struct fixture {
	char dir[40];
	char *facts;                   /* a file in it */
	struct loop *loop;
	struct launcher *launcher;
	struct loop_timer *limit, *tick;
	int64_t ticked_ms, longest_ms; /* between two ticks */
	int told;
	pid_t pid;
	struct err err;
	struct child_end end;          /* its err is gone: copied */
};

static void too_late(void *arg)
{
	(void)arg;
	fail_msg("nothing was told within 10 s");
}

static void ticked(void *arg)
{
	struct fixture *f = arg;
	int64_t now = clock_mono_ms();

	if (f->ticked_ms && now - f->ticked_ms > f->longest_ms)
		f->longest_ms = now - f->ticked_ms;
	f->ticked_ms = now;
	loop_timer_set(f->tick, TICK_MS);
}

static void told(void *arg, pid_t pid, const struct err *err)
{
	struct fixture *f = arg;

	f->told++;
	f->pid = pid;
	f->err = err ? *err : (struct err){ 0 };
	loop_stop(f->loop);
}

static int setup(void **state)
{
	struct fixture *f = mem_alloc(sizeof *f);

	*state = f;
	exec_takes_ms = 0;
	snprintf(f->dir, sizeof f->dir, "/tmp/slipway-test.XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	f->facts = file_join(f->dir, "facts");
	f->loop = loop_new();
	f->limit = loop_timer_new(f->loop, too_late, f);
	f->tick = loop_timer_new(f->loop, ticked, f);
	loop_timer_set(f->limit, 10000);
	return launcher_new(f->loop, &f->launcher, NULL) ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	launcher_free(f->launcher);
	if (f->pid)
		spawn_end(f->pid);
	loop_timer_free(f->limit);
	loop_timer_free(f->tick);
	loop_free(f->loop);
	file_remove_tree(f->dir, NULL);
	free(f->facts);
	free(f);
	return 0;
}

static struct spawn shell(struct fixture *f, const char *const *argv)
{
	return (struct spawn){ .argv = argv, .env = usual_env, .dir = f->dir, .in = -1, .out = -1, .err = -1 };
}

static void assert_no_child_is_left(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void program_that_is_slow_to_start_does_not_hold_the_loop(void **state)
{
	const char *const argv[] = { "sleep", "60", NULL };
	struct fixture *f = *state;
	struct spawn spawn = shell(f, argv);
	int64_t began_ms = clock_mono_ms();

	/* given: a file system that takes 400 ms to find a program, and something to do every 5 ms */
	exec_takes_ms = SLOW_MS;
	loop_timer_set(f->tick, 0);
	/* when */
	launcher_start(f->launcher, &spawn, told, f);
	loop_run(f->loop);
	/* then */
	assert_true(clock_mono_ms() - began_ms >= SLOW_MS);
	assert_true(f->pid > 1);
	assert_true(f->longest_ms > 0 && f->longest_ms < SLOW_MS / 2);
}

static void what_was_forgotten_in_time_never_runs(void **state)
{
	const char *const first[] = { "sleep", "60", NULL };
	const char *const second[] = { "sh", "-c", "echo ran >facts; exec sleep 60", NULL };
	struct fixture *f = *state;
	struct spawn one = shell(f, first), two = shell(f, second);

	/* given: one that takes its time, and one behind it */
	exec_takes_ms = SLOW_MS;
	launcher_start(f->launcher, &one, told, f);
	launch_forget(launcher_start(f->launcher, &two, told, f));
	/* when the launcher ends, which forgets the first as well */
	launcher_free(f->launcher);
	f->launcher = NULL;
	/* then */
	assert_int_equal(f->told, 0);
	assert_int_equal(access(f->facts, F_OK), -1);
	assert_no_child_is_left();
}

static void ended(void *arg, const struct child_end *end)
{
	struct fixture *f = arg;

	f->told++;
	f->end = *end;
	f->err = end->err ? *end->err : (struct err){ 0 };
	loop_stop(f->loop);
}

static void child_that_waits_for_its_start_can_be_stopped_at_once(void **state)
{
	const char *const first[] = { "sleep", "60", NULL };
	const char *const second[] = { "sh", "-c", "echo ran >facts", NULL };
	struct fixture *f = *state;
	struct spawn slow = shell(f, first);
	struct child_spec spec = { .argv = second, .env = usual_env, .dir = f->dir, .end = ended, .arg = f };
	int64_t began_ms = clock_mono_ms();

	/* given: a child that waits behind a program that takes its time */
	exec_takes_ms = SLOW_MS;
	launcher_start(f->launcher, &slow, told, f);
	child_stop(child_start(f->launcher, &spec));
	/* when */
	loop_run(f->loop);
	/* then its end is told before the other runs, and it never does */
	assert_true(clock_mono_ms() - began_ms < SLOW_MS);
	assert_int_equal(f->told, 1);
	assert_true(f->end.stopped);
	assert_int_equal(f->err.kind, ERR_NONE);
	launcher_free(f->launcher);
	f->launcher = NULL;
	assert_int_equal(access(f->facts, F_OK), -1);
	assert_no_child_is_left();
}

static void child_that_does_not_come_to_run_ends_with_its_timeout(void **state)
{
	const char *const argv[] = { "sleep", "60", NULL };
	struct fixture *f = *state;
	struct child_spec spec = { .argv = argv, .env = usual_env, .timeout_ms = SLOW_MS / 4, .end = ended, .arg = f };
	int64_t began_ms = clock_mono_ms();

	exec_takes_ms = SLOW_MS;
	child_start(f->launcher, &spec);
	loop_run(f->loop);
	assert_true(clock_mono_ms() - began_ms < SLOW_MS);
	assert_true(f->end.timed_out);
	assert_string_equal(f->err.text, "start sleep: it does not run yet after 0.1 s");
	launcher_free(f->launcher);
	f->launcher = NULL;
	assert_no_child_is_left();
}

static void descriptor_that_is_closed_is_closed_while_a_daemon_starts(void **state)
{
	const char *const argv[] = { "true", NULL };
	struct fixture *f = *state;
	struct spawn spawn = shell(f, argv);
	struct pollfd end = { .events = POLLIN };
	int fds[2];

	/* given: a pipe of ours, and a daemon that takes its time to start */
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	exec_takes_ms = SLOW_MS;
	spawn.detached = true;
	launcher_start(f->launcher, &spawn, told, f);
	usleep(SLOW_MS * 1000 / 4);
	/* when we close our end of it, then nobody has it any more */
	close(fds[1]);
	end.fd = fds[0];
	assert_int_equal(poll(&end, 1, SLOW_MS / 4), 1);
	close(fds[0]);
	loop_run(f->loop);
}

static void pid_is_noted_with_its_mark_before_it_is_told(void **state)
{
	const char *const argv[] = { "sleep", "60", NULL };
	struct fixture *f = *state;
	struct spawn spawn = shell(f, argv);
	AUTO(buf_done) struct buf noted = { 0 };
	char expected[40];

	spawn.pid_file = f->facts;
	spawn.pid_mark = "deployment 7";
	launcher_start(f->launcher, &spawn, told, f);
	loop_run(f->loop);
	assert_true(file_read(f->facts, 100, &noted, NULL));
	snprintf(expected, sizeof expected, "%d deployment 7\n", f->pid);
	assert_string_equal(noted.data, expected);
}

static void detached_process_is_nobodys_child_and_in_its_own_session(void **state)
{
	const char *const argv[] = {
		"sh", "-c", "out=$(readlink /proc/$$/fd/1); echo $$ $PPID $(cut -d' ' -f6 /proc/self/stat) $out > part; "
		"mv part facts; exec sleep 60", NULL
	};
	struct fixture *f = *state;
	struct spawn spawn = shell(f, argv);
	AUTO(buf_done) struct buf b = { 0 };
	int pid = 0, parent = 0, session = 0;
	char out[64] = "";

	spawn.detached = true;
	launcher_start(f->launcher, &spawn, told, f);
	loop_run(f->loop);
	assert_int_equal(f->pid, 0);
	/* and it stays when we end */
	launcher_free(f->launcher);
	f->launcher = NULL;
	for (int64_t until = clock_mono_ms() + 10000; access(f->facts, F_OK) != 0 && clock_mono_ms() < until;)
		usleep(2000);
	assert_true(file_read(f->facts, 1000, &b, NULL));
	assert_int_equal(sscanf(b.data, "%d %d %d %63s", &pid, &parent, &session, out), 4);
	assert_true(pid > 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_not_equal(parent, getpid());
	assert_int_not_equal(session, getsid(0));
	assert_string_equal(out, "/dev/null");
}

static void detached_program_that_cannot_run_is_an_error(void **state)
{
	const char *const argv[] = { "/no/such/daemon", NULL };
	struct fixture *f = *state;
	struct spawn spawn = shell(f, argv);

	spawn.detached = true;
	launcher_start(f->launcher, &spawn, told, f);
	loop_run(f->loop);
	assert_string_equal(f->err.text, "start /no/such/daemon: No such file or directory");
	assert_no_child_is_left();
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(program_that_is_slow_to_start_does_not_hold_the_loop),
		CASE(what_was_forgotten_in_time_never_runs),
		CASE(child_that_waits_for_its_start_can_be_stopped_at_once),
		CASE(child_that_does_not_come_to_run_ends_with_its_timeout),
		CASE(descriptor_that_is_closed_is_closed_while_a_daemon_starts),
		CASE(pid_is_noted_with_its_mark_before_it_is_told),
		CASE(detached_process_is_nobodys_child_and_in_its_own_session),
		CASE(detached_program_that_cannot_run_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
