#include "backend/base/saver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/file.h"
#include "backend/base/mem.h"
#include "backend/base/worker.h"

struct save {
	struct work work;
	struct saver *saver;
	char *path;
	char *data;                    /* NULL: the file is removed */
	size_t len;
	mode_t mode;
	saver_fn fn;                   /* the thread does not look at it; NULL: forgotten */
	void *arg;
	struct err err;
};

struct saver {
	struct worker *worker;
	int pending;                   /* asked for and not told; the thread does not look at it */
	bool is_ending;                /* nor at this */
	void (*idle_fn)(void *arg);
	void *idle_arg;
};

static void save_free(struct save *save)
{
	free(save->path);
	free(save->data);
	free(save);
}

static bool remove_file(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	AUTO(mem_auto_free) char *folder = slash ? mem_dupn(path, (size_t)(slash - path) + 1) : mem_dup(".");

	if (unlink(path) == 0)
		return file_sync_dir(folder, err);
	return errno == ENOENT || err_errno(err, errno, "remove %s", path);
}

static void carry_out(void *arg)
{
	struct save *save = arg;

	if (save->data)
		file_write_atomic(save->path, save->data, save->len, save->mode, &save->err);
	else
		remove_file(save->path, &save->err);
}

static void is_done(void *arg)
{
	struct save *save = arg;
	struct saver *s = save->saver;

	s->pending--;
	if (save->fn && !s->is_ending)
		save->fn(save->arg, save->err.kind ? &save->err : NULL);
	save_free(save);
	if (!s->pending && s->idle_fn && !s->is_ending)
		s->idle_fn(s->idle_arg);
}

bool saver_new(struct loop *loop, struct saver **ret, struct err *err)
{
	struct saver *s = mem_alloc(sizeof *s);

	if (!worker_new(loop, "saves files", &s->worker, err)) {
		free(s);
		return false;
	}
	*ret = s;
	return true;
}

void saver_free(struct saver *s)
{
	if (!s)
		return;
	s->is_ending = true;
	worker_free(s->worker);
	free(s);
}

static struct save *ask(struct saver *s, struct save save)
{
	struct save *kept = mem_alloc(sizeof *kept);

	*kept = save;
	kept->saver = s;
	kept->work = (struct work){ .work = carry_out, .done = is_done, .arg = kept };
	s->pending++;
	worker_do(s->worker, &kept->work);
	return kept;
}

struct save *saver_write(struct saver *s, const char *path, const void *data, size_t len, mode_t mode, saver_fn fn,
                         void *arg)
{
	char *copy = mem_alloc(len + 1);

	memcpy(copy, data, len);
	return ask(s, (struct save){ .path = mem_dup(path), .data = copy, .len = len, .mode = mode, .fn = fn, .arg = arg });
}

struct save *saver_remove(struct saver *s, const char *path, saver_fn fn, void *arg)
{
	return ask(s, (struct save){ .path = mem_dup(path), .fn = fn, .arg = arg });
}

bool saver_is_idle(const struct saver *s)
{
	return !s->pending;
}

void saver_on_idle(struct saver *s, void (*fn)(void *arg), void *arg)
{
	s->idle_fn = fn;
	s->idle_arg = arg;
}

void save_forget(struct save *save)
{
	if (save)
		save->fn = NULL;
}
