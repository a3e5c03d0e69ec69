#include "backend/client/rouse.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/base/loop.h"
#include "backend/base/mem.h"

enum { SAID_MAX = 1000 };

struct rouse {
	pid_t pid;
	int out;                   /* what it says; at its end it ends */
	struct loop_io *io;
	char said[SAID_MAX];
	size_t len;
	rouse_fn fn;
	void *arg;
};

void rouse_free(struct rouse *r)
{
	if (!r)
		return;
	loop_io_free(r->io);
	mem_auto_close(&r->out);
	free(r);
}

/* The last line: what went wrong. */
static const char *last_line(struct rouse *r)
{
	const char *newline;

	while (r->len && r->said[r->len - 1] == '\n')
		r->len--;
	r->said[r->len] = '\0';
	newline = strrchr(r->said, '\n');
	return newline ? newline + 1 : r->said;
}

static void finish(struct rouse *r)
{
	struct err err = { 0 };
	int status = 0;

	while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		err_set(&err, ERR_UNREACHABLE, "%s", r->len ? last_line(r) : "the engine could not be started");
	r->fn(r->arg, err.kind ? &err : NULL);
	rouse_free(r);
}

static void says(int fd, int events, void *arg)
{
	struct rouse *r = arg;
	char unused[256];
	bool fits = r->len < sizeof r->said - 1;
	ssize_t n = fits ? read(fd, r->said + r->len, sizeof r->said - 1 - r->len) : read(fd, unused, sizeof unused);

	(void)events;
	if (n > 0)
		r->len += fits ? (size_t)n : 0;
	else if (n == 0 || (errno != EINTR && errno != EAGAIN))
		finish(r);
}

static int spawn(const char *dir, int out, pid_t *ret_pid)
{
	char self[PATH_MAX], command[] = "engine", verb[] = "start", dash_c[] = "-C";
	AUTO(mem_auto_free) char *where = mem_dup(dir);
	char *argv[] = { self, dash_c, where, command, verb, NULL };
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t all, none;
	int number;

	if (n <= 0)
		return errno;
	self[n] = '\0';
	sigfillset(&all);
	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	number = posix_spawn(ret_pid, self, &actions, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return number;
}

bool rouse_new(struct loop *loop, const char *dir, const char *socket, rouse_fn fn, void *arg, struct rouse **ret,
               struct err *err)
{
	AUTO(mem_auto_close) int in = -1, out = -1;
	struct rouse *r;
	int ends[2], number;
	pid_t pid;

	if (access(socket, F_OK) != 0 && errno == ENOENT)
		return err_set(err, ERR_REFUSED, "the engine was stopped; start it with: slipway engine start");
	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_errno(err, errno, "make a pipe");
	in = ends[0];
	out = ends[1];
	number = spawn(dir, out, &pid);
	if (number)
		return err_errno(err, number, "start the engine");
	r = mem_alloc(sizeof *r);
	*r = (struct rouse){ .pid = pid, .out = in, .fn = fn, .arg = arg };
	in = -1;
	r->io = loop_io_new(loop, r->out, LOOP_READ, says, r);
	*ret = r;
	return true;
}
