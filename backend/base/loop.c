#include "backend/base/loop.h"

#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include "backend/base/clock.h"
#include "backend/base/mem.h"

struct loop {
	struct event_base *base;
	int64_t limit_ms;
	loop_slow_fn slow_fn;
	void *slow_arg;
	uint64_t slow;
	int schedstat;                     /* the kernel's account of our thread; -1 without one */
};

struct loop_io {
	struct loop *loop;
	struct event *event;
	int fd;
	int events;
	loop_io_fn fn;
	void *arg;
	const char *name;
};

struct loop_timer {
	struct loop *loop;
	struct event *event;
	loop_fn fn;
	void *arg;
	const char *name;
};

struct loop_signal {
	struct loop *loop;
	struct event *event;
	loop_fn fn;
	void *arg;
	const char *name;
};

static struct loop *loop_with(struct event_base *base)
{
	struct loop *loop = mem_alloc(sizeof *loop);

	loop->base = base;
	if (!loop->base)
		abort();
	loop->schedstat = -1;
	return loop;
}

struct loop *loop_new(void)
{
	return loop_with(event_base_new());
}

struct loop *loop_new_for_files(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base;

	if (!config || event_config_require_features(config, EV_FEATURE_FDS) != 0)
		abort();
	base = event_base_new_with_config(config);
	event_config_free(config);
	return loop_with(base);
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	event_base_free(loop->base);
	mem_auto_close(&loop->schedstat);
	free(loop);
}

void loop_run(struct loop *loop)
{
	event_base_dispatch(loop->base);
}

void loop_stop(struct loop *loop)
{
	event_base_loopbreak(loop->base);
}

void loop_watchdog(struct loop *loop, int64_t limit_ms, loop_slow_fn fn, void *arg)
{
	loop->limit_ms = limit_ms;
	loop->slow_fn = fn;
	loop->slow_arg = arg;
	if (loop->schedstat < 0)
		loop->schedstat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
}

uint64_t loop_slow_count(const struct loop *loop)
{
	return loop->slow;
}

struct event_base *loop_base(struct loop *loop)
{
	return loop->base;
}

/* The second figure of schedstat: nanoseconds ready to run, but waiting for a processor. */
static int64_t starved_ms(const struct loop *loop)
{
	char text[96];
	ssize_t n = loop->schedstat < 0 ? -1 : pread(loop->schedstat, text, sizeof text - 1, 0);
	char *second;

	if (n <= 0)
		return 0;
	text[n] = '\0';
	strtoll(text, &second, 10);
	return strtoll(second, NULL, 10) / 1000000;
}

struct loop_mark loop_begin(const struct loop *loop)
{
	if (!loop->limit_ms)
		return (struct loop_mark){ 0 };
	return (struct loop_mark){ .began_ms = clock_mono_ms(), .starved_ms = starved_ms(loop) };
}

void loop_account(struct loop *loop, struct loop_mark mark, const char *what)
{
	int64_t took_ms;

	if (!loop->limit_ms)
		return;
	took_ms = clock_mono_ms() - mark.began_ms;
	if (took_ms > loop->limit_ms)
		took_ms -= starved_ms(loop) - mark.starved_ms;
	if (took_ms <= loop->limit_ms)
		return;
	loop->slow++;
	if (loop->slow_fn)
		loop->slow_fn(took_ms, what, loop->slow_arg);
}

static void io_fired(evutil_socket_t fd, short what, void *arg)
{
	struct loop_io *io = arg;
	struct loop *loop = io->loop;      /* the callback may free io */
	const char *name = io->name;
	struct loop_mark mark = loop_begin(loop);

	io->fn(fd, ((what & EV_READ) ? LOOP_READ : 0) | ((what & EV_WRITE) ? LOOP_WRITE : 0), io->arg);
	loop_account(loop, mark, name);
}

struct loop_io *loop_io_new_named(struct loop *loop, int fd, int events, loop_io_fn fn, void *arg, const char *name)
{
	struct loop_io *io = mem_alloc(sizeof *io);

	*io = (struct loop_io){ .loop = loop, .fd = fd, .fn = fn, .arg = arg, .name = name };
	loop_io_set(io, events);
	return io;
}

void loop_io_set(struct loop_io *io, int events)
{
	short what = EV_PERSIST;

	if (events == io->events)
		return;
	if (io->event)
		event_free(io->event);
	io->event = NULL;
	io->events = events;
	if (!events)
		return;
	if (events & LOOP_READ)
		what |= EV_READ;
	if (events & LOOP_WRITE)
		what |= EV_WRITE;
	io->event = event_new(io->loop->base, io->fd, what, io_fired, io);
	if (!io->event || event_add(io->event, NULL) != 0)
		abort();
}

void loop_io_free(struct loop_io *io)
{
	if (!io)
		return;
	if (io->event)
		event_free(io->event);
	free(io);
}

static void timer_fired(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *timer = arg;
	struct loop *loop = timer->loop;
	const char *name = timer->name;
	struct loop_mark mark = loop_begin(loop);

	(void)fd;
	(void)what;
	timer->fn(timer->arg);
	loop_account(loop, mark, name);
}

struct loop_timer *loop_timer_new_named(struct loop *loop, loop_fn fn, void *arg, const char *name)
{
	struct loop_timer *timer = mem_alloc(sizeof *timer);

	*timer = (struct loop_timer){ .loop = loop, .fn = fn, .arg = arg, .name = name };
	timer->event = event_new(loop->base, -1, 0, timer_fired, timer);
	if (!timer->event)
		abort();
	return timer;
}

void loop_timer_set(struct loop_timer *timer, int64_t ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000 };

	event_add(timer->event, &tv);
}

void loop_timer_stop(struct loop_timer *timer)
{
	event_del(timer->event);
}

bool loop_timer_armed(const struct loop_timer *timer)
{
	return event_pending(timer->event, EV_TIMEOUT, NULL);
}

void loop_timer_free(struct loop_timer *timer)
{
	if (!timer)
		return;
	event_free(timer->event);
	free(timer);
}

static void signal_fired(evutil_socket_t fd, short what, void *arg)
{
	struct loop_signal *signal = arg;
	struct loop *loop = signal->loop;
	const char *name = signal->name;
	struct loop_mark mark = loop_begin(loop);

	(void)fd;
	(void)what;
	signal->fn(signal->arg);
	loop_account(loop, mark, name);
}

struct loop_signal *loop_signal_new_named(struct loop *loop, int signo, loop_fn fn, void *arg, const char *name)
{
	struct loop_signal *signal = mem_alloc(sizeof *signal);

	*signal = (struct loop_signal){ .loop = loop, .fn = fn, .arg = arg, .name = name };
	signal->event = evsignal_new(loop->base, signo, signal_fired, signal);
	if (!signal->event || event_add(signal->event, NULL) != 0)
		abort();
	return signal;
}

void loop_signal_free(struct loop_signal *signal)
{
	if (!signal)
		return;
	event_free(signal->event);
	free(signal);
}
