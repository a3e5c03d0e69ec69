/* The refusals that an error carries: kept by value, told a line each, in the API's error object. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/engine/gate.h"
#include "backend/proto/refusal.h"

/* 2026-11-20T09:14:07Z */
static const int64_t OPENS_MS = 1795166047000;

/* Two gates refuse: the window waits, the tests do not. */
static struct err refused(void)
{
	struct gate_refusals refusals = { .n = 2, .items = {
		{ .gate = "window", .kind = ERR_REFUSED, .waits = true, .why = "prod is closed", .who = "time, or @leads",
		  .clears_at = OPENS_MS },
		{ .gate = "tests", .kind = ERR_REFUSED, .why = "1 failed" },
	} };
	struct err err = { 0 };

	assert_false(gate_tell(&refusals, &err));
	err_wrap(&err, "deploy 2.0.0 to prod");
	return err;
}

static void assert_line(const struct err *err, size_t i, const char *then)
{
	AUTO(mem_auto_free) char *line = refusal_line(err, i);

	if (!then)
		assert_null(line);
	else
		assert_string_equal(line, then);
}

static void each_gate_has_a_line_and_the_told_one_comes_first(void **state)
{
	struct err err = refused();

	(void)state;
	assert_string_equal(err.text, "deploy 2.0.0 to prod: tests gate: 1 failed");
	assert_line(&err, 0, "deploy 2.0.0 to prod: tests gate: 1 failed");
	assert_line(&err, 1, "deploy 2.0.0 to prod: window gate: prod is closed; cleared by time, or @leads; expected "
	                     "2026-11-20T09:14Z");
	assert_line(&err, 2, NULL);
}

static void an_error_without_a_gate_is_its_text(void **state)
{
	struct err err = { 0 };

	(void)state;
	err_set(&err, ERR_NOT_FOUND, "there is no build 3");
	assert_line(&err, 0, "there is no build 3");
	assert_line(&err, 1, NULL);
}

static void the_error_object_holds_all_and_names_the_told_one(void **state)
{
	struct err err = refused();
	AUTO(json_auto_decref) json_t *object = refusal_object(&err);
	const json_t *blocked = json_object_get(object, "blocked");

	(void)state;
	assert_string_equal(json_text(object, "kind"), "refused");
	assert_string_equal(json_text(object, "gate"), "tests");
	assert_true(json_is_null(json_object_get(object, "clears_at")));
	assert_int_equal(json_array_size(blocked), 2);
	assert_string_equal(json_text(json_array_get(blocked, 0), "gate"), "window");
	assert_string_equal(json_text(json_array_get(blocked, 0), "who"), "time, or @leads");
	assert_int_equal(json_int(json_array_get(blocked, 0), "clears_at", 0), OPENS_MS);
}

static void another_error_forgets_them_and_a_copy_keeps_them(void **state)
{
	struct err err = refused(), copy = { 0 };

	(void)state;
	err_copy(&copy, &err);
	err_set(&err, ERR_INTERNAL, "the disk is full");
	assert_line(&err, 0, "the disk is full");
	assert_line(&copy, 0, "deploy 2.0.0 to prod: tests gate: 1 failed");
}

static void what_has_no_room_is_left_out_whole(void **state)
{
	struct gate_refusals refusals = { .n = GATES_MAX };
	struct err err = { 0 };
	json_t *list;

	(void)state;
	/* given as many refusals as there can be, each as long as it can be */
	for (size_t i = 0; i < GATES_MAX; i++) {
		refusals.items[i] = (struct gate_refusal){ .gate = "lock", .kind = ERR_LOCKED };
		memset(refusals.items[i].why, 'w', sizeof refusals.items[i].why - 1);
		memset(refusals.items[i].who, 'o', sizeof refusals.items[i].who - 1);
	}
	gate_tell(&refusals, &err);
	list = refusal_list(&err);
	assert_in_range(json_array_size(list), 3, GATES_MAX - 1);
	json_decref(list);
}

static void a_refusal_and_a_missing_right_have_statuses_of_their_own(void **state)
{
	(void)state;
	assert_int_equal(err_http_status(ERR_REFUSED), 409);
	assert_int_equal(err_http_status(ERR_DENIED), 403);
	assert_int_equal(err_exit_code(ERR_REFUSED), 3);
	assert_int_equal(err_exit_code(ERR_DENIED), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_gate_has_a_line_and_the_told_one_comes_first),
		cmocka_unit_test(an_error_without_a_gate_is_its_text),
		cmocka_unit_test(the_error_object_holds_all_and_names_the_told_one),
		cmocka_unit_test(another_error_forgets_them_and_a_copy_keeps_them),
		cmocka_unit_test(what_has_no_room_is_left_out_whole),
		cmocka_unit_test(a_refusal_and_a_missing_right_have_statuses_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
