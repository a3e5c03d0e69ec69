/* The console without its engine: nothing acts, an engine that died is started again, and what came of a key is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "tests/tools/desk.h"
#include "tests/tools/scene.h"
#include "tui/input.h"
#include "tui/list.h"
#include "views/keys.h"
#include "views/select.h"
#include "views/view.h"

/* The lists begin at prod; dev is the last of three. */
static void select_dev(struct desk *d)
{
	desk_keys(d, "G");
	assert_string_equal(select_environment(d->console)->name, "dev");
}

static void a_lost_engine_is_a_banner_and_no_action(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("failed", 24, 80);

	(void)state;
	select_dev(d);
	desk_down(d, "connection refused");
	desk_wait(d, 3000);
	assert_true(desk_sees(d, "ENGINE LOST 3s; retrying, or: slipway engine start"));
	assert_false(desk_sees(d, "d deploy"));
	desk_keys(d, "d");
	assert_int_equal(desk_posts(d), 0);
	desk_up(d);
	assert_false(desk_sees(d, "ENGINE LOST"));
	assert_string_equal(select_environment(d->console)->name, "dev");
}

static struct desk *desk_that_may_start(bool read_only)
{
	struct console_options options = { .seed = "s", .rows = 24, .cols = 80, .may_start = true, .read_only = read_only };
	struct desk *d = desk_new_with("shop", &options);

	desk_up(d);
	return d;
}

static void an_engine_that_died_is_started_again_after_a_pause(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_that_may_start(false);

	(void)state;
	desk_down(d, "connection refused");
	desk_wait(d, 1900);
	assert_int_equal(d->starts, 0);
	assert_true(desk_sees(d, "ENGINE LOST  data is 1s old, no action is possible; it is started again"));
	/* Each attempt to connect that fails tells it once more. */
	desk_down(d, "connection refused");
	desk_wait(d, 200);
	assert_int_equal(d->starts, 1);
	desk_wait(d, 60000);
	assert_int_equal(d->starts, 1);
	desk_started(d, ERR_NONE, NULL);
	desk_up(d);
	assert_false(desk_sees(d, "ENGINE LOST"));
	assert_true(desk_sees(d, "this console started it again"));
}

static void an_engine_that_does_not_stay_up_is_left_to_a_person(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_that_may_start(false);

	(void)state;
	for (int i = 1; i <= 3; i++) {
		desk_down(d, "connection refused");
		desk_wait(d, 21000);
		assert_int_equal(d->starts, i);
		desk_started(d, ERR_NONE, NULL);
		desk_up(d);
	}
	desk_down(d, "connection refused");
	desk_wait(d, 10 * 60000);
	assert_int_equal(d->starts, 3);
	assert_true(desk_sees(d, "ENGINE LOST 10m; retrying, or: slipway engine start"));

	/* when: somebody starts it, and it runs for a while */
	desk_up(d);
	desk_wait(d, 61000);
	desk_down(d, "connection refused");
	desk_wait(d, 3000);
	assert_int_equal(d->starts, 4);
}

static void why_an_engine_cannot_be_started_is_said_until_it_is_back(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_that_may_start(false);

	(void)state;
	desk_down(d, "connection refused");
	desk_wait(d, 2100);
	desk_started(d, ERR_UNREACHABLE, "the engine ended at once: the disk is full");
	assert_true(desk_sees(d, "the engine ended at once: the disk is full"));
	desk_wait(d, 5100);
	assert_int_equal(d->starts, 2);
	desk_up(d);
	assert_false(desk_sees(d, "the disk is full"));
}

static void an_engine_that_was_stopped_stays_stopped(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_that_may_start(false);

	(void)state;
	desk_down(d, "the engine ended the event stream");
	desk_wait(d, 2100);
	desk_started(d, ERR_REFUSED, "the engine was stopped");
	desk_wait(d, 60000);
	assert_int_equal(d->starts, 1);
	assert_true(desk_sees(d, "retrying, or: slipway engine start"));
}

/* A start finishes or undoes what the engine was at: that changes something. */
static void a_read_only_console_starts_no_engine(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_that_may_start(true);

	(void)state;
	desk_down(d, "connection refused");
	desk_wait(d, 60000);
	assert_int_equal(d->starts, 0);
	assert_true(desk_sees(d, "retrying, or: slipway engine start"));
}

static void what_runs_is_not_known_to_run_on_while_the_engine_is_lost(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("shop", 24, 80);
	AUTO(mem_auto_free) char *before = NULL, *after = NULL;

	(void)state;
	select_dev(d);
	desk_down(d, "connection refused");
	for (int row = 0; row < 24 && !before; row++) {
		AUTO(mem_auto_free) char *line = desk_line(d, row);

		if (!strstr(line, "-- dev 2.14.1") && !strstr(line, "─ dev 2.14.1"))
			continue;
		before = mem_dup(line);
		desk_wait(d, 30000);
		after = desk_line(d, row);
	}
	assert_non_null(before);
	assert_string_equal(after, before);
}

static void an_answer_that_never_came_is_said_and_never_sent_again(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("failed", 24, 80);

	(void)state;
	select_dev(d);
	d->mute = true;
	desk_keys(d, "d");
	desk_keys(d, "d");
	assert_int_equal(desk_posts(d), 1);
	desk_down(d, "gone");
	assert_true(desk_sees(d, "the engine did not answer"));
	d->mute = false;
	desk_up(d);
	desk_wait(d, 5000);
	assert_int_equal(desk_posts(d), 1);
}


int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lost_engine_is_a_banner_and_no_action),
		cmocka_unit_test(an_engine_that_died_is_started_again_after_a_pause),
		cmocka_unit_test(an_engine_that_does_not_stay_up_is_left_to_a_person),
		cmocka_unit_test(why_an_engine_cannot_be_started_is_said_until_it_is_back),
		cmocka_unit_test(an_engine_that_was_stopped_stays_stopped),
		cmocka_unit_test(a_read_only_console_starts_no_engine),
		cmocka_unit_test(what_runs_is_not_known_to_run_on_while_the_engine_is_lost),
		cmocka_unit_test(an_answer_that_never_came_is_said_and_never_sent_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
