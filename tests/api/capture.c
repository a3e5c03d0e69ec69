#include "tests/api/capture.h"

#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/base/buf.h"
#include "backend/base/file.h"
#include "backend/base/mem.h"
#include "tests/api/folder.h"
#include "tests/api/play.h"
#include "views/command/command.h"

enum { WORDS = 32, TEXT_MAX = 16 << 20, LIFE_S = 30 };

void capture_done(struct capture *c)
{
	free(c->out);
	free(c->err);
	*c = (struct capture){ 0 };
}

static char *text_of(const char *path)
{
	struct buf b;

	return file_read(path, TEXT_MAX, &b, NULL) ? b.data : mem_dup("");
}

static char *drain(int fd)
{
	struct buf b;
	char data[4096];
	ssize_t n;

	buf_init(&b, TEXT_MAX);
	while ((n = read(fd, data, sizeof data)) > 0)
		buf_add(&b, data, (size_t)n);
	return b.data;
}

static struct capture run(int (*fn)(void *arg), void *arg, bool on_terminal)
{
	char *folder = folder_new();
	AUTO(mem_auto_free) char *out = file_join(folder, "out"), *err = file_join(folder, "err");
	struct capture c = { .code = -1 };
	int status = -1, master = -1, slave = -1;
	pid_t pid;

	if (on_terminal && openpty(&master, &slave, NULL, NULL, NULL) != 0)
		abort();
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		alarm(LIFE_S);
		if (!freopen(err, "w", stderr) || (!on_terminal && !freopen(out, "w", stdout))
		    || (on_terminal && dup2(slave, STDOUT_FILENO) < 0))
			_exit(99);
		exit(fn(arg));
	}
	if (on_terminal) {
		close(slave);
		c.out = drain(master);
		close(master);
	}
	waitpid(pid, &status, 0);
	c.code = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
	if (!on_terminal)
		c.out = text_of(out);
	c.err = text_of(err);
	folder_free(folder);
	return c;
}

struct capture capture(int (*fn)(void *arg), void *arg)
{
	return run(fn, arg, false);
}

struct words { const struct theatre *theatre; char *argv[WORDS]; int argc; };

static int run_words(void *arg)
{
	struct words *w = arg;

	if (w->theatre && chdir(w->theatre->dir) != 0)
		return 98;
	return command_main(w->argc, w->argv);
}

static void collect(struct words *w, const struct theatre *s, va_list ap)
{
	char *word;

	*w = (struct words){ .theatre = s, .argv = { mem_dup("slipway") }, .argc = 1 };
	while ((word = va_arg(ap, char *)) && w->argc < WORDS - 1)
		w->argv[w->argc++] = mem_dup(word);
}

static struct capture run_and_free(struct words *w, bool on_terminal)
{
	struct capture c = run(run_words, w, on_terminal);

	for (int i = 0; i < w->argc; i++)
		free(w->argv[i]);
	return c;
}

struct capture slipway(const struct theatre *s, ...)
{
	struct words w;
	va_list ap;

	va_start(ap, s);
	collect(&w, s, ap);
	va_end(ap);
	return run_and_free(&w, false);
}

struct capture slipway_on_terminal(const struct theatre *s, ...)
{
	struct words w;
	va_list ap;

	va_start(ap, s);
	collect(&w, s, ap);
	va_end(ap);
	return run_and_free(&w, true);
}
