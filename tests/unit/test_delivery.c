/* What the engine tells of delivery, over a real store: read in slices, then only what is new. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/clock.h"
#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/engine/engine_priv.h"
#include "backend/report/metrics.h"

enum { LIMIT_MS = 40000 };

struct fixture {
	char dir[40];
	struct loop *loop;
	struct loop_timer *limit;
	struct engine *engine;
	json_t *answer;
	struct err err;
	int status;
};

#define ENVIRONMENT(name) "{\"name\":\"" name "\",\"protection\":\"open\",\"driver\":\"command\"," \
	"\"deploy\":[\"true\"],\"observe\":[\"true\"]%s}"

static const char configuration[] =
	"{\"application\":\"shop\",\"components\":{\"web\":{\"start\":[\"bin/web\"],\"protocol\":\"none\"}},"
	"\"environments\":[" ENVIRONMENT("dev") "," ENVIRONMENT("prod") "]}";

static void passed_limit(void *arg)
{
	struct fixture *f = arg;

	loop_stop(f->loop);
}

static void write_configuration(const struct fixture *f, const char *dev, const char *prod)
{
	AUTO(mem_auto_free) char *path = file_join(f->dir, "slipway.json");
	AUTO(mem_auto_free) char *text = mem_printf(configuration, dev, prod);

	assert_true(file_write_atomic(path, text, strlen(text), 0600, NULL));
}

static int open_fixture(void **state)
{
	struct fixture *f = mem_alloc(sizeof *f);

	snprintf(f->dir, sizeof f->dir, "/tmp/slipway-delivery.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	write_configuration(f, "", "");
	f->loop = loop_new();
	f->limit = loop_timer_new(f->loop, passed_limit, f);
	if (!engine_new(f->loop, f->dir, &f->engine, &f->err))
		fail_msg("%s", f->err.text);
	*state = f;
	return 0;
}

static int close_fixture(void **state)
{
	struct fixture *f = *state;

	engine_free(f->engine);
	loop_timer_free(f->limit);
	loop_free(f->loop);
	file_remove_tree(f->dir, NULL);
	json_decref(f->answer);
	free(f);
	return 0;
}

static void answered(void *arg, int status, const json_t *answer, const struct err *err)
{
	struct fixture *f = arg;

	f->status = status;
	json_decref(f->answer);
	f->answer = answer ? json_deep_copy(answer) : NULL;
	if (err)
		f->err = *err;
	loop_stop(f->loop);
}

static void wait_answer(struct fixture *f)
{
	if (!f->status) {
		loop_timer_set(f->limit, LIMIT_MS);
		loop_run(f->loop);
		loop_timer_stop(f->limit);
	}
	if (!f->status)
		fail_msg("no answer within %d s", LIMIT_MS / 1000);
}

static const json_t *ask_metrics(struct fixture *f)
{
	f->status = 0;
	engine_metrics(f->engine, NULL, clock_wall_ms() - 3600 * 1000, answered, f);
	wait_answer(f);
	assert_int_equal(f->status, 200);
	return json_object_get(json_array_get(json_object_get(f->answer, "apps"), 0), "environments");
}

static int64_t append(struct fixture *f, const char *type, json_t *take_body)
{
	int64_t seq = 0;

	assert_true(store_append(f->engine->store, "alice", type, take_body, &seq, NULL));
	return seq;
}

static void deploy(struct fixture *f, const char *environment, const char *version, const char *outcome)
{
	int64_t id = append(f, "deployment.requested",
	                    json_pack("{s:s, s:s, s:s, s:s, s:s, s:[]}", "app", "shop", "environment", environment, "kind",
	                              "deploy", "version", version, "digest", version, "steps"));

	append(f, "environment.live", json_pack("{s:I, s:s, s:s, s:s, s:s, s:s}", "id", (json_int_t)id, "app", "shop",
	                                        "environment", environment, "colour", "blue", "version", version, "digest",
	                                        version));
	append(f, "deployment.finished", json_pack("{s:I, s:s}", "id", (json_int_t)id, "state", outcome));
}

static void journal_is_counted_once_and_then_only_what_is_new(void **state)
{
	struct fixture *f = *state;
	const json_t *environments;

	/* given more rows than a slice takes */
	assert_true(store_begin(f->engine->store, NULL));
	for (int i = 0; i < 70; i++)
		deploy(f, "dev", "1.0.0", "succeeded");
	assert_true(store_commit(f->engine->store, NULL));
	environments = ask_metrics(f);
	assert_int_equal(json_array_size(environments), 2);
	assert_string_equal(json_text(json_array_get(environments, 0), "name"), "dev");
	assert_int_equal(json_int(json_array_get(environments, 0), "deployments", 0), 70);
	assert_int_equal(json_int(json_array_get(environments, 1), "deployments", -1), 0);
	assert_false(json_flag(json_array_get(environments, 0), "last"));
	assert_true(json_flag(json_array_get(environments, 1), "last"));
	/* when more comes */
	deploy(f, "prod", "1.0.0", "succeeded");
	deploy(f, "prod", "1.0.1", "failed");
	/* then it is added to what was counted */
	environments = ask_metrics(f);
	assert_int_equal(json_int(json_array_get(environments, 0), "deployments", 0), 70);
	assert_int_equal(json_int(json_array_get(environments, 1), "deployments", 0), 1);
	assert_int_equal(json_int(json_array_get(environments, 1), "failed", 0), 1);
	assert_int_equal(json_int(f->answer, "seq", 0), store_seq(f->engine->store));
	assert_int_equal(json_array_size(json_object_get(json_array_get(environments, 1), "history")),
	                 metrics_unit_begin(json_int(f->answer, "from", 0), false)
	                 == metrics_unit_begin(json_int(f->answer, "to", 0), false) ? 1 : 2);
}

static void environments_beside_the_pipeline_are_not_its_end(void **state)
{
	struct fixture *f = *state;
	const json_t *environments;

	engine_free(f->engine);
	write_configuration(f, "", ",\"optional\":true");
	assert_true(engine_new(f->loop, f->dir, &f->engine, &f->err));
	environments = ask_metrics(f);
	assert_true(json_flag(json_array_get(environments, 0), "last"));
	assert_false(json_flag(json_array_get(environments, 1), "last"));
}

static void maturity_of_each_application_is_told(void **state)
{
	struct fixture *f = *state;
	const json_t *app;

	deploy(f, "dev", "1.0.0", "succeeded");
	engine_maturity(f->engine, "shop", clock_wall_ms() - 3600 * 1000, answered, f);
	wait_answer(f);
	assert_int_equal(f->status, 200);
	assert_int_equal(json_array_size(json_object_get(f->answer, "apps")), 1);
	app = json_array_get(json_object_get(f->answer, "apps"), 0);
	assert_string_equal(json_text(app, "name"), "shop");
	assert_int_equal(json_int(app, "level", -1), 0);
	assert_non_null(strstr(json_text(json_array_get(json_object_get(app, "indicators"), 0), "evidence"), "prod"));
}

static void unknown_application_is_named(void **state)
{
	struct fixture *f = *state;

	engine_metrics(f->engine, "shpo", 0, answered, f);
	wait_answer(f);
	assert_int_equal(f->status, 404);
	assert_non_null(strstr(f->err.text, "shpo"));
}

static void text_has_each_family_once_with_all_its_environments(void **state)
{
	struct fixture *f = *state;
	const char *text, *head;

	deploy(f, "prod", "1.0.0", "succeeded");
	deploy(f, "prod", "1.0.1", "failed");
	engine_metrics_text(f->engine, answered, f);
	wait_answer(f);
	text = json_string_value(f->answer);
	assert_non_null(text);
	assert_non_null(strstr(text, "slipway_deployments_total{application=\"shop\",environment=\"dev\"} 0\n"
	                             "slipway_deployments_total{application=\"shop\",environment=\"prod\"} 1\n#"));
	assert_non_null(strstr(text, "slipway_change_failure_ratio{application=\"shop\",environment=\"prod\"} 0.5\n"));
	/* unknown is left out, never made up */
	assert_null(strstr(text, "slipway_change_failure_ratio{application=\"shop\",environment=\"dev\"}"));
	head = strstr(text, "# TYPE slipway_deployments_total counter\n");
	assert_non_null(head);
	assert_null(strstr(head + 1, "# TYPE slipway_deployments_total"));
	assert_non_null(strstr(text, "\nslipway_loop_slow_total "));
	assert_non_null(strstr(text, "\nslipway_deployments_running 0\n"));
	assert_non_null(strstr(text, "\nslipway_info{version=\"" SLIPWAY_VERSION "\"} 1\n"));
}

static void who_waits_is_told_when_the_engine_ends(void **state)
{
	struct fixture *f = *state;

	engine_metrics(f->engine, NULL, 0, answered, f);
	engine_free(f->engine);
	f->engine = NULL;
	assert_int_equal(f->status, err_http_status(ERR_UNREACHABLE));
	assert_int_equal(f->err.kind, ERR_UNREACHABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(journal_is_counted_once_and_then_only_what_is_new, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(environments_beside_the_pipeline_are_not_its_end, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(maturity_of_each_application_is_told, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(unknown_application_is_named, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(text_has_each_family_once_with_all_its_environments, open_fixture,
		                                close_fixture),
		cmocka_unit_test_setup_teardown(who_waits_is_told_when_the_engine_ends, open_fixture, close_fixture),
	};

	return cmocka_run_group_tests_name("delivery", tests, NULL, NULL);
}
