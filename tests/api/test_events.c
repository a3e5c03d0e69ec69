/* The event stream: backlog, live rows, and readers that do not read, talk or vanish. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <linux/sockios.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "backend/api/server.h"
#include "backend/api/server_priv.h"
#include "backend/base/clock.h"
#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/client/client.h"
#include "tests/api/double.h"
#include "tests/api/served.h"

static int descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* Readers of the event stream. */
struct watcher { struct world *w; struct client_stream *stream; int64_t last; int rows, events, beats, downs; bool disorder; };

static void saw_row(void *arg, const json_t *row)
{
	struct watcher *v = arg;
	int64_t seq = json_int(row, "seq", 0);

	v->disorder |= v->last && seq != v->last + 1;
	v->last = seq;
	v->rows++;
}

static void saw_event(void *arg, const char *event, const json_t *data)
{
	struct watcher *v = arg;

	(void)data;
	v->events += strcmp(event, "live") == 0;
}

static void saw_down(void *arg, const struct err *why)
{
	struct watcher *v = arg;

	(void)why;
	v->downs++;
}

static void saw_beat(void *arg)
{
	struct watcher *v = arg;

	v->beats++;
}

static const struct client_stream_fns watcher_fns = { saw_row, saw_event, NULL, saw_down, saw_beat };

static struct watcher watchers[100];
static int nwatchers;

static void watch(struct world *w, int n, int64_t since)
{
	memset(watchers, 0, sizeof watchers);
	nwatchers = n;
	for (int i = 0; i < n; i++) {
		watchers[i].w = w;
		watchers[i].stream = client_stream_new(w->client, since, &watcher_fns, &watchers[i]);
	}
}

static bool all_saw_all(struct world *w)
{
	for (int i = 0; i < nwatchers; i++)
		if (watchers[i].last < double_seq(w->engine))
			return false;
	return true;
}

static bool all_are_there(struct world *w)
{
	return events_count(w->server->events) == w->wanted;
}

static void append(struct world *w, int n)
{
	for (int i = 0; i < n; i++)
		double_append(w->engine, "step.started", json_pack("{s:i, s:s}", "id", i, "why", "a body as long as many are"));
}

static bool time_is_up(struct world *w) { return clock_mono_ms() >= w->wanted_ms; }

/* A reader who asks for rows that a power cut could take back. */
static void read_on_a_slow_disk(struct world *w)
{
	append(w, 3);
	double_unkeep(w->engine);
	watch(w, 1, 0);
	w->wanted = 1;
	run_until(w, all_are_there);
	w->wanted_ms = clock_mono_ms() + 50;
	run_until(w, time_is_up);
}

static void a_backlog_is_told_when_the_disk_has_it(void **state)
{
	struct world *w = *state;

	/* given */
	read_on_a_slow_disk(w);
	assert_int_equal(watchers[0].rows, 0);
	/* when */
	double_keep(w->engine, NULL);
	/* then */
	run_until(w, all_saw_all);
	assert_int_equal(watchers[0].rows, 3);
	client_stream_free(watchers[0].stream);
}

static void a_reader_that_goes_while_the_disk_is_slow_is_forgotten(void **state)
{
	struct world *w = *state;

	/* given */
	read_on_a_slow_disk(w);
	/* when */
	client_stream_free(watchers[0].stream);
	w->wanted = 0;
	run_until(w, all_are_there);
	/* then nobody is called for it */
	double_keep(w->engine, NULL);
}

static void a_stream_gives_the_backlog_and_then_what_is_new(void **state)
{
	struct world *w = *state;

	/* given a backlog of more than two pages */
	append(w, 1234);
	watch(w, 1, 17);
	run_until(w, all_saw_all);
	assert_int_equal(watchers[0].rows, 1217);
	append(w, 3);
	run_until(w, all_saw_all);
	assert_int_equal(watchers[0].rows, 1220);
	assert_false(watchers[0].disorder);
	assert_true(double_count(w->engine, "journal") >= 4);
}

static void append_one_in_the_middle(void *arg, struct engine *e, const char *function)
{
	struct world *w = arg;

	if (strcmp(function, "journal") == 0 && double_seq(w->engine) < 1300)
		double_append(e, "step.started", json_object());
}

static void rows_committed_during_the_backlog_come_once_and_in_order(void **state)
{
	struct world *w = *state;

	append(w, 1234);
	double_on_call(w->engine, append_one_in_the_middle, w);
	watch(w, 3, 0);
	run_until(w, all_saw_all);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(watchers[i].rows, double_seq(w->engine));
		assert_false(watchers[i].disorder);
	}
}

static void a_row_that_was_in_the_backlog_before_it_was_told_comes_once(void **state)
{
	struct world *w = *state;
	struct raw r;
	const char *first;

	append(w, 3);
	double_append_untold(w->engine, "step.started", json_object());
	raw_open(w, &r);
	raw_send(&r, "GET /v1/events?since=0 HTTP/1.1\r\n\r\n");
	raw_wait(&r, "id: 4\n");
	double_tell(w->engine, 4);
	append(w, 1);
	raw_wait(&r, "id: 5\n");
	first = strstr(r.in.data, "id: 4\n");
	assert_null(strstr(first + 1, "id: 4\n"));
	raw_close(&r);
}

static void a_stream_of_new_rows_begins_at_the_end(void **state)
{
	struct world *w = *state;

	append(w, 10);
	watch(w, 1, -1);
	w->wanted = 1;
	run_until(w, all_are_there);
	append(w, 1);
	run_until(w, all_saw_all);
	assert_int_equal(watchers[0].rows, 1);
	assert_int_equal(watchers[0].last, 11);
}

static bool an_event_came(struct world *w)
{
	(void)w;
	return watchers[0].events > 0;
}

static void what_is_not_in_the_journal_comes_too(void **state)
{
	struct world *w = *state;

	append(w, 1);
	watch(w, 1, 0);
	run_until(w, all_saw_all);
	double_event(w->engine, "live", json_pack("{s:i}", "deployment", 812));
	run_until(w, an_event_came);
}

static void a_hundred_readers_see_the_same(void **state)
{
	struct world *w = *state;

	append(w, 600);
	watch(w, 100, 0);
	run_until(w, all_saw_all);
	append(w, 50);
	run_until(w, all_saw_all);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(watchers[i].rows, 650);
		assert_false(watchers[i].disorder);
	}
}

static void a_journal_other_than_the_reader_s_is_said(void **state)
{
	struct world *w = *state;
	struct err err;

	append(w, 5);
	err = refused(w, "GET", "/v1/events?since=6", NULL);
	assert_int_equal(err.kind, ERR_STALE);
}

static bool beats_came(struct world *w)
{
	(void)w;
	return watchers[0].beats >= 4;
}

static void a_stream_beats(void **state)
{
	struct world *w = *state;

	events_set_beat(w->server->events, 5);
	watch(w, 1, 0);
	run_until(w, beats_came);
}

static void a_reader_that_stays_behind_is_cut_off(void **state)
{
	struct world *w = *state;
	struct raw r;
	AUTO(mem_auto_free) char *long_text = mem_alloc(10001);

	memset(long_text, 'x', 10000);
	raw_open(w, &r);
	loop_io_set(r.io, 0);
	raw_send(&r, "GET /v1/events?since=0 HTTP/1.1\r\n\r\n");
	w->wanted = 1;
	run_until(w, all_are_there);
	/* when it never reads and rows come */
	loop_timer_set(w->tick, 0);
	for (int i = 0; i < 300; i++)
		double_append(w->engine, "x", json_pack("{s:s}", "text", long_text));
	w->wanted = 0;
	run_until(w, all_are_there);
	raw_close(&r);
}

static void a_reader_that_took_nothing_for_three_beats_is_cut_off(void **state)
{
	struct world *w = *state;
	struct raw r;

	/* given a backlog larger than a socket's buffer and a reader that never reads */
	append(w, 20000);
	raw_open(w, &r);
	loop_io_set(r.io, 0);
	raw_send(&r, "GET /v1/events?since=0 HTTP/1.1\r\n\r\n");
	w->wanted = 1;
	run_until(w, all_are_there);
	events_set_beat(w->server->events, 10);
	w->wanted = 0;
	run_until(w, all_are_there);
	raw_close(&r);
}

static bool descriptors_are_back(struct world *w)
{
	return descriptors() == w->wanted;
}

static void readers_that_vanish_in_mid_write_leave_nothing_behind(void **state)
{
	struct world *w = *state;
	struct raw r[100];
	int before;

	append(w, 20000);
	before = descriptors();
	for (int i = 0; i < 100; i++) {
		raw_open(w, &r[i]);
		raw_send(&r[i], "GET /v1/events?since=0 HTTP/1.1\r\n\r\n");
		loop_io_set(r[i].io, 0);
	}
	w->wanted = 100;
	run_until(w, all_are_there);
	for (int i = 0; i < 100; i++)
		raw_close(&r[i]);
	append(w, 10);
	w->wanted = before;
	run_until(w, descriptors_are_back);
	assert_int_equal(events_count(w->server->events), 0);
}

static void a_reader_that_talks_is_not_heard(void **state)
{
	struct world *w = *state;
	AUTO(json_auto_decref) json_t *answer = NULL;
	struct raw r;

	raw_open(w, &r);
	raw_send(&r, "GET /v1/events?since=0 HTTP/1.1\r\n\r\nGET /v1/status HTTP/1.1\r\n\r\n");
	raw_wait(&r, "id: 0");
	raw_send(&r, "POST /v1/engine/stop HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
	append(w, 1);
	raw_wait(&r, "id: 1");
	answer = must(w, "GET", "/v1/status", NULL);
	assert_false(w->stopped);
	raw_close(&r);
}

static bool all_was_taken(struct world *w)
{
	int unsent = 0;

	return ioctl(w->raw->fd, SIOCOUTQ, &unsent) == 0 && unsent == 0;
}

static void what_a_reader_says_is_not_kept(void **state)
{
	struct world *w = *state;
	char *chatter = mem_alloc(65537);
	struct raw r;
	size_t before;

	memset(chatter, 'x', 65536);
	raw_open(w, &r);
	raw_send(&r, "GET /v1/events?since=0 HTTP/1.1\r\n\r\n");
	raw_wait(&r, "id: 0");
	before = mallinfo2().uordblks;
	for (int i = 0; i < 100; i++) {
		raw_send(&r, chatter);
		run_until(w, all_was_taken);
	}
	assert_true(mallinfo2().uordblks < before + 1024 * 1024);
	raw_close(&r);
	free(chatter);
}

static void closing_the_server_closes_its_readers(void **state)
{
	struct world *w = *state;
	struct raw r;

	raw_open(w, &r);
	raw_send(&r, "GET /v1/events?since=0 HTTP/1.1\r\n\r\n");
	raw_wait(&r, "id: 0");
	server_free(w->server);
	w->server = NULL;
	raw_wait(&r, NULL);
	assert_true(r.ended);
	raw_close(&r);
}

static void a_page_that_cannot_be_read_ends_the_stream(void **state)
{
	struct world *w = *state;
	struct raw r;

	/* given a reader that stands in the middle of a long backlog */
	append(w, 20000);
	raw_open(w, &r);
	loop_io_set(r.io, 0);
	raw_send(&r, "GET /v1/events?since=0 HTTP/1.1\r\n\r\n");
	w->wanted = 1;
	run_until(w, all_are_there);
	loop_io_set(r.io, LOOP_READ);
	double_set_error(w->engine, "journal", ERR_INTERNAL, "the disk is gone");
	raw_wait(&r, NULL);
	assert_true(r.ended);
	raw_close(&r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, served_setup, served_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_stream_gives_the_backlog_and_then_what_is_new),
		TEST(a_backlog_is_told_when_the_disk_has_it),
		TEST(a_reader_that_goes_while_the_disk_is_slow_is_forgotten),
		TEST(rows_committed_during_the_backlog_come_once_and_in_order),
		TEST(a_row_that_was_in_the_backlog_before_it_was_told_comes_once),
		TEST(a_stream_of_new_rows_begins_at_the_end),
		TEST(what_is_not_in_the_journal_comes_too),
		TEST(a_hundred_readers_see_the_same),
		TEST(a_journal_other_than_the_reader_s_is_said),
		TEST(a_stream_beats),
		TEST(a_reader_that_stays_behind_is_cut_off),
		TEST(a_reader_that_took_nothing_for_three_beats_is_cut_off),
		TEST(readers_that_vanish_in_mid_write_leave_nothing_behind),
		TEST(a_reader_that_talks_is_not_heard),
		TEST(what_a_reader_says_is_not_kept),
		TEST(closing_the_server_closes_its_readers),
		TEST(a_page_that_cannot_be_read_ends_the_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
