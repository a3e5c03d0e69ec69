/* What the store answers about test results, deployments and environments. */
#include "tests/unit/store_case.h"

#include <sys/stat.h>

#include "backend/store/store_priv.h"

/* ---- test results ---- */

static int add_result(struct store *s, int64_t deployment, int step, const char *name, enum test_outcome outcome)
{
	struct store_result r = { "checkout", name, outcome == TEST_FAIL ? "it broke" : "", outcome, 12 };
	int n = 0;

	assert_ok(store_add_result(s, deployment, step, &r, &n, err));
	return n;
}

static int64_t results_total(struct store *s, int64_t deployment)
{
	json_t *json;
	int64_t total;

	assert_ok(store_query_results(s, deployment, 1, 1, &json, err));
	total = json_int(json, "total", -1);
	json_decref(json);
	return total;
}

static void results_are_numbered_in_order_of_arrival(void **state)
{
	struct store_case *c = *state;
	const json_t *last;
	json_t *json;

	assert_int_equal(add_result(c->s, 5, 1, "a", TEST_OK), 1);
	assert_int_equal(add_result(c->s, 6, 1, "other", TEST_OK), 1);
	assert_int_equal(add_result(c->s, 5, 1, "b", TEST_FAIL), 2);
	journal_build(c->s, "1", 1000);
	store_case_reopen(c);
	assert_int_equal(add_result(c->s, 5, 2, "c", TEST_TODO), 3);
	assert_ok(store_query_results(c->s, 5, 2, 10, &json, err));
	assert_int_equal(json_int(json, "total", 0), 3);
	assert_int_equal(json_array_size(json_object_get(json, "results")), 2);
	last = json_array_get(json_object_get(json, "results"), 1);
	assert_int_equal(json_int(last, "n", 0), 3);
	assert_int_equal(json_int(last, "step", 0), 2);
	assert_string_equal(json_text(last, "outcome"), "todo");
	assert_string_equal(json_text(last, "suite"), "checkout");
	json_decref(json);
}

static void results_that_wait_are_written_when_the_store_closes(void **state)
{
	struct store_case *c = *state;

	add_result(c->s, 5, 1, "a", TEST_OK);
	store_case_reopen(c);
	assert_int_equal(results_total(c->s, 5), 1);
}

static void adding_results_does_not_touch_the_disk_each_time(void **state)
{
	struct store_case *c = *state;
	AUTO(mem_auto_free) char *wal = mem_printf("%s-wal", c->path);
	struct stat before, after;

	journal_build(c->s, "1", 1000);
	assert_int_equal(stat(wal, &before), 0);
	for (int i = 0; i < 100; i++)
		add_result(c->s, 5, 1, "a", TEST_OK);
	assert_int_equal(stat(wal, &after), 0);
	assert_int_equal(after.st_size, before.st_size);
	journal_build(c->s, "2", 1000);
	assert_int_equal(c->s->nresults, 0);
	assert_int_equal(results_total(c->s, 5), 100);
}

static void results_in_a_transaction_that_is_undone_are_not_lost(void **state)
{
	struct store_case *c = *state;

	add_result(c->s, 5, 1, "a", TEST_OK);
	assert_ok(store_begin(c->s, err));
	add_result(c->s, 5, 1, "b", TEST_OK);
	assert_int_equal(results_total(c->s, 5), 2);
	store_rollback(c->s);
	assert_int_equal(add_result(c->s, 5, 1, "c", TEST_OK), 3);
	assert_int_equal(results_total(c->s, 5), 3);
}

static void a_step_that_runs_again_begins_with_no_results(void **state)
{
	struct store_case *c = *state;

	add_result(c->s, 5, 1, "a", TEST_OK);
	add_result(c->s, 5, 2, "b", TEST_OK);
	journal_build(c->s, "1", 1000);
	add_result(c->s, 5, 2, "c", TEST_OK);
	assert_ok(store_clear_results(c->s, 5, 2, err));
	assert_int_equal(results_total(c->s, 5), 1);
	assert_int_equal(add_result(c->s, 5, 2, "b", TEST_FAIL), 2);
	assert_int_equal(results_total(c->s, 5), 2);
}

/* ---- deployments and environments ---- */

static void a_running_deployment_is_told_with_its_steps_and_running_totals(void **state)
{
	struct store_case *c = *state;
	int64_t id = journal_request(c->s, "prod", "deploy", "2", NULL);
	const json_t *step, *tests;
	json_t *json;

	journal(c->s, "deployment.started", json_pack("{s:I}", "id", (json_int_t)id));
	journal(c->s, "step.started", json_pack("{s:I, s:i}", "id", (json_int_t)id, "step", 0));
	journal(c->s, "step.finished", json_pack("{s:I, s:i, s:s, s:s, s:{s:i}, s:{s:i, s:i, s:i, s:i, s:i}}", "id",
		(json_int_t)id, "step", 0, "state", "ok", "tail", "last", "detail", "port", 9012, "tests", "ok", 4, "fail", 0,
		"skip", 1, "todo", 0, "planned", 5));
	journal(c->s, "step.started", json_pack("{s:I, s:i}", "id", (json_int_t)id, "step", 1));
	add_result(c->s, id, 1, "a", TEST_OK);
	add_result(c->s, id, 1, "b", TEST_FAIL);

	assert_ok(store_query_deployment(c->s, id, &json, err));

	assert_string_equal(json_text(json, "state"), "running");
	assert_true(json_is_null(json_object_get(json, "from")));
	assert_true(json_is_null(json_object_get(json, "ended")));
	assert_true(json_is_integer(json_object_get(json, "started")));
	assert_int_equal(json_int(json, "step", -1), 1);
	assert_string_equal(json_text(json, "stage"), "smoke");
	step = json_array_get(json_object_get(json, "steps"), 0);
	assert_int_equal(json_int(json_object_get(step, "detail"), "port", 0), 9012);
	assert_string_equal(json_text(step, "tail"), "last");
	assert_int_equal(json_int(json_object_get(step, "tests"), "planned", 0), 5);
	step = json_array_get(json_object_get(json, "steps"), 1);
	assert_int_equal(json_int(json_object_get(step, "tests"), "fail", 0), 1);
	assert_true(json_is_null(json_object_get(json_array_get(json_object_get(json, "steps"), 2), "tests")));
	tests = json_object_get(json, "tests");
	assert_int_equal(json_int(tests, "ok", 0), 5);
	assert_int_equal(json_int(tests, "fail", 0), 1);
	assert_int_equal(json_int(tests, "skip", 0), 1);
	assert_true(json_is_null(json_object_get(tests, "planned")));
	json_decref(json);
}

static void deployments_are_listed_newest_first_and_before_an_id(void **state)
{
	static const struct { const char *app, *environment; int64_t before; int limit, n; int64_t first; } rows[] = {
		{ NULL, NULL, 0, 50, 4, 4 }, { "", "", 0, 50, 4, 4 }, { "shop", NULL, 0, 50, 4, 4 }, { "shop", "dev", 0, 50, 2, 3 },
		{ "shop", "prod", 4, 50, 1, 2 }, { "shop", NULL, 0, 1, 1, 4 }, { "shop", NULL, 1, 50, 0, 0 },
		{ "other", NULL, 0, 50, 0, 0 }, { NULL, "dev", 0, 50, 2, 3 },
	};
	struct store_case *c = *state;

	for (int i = 0; i < 4; i++)
		journal_request(c->s, i % 2 ? "prod" : "dev", "deploy", "1", NULL);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const json_t *list;
		json_t *json;

		assert_ok(store_query_deployments(c->s, rows[i].app, rows[i].environment, rows[i].before, rows[i].limit, &json, err));
		list = json_object_get(json, "deployments");
		assert_int_equal(json_int(json, "seq", 0), 4);
		assert_int_equal(json_array_size(list), rows[i].n);
		assert_int_equal(json_int(json_array_get(list, 0), "id", 0), rows[i].first);
		json_decref(json);
	}
}

static void a_deployment_is_found_by_its_key(void **state)
{
	struct store_case *c = *state;
	int64_t seq, id = -1;

	journal_request(c->s, "dev", "deploy", "1", NULL);
	seq = journal(c->s, "deployment.requested", json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "app", "shop", "environment",
		"dev", "kind", "deploy", "version", "1", "digest", "d1", "key", "K-1"));
	assert_ok(store_deployment_by_key(c->s, "K-1", &id, err));
	assert_int_equal(id, seq);
	assert_ok(store_deployment_by_key(c->s, "K-2", &id, err));
	assert_int_equal(id, 0);
	assert_ok(store_deployment_by_key(c->s, "", &id, err));
	assert_int_equal(id, 0);
}

static void a_deployment_that_is_not_there_is_not_found(void **state)
{
	struct store_case *c = *state;
	struct store_deployment d;
	struct err why = { 0 };
	json_t *json;

	assert_false(store_deployment(c->s, 7, &d, &why));
	assert_int_equal(why.kind, ERR_NOT_FOUND);
	assert_false(store_query_deployment(c->s, 7, &json, &why));
	assert_int_equal(why.kind, ERR_NOT_FOUND);
}

static void an_environments_answer_names_live_running_queue_and_target(void **state)
{
	struct store_case *c = *state;
	const json_t *queue;
	int64_t running, last;
	json_t *json;

	assert_ok(store_query_environment(c->s, "shop", "prod", &json, err));
	assert_true(json_is_null(json_object_get(json, "live")));
	assert_true(json_is_null(json_object_get(json, "deployment")));
	assert_true(json_is_null(json_object_get(json, "rollback")));
	json_decref(json);

	journal_success(c->s, "prod", "deploy", "1", NULL);
	last = journal_success(c->s, "prod", "deploy", "2", "1");
	assert_ok(store_query_environment(c->s, "shop", "prod", &json, err));
	assert_int_equal(json_int(json_object_get(json, "deployment"), "id", 0), last);
	json_decref(json);

	running = journal_request(c->s, "prod", "deploy", "3", "2");
	journal(c->s, "deployment.started", json_pack("{s:I}", "id", (json_int_t)running));
	journal_request(c->s, "prod", "deploy", "4", "2");
	journal_request(c->s, "prod", "rollback", "1", "2");
	assert_ok(store_query_environment(c->s, "shop", "prod", &json, err));
	assert_string_equal(json_text(json_object_get(json, "live"), "version"), "2");
	assert_string_equal(json_text(json_object_get(json, "live"), "colour"), "green");
	assert_string_equal(json_text(json_object_get(json, "rollback"), "version"), "1");
	assert_string_equal(json_text(json_object_get(json, "rollback"), "digest"), "d1");
	assert_int_equal(json_int(json_object_get(json, "deployment"), "id", 0), running);
	queue = json_object_get(json, "queue");
	assert_int_equal(json_array_size(queue), 2);
	assert_string_equal(json_text(json_array_get(queue, 0), "kind"), "rollback");
	assert_string_equal(json_text(json_array_get(queue, 1), "version"), "4");
	json_decref(json);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, store_case_begin, store_case_end)
	const struct CMUnitTest tests[] = {
		CASE(results_are_numbered_in_order_of_arrival),
		CASE(results_that_wait_are_written_when_the_store_closes),
		CASE(adding_results_does_not_touch_the_disk_each_time),
		CASE(results_in_a_transaction_that_is_undone_are_not_lost),
		CASE(a_step_that_runs_again_begins_with_no_results),
		CASE(a_running_deployment_is_told_with_its_steps_and_running_totals),
		CASE(deployments_are_listed_newest_first_and_before_an_id),
		CASE(a_deployment_is_found_by_its_key),
		CASE(a_deployment_that_is_not_there_is_not_found),
		CASE(an_environments_answer_names_live_running_queue_and_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
