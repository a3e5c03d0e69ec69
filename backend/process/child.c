#include "backend/process/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/base/clock.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/process/launcher.h"

enum {
	INPUT_MAX = 64 * 1024,
	CHUNK = 16 * 1024,
	CHUNKS_LAST = 64,              /* read at most this many chunks when the pipe is given up: 1 MB */
	GRACE_MS = 5000,
	DRAIN_MS = 1000,               /* a grandchild may hold the pipe this long after the end */
	GROUP_POLL_MS = 10,
	EXIT_POLL_MS = 20              /* where there is no pidfd */
};

struct stream {
	struct child *child;
	int fd;                        /* -1: closed */
	struct loop_io *io;
	bool is_stderr;
};

struct child {
	struct loop *loop;
	struct launch *launch;         /* NULL once it is told what became of it */
	pid_t pid;                     /* also the group's number; 0: does not run yet, or never did */
	int pidfd;                     /* -1: there is none (an old kernel, a sandbox); exit_poll looks instead */
	struct loop_io *exit_io;
	struct loop_timer *exit_poll;
	struct stream streams[2];
	struct loop_timer *limit;      /* the timeout; once it is being ended, the grace */
	struct loop_timer *tick;       /* after the exit: looks at the group, then waits for the pipes */
	char *program;                 /* for messages */
	int64_t timeout_ms, grace_ms;
	int64_t drain_until;           /* 0: not draining yet */
	bool exited;                   /* the process itself, which stays a zombie until `reaped`: its number stays ours */
	bool reaped;
	bool ending;                   /* TERM was sent */
	bool group_gone;               /* nobody is left in the group, or KILL was sent to all of it */
	bool *freed;                   /* told when a callback frees the child under our feet */
	struct child_end result;
	struct err failed;             /* to start */
	child_output_fn output;
	child_end_fn end;
	void *arg;
};

static void stream_close(struct stream *s)
{
	loop_io_free(s->io);
	s->io = NULL;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

static void release(struct child *c)
{
	if (c->freed)
		*c->freed = true;
	launch_forget(c->launch);
	for (size_t i = 0; i < ARRAY_LEN(c->streams); i++)
		stream_close(&c->streams[i]);
	loop_io_free(c->exit_io);
	loop_timer_free(c->exit_poll);
	loop_timer_free(c->limit);
	loop_timer_free(c->tick);
	if (c->pidfd >= 0)
		close(c->pidfd);
	free(c->program);
	free(c);
}

static void reap(struct child *c)
{
	siginfo_t info;

	if (c->pid && !c->reaped)
		waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG);
	c->reaped = true;
}

static void kill_group(struct child *c)
{
	if (!c->pid)
		return;
	kill(-c->pid, SIGKILL);
	c->group_gone = true;
}

static void finish(struct child *c)
{
	struct child_end result = c->result;
	struct err failed = c->failed;
	child_end_fn end = c->end;
	void *arg = c->arg;

	if (failed.kind)
		result.err = &failed;
	if (c->ending && !c->group_gone)
		kill_group(c);
	reap(c);
	release(c);
	end(arg, &result);
}

/*
 * Is anybody of the group left? The process itself counts while it is a zombie, so it is reaped first. From then on
 * the number is the group's for as long as it has members, and we look often enough that it cannot have been given
 * away, filled and looked at by us in between.
 */
static bool group_lives(struct child *c)
{
	if (c->group_gone)
		return false;
	reap(c);
	c->group_gone = kill(-c->pid, 0) != 0 && errno == ESRCH;
	return !c->group_gone;
}

/* Takes what the pipes hold when they are given up. false: a callback freed the child. */
static bool take_rest(struct child *c)
{
	bool freed = false;
	char chunk[CHUNK];

	c->freed = &freed;
	for (size_t i = 0; i < ARRAY_LEN(c->streams); i++) {
		for (int n = 0; c->streams[i].fd >= 0 && n < CHUNKS_LAST; n++) {
			ssize_t got = read(c->streams[i].fd, chunk, sizeof chunk);

			if (got <= 0)
				break;
			if (c->output)
				c->output(c->arg, c->streams[i].is_stderr, chunk, (size_t)got);
			if (freed)
				return false;
		}
	}
	c->freed = NULL;
	return true;
}

/* After the exit: is it over? May free the child. */
static void settle(struct child *c)
{
	int64_t left_ms;

	if (!c->exited)
		return;
	if (c->ending && group_lives(c)) {
		loop_timer_set(c->tick, GROUP_POLL_MS);
		return;
	}
	if (c->streams[0].fd >= 0 || c->streams[1].fd >= 0) {
		if (!c->drain_until)
			c->drain_until = clock_mono_ms() + DRAIN_MS;
		left_ms = c->drain_until - clock_mono_ms();
		if (left_ms > 0) {
			loop_timer_set(c->tick, left_ms);
			return;
		}
		if (!take_rest(c))
			return;
	}
	finish(c);
}

static void ticked(void *arg)
{
	struct child *c = arg;

	/* It could not be asked for, or need not run any more. */
	if (!c->pid)
		finish(c);
	else
		settle(c);
}

/* Calls nobody back, so that child_stop may be called from anywhere. */
static void begin_ending(struct child *c)
{
	c->ending = true;
	if (!c->pid) {
		loop_timer_set(c->tick, 0);
		return;
	}
	kill(-c->pid, SIGTERM);
	loop_timer_set(c->limit, c->grace_ms);
}

static void limit_passed(void *arg)
{
	struct child *c = arg;

	if (c->ending) {
		kill_group(c);
		settle(c);
		return;
	}
	c->result.timed_out = true;
	if (!c->pid)
		err_set(&c->failed, ERR_TIMEOUT, "start %s: it does not run yet after %g s", c->program,
		        (double)c->timeout_ms / 1000);
	begin_ending(c);
}

/* Leaves it a zombie. */
static bool has_exited(const struct child *c, siginfo_t *ret)
{
	*ret = (siginfo_t){ 0 };
	return waitid(P_PID, (id_t)c->pid, ret, WEXITED | WNOHANG | WNOWAIT) != 0 || ret->si_pid != 0;
}

static void look_for_exit(struct child *c)
{
	siginfo_t info;

	if (!has_exited(c, &info)) {
		if (c->exit_poll)
			loop_timer_set(c->exit_poll, EXIT_POLL_MS);
		return;
	}
	c->result.code = info.si_code == CLD_EXITED ? info.si_status : -1;
	c->result.signo = info.si_code == CLD_EXITED ? 0 : info.si_status;
	c->exited = true;
	loop_io_free(c->exit_io);
	c->exit_io = NULL;
	if (!c->ending)
		loop_timer_stop(c->limit);
	settle(c);
}

static void exit_seen(int fd, int events, void *arg)
{
	(void)fd;
	(void)events;
	look_for_exit(arg);
}

static void exit_polled(void *arg)
{
	look_for_exit(arg);
}

static void readable(int fd, int events, void *arg)
{
	struct stream *s = arg;
	struct child *c = s->child;
	char chunk[CHUNK];
	ssize_t n = read(fd, chunk, sizeof chunk);

	(void)events;
	if (n > 0) {
		if (c->output)
			c->output(c->arg, s->is_stderr, chunk, (size_t)n);
		return;                /* the callback may have freed the child */
	}
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	stream_close(s);
	settle(c);
}

/* stdin is a file in memory: the whole input at once, no pipe that could fill up or break. */
static bool open_input(const struct child_spec *spec, int *ret, struct err *err)
{
	int fd;

	if (spec->input_len > INPUT_MAX)
		return err_set(err, ERR_TOO_BIG, "start %s: its input of %zu bytes is over the limit of %d",
		               spec->argv[0], spec->input_len, INPUT_MAX);
	*ret = -1;
	if (!spec->input)
		return true;
	fd = memfd_create("stdin", MFD_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "start %s: make its input", spec->argv[0]);
	if (pwrite(fd, spec->input, spec->input_len, 0) != (ssize_t)spec->input_len) {
		close(fd);
		return err_set(err, ERR_INTERNAL, "start %s: its input cannot be written", spec->argv[0]);
	}
	*ret = fd;
	return true;
}

static bool open_pipe(struct stream *s, int *ret_write, const char *program, struct err *err)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) != 0)
		return err_errno(err, errno, "start %s: make a pipe", program);
	/* Only our end: the child expects a pipe that blocks. */
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	s->fd = fds[0];
	*ret_write = fds[1];
	return true;
}

static void watch(struct child *c)
{
	for (size_t i = 0; i < ARRAY_LEN(c->streams); i++)
		if (c->streams[i].fd >= 0)
			c->streams[i].io = loop_io_new(c->loop, c->streams[i].fd, LOOP_READ, readable, &c->streams[i]);
	if (c->pidfd >= 0)
		c->exit_io = loop_io_new(c->loop, c->pidfd, LOOP_READ, exit_seen, c);
	else
		c->exit_poll = loop_timer_new(c->loop, exit_polled, c);
	if (c->exit_poll)
		loop_timer_set(c->exit_poll, EXIT_POLL_MS);
}

/* What cannot be watched does not stay. */
static bool open_pidfd(struct child *c)
{
	c->pidfd = pidfd_open(c->pid, 0);
	if (c->pidfd >= 0 || errno == ENOSYS || errno == EPERM)
		return true;
	err_errno(&c->failed, errno, "start %s: watch the process", c->program);
	spawn_end(c->pid);
	c->reaped = true;
	return false;
}

static void launched(void *arg, pid_t pid, const struct err *err)
{
	struct child *c = arg;

	c->launch = NULL;
	if (err) {
		c->failed = *err;
		finish(c);
		return;
	}
	c->pid = pid;
	/* Its time may have been over in this very turn: it ran all the same. */
	c->failed = (struct err){ 0 };
	if (!open_pidfd(c)) {
		finish(c);
		return;
	}
	watch(c);
	if (c->ending)
		begin_ending(c);
}

static bool launch(struct child *c, struct launcher *launcher, const struct child_spec *spec, struct err *err)
{
	AUTO(mem_auto_close) int in = -1;
	AUTO(mem_auto_close) int out = -1;
	struct spawn spawn = { .argv = spec->argv, .env = spec->env, .dir = spec->dir, .pid_file = spec->pid_file,
	                       .pid_mark = spec->pid_mark };

	if (!open_input(spec, &in, err) || !open_pipe(&c->streams[0], &out, spec->argv[0], err))
		return false;
	spawn.in = in;
	spawn.out = spawn.err = out;
	if (spec->split_stderr && !open_pipe(&c->streams[1], &spawn.err, spec->argv[0], err))
		return false;
	in = out = -1;
	c->launch = launcher_start(launcher, &spawn, launched, c);
	return true;
}

struct child *child_start(struct launcher *launcher, const struct child_spec *spec)
{
	struct child *c = mem_alloc(sizeof *c);

	*c = (struct child){
		.loop = launcher_loop(launcher), .pidfd = -1, .result = { .code = -1 }, .program = mem_dup(spec->argv[0]),
		.timeout_ms = spec->timeout_ms, .grace_ms = spec->grace_ms > 0 ? spec->grace_ms : GRACE_MS,
		.streams = { { .child = c, .fd = -1 }, { .child = c, .fd = -1, .is_stderr = true } },
		.output = spec->output, .end = spec->end, .arg = spec->arg,
	};
	c->limit = loop_timer_new(c->loop, limit_passed, c);
	c->tick = loop_timer_new(c->loop, ticked, c);
	if (!launch(c, launcher, spec, &c->failed))
		loop_timer_set(c->tick, 0);
	else if (spec->timeout_ms > 0)
		loop_timer_set(c->limit, spec->timeout_ms);
	return c;
}

void child_stop(struct child *c)
{
	c->result.stopped = true;
	if (!c->ending)
		begin_ending(c);
}

void child_free(struct child *c)
{
	if (!c)
		return;
	if (!c->group_gone)
		kill_group(c);
	if (c->pid && !c->reaped)
		spawn_end(c->pid);
	release(c);
}

pid_t child_pid(const struct child *c)
{
	return c->pid;
}
