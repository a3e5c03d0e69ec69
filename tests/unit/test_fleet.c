/* The fleet: what is shown, in which order, and that the selection stays with its application. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "tests/tools/desk.h"
#include "tests/tools/scene.h"
#include "tui/list.h"
#include "views/fleetrows.h"

static struct model_status *fleet(const char *scene)
{
	AUTO(json_auto_decref) json_t *status = scene_status(scene);
	struct model_status *s = mem_alloc(sizeof *s);

	model_status_read(status, s);
	return s;
}

static void fleet_free(struct model_status *s)
{
	model_status_done(s);
	free(s);
}

static void columns_begin_where_users_are_and_hold_every_environment_once(void **state)
{
	struct model_status *s = fleet("fleet-many");
	struct fleetrows rows = { 0 };

	(void)state;
	fleetrows_make(s, NULL, FLEET_AS_CONFIGURED, &rows);
	assert_int_equal(rows.n, 40);
	assert_int_equal(rows.ncolumns, 5);
	assert_string_equal(rows.columns[0], "prod");
	assert_string_equal(rows.columns[4], "dev");
	fleetrows_done(&rows);
	fleet_free(s);
}

static void a_filter_finds_names_versions_and_states(void **state)
{
	static const struct { const char *filter; size_t n; } cases[] = {
		{ "", 3 }, { "SHOP", 1 }, { "7.1.4", 1 }, { "fail", 1 }, { "wait", 1 }, { "nothing of the kind", 0 },
	};
	struct model_status *s = fleet("fleet");
	struct fleetrows rows = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		fleetrows_make(s, cases[i].filter, FLEET_AS_CONFIGURED, &rows);
		assert_int_equal(rows.n, cases[i].n);
	}
	fleetrows_done(&rows);
	fleet_free(s);
}

static void what_needs_attention_comes_first(void **state)
{
	struct model_status *s = fleet("fleet");
	struct fleetrows rows = { 0 };

	/* given: shop has FAIL, search waits, billing is well */
	(void)state;
	fleetrows_make(s, NULL, FLEET_ATTENTION_FIRST, &rows);
	assert_string_equal(s->apps[rows.apps[0]].name, "shop");
	assert_string_equal(s->apps[rows.apps[1]].name, "search");
	assert_string_equal(s->apps[rows.apps[2]].name, "billing");
	assert_int_equal(rows.fail, 1);
	assert_int_equal(rows.run, 1);
	assert_int_equal(rows.wait, 1);
	fleetrows_done(&rows);
	fleet_free(s);
}

static void the_selection_stays_with_its_application(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("fleet", 24, 80);

	/* given */
	(void)state;
	desk_keys(d, "j");
	assert_string_equal(list_selected(d->console->apps), "search");

	/* when: another order by a filter that is taken away again */
	desk_keys(d, "/search\r\x1b");

	/* then */
	assert_string_equal(list_selected(d->console->apps), "search");
	desk_keys(d, "\r");
	assert_string_equal(d->console->app, "search");
	desk_keys(d, ":fleet\r");
	assert_string_equal(list_selected(d->console->apps), "search");
}

static void a_filter_selects_the_first_match_and_enter_opens_it(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("fleet-many", 24, 80);

	(void)state;
	desk_keys(d, "/pric\r");
	assert_true(desk_sees(d, "1 application of 40 with \"pric\""));
	desk_keys(d, "\r");
	assert_string_equal(d->console->app, "pricing");
}

static void columns_scroll_as_far_as_there_are_some(void **state)
{
	AUTO(desk_auto_free) struct desk *d = desk_new("fleet-many", 24, 80);
	AUTO(mem_auto_free) char *first = desk_line(d, 2), *last = NULL, *back = NULL;

	(void)state;
	assert_non_null(strstr(first, "prod"));
	desk_keys(d, "llllll");
	last = desk_line(d, 2);
	assert_null(strstr(last, " prod"));
	assert_non_null(strstr(last, "dev"));
	desk_keys(d, "hhhhhh");
	back = desk_line(d, 2);
	assert_string_equal(back, first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_begin_where_users_are_and_hold_every_environment_once),
		cmocka_unit_test(a_filter_finds_names_versions_and_states),
		cmocka_unit_test(what_needs_attention_comes_first),
		cmocka_unit_test(the_selection_stays_with_its_application),
		cmocka_unit_test(a_filter_selects_the_first_match_and_enter_opens_it),
		cmocka_unit_test(columns_scroll_as_far_as_there_are_some),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
