/* Child processes: what they are given, what they print, how they end. The test program is its own child: see act(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/base/buf.h"
#include "backend/base/clock.h"
#include "backend/base/file.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/process/child.h"
#include "backend/process/launcher.h"

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

static const char *const usual_env[] = { "PATH=/usr/bin:/bin", NULL };

/* One run of a child to its end, on a loop of its own. Each test has two, and a folder. */
struct run {
	struct loop *loop;
	struct launcher *launcher;
	struct child *child;           /* NULL before and after its life */
	pid_t group;
	struct buf out, err;
	struct child_end end;          /* its err is gone: the text is in `why` */
	char *why;
	int ends;
	int64_t ms;
	const char *stop_at;           /* child_stop once the output holds this */
	bool was_ours;                 /* its number had not been given back then */
	const char *free_at;           /* child_free likewise */
};

static void run_output(void *arg, bool is_stderr, const char *data, size_t len)
{
	struct run *r = arg;

	assert_true(buf_add(is_stderr ? &r->err : &r->out, data, len));
	r->group = child_pid(r->child);
	if (r->stop_at && strstr(r->out.data, r->stop_at)) {
		r->stop_at = NULL;
		r->was_ours = kill(child_pid(r->child), 0) == 0;
		child_stop(r->child);
	} else if (r->free_at && strstr(r->out.data, r->free_at)) {
		child_free(r->child);
		r->child = NULL;
		loop_stop(r->loop);
	}
}

static void run_end(void *arg, const struct child_end *end)
{
	struct run *r = arg;

	r->child = NULL;
	r->end = *end;
	free(r->why);
	r->why = end->err ? mem_dup(end->err->text) : NULL;
	r->ends++;
	loop_stop(r->loop);
}

struct fixture { struct run runs[2]; char dir[40]; char self[4096]; };

static int setup(void **state)
{
	struct fixture *f = mem_alloc(sizeof *f);

	for (size_t i = 0; i < ARRAY_LEN(f->runs); i++) {
		f->runs[i].loop = loop_new();
		if (!launcher_new(f->runs[i].loop, &f->runs[i].launcher, NULL))
			return -1;
		buf_init(&f->runs[i].out, 8 * 1024 * 1024);
		buf_init(&f->runs[i].err, 8 * 1024 * 1024);
	}
	snprintf(f->dir, sizeof f->dir, "/tmp/slipway-test.XXXXXX");
	*state = f;
	if (readlink("/proc/self/exe", f->self, sizeof f->self - 1) < 0)
		return -1;
	return mkdtemp(f->dir) ? 0 : -1;
}

/* Also after a failed test: nothing that a run started stays. */
static int teardown(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(f->runs); i++) {
		struct run *r = &f->runs[i];

		child_free(r->child);
		if (r->group)
			kill(-r->group, SIGKILL);
		buf_done(&r->out);
		buf_done(&r->err);
		free(r->why);
		launcher_free(r->launcher);
		loop_free(r->loop);
	}
	file_remove_tree(f->dir, NULL);
	free(f);
	return 0;
}

static struct run *run_of(void **state, int i)
{
	return &((struct fixture *)*state)->runs[i];
}

static const char *dir_of(void **state)
{
	return ((struct fixture *)*state)->dir;
}

static const char *self_of(void **state)
{
	return ((struct fixture *)*state)->self;
}

static void run_start(struct run *r, struct child_spec spec)
{
	spec.env = spec.env ? spec.env : usual_env;
	spec.output = run_output;
	spec.end = run_end;
	spec.arg = r;
	r->child = child_start(r->launcher, &spec);
}

static void run_any(struct run *r, struct child_spec spec)
{
	int64_t began_ms = clock_mono_ms();
	int ended = r->ends;

	run_start(r, spec);
	assert_int_equal(r->ends, ended);      /* never from inside the call */
	loop_run(r->loop);
	r->ms = clock_mono_ms() - began_ms;
}

static void run(struct run *r, struct child_spec spec)
{
	run_any(r, spec);
	if (r->why)
		fail_msg("%s", r->why);
}

/* Why it does not start, which is told as its end. */
static const char *run_refused(struct run *r, struct child_spec spec)
{
	int ended = r->ends;

	run_any(r, spec);
	assert_int_equal(r->ends, ended + 1);
	assert_int_equal(r->end.code, -1);
	assert_non_null(r->why);
	return r->why;
}

static void run_shell(struct run *r, const char *script, struct child_spec spec)
{
	const char *const argv[] = { "sh", "-c", script, NULL };

	spec.argv = argv;
	run(r, spec);
}

/* A process that is gone, or a zombie nobody has collected yet, does nothing any more. */
static bool is_dead(pid_t pid)
{
	AUTO(mem_auto_free) char *path = mem_printf("/proc/%d/stat", pid);
	char state = 'Z';
	FILE *f = fopen(path, "re");

	if (!f)
		return true;
	if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 'Z';
	fclose(f);
	return state == 'Z' || state == 'X';
}

static bool dies_within(pid_t pid, int64_t ms)
{
	for (int64_t until = clock_mono_ms() + ms; clock_mono_ms() < until; usleep(2000))
		if (is_dead(pid))
			return true;
	return is_dead(pid);
}

static void child_has_only_its_three_descriptors(void **state)
{
	const char *const argv[] = { self_of(state), "act", "descriptors", NULL };
	struct run *r = run_of(state, 0);
	int extra[3];

	/* given: descriptors of ours that are not close-on-exec, a high one among them */
	for (size_t i = 0; i < ARRAY_LEN(extra); i++)
		extra[i] = open("/dev/null", O_RDONLY);
	assert_int_equal(dup2(extra[0], 700), 700);
	/* when, then */
	run(r, (struct child_spec){ .argv = argv });
	assert_string_equal(r->out.data, "0 1 2 ");
	for (size_t i = 0; i < ARRAY_LEN(extra); i++)
		close(extra[i]);
	close(700);
}

static void arguments_arrive_byte_for_byte(void **state)
{
	const char *const argv[] = {
		self_of(state), "act", "arguments", "$(x)", ";rm", "-rf", "a\nb\n", "", "`id`", "*", "\\", "'\"", "\x01\xff\t",
		"a b", NULL
	};
	struct run *r = run_of(state, 0);
	size_t at = 0;

	run(r, (struct child_spec){ .argv = argv });
	for (size_t i = 3; argv[i]; i++) {
		assert_true(at + strlen(argv[i]) < r->out.len);
		assert_string_equal(r->out.data + at, argv[i]);
		at += strlen(argv[i]) + 1;
	}
	assert_int_equal(at, r->out.len);
}

static void environment_is_what_was_given_and_nothing_else(void **state)
{
	const char *const argv[] = { "env", NULL };
	const char *const env[] = { "PATH=/usr/bin:/bin", "A=b c", "N=x\ny", NULL };
	struct run *r = run_of(state, 0);

	run(r, (struct child_spec){ .argv = argv, .env = env });
	assert_string_equal(r->out.data, "PATH=/usr/bin:/bin\nA=b c\nN=x\ny\n");
}

static void output_comes_in_order_or_apart(void **state)
{
	struct run *together = run_of(state, 0), *apart = run_of(state, 1);

	run_shell(together, "echo a; echo b >&2; echo c", (struct child_spec){ 0 });
	run_shell(apart, "echo a; echo b >&2; echo c", (struct child_spec){ .split_stderr = true });
	assert_string_equal(together->out.data, "a\nb\nc\n");
	assert_string_equal(apart->out.data, "a\nc\n");
	assert_string_equal(apart->err.data, "b\n");
}

static void large_output_is_whole_when_the_end_is_told(void **state)
{
	struct run *r = run_of(state, 0);

	run_shell(r, "head -c 3000000 /dev/zero | tr '\\0' x", (struct child_spec){ 0 });
	assert_int_equal(r->out.len, 3000000);
	assert_int_equal(r->end.code, 0);
}

static void input_is_read_to_its_end(void **state)
{
	AUTO(mem_auto_free) char *input = mem_alloc(65536);
	const char *const argv[] = { "cat", NULL };
	struct run *r = run_of(state, 0), *none = run_of(state, 1);

	memset(input, 'i', 65536);
	run(r, (struct child_spec){ .argv = argv, .input = input, .input_len = 65536 });
	assert_int_equal(r->out.len, 65536);
	run(none, (struct child_spec){ .argv = argv });
	assert_int_equal(none->out.len, 0);
	assert_non_null(strstr(run_refused(none, (struct child_spec){ .argv = argv, .input = input, .input_len = 65537 }),
	                       "over the limit of 65536"));
}

static void exit_code_and_signal_are_told(void **state)
{
	struct run *code = run_of(state, 0), *signal_ = run_of(state, 1);

	run_shell(code, "exit 42", (struct child_spec){ 0 });
	run_shell(signal_, "kill -SEGV $$", (struct child_spec){ 0 });
	assert_int_equal(code->end.code, 42);
	assert_int_equal(code->end.signo, 0);
	assert_int_equal(signal_->end.code, -1);
	assert_int_equal(signal_->end.signo, SIGSEGV);
	assert_false(signal_->end.stopped || signal_->end.timed_out);
}

static void program_that_cannot_run_is_an_end_with_a_reason(void **state)
{
	static const struct { const char *program, *dir, *says; } rows[] = {
		{ "no-such-program", NULL, "start no-such-program: not found in PATH (/usr/bin:/bin)" },
		{ "bin/web", NULL, "start bin/web: No such file or directory" },
		{ "/etc/passwd", NULL, "start /etc/passwd: Permission denied" },
		{ "true", "/no/such/folder", "start true: enter the folder /no/such/folder: No such file or directory" },
	};
	struct run *r = run_of(state, 0);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *const argv[] = { rows[i].program, NULL };

		assert_string_equal(run_refused(r, (struct child_spec){ .argv = argv, .dir = rows[i].dir }), rows[i].says);
	}
	assert_int_equal(r->out.len, 0);
}

static void script_without_an_interpreter_line_is_not_run_by_a_shell(void **state)
{
	const char *dir = dir_of(state);
	AUTO(mem_auto_free) char *path = NULL;
	struct run *r = run_of(state, 0);
	struct err err = { 0 };

	path = mem_printf("%s/script", dir);
	assert_true(file_write_atomic(path, "echo ran\n", 9, 0700, &err));
	{
		const char *const argv[] = { path, NULL };

		assert_non_null(strstr(run_refused(r, (struct child_spec){ .argv = argv }), "begins with #!"));
	}
}

static void program_is_looked_up_in_the_given_path_and_runs_in_the_given_folder(void **state)
{
	const char *dir = dir_of(state);
	AUTO(mem_auto_free) char *path = NULL;
	AUTO(mem_auto_free) char *env_path = NULL;
	const char *const argv[] = { "only-here", NULL };
	const char *const env_here[] = { "PATH=.::/usr/bin", NULL };
	struct run *r = run_of(state, 0);
	struct err err = { 0 };

	path = mem_printf("%s/only-here", dir);
	env_path = mem_printf("PATH=/no/such:.:%s:/usr/bin:/bin", dir);
	assert_true(file_write_atomic(path, "#!/bin/sh\npwd\n", 14, 0700, &err));
	{
		const char *const env[] = { env_path, NULL };

		run(r, (struct child_spec){ .argv = argv, .env = env, .dir = dir });
	}
	assert_int_equal(strncmp(r->out.data, dir, strlen(dir)), 0);
	/* and not where we happen to be */
	run_refused(r, (struct child_spec){ .argv = argv, .env = env_here, .dir = dir });
}

static void child_that_ignores_term_is_killed_after_the_grace(void **state)
{
	struct run *r = run_of(state, 0);

	r->stop_at = "ready";
	run_shell(r, "trap '' TERM; echo ready; while :; do sleep 60; done", (struct child_spec){ .grace_ms = 200 });
	assert_true(r->end.stopped);
	assert_int_equal(r->end.signo, SIGKILL);
	assert_true(r->ms >= 200);
	assert_int_equal(r->ends, 1);
}

static void child_that_ends_itself_on_term_is_given_the_time(void **state)
{
	struct run *r = run_of(state, 0);

	r->stop_at = "ready";
	run_shell(r, "trap 'sleep 0.3; echo tidy; exit 7' TERM; echo ready; while :; do sleep 0.05; done",
	          (struct child_spec){ .grace_ms = 30000 });
	assert_true(r->end.stopped);
	assert_int_equal(r->end.code, 7);
	assert_non_null(strstr(r->out.data, "tidy"));
}

static void grandchild_that_tidies_up_after_term_is_waited_for(void **state)
{
	struct run *r = run_of(state, 0);
	AUTO(mem_auto_free) char *tidy = file_join(dir_of(state), "tidy");
	struct err err = { 0 };
	struct buf b;

	r->stop_at = "ready";
	/* given: the process itself dies of TERM at once, one of its group takes a while and holds no pipe */
	run_shell(r, "sh -c 'trap \"sleep 0.3; echo tidy > tidy; exit 0\" TERM; : > trapped; "
	          "while :; do sleep 0.05; done' >/dev/null 2>&1 & while [ ! -e trapped ]; do sleep 0.01; done; "
	          "echo ready; wait",
	          (struct child_spec){ .grace_ms = 30000, .dir = dir_of(state) });
	assert_true(r->ms < 15000);
	assert_true(file_read(tidy, 100, &b, &err));
	buf_done(&b);
}

static void timeout_ends_the_whole_group(void **state)
{
	struct run *r = run_of(state, 0);
	pid_t grandchild;

	run_shell(r, "sleep 60 & echo $!; wait", (struct child_spec){ .timeout_ms = 200, .grace_ms = 1000 });
	grandchild = (pid_t)strtol(r->out.data, NULL, 10);
	assert_true(r->end.timed_out);
	assert_false(r->end.stopped);
	assert_true(grandchild > 1);
	assert_true(dies_within(grandchild, 5000));
}

static void grandchild_that_holds_the_pipe_delays_the_end_by_a_second_at_most(void **state)
{
	struct run *r = run_of(state, 0);
	pid_t grandchild;

	run_shell(r, "sleep 60 & echo $!; exit 3", (struct child_spec){ 0 });
	grandchild = (pid_t)strtol(r->out.data, NULL, 10);
	assert_int_equal(r->end.code, 3);
	assert_in_range(r->ms, 900, 10000);
	/* it was not asked to end: it goes on */
	assert_true(grandchild > 1);
	assert_false(is_dead(grandchild));
	assert_int_equal(kill(grandchild, SIGKILL), 0);
}

static void stop_reaches_a_grandchild_after_the_child_has_exited(void **state)
{
	struct run *r = run_of(state, 0);
	pid_t grandchild;

	r->stop_at = "\nready";
	/* given: the process is gone, its grandchild writes into the pipe a moment later */
	run_shell(r, "(sleep 0.2; echo ready; exec sleep 60) & echo $!", (struct child_spec){ 0 });
	grandchild = (pid_t)strtol(r->out.data, NULL, 10);
	assert_true(grandchild > 1);
	assert_int_equal(r->end.code, 0);
	assert_true(r->was_ours);
	assert_true(r->end.stopped);
	assert_true(dies_within(grandchild, 5000));
}

static void free_kills_at_once_and_calls_nobody(void **state)
{
	struct run *r = run_of(state, 0);
	pid_t pid;

	r->free_at = "ready";
	/* when: freed from inside its own output callback */
	run_shell(r, "trap '' TERM; echo $$ ready; while :; do sleep 60; done", (struct child_spec){ 0 });
	pid = (pid_t)strtol(r->out.data, NULL, 10);
	assert_true(pid > 1);
	assert_true(dies_within(pid, 5000));
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
	assert_int_equal(r->ends, 0);
	child_free(NULL);
}

static void child_that_does_not_run_yet_can_be_stopped(void **state)
{
	const char *const argv[] = { "sleep", "60", NULL };
	struct run *r = run_of(state, 0);

	run_start(r, (struct child_spec){ .argv = argv });
	assert_int_equal(child_pid(r->child), 0);
	child_stop(r->child);
	loop_run(r->loop);
	assert_int_equal(r->ends, 1);
	assert_true(r->end.stopped);
	assert_null(r->why);
	launcher_free(r->launcher);
	r->launcher = NULL;
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void child_that_does_not_run_yet_can_be_freed(void **state)
{
	const char *const argv[] = { "sleep", "60", NULL };
	struct run *r = run_of(state, 0);

	for (int i = 0; i < 10; i++) {
		run_start(r, (struct child_spec){ .argv = argv });
		child_free(r->child);
		r->child = NULL;
	}
	launcher_free(r->launcher);
	r->launcher = NULL;
	assert_int_equal(r->ends, 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void children_die_with_their_starter(void **state)
{
	const char *const argv[] = { self_of(state), "act", "starter", NULL };
	struct run *r = run_of(state, 0);
	pid_t grandchild;

	/* when: a program that started a child as we do is killed */
	run(r, (struct child_spec){ .argv = argv });
	grandchild = (pid_t)strtol(r->out.data, NULL, 10);
	assert_int_equal(r->end.signo, SIGKILL);
	assert_true(grandchild > 1);
	assert_true(dies_within(grandchild, 5000));
}

static void no_process_left_to_fork_is_an_error(void **state)
{
	const char *const argv[] = { self_of(state), "act", "no-fork", NULL };
	struct run *r = run_of(state, 0);

	run(r, (struct child_spec){ .argv = argv });
	/* In a root folder of root's alone, another user cannot even open /dev/null. */
	if (strcmp(r->out.data, "nobody may not search /") == 0)
		skip();
	assert_string_equal(r->out.data, "start true: make a process: Resource temporarily unavailable");
	assert_int_equal(r->end.code, 0);
}

static void signals_and_mask_are_the_usual_ones(void **state)
{
	struct run *r = run_of(state, 0);
	sigset_t some, before;
	unsigned long long blocked = 1, ignored = 1;
	void (*handler)(int) = signal(SIGPIPE, SIG_IGN);

	/* given: we ignore SIGPIPE and block SIGTERM */
	sigemptyset(&some);
	sigaddset(&some, SIGTERM);
	sigprocmask(SIG_BLOCK, &some, &before);
	run_shell(r, "grep -E '^Sig(Blk|Ign)' /proc/self/status", (struct child_spec){ 0 });
	/* 32 and 33 are the C library's own and cannot be set through it. */
	assert_int_equal(sscanf(r->out.data, "SigBlk: %llx SigIgn: %llx", &blocked, &ignored), 2);
	assert_int_equal(blocked, 0);
	assert_int_equal(ignored & ~0x180000000ull, 0);
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGPIPE, handler);
}

static void no_descriptor_and_no_zombie_is_left(void **state)
{
	struct run *r = run_of(state, 0);
	int before = open("/dev/null", O_RDONLY | O_CLOEXEC), after;

	close(before);
	for (int i = 0; i < 20; i++) {
		const char *const bad[] = { "/no/such", NULL };

		run_shell(r, "echo a", (struct child_spec){ .split_stderr = true, .input = "x", .input_len = 1 });
		run_refused(r, (struct child_spec){ .argv = bad });
	}
	after = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(after, before);
	close(after);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* What the test program does when it is its own child. */
static int act_no_fork(void)
{
	struct rlimit none = { 0, 0 };
	const char *const argv[] = { "true", NULL };
	struct run r = { .loop = loop_new() };

	if (!launcher_new(r.loop, &r.launcher, NULL))
		return 1;
	/* The limit does not hold for root. */
	if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
		return 1;
	if (access("/dev/null", R_OK) != 0) {
		fputs("nobody may not search /", stdout);
		return 0;
	}
	if (setrlimit(RLIMIT_NPROC, &none) != 0)
		return 1;
	fputs(run_refused(&r, (struct child_spec){ .argv = argv }), stdout);
	fflush(stdout);
	_exit(0);              /* a leak checker would need a process of its own here */
}

static void die_with_it(void *arg, bool is_stderr, const char *data, size_t len)
{
	(void)arg, (void)is_stderr;
	fwrite(data, 1, len, stdout);
	fflush(stdout);
	kill(getpid(), SIGKILL);
}

static int act_starter(void)
{
	const char *const argv[] = { "sh", "-c", "echo $$; exec sleep 60", NULL };
	struct child_spec spec = { .argv = argv, .env = usual_env, .output = die_with_it, .end = run_end };
	struct loop *loop = loop_new();
	struct launcher *launcher;

	if (!launcher_new(loop, &launcher, NULL))
		return 1;
	child_start(launcher, &spec);
	loop_run(loop);
	return 1;
}

static int act(int argc, char **argv)
{
	if (strcmp(argv[2], "no-fork") == 0)
		return act_no_fork();
	if (strcmp(argv[2], "starter") == 0)
		return act_starter();
	if (strcmp(argv[2], "arguments") == 0)
		for (int i = 3; i < argc; i++)
			fwrite(argv[i], 1, strlen(argv[i]) + 1, stdout);
	else
		for (int fd = 0; fd < 1024; fd++)
			if (fcntl(fd, F_GETFD) >= 0)
				printf("%d ", fd);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(child_has_only_its_three_descriptors),
		TEST(arguments_arrive_byte_for_byte),
		TEST(environment_is_what_was_given_and_nothing_else),
		TEST(output_comes_in_order_or_apart),
		TEST(large_output_is_whole_when_the_end_is_told),
		TEST(input_is_read_to_its_end),
		TEST(exit_code_and_signal_are_told),
		TEST(program_that_cannot_run_is_an_end_with_a_reason),
		TEST(script_without_an_interpreter_line_is_not_run_by_a_shell),
		TEST(program_is_looked_up_in_the_given_path_and_runs_in_the_given_folder),
		TEST(child_that_ignores_term_is_killed_after_the_grace),
		TEST(child_that_ends_itself_on_term_is_given_the_time),
		TEST(grandchild_that_tidies_up_after_term_is_waited_for),
		TEST(timeout_ends_the_whole_group),
		TEST(grandchild_that_holds_the_pipe_delays_the_end_by_a_second_at_most),
		TEST(stop_reaches_a_grandchild_after_the_child_has_exited),
		TEST(free_kills_at_once_and_calls_nobody),
		TEST(child_that_does_not_run_yet_can_be_stopped),
		TEST(child_that_does_not_run_yet_can_be_freed),
		TEST(children_die_with_their_starter),
		TEST(no_process_left_to_fork_is_an_error),
		TEST(signals_and_mask_are_the_usual_ones),
		TEST(no_descriptor_and_no_zombie_is_left),
	};

	if (argc > 2 && strcmp(argv[1], "act") == 0)
		return act(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
