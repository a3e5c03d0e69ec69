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

enum { DAY = 24 * HOUR };

static int64_t tomorrow_at_noon(void)
{
	return (clock_wall_ms() / DAY + 1) * DAY + DAY / 2;
}

static void a_window_that_is_closed_at_its_time_is_told_in_the_answer(void **state)
{
	struct engine_world *w = *state;
	AUTO(json_auto_decref) json_t *d = NULL;
	int64_t noon = tomorrow_at_noon(), id;
	const json_t *blocked_by;

	engine_world_build(w, "1.0.0", "");
	engine_world_configure(w, ",\"windows\":[\"00:00-01:00 UTC\"]", "");
	id = engine_world_deploy(w, "dev", "1.0.0", json_pack("{s:I}", "not_before", (json_int_t)noon), NULL);

	assert_true(engine_deployment(w->engine, id, &d, NULL));

	blocked_by = json_array_get(json_object_get(d, "blocked"), 1);
	assert_int_equal(json_array_size(json_object_get(d, "blocked")), 2);
	assert_string_equal(json_text(blocked_by, "gate"), "window");
	assert_non_null(strstr(json_text(blocked_by, "why"), "dev will be outside its windows at "));
	assert_true(json_int(blocked_by, "clears_at", 0) == noon + DAY / 2);
	assert_true(json_int(d, "expected", 0) == noon + DAY / 2);
}

static json_t *approved(struct engine_world *w, int64_t id)
{
	const struct engine_caller bob = { 4002, "bob" };
	AUTO(json_auto_decref) json_t *request = json_pack("{s:s}", "reason", "seen");
	json_t *answer = NULL;

	assert_true(engine_approve(w->engine, &bob, id, request, false, &answer, NULL));
	return answer;
}

static int64_t first_ends(const json_t *d)
{
	return json_int(json_array_get(json_object_get(d, "approvals"), 0), "ends", 0);
}

static void an_approval_holds_for_the_schedule_that_it_was_given_for(void **state)
{
	struct engine_world *w = *state;
	AUTO(json_auto_decref) json_t *given_for_it = NULL, *after_move = NULL;
	int64_t noon = tomorrow_at_noon(), id, at;

	engine_world_build(w, "1.0.0", "");
	engine_world_configure(w, ",\"approval\":{\"from\":[\"bob\"],\"expires\":\"5m\"},\"late\":\"2h\"", "");
	id = engine_world_deploy(w, "dev", "1.0.0", json_pack("{s:I}", "not_before", (json_int_t)noon), NULL);

	given_for_it = approved(w, id);

	assert_true(first_ends(given_for_it) == noon + 2 * HOUR);
	assert_true(json_int(given_for_it, "expected", 0) == noon);
	/* at another time it is another question: its term is all that is left of it */
	assert_true(move(w, id, DAY, NULL));
	assert_true(engine_deployment(w->engine, id, &after_move, NULL));
	at = json_int(json_array_get(json_object_get(after_move, "approvals"), 0), "at", 0);
	assert_true(first_ends(after_move) == at + 5 * 60 * 1000);
	assert_true(json_is_null(json_object_get(after_move, "expected")));
	assert_string_equal(json_text(json_array_get(json_object_get(after_move, "blocked"), 0), "gate"), "approval");
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, engine_world_begin, engine_world_end)
	const struct CMUnitTest tests[] = {
		TEST(it_waits_in_the_queue_over_a_restart_and_lets_others_pass),
		TEST(it_runs_when_its_time_comes_and_not_before),
		TEST(one_that_was_missed_asks_and_may_be_moved_or_stopped),
		TEST(a_time_that_is_past_is_refused),
		TEST(a_window_that_is_closed_at_its_time_is_told_in_the_answer),
		TEST(an_approval_holds_for_the_schedule_that_it_was_given_for),
	};
	int code;

	if (engine_world_helps(argc, argv, &code))
		return code;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
