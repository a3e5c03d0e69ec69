/* The bottom floor: errors, buffers, the text filter, times, files, JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/base/buf.h"
#include "backend/base/clean.h"
#include "backend/base/clock.h"
#include "backend/base/err.h"
#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"

static void err_gets_context_in_front_and_keeps_its_kind(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_false(err_set(&err, ERR_LOCKED, "port %d is taken", 9012));
	assert_false(err_wrap(&err, "start %s", "web"));
	assert_string_equal(err.text, "start web: port 9012 is taken");
	assert_int_equal(err.kind, ERR_LOCKED);
	assert_int_equal(err_exit_code(err.kind), 3);
}

static void err_kinds_are_found_again_by_name(void **state)
{
	(void)state;
	for (int kind = 0; kind < ERR_KIND_COUNT; kind++)
		assert_int_equal(err_kind_of(err_kind_name((enum err_kind)kind)), kind);
	assert_int_equal(err_kind_of("nonsense"), ERR_INTERNAL);
}

static void buf_refuses_to_pass_its_maximum_and_stays_whole(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 200);
	for (int i = 0; i < 20; i++)
		assert_true(buf_add(&b, "0123456789", 10));
	assert_false(buf_add(&b, "x", 1));
	assert_int_equal(b.len, 200);
	assert_int_equal(strlen(b.data), 200);
	buf_drop(&b, 195);
	assert_string_equal(b.data, "56789");
	buf_done(&b);
}

static void clean_lets_no_control_through(void **state)
{
	static const struct { const char *given, *then; } rows[] = {
		{ "plain text", "plain text" },
		{ "h\xc3\xa9llo \xe2\x9c\x93", "h\xc3\xa9llo \xe2\x9c\x93" },
		{ "a\x1b[31mred\x1b[0m", "ared" },
		{ "a\x1b]52;c;ZXZpbA==\x07z", "az" },
		{ "a\x1b]0;title\x1b\\z", "az" },
		{ "a\x1bPq#0\x1b\\z", "az" },
		{ "a\x1b_apc\x1b\\z", "az" },
		{ "a\x1b[6nz", "az" },
		{ "a\x1b" "cz", "az" },
		{ "a\x1b(0z", "az" },
		{ "a\rb", "ab" },
		{ "a\tb", "a b" },
		{ "a\nb", "a b" },
		{ "a\x9b" "31mz", "az" },
		{ "a\xc2\x9b" "31mz", "az" },
		{ "a\x9d" "0;t\x07z", "az" },
		{ "a\xe2\x80\xae" "b", "ab" },
		{ "a\xe2\x81\xa6" "b", "ab" },
		{ "a\xe2\x80\x8b" "b", "ab" },
		{ "a\xf3\xa0\x81\x81" "b", "ab" },
		{ "a\xff" "b", "a?b" },
		{ "a\xc3", "a?" },
		{ "a\x1b", "a" },
		{ "a\x1b]unterminated", "a" },
		{ "a\x7f" "b", "ab" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(mem_auto_free) char *got = clean_dup(rows[i].given, CLEAN_LINE);

		assert_string_equal(got, rows[i].then);
	}
}

static void clean_keeps_the_lines_after_an_unterminated_sequence(void **state)
{
	AUTO(mem_auto_free) char *got = clean_dup("a\x1b]0;never closed\nb", CLEAN_TEXT);

	(void)state;
	assert_string_equal(got, "a\nb");
}

static void clock_writes_and_reads_iso(void **state)
{
	char text[CLOCK_ISO_SIZE];
	int64_t ms = 0;

	(void)state;
	assert_string_equal(clock_iso(1763647387000, text), "2025-11-20T14:03:07Z");
	assert_true(clock_parse_iso(text, &ms));
	assert_int_equal(ms, 1763647387000);
	assert_true(clock_parse_iso("2025-11-20T14:03:07.250Z", &ms));
	assert_int_equal(ms, 1763647387250);
	assert_false(clock_parse_iso("yesterday", &ms));
}

static void moments_are_iso_times_or_whole_seconds(void **state)
{
	static const struct { const char *text; bool ok; int64_t ms; } rows[] = {
		{ "2025-11-20T14:03:07Z", true, 1763647387000 }, { "1763647387", true, 1763647387000 }, { "0", true, 0 },
		{ "253402300799", true, 253402300799000 }, { "253402300800", false, 0 }, { "1763647387000", false, 0 },
		{ "", false, 0 }, { "-5", false, 0 }, { "17636473x7", false, 0 }, { "yesterday", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t ms = 0;

		assert_int_equal(clock_parse_moment(rows[i].text, &ms), rows[i].ok);
		assert_int_equal(ms, rows[i].ms);
	}
}

static void clock_ages_fit_their_column(void **state)
{
	static const struct { int64_t ms; const char *then; } rows[] = {
		{ -5, "0s" }, { 59999, "59s" }, { 60000, "1m" }, { 3599999, "59m" }, { 7200000, "2h" },
		{ 86400000, "1d" }, { 86400000LL * 14, "2w" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[CLOCK_AGE_SIZE];

		assert_string_equal(clock_age(rows[i].ms, text), rows[i].then);
	}
}

static void file_is_written_whole_and_read_back(void **state)
{
	char dir[] = "/tmp/slipway-test.XXXXXX";
	AUTO(mem_auto_free) char *path = NULL;
	struct buf b;
	struct err err = { 0 };

	(void)state;
	assert_non_null(mkdtemp(dir));
	path = mem_printf("%s/a", dir);
	assert_true(file_write_atomic(path, "content", 7, 0600, &err));
	assert_true(file_read(path, 100, &b, &err));
	assert_string_equal(b.data, "content");
	buf_done(&b);
	assert_false(file_read(path, 3, &b, &err));
	assert_int_equal(err.kind, ERR_TOO_BIG);
	assert_true(file_remove_tree(dir, &err));
	assert_int_equal(access(dir, F_OK), -1);
}

static void file_that_others_can_write_is_refused_by_name(void **state)
{
	char dir[] = "/tmp/slipway-test.XXXXXX";
	AUTO(mem_auto_free) char *path = NULL;
	AUTO(mem_auto_free) char *link_path = NULL;
	struct err err = { 0 };

	(void)state;
	assert_non_null(mkdtemp(dir));
	path = mem_printf("%s/a", dir);
	link_path = mem_printf("%s/l", dir);
	assert_true(file_write_atomic(path, "", 0, 0600, &err));
	assert_true(file_check_owner(path, &err));
	assert_int_equal(symlink(path, link_path), 0);
	assert_false(file_check_owner(link_path, &err));
	assert_int_equal(chmod(path, 0620), 0);
	assert_false(file_check_owner(path, &err));
	assert_int_equal(err.kind, ERR_DENIED);
	assert_non_null(strstr(err.text, path));
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(chmod(dir, 0777), 0);
	assert_false(file_check_owner(path, &err));
	assert_non_null(strstr(err.text, dir));
	assert_true(file_remove_tree(dir, &err));
}

static void json_text_that_is_no_utf8_is_repaired(void **state)
{
	json_t *value = json_safe_string("a\xff" "b\xc3\xa9");

	(void)state;
	assert_string_equal(json_string_value(value), "a\xef\xbf\xbd" "b\xc3\xa9");
	json_decref(value);
}

static void json_errors_name_the_place(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_null(json_read("{\n  \"a\": }", 10, &err));
	assert_non_null(strstr(err.text, "line 2"));
}

struct ticks { struct loop *loop; struct loop_timer *timer; int n; };

static void tick(void *arg)
{
	struct ticks *t = arg;

	if (++t->n == 3)
		loop_stop(t->loop);
	else
		loop_timer_set(t->timer, 1);
}

static void loop_timer_fires_until_stopped(void **state)
{
	struct ticks t = { .loop = loop_new() };

	(void)state;
	t.timer = loop_timer_new(t.loop, tick, &t);
	loop_timer_set(t.timer, 1);
	loop_run(t.loop);
	assert_int_equal(t.n, 3);
	loop_timer_free(t.timer);
	loop_free(t.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(err_gets_context_in_front_and_keeps_its_kind),
		cmocka_unit_test(err_kinds_are_found_again_by_name),
		cmocka_unit_test(buf_refuses_to_pass_its_maximum_and_stays_whole),
		cmocka_unit_test(clean_lets_no_control_through),
		cmocka_unit_test(clean_keeps_the_lines_after_an_unterminated_sequence),
		cmocka_unit_test(clock_writes_and_reads_iso),
		cmocka_unit_test(moments_are_iso_times_or_whole_seconds),
		cmocka_unit_test(clock_ages_fit_their_column),
		cmocka_unit_test(file_is_written_whole_and_read_back),
		cmocka_unit_test(file_that_others_can_write_is_refused_by_name),
		cmocka_unit_test(json_text_that_is_no_utf8_is_repaired),
		cmocka_unit_test(json_errors_name_the_place),
		cmocka_unit_test(loop_timer_fires_until_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
