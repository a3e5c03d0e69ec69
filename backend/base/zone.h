/*
 * zone: wall-clock times in IANA time zones, by the C library and the system's tzdata.
 *
 * A zone is named as in the tz database ("Europe/London", "UTC"). The C library knows one zone a process at a time: each
 * call here sets TZ, asks and puts TZ back, so nothing outside sees it (one thread, as everywhere in Slipway).
 * A window's hour that a change of clocks skips is the first instant after the gap; what a person writes is refused
 * then. A time that comes twice is the first of both.
 */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/base/err.h"

struct zone_time { int year, month, day, hour, minute, second; int weekday; /* 0 Sunday … 6 Saturday */ };

/* ERR_CONFIG with the way out when tzdata has no such zone. */
bool zone_check(const char *zone, struct err *err);
/* The zone must have passed zone_check. */
void zone_local(const char *zone, int64_t wall_ms, struct zone_time *ret);
/* Days beyond the month's end are carried over, as in "day 32"; weekday is ignored. */
int64_t zone_instant(const char *zone, const struct zone_time *local);

enum { ZONE_TEXT_SIZE = 100 };
/* "2026-12-01 18:00 Europe/Paris": what the clocks there show; returns `text`. */
const char *zone_text(const char *zone, int64_t wall_ms, char text[static ZONE_TEXT_SIZE]);

/* A time as it was understood. */
struct zone_reading {
	int64_t at;
	int64_t again;                 /* the clocks go back: they show it a second time then; 0: once only */
	char zone[64];
};

/*
 * "2026-12-01 18:00 Europe/Paris", with or without seconds; no zone means UTC. One that a change of clocks skips is
 * refused with the gap and the first time after it (ERR_CONFIG, as is a zone that is not there).
 */
bool zone_read(const char *text, struct zone_reading *ret, struct err *err);
/* The instant alone. */
bool zone_parse(const char *text, int64_t *ret_ms, struct err *err);

#endif
