#include "views/safety.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/mem.h"

void safety_init(struct safety *s, bool read_only)
{
	*s = (struct safety){ .read_only = read_only };
}

void safety_done(struct safety *s)
{
	safety_disarm(s);
}

bool safety_is_armed(const struct safety *s, const char *app, const char *environment)
{
	return s->environment && app && environment && strcmp(s->app, app) == 0 &&
	       strcmp(s->environment, environment) == 0;
}

void safety_arm(struct safety *s, const char *app, const char *environment, int64_t now_ms)
{
	char *new_app = mem_dup(app), *new_environment = mem_dup(environment);

	safety_disarm(s);
	if (s->read_only) {
		free(new_app);
		free(new_environment);
		return;
	}
	s->app = new_app;
	s->environment = new_environment;
	s->until_ms = now_ms + SAFETY_ARMED_MS;
	s->key_ms = now_ms;
}

bool safety_disarm(struct safety *s)
{
	bool had = s->environment || safety_is_counting(s);

	free(s->app);
	free(s->environment);
	s->app = s->environment = NULL;
	intent_done(&s->pending);
	return had;
}

const char *safety_why(enum safety_cause cause)
{
	static const char *const whys[SAFETY_CAUSE_COUNT] = {
		"disarmed", "disarmed: five minutes have passed", "disarmed: no key for a minute",
		"disarmed: another environment was selected", "disarmed: the console was suspended",
		"disarmed: the terminal hung up", "disarmed: the engine's connection was lost",
	};

	return whys[cause];
}

void safety_key(struct safety *s, int64_t now_ms)
{
	s->key_ms = now_ms;
}

static const char *refusal(const struct safety *s, const struct intent *i, const struct safety_facts *f)
{
	if (s->read_only)
		return "this console is read-only (--read-only)";
	if (!f->fits)
		return "the screen is too small to show what would happen (60x15 at least)";
	if (!f->connected)
		return "the engine does not answer: nothing can be changed now";
	if (i->kind == INTENT_NONE)
		return "there is nothing to do here";
	return NULL;
}

/* Armed at this very moment, whether or not a tick has taken notice of the time. */
static bool armed_now(const struct safety *s, const struct intent *i, int64_t now_ms)
{
	return safety_is_armed(s, i->app, i->environment) && now_ms < s->until_ms &&
	       now_ms - s->key_ms < SAFETY_QUIET_MS;
}

enum safety_verdict safety_judge(const struct safety *s, const struct intent *i, const struct safety_facts *f,
                                 bool named, const char **ret_why)
{
	const char *why = refusal(s, i, f);

	if (why) {
		*ret_why = why;
		return SAFETY_REFUSE;
	}
	if (!i->is_protected)
		return f->stale && !named ? SAFETY_ASK : SAFETY_GO;
	if (named)
		return SAFETY_COUNT;
	if (f->stale)
		return SAFETY_ASK;
	return !i->needs_arming || armed_now(s, i, f->now_ms) ? SAFETY_COUNT : SAFETY_ASK;
}

void safety_count_down(struct safety *s, const struct intent *i, int64_t now_ms)
{
	intent_copy(&s->pending, i);
	s->fire_ms = now_ms + SAFETY_COUNTDOWN_MS;
	s->seen = false;
}

void safety_seen(struct safety *s, int64_t now_ms)
{
	if (!safety_is_counting(s) || s->seen)
		return;
	s->seen = true;
	s->fire_ms = now_ms + SAFETY_COUNTDOWN_MS;
}

bool safety_is_counting(const struct safety *s)
{
	return s->pending.kind != INTENT_NONE;
}

void safety_cancel(struct safety *s)
{
	intent_done(&s->pending);
}

int safety_seconds_left(const struct safety *s, int64_t now_ms)
{
	return now_ms >= s->fire_ms ? 0 : (int)((s->fire_ms - now_ms + 999) / 1000);
}

/* Armed until the earlier of the two limits. */
static int64_t armed_until(const struct safety *s)
{
	int64_t quiet_ms = s->key_ms + SAFETY_QUIET_MS;

	return quiet_ms < s->until_ms ? quiet_ms : s->until_ms;
}

int64_t safety_armed_left_ms(const struct safety *s, int64_t now_ms)
{
	return s->environment && now_ms < s->until_ms ? s->until_ms - now_ms : 0;
}

enum safety_event safety_tick(struct safety *s, int64_t now_ms, enum safety_cause *ret_cause,
                              struct intent *ret_intent)
{
	/* The countdown comes first: what ended before the arming did was still armed. */
	if (safety_is_counting(s) && (now_ms > s->fire_ms + SAFETY_LATE_MS || (now_ms >= s->fire_ms && !s->seen))) {
		safety_disarm(s);
		return SAFETY_MISSED;
	}
	if (safety_is_counting(s) && now_ms >= s->fire_ms) {
		*ret_intent = s->pending;
		s->pending = (struct intent){ 0 };
		return SAFETY_FIRED;
	}
	if (s->environment && now_ms >= armed_until(s) && !safety_is_counting(s)) {
		*ret_cause = now_ms >= s->until_ms ? SAFETY_BY_TIME : SAFETY_BY_QUIET;
		safety_disarm(s);
		return SAFETY_EXPIRED;
	}
	return SAFETY_NOTHING;
}

int64_t safety_next_ms(const struct safety *s, int64_t now_ms)
{
	int64_t next = -1;

	if (safety_is_counting(s)) {
		int64_t left = s->fire_ms - now_ms;

		next = left <= 0 ? 0 : left % 1000 ? left % 1000 : 1000;
	} else if (s->environment) {
		int64_t left = s->until_ms - now_ms, due = armed_until(s) - now_ms;

		next = left <= 0 ? 0 : left % 1000 ? left % 1000 : 1000;
		if (due < next)
			next = due > 0 ? due : 0;
	}
	return next;
}
