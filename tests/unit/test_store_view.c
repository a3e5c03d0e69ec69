/* A view of a journal answers as the store that held it answered then: after every single row of a long story. */
#include "tests/unit/store_case.h"

#include "backend/base/clock.h"
#include "backend/store/feature.h"
#include "backend/store/policy.h"

enum { ROWS_MAX = 200 };

static json_t *policy_json(struct store *s, const char *environment)
{
	AUTO(store_policy_done) struct store_policy p = { 0 };

	assert_ok(store_policy(s, "shop", environment, &p, err));
	return json_pack("{s:s?, s:s?, s:b, s:s?, s:s?}", "lock", p.lock.owner, "reason", p.lock.reason, "paused", p.paused,
	                 "why", p.paused_why, "drift", p.drift);
}

static json_t *features_json(struct store *s, const char *environment)
{
	AUTO(store_features_done) struct store_features f = { 0 };
	json_t *list = json_array();

	assert_ok(store_features(s, "shop", environment, &f, err));
	for (size_t i = 0; i < f.n; i++)
		json_array_append_new(list, json_pack("{s:s, s:b}", "name", f.items[i].name, "on", f.items[i].on));
	return list;
}

static int64_t results_total(struct store *s, int64_t deployment)
{
	AUTO(json_auto_decref) json_t *answer = NULL;

	assert_ok(store_query_results(s, deployment, 1, 1, &answer, err));
	return json_int(answer, "total", -1);
}

/* All that a person can ask, as text. Yours. */
static char *all_answers(struct store *s)
{
	AUTO(json_auto_decref) json_t *all = json_object(), *deployments = NULL, *builds = NULL;
	static const char *const environments[] = { "dev", "prod" };
	const json_t *d;
	size_t i;

	for (i = 0; i < ARRAY_LEN(environments); i++) {
		json_t *environment = NULL;

		assert_ok(store_query_environment(s, "shop", environments[i], &environment, err));
		json_object_set_new(environment, "policy", policy_json(s, environments[i]));
		json_object_set_new(environment, "features", features_json(s, environments[i]));
		json_object_set_new(all, environments[i], environment);
	}
	assert_ok(store_query_deployments(s, NULL, NULL, 0, 100, &deployments, err));
	assert_ok(store_query_builds(s, "shop", NULL, 0, 100, &builds, err));
	json_array_foreach(json_object_get(deployments, "deployments"), i, d) {
		json_t *one = NULL;

		assert_ok(store_query_deployment(s, json_int(d, "id", 0), &one, err));
		json_object_set_new(one, "results", json_integer(results_total(s, json_int(d, "id", 0))));
		json_object_set_new(one, "approved", store_approvals_json(s, json_int(d, "id", 0), NULL));
		json_object_set_new(all, json_text(d, "version"), one);
	}
	json_object_set(all, "deployments", deployments);
	json_object_set(all, "builds", builds);
	return json_dumps(all, JSON_SORT_KEYS | JSON_INDENT(1));
}

struct told { struct store *s; char *answers[ROWS_MAX]; json_t *rows; };

static void row_told(void *arg, const json_t *row)
{
	struct told *t = arg;

	json_array_append(t->rows, (json_t *)row);
	t->answers[json_array_size(t->rows) - 1] = all_answers(t->s);
}

static json_t *place(const char *environment)
{
	return json_pack("{s:s, s:s}", "app", "shop", "environment", environment);
}

static json_t *with(json_t *body, const char *key, json_t *take_value)
{
	json_object_set_new(body, key, take_value);
	return body;
}

/* What a suite reports, one by one, before its step ends with the sums. */
static void add_results(struct store *s, int64_t id, int n, const json_t *tests)
{
	for (int outcome = 0; outcome < TEST_OUTCOME_COUNT; outcome++)
		for (int64_t i = json_int(tests, test_outcome_name(outcome), 0); i > 0; i--) {
			struct store_result r = { "shop", "a test", "", (enum test_outcome)outcome, 1 };
			int number;

			assert_ok(store_add_result(s, id, n, &r, &number, err));
		}
}

static void step(struct store *s, int64_t id, int n, const char *state, json_t *take_tests)
{
	journal(s, "step.started", json_pack("{s:I, s:i, s:s}", "id", (json_int_t)id, "step", n, "stage", "smoke"));
	add_results(s, id, n, take_tests);
	journal(s, "step.finished", with(json_pack("{s:I, s:i, s:s, s:s, s:s}", "id", (json_int_t)id, "step", n, "stage",
	                                           "smoke", "state", state, "message", ""), "tests", take_tests));
}

static void a_rollback(struct store *s)
{
	int64_t id = journal_success(s, "dev", "rollback", "1", "2");

	journal(s, "build.quarantined", with(with(with(place("dev"), "version", json_string("2")), "digest",
	                                          json_string("d2")), "id", json_integer(id)));
	journal(s, "automation.paused", with(with(place("dev"), "why", json_string("it left 2")), "id", json_integer(id)));
}

/* A build that fails, one that goes on, approvals, a lock, features, a rollback, a release that waits, a resume. */
static void a_long_story(struct store *s)
{
	int64_t id;

	journal_build(s, "1", 1000);
	journal_build(s, "2", 2000);
	journal_success(s, "dev", "deploy", "1", NULL);
	id = journal_request(s, "dev", "deploy", "2", "1");
	journal(s, "deployment.started", json_pack("{s:I}", "id", (json_int_t)id));
	step(s, id, 0, "ok", json_null());
	step(s, id, 1, "fail", json_pack("{s:i, s:i, s:i, s:i, s:n}", "ok", 7, "fail", 2, "skip", 1, "todo", 0, "planned"));
	journal(s, "deployment.undoing", json_pack("{s:I, s:s, s:s, s:b}", "id", (json_int_t)id, "why", "smoke", "layer",
	                                           "smoke", "stopped", 0));
	journal_finish(s, id, "failed");
	journal_success(s, "dev", "deploy", "2", "1");
	id = journal_request(s, "prod", "deploy", "1", NULL);
	journal(s, "approval.given", json_pack("{s:I, s:s, s:s, s:s, s:s, s:i, s:s, s:s}", "id", (json_int_t)id, "plan_hash",
	                                       "p", "digest", "d1", "app", "shop", "environment", "prod", "uid", 1001,
	                                       "verdict", "approve", "reason", "looks good"));
	journal(s, "lock.taken", with(with(with(with(place("prod"), "uid", json_integer(1000)), "owner", json_string("alice")),
	                                   "reason", json_string("counting")), "expires", json_integer(0)));
	journal(s, "feature.set", with(with(with(place("dev"), "feature", json_string("search")), "on", json_false()), "reason",
	                               json_string("slow")));
	a_rollback(s);
	journal(s, "deployment.moved", json_pack("{s:I, s:I}", "id", (json_int_t)id, "not_before", (json_int_t)99));
	journal(s, "lock.released", with(with(with(place("prod"), "uid", json_integer(1000)), "owner", json_string("alice")),
	                                 "reason", json_string("")));
	journal(s, "automation.resumed", with(place("dev"), "reason", json_string("found it")));
	journal(s, "build.removed", json_pack("{s:s, s:s, s:s}", "app", "shop", "version", "2", "why", "retention"));
}

static void tell_story(struct store_case *c, struct told *ret)
{
	*ret = (struct told){ .s = c->s, .rows = json_array() };
	store_on_append(c->s, row_told, ret);
	a_long_story(c->s);
	store_on_append(c->s, NULL, NULL);
	assert_in_range(json_array_size(ret->rows), 30, ROWS_MAX);
}

static void told_done(struct told *t)
{
	for (size_t i = 0; i < json_array_size(t->rows); i++)
		free(t->answers[i]);
	json_decref(t->rows);
}

static void after_each_row_it_answers_as_the_store_did(void **state)
{
	struct store_case *c = *state;
	struct store *view;
	struct told told;

	/* given */
	tell_story(c, &told);
	assert_ok(store_open_view(&view, err));
	for (size_t i = 0; i < json_array_size(told.rows); i++) {
		char *answers;

		/* when */
		assert_ok(store_view_add(view, json_array_get(told.rows, i), err));

		/* then */
		answers = all_answers(view);
		assert_string_equal(answers, told.answers[i]);
		free(answers);
	}
	store_close(view);
	told_done(&told);
}

static void it_ends_at_the_moment_and_goes_on_from_there(void **state)
{
	struct store_case *c = *state;
	int64_t moment, half;
	struct store *view;
	struct told told;
	char *answers;
	bool end = false;

	/* given: rows before a moment and after it */
	journal_build(c->s, "0", 500);
	moment = clock_wall_ms();
	half = store_seq(c->s);
	while (clock_wall_ms() == moment)
		usleep(500);
	tell_story(c, &told);
	assert_ok(store_open_view(&view, err));

	/* when: up to that moment, then to the end in small slices */
	while (!end)
		assert_ok(store_view_read(view, c->s, moment, 3, &end, err));
	assert_int_equal(store_seq(view), half);
	for (end = false; !end;)
		assert_ok(store_view_read(view, c->s, clock_wall_ms(), 3, &end, err));

	/* then */
	assert_int_equal(store_seq(view), store_seq(c->s));
	answers = all_answers(view);
	assert_string_equal(answers, told.answers[json_array_size(told.rows) - 1]);
	free(answers);
	store_close(view);
	told_done(&told);
}

static void a_row_that_was_changed_or_left_out_is_named(void **state)
{
	struct store_case *c = *state;
	AUTO(json_auto_decref) json_t *changed = NULL;
	struct err err_change = { 0 }, err_gap = { 0 };
	struct store *view;
	struct told told;

	/* given */
	tell_story(c, &told);
	assert_ok(store_open_view(&view, err));
	assert_ok(store_view_add(view, json_array_get(told.rows, 0), err));

	/* when */
	changed = json_deep_copy(json_array_get(told.rows, 1));
	json_object_set_new(json_object_get(changed, "body"), "author", json_string("Mallory"));

	/* then */
	assert_false(store_view_add(view, changed, &err_change));
	assert_string_equal(err_change.text, "row 2: its hash does not follow from its content and the row before");
	assert_false(store_view_add(view, json_array_get(told.rows, 2), &err_gap));
	assert_string_equal(err_gap.text, "row 2 is missing");
	assert_int_equal(store_seq(view), 1);
	store_close(view);
	told_done(&told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(after_each_row_it_answers_as_the_store_did, store_case_begin, store_case_end),
		cmocka_unit_test_setup_teardown(it_ends_at_the_moment_and_goes_on_from_there, store_case_begin, store_case_end),
		cmocka_unit_test_setup_teardown(a_row_that_was_changed_or_left_out_is_named, store_case_begin, store_case_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
