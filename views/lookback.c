#include "views/lookback.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/clock.h"
#include "backend/base/mem.h"
#include "backend/base/zone.h"
#include "backend/config/value.h"
#include "tui/list.h"
#include "views/act.h"
#include "views/console.h"
#include "views/select.h"

bool lookback_is_past(const struct console *c)
{
	return c->lookback.at || c->lookback.told_at;
}

const char *lookback_refusal(const struct console *c)
{
	return c->lookback.is_replay ? "this is a replay: nothing in it can be changed"
		: "this is over; :at now returns";
}

bool lookback_refuses(struct console *c, const char *what)
{
	if (!lookback_is_past(c))
		return false;
	messages_refusal(&c->messages, c->clock_ms, "%s refused: %s", what, lookback_refusal(c));
	return true;
}

int64_t lookback_wall_ms(const struct console *c, int64_t wall_ms)
{
	const struct lookback *l = &c->lookback;

	if (l->at)
		return l->at;
	if (l->is_replay)
		return l->told_at + (int64_t)((double)(c->now_ms - l->told_ms) * l->speed);
	return wall_ms;
}

char *lookback_path(const struct console *c, char *take_path)
{
	char *path;

	if (!c->lookback.at || !take_path)
		return take_path;
	path = mem_printf("%s%sat=%" PRId64, take_path, strchr(take_path, '?') ? "&" : "?", c->lookback.at);
	free(take_path);
	return path;
}

char *lookback_banner(const struct console *c)
{
	const struct lookback *l = &c->lookback;
	char iso[CLOCK_ISO_SIZE], day[CLOCK_ISO_SIZE];

	snprintf(day, sizeof day, "%s", clock_iso(c->wall_ms, iso));
	*strchr(day, 'T') = ' ';
	if (l->is_replay && l->speed <= 0)
		return mem_printf("REPLAY %s  at its end, row %" PRId64 "; nothing can be changed", day, l->seq);
	if (l->is_replay)
		return mem_printf("REPLAY %s x%g  row %" PRId64 " of a journal; nothing can be changed", day, l->speed, l->seq);
	if (l->told_at != l->at)
		return mem_printf("AS OF %s  looking back", day);
	return mem_printf("AS OF %s  row %" PRId64 "  :at now returns, :at -10m goes back", day, l->seq);
}

/* What was on the screen is of another time: all of it is asked for anew. */
static void look(struct console *c, int64_t at)
{
	c->lookback = (struct lookback){ .at = at };
	act_disarm(c, SAFETY_BY_SELECTION);
	fetch_forget(c);
	model_history_done(&c->history);
	list_set(c->history_list, 0, 0, 0, select_history_id, c);
	results_done(&c->results);
	logtext_begin(&c->log, c->log.deployment);
	c->log_wanted = -1;
	c->dirty = c->urgent = true;
}

static bool read_span(const struct console *c, const char *text, int64_t *ret)
{
	int64_t span;

	if ((*text != '-' && *text != '+') || !value_duration(text + 1, &span))
		return false;
	*ret = c->wall_ms + (*text == '-' ? -span : span);
	return true;
}

void lookback_typed(struct console *c, const char *text)
{
	struct err err = { 0 };
	int64_t at = 0;

	if (c->lookback.is_replay)
		messages_refusal(&c->messages, c->clock_ms, "at: a replay goes at its own pace");
	else if (strcmp(text, "now") == 0)
		look(c, 0);
	else if (!read_span(c, text, &at) && !zone_parse(text, &at, &err))
		messages_refusal(&c->messages, c->clock_ms, "at: %s", err.text);
	else if (at > c->clock_ms)
		messages_refusal(&c->messages, c->clock_ms, "at: that time is still to come; :at now is the present");
	else
		look(c, at);
}

void lookback_told(struct console *c)
{
	c->lookback.told_at = c->status.then;
	c->lookback.seq = c->status.seq;
	c->lookback.is_replay = c->status.is_replay;
	c->lookback.speed = c->status.speed;
	c->lookback.told_ms = c->now_ms;
}
