/* Small files written on a thread: whole, in order, told from the loop. */
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
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/base/saver.h"

struct fixture {
	char dir[32];
	char *path;
	struct loop *loop;
	struct saver *saver;
	struct loop_timer *limit;
	int told, idle;
	struct err err;
};

static void too_late(void *arg)
{
	(void)arg;
	fail_msg("nothing was told within 10 s");
}

static int set_up(void **state)
{
	struct fixture *f = mem_alloc(sizeof *f);

	*state = f;
	snprintf(f->dir, sizeof f->dir, "/tmp/slipway-test.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->path = file_join(f->dir, "routes.map");
	f->loop = loop_new();
	f->limit = loop_timer_new(f->loop, too_late, f);
	loop_timer_set(f->limit, 10000);
	return saver_new(f->loop, &f->saver, NULL) ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	saver_free(f->saver);
	loop_timer_free(f->limit);
	loop_free(f->loop);
	file_remove_tree(f->dir, NULL);
	free(f->path);
	free(f);
	return 0;
}

static void saved(void *arg, const struct err *err)
{
	struct fixture *f = arg;

	f->told++;
	if (err)
		f->err = *err;
}

static void is_idle(void *arg)
{
	struct fixture *f = arg;

	f->idle++;
	loop_stop(f->loop);
}

static char *read_file(const struct fixture *f)
{
	struct buf text;

	return file_read(f->path, 1000, &text, NULL) ? text.data : NULL;
}

static void a_file_is_written_whole_and_told(void **state)
{
	struct fixture *f = *state;
	AUTO(mem_auto_free) char *text = NULL;
	struct stat st;

	/* when */
	saver_on_idle(f->saver, is_idle, f);
	saver_write(f->saver, f->path, "live blue\n", 10, 0600, saved, f);
	assert_false(saver_is_idle(f->saver));
	assert_int_equal(f->told, 0);
	loop_run(f->loop);
	/* then */
	assert_true(saver_is_idle(f->saver));
	assert_int_equal(f->told, 1);
	assert_int_equal(f->idle, 1);
	assert_int_equal(f->err.kind, ERR_NONE);
	text = read_file(f);
	assert_string_equal(text, "live blue\n");
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void the_last_word_on_a_file_is_the_last(void **state)
{
	struct fixture *f = *state;
	AUTO(mem_auto_free) char *text = NULL;
	char last[20];

	/* when one after the other is asked for, and half of them are forgotten */
	saver_on_idle(f->saver, is_idle, f);
	for (int i = 0; i < 100; i++) {
		struct save *save;

		snprintf(last, sizeof last, "%d", i);
		save = saver_write(f->saver, f->path, last, strlen(last), 0600, saved, f);
		if (i % 2)
			save_forget(save);
	}
	loop_run(f->loop);
	/* then */
	text = read_file(f);
	assert_string_equal(text, "99");
	assert_int_equal(f->told, 50);
}

static void a_file_is_removed_and_one_that_is_absent_is_no_failure(void **state)
{
	struct fixture *f = *state;

	/* given */
	saver_on_idle(f->saver, is_idle, f);
	saver_write(f->saver, f->path, "x", 1, 0600, NULL, NULL);
	/* when */
	saver_remove(f->saver, f->path, saved, f);
	saver_remove(f->saver, f->path, saved, f);
	loop_run(f->loop);
	/* then */
	assert_int_equal(access(f->path, F_OK), -1);
	assert_int_equal(f->told, 2);
	assert_int_equal(f->err.kind, ERR_NONE);
}

static void what_cannot_be_written_is_named(void **state)
{
	struct fixture *f = *state;
	AUTO(mem_auto_free) char *path = file_join(f->dir, "absent/routes.map");

	saver_on_idle(f->saver, is_idle, f);
	saver_write(f->saver, path, "x", 1, 0600, saved, f);
	loop_run(f->loop);

	assert_int_equal(f->told, 1);
	assert_non_null(strstr(f->err.text, path));
	assert_non_null(strstr(f->err.text, "No such file"));
}

static void at_the_end_all_is_written_and_nobody_is_told(void **state)
{
	struct fixture *f = *state;
	AUTO(mem_auto_free) char *text = NULL;

	saver_write(f->saver, f->path, "1", 1, 0600, saved, f);
	saver_write(f->saver, f->path, "2", 1, 0600, saved, f);
	saver_free(f->saver);
	f->saver = NULL;

	text = read_file(f);
	assert_string_equal(text, "2");
	assert_int_equal(f->told, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_file_is_written_whole_and_told),
		TEST(the_last_word_on_a_file_is_the_last),
		TEST(a_file_is_removed_and_one_that_is_absent_is_no_failure),
		TEST(what_cannot_be_written_is_named),
		TEST(at_the_end_all_is_written_and_nobody_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
