/* Deploy windows and freezes in IANA zones, on both changes of the clocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/clock.h"
#include "backend/base/mem.h"
#include "backend/base/zone.h"
#include "backend/config/window.h"

static int64_t at(const char *iso)
{
	int64_t ms = 0;

	assert_true(clock_parse_iso(iso, &ms));
	return ms;
}

static struct window window_of(const char *text)
{
	struct window w;
	struct err err = { 0 };

	if (!window_parse(text, &w, &err))
		fail_msg("%s: %s", text, err.text);
	return w;
}

static void zone_times_are_read_as_the_clock_on_the_wall(void **unused)
{
	static const struct { const char *given, *then; } rows[] = {
		{ "2026-12-01 18:00 Europe/Paris", "2026-12-01T17:00:00Z" },
		{ "2026-07-01 18:00 Europe/Paris", "2026-07-01T16:00:00Z" },
		{ "2026-07-01 18:00:30", "2026-07-01T18:00:30Z" },
		{ "2026-03-29 00:59:59 Europe/London", "2026-03-29T00:59:59Z" },   /* the last before the gap, and the first after */
		{ "2026-03-29 02:00 Europe/London", "2026-03-29T01:00:00Z" },
		{ "2026-10-25 01:30 Europe/London", "2026-10-25T00:30:00Z" },      /* comes twice: the first */
		{ "2026-11-01 01:30 America/New_York", "2026-11-01T05:30:00Z" },
		{ "2026-12-31 23:59 Asia/Kathmandu", "2026-12-31T18:14:00Z" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[CLOCK_ISO_SIZE];
		struct err err = { 0 };
		int64_t ms = 0;

		assert_true(zone_parse(rows[i].given, &ms, &err));
		assert_string_equal(clock_iso(ms, text), rows[i].then);
	}
}

static void a_time_that_the_clocks_skip_is_refused_with_the_next_one(void **unused)
{
	static const struct { const char *given, *gap, *next; } rows[] = {
		{ "2027-03-28 02:30 Europe/Paris", "from 02:00 to 03:00", "\"2027-03-28 03:00 Europe/Paris\"" },
		{ "2027-03-28 02:00 Europe/Paris", "from 02:00 to 03:00", "\"2027-03-28 03:00 Europe/Paris\"" },
		{ "2027-03-28 02:59:59 Europe/Paris", "from 02:00 to 03:00", "\"2027-03-28 03:00 Europe/Paris\"" },
		{ "2026-03-29 01:30 Europe/London", "from 01:00 to 02:00", "\"2026-03-29 02:00 Europe/London\"" },
		{ "2026-03-08 02:15 America/New_York", "from 02:00 to 03:00", "\"2026-03-08 03:00 America/New_York\"" },
		{ "2026-10-04 02:15 Australia/Lord_Howe", "from 02:00 to 02:30", "\"2026-10-04 02:30 Australia/Lord_Howe\"" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		int64_t ms = 7, next = 0;
		char quoted[ZONE_TEXT_SIZE];

		assert_false(zone_parse(rows[i].given, &ms, &err));
		assert_int_equal(ms, 7);
		if (!strstr(err.text, rows[i].gap) || !strstr(err.text, rows[i].next))
			fail_msg("%s: %s", rows[i].given, err.text);
		/* what is offered is taken */
		snprintf(quoted, sizeof quoted, "%.*s", (int)strlen(rows[i].next) - 2, rows[i].next + 1);
		assert_true(zone_parse(quoted, &next, NULL));
	}
}

static void a_time_that_comes_twice_is_the_first_and_says_so(void **unused)
{
	static const struct { const char *given, *then, *again; } rows[] = {
		{ "2026-10-25 02:30 Europe/Paris", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z" },
		{ "2026-10-25 02:00 Europe/Paris", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z" },
		{ "2026-10-25 03:00 Europe/Paris", "2026-10-25T02:00:00Z", NULL },
		{ "2026-10-25 01:59:59 Europe/Paris", "2026-10-24T23:59:59Z", NULL },
		{ "2026-11-01 01:30 America/New_York", "2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z" },
		{ "2026-07-01 18:00", "2026-07-01T18:00:00Z", NULL },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct zone_reading r;
		char text[CLOCK_ISO_SIZE], wall[ZONE_TEXT_SIZE];

		assert_true(zone_read(rows[i].given, &r, NULL));
		assert_string_equal(clock_iso(r.at, text), rows[i].then);
		if (r.again != (rows[i].again ? at(rows[i].again) : 0))
			fail_msg("%s: again at %lld", rows[i].given, (long long)r.again);
		/* both read as what was written */
		assert_int_equal(strncmp(zone_text(r.zone, r.at, wall), rows[i].given, 16), 0);
		if (r.again)
			assert_string_equal(zone_text(r.zone, r.again, wall), rows[i].given);
	}
}

static void zone_errors_name_the_text_and_the_way_out(void **unused)
{
	static const char *const rows[] = { "tomorrow", "2026-12-01", "2026-12-01 18:00 Europe/Pariss",
	                                    "2026-12-01 18:00 ../../etc/passwd", "2026-12-01 18:00 ", "2026-02-30 18:00 UTC" };

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		int64_t ms = 0;

		assert_false(zone_parse(rows[i], &ms, &err));
		assert_non_null(strstr(err.text, "write"));
	}
}

static void zone_leaves_the_process_in_its_own(void **unused)
{
	struct zone_time local;

	(void)unused;
	setenv("TZ", "Asia/Tokyo", 1);
	zone_local("Europe/London", at("2026-07-01T12:00:00Z"), &local);
	assert_int_equal(local.hour, 13);
	assert_string_equal(getenv("TZ"), "Asia/Tokyo");
	unsetenv("TZ");
	zone_local("Europe/London", at("2026-01-01T12:00:00Z"), &local);
	assert_null(getenv("TZ"));
}

static void window_is_open_in_its_hours_and_only_then(void **unused)
{
	static const struct { const char *window, *now; bool then; } rows[] = {
		{ "Mon-Fri 09:00-16:00 Europe/London", "2026-11-23T09:00:00Z", true },       /* Monday, first minute */
		{ "Mon-Fri 09:00-16:00 Europe/London", "2026-11-23T08:59:59Z", false },
		{ "Mon-Fri 09:00-16:00 Europe/London", "2026-11-23T15:59:59Z", true },
		{ "Mon-Fri 09:00-16:00 Europe/London", "2026-11-23T16:00:00Z", false },
		{ "Mon-Fri 09:00-16:00 Europe/London", "2026-11-22T10:00:00Z", false },      /* Sunday */
		{ "Mon-Fri 09:00-16:00 Europe/London", "2026-07-06T08:00:00Z", true },       /* 09:00 in summer */
		{ "Sat,Sun 10:00-12:00 UTC", "2026-11-22T11:00:00Z", true },
		{ "Fri-Mon 10:00-12:00 UTC", "2026-11-21T11:00:00Z", true },
		{ "Fri-Mon 10:00-12:00 UTC", "2026-11-25T11:00:00Z", false },
		{ "22:00-02:00 UTC", "2026-11-23T23:00:00Z", true },
		{ "22:00-02:00 UTC", "2026-11-24T01:59:00Z", true },
		{ "22:00-02:00 UTC", "2026-11-24T02:00:00Z", false },
		{ "Fri 22:00-02:00 UTC", "2026-11-28T01:00:00Z", true },                     /* Saturday, begun on Friday */
		{ "Fri 22:00-02:00 UTC", "2026-11-27T01:00:00Z", false },
		{ "00:00-24:00 UTC", "2026-11-23T23:59:59Z", true },
		{ "01:30-03:30 Europe/London", "2026-10-25T01:15:00Z", false },  /* 01:15 for the second time that night */
		{ "01:30-03:30 Europe/London", "2026-10-25T00:45:00Z", true },   /* 01:45, the first time */
		{ "01:30-03:30 Europe/London", "2026-10-25T03:15:00Z", true },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct window w = window_of(rows[i].window);

		if (window_is_open(&w, at(rows[i].now)) != rows[i].then)
			fail_msg("%s at %s", rows[i].window, rows[i].now);
	}
}

static void window_says_when_it_opens(void **unused)
{
	static const struct { const char *window, *now, *then; } rows[] = {
		{ "Mon-Fri 09:00-16:00 Europe/London", "2026-11-23T10:00:00Z", "2026-11-23T10:00:00Z" },
		{ "Mon-Fri 09:00-16:00 Europe/London", "2026-11-23T17:00:00Z", "2026-11-24T09:00:00Z" },
		{ "Mon-Fri 09:00-16:00 Europe/London", "2026-11-27T17:00:00Z", "2026-11-30T09:00:00Z" },
		{ "Mon-Fri 09:00-16:00 Europe/London", "2026-03-27T17:00:00Z", "2026-03-30T08:00:00Z" },   /* over the change */
		{ "Mon-Fri 09:00-16:00 Europe/London", "2026-10-23T16:00:00Z", "2026-10-26T09:00:00Z" },
		{ "Sun 01:15-01:45 Europe/London", "2026-03-28T12:00:00Z", "2026-04-05T00:15:00Z" },       /* skipped that day */
		{ "Mon 09:00-10:00 UTC", "2026-11-23T10:00:00Z", "2026-11-30T09:00:00Z" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct window w = window_of(rows[i].window);
		char text[CLOCK_ISO_SIZE];

		assert_string_equal(clock_iso(window_opens_at(&w, at(rows[i].now)), text), rows[i].then);
	}
}

static void window_mistakes_are_named(void **unused)
{
	static const char *const rows[] = { "", "Mon-Fry 09:00-16:00 UTC", "Mon 09:00-16:00", "Mon 9:00-16:00 UTC",
	                                    "Mon 09:00-25:00 UTC", "Mon 09:00-09:00 UTC", "Mon 09:00-16:00 Mars/Base",
	                                    "09:60-10:00 UTC" };

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct window w;
		struct err err = { 0 };

		if (window_parse(rows[i], &w, &err))
			fail_msg("\"%s\" was taken", rows[i]);
		assert_non_null(strstr(err.text, "write"));
	}
}

static void freeze_beats_the_window_until_both_allow(void **unused)
{
	struct window windows[] = { window_of("Mon-Fri 09:00-16:00 UTC") };
	struct freeze freezes[] = { { at("2026-11-24T00:00:00Z"), at("2026-11-27T12:00:00Z"), (char *)"peak" },
	                            { at("2026-11-27T12:00:00Z"), at("2026-11-30T10:00:00Z"), (char *)"audit" } };
	const struct { const char *now; bool then; const char *clears, *reason; } rows[] = {
		{ "2026-11-23T12:00:00Z", true, NULL, NULL },
		{ "2026-11-24T12:00:00Z", false, "2026-11-30T10:00:00Z", "peak" },
		{ "2026-11-23T20:00:00Z", false, "2026-11-30T10:00:00Z", NULL },     /* closed; next opening is frozen */
		{ "2026-11-30T10:00:00Z", true, NULL, NULL },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct freeze *freeze = NULL;
		char text[CLOCK_ISO_SIZE];
		int64_t clears = -1;

		assert_int_equal(window_allows(windows, 1, freezes, 2, at(rows[i].now), &clears, &freeze), rows[i].then);
		if (rows[i].clears)
			assert_string_equal(clock_iso(clears, text), rows[i].clears);
		if (rows[i].reason)
			assert_string_equal(freeze->reason, rows[i].reason);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zone_times_are_read_as_the_clock_on_the_wall),
		cmocka_unit_test(a_time_that_the_clocks_skip_is_refused_with_the_next_one),
		cmocka_unit_test(a_time_that_comes_twice_is_the_first_and_says_so),
		cmocka_unit_test(zone_errors_name_the_text_and_the_way_out),
		cmocka_unit_test(zone_leaves_the_process_in_its_own),
		cmocka_unit_test(window_is_open_in_its_hours_and_only_then),
		cmocka_unit_test(window_says_when_it_opens),
		cmocka_unit_test(window_mistakes_are_named),
		cmocka_unit_test(freeze_beats_the_window_until_both_allow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
