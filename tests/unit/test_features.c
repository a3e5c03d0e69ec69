/* Features of an environment: what is on, the file that the components read, and who is told what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/engine/engine.h"
#include "tests/unit/engine_world.h"

ENGINE_WORLD_REGISTRY

#define FILE_OF_DEV ".slipway/environments/shop/dev/flags.json"

static json_t *set(struct engine_world *w, const char *feature, bool on, json_t *take_more, struct err *err)
{
	const struct engine_caller who = { getuid(), "alice" };
	AUTO(json_auto_decref) json_t *request = take_more ? take_more : json_object();
	json_t *answer = NULL;

	json_put_text(request, "environment", "dev");
	json_put_text(request, "feature", feature);
	json_object_set_new(request, "on", json_boolean(on));
	return engine_feature(w->engine, &who, request, &answer, err) ? answer : NULL;
}

static void sets(struct engine_world *w, const char *feature, bool on)
{
	struct err err = { 0 };
	AUTO(json_auto_decref) json_t *answer = set(w, feature, on, json_pack("{s:s}", "reason", "because"), &err);

	if (!answer)
		fail_msg("%s", err.text);
	assert_int_equal(json_flag(answer, "on"), on);
	engine_world_settle(w);
}

/* "a on, b off" as the API tells it. */
static char *told(struct engine_world *w, const char *name)
{
	AUTO(json_auto_decref) json_t *environment = engine_world_environment(w, name);
	char *text = mem_dup(""), *longer;
	const json_t *feature;
	size_t i;

	json_array_foreach(json_object_get(environment, "features"), i, feature) {
		longer = mem_printf("%s%s%s %s", text, i ? ", " : "", json_text(feature, "name"),
		                    json_flag(feature, "on") ? "on" : "off");
		free(text);
		text = longer;
	}
	return text;
}

/* The same as the file of dev has it. */
static char *written(struct engine_world *w)
{
	AUTO(mem_auto_free) char *text = engine_world_read(w, FILE_OF_DEV);
	AUTO(json_auto_decref) json_t *root = json_read(text, strlen(text), NULL);
	char *line = mem_dup(""), *longer;
	const char *name;
	json_t *flag;

	assert_string_equal(json_text(root, "$schema"), "https://flagd.dev/schema/v0/flags.json");
	json_object_foreach(json_object_get(root, "flags"), name, flag) {
		const json_t *variants = json_object_get(flag, "variants");

		assert_string_equal(json_text(flag, "state"), "ENABLED");
		assert_true(json_is_true(json_object_get(variants, "on")) && json_is_false(json_object_get(variants, "off")));
		longer = mem_printf("%s%s%s %s", line, *line ? ", " : "", name, json_text(flag, "defaultVariant"));
		free(line);
		line = longer;
	}
	return line;
}

#define assert_text(call, wanted) \
	do { \
		AUTO(mem_auto_free) char *text_of_call = call; \
		assert_string_equal(text_of_call, wanted); \
	} while (0)

static void features_of_the_live_build_are_on_until_one_is_pulled(void **state)
{
	struct engine_world *w = *state;

	assert_int_equal(engine_world_build(w, "1.0.0", "[\"search\", \"gifts\"]"), 201);
	assert_text(told(w, "dev"), "");
	engine_world_deployed(w, "dev", "1.0.0");
	assert_text(told(w, "dev"), "gifts on, search on");
	assert_text(written(w), "gifts on, search on");

	sets(w, "search", false);

	assert_text(told(w, "dev"), "gifts on, search off");
	assert_text(written(w), "gifts on, search off");
	assert_text(told(w, "prod"), "");
}

static void a_pulled_feature_stays_so_for_the_next_build_and_over_a_restart(void **state)
{
	struct engine_world *w = *state;

	engine_world_build(w, "1.0.0", "[\"search\"]");
	engine_world_build(w, "1.1.0", "[\"search\", \"wishes\"]");
	engine_world_deployed(w, "dev", "1.0.0");
	sets(w, "search", false);

	engine_world_deployed(w, "dev", "1.1.0");
	assert_text(written(w), "search off, wishes on");

	engine_world_stop(w);
	engine_world_start(w);
	assert_text(told(w, "dev"), "search off, wishes on");
	assert_text(written(w), "search off, wishes on");
}

static void what_is_being_brought_finds_its_features_before_it_starts(void **state)
{
	struct engine_world *w = *state;
	struct err err = { 0 };

	engine_world_build(w, "1.0.0", "[\"search\"]");
	assert_true(engine_world_deploy(w, "dev", "1.0.0", NULL, &err) > 0);

	engine_world_wait(w, "slot.set", 1);

	assert_text(written(w), "search on");
}

static void the_row_says_who_and_why(void **state)
{
	struct engine_world *w = *state;
	AUTO(json_auto_decref) json_t *environment = NULL;
	const json_t *feature, *body = NULL;

	engine_world_build(w, "1.0.0", "[\"search\"]");
	engine_world_deployed(w, "dev", "1.0.0");
	environment = engine_world_environment(w, "dev");
	feature = json_array_get(json_object_get(environment, "features"), 0);
	assert_true(json_is_null(json_object_get(feature, "since")) && json_is_null(json_object_get(feature, "by")));
	json_decref(environment);

	sets(w, "search", false);
	sets(w, "search", false);

	environment = engine_world_environment(w, "dev");
	feature = json_array_get(json_object_get(environment, "features"), 0);
	assert_string_equal(json_text(feature, "by"), "alice");
	assert_string_equal(json_text(feature, "reason"), "because");
	assert_true(json_int(feature, "since", 0) > 0);
	assert_int_equal(engine_world_count(w, "feature.set", &body), 1);
	assert_string_equal(json_text(body, "feature"), "search");
	assert_true(json_is_false(json_object_get(body, "on")));
}

static void what_cannot_be_is_refused_and_names_what_there_is(void **state)
{
	struct engine_world *w = *state;
	struct err unknown = { 0 }, none = { 0 }, stale = { 0 };

	engine_world_build(w, "1.0.0", "[\"search\"]");
	assert_null(set(w, "search", false, NULL, &none));
	assert_int_equal(none.kind, ERR_NOT_FOUND);
	assert_non_null(strstr(none.text, "--feature"));
	engine_world_deployed(w, "dev", "1.0.0");

	assert_null(set(w, "serch", false, NULL, &unknown));
	assert_null(set(w, "search", false, json_pack("{s:b}", "expect", 0), &stale));

	assert_int_equal(unknown.kind, ERR_NOT_FOUND);
	assert_non_null(strstr(unknown.text, "it has search"));
	assert_int_equal(stale.kind, ERR_STALE);
	assert_int_equal(engine_world_count(w, "feature.set", NULL), 0);
}

static void a_file_that_was_changed_by_hand_is_put_right_and_told(void **state)
{
	struct engine_world *w = *state;
	AUTO(mem_auto_free) char *path = file_join(w->dir, FILE_OF_DEV), *line = NULL;
	AUTO(json_auto_decref) json_t *rows = NULL;

	engine_world_build(w, "1.0.0", "[\"search\"]");
	engine_world_deployed(w, "dev", "1.0.0");
	engine_world_stop(w);
	assert_true(file_write_atomic(path, "{}", 2, 0644, NULL));

	engine_world_start(w);
	engine_world_settle(w);

	assert_text(written(w), "search on");
	assert_true(engine_journal(w->engine, 0, 500, &rows, NULL));
	line = json_line(rows);
	assert_non_null(strstr(line, "environment.repaired"));
	engine_world_stop(w);
	assert_int_equal(unlink(path), 0);
	engine_world_start(w);
	engine_world_settle(w);
	assert_text(written(w), "search on");
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, engine_world_begin, engine_world_end)
	const struct CMUnitTest tests[] = {
		TEST(features_of_the_live_build_are_on_until_one_is_pulled),
		TEST(a_pulled_feature_stays_so_for_the_next_build_and_over_a_restart),
		TEST(what_is_being_brought_finds_its_features_before_it_starts),
		TEST(the_row_says_who_and_why),
		TEST(what_cannot_be_is_refused_and_names_what_there_is),
		TEST(a_file_that_was_changed_by_hand_is_put_right_and_told),
	};
	int code;

	if (engine_world_helps(argc, argv, &code))
		return code;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
