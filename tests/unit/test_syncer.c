/* The thread that brings files to the disk: order, numbers, waiting, failing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>

#include "backend/store/syncer.h"

/* The linker finds these before the C library's: a disk that is as slow or as broken as the test wants. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool held;
	int error;
	int calls, fds[20];
	bool whole[20];
} disk = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static int take(int fd, bool whole)
{
	int error;

	pthread_mutex_lock(&disk.lock);
	disk.fds[disk.calls] = fd;
	disk.whole[disk.calls++] = whole;
	pthread_cond_broadcast(&disk.changed);
	while (disk.held)
		pthread_cond_wait(&disk.changed, &disk.lock);
	error = disk.error;
	pthread_mutex_unlock(&disk.lock);
	errno = error;
	return error ? -1 : 0;
}

int fdatasync(int fd);
int fdatasync(int fd) { return take(fd, false); }
int fsync(int fd) { return take(fd, true); }

static void hold(bool held)
{
	pthread_mutex_lock(&disk.lock);
	disk.held = held;
	pthread_cond_broadcast(&disk.changed);
	pthread_mutex_unlock(&disk.lock);
}

/* Until the disk is at its n-th call. */
static void wait_for_call(int n)
{
	pthread_mutex_lock(&disk.lock);
	while (disk.calls < n)
		pthread_cond_wait(&disk.changed, &disk.lock);
	pthread_mutex_unlock(&disk.lock);
}

static int set_up(void **state)
{
	disk.held = false;
	disk.error = disk.calls = 0;
	return syncer_new((struct syncer **)state, NULL) ? 0 : -1;
}

static int tear_down(void **state)
{
	hold(false);
	syncer_free(*state);
	return 0;
}

static bool is_readable(const struct syncer *s)
{
	struct pollfd p = { .fd = syncer_fd(s), .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static void asking_does_not_wait_and_what_is_done_is_told(void **state)
{
	struct syncer *s = *state;
	int64_t number;

	/* given a disk that takes its time */
	hold(true);
	/* when */
	number = syncer_ask(s, 7, false);
	wait_for_call(1);
	/* then */
	assert_int_equal(number, 1);
	assert_int_equal(syncer_asked(s), 1);
	assert_int_equal(syncer_done(s, NULL), 0);
	assert_false(is_readable(s));
	hold(false);
	assert_true(syncer_wait(s, number));
	assert_int_equal(syncer_done(s, NULL), 1);
	assert_true(is_readable(s));
	syncer_heard(s);
	assert_false(is_readable(s));
}

static void what_stands_behind_the_same_file_is_served_at_once_and_order_is_kept(void **state)
{
	struct syncer *s = *state;

	/* given one that is under way */
	hold(true);
	syncer_ask(s, 7, false);
	wait_for_call(1);
	/* when four more are asked for, of two files */
	syncer_ask(s, 7, false);
	syncer_ask(s, 7, true);
	syncer_ask(s, 8, false);
	syncer_ask(s, 7, false);
	hold(false);
	/* then */
	assert_true(syncer_wait(s, 5));
	assert_int_equal(disk.calls, 4);
	assert_int_equal(disk.fds[1], 7);
	assert_true(disk.whole[1]);
	assert_int_equal(disk.fds[2], 8);
	assert_false(disk.whole[2]);
	assert_int_equal(disk.fds[3], 7);
	assert_int_equal(syncer_done(s, NULL), 5);
}

static void after_one_that_failed_none_is_done(void **state)
{
	struct syncer *s = *state;
	int error = 0;

	/* given */
	assert_true(syncer_wait(s, syncer_ask(s, 7, false)));
	syncer_heard(s);
	/* when the disk fails once and is well again */
	disk.error = EIO;
	assert_false(syncer_wait(s, syncer_ask(s, 7, false)));
	disk.error = 0;
	/* then */
	assert_false(syncer_wait(s, syncer_ask(s, 7, false)));
	assert_int_equal(syncer_done(s, &error), 1);
	assert_int_equal(error, EIO);
	assert_int_equal(disk.calls, 2);
	assert_true(is_readable(s));
	assert_true(syncer_wait(s, 1));
}

static void all_that_was_asked_for_is_done_at_the_end(void **state)
{
	struct syncer *s;

	(void)state;
	/* given */
	disk.calls = 0;
	assert_true(syncer_new(&s, NULL));
	hold(true);
	syncer_ask(s, 7, false);
	syncer_ask(s, 8, false);
	wait_for_call(1);
	/* when */
	hold(false);
	syncer_free(s);
	/* then */
	assert_int_equal(disk.calls, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(asking_does_not_wait_and_what_is_done_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_stands_behind_the_same_file_is_served_at_once_and_order_is_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(after_one_that_failed_none_is_done, set_up, tear_down),
		cmocka_unit_test(all_that_was_asked_for_is_done_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
