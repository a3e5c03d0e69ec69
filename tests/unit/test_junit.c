/* JUnit XML: the dialects, what is broken, what is hostile; and files of either format. Fed cut at every byte too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/base/buf.h"
#include "backend/base/file.h"
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

struct row { const char *given, *results, *says; /* NULL: it was read to its end */ };

/* The results, and in a last line what became of it. */
static char *read_junit(const char *text, size_t len, size_t first, size_t piece)
{
	struct err err = { .text = "read" };
	struct junit *j;
	struct buf b;
	bool ok;

	buf_init(&b, 64 * 1024 * 1024);
	j = junit_new("r.xml", note, &b);
	ok = junit_feed(j, text, first, &err);
	for (size_t at = first; ok && at < len; at += piece)
		ok = junit_feed(j, text + at, len - at < piece ? len - at : piece, &err);
	if (ok)
		junit_finish(j, &err);
	buf_printf(&b, "= %s", err.text);
	junit_free(j);
	return b.data;
}

static void check_row(const struct row *row)
{
	size_t len = strlen(row->given);
	AUTO(mem_auto_free) char *whole = read_junit(row->given, len, 0, len ? len : 1);
	AUTO(mem_auto_free) char *bytes = read_junit(row->given, len, 0, 1);
	AUTO(mem_auto_free) char *expected = mem_printf("%s= %s", row->results, row->says ? row->says : "read");

	if (strcmp(whole, expected) != 0)
		fail_msg("given:\n%s\nexpected:\n%s\ncame:\n%s", row->given, expected, whole);
	assert_string_equal(whole, bytes);
	for (size_t at = 0; at <= len; at++) {
		AUTO(mem_auto_free) char *split = read_junit(row->given, len, at, len ? len : 1);

		assert_string_equal(whole, split);
	}
}

static void check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_row(&rows[i]);
}

static void dialects_are_read(void **state)
{
	static const struct row rows[] = {
		/* Ant, Surefire */
		{ "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"a.Cart\" tests=\"4\" failures=\"1\" "
		  "errors=\"1\">\n"
		  "<properties><property name=\"os\" value=\"x\"/></properties>\n"
		  "<testcase name=\"adds\" classname=\"a.Cart\" time=\"0.012\"/>\n"
		  "<testcase name=\"total\" classname=\"a.Cart\" time=\"1,234.5\"><failure message=\"got 3\" type=\"A\">got 3\n"
		  "  at Cart.java:12\n</failure><system-out>noise</system-out></testcase>\n"
		  "<testcase name=\"pays\" classname=\"a.Cart\"><error type=\"NPE\"><![CDATA[\n null & void\n]]></error>"
		  "</testcase>\n"
		  "<testcase name=\"ships\" classname=\"a.Cart\"><skipped message=\"no net\"/></testcase>\n"
		  "<testcase name=\"flaky\" classname=\"a.Cart\"><flakyFailure message=\"once\"/></testcase>\n"
		  "<system-out>not ok</system-out></testsuite>\n",
		  "ok|a.Cart|adds||12\nfail|a.Cart|total|got 3\n  at Cart.java:12|1234500\nfail|a.Cart|pays|"
		  "null & void\nskip|a.Cart|ships|no net\nok|a.Cart|flaky|\n", NULL },
		/* pytest */
		{ "<testsuites><testsuite name=\"pytest\" errors=\"0\" failures=\"1\" skipped=\"1\" tests=\"2\">"
		  "<testcase classname=\"tests.test_a\" name=\"test_x[1]\" file=\"tests/test_a.py\" line=\"4\" "
		  "time=\"0.001\">"
		  "<failure message=\"assert 1 == 2\">def test_x():\n&gt;  assert 1 == 2</failure></testcase>"
		  "<testcase classname=\"tests.test_a\" name=\"test_y\"><skipped type=\"pytest.xfail\" message=\"later\"/>"
		  "</testcase>"
		  "</testsuite></testsuites>",
		  "fail|tests.test_a|test_x[1]|tests/test_a.py:4: assert 1 == 2\ndef test_x():\n>  assert 1 == 2|1\n"
		  "todo|tests.test_a|test_y|later\n", NULL },
		/* GoogleTest */
		{ "<testsuites tests=\"3\" failures=\"1\" name=\"AllTests\">"
		  "<testsuite name=\"Cart\" tests=\"3\" failures=\"1\">"
		  "<testcase name=\"A\" file=\"c.cc\" line=\"9\" status=\"run\" result=\"completed\" time=\"0.\" "
		  "classname=\"Cart\">"
		  "<failure message=\"c.cc:10&#x0A;one\" type=\"\"><![CDATA[c.cc:10\none]]></failure>"
		  "<failure message=\"c.cc:11&#x0A;two\" type=\"\"><![CDATA[c.cc:11\ntwo]]></failure></testcase>"
		  "<testcase name=\"DISABLED_B\" status=\"notrun\" result=\"suppressed\" classname=\"Cart\"/>"
		  "<testcase name=\"C\" status=\"run\" classname=\"Cart\"><properties><property name=\"p\" value=\"1\"/>"
		  "</properties></testcase></testsuite></testsuites>",
		  "fail|Cart|A|c.cc:9: c.cc:10\none\nc.cc:11\ntwo|0\nskip|Cart|DISABLED_B|\nok|Cart|C|\n", NULL },
		/* CTest: the class is the test */
		{ "<testsuite name=\"ctest\"><testcase name=\"t1\" classname=\"t1\" status=\"run\"/></testsuite>",
		  "ok|ctest|t1|\n", NULL },
		/* nested, the inner one without a name */
		{ "<testsuites><testsuite name=\"out\"><testsuite name=\"in\"><testcase name=\"a\"/></testsuite>"
		  "<testsuite><testcase name=\"b\"/></testsuite><testcase/></testsuite></testsuites>",
		  "ok|in|a|\nok|out|b|\nok|out|test without a name|\n", NULL },
		{ "<testsuite/>", "", NULL },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void failures_that_are_only_stated_are_told(void **state)
{
	static const struct row rows[] = {
		{ "<testsuite name=\"s\" failures=\"2\" errors=\"1\"><testcase name=\"a\"><failure/></testcase></testsuite>",
		  "fail|s|a|\nfail|s|the suite itself|the report states 3 failed, and shows 1\n", NULL },
		/* once, though the suites around it count them too */
		{ "<testsuites failures=\"2\"><testsuite name=\"o\" failures=\"2\"><testsuite name=\"s\" failures=\"2\"/>"
		  "</testsuite></testsuites>", "fail|s|the suite itself|the report states 2 failed, and shows 0\n", NULL },
		{ "<testsuite name=\"s\" errors=\"1\"><error message=\"no JVM\">trace</error></testsuite>",
		  "fail|s|the suite itself|no JVM\ntrace\n", NULL },
		{ "<testsuite name=\"s\" failures=\"junk\" errors=\"\"><testcase name=\"a\"/></testsuite>", "ok|s|a|\n", NULL },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void broken_files_are_named_with_the_place(void **state)
{
	static const struct row rows[] = {
		{ "", "", "r.xml:1:1: no element found" },
		{ "hello", "", "r.xml:1:1: syntax error" },
		{ "<html><body/></html>", "", "r.xml: no <testsuite> in it; is it a JUnit report?" },
		{ "<testsuites/>", "", "r.xml: no <testsuite> in it; is it a JUnit report?" },
		{ "<testsuite>\n <testcase name=\"a\"/>\n </wrong>", "ok||a|\n", "r.xml:3:4: mismatched tag" },
		{ "<testsuite>\n <testcase name=\"a\"/>\n <testcase nam", "ok||a|\n",
		  "r.xml:3:2: the file ends inside an element; was it written to its end?" },
		{ "<testsuite><testcase name=\"a\xff\"/></testsuite>", "", "r.xml:1:29: not well-formed (invalid token)" },
		{ "<?xml version=\"1.0\" encoding=\"EBCDIC-X\"?><testsuite/>", "", "r.xml:1:31: unknown encoding" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void entities_are_refused(void **state)
{
	static const struct row rows[] = {
		{ "<?xml version=\"1.0\"?><!DOCTYPE t [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>\n"
		  "<testsuite><testcase name=\"&b;\"/></testsuite>", "",
		  "r.xml:1:36: it declares the entity \"a\"; reports with entities are refused" },
		{ "<!DOCTYPE t [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><testsuite><testcase name=\"a\"><failure>&x;"
		  "</failure></testcase></testsuite>", "",
		  "r.xml:1:14: it declares the entity \"x\"; reports with entities are refused" },
		{ "<!DOCTYPE t [<!ENTITY % p SYSTEM \"http://127.0.0.1:1/x\"> %p;]><testsuite/>", "",
		  "r.xml:1:14: it declares the entity \"p\"; reports with entities are refused" },
		/* a document type alone is not read, and does no harm */
		{ "<!DOCTYPE testsuite SYSTEM \"http://127.0.0.1:1/junit.dtd\"><testsuite><testcase name=\"a\"/></testsuite>",
		  "ok||a|\n", NULL },
		{ "<testsuite><testcase name=\"&lt;&amp;&#65;\"/></testsuite>", "ok||<&A|\n", NULL },
	};
	char *colon;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(mem_auto_free) char *got = read_junit(rows[i].given, strlen(rows[i].given), 0, 7);

		/* The column of a declaration is expat's business; that it is refused is ours. */
		colon = rows[i].says ? strstr(rows[i].says, ": ") : NULL;
		if (colon)
			assert_non_null(strstr(got, colon));
		else
			check_row(&rows[i]);
		assert_null(strstr(got, "root:"));
	}
}

static void deep_nesting_is_refused(void **state)
{
	AUTO(mem_auto_free) char *deep = mem_alloc(200 * 11 + 1);
	AUTO(mem_auto_free) char *elements = mem_alloc(200 * 3 + 1);
	AUTO(mem_auto_free) char *first = NULL;
	AUTO(mem_auto_free) char *second = NULL;

	(void)state;
	for (int i = 0; i < 200; i++) {
		memcpy(deep + i * 11, "<testsuite>", 11);
		memcpy(elements + i * 3, "<x>", 3);
	}
	first = read_junit(deep, 200 * 11, 0, 100);
	second = read_junit(elements, 200 * 3, 0, 100);
	assert_non_null(strstr(first, "suites are nested too deeply"));
	assert_non_null(strstr(second, "elements are nested too deeply"));
}

static void one_tag_without_an_end_is_refused(void **state)
{
	AUTO(mem_auto_free) char *chunk = mem_alloc(100000);
	struct err err = { 0 };
	struct buf b;
	struct junit *j;
	int fed = 0;

	(void)state;
	buf_init(&b, 1000);
	memset(chunk, 'x', 100000);
	j = junit_new("r.xml", note, &b);
	assert_true(junit_feed(j, "<testsuite name=\"", 17, &err));
	while (fed < 1000 && junit_feed(j, chunk, 100000, &err))
		fed++;
	assert_in_range(fed, 30, 60);
	assert_int_equal(err.kind, ERR_TOO_BIG);
	/* and it stays refused */
	err = (struct err){ 0 };
	assert_false(junit_feed(j, "\"/>", 3, &err));
	assert_false(junit_finish(j, &err));
	assert_int_equal(err.kind, ERR_TOO_BIG);
	junit_free(j);
	junit_free(NULL);
	buf_done(&b);
}

static void count(void *arg, const struct report_result *r)
{
	(void)r;
	++*(int *)arg;
}

static void large_output_in_a_report_is_passed_over(void **state)
{
	AUTO(mem_auto_free) char *chunk = mem_alloc(100000);
	struct err err = { 0 };
	int n = 0;
	struct junit *j = junit_new("r.xml", count, &n);

	(void)state;
	memset(chunk, 'x', 100000);
	assert_true(junit_feed(j, "<testsuite><system-out>", 23, &err));
	for (int i = 0; i < 200; i++)
		assert_true(junit_feed(j, chunk, 100000, &err));
	assert_true(junit_feed(j, "</system-out><testcase name='a'><failure>", 41, &err));
	for (int i = 0; i < 200; i++)
		assert_true(junit_feed(j, chunk, 100000, &err));
	assert_true(junit_feed(j, "</failure></testcase></testsuite>", 33, &err));
	assert_true(junit_finish(j, &err));
	assert_int_equal(n, 1);
	assert_int_equal(junit_totals(j)->fail, 1);
	assert_int_equal(junit_totals(j)->planned, 1);
	junit_free(j);
}

static void more_results_than_the_limit_are_an_error(void **state)
{
	struct err err = { 0 };
	int n = 0;
	struct junit *j = junit_new("r.xml", count, &n);
	bool ok = junit_feed(j, "<testsuite>", 11, &err);

	(void)state;
	for (int i = 0; ok && i < REPORT_RESULTS_MAX + 10; i++)
		ok = junit_feed(j, "<testcase name='a'/>", 20, &err);
	assert_false(ok);
	assert_int_equal(err.kind, ERR_TOO_BIG);
	assert_int_equal(n, REPORT_RESULTS_MAX);
	junit_free(j);
}

/* Files: a folder for each test. */
static int setup(void **state)
{
	char *dir = mem_dup("/tmp/slipway-test.XXXXXX");

	*state = dir;
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	file_remove_tree(*state, NULL);
	free(*state);
	return 0;
}

struct file_row {
	const char *given;
	const char *then;                  /* results and totals, or the error after the path */
};

static void files_of_both_formats_are_told_apart(void **state)
{
	static const struct file_row rows[] = {
		{ "\n \t<testsuite><testcase name=\"a\"/></testsuite>", "ok||a|\n= ok 1 fail 0 planned 1" },
		{ "\xef\xbb\xbf<?xml version=\"1.0\"?><testsuite><testcase name=\"a\"/></testsuite>",
		  "ok||a|\n= ok 1 fail 0 planned 1" },
		{ "\xff\xfe<\0t\0e\0s\0t\0s\0u\0i\0t\0e\0/\0>\0", "= ok 0 fail 0 planned 0" },
		{ "TAP version 13\n1..2\nok 1 - a\nnot ok 2 - b\n", "ok||a|\nfail||b|\n= ok 1 fail 1 planned 2" },
		{ "\xef\xbb\xbf" "1..1\nok 1 - a\n", "ok||a|\n= ok 1 fail 0 planned 1" },
		/* not whole: one failed test more */
		{ "1..3\nok 1 - a\n", "ok||a|\nfail||the report itself|planned 3, ran 1\n= ok 1 fail 1 planned 3" },
		{ "1..1\nBail out! gone\n", "fail||the report itself|bailed out: gone\n= ok 0 fail 1 planned 1" },
		{ "just a text\n", "no test and no plan in its output; is it TAP?" },
		{ "", "it is empty; a JUnit or TAP report is expected" },
		{ " \n", "it is empty; a JUnit or TAP report is expected" },
		{ "<testsuite>", "1:12: the file ends inside an element; was it written to its end?" },
	};
	AUTO(mem_auto_free) char *path = mem_printf("%s/r", (const char *)*state);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		/* UTF-16 has NULs; no other row is that long beside its own. */
		size_t len = rows[i].given[0] == '\xff' ? 26 : strlen(rows[i].given);
		struct report_totals n = { 0 };
		struct err err = { 0 };
		struct buf b;

		buf_init(&b, 10000);
		assert_true(file_write_atomic(path, rows[i].given, len, 0600, &err));
		if (report_read_file(path, note, &b, &n, &err)) {
			buf_printf(&b, "= ok %d fail %d planned %d", n.ok, n.fail, n.planned);
			assert_string_equal(b.data, rows[i].then);
		} else {
			assert_int_equal(strncmp(err.text, path, strlen(path)), 0);
			assert_non_null(strstr(err.text, rows[i].then));
		}
		buf_done(&b);
	}
}

static void files_that_cannot_be_read_are_refused_by_name(void **state)
{
	AUTO(mem_auto_free) char *path = mem_printf("%s/r", (const char *)*state);
	AUTO(mem_auto_free) char *fifo = mem_printf("%s/fifo", (const char *)*state);
	struct report_totals n = { 0 };
	struct err err = { 0 };
	int results = 0;

	assert_false(report_read_file(path, count, &results, &n, &err));
	assert_non_null(strstr(err.text, path));
	assert_false(report_read_file(*state, count, &results, &n, &err));
	assert_non_null(strstr(err.text, "is not a file"));
	/* a pipe nobody writes into does not block */
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_false(report_read_file(fifo, count, &results, &n, &err));
	assert_true(file_write_atomic(path, "", 0, 0600, &err));
	assert_int_equal(truncate(path, 256LL * 1024 * 1024 + 1), 0);
	assert_false(report_read_file(path, count, &results, &n, &err));
	assert_int_equal(err.kind, ERR_TOO_BIG);
	assert_int_equal(results, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dialects_are_read),
		cmocka_unit_test(failures_that_are_only_stated_are_told),
		cmocka_unit_test(broken_files_are_named_with_the_place),
		cmocka_unit_test(entities_are_refused),
		cmocka_unit_test(deep_nesting_is_refused),
		cmocka_unit_test(one_tag_without_an_end_is_refused),
		cmocka_unit_test(large_output_in_a_report_is_passed_over),
		cmocka_unit_test(more_results_than_the_limit_are_an_error),
		cmocka_unit_test_setup_teardown(files_of_both_formats_are_told_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(files_that_cannot_be_read_are_refused_by_name, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
