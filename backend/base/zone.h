/*
 * zone: wall-clock times in IANA time zones, by the C library and the system's tzdata.
 *
 * A zone is named as in the tz database ("Europe/London", "UTC"). The C library knows one zone a process at a time: each
 * call here sets TZ, asks and puts TZ back, so nothing outside sees it (one thread, as everywhere in Slipway).
 * A local time that a change of clocks skips is the first instant after the gap; one that comes twice is the first.
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
/* "2026-12-01 18:00 Europe/Paris", with or without seconds; no zone means UTC. */
bool zone_parse(const char *text, int64_t *ret_ms, struct err *err);

#endif
