#include "backend/base/saver.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "backend/base/file.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/base/thread.h"

struct save {
	struct save *next;
	char *path;
	char *data;                    /* NULL: the file is removed */
	size_t len;
	mode_t mode;
	saver_fn fn;                   /* the thread does not look at it; NULL: forgotten */
	void *arg;
	struct err err;
};

struct list { struct save *first, **last; };

struct saver {
	pthread_t thread;
	pthread_mutex_t lock;          /* over the lists and is_ending */
	pthread_cond_t work;
	struct list wanted, done;
	bool is_ending;
	int event;
	struct loop_io *io;
	int pending;                   /* asked for and not told; the thread does not look at it */
	void (*idle_fn)(void *arg);
	void *idle_arg;
};

static void list_begin(struct list *l)
{
	l->first = NULL;
	l->last = &l->first;
}

static void list_put(struct list *l, struct save *save)
{
	save->next = NULL;
	*l->last = save;
	l->last = &save->next;
}

static struct save *list_take(struct list *l)
{
	struct save *save = l->first;

	if (!save)
		return NULL;
	l->first = save->next;
	if (!l->first)
		l->last = &l->first;
	return save;
}

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

static void carry_out(struct save *save)
{
	if (save->data)
		file_write_atomic(save->path, save->data, save->len, save->mode, &save->err);
	else
		remove_file(save->path, &save->err);
}

static void *work(void *arg)
{
	struct saver *s = arg;
	uint64_t one = 1;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		struct save *save;

		while (!s->wanted.first && !s->is_ending)
			pthread_cond_wait(&s->work, &s->lock);
		save = list_take(&s->wanted);
		if (!save)
			break;
		pthread_mutex_unlock(&s->lock);
		carry_out(save);
		pthread_mutex_lock(&s->lock);
		list_put(&s->done, save);
		/* The counter is full only when nobody hears; then it says so already. */
		if (write(s->event, &one, sizeof one) < 0)
			continue;
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static struct save *take_done(struct saver *s)
{
	struct save *save;

	pthread_mutex_lock(&s->lock);
	save = list_take(&s->done);
	pthread_mutex_unlock(&s->lock);
	return save;
}

/* One a turn of the loop: what follows from it may take its time. */
static void one_is_done(int fd, int events, void *arg)
{
	struct saver *s = arg;
	struct save *save;
	uint64_t one;

	(void)events;
	if (read(fd, &one, sizeof one) < 0 || !(save = take_done(s)))
		return;
	s->pending--;
	if (save->fn)
		save->fn(save->arg, save->err.kind ? &save->err : NULL);
	save_free(save);
	if (!s->pending && s->idle_fn)
		s->idle_fn(s->idle_arg);
}

bool saver_new(struct loop *loop, struct saver **ret, struct err *err)
{
	struct saver *s;
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);

	if (event < 0)
		return err_errno(err, errno, "make an event counter");
	s = mem_alloc(sizeof *s);
	s->event = event;
	list_begin(&s->wanted);
	list_begin(&s->done);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->work, NULL);
	if (!thread_start(&s->thread, work, s, "saves files", err)) {
		close(event);
		free(s);
		return false;
	}
	s->io = loop_io_new(loop, event, LOOP_READ, one_is_done, s);
	*ret = s;
	return true;
}

void saver_free(struct saver *s)
{
	struct save *save;

	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->is_ending = true;
	pthread_cond_signal(&s->work);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	while ((save = list_take(&s->done)))
		save_free(save);
	loop_io_free(s->io);
	close(s->event);
	pthread_cond_destroy(&s->work);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static struct save *ask(struct saver *s, struct save save)
{
	struct save *kept = mem_alloc(sizeof *kept);

	*kept = save;
	s->pending++;
	pthread_mutex_lock(&s->lock);
	list_put(&s->wanted, kept);
	pthread_cond_signal(&s->work);
	pthread_mutex_unlock(&s->lock);
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
