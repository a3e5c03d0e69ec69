/* TAP: what programs print, and which results and verdict it comes to. Each text is also fed cut at every byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/mem.h"
#include "backend/report/report.h"

/* One line for each result: "outcome|suite|name|message|ms". */
static void note(void *arg, const struct report_result *r)
{
	struct buf *b = arg;

	assert_true(buf_printf(b, "%s|%s|%s|%s", test_outcome_name(r->outcome), r->suite, r->name, r->message));
	if (r->ms >= 0)
		assert_true(buf_printf(b, "|%d", (int)r->ms));
	assert_true(buf_add_text(b, "\n"));
}

struct row {
	const char *given;
	int code;
	const char *results;
	const char *says;                  /* the verdict's reason; NULL: it passed */
	int planned;
};

/* The results, a line with the totals, and the verdict, of a text that comes in pieces. */
static char *read_tap(const char *text, size_t len, size_t first, size_t piece, int code)
{
	struct buf b;
	struct err err = { .text = "passed" };
	struct tap *t;
	const struct report_totals *n;

	buf_init(&b, 64 * 1024 * 1024);
	t = tap_new(note, &b);
	tap_feed(t, text, first);
	for (size_t at = first; at < len; at += piece)
		tap_feed(t, text + at, len - at < piece ? len - at : piece);
	tap_finish(t, code, &err);
	n = tap_totals(t);
	buf_printf(&b, "= ok %d fail %d skip %d todo %d planned %d: %s", n->ok, n->fail, n->skip, n->todo,
	           n->planned, err.text);
	tap_free(t);
	return b.data;
}

static void check_row(const struct row *row)
{
	size_t len = strlen(row->given);
	AUTO(mem_auto_free) char *whole = read_tap(row->given, len, 0, len ? len : 1, row->code);
	AUTO(mem_auto_free) char *bytes = read_tap(row->given, len, 0, 1, row->code);
	AUTO(mem_auto_free) char *end = mem_printf("planned %d: %s", row->planned, row->says ? row->says : "passed");
	const char *totals = strstr(whole, "= ok ");

	if (strlen(row->results) != (size_t)(totals - whole) || strncmp(whole, row->results, strlen(row->results)) != 0)
		fail_msg("given:\n%s\nexpected:\n%s\ncame:\n%s", row->given, row->results, whole);
	if (!strstr(totals, end) || strcmp(strstr(totals, "planned"), end) != 0)
		fail_msg("given:\n%s\nexpected: %s\ncame: %s", row->given, end, totals);
	assert_string_equal(whole, bytes);
	for (size_t at = 0; at <= len; at++) {
		AUTO(mem_auto_free) char *split = read_tap(row->given, len, at, len ? len : 1, row->code);

		assert_string_equal(whole, split);
	}
}

static void check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_row(&rows[i]);
}

static void results_and_plan_are_read(void **state)
{
	static const struct row rows[] = {
		{ "1..2\nok 1 - a\nok 2 - b c\n", 0, "ok||a|\nok||b c|\n", NULL, 2 },
		{ "TAP version 13\nok 1 a\nok 2 b\n1..2", 0, "ok||a|\nok||b|\n", NULL, 2 },
		{ "TAP version 14\r\n1..1\r\nok 1 - a\r\n", 0, "ok||a|\n", NULL, 1 },
		{ "1..3\nok\nok 2\nok - c\n", 0, "ok||test 1|\nok||test 2|\nok||c|\n", NULL, 3 },
		{ "1..1\nok 1 - a \\# b \\\\ c\n", 0, "ok||a # b \\ c|\n", NULL, 1 },
		{ "1..1\nok 1 - issue #12 is fixed\n", 0, "ok||issue #12 is fixed|\n", NULL, 1 },
		{ "1..1\nok 1 - quick # time=12.75ms\n", 0, "ok||quick||12\n", NULL, 1 },
		{ "noise\nokay then\nok, so\n1..1\nnot okay\n\nok 1 - a\n# comment\nmore noise", 0, "ok||a|\n", NULL, 1 },
		{ "1..1\npragma +strict\nok 1 - 100 % %s %n\n", 0, "ok||100 % %s %n|\n", NULL, 1 },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void directives_are_read(void **state)
{
	static const struct row rows[] = {
		{ "1..2\nok 1 - a # SKIP no database\nok 2 # skipped: why\n", 0,
		  "skip||a|no database\nskip||test 2|why\n", NULL, 2 },
		{ "1..2\nnot ok 1 - a # TODO later\nok 2 - b # todo\n", 0, "todo||a|later\ntodo||b|\n", NULL, 2 },
		{ "1..1\nok 1 - todos are listed # todolist\n", 0, "ok||todos are listed # todolist|\n", NULL, 1 },
		{ "1..1\nok 1 - a \\# SKIP is in the name\n", 0, "ok||a # SKIP is in the name|\n", NULL, 1 },
		{ "1..1\nnot ok 1 - a # SKIP no database\n", 0, "fail||a|no database\n", "1 of 1 failed: a", 1 },
		{ "1..0 # SKIP no network\n", 0, "skip||all tests|no network\n", NULL, 1 },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void comments_after_a_failure_become_its_message(void **state)
{
	static const struct row rows[] = {
		{ "1..2\nnot ok 1 - total\n# got 3\n# expected 4\nok 2 - b\n# not this\n", 1,
		  "fail||total|got 3\nexpected 4\nok||b|\n", "1 of 2 failed: total", 2 },
		/* Test::More */
		{ "not ok 1 - total is rounded\n#   Failed test 'total is rounded'\n#   at t/total.t line 12.\n"
		  "#          got: '3'\n#     expected: '4'\n1..1\n# Looks like you failed 1 test of 1.\n", 1,
		  "fail||total is rounded|t/total.t:12:          got: '3'\n    expected: '4'\n",
		  "1 of 1 failed: total is rounded", 1 },
		{ "1..1\nnot ok 1\n#   Failed test at t/a b.t line 3.\n# Looks like you failed 1 test of 1.\n", 1,
		  "fail||test 1|t/a b.t:3\n", "1 of 1 failed: test 1", 1 },
		/* cmocka */
		{ "1..1\nnot ok 1 - a\n# 0x1 != 0\n# tests/a.c:7: error: Failure!\n# a\nnoise\n# b", 0,
		  "fail||a|0x1 != 0\ntests/a.c:7: error: Failure!\na\nb\n", "1 of 1 failed: a", 1 },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void yaml_gives_message_place_and_time(void **state)
{
	static const struct row rows[] = {
		{ "TAP version 13\n1..2\nnot ok 1 - a\n  ---\n  message: 'it''s wrong'\n  severity: fail\n  data:\n"
		  "    got:\n      - message: no\n  ...\nok 2 - b\n", 1,
		  "fail||a|it's wrong\nok||b|\n", "1 of 2 failed: a", 2 },
		/* node:test */
		{ "TAP version 13\nnot ok 1 - a\n  ---\n  duration_ms: 1.9\n  location: '/t/a.js:12:3'\n"
		  "  error: |-\n    Expected values:\n      1 !== 2\n    \n  code: 'ERR'\n  stack: |-\n"
		  "    error: no\n  ...\n1..1\n", 1,
		  "fail||a|/t/a.js:12:3: Expected values:\n  1 !== 2|1\n", "1 of 1 failed: a", 1 },
		/* node-tap */
		{ "TAP version 14\n1..1\nnot ok 1 - a # time=3ms\n  ---\n  at:\n    line: 7\n    column: 1\n    file: a.js\n"
		  "  message: \"say \\\"no\\\"\\n\"\n  ...\n", 1,
		  "fail||a|a.js:7: say \"no\"\n|3\n", "1 of 1 failed: a", 1 },
		/* what a block says is no TAP, and a block of a passed test is passed over */
		{ "1..2\nok 1 - a\n  ---\n  text: |\n    not ok 2 - no\n  1..9\n  ...\nok 2 - b\n", 0,
		  "ok||a|\nok||b|\n", NULL, 2 },
		/* a block that nobody ends */
		{ "1..2\nnot ok 1 - a\n  ---\n  message: m\nok 2 - b\n", 1, "fail||a|m\nok||b|\n", "1 of 2 failed: a", 2 },
		{ "1..2\nnot ok 1 - a\n  ---\n  message: m\nnoise\n  message: n\nok 2 - b\n", 1,
		  "fail||a|m\nok||b|\n", "1 of 2 failed: a", 2 },
		{ "1..1\nnot ok 1 - a\n  ---\n  file: a.c\n  line: 3\n  at: main (b.c)\n  ...\n", 1,
		  "fail||a|a.c:3\n", "1 of 1 failed: a", 1 },
		{ "1..1\nnot ok 1 - a\n  ---\n  message: m", 1, "fail||a|m\n", "1 of 1 failed: a", 1 },
		{ "1..1\nnot ok 1 - a\n  ---\n  file: a.c\n  line: 3\n  ...\n", 1, "fail||a|a.c:3\n", "1 of 1 failed: a", 1 },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void subtests_are_told_and_their_summary_is_not(void **state)
{
	static const struct row rows[] = {
		/* TAP 14 and node: the name stands at the parent's indent */
		{ "1..2\n# Subtest: cart\n    1..2\n    ok 1 - a\n    ok 2 - b\nok 1 - cart\nok 2 - c\n", 0,
		  "ok|cart|a|\nok|cart|b|\nok||c|\n", NULL, 3 },
		/* Test::More: it is the first line of the subtest, and the plan is its last */
		{ "    # Subtest: cart\n    ok 1 - a\n    not ok 2 - b\n    #   Failed test 'b'\n    #   at t.t line 2.\n"
		  "    1..2\nnot ok 1 - cart\n#   Failed test 'cart'\n#   at t.t line 9.\nok 2 - c\n1..2\n", 1,
		  "ok|cart|a|\nfail|cart|b|t.t:2\nok||c|\n", "1 of 3 failed: cart: b", 3 },
		/* nested */
		{ "1..1\n# Subtest: out\n    # Subtest: in\n        ok 1 - a\n        1..1\n    ok 1 - in\n    ok 2 - b\n"
		  "    1..2\nok 1 - out\n", 0, "ok|in|a|\nok|out|b|\n", NULL, 2 },
		{ "1..1\n    # Subtest: out\n        # Subtest: in\n        ok 1 - a\n        1..1\n    ok 1 - in\n    1..1\n"
		  "ok 1 - out\n", 0, "ok|in|a|\n", NULL, 1 },
		/* the failure below says it all, even where the middle one says ok */
		{ "1..1\n# Subtest: out\n    # Subtest: in\n        not ok 1 - a\n        1..1\n    ok 1 - in\n    1..1\n"
		  "not ok 1 - out\n", 1, "fail|in|a|\n", "1 of 1 failed: in: a", 1 },
		/* without a name */
		{ "1..1\n    ok 1 - a\n    1..1\nok 1 - cart\n", 0, "ok||a|\n", NULL, 1 },
		/* the summary fails though no test of it did */
		{ "1..1\n# Subtest: cart\n    1..1\n    ok 1 - a\nnot ok 1 - cart\n# died\n", 1,
		  "ok|cart|a|\nfail||cart|died\n", "1 of 2 failed: cart", 2 },
		/* nothing ran in it */
		{ "1..1\n# Subtest: cart\n    1..0 # SKIP no db\nok 1 - cart # SKIP no db\n", 0,
		  "skip||cart|no db\n", NULL, 1 },
		{ "1..1\n# Subtest: cart\n    1..3\n    ok 1 - a\nok 1 - cart\n", 0,
		  "ok|cart|a|\n", "subtest cart: planned 3, ran 1", 3 },
		/* too deep at once: noise */
		{ "1..1\n            ok 1 - a\nok 1 - b\n", 0, "ok||b|\n", NULL, 1 },
		/* a second one takes no name from the first */
		{ "1..2\n# Subtest: x\n    ok 1 - a\n    1..1\nok 1 - x\n    ok 1 - b\n    1..1\nok 2 - y\n", 0,
		  "ok|x|a|\nok||b|\n", NULL, 2 },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void what_is_not_whole_does_not_pass(void **state)
{
	static const struct row rows[] = {
		{ "", 0, "", "no test and no plan in its output; is it TAP?", -1 },
		{ "hello\n", 0, "", "no test and no plan in its output; is it TAP?", -1 },
		{ "hello\n", 3, "", "exit code 3", -1 },
		{ "1..3\nok 1 - a\n", 0, "ok||a|\n", "planned 3, ran 1", 3 },
		{ "1..3\nok 1 - a\n", 9, "ok||a|\n", "planned 3, ran 1, exit code 9", 3 },
		{ "1..3\nok 1 - a\n", -1, "ok||a|\n", "planned 3, ran 1, ended by a signal", 3 },
		{ "1..1\nok 1 - a\nok 2 - b\n", 0, "ok||a|\nok||b|\n", "planned 1, ran 2", 1 },
		{ "ok 1 - a\n", 0, "ok||a|\n", "ran 1, but no plan (1..1) says that this was all", -1 },
		{ "1..1\nok 1 - a\n", 2, "ok||a|\n", "exit code 2", 1 },
		{ "1..1\nok 1 - a\n", -1, "ok||a|\n", "ended by a signal", 1 },
		{ "1..2\nok 1 - a\nBail out! no database\nok 2 - b\n", 0, "ok||a|\n", "bailed out: no database", 2 },
		{ "1..2\nnot ok 1 - a\nBail out!\n", 0, "fail||a|\n", "bailed out", 2 },
		{ "1..1\n# Subtest: s\n    1..2\n    ok 1 - a\n    Bail out! gone\nBail out! gone\n", 0,
		  "ok|s|a|\n", "bailed out: gone", 2 },
		{ "1..2\nok 1 - a\nok 3 - b\n", 0, "ok||a|\nok||b|\n", "test 3 came where test 2 was due", 2 },
		{ "1..1\nok 1 - a\n1..1\n", 0, "ok||a|\n", "two plans: 1..1 and then 1..1", 1 },
		{ "1..3\nnot ok 1 - a\nnot ok 2 - b\nok 3 - c\n", 1, "fail||a|\nfail||b|\nok||c|\n",
		  "2 of 3 failed: a, …", 3 },
		{ "1..1\nnot ok 1 - a", 0, "fail||a|\n", "1 of 1 failed: a", 1 },
		{ "1..9999999999\nok 1\n", 0, "ok||test 1|\n", "ran 1, but no plan (1..1) says that this was all", -1 },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void result_is_told_when_its_line_has_ended(void **state)
{
	struct buf b;
	struct tap *t;

	(void)state;
	buf_init(&b, 1000);
	t = tap_new(note, &b);
	tap_feed(t, "1..3\nok 1 - a", 13);
	assert_string_equal(b.data, "");
	tap_feed(t, "\n", 1);
	assert_string_equal(b.data, "ok||a|\n");
	/* A failure waits for what is said about it, until the next thing or a pause. */
	tap_feed(t, "not ok 2 - b\n# why\n", 19);
	assert_string_equal(b.data, "ok||a|\n");
	tap_flush(t);
	assert_string_equal(b.data, "ok||a|\nfail||b|why\n");
	tap_flush(t);
	tap_feed(t, "# too late\nok 3 - c\n", 20);
	assert_string_equal(b.data, "ok||a|\nfail||b|why\nok||c|\n");
	assert_int_equal(tap_totals(t)->planned, 3);
	tap_free(t);
	tap_free(NULL);
	buf_done(&b);
}

static void planned_total_grows_by_the_subtests_plans(void **state)
{
	struct buf b;
	struct tap *t;

	(void)state;
	buf_init(&b, 1000);
	t = tap_new(note, &b);
	tap_feed(t, "1..2\n# Subtest: s\n", 18);
	assert_int_equal(tap_totals(t)->planned, 2);
	tap_feed(t, "    1..5\n", 9);
	assert_int_equal(tap_totals(t)->planned, 6);
	tap_free(t);
	buf_done(&b);
}

static void long_names_and_messages_are_cut_at_a_character(void **state)
{
	AUTO(mem_auto_free) char *name = mem_alloc(20001);
	AUTO(mem_auto_free) char *text = NULL;
	AUTO(mem_auto_free) char *got = NULL;
	char *first, *second;

	(void)state;
	for (int i = 0; i < 20000; i += 2)
		memcpy(name + i, "é", 2);
	text = mem_printf("1..1\nnot ok 1 - x%s\n# %s\n", name, name);
	got = read_tap(text, strlen(text), 0, 777, 1);
	first = strstr(got, "||") + 2;
	second = strchr(first, '|') + 1;
	assert_in_range(second - 1 - first, REPORT_TEXT_MAX - 4, REPORT_TEXT_MAX);
	assert_int_equal(strncmp(second - 6, "é…|", 6), 0);
	assert_in_range(strchr(second, '\n') - second, REPORT_TEXT_MAX - 4, REPORT_TEXT_MAX);
	assert_int_equal(strncmp(strchr(second, '\n') - 5, "é…\n", 6), 0);
}

static void line_without_an_end_takes_no_memory_without_an_end(void **state)
{
	AUTO(mem_auto_free) char *chunk = mem_alloc(1024 * 1024);
	struct err err = { 0 };
	struct buf b;
	struct tap *t;

	(void)state;
	memset(chunk, 'x', 1024 * 1024);
	buf_init(&b, 100000);
	t = tap_new(note, &b);
	tap_feed(t, "1..1\nok 1 - ", 12);
	for (int i = 0; i < 50; i++)
		tap_feed(t, chunk, 1024 * 1024);
	tap_feed(t, "\n", 1);
	assert_true(tap_finish(t, 0, &err));
	assert_int_equal(tap_totals(t)->ok, 1);
	tap_free(t);
	buf_done(&b);
}

static void bytes_that_are_no_text_do_no_harm(void **state)
{
	static const char given[] = "1..1\nok 1 - a\0b \xff\xfe\n";
	AUTO(mem_auto_free) char *got = read_tap(given, sizeof given - 1, 0, 3, 0);

	(void)state;
	assert_int_equal(strncmp(got, "ok||a?b \xff\xfe|\n", 12), 0);
}

static void count(void *arg, const struct report_result *r)
{
	(void)r;
	++*(int *)arg;
}

static void more_results_than_the_limit_are_an_error(void **state)
{
	struct err err = { 0 };
	int n = 0;
	struct tap *t = tap_new(count, &n);

	(void)state;
	for (int i = 0; i < REPORT_RESULTS_MAX + 10; i++)
		tap_feed(t, "ok\n", 3);
	assert_false(tap_finish(t, 0, &err));
	assert_int_equal(err.kind, ERR_TOO_BIG);
	assert_int_equal(n, REPORT_RESULTS_MAX);
	tap_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_and_plan_are_read),
		cmocka_unit_test(directives_are_read),
		cmocka_unit_test(comments_after_a_failure_become_its_message),
		cmocka_unit_test(yaml_gives_message_place_and_time),
		cmocka_unit_test(subtests_are_told_and_their_summary_is_not),
		cmocka_unit_test(what_is_not_whole_does_not_pass),
		cmocka_unit_test(result_is_told_when_its_line_has_ended),
		cmocka_unit_test(planned_total_grows_by_the_subtests_plans),
		cmocka_unit_test(long_names_and_messages_are_cut_at_a_character),
		cmocka_unit_test(line_without_an_end_takes_no_memory_without_an_end),
		cmocka_unit_test(bytes_that_are_no_text_do_no_harm),
		cmocka_unit_test(more_results_than_the_limit_are_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
