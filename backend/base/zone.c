#include "backend/base/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "backend/base/mem.h"

struct swap { char *was; };

static struct swap enter(const char *zone)
{
	struct swap s = { mem_dup(getenv("TZ")) };
	AUTO(mem_auto_free) char *value = mem_printf(":%s", zone);

	setenv("TZ", value, 1);
	tzset();
	return s;
}

static void leave(struct swap *s)
{
	if (s->was)
		setenv("TZ", s->was, 1);
	else
		unsetenv("TZ");
	tzset();
	free(s->was);
}

bool zone_check(const char *zone, struct err *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_+-";
	AUTO(mem_auto_free) char *path = mem_printf("/usr/share/zoneinfo/%s", zone);
	size_t len = strlen(zone);

	if (strcmp(zone, "UTC") == 0)
		return true;
	if (len > 0 && len < 64 && zone[0] != '/' && strspn(zone, allowed) == len && access(path, R_OK) == 0)
		return true;
	return err_set(err, ERR_CONFIG, "there is no time zone \"%.64s\"; write one like Europe/London or UTC", zone);
}

void zone_local(const char *zone, int64_t wall_ms, struct zone_time *ret)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct swap s = enter(zone);
	struct tm tm;

	localtime_r(&seconds, &tm);
	leave(&s);
	*ret = (struct zone_time){ tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
	                           tm.tm_wday };
}

static bool reads_as(time_t seconds, const struct tm *want)
{
	struct tm got;

	localtime_r(&seconds, &got);
	return got.tm_hour == want->tm_hour && got.tm_min == want->tm_min && got.tm_sec == want->tm_sec;
}

/* The last second at which the clocks had not been changed yet lies between two instants an offset apart. */
static time_t first_after_gap(time_t before, time_t after)
{
	struct tm at_before, tm;

	localtime_r(&before, &at_before);
	while (after - before > 1) {
		time_t middle = before + (after - before) / 2;

		localtime_r(&middle, &tm);
		if (tm.tm_gmtoff == at_before.tm_gmtoff)
			before = middle;
		else
			after = middle;
	}
	return after;
}

int64_t zone_instant(const char *zone, const struct zone_time *local)
{
	struct tm want = { .tm_year = local->year - 1900, .tm_mon = local->month - 1, .tm_mday = local->day,
	                   .tm_hour = local->hour, .tm_min = local->minute, .tm_sec = local->second, .tm_isdst = -1 };
	struct tm carried = want, probe = want;
	struct swap s = enter(zone);
	time_t found = timegm(&carried), best = 0;
	time_t offsets[2];
	bool has_best = false;

	/* The offsets in force a day before and a day after give every instant that can read so. */
	for (int i = 0; i < 2; i++) {
		time_t near = found + (i ? 86400 : -86400);

		localtime_r(&near, &probe);
		offsets[i] = probe.tm_gmtoff;
	}
	for (int i = 0; i < 2; i++) {
		time_t candidate = found - offsets[i];

		if (reads_as(candidate, &carried) && (!has_best || candidate < best)) {
			best = candidate;
			has_best = true;
		}
	}
	if (!has_best)
		best = first_after_gap(found - 86400 - offsets[0], found + 86400 - offsets[1]);
	leave(&s);
	return (int64_t)best * 1000;
}

bool zone_parse(const char *text, int64_t *ret_ms, struct err *err)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%d %H:%M:%S", &tm);
	struct zone_time local;
	const char *zone;

	if (!end) {
		tm = (struct tm){ 0 };
		end = strptime(text, "%Y-%m-%d %H:%M", &tm);
	}
	if (!end || (*end != ' ' && *end != '\0'))
		return err_set(err, ERR_USAGE, "\"%.64s\" is no time; write it like \"2026-12-01 18:00 Europe/Paris\"", text);
	zone = *end ? end + 1 : "UTC";
	if (!zone_check(zone, err))
		return false;
	local = (struct zone_time){ tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, 0 };
	*ret_ms = zone_instant(zone, &local);
	return true;
}
