#include "views/command/period.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "views/command/call.h"

#define HOUR_MS (60 * 60 * 1000LL)

enum { DAYS = 30, HOURS_MOST = 24 * 366 * 10 };

const struct flag flag_since_period = { "--since", 0, "TIME", "how far back: 12h, 30d, 8w (30d)", false, false };

bool period_since(const struct call *c, int64_t *ret, struct err *err)
{
	const char *text = call_value(c, &flag_since_period);
	int64_t hours = DAYS * 24;
	char *end;

	if (text) {
		hours = strtoll(text, &end, 10);
		/* Before it is multiplied: nothing that large passes the limit anyway. */
		if (hours > HOURS_MOST)
			hours = HOURS_MOST + 1;
		hours *= *end == 'h' ? 1 : *end == 'd' ? 24 : *end == 'w' ? 7 * 24 : 0;
		if (hours < 1 || hours > HOURS_MOST || end[1])
			return err_set(err, ERR_USAGE, "--since must be like 12h, 30d or 8w, ten years at most, not \"%.40s\"", text);
	}
	*ret = call_now(c) - hours * HOUR_MS;
	return true;
}

const char *period_text(int64_t ms, char text[static PERIOD_TEXT_SIZE])
{
	int64_t s = ms / 1000;

	if (ms < 0)
		snprintf(text, PERIOD_TEXT_SIZE, "-");
	else if (s < 60)
		snprintf(text, PERIOD_TEXT_SIZE, "%" PRId64 "s", s);
	else if (s < 3600)
		snprintf(text, PERIOD_TEXT_SIZE, "%" PRId64 "m %02" PRId64 "s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(text, PERIOD_TEXT_SIZE, "%" PRId64 "h %02" PRId64 "m", s / 3600, s / 60 % 60);
	else
		snprintf(text, PERIOD_TEXT_SIZE, "%" PRId64 "d %" PRId64 "h", s / 86400, s / 3600 % 24);
	return text;
}

const char *period_chart(const int *values, size_t n, char text[static PERIOD_CHART_MOST + 1])
{
	size_t first = n > PERIOD_CHART_MOST ? n - PERIOD_CHART_MOST : 0;

	for (size_t i = first; i < n; i++)
		text[i - first] = values[i] <= 0 ? '.' : values[i] > 9 ? '+' : (char)('0' + values[i]);
	text[n - first] = '\0';
	return text;
}
