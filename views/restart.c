#include "views/restart.h"

#include "backend/base/mem.h"

enum { STAYED_UP_MS = 60 * 1000 };

static const int pauses_ms[] = { 2000, 5000, 20000 };

static void plan(struct restart *r, int64_t now_ms)
{
	r->given_up = r->tries >= (int)ARRAY_LEN(pauses_ms);
	r->due_ms = r->given_up ? 0 : now_ms + pauses_ms[r->tries];
}

void restart_down(struct restart *r, int64_t now_ms)
{
	/* It comes again with every attempt to connect. */
	if (!r->allowed || r->lost)
		return;
	r->lost = true;
	if (now_ms - r->up_ms >= STAYED_UP_MS)
		r->tries = 0;
	plan(r, now_ms);
}

bool restart_up(struct restart *r, int64_t now_ms)
{
	bool by_us = r->lost && r->tries > 0 && !r->given_up;

	r->lost = r->given_up = r->said = false;
	r->due_ms = 0;
	r->up_ms = now_ms;
	return by_us;
}

bool restart_due(struct restart *r, int64_t now_ms)
{
	if (!r->lost || r->under_way || !r->due_ms || now_ms < r->due_ms)
		return false;
	r->due_ms = 0;
	r->tries++;
	return r->under_way = true;
}

void restart_ended(struct restart *r, int64_t now_ms, const struct err *err)
{
	r->under_way = false;
	if (!r->lost)
		return;
	plan(r, now_ms);
	if (err && err->kind == ERR_REFUSED) {
		r->given_up = true;
		r->due_ms = 0;
	}
}

const char *restart_says(const struct restart *r)
{
	return r->lost && !r->given_up ? "it is started again" : "retrying, or: slipway engine start";
}

int64_t restart_next_ms(const struct restart *r, int64_t now_ms)
{
	return !r->due_ms ? -1 : r->due_ms > now_ms ? r->due_ms - now_ms : 0;
}
