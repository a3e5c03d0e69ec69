#include "backend/store/syncer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "backend/base/mem.h"
#include "backend/base/thread.h"

struct ask { struct ask *next; int fd; bool whole; int64_t number; };

struct syncer {
	pthread_t thread;
	pthread_mutex_t lock;          /* over all that follows, but for what the thread has taken */
	pthread_cond_t work, progress;
	struct ask *asks, **last;
	int64_t asked, done;
	int error;
	bool is_ending;
	int event;
};

/* Takes off the first ask and those behind it for the same file; the last of them tells of all. */
static struct ask *take(struct syncer *s)
{
	struct ask *first = s->asks, *next;

	while ((next = first->next) && next->fd == first->fd) {
		next->whole |= first->whole;
		free(first);
		first = next;
	}
	s->asks = first->next;
	if (!s->asks)
		s->last = &s->asks;
	return first;
}

static int bring(const struct ask *ask)
{
	int result;

	do {
		result = ask->whole ? fsync(ask->fd) : fdatasync(ask->fd);
	} while (result != 0 && errno == EINTR);
	return result == 0 ? 0 : errno;
}

static void tell(struct syncer *s)
{
	uint64_t one = 1;

	pthread_cond_broadcast(&s->progress);
	/* The counter is full only when nobody hears; then it says so already. */
	if (write(s->event, &one, sizeof one) < 0)
		return;
}

static void *work(void *arg)
{
	struct syncer *s = arg;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		struct ask *ask;
		int error;

		while (!s->asks && !s->is_ending)
			pthread_cond_wait(&s->work, &s->lock);
		if (!s->asks)
			break;
		ask = take(s);
		error = s->error;
		pthread_mutex_unlock(&s->lock);
		if (!error)
			error = bring(ask);
		pthread_mutex_lock(&s->lock);
		if (error)
			s->error = error;
		else
			s->done = ask->number;
		free(ask);
		tell(s);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static void destroy(struct syncer *s)
{
	close(s->event);
	pthread_cond_destroy(&s->work);
	pthread_cond_destroy(&s->progress);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

bool syncer_new(struct syncer **ret, struct err *err)
{
	struct syncer *s = mem_alloc(sizeof *s);

	s->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->event < 0) {
		free(s);
		return err_errno(err, errno, "make an event counter");
	}
	s->last = &s->asks;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->work, NULL);
	pthread_cond_init(&s->progress, NULL);
	if (!thread_start(&s->thread, work, s, "brings the journal to the disk", err)) {
		destroy(s);
		return false;
	}
	*ret = s;
	return true;
}

void syncer_free(struct syncer *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->is_ending = true;
	pthread_cond_signal(&s->work);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	destroy(s);
}

int64_t syncer_ask(struct syncer *s, int fd, bool whole)
{
	struct ask *ask = mem_alloc(sizeof *ask);
	int64_t number;

	pthread_mutex_lock(&s->lock);
	number = ++s->asked;
	*ask = (struct ask){ .fd = fd, .whole = whole, .number = number };
	*s->last = ask;
	s->last = &ask->next;
	pthread_cond_signal(&s->work);
	pthread_mutex_unlock(&s->lock);
	return number;
}

/* Only the asking thread changes it. */
int64_t syncer_asked(const struct syncer *s)
{
	return s->asked;
}

int64_t syncer_done(struct syncer *s, int *ret_errno)
{
	int64_t done;

	pthread_mutex_lock(&s->lock);
	done = s->done;
	if (ret_errno)
		*ret_errno = s->error;
	pthread_mutex_unlock(&s->lock);
	return done;
}

bool syncer_wait(struct syncer *s, int64_t number)
{
	bool ok;

	pthread_mutex_lock(&s->lock);
	while (s->done < number && !s->error)
		pthread_cond_wait(&s->progress, &s->lock);
	ok = s->done >= number;
	pthread_mutex_unlock(&s->lock);
	return ok;
}

int syncer_fd(const struct syncer *s)
{
	return s->event;
}

void syncer_heard(struct syncer *s)
{
	uint64_t count;

	/* Nothing to read: it was heard already. */
	if (read(s->event, &count, sizeof count) < 0)
		return;
}
