/* Deployments that wait for their time: in the queue, over a restart, moved, stopped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/clock.h"
#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/engine/engine.h"
#include "tests/unit/engine_world.h"

ENGINE_WORLD_REGISTRY

enum { HOUR = 3600 * 1000 };

static int64_t schedule(struct engine_world *w, const char *version, int64_t in_ms)
{
	struct err err = { 0 };
	int64_t id = engine_world_deploy(w, "dev", version,
	                                 json_pack("{s:I}", "not_before", (json_int_t)(clock_wall_ms() + in_ms)), &err);

	if (!id)
		fail_msg("%s", err.text);
	return id;
}

static bool move(struct engine_world *w, int64_t id, int64_t in_ms, struct err *err)
{
	const struct engine_caller who = { getuid(), "bob" };
	AUTO(json_auto_decref) json_t *answer = NULL;
	AUTO(json_auto_decref) json_t *request = json_pack("{s:I}", "not_before", (json_int_t)(clock_wall_ms() + in_ms));

	return engine_move(w->engine, &who, id, request, &answer, err);
}

/* The gate that the first in the queue of dev is blocked by; "" when nothing waits. Yours. */
static char *blocked(struct engine_world *w)
{
	AUTO(json_auto_decref) json_t *environment = engine_world_environment(w, "dev");
	const json_t *first = json_array_get(json_object_get(environment, "queue"), 0);

	return mem_dup(json_text(json_array_get(json_object_get(first, "blocked"), 0), "gate"));
}

static void it_waits_in_the_queue_over_a_restart_and_lets_others_pass(void **state)
{
	struct engine_world *w = *state;
	AUTO(mem_auto_free) char *before = NULL, *after = NULL;
	AUTO(json_auto_decref) json_t *d = NULL;
	int64_t id;

	engine_world_build(w, "1.0.0", "");
	engine_world_build(w, "1.1.0", "");
	id = schedule(w, "1.1.0", HOUR);
	before = blocked(w);

	engine_world_deployed(w, "dev", "1.0.0");
	engine_world_stop(w);
	engine_world_start(w);

	after = blocked(w);
	assert_string_equal(before, "schedule");
	assert_string_equal(after, "schedule");
	assert_true(engine_deployment(w->engine, id, &d, NULL));
	assert_string_equal(json_text(d, "kind"), "scheduled");
	assert_string_equal(json_text(d, "state"), "queued");
	assert_true(json_int(d, "not_before", 0) > clock_wall_ms());
}

static void it_runs_when_its_time_comes_and_not_before(void **state)
{
	struct engine_world *w = *state;
	AUTO(json_auto_decref) json_t *d = NULL;
	int64_t id;

	engine_world_build(w, "1.0.0", "");
	id = schedule(w, "1.0.0", HOUR);
	assert_true(move(w, id, 300, NULL));

	engine_world_wait(w, "deployment.finished", 1);

	assert_true(engine_deployment(w->engine, id, &d, NULL));
	assert_string_equal(json_text(d, "state"), "succeeded");
	assert_true(json_int(d, "started", 0) >= json_int(d, "not_before", INT64_MAX));
}

static void one_that_was_missed_asks_and_may_be_moved_or_stopped(void **state)
{
	struct engine_world *w = *state;
	const struct engine_caller who = { getuid(), "alice" };
	AUTO(json_auto_decref) json_t *nothing = json_object(), *answer = NULL;
	AUTO(mem_auto_free) char *gate = NULL;
	struct err over = { 0 };
	int64_t id;

	engine_world_build(w, "1.0.0", "");
	id = schedule(w, "1.0.0", 200);
	engine_world_stop(w);
	engine_world_run(w, 300);
	engine_world_start(w);
	gate = blocked(w);
	assert_string_equal(gate, "schedule");

	assert_true(engine_stop(w->engine, &who, id, nothing, &answer, NULL));

	assert_string_equal(json_text(answer, "state"), "stopped");
	assert_false(move(w, id, HOUR, &over));
	assert_int_equal(over.kind, ERR_CONFLICT);
}

static void a_time_that_is_past_is_refused(void **state)
{
	struct engine_world *w = *state;
	struct err err = { 0 };

	engine_world_build(w, "1.0.0", "");

	assert_int_equal(engine_world_deploy(w, "dev", "1.0.0", json_pack("{s:I}", "not_before", (json_int_t)1000), &err), 0);

	assert_int_equal(err.kind, ERR_USAGE);
	assert_non_null(strstr(err.text, "past"));
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, engine_world_begin, engine_world_end)
	const struct CMUnitTest tests[] = {
		TEST(it_waits_in_the_queue_over_a_restart_and_lets_others_pass),
		TEST(it_runs_when_its_time_comes_and_not_before),
		TEST(one_that_was_missed_asks_and_may_be_moved_or_stopped),
		TEST(a_time_that_is_past_is_refused),
	};
	int code;

	if (engine_world_helps(argc, argv, &code))
		return code;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
