#include "backend/client/workspace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "backend/base/clock.h"
#include "backend/base/file.h"
#include "backend/base/mem.h"
#include "backend/base/sock.h"
#include "backend/proto/api.h"

enum {
	START_MS = 20000,        /* from exec until the socket answers: hundreds of new environments take a while */
	LOCK_MS = 10000,         /* somebody else is starting it */
	LOOK_MS = 10,
	LOG_TAIL = 4096
};

void workspace_done(struct workspace *w)
{
	if (!w)
		return;
	free(w->dir);
	free(w->state_dir);
	free(w->socket);
	free(w->replay);
	free(w->speed);
	*w = (struct workspace){ 0 };
}

static void set_dir(struct workspace *w, char *take_dir)
{
	w->dir = take_dir;
	w->state_dir = file_join(w->dir, API_STATE_DIR);
	w->socket = file_join(w->state_dir, API_SOCKET_NAME);
}

bool workspace_for_replay(const char *file, const char *speed, struct workspace *ret, struct err *err)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = mem_printf("%s/slipway-replay.XXXXXX", tmp && *tmp == '/' ? tmp : "/tmp");
	AUTO(mem_auto_free) char *real = realpath(file, NULL);

	if (!real || !mkdtemp(dir)) {
		err_errno(err, errno, "%s %s", real ? "make the folder" : "open", real ? dir : file);
		if (!real && err)
			err->kind = ERR_USAGE;
		free(dir);
		return false;
	}
	set_dir(ret, dir);
	ret->replay = mem_dup(real);
	ret->speed = mem_dup(speed);
	return true;
}

void workspace_remove(const struct workspace *w)
{
	file_remove_tree(w->dir, NULL);
}

/* A link whose file is gone is one too: its mistake is told, and not another folder's configuration taken for it. */
static bool holds_configuration(const char *dir)
{
	AUTO(mem_auto_free) char *file = file_join(dir, "slipway.json");
	AUTO(mem_auto_free) char *folder = file_join(dir, "slipway.d");
	struct stat st;

	return lstat(file, &st) == 0 || (stat(folder, &st) == 0 && S_ISDIR(st.st_mode));
}

bool workspace_find(const char *start, struct workspace *ret, struct err *err)
{
	AUTO(mem_auto_free) char *dir = realpath(start ? start : ".", NULL);
	AUTO(mem_auto_free) char *from = mem_dup(dir);

	if (!dir) {
		err_errno(err, errno, "open the folder %s", start ? start : ".");
		if (err)
			err->kind = ERR_CONFIG;
		return false;
	}
	while (!holds_configuration(dir)) {
		char *slash = strrchr(dir, '/');

		if (slash == dir && !dir[1])
			return err_set(err, ERR_CONFIG, "there is no slipway.json in %s or above it; begin with: slipway init", from);
		slash[slash == dir] = '\0';
	}
	set_dir(ret, mem_dup(dir));
	return true;
}

bool workspace_engine_answers(const struct workspace *w)
{
	AUTO(mem_auto_close) int fd = -1;
	struct err err = { 0 };

	return sock_connect(w->socket, &fd, &err) || err.kind == ERR_TIMEOUT;
}

static void nap(void)
{
	struct timespec ts = { .tv_nsec = LOOK_MS * 1000000L };

	nanosleep(&ts, NULL);
}

/* Whoever holds it starts the engine; the others wait here and then find it running. */
static bool take_lock(const char *path, int *ret_fd, struct err *err)
{
	int64_t deadline = clock_mono_ms() + LOCK_MS;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return err_errno(err, errno, "open %s", path);
	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR) {
			err_errno(err, errno, "lock %s", path);
			close(fd);
			return false;
		}
		if (clock_mono_ms() > deadline) {
			close(fd);
			return err_set(err, ERR_UNREACHABLE, "somebody has been starting the engine for %d s (he holds %s)",
			               LOCK_MS / 1000, path);
		}
		nap();
	}
	*ret_fd = fd;
	return true;
}

char *workspace_engine_program(void)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	char *slash, *beside;

	if (n <= 0)
		return mem_dup("slipwayd");
	self[n] = '\0';
	slash = strrchr(self, '/');
	beside = mem_printf("%.*s/slipwayd", slash ? (int)(slash - self) : 0, self);
	if (access(beside, X_OK) == 0)
		return beside;
	free(beside);
	return mem_dup("slipwayd");
}

static void reset_signals(void)
{
	struct sigaction usual = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int signo = 1; signo < NSIG; signo++)
		sigaction(signo, &usual, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* What the new processes tell the old one through the pipe. */
struct news { bool is_pid; int value; };    /* else the errno of an exec that failed */

static bool tell(int fd, bool is_pid, int value)
{
	struct news news = { .is_pid = is_pid, .value = value };

	return write(fd, &news, sizeof news) == (ssize_t)sizeof news;
}

/* In the child's child. Exec closes `report`. */
static _Noreturn void become_engine(char *const argv[], const char *dir, int log, int report)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	reset_signals();
	if (null >= 0 && dup2(null, STDIN_FILENO) == 0 && dup2(log, STDOUT_FILENO) == 1 && dup2(log, STDERR_FILENO) == 2
	    && chdir(dir) == 0) {
		/* All but the report, which closes itself: nothing of ours may stay open in a process that lives for months. */
		if (report > 3)
			syscall(SYS_close_range, 3u, (unsigned)report - 1, 0);
		syscall(SYS_close_range, (unsigned)report + 1, ~0u, 0);
		execvp(argv[0], argv);
	}
	_exit(tell(report, false, errno) ? 127 : 126);
}

static bool fork_twice(char *const argv[], const char *dir, int log, int report, struct err *err)
{
	pid_t child = fork(), grandchild;

	if (child < 0)
		return err_errno(err, errno, "fork");
	if (child == 0) {
		setsid();
		grandchild = fork();
		if (grandchild == 0)
			become_engine(argv, dir, log, report);
		_exit(!tell(report, grandchild > 0, grandchild > 0 ? grandchild : errno));
	}
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return true;
}

/*
 * Forks twice, so that the engine is nobody's child and never a zombie of a long-lived console. ret_pidfd becomes
 * readable when the engine ends; -1 when the kernel cannot tell.
 */
static bool launch(const struct workspace *w, int log, int *ret_pidfd, struct err *err)
{
	AUTO(mem_auto_free) char *program = workspace_engine_program();
	AUTO(mem_auto_free) char *dash_c = mem_dup("-C");
	AUTO(mem_auto_close) int pipe_out = -1;
	char dash_r[] = "-r", dash_s[] = "-s";
	char *argv[] = { program, dash_c, w->dir, w->replay ? dash_r : NULL, w->replay, w->speed ? dash_s : NULL, w->speed,
	                 NULL };
	struct news news;
	int pipes[2], number = 0;
	pid_t pid = 0;
	ssize_t n;
	bool ok;

	if (pipe2(pipes, O_CLOEXEC) != 0)
		return err_errno(err, errno, "make a pipe");
	pipe_out = pipes[0];
	ok = fork_twice(argv, w->dir, log, pipes[1], err);
	close(pipes[1]);
	/* Until the end of file: by then exec is over. */
	while (ok && ((n = read(pipe_out, &news, sizeof news)) > 0 || (n < 0 && errno == EINTR))) {
		if (n > 0 && news.is_pid)
			pid = news.value;
		else if (n > 0)
			number = news.value;
	}
	if (ok && number) {
		ok = err_errno(err, number, "run %s", program);
		if (err)
			err->kind = ERR_UNREACHABLE;
	}
	if (ok)
		*ret_pidfd = pid ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
	return ok;
}

/* The last line that was written to the log after `from`; yours, "" when there is none. */
static char *last_line(const char *path, off_t from)
{
	AUTO(mem_auto_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char text[LOG_TAIL + 1];
	off_t end = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	ssize_t n;
	char *line;

	if (end - from > LOG_TAIL)
		from = end - LOG_TAIL;
	n = end > from ? pread(fd, text, LOG_TAIL, from) : 0;
	while (n > 0 && text[n - 1] == '\n')
		n--;
	text[n > 0 ? n : 0] = '\0';
	line = strrchr(text, '\n');
	return mem_dup(line ? line + 1 : text);
}

static bool ended(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return pidfd >= 0 && poll(&p, 1, 0) == 1;
}

static bool wait_until_it_answers(const struct workspace *w, const char *log_path, off_t from, int pidfd, struct err *err)
{
	int64_t deadline = clock_mono_ms() + START_MS;
	AUTO(mem_auto_free) char *line = NULL;
	bool is_over = false;

	while (!workspace_engine_answers(w)) {
		/* One more look after its end: the one who was first may have started serving in between. */
		if (is_over || clock_mono_ms() > deadline) {
			line = last_line(log_path, from);
			return err_set(err, ERR_UNREACHABLE, "%s: %s (%s)", is_over ? "the engine ended at once" :
			               "the engine does not answer", *line ? line : "it said nothing", log_path);
		}
		is_over = ended(pidfd);
		nap();
	}
	return true;
}

bool workspace_wait_for_end(const struct workspace *w, int64_t ms, struct err *err)
{
	AUTO(mem_auto_free) char *path = file_join(w->state_dir, API_ENGINE_LOCK);
	int64_t deadline = clock_mono_ms() + ms;
	char pid[32] = "";
	bool is_held = true;

	while (is_held) {
		AUTO(mem_auto_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

		is_held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0;
		if (is_held && clock_mono_ms() > deadline) {
			ssize_t n = pread(fd, pid, sizeof pid - 1, 0);

			pid[n > 0 ? strcspn(pid, "\n") : 0] = '\0';
			return err_set(err, ERR_UNREACHABLE, "an engine runs (pid %s), but %s", *pid ? pid : "unknown",
			               workspace_engine_answers(w) ? "does not end" : "does not answer");
		}
		if (is_held)
			nap();
	}
	return true;
}

static bool start_locked(const struct workspace *w, struct err *err)
{
	AUTO(mem_auto_free) char *path = file_join(w->state_dir, "engine.log");
	AUTO(mem_auto_close) int log = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	AUTO(mem_auto_close) int pidfd = -1;
	off_t from;

	if (log < 0)
		return err_errno(err, errno, "open %s", path);
	from = lseek(log, 0, SEEK_END);
	/* One that has just been told to stop answers no more, but may not have ended yet. */
	return workspace_wait_for_end(w, START_MS, err) && launch(w, log, &pidfd, err) && wait_until_it_answers(w, path, from, pidfd, err);
}

/* The engine is another user's, and its folder is closed to us: starting one of our own would be no help. */
static bool is_closed_to_us(const struct workspace *w, struct err *err)
{
	AUTO(mem_auto_close) int fd = -1;
	struct err why = { 0 };

	if (sock_connect(w->socket, &fd, &why) || why.kind != ERR_DENIED)
		return false;
	err_set(err, ERR_DENIED, "%s; the engine is another user's, who admits others with slipwayd -g GROUP", why.text);
	return true;
}

bool workspace_start_engine(const struct workspace *w, struct err *err)
{
	AUTO(mem_auto_free) char *lock_path = file_join(w->state_dir, "start.lock");
	AUTO(mem_auto_close) int lock = -1;

	if (workspace_engine_answers(w))
		return true;
	if (is_closed_to_us(w, err))
		return false;
	if (!file_make_dirs(w->state_dir, 0700, err) || !file_check_owner(w->state_dir, err)
	    || !take_lock(lock_path, &lock, err))
		return err_wrap(err, "start the engine");
	if (workspace_engine_answers(w) || start_locked(w, err))
		return true;
	return err_wrap(err, "start the engine");
}
