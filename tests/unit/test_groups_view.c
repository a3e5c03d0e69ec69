/* The screen Groups: releases of several applications, each with its members' states; and that its data is cleaned. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "tests/tools/desk.h"
#include "views/console.h"
#include "views/model_release.h"

static void r_opens_it_from_the_fleet_and_esc_goes_back(void **unused)
{
	struct desk *d = desk_new("fleet", 24, 80);

	(void)unused;
	desk_type(d, "r");
	assert_true(desk_sees(d, "groups: 2 under way"));
	assert_true(desk_sees(d, "#880 payments to prod from preprod"));
	assert_true(desk_sees(d, "1/3 0:42 alice 42s"));
	assert_true(desk_sees(d, "ledger         4.1.0 → 4.2.0"));
	assert_true(desk_sees(d, "search: preprod opens Monday 09:00"));
	desk_type(d, "\033");
	assert_true(desk_sees(d, "APPLICATION"));
	desk_free(d);
}

static void a_small_one_is_scrolled_to_its_end(void **unused)
{
	struct desk *d = desk_new("fleet", 15, 60);

	(void)unused;
	desk_type(d, "r");
	assert_false(desk_sees(d, "HELD stays"));
	desk_type(d, "G");
	assert_true(desk_sees(d, "HELD stays"));
	assert_false(desk_sees(d, "#880"));
	desk_free(d);
}

static size_t asked(const struct desk *d)
{
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(d->gets); i++)
		n += strncmp(json_string_value(json_array_get(d->gets, i)), "/v1/releases", 12) == 0;
	return n;
}

static void it_is_asked_anew_when_a_member_or_a_release_moves(void **unused)
{
	struct desk *d = desk_new("fleet", 24, 80);
	size_t before;

	(void)unused;
	desk_type(d, "r");
	before = asked(d);
	desk_row(d, "deployment.finished");
	assert_int_equal(asked(d), before + 1);
	desk_row(d, "release.stopping");
	assert_int_equal(asked(d), before + 2);
	desk_row(d, "lock.taken");
	assert_int_equal(asked(d), before + 2);
	desk_free(d);
}

static void an_empty_list_says_how_one_is_made(void **unused)
{
	struct desk *d = desk_new("shop", 24, 80);

	(void)unused;
	desk_type(d, "r");
	assert_true(desk_sees(d, "slipway release GROUP ENVIRONMENT"));
	desk_free(d);
}

static void history_and_deployment_name_the_release(void **unused)
{
	static const char answer[] = "{\"id\":41,\"version\":\"7\",\"environment\":\"prod\",\"state\":\"succeeded\",\"kind\":\"deploy\","
		"\"release\":{\"id\":12,\"group\":\"sui\\u001b[1mte\",\"index\":2,\"of\":3}}";
	AUTO(json_auto_decref) json_t *json = json_read(answer, strlen(answer), NULL);
	struct model_deployment d = { 0 };

	(void)unused;
	model_deployment_read(json, &d);
	assert_string_equal(d.release, "release 12 suite 2/3");
	model_deployment_done(&d);
}

static void what_came_from_outside_is_cleaned(void **unused)
{
	static const char answer[] = "{\"releases\":[{\"id\":1,\"group\":\"a\\u001b[31mb\",\"state\":\"from the future\",\"message\":\"c\\r\\nd\","
		"\"members\":[{\"app\":\"\\u202ee\",\"state\":\"x\\u0007\"},null,{}],\"blocked\":[{\"why\":\"f\\u200bg\"}]},null,{}]}";
	AUTO(json_auto_decref) json_t *json = json_read(answer, strlen(answer), NULL);
	AUTO(model_releases_done) struct model_releases r = { 0 };

	(void)unused;
	model_releases_read(json, &r);
	assert_int_equal(r.n, 3);
	assert_string_equal(r.items[0].group, "ab");
	assert_int_equal(r.items[0].state, DEPLOYMENT_ATTENTION);
	assert_null(strpbrk(r.items[0].message, "\r\n"));
	assert_string_equal(r.items[0].members[0].app, "e");
	assert_string_equal(r.items[0].members[0].state, "x");
	assert_string_equal(r.items[0].blocked, "fg");
	assert_int_equal(r.items[0].nmembers, 3);
	assert_string_equal(r.items[2].blocked, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(r_opens_it_from_the_fleet_and_esc_goes_back),
		cmocka_unit_test(a_small_one_is_scrolled_to_its_end),
		cmocka_unit_test(it_is_asked_anew_when_a_member_or_a_release_moves),
		cmocka_unit_test(an_empty_list_says_how_one_is_made),
		cmocka_unit_test(history_and_deployment_name_the_release),
		cmocka_unit_test(what_came_from_outside_is_cleaned),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests_name("groups screen", tests, NULL, NULL);
}
