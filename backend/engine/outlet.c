#include "backend/engine/outlet.h"

#include <stdlib.h>

#include "backend/base/log.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/base/saver.h"
#include "backend/engine/engine_priv.h"

struct waiter { struct waiter *next; int64_t mark; engine_kept_fn fn; void *arg; };

struct news { struct news *next; int64_t mark; char *event; json_t *data; };     /* event NULL: a row */

struct outlet {
	struct engine *e;
	struct loop_io *io;
	struct loop_timer *later;      /* the rest of the waiters: each may have much to do */
	struct waiter *waiters, **last_waiter;
	struct news *news, **last_news;
	bool has_failed;               /* the disk; it was said */
};

static void tell(struct engine *e, const char *event, const json_t *data)
{
	if (event && e->event_fn)
		e->event_fn(e->listen_arg, event, data);
	else if (!event && e->row_fn)
		e->row_fn(e->listen_arg, data);
}

static void news_free(struct news *n)
{
	free(n->event);
	json_decref(n->data);
	free(n);
}

static struct news *take_news(struct outlet *o)
{
	struct news *n = o->news;

	o->news = n->next;
	if (!o->news)
		o->last_news = &o->news;
	return n;
}

static void let_out(struct outlet *o)
{
	struct news *n = take_news(o);

	tell(o->e, n->event, n->data);
	news_free(n);
}

/* It may wait again. */
static void call(struct outlet *o, const struct err *err)
{
	struct waiter *w = o->waiters;

	o->waiters = w->next;
	if (!o->waiters)
		o->last_waiter = &o->waiters;
	w->fn(w->arg, err);
	free(w);
}

/* The last row that the engine could write is told of all the same: what was done is seen, and a change is refused. */
static void fail(struct outlet *o, const struct err *err)
{
	if (!o->has_failed)
		log_line(LOG_LEVEL_ERROR, "the journal: %s", err->text);
	o->has_failed = true;
	while (o->news)
		let_out(o);
	while (o->waiters)
		call(o, err);
}

static void flush(struct outlet *o)
{
	struct store *s = o->e->store;
	struct err err = { 0 };

	while (o->news && saver_is_idle(o->e->saver) && store_is_kept(s, o->news->mark, &err))
		let_out(o);
	if (o->waiters && saver_is_idle(o->e->saver) && store_is_kept(s, o->waiters->mark, &err)) {
		call(o, NULL);
		if (o->waiters)
			loop_timer_set(o->later, 0);
	}
	if (err.kind)
		fail(o, &err);
}

static bool is_anything_running(const struct engine *e)
{
	for (size_t i = 0; i < e->nenvironments; i++)
		if (e->environments[i]->run)
			return true;
	return false;
}

static void more_is_kept(int fd, int events, void *arg)
{
	struct outlet *o = arg;

	(void)fd;
	(void)events;
	store_heard(o->e->store);
	flush(o);
	if (!is_anything_running(o->e))
		store_rest(o->e->store);
}

/* In a turn of its own: the last file's may have been a long one. */
static void files_are_saved(void *arg)
{
	struct outlet *o = arg;

	loop_timer_set(o->later, 0);
}

static void flush_rest(void *arg)
{
	flush(arg);
}

struct outlet *outlet_new(struct engine *e)
{
	struct outlet *o = mem_alloc(sizeof *o);

	o->e = e;
	o->last_waiter = &o->waiters;
	o->last_news = &o->news;
	o->io = loop_io_new(e->loop, store_kept_fd(e->store), LOOP_READ, more_is_kept, o);
	o->later = loop_timer_new(e->loop, flush_rest, o);
	saver_on_idle(e->saver, files_are_saved, o);
	return o;
}

void outlet_free(struct outlet *o)
{
	struct err err = { 0 };

	if (!o)
		return;
	err_set(&err, ERR_UNREACHABLE, "the engine ends");
	while (o->waiters)
		call(o, &err);
	outlet_begin(o);
	saver_on_idle(o->e->saver, NULL, NULL);
	loop_timer_free(o->later);
	loop_io_free(o->io);
	free(o);
}

void outlet_begin(struct outlet *o)
{
	while (o->news)
		news_free(take_news(o));
}

static void put(struct outlet *o, const char *event, const json_t *data)
{
	struct news *n;

	if (engine_is_kept(o->e)) {
		tell(o->e, event, data);
		return;
	}
	n = mem_alloc(sizeof *n);
	*n = (struct news){ .mark = store_mark(o->e->store), .event = mem_dup(event), .data = json_deep_copy(data) };
	*o->last_news = n;
	o->last_news = &n->next;
}

void outlet_row(struct outlet *o, const json_t *row)
{
	put(o, NULL, row);
}

void outlet_event(struct outlet *o, const char *event, const json_t *data)
{
	put(o, event, data);
}

bool engine_is_kept(const struct engine *e)
{
	return !e->outlet || e->outlet->has_failed
		|| (!e->outlet->news && saver_is_idle(e->saver) && store_is_kept(e->store, store_mark(e->store), NULL));
}

void engine_when_kept(struct engine *e, engine_kept_fn fn, void *arg)
{
	struct outlet *o = e->outlet;
	struct waiter *w = mem_alloc(sizeof *w);

	*w = (struct waiter){ .mark = store_mark(e->store), .fn = fn, .arg = arg };
	*o->last_waiter = w;
	o->last_waiter = &w->next;
}

void engine_forget_kept(struct engine *e, const void *arg)
{
	struct outlet *o = e->outlet;

	for (struct waiter **at = o ? &o->waiters : NULL, *w; at && (w = *at);) {
		if (w->arg != arg) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		free(w);
	}
	if (!o)
		return;
	o->last_waiter = &o->waiters;
	while (*o->last_waiter)
		o->last_waiter = &(*o->last_waiter)->next;
}
