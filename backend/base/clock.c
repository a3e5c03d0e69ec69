#include "backend/base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t clock_wall_ms(void)
{
	static bool asked;
	static int64_t fixed_ms = -1;
	struct timespec ts;

	if (!asked) {
		const char *text = getenv("SLIPWAY_CLOCK");

		asked = true;
		if (text)
			clock_parse_iso(text, &fixed_ms);
	}
	if (fixed_ms >= 0)
		return fixed_ms;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_mono_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

const char *clock_iso(int64_t wall_ms, char text[static CLOCK_ISO_SIZE])
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, CLOCK_ISO_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return text;
}

bool clock_parse_iso(const char *text, int64_t *ret_ms)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	int64_t ms = 0;

	if (!end)
		return false;
	if (*end == '.') {
		int64_t unit = 100;

		for (end++; *end >= '0' && *end <= '9'; end++, unit /= 10)
			ms += (*end - '0') * unit;
	}
	if (strcmp(end, "Z") != 0 && *end != '\0')
		return false;
	*ret_ms = (int64_t)timegm(&tm) * 1000 + ms;
	return true;
}

bool clock_parse_moment(const char *text, int64_t *ret_ms)
{
	static const int64_t last_second = 253402300799;       /* of the year 9999: milliseconds are no seconds */
	size_t len = strlen(text);
	int64_t seconds;

	if (len == 0 || len > 12 || strspn(text, "0123456789") != len)
		return clock_parse_iso(text, ret_ms);
	seconds = strtoll(text, NULL, 10);
	if (seconds > last_second)
		return false;
	*ret_ms = seconds * 1000;
	return true;
}

const char *clock_age(int64_t ms, char text[static CLOCK_AGE_SIZE])
{
	int64_t s = ms < 0 ? 0 : ms / 1000;

	if (s < 60)
		snprintf(text, CLOCK_AGE_SIZE, "%" PRId64 "s", s);
	else if (s < 3600)
		snprintf(text, CLOCK_AGE_SIZE, "%" PRId64 "m", s / 60);
	else if (s < 86400)
		snprintf(text, CLOCK_AGE_SIZE, "%" PRId64 "h", s / 3600);
	else if (s < 86400 * 14)
		snprintf(text, CLOCK_AGE_SIZE, "%" PRId64 "d", s / 86400);
	else
		snprintf(text, CLOCK_AGE_SIZE, "%" PRId64 "w", s / (86400 * 7));
	return text;
}

const char *clock_span(int64_t ms, char text[static CLOCK_AGE_SIZE])
{
	int64_t s = ms < 0 ? 0 : ms / 1000;

	if (s < 3600)
		snprintf(text, CLOCK_AGE_SIZE, "%" PRId64 ":%02" PRId64, s / 60, s % 60);
	else
		snprintf(text, CLOCK_AGE_SIZE, "%" PRId64 ":%02" PRId64 ":%02" PRId64, s / 3600, s / 60 % 60, s % 60);
	return text;
}
