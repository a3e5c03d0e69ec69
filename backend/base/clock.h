/*
 * clock: what time it is, and how it is written.
 *
 * Wall time is milliseconds since 1970 UTC and goes into the journal. Deadlines use the monotonic clock, so that a
 * clock set back or forth neither ends nor extends a step. SLIPWAY_CLOCK (ISO 8601 UTC) fixes the wall time of a
 * process: tests and screenshots are the same on every day.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CLOCK_ISO_SIZE = 32, CLOCK_AGE_SIZE = 24 };

int64_t clock_wall_ms(void);
int64_t clock_mono_ms(void);

/* "2026-11-20T14:03:07Z"; returns `text`. */
const char *clock_iso(int64_t wall_ms, char text[static CLOCK_ISO_SIZE]);
/* Reads what clock_iso writes, with or without fractions of a second. */
bool clock_parse_iso(const char *text, int64_t *ret_ms);
/* The same, or whole seconds since 1970 as git's %ct tells them, up to the year 9999. */
bool clock_parse_moment(const char *text, int64_t *ret_ms);
/* One unit, at most 4 columns: "0s" "59s" "4m" "2h" "1d" "52w"; negative counts as 0. */
const char *clock_age(int64_t ms, char text[static CLOCK_AGE_SIZE]);
/* "0:42", "12:05", "1:02:03". */
const char *clock_span(int64_t ms, char text[static CLOCK_AGE_SIZE]);

#endif
