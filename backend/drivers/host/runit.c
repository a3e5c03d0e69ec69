#include "backend/drivers/host/runit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/base/file.h"
#include "backend/base/mem.h"

#define ENDING "ending"
#define SAFE_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

enum { SCRIPT_MAX = 1024 * 1024, STATUS_SIZE = 20 };

/*
 * The pid stays the same through the exec, so `finish` knows the group to end (chpst -P makes the program a session
 * leader). What it prints goes to the log: runit_tail knows from it that nothing more comes.
 */
static const char finish_script[] =
	"#!/bin/sh\n"
	"exec 2>/dev/null\n"
	"read -r pid <pid && kill -s KILL -- \"-$pid\"\n"
	"rm -f pid\n"
	"if [ \"$1\" = -1 ]; then echo \"slipway: killed by signal $2\"; else echo \"slipway: exited with $1\"; fi\n"
	"printf '%s %s\\n' \"$1\" \"$2\" >exit.part && mv exit.part exit\n";

static const char log_config[] = "s1000000\nn5\n";

/* 'it'\''s': the only way to hold any byte but NUL in a word of sh. */
static void add_quoted(struct buf *out, const char *word)
{
	buf_add_text(out, "'");
	for (const char *p = word; *p; p++) {
		if (*p == '\'')
			buf_add_text(out, "'\\''");
		else
			buf_add(out, p, 1);
	}
	buf_add_text(out, "'");
}

/*
 * Aside and renamed, but not synced: an fsync for each variable would hold the loop. What a power cut leaves is compared
 * and written again by the next start.
 */
static bool replace(const char *path, const struct buf *text, mode_t mode, struct err *err)
{
	AUTO(mem_auto_free) char *part = mem_printf("%s.part", path);
	int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	bool ok = fd >= 0 && write(fd, text->data, text->len) == (ssize_t)text->len && fchmod(fd, mode) == 0;
	int number = errno;

	if (fd >= 0)
		close(fd);
	if (ok && rename(part, path) == 0)
		return true;
	number = ok ? errno : number;
	unlink(part);
	return err_errno(err, number, "write %s", path);
}

/* Writes the file unless it is that already. */
static bool write_if_new(const char *dir, const char *name, const struct buf *text, mode_t mode, bool *changed,
                         struct err *err)
{
	AUTO(mem_auto_free) char *path = file_join(dir, name);
	AUTO(buf_done) struct buf was = { 0 };

	if (file_read(path, SCRIPT_MAX, &was, NULL) && was.len == text->len && memcmp(was.data, text->data, was.len) == 0)
		return true;
	*changed = true;
	return replace(path, text, mode, err);
}

static bool write_text(const char *dir, const char *name, const char *text, mode_t mode, bool *changed,
                       struct err *err)
{
	AUTO(buf_done) struct buf b = { 0 };

	buf_init(&b, SCRIPT_MAX);
	buf_add_text(&b, text);
	return write_if_new(dir, name, &b, mode, changed, err);
}

static bool write_run(const struct runit_service *s, bool *changed, struct err *err)
{
	AUTO(buf_done) struct buf b = { 0 };
	const char *path = SAFE_PATH;

	for (size_t i = 0; i < s->nvars; i++)
		if (strcmp(s->vars[i].name, "PATH") == 0)
			path = s->vars[i].value;
	buf_init(&b, SCRIPT_MAX);
	buf_add_text(&b, "#!/bin/sh\n# Written by slipwayd; changes made here are lost.\nexec 2>&1\n");
	buf_add_text(&b, "echo $$ >pid\n: >started\necho ");
	buf_add_text(&b, "'slipway: starts '");
	add_quoted(&b, s->title);
	buf_printf(&b, "\n%sservice=$PWD\ncd ", s->prelude ? s->prelude : "");
	add_quoted(&b, s->run_dir);
	/* chpst finds a program without a slash in the PATH that it is started with. */
	buf_add_text(&b, " || exit 111\nexec env -i PATH=");
	add_quoted(&b, path);
	buf_add_text(&b, " /usr/bin/chpst -P -e \"$service/env\" --");
	for (const char *const *word = s->argv; *word; word++) {
		buf_add_text(&b, " ");
		add_quoted(&b, *word);
	}
	if (!buf_add_text(&b, "\n"))
		return err_set(err, ERR_TOO_BIG, "the start command is longer than %d bytes", SCRIPT_MAX);
	return write_if_new(s->dir, "run", &b, 0700, changed, err);
}

/* chpst takes a file's first line without trailing blanks, a NUL in it for a newline; an empty file unsets. */
static bool write_var(const char *dir, const struct host_var *var, bool *changed, struct err *err)
{
	AUTO(buf_done) struct buf b = { 0 };

	buf_init(&b, SCRIPT_MAX);
	if (!buf_printf(&b, "%s\n", var->value))
		return err_set(err, ERR_TOO_BIG, "the variable %s is longer than %d bytes", var->name, SCRIPT_MAX);
	for (size_t i = 0; i + 1 < b.len; i++)
		if (b.data[i] == '\n')
			b.data[i] = '\0';
	return write_if_new(dir, var->name, &b, 0600, changed, err);
}

static bool is_var(const struct runit_service *s, const char *name)
{
	for (size_t i = 0; i < s->nvars; i++)
		if (strcmp(s->vars[i].name, name) == 0)
			return true;
	return false;
}

static bool remove_old_vars(const char *dir, const struct runit_service *s, bool *changed)
{
	DIR *vars = opendir(dir);
	struct dirent *entry;

	while (vars && (entry = readdir(vars)))
		if (entry->d_name[0] != '.' && !is_var(s, entry->d_name)) {
			*changed = true;
			unlinkat(dirfd(vars), entry->d_name, 0);
		}
	return vars && closedir(vars) == 0;
}

static bool write_vars(const struct runit_service *s, bool *changed, struct err *err)
{
	AUTO(mem_auto_free) char *dir = file_join(s->dir, "env");

	if (!file_make_dirs(dir, 0700, err))
		return false;
	for (size_t i = 0; i < s->nvars; i++)
		if (!write_var(dir, &s->vars[i], changed, err))
			return false;
	return remove_old_vars(dir, s, changed) || err_errno(err, errno, "read %s", dir);
}

static bool write_log(const struct runit_service *s, struct err *err)
{
	AUTO(mem_auto_free) char *dir = file_join(s->dir, "log");
	AUTO(buf_done) struct buf run = { 0 };
	bool changed = false;

	buf_init(&run, SCRIPT_MAX);
	buf_add_text(&run, "#!/bin/sh\nexec env -i PATH=" SAFE_PATH " svlogd -tt ");
	add_quoted(&run, s->log_dir);
	buf_add_text(&run, "\n");
	return file_make_dirs(dir, 0700, err) && file_make_dirs(s->log_dir, 0700, err)
	       && write_text(s->log_dir, "config", log_config, 0600, &changed, err)
	       && write_if_new(dir, "run", &run, 0700, &changed, err);
}

bool runit_write(const struct runit_service *s, bool *ret_changed, struct err *err)
{
	bool changed = false;

	if (!file_make_dirs(s->dir, 0700, err) || !write_log(s, err) || !write_vars(s, &changed, err)
	    || !write_text(s->dir, "finish", finish_script, 0700, &changed, err)
	    || !write_text(s->dir, "down", "", 0600, &changed, err) || !write_run(s, &changed, err))
		return false;
	*ret_changed = changed;
	return true;
}

static void forget(const char *dir, const char *name)
{
	AUTO(mem_auto_free) char *path = file_join(dir, name);

	unlink(path);
}

struct launch *runit_supervise(struct launcher *launcher, const char *dir, launch_fn fn, void *arg)
{
	const char *const argv[] = { "runsv", dir, NULL };
	const char *const env[] = { "PATH=" SAFE_PATH, NULL };

	forget(dir, ENDING);
	return launcher_start(launcher, &(struct spawn){
		.argv = argv, .env = env, .dir = dir, .in = -1, .out = -1, .err = -1, .detached = true,
	}, fn, arg);
}

/* runsv holds these fifos open for reading: without a reader opening for writing fails (fifo(7)). */
static int open_fifo(const char *dir, const char *name)
{
	AUTO(mem_auto_free) char *path = mem_printf("%s/supervise/%s", dir, name);

	return open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
}

bool runit_control(const char *dir, char letter)
{
	AUTO(mem_auto_close) int fd = open_fifo(dir, "control");

	return fd >= 0 && write(fd, &letter, 1) == 1;
}

/*
 * runsv pauses for a second when its finish script was quick, before it exits; told to go up in that time it would start
 * the program without its log. Its status does not show that it was told to exit, so a file beside it does.
 */
bool runit_end(const char *dir)
{
	AUTO(mem_auto_free) char *path = file_join(dir, ENDING);
	struct buf empty = { .data = (char *)"" };

	if (!replace(path, &empty, 0600, NULL))
		return false;
	if (runit_control(dir, 'x'))
		return true;
	/* There is none yet: one that comes up now was told nothing. */
	unlink(path);
	return false;
}

/* supervise/status of runsv: TAI64N of the last change, pid (little endian), paused, want, got TERM, state. */
void runit_status(const char *dir, struct runit_status *ret)
{
	AUTO(mem_auto_free) char *path = file_join(dir, "supervise/status");
	AUTO(mem_auto_free) char *ending = file_join(dir, ENDING);
	AUTO(mem_auto_close) int ok = open_fifo(dir, "ok");
	AUTO(buf_done) struct buf b = { 0 };
	const unsigned char *p;

	*ret = (struct runit_status){ .supervised = ok >= 0 };
	if (!ret->supervised || !file_read(path, STATUS_SIZE, &b, NULL) || b.len != STATUS_SIZE)
		return;
	p = (const unsigned char *)b.data;
	ret->pid = (pid_t)(p[12] | (unsigned)p[13] << 8 | (unsigned)p[14] << 16 | (unsigned)p[15] << 24);
	ret->running = p[19] == 1 && ret->pid > 0;
	ret->finished = p[19] == 0;
	ret->wanted = p[17] == 'u';
	ret->ending = access(ending, F_OK) == 0;
	if (!ret->running)
		ret->pid = 0;
}

void runit_forget_exit(const char *dir)
{
	forget(dir, "exit");
}

static int64_t changed_ms(const char *dir, const char *name)
{
	AUTO(mem_auto_free) char *path = file_join(dir, name);
	struct stat st;

	if (stat(path, &st) != 0)
		return 0;
	return (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
}

bool runit_exit(const char *dir, struct runit_exit *ret)
{
	AUTO(mem_auto_free) char *path = file_join(dir, "exit");
	AUTO(buf_done) struct buf b = { 0 };
	struct runit_exit end = { 0 };

	if (!file_read(path, 64, &b, NULL) || sscanf(b.data, "%d %d", &end.code, &end.signo) != 2)
		return false;
	end.after_ms = changed_ms(dir, "exit") - changed_ms(dir, "started");
	*ret = end;
	return true;
}

char *runit_exit_text(const struct runit_exit *end)
{
	double seconds = (double)(end->after_ms < 0 ? 0 : end->after_ms) / 1000;

	if (end->code >= 0)
		return mem_printf("exited with %d after %.1f s", end->code, seconds);
	return mem_printf("was killed by signal %d (%s) after %.1f s", end->signo, strsignal(end->signo), seconds);
}

bool runit_end_orphan(const char *dir, const char *run_dir, int signo)
{
	AUTO(mem_auto_free) char *path = file_join(dir, "pid");
	AUTO(mem_auto_free) char *real = realpath(run_dir, NULL);
	AUTO(mem_auto_free) char *link = NULL;
	AUTO(mem_auto_free) char *cwd = NULL;
	AUTO(buf_done) struct buf b = { 0 };
	pid_t pid;

	if (!real || !file_read(path, 32, &b, NULL) || (pid = (pid_t)strtol(b.data, NULL, 10)) <= 1)
		return false;
	link = mem_printf("/proc/%d/cwd", (int)pid);
	cwd = realpath(link, NULL);
	/* The number may be another process's by now; the folder says whether it is still ours. */
	return cwd && strcmp(cwd, real) == 0 && kill(-pid, signo) == 0;
}
