#include "backend/base/worker.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/base/thread.h"

struct list { struct work *first, **last; };

struct worker {
	pthread_t thread;
	pthread_mutex_t lock;          /* over the lists and is_ending */
	pthread_cond_t more;
	struct list wanted, done;
	bool is_ending;
	int event;
	struct loop_io *io;
};

static void list_begin(struct list *l)
{
	l->first = NULL;
	l->last = &l->first;
}

static void list_put(struct list *l, struct work *work)
{
	work->next = NULL;
	*l->last = work;
	l->last = &work->next;
}

static struct work *list_take(struct list *l)
{
	struct work *work = l->first;

	if (!work)
		return NULL;
	l->first = work->next;
	if (!l->first)
		l->last = &l->first;
	return work;
}

static void *run(void *arg)
{
	struct worker *w = arg;
	uint64_t one = 1;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		struct work *work;

		while (!w->wanted.first && !w->is_ending)
			pthread_cond_wait(&w->more, &w->lock);
		work = list_take(&w->wanted);
		if (!work)
			break;
		pthread_mutex_unlock(&w->lock);
		work->work(work->arg);
		pthread_mutex_lock(&w->lock);
		list_put(&w->done, work);
		/* The counter is full only when nobody hears; then it says so already. */
		if (write(w->event, &one, sizeof one) < 0)
			continue;
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static struct work *take_done(struct worker *w)
{
	struct work *work;

	pthread_mutex_lock(&w->lock);
	work = list_take(&w->done);
	pthread_mutex_unlock(&w->lock);
	return work;
}

/* What follows from it may take its time: the next has a turn of its own. */
static void one_is_done(int fd, int events, void *arg)
{
	struct work *work;
	uint64_t one;

	(void)events;
	if (read(fd, &one, sizeof one) == sizeof one && (work = take_done(arg)))
		work->done(work->arg);
}

bool worker_new(struct loop *loop, const char *what, struct worker **ret, struct err *err)
{
	struct worker *w;
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);

	if (event < 0)
		return err_errno(err, errno, "make an event counter");
	w = mem_alloc(sizeof *w);
	w->event = event;
	list_begin(&w->wanted);
	list_begin(&w->done);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->more, NULL);
	if (!thread_start(&w->thread, run, w, what, err)) {
		close(event);
		free(w);
		return false;
	}
	w->io = loop_io_new_named(loop, event, LOOP_READ, one_is_done, w, what);
	*ret = w;
	return true;
}

void worker_free(struct worker *w)
{
	struct work *work;

	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->is_ending = true;
	pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	while ((work = list_take(&w->done)))
		work->done(work->arg);
	loop_io_free(w->io);
	close(w->event);
	pthread_cond_destroy(&w->more);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

void worker_do(struct worker *w, struct work *work)
{
	pthread_mutex_lock(&w->lock);
	list_put(&w->wanted, work);
	pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
}
