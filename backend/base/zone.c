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

/* The instants at which the clocks of the zone show a time: two where they go back, none where they skip it. */
struct reading { time_t at[2]; int n; time_t gap_end; };

/* Within the zone. */
static struct reading read_wall(const struct tm *want)
{
	struct tm carried = *want, probe;
	time_t found = timegm(&carried), offsets[2];
	struct reading r = { .n = 0 };

	/* The offsets in force a day before and a day after give every instant that can read so. */
	for (int i = 0; i < 2; i++) {
		time_t near = found + (i ? 86400 : -86400);

		localtime_r(&near, &probe);
		offsets[i] = probe.tm_gmtoff;
	}
	for (int i = 0; i < (offsets[0] == offsets[1] ? 1 : 2); i++)
		if (reads_as(found - offsets[i], &carried))
			r.at[r.n++] = found - offsets[i];
	if (r.n == 2 && r.at[1] < r.at[0])
		r = (struct reading){ { r.at[1], r.at[0] }, 2, 0 };
	if (r.n == 0)
		r.gap_end = first_after_gap(found - 86400 - offsets[0], found + 86400 - offsets[1]);
	return r;
}

static struct tm tm_of(const struct zone_time *local)
{
	return (struct tm){ .tm_year = local->year - 1900, .tm_mon = local->month - 1, .tm_mday = local->day,
	                    .tm_hour = local->hour, .tm_min = local->minute, .tm_sec = local->second, .tm_isdst = -1 };
}

static struct reading read_in(const char *zone, const struct zone_time *local)
{
	struct tm want = tm_of(local);
	struct swap s = enter(zone);
	struct reading r = read_wall(&want);

	leave(&s);
	return r;
}

int64_t zone_instant(const char *zone, const struct zone_time *local)
{
	struct reading r = read_in(zone, local);

	return (int64_t)(r.n ? r.at[0] : r.gap_end) * 1000;
}

const char *zone_text(const char *zone, int64_t wall_ms, char text[static ZONE_TEXT_SIZE])
{
	struct zone_time t;
	char seconds[8] = "";

	zone_local(zone, wall_ms, &t);
	if (t.second)
		snprintf(seconds, sizeof seconds, ":%02d", t.second % 60);
	snprintf(text, ZONE_TEXT_SIZE, "%04d-%02d-%02d %02d:%02d%s %s", t.year % 10000, t.month % 100, t.day % 100,
	         t.hour % 100, t.minute % 100, seconds, zone);
	return text;
}

/* Before a gap the clocks show what they would have shown next: a second more than they did last. */
static bool refuse_gap(const char *text, const char *zone, time_t gap_end, struct err *err)
{
	char last[ZONE_TEXT_SIZE], next[ZONE_TEXT_SIZE];
	struct zone_time before;
	int64_t first;

	zone_local(zone, ((int64_t)gap_end - 1) * 1000, &before);
	before.second++;
	/* As a time of no zone: UTC skips nothing. */
	first = zone_instant("UTC", &before);
	zone_text("UTC", first, last);
	zone_text(zone, (int64_t)gap_end * 1000, next);
	return err_set(err, ERR_CONFIG, "\"%.64s\" is skipped: the clocks go from %.5s to %.5s; the next is \"%s\"",
	               text, last + 11, next + 11, next);
}

static bool read_words(const char *text, struct zone_time *ret, const char **ret_zone)
{
	struct tm tm = { 0 }, carried;
	const char *end = strptime(text, "%Y-%m-%d %H:%M:%S", &tm);

	if (!end) {
		tm = (struct tm){ 0 };
		end = strptime(text, "%Y-%m-%d %H:%M", &tm);
	}
	carried = tm;
	timegm(&carried);
	/* The 31st of a shorter month would be the 1st of the next one. */
	if (!end || (*end != ' ' && *end != '\0') || carried.tm_mday != tm.tm_mday)
		return false;
	*ret_zone = *end ? end + 1 : "UTC";
	*ret = (struct zone_time){ tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, 0 };
	return true;
}

bool zone_read(const char *text, struct zone_reading *ret, struct err *err)
{
	struct zone_time local;
	struct reading r;
	const char *zone;

	if (!read_words(text, &local, &zone))
		return err_set(err, ERR_USAGE, "\"%.64s\" is no time; write it like \"2026-12-01 18:00 Europe/Paris\"", text);
	if (!zone_check(zone, err))
		return false;
	r = read_in(zone, &local);
	if (r.n == 0)
		return refuse_gap(text, zone, r.gap_end, err);
	*ret = (struct zone_reading){ .at = (int64_t)r.at[0] * 1000, .again = r.n == 2 ? (int64_t)r.at[1] * 1000 : 0 };
	snprintf(ret->zone, sizeof ret->zone, "%s", zone);
	return true;
}

bool zone_parse(const char *text, int64_t *ret_ms, struct err *err)
{
	struct zone_reading r = { 0 };

	if (!zone_read(text, &r, err))
		return false;
	*ret_ms = r.at;
	return true;
}
