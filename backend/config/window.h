/*
 * window: when deployments may go to an environment, and when they may not. Pure; times in milliseconds since 1970.
 *
 *   window: "Mon-Fri 09:00-16:00 Europe/London", "Sat,Sun 10:00-12:00 UTC", "22:00-02:00 Asia/Tokyo" (every day; past
 *           midnight it belongs to the day on which it begins)
 *   freeze: { "from": "2026-12-20 00:00 Europe/Paris", "to": "2027-01-03 00:00 Europe/Paris", "reason": "peak season" }
 *
 * A window's hours are what the clocks on the wall show there, on the days of both changes too: 01:30-03:30 is an hour
 * longer when the clocks go back. An active freeze beats every window.
 */
#ifndef CONFIG_WINDOW_H
#define CONFIG_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/base/err.h"

struct window {
	bool days[7];                  /* 0 Sunday … 6 Saturday */
	int from_minute, to_minute;    /* of the day; to <= from: the day after */
	char zone[64];
};

struct freeze { int64_t from_ms, to_ms; char *reason; };

/* Errors name what is wrong with the text and how it is written. */
bool window_parse(const char *text, struct window *ret, struct err *err);
bool window_is_open(const struct window *w, int64_t now_ms);
/* The next instant, now or later, at which it is open. */
int64_t window_opens_at(const struct window *w, int64_t now_ms);

/*
 * May a deployment begin now? No windows: always, but for freezes. When not, *ret_clears_at is the first instant at
 * which a window is open and no freeze is active (0: not within a year), and *ret_freeze the active freeze or NULL.
 */
bool window_allows(const struct window *windows, size_t nwindows, const struct freeze *freezes, size_t nfreezes,
                   int64_t now_ms, int64_t *ret_clears_at, const struct freeze **ret_freeze);

#endif
