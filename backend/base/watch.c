#include "backend/base/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "backend/base/loop.h"
#include "backend/base/mem.h"

struct watch {
	int fd;
	struct loop_io *io;
	watch_fn fn;
	void *arg;
	bool is_busy;      /* the callback is under way */
	bool is_freed;     /* by the callback: freed when it returns */
};

static void readable(int fd, int events, void *arg)
{
	struct watch *w = arg;
	char data[8192] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n;

	(void)events;
	w->is_busy = true;
	while (!w->is_freed && (n = read(fd, data, sizeof data)) > 0) {
		for (char *p = data; !w->is_freed && p < data + n;) {
			const struct inotify_event *event = (const struct inotify_event *)p;

			w->fn(w->arg, event->len ? event->name : "");
			p += sizeof *event + event->len;
		}
	}
	w->is_busy = false;
	if (w->is_freed)
		watch_free(w);
}

bool watch_new(struct loop *loop, const char *dir, watch_fn fn, void *arg, struct watch **ret, struct err *err)
{
	struct watch *w;
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (fd < 0)
		return err_errno(err, errno, "watch %s", dir);
	if (inotify_add_watch(fd, dir, IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE) < 0) {
		int number = errno;

		close(fd);
		return err_errno(err, number, "watch %s", dir);
	}
	w = mem_alloc(sizeof *w);
	*w = (struct watch){ .fd = fd, .fn = fn, .arg = arg };
	w->io = loop_io_new(loop, fd, LOOP_READ, readable, w);
	*ret = w;
	return true;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	w->is_freed = true;
	if (w->is_busy)
		return;
	loop_io_free(w->io);
	close(w->fd);
	free(w);
}
