#include "backend/engine/past.h"

#include <stdlib.h>

#include "backend/base/clock.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/engine/engine_priv.h"
#include "backend/engine/moment.h"

enum { SLICE_MS = 4, SLICE_ROWS = 20, KEEP_MS = 5 * 60 * 1000 };

struct ask { engine_then_fn fn; void *arg; struct ask *next; };

struct look {
	struct past *p;
	struct look *next;
	struct engine *then;
	int64_t at;
	int users;
	bool is_ready;
	struct ask *asks;                  /* in order, while it is not ready */
	struct loop_timer *timer;          /* the next slice; once it is ready, the end of keeping it */
};

struct past {
	struct engine *e;
	struct look *looks;
	struct look *kept;                 /* the one asked for last */
};

struct past *past_new(struct engine *e)
{
	struct past *p = mem_alloc(sizeof *p);

	p->e = e;
	return p;
}

static void look_free(struct look *l)
{
	struct look **at = &l->p->looks;

	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	if (l->p->kept == l)
		l->p->kept = NULL;
	loop_timer_free(l->timer);
	moment_free(l->then);
	free(l);
}

/* Nobody has it, waits for it, or may soon ask for it again. */
static void drop_unused(struct past *p)
{
	struct look *next;

	for (struct look *l = p->looks; l; l = next) {
		next = l->next;
		if (l != p->kept && !l->users && !l->asks)
			look_free(l);
	}
}

/* An ask may ask for more while it is told. */
static void tell(struct look *l, const struct err *err)
{
	struct ask *asks = l->asks, *next;

	l->asks = NULL;
	for (struct ask *ask = asks; ask; ask = next) {
		next = ask->next;
		l->users += !err;
		ask->fn(ask->arg, err ? NULL : l->then, err);
		free(ask);
	}
}

static void fail(struct look *l, const struct err *err)
{
	struct err why = *err;

	err_wrap(&why, "look back");
	if (l->p->kept == l)
		l->p->kept = NULL;
	tell(l, &why);
	drop_unused(l->p);
}

/* false on failure */
static bool read_slice(struct look *l, bool *ret_end, struct err *err)
{
	int64_t until = clock_mono_ms() + SLICE_MS;

	do {
		if (!store_view_read(l->then->store, l->p->e->store, l->at, SLICE_ROWS, ret_end, err))
			return false;
	} while (!*ret_end && clock_mono_ms() < until);
	return true;
}

static void turn(void *arg)
{
	struct look *l = arg;
	struct err err = { 0 };
	bool end = false;

	if (l->is_ready) {
		l->p->kept = NULL;
		drop_unused(l->p);
	} else if (!read_slice(l, &end, &err)) {
		fail(l, &err);
	} else if (end) {
		l->is_ready = true;
		moment_configure(l->then, l->p->e);
		loop_timer_set(l->timer, KEEP_MS);
		tell(l, NULL);
	} else {
		loop_timer_set(l->timer, 0);
	}
}

static struct look *look_new(struct past *p, int64_t at, struct err *err)
{
	struct engine *then = NULL;
	struct look *l;

	if (!moment_new(p->e, &then, err))
		return NULL;
	l = mem_alloc(sizeof *l);
	*l = (struct look){ .p = p, .next = p->looks, .then = then, .at = at };
	then->past_at = at;
	l->timer = loop_timer_new(p->e->loop, turn, l);
	p->looks = l;
	return l;
}

/* The one for that moment, or one that can go on to it, or a new one. */
static struct look *find(struct past *p, int64_t at, struct err *err)
{
	struct look *l = p->kept;

	for (struct look *other = p->looks; other; other = other->next)
		if (other->at == at)
			return other;
	if (!l || l->users || !l->is_ready || l->at > at)
		return look_new(p, at, err);
	l->at = l->then->past_at = at;
	l->is_ready = false;
	return l;
}

void engine_at(struct engine *e, int64_t at, engine_then_fn fn, void *arg)
{
	struct past *p = e->past;
	struct err err = { 0 };
	struct look *l = find(p, at, &err);
	struct ask **last, *ask;

	if (!l) {
		fn(arg, NULL, &err);
		return;
	}
	p->kept = l;
	ask = mem_alloc(sizeof *ask);
	*ask = (struct ask){ .fn = fn, .arg = arg };
	for (last = &l->asks; *last; last = &(*last)->next)
		continue;
	*last = ask;
	l->is_ready = false;
	loop_timer_set(l->timer, 0);
	drop_unused(p);
}

void engine_then_done(struct engine *e, struct engine *then)
{
	for (struct look *l = e->past->looks; l; l = l->next)
		if (l->then == then)
			l->users--;
	drop_unused(e->past);
}

void past_reconfigure(struct past *p)
{
	for (struct look *l = p->looks; l; l = l->next)
		moment_configure(l->then, p->e);
}

void past_free(struct past *p)
{
	struct err err = { 0 };

	if (!p)
		return;
	err_set(&err, ERR_UNREACHABLE, "the engine ends");
	p->kept = NULL;
	while (p->looks) {
		tell(p->looks, &err);
		look_free(p->looks);
	}
	free(p);
}
