#include "backend/config/window.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "backend/base/mem.h"
#include "backend/base/zone.h"

enum { DAY_MINUTES = 24 * 60, SEARCH_STEPS = 400 };

static int day_of(const char *text, size_t len)
{
	static const char *const names[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };

	for (int i = 0; i < 7; i++)
		if (len == 3 && strncasecmp(text, names[i], 3) == 0)
			return i;
	return -1;
}

/* "Mon-Fri", "Sat,Sun", "Fri-Mon" (round the week's end). */
static bool parse_days(const char *text, size_t len, struct window *ret)
{
	const char *end = text + len;

	while (text < end) {
		const char *comma = memchr(text, ',', (size_t)(end - text)), *stop = comma ? comma : end;
		const char *dash = memchr(text, '-', (size_t)(stop - text));
		int from = day_of(text, (size_t)((dash ? dash : stop) - text));
		int to = dash ? day_of(dash + 1, (size_t)(stop - dash - 1)) : from;

		if (from < 0 || to < 0)
			return false;
		for (int day = from;; day = (day + 1) % 7) {
			ret->days[day] = true;
			if (day == to)
				break;
		}
		text = comma ? comma + 1 : end;
	}
	return true;
}

static bool parse_minute(const char *text, int *ret)
{
	int hour, minute, used = 0;

	if (sscanf(text, "%2d:%2d%n", &hour, &minute, &used) != 2 || used != 5 || hour < 0 || minute < 0 || minute > 59
	    || hour * 60 + minute > DAY_MINUTES)
		return false;
	*ret = hour * 60 + minute;
	return true;
}

bool window_parse(const char *text, struct window *ret, struct err *err)
{
	struct window w = { 0 };
	const char *space = strchr(text, ' '), *hours = text;

	if (space && memchr(text, ':', (size_t)(space - text)) == NULL) {
		if (!parse_days(text, (size_t)(space - text), &w))
			return err_set(err, ERR_CONFIG, "\"%.*s\" are no days; write them like Mon-Fri or Sat,Sun",
			               (int)(space - text), text);
		hours = space + 1;
	} else {
		for (int i = 0; i < 7; i++)
			w.days[i] = true;
	}
	if (strlen(hours) < 12 || hours[5] != '-' || hours[11] != ' ' || !parse_minute(hours, &w.from_minute)
	    || !parse_minute(hours + 6, &w.to_minute) || w.from_minute == w.to_minute)
		return err_set(err, ERR_CONFIG, "\"%.60s\" are no hours with a time zone; write them like \"Mon-Fri 09:00-16:00 "
		               "Europe/London\"", hours);
	if (!zone_check(hours + 12, err))
		return false;
	snprintf(w.zone, sizeof w.zone, "%s", hours + 12);
	*ret = w;
	return true;
}

bool window_is_open(const struct window *w, int64_t now_ms)
{
	struct zone_time local;
	int minute, yesterday;

	zone_local(w->zone, now_ms, &local);
	minute = local.hour * 60 + local.minute;
	yesterday = (local.weekday + 6) % 7;
	if (w->from_minute < w->to_minute)
		return w->days[local.weekday] && minute >= w->from_minute && minute < w->to_minute;
	return (w->days[local.weekday] && minute >= w->from_minute) || (w->days[yesterday] && minute < w->to_minute);
}

int64_t window_opens_at(const struct window *w, int64_t now_ms)
{
	struct zone_time local;

	if (window_is_open(w, now_ms))
		return now_ms;
	zone_local(w->zone, now_ms, &local);
	local.hour = w->from_minute / 60;
	local.minute = w->from_minute % 60;
	local.second = 0;
	for (int day = 0; day <= 8; day++, local.day++) {
		int64_t at = zone_instant(w->zone, &local);

		/* A window that lies in the hour which the clocks skip does not open on that day. */
		if (w->days[(local.weekday + day) % 7] && at > now_ms && window_is_open(w, at))
			return at;
	}
	return 0;
}

static const struct freeze *active_freeze(const struct freeze *freezes, size_t n, int64_t at_ms)
{
	for (size_t i = 0; i < n; i++)
		if (at_ms >= freezes[i].from_ms && at_ms < freezes[i].to_ms)
			return &freezes[i];
	return NULL;
}

static int64_t next_open(const struct window *windows, size_t n, int64_t at_ms)
{
	int64_t best = 0;

	if (n == 0)
		return at_ms;
	for (size_t i = 0; i < n; i++) {
		int64_t opens = window_opens_at(&windows[i], at_ms);

		if (opens && (!best || opens < best))
			best = opens;
	}
	return best;
}

bool window_allows(const struct window *windows, size_t nwindows, const struct freeze *freezes, size_t nfreezes,
                   int64_t now_ms, int64_t *ret_clears_at, const struct freeze **ret_freeze)
{
	int64_t at = next_open(windows, nwindows, now_ms);
	const struct freeze *freeze = active_freeze(freezes, nfreezes, now_ms);

	*ret_freeze = freeze;
	*ret_clears_at = 0;
	if (at == now_ms && !freeze)
		return true;
	/* From each opening to the end of the freeze that covers it, and on to the next opening. */
	for (int i = 0; at && i < SEARCH_STEPS; i++) {
		freeze = active_freeze(freezes, nfreezes, at);
		if (!freeze) {
			*ret_clears_at = at;
			return false;
		}
		at = next_open(windows, nwindows, freeze->to_ms);
	}
	return false;
}
