/* What the console makes of the engine's answers: typed, cleaned, complete even when the answer is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "tests/tools/scene.h"
#include "views/logtext.h"
#include "views/model.h"
#include "views/results.h"

static json_t *parse(const char *text)
{
	struct err err = { 0 };
	json_t *value = json_read(text, strlen(text), &err);

	if (!value)
		fail_msg("%s", err.text);
	return value;
}

static void a_status_is_read_whole(void **state)
{
	AUTO(json_auto_decref) json_t *answer = scene_status("shop");
	AUTO(model_status_done) struct model_status s = { 0 };
	const struct model_environment *prod, *dev;

	(void)state;
	model_status_read(answer, &s);
	assert_true(s.known);
	assert_string_equal(s.user, "alice");
	assert_int_equal(s.napps, 1);
	prod = model_environment(model_app(&s, "shop"), "prod");
	assert_true(prod->is_protected);
	assert_string_equal(prod->live_version, "2.13.5");
	assert_string_equal(prod->back_version, "2.13.4");
	assert_true(prod->back_is_warm);
	assert_false(prod->healthy);
	assert_string_equal(prod->health, "5xx");
	dev = model_environment(model_app(&s, "shop"), "dev");
	assert_false(dev->is_protected);
	assert_int_equal(dev->deployment.id, 812);
	assert_int_equal(dev->deployment.nsteps, 9);
	assert_int_equal(model_deployment_step(&dev->deployment)->stage, STAGE_ACCEPTANCE);
	assert_null(model_environment(model_app(&s, "shop"), "stage"));
	assert_null(model_app(&s, "other"));
}

static void the_release_policy_is_read_whole(void **state)
{
	AUTO(json_auto_decref) json_t *answer = scene_status("policy");
	AUTO(model_status_done) struct model_status s = { 0 };
	const struct model_environment *prod, *preprod;
	const struct model_deployment *bobs;
	const struct model_app *app;

	(void)state;
	model_status_read(answer, &s);
	app = model_app(&s, "shop");
	prod = model_environment(app, "prod");
	preprod = model_environment(app, "preprod");
	assert_int_equal(s.uid, 1000);
	/* every feature of every environment once, by name */
	assert_int_equal(app->nfeatures, 3);
	assert_string_equal(app->features[0], "checkout");
	assert_string_equal(app->features[2], "search");
	assert_true(model_feature(&prod->features, "checkout")->on);
	assert_string_equal(model_feature(&prod->features, "checkout")->by, "alice");
	assert_int_equal(model_feature(&prod->features, "search")->since, 0);
	assert_null(model_feature(&prod->features, "other"));
	bobs = &prod->queue[1];
	assert_int_equal(bobs->uid, 1001);
	assert_non_null(model_blocker(&bobs->blockers, "approval"));
	assert_int_equal(model_blocker(&bobs->blockers, "window")->clears_at, 1795166047000);
	assert_int_equal(model_approvals_for(&bobs->approvals, bobs->plan_hash), 1);
	assert_int_equal(model_approvals_for(&bobs->approvals, "another plan"), 0);
	assert_int_equal(preprod->queue[0].not_before, 1795197600000);
	assert_string_equal(preprod->lock.owner, "carol");
	assert_string_equal(preprod->hindrance, "locked by carol until 2026-11-20T03:54Z: load test of the new search");
	assert_null(prod->lock.owner);
}

/* The last one put in after the build came; what was put in before, pulled, or never touched is none. */
static void a_feature_put_in_since_is_told_from_the_others(void **state)
{
	static const struct { const char *features; int64_t live_since; const char *then; } rows[] = {
		{ "[]", 100, NULL },
		{ "[{\"name\":\"a\",\"on\":true,\"since\":null}]", 100, NULL },
		{ "[{\"name\":\"a\",\"on\":true,\"since\":99}]", 100, NULL },
		{ "[{\"name\":\"a\",\"on\":true,\"since\":100}]", 100, NULL },
		{ "[{\"name\":\"a\",\"on\":true,\"since\":101}]", 100, "a" },
		{ "[{\"name\":\"a\",\"on\":false,\"since\":101}]", 100, NULL },
		{ "[{\"name\":\"a\",\"on\":true,\"since\":105},{\"name\":\"b\",\"on\":true,\"since\":109},"
		  "{\"name\":\"c\",\"on\":true,\"since\":107}]", 100, "b" },
		{ "[{\"name\":\"a\",\"on\":true,\"since\":101}]", 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(json_auto_decref) json_t *answer = parse(rows[i].features);
		AUTO(model_features_done) struct model_features f = { 0 };
		const struct model_feature *found;

		model_features_read(answer, &f);
		found = model_feature_put_in(&f, rows[i].live_since);
		if (!found != !rows[i].then || (found && strcmp(found->name, rows[i].then) != 0))
			fail_msg("%s since %d", rows[i].features, (int)rows[i].live_since);
	}
}

static void what_is_missing_is_taken_for_the_careful_thing(void **state)
{
	AUTO(json_auto_decref) json_t *answer = parse("{\"apps\":[{\"name\":\"a\",\"environments\":["
	                                              "{\"name\":\"e\",\"deployment\":{\"id\":1,\"state\":\"from the future\"}}]}]}");
	AUTO(model_status_done) struct model_status s = { 0 };
	const struct model_environment *e;

	(void)state;
	model_status_read(answer, &s);
	e = model_environment(model_app(&s, "a"), "e");
	assert_true(e->is_protected);
	assert_true(e->rollback_needs_arming);
	assert_int_equal(e->deployment.state, DEPLOYMENT_ATTENTION);
	assert_string_equal(e->live_version, "");
	assert_string_equal(e->back_version, "");
}

static void the_remark_names_what_automation_does_not_take_yet(void **state)
{
	static const struct { const char *members, *then; } rows[] = {
		{ "\"next\":{\"version\":\"2.0\",\"gate\":\"promotion\",\"why\":\"4m of 10m\",\"clears_at\":1795144807000}",
		  "automatic: 2.0 waits for promotion until 2026-11-20T03:20Z: 4m of 10m" },
		{ "\"next\":{\"version\":\"2.0\",\"gate\":\"tests\",\"why\":\"3 failed\",\"clears_at\":null}",
		  "automatic: 2.0 does not pass tests: 3 failed" },
		{ "\"next\":{\"version\":\"2.0\"},\"paused\":{\"why\":\"rollback 9\"}", "automation is paused: rollback 9" },
		{ "\"next\":null", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(mem_auto_free) char *text = mem_printf("{\"apps\":[{\"name\":\"a\",\"environments\":[{\"name\":\"e\",%s}]}]}",
		                                            rows[i].members);
		AUTO(json_auto_decref) json_t *answer = parse(text);
		AUTO(model_status_done) struct model_status s = { 0 };

		model_status_read(answer, &s);
		assert_string_equal(model_environment(model_app(&s, "a"), "e")->remark, rows[i].then);
	}
}

static void answers_of_any_shape_do_no_harm(void **state)
{
	static const char *const texts[] = {
		"null", "[]", "{}", "7", "{\"apps\":7}", "{\"apps\":[7,null,{}]}", "{\"apps\":[{\"environments\":[[],7,{}]}]}",
		"{\"builds\":{},\"total\":-4,\"offset\":\"x\"}", "{\"builds\":[null,7,{}],\"total\":1e30}",
		"{\"apps\":[{\"environments\":[{\"features\":7,\"lock\":[],\"blocked\":{},\"queue\":[7]}]}]}",
		"{\"apps\":[{\"environments\":[{\"features\":[7,{}],\"lock\":{},\"blocked\":[7,{}],\"queue\":[{\"approvals\":[7,{}]}]}]}]}",
		"{\"deployments\":[7,null,{\"steps\":[7,{}]}]}", "{\"total\":-1,\"results\":[7,{},{\"n\":1}]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO(json_auto_decref) json_t *answer = json_loads(texts[i], JSON_DECODE_ANY, NULL);
		AUTO(model_status_done) struct model_status s = { 0 };
		AUTO(model_builds_done) struct model_builds b = { 0 };
		AUTO(model_history_done) struct model_history h = { 0 };
		AUTO(model_deployment_done) struct model_deployment d = { 0 };
		AUTO(results_done) struct results r = { 0 };

		model_status_read(answer, &s);
		model_builds_read(answer, &b);
		model_history_read(answer, false, &h);
		model_deployment_read(answer, &d);
		model_health_read(answer, &s);
		results_read(&r, answer);
		assert_true(b.n == json_array_size(json_object_get(answer, "builds")));
	}
}

static void no_control_gets_into_the_model(void **state)
{
	AUTO(json_auto_decref) json_t *answer = parse("{\"builds\":[{\"version\":\"1\\u001b]52;c;ZXZpbA==\\u0007\",\"author\":"
	                                              "\"a\\rb\\u202e\",\"message\":\"x\\ny\",\"live\":[\"p\\u001b[31mq\"]}]}");
	AUTO(json_auto_decref) json_t *policy = parse("{\"f\":[{\"name\":\"x\\u0007\",\"reason\":\"a\\u202eb\"}],"
	                                              "\"l\":{\"owner\":\"b\\u001b[2Job\"}}");
	AUTO(model_builds_done) struct model_builds b = { 0 };
	AUTO(model_features_done) struct model_features f = { 0 };
	AUTO(model_lock_done) struct model_lock l = { 0 };

	(void)state;
	model_builds_read(answer, &b);
	assert_string_equal(b.items[0].version, "1");
	assert_string_equal(b.items[0].author, "ab");
	assert_string_equal(b.items[0].message, "x y");
	assert_string_equal(b.items[0].live[0], "pq");
	model_features_read(json_object_get(policy, "f"), &f);
	assert_string_equal(f.items[0].name, "x");
	assert_string_equal(f.items[0].reason, "ab");
	model_lock_read(json_object_get(policy, "l"), &l);
	assert_string_equal(l.owner, "bob");
}

static void a_health_event_changes_its_environment_only(void **state)
{
	AUTO(json_auto_decref) json_t *answer = scene_status("shop");
	AUTO(json_auto_decref) json_t *event = parse("{\"app\":\"shop\",\"environment\":\"prod\",\"health\":{\"ok\":true,\"text\":\"OK\"},"
	                                              "\"attention\":\"port 1 is taken\"}");
	AUTO(model_status_done) struct model_status s = { 0 };

	(void)state;
	model_status_read(answer, &s);
	model_health_read(event, &s);
	assert_true(model_environment(model_app(&s, "shop"), "prod")->healthy);
	assert_string_equal(model_environment(model_app(&s, "shop"), "prod")->health, "OK");
	assert_string_equal(model_environment(model_app(&s, "shop"), "prod")->attention, "port 1 is taken");
	assert_string_equal(model_environment(model_app(&s, "shop"), "dev")->attention, "");
}

static void results_come_in_order_once_and_without_a_gap(void **state)
{
	AUTO(json_auto_decref) json_t *page = parse("{\"total\":3,\"results\":[{\"n\":1,\"name\":\"a\",\"outcome\":\"ok\"},"
	                                            "{\"n\":2,\"name\":\"b\",\"outcome\":\"fail\"}]}");
	AUTO(json_auto_decref) json_t *again = parse("[{\"n\":2,\"name\":\"b\",\"outcome\":\"fail\"},{\"n\":3,\"name\":\"c\","
	                                             "\"outcome\":\"skip\"}]");
	AUTO(json_auto_decref) json_t *gap = parse("[{\"n\":7,\"name\":\"g\",\"outcome\":\"ok\"}]");
	AUTO(results_done) struct results r = { .deployment = 1 };

	(void)state;
	results_read(&r, page);
	assert_int_equal(r.n, 2);
	assert_true(results_lack(&r));
	results_add(&r, again);
	assert_int_equal(r.n, 3);
	assert_false(results_lack(&r));
	results_add(&r, gap);
	assert_int_equal(r.n, 3);
	assert_true(results_lack(&r));
}

static void results_that_are_counted_anew_replace_the_old(void **state)
{
	AUTO(json_auto_decref) json_t *three = parse("{\"total\":3,\"results\":[{\"n\":1},{\"n\":2},{\"n\":3}]}");
	AUTO(json_auto_decref) json_t *one = parse("{\"total\":1,\"results\":[{\"n\":1,\"name\":\"new\"}]}");
	AUTO(results_done) struct results r = { .deployment = 1 };

	(void)state;
	results_read(&r, three);
	results_read(&r, one);
	assert_int_equal(r.n, 1);
	assert_string_equal(r.items[0].name, "new");
}

static void an_outcome_that_is_not_known_counts_as_failed(void **state)
{
	AUTO(json_auto_decref) json_t *page = parse("{\"total\":1,\"results\":[{\"n\":1,\"outcome\":\"splendid\"}]}");
	AUTO(results_done) struct results r = { .deployment = 1 };

	(void)state;
	results_read(&r, page);
	assert_int_equal(r.items[0].outcome, TEST_FAIL);
}

static void results_are_sorted_failures_first_and_filtered(void **state)
{
	AUTO(json_auto_decref) json_t *page = parse(
		"{\"total\":4,\"results\":[{\"n\":1,\"suite\":\"b\",\"name\":\"one\",\"outcome\":\"ok\"},"
		"{\"n\":2,\"suite\":\"a\",\"name\":\"two\",\"outcome\":\"skip\"},"
		"{\"n\":3,\"suite\":\"b\",\"name\":\"three\",\"outcome\":\"fail\",\"message\":\"total\"},"
		"{\"n\":4,\"suite\":\"a\",\"name\":\"four\",\"outcome\":\"ok\"}]}");
	static const struct { enum results_order order; const char *filter; size_t n; int then[4]; } rows[] = {
		{ RESULTS_FAILURES_FIRST, NULL, 4, { 3, 2, 1, 4 } },
		{ RESULTS_BY_ARRIVAL, NULL, 4, { 1, 2, 3, 4 } },
		{ RESULTS_BY_SUITE, "", 4, { 2, 4, 1, 3 } },
		{ RESULTS_BY_ARRIVAL, "TOTAL", 1, { 3 } },
		{ RESULTS_BY_ARRIVAL, "o", 4, { 1, 2, 3, 4 } },
		{ RESULTS_BY_ARRIVAL, "nothing", 0, { 0 } },
	};
	AUTO(results_done) struct results r = { .deployment = 1 };

	(void)state;
	results_read(&r, page);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t n = 0, *sorted = results_sorted(&r, rows[i].order, rows[i].filter, &n);

		assert_int_equal(n, rows[i].n);
		for (size_t k = 0; k < rows[i].n; k++)
			assert_int_equal(r.items[sorted[k]].n, rows[i].then[k]);
		free(sorted);
	}
}

static void a_log_grows_at_both_ends_and_keeps_its_offsets(void **state)
{
	AUTO(logtext_done) struct logtext l = { .deployment = 1 };
	AUTO(mem_auto_free) char *line = NULL;

	(void)state;
	logtext_put(&l, 100, 111, "half\nfifth\n", 117);
	assert_int_equal(l.from, 105);
	assert_int_equal(l.nlines, 1);
	logtext_put(&l, 111, 117, "sixth\n", 117);
	assert_int_equal(l.nlines, 2);
	logtext_put(&l, 94, 105, "forth\nhalf\n", 117);
	assert_int_equal(l.nlines, 4);
	assert_int_equal(logtext_offset(&l, 0), 94);
	assert_int_equal(logtext_line_at(&l, 105), 2);
	assert_int_equal(logtext_line_at(&l, 110), 2);
	assert_int_equal(logtext_line_at(&l, 0), 0);
	assert_int_equal(logtext_line_at(&l, 9999), 3);
	line = logtext_line(&l, 3);
	assert_string_equal(line, "sixth");
}

static void a_log_is_a_window_that_forgets_whole_lines(void **state)
{
	AUTO(logtext_done) struct logtext l = { .deployment = 1 };
	AUTO(mem_auto_free) char *piece = mem_alloc(LOGTEXT_PAGE + 1);
	int64_t at = 0;

	(void)state;
	for (int i = 0; i < LOGTEXT_PAGE; i++)
		piece[i] = i % 64 == 63 ? '\n' : 'x';
	for (int i = 0; i < 12; i++, at += LOGTEXT_PAGE)
		logtext_put(&l, at, at + LOGTEXT_PAGE, piece, at + LOGTEXT_PAGE);
	assert_true(l.len <= LOGTEXT_MAX);
	assert_int_equal(l.end, at);
	assert_int_equal(l.from % 64, 0);
	assert_int_equal(l.from + (int64_t)l.len, l.end);
}

static void a_log_line_is_cleaned_whole(void **state)
{
	AUTO(logtext_done) struct logtext l = { .deployment = 1 };
	AUTO(mem_auto_free) char *line = NULL;

	(void)state;
	/* The sequence is cut in two by the pieces it came in. */
	logtext_put(&l, 0, 5, "a\x1b]52", 5);
	logtext_put(&l, 5, 12, ";c;x\x07z\n", 12);
	line = logtext_line(&l, 0);
	assert_string_equal(line, "az");
}

static void a_log_is_searched_both_ways(void **state)
{
	AUTO(logtext_done) struct logtext l = { .deployment = 1 };
	size_t found = 9;

	(void)state;
	logtext_put(&l, 0, 24, "Error one\nfine\nerror two", 24);
	assert_true(logtext_find(&l, 0, 1, "error", &found));
	assert_int_equal(found, 2);
	assert_true(logtext_find(&l, 2, -1, "ERROR", &found));
	assert_int_equal(found, 0);
	assert_false(logtext_find(&l, 2, 1, "error", &found));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_status_is_read_whole),
		cmocka_unit_test(the_release_policy_is_read_whole),
		cmocka_unit_test(a_feature_put_in_since_is_told_from_the_others),
		cmocka_unit_test(what_is_missing_is_taken_for_the_careful_thing),
		cmocka_unit_test(the_remark_names_what_automation_does_not_take_yet),
		cmocka_unit_test(answers_of_any_shape_do_no_harm),
		cmocka_unit_test(no_control_gets_into_the_model),
		cmocka_unit_test(a_health_event_changes_its_environment_only),
		cmocka_unit_test(results_come_in_order_once_and_without_a_gap),
		cmocka_unit_test(results_that_are_counted_anew_replace_the_old),
		cmocka_unit_test(an_outcome_that_is_not_known_counts_as_failed),
		cmocka_unit_test(results_are_sorted_failures_first_and_filtered),
		cmocka_unit_test(a_log_grows_at_both_ends_and_keeps_its_offsets),
		cmocka_unit_test(a_log_is_a_window_that_forgets_whole_lines),
		cmocka_unit_test(a_log_line_is_cleaned_whole),
		cmocka_unit_test(a_log_is_searched_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
