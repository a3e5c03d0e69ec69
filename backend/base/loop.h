/*
 * loop: the one event loop of a process (libevent underneath, seen here and in backend/api/server.c only).
 *
 * Made in main and passed down. Callbacks never block; what outlives a callback keeps an id and looks it up again.
 * A callback may free the very source it was called for. Times are milliseconds. Sources carry the name of their
 * callback, by which the watchdog tells what held the loop.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct loop;
struct loop_io;
struct loop_timer;
struct loop_signal;

enum { LOOP_READ = 1, LOOP_WRITE = 2 };

typedef void (*loop_io_fn)(int fd, int events, void *arg);
typedef void (*loop_fn)(void *arg);
/* Called after something held the loop for longer than the limit; `what` is the callback's name. */
typedef void (*loop_slow_fn)(int64_t ms, const char *what, void *arg);

/* When a piece of work began. `starved_ms`: how long our thread had been kept off the processor by others until then. */
struct loop_mark { int64_t began_ms, starved_ms; };

struct loop *loop_new(void);
/* For descriptors of any kind: a file or /dev/null, which epoll takes none of, is always ready. */
struct loop *loop_new_for_files(void);
void loop_free(struct loop *loop);
void loop_run(struct loop *loop);              /* until loop_stop, or until nothing is left to wait for */
void loop_stop(struct loop *loop);
/*
 * Counts what holds the loop for more than `limit_ms`, computing or blocked. Time in which we were ready to run and
 * other programs had the processor (Linux tells it) is not held against us. Called by the thread that runs the loop.
 */
void loop_watchdog(struct loop *loop, int64_t limit_ms, loop_slow_fn fn, void *arg);
uint64_t loop_slow_count(const struct loop *loop);
/* For work that libevent's own parts start (the HTTP server): a mark before it, and after it the watchdog's judgement. */
struct loop_mark loop_begin(const struct loop *loop);
void loop_account(struct loop *loop, struct loop_mark mark, const char *what);
struct event_base *loop_base(struct loop *loop);

/* Watches a descriptor that stays the caller's; freeing the watch does not close it. */
#define loop_io_new(loop, fd, events, fn, arg) loop_io_new_named(loop, fd, events, fn, arg, #fn)
struct loop_io *loop_io_new_named(struct loop *loop, int fd, int events, loop_io_fn fn, void *arg, const char *name);
void loop_io_set(struct loop_io *io, int events);      /* 0: pause */
void loop_io_free(struct loop_io *io);

/* Fires once after `ms`; set again to repeat. Not armed when new. */
#define loop_timer_new(loop, fn, arg) loop_timer_new_named(loop, fn, arg, #fn)
struct loop_timer *loop_timer_new_named(struct loop *loop, loop_fn fn, void *arg, const char *name);
void loop_timer_set(struct loop_timer *timer, int64_t ms);
void loop_timer_stop(struct loop_timer *timer);
bool loop_timer_armed(const struct loop_timer *timer);
void loop_timer_free(struct loop_timer *timer);

#define loop_signal_new(loop, signo, fn, arg) loop_signal_new_named(loop, signo, fn, arg, #fn)
struct loop_signal *loop_signal_new_named(struct loop *loop, int signo, loop_fn fn, void *arg, const char *name);
void loop_signal_free(struct loop_signal *signal);

#endif
