/* The engine as it was: the same answers as were given then, while it goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/clock.h"
#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/engine/engine.h"
#include "tests/unit/engine_world.h"

ENGINE_WORLD_REGISTRY

static const struct engine_caller alice = { 1000, "alice" };

/* One question to the engine of then, and how often it was answered. */
struct question { struct engine_world *w; json_t *status; struct err err; int answers; bool keeps; struct engine *then; };

static void asked(void *arg, struct engine *then, const struct err *err)
{
	struct question *q = arg;

	q->answers++;
	if (err) {
		q->err = *err;
		return;
	}
	json_decref(q->status);
	q->status = NULL;
	assert_true(engine_status(then, &alice, NULL, &q->status, &q->err));
	q->then = then;
	if (!q->keeps)
		engine_then_done(q->w->engine, then);
}

static void ask(struct question *q, int64_t at)
{
	int before = q->answers;

	engine_at(q->w->engine, at, asked, q);
	for (int i = 0; i < 1000 && q->answers == before; i++)
		engine_world_run(q->w, 1);
	assert_int_equal(q->answers, before + 1);
	assert_string_equal(q->err.text, "");
}

static const json_t *dev_of(const json_t *status)
{
	const json_t *app = json_array_get(json_object_get(status, "apps"), 0);

	return json_array_get(json_object_get(app, "environments"), 0);
}

static const char *live_of(const json_t *status)
{
	return json_text(json_object_get(dev_of(status), "live"), "version");
}

/* A moment that no row shares. */
static int64_t moment(void)
{
	int64_t at;

	usleep(3000);
	at = clock_wall_ms();
	usleep(3000);
	return at;
}

/* 1.0.0, then 1.1.0, then a lock; ret: a moment after each. */
static void tell_story(struct engine_world *w, int64_t ret[static 3])
{
	AUTO(json_auto_decref) json_t *lock = json_pack("{s:s, s:s}", "app", "shop", "reason", "counting");
	AUTO(json_auto_decref) json_t *answer = NULL;

	engine_world_build(w, "1.0.0", "");
	engine_world_build(w, "1.1.0", "");
	engine_world_deployed(w, "dev", "1.0.0");
	ret[0] = moment();
	engine_world_deployed(w, "dev", "1.1.0");
	ret[1] = moment();
	assert_true(engine_hold(w->engine, &alice, "dev", ENGINE_LOCK, lock, &answer, NULL));
	ret[2] = moment();
}

static void it_answers_as_it_did(void **state)
{
	struct engine_world *w = *state;
	struct question q = { .w = w };
	int64_t at[3];

	/* given */
	tell_story(w, at);

	/* when: back, forth, and back again */
	ask(&q, at[1]);

	/* then */
	assert_string_equal(live_of(q.status), "1.1.0");
	assert_true(json_is_null(json_object_get(dev_of(q.status), "lock")));
	assert_int_equal(json_int(q.status, "now", 0), at[1]);
	assert_int_equal(json_int(json_object_get(q.status, "as_of"), "at", 0), at[1]);
	ask(&q, at[2]);
	assert_string_equal(json_text(json_object_get(dev_of(q.status), "lock"), "owner"), "alice");
	ask(&q, at[0]);
	assert_string_equal(live_of(q.status), "1.0.0");
	ask(&q, 1);
	assert_string_equal(live_of(q.status), "");
	json_decref(q.status);
}

static void what_only_an_observation_knows_is_unknown(void **state)
{
	struct engine_world *w = *state;
	struct question q = { .w = w };
	const json_t *back;
	int64_t at[3];

	/* given: the present knows its health and how long the way back is */
	tell_story(w, at);
	engine_world_run(w, 2500);

	/* when */
	ask(&q, at[2]);

	/* then */
	back = json_object_get(dev_of(q.status), "rollback");
	assert_string_equal(json_text(back, "version"), "1.0.0");
	assert_true(json_is_null(json_object_get(back, "warm")));
	assert_true(json_is_null(json_object_get(back, "ms")));
	assert_true(json_is_null(json_object_get(dev_of(q.status), "health")));
	assert_true(json_is_null(json_object_get(dev_of(q.status), "attention")));
	json_decref(q.status);
}

static void two_moments_may_be_looked_at_at_once(void **state)
{
	struct engine_world *w = *state;
	struct question first = { .w = w, .keeps = true }, second = { .w = w, .keeps = true };
	AUTO(json_auto_decref) json_t *again = NULL;
	int64_t at[3];
	struct err err;

	/* given */
	tell_story(w, at);

	/* when: the first is still held when the second is asked for, and the configuration changes under both */
	ask(&first, at[0]);
	ask(&second, at[1]);
	engine_world_configure(w, ",\"automatic\":true", "");

	/* then */
	assert_ptr_not_equal(first.then, second.then);
	assert_true(engine_status(first.then, &alice, NULL, &again, &err));
	assert_string_equal(live_of(again), "1.0.0");
	assert_string_equal(live_of(second.status), "1.1.0");
	engine_then_done(w->engine, first.then);
	engine_then_done(w->engine, second.then);
	json_decref(first.status);
	json_decref(second.status);
}

static int rows_with(struct engine_world *w, const char *type, const char *text)
{
	AUTO(json_auto_decref) json_t *answer = NULL;
	const json_t *row;
	size_t i;
	int n = 0;

	assert_true(engine_journal(w->engine, 0, 500, &answer, NULL));
	json_array_foreach(json_object_get(answer, "rows"), i, row) {
		AUTO(mem_auto_free) char *line = json_line(row);

		n += strcmp(json_text(row, "type"), type) == 0 && strstr(line, text);
	}
	return n;
}

static void it_goes_by_the_rules_of_then(void **state)
{
	struct engine_world *w = *state;
	struct question q = { .w = w };
	int64_t before, between;

	/* given: dev is not automatic, then it is, then it is not and has another variable */
	before = moment();
	engine_world_configure(w, ",\"automatic\":true,\"variables\":{\"COLOUR\":\"red\",\"TOKEN\":\"hush\"},"
	                       "\"secrets\":[\"TOKEN\"]", "");
	between = moment();
	engine_world_configure(w, "", "");

	/* when, then */
	ask(&q, between);
	assert_true(json_flag(dev_of(q.status), "automatic"));
	ask(&q, before);
	assert_false(json_flag(dev_of(q.status), "automatic"));
	ask(&q, between);
	assert_true(json_flag(dev_of(q.status), "automatic"));
	ask(&q, moment());
	assert_false(json_flag(dev_of(q.status), "automatic"));
	json_decref(q.status);

	/* then: what is kept of a secret is its name */
	assert_int_equal(rows_with(w, "config.file", "red"), 1);
	assert_int_equal(rows_with(w, "config.file", "TOKEN"), 1);
	assert_int_equal(rows_with(w, "config.file", "hush"), 0);
}

static void a_file_that_did_not_change_is_not_kept_again(void **state)
{
	struct engine_world *w = *state;

	/* given */
	assert_int_equal(rows_with(w, "config.file", "shop"), 1);

	/* when */
	engine_world_stop(w);
	engine_world_start(w);

	/* then */
	assert_int_equal(rows_with(w, "config.loaded", "slipway.json"), 2);
	assert_int_equal(rows_with(w, "config.file", "shop"), 1);
}

static void whoever_waits_when_the_engine_ends_is_told(void **state)
{
	struct engine_world *w = *state;
	struct question q = { .w = w };
	int64_t at[3];

	/* given */
	tell_story(w, at);

	/* when */
	engine_at(w->engine, at[0], asked, &q);
	engine_world_stop(w);

	/* then */
	assert_int_equal(q.answers, 1);
	assert_int_equal(q.err.kind, ERR_UNREACHABLE);
	engine_world_start(w);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, engine_world_begin, engine_world_end)
		CASE(it_answers_as_it_did),
		CASE(what_only_an_observation_knows_is_unknown),
		CASE(two_moments_may_be_looked_at_at_once),
		CASE(it_goes_by_the_rules_of_then),
		CASE(a_file_that_did_not_change_is_not_kept_again),
		CASE(whoever_waits_when_the_engine_ends_is_told),
	};
	int code;

	if (engine_world_helps(argc, argv, &code))
		return code;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
