/* What differs between environments, since when, and whether on purpose; and when what is live has drifted. */
#include "tests/unit/store_case.h"

#include <time.h>

#include "backend/base/clock.h"
#include "backend/drivers/driver.h"
#include "backend/engine/drift.h"
#include "backend/report/consistency.h"
#include "backend/store/project.h"
#include "backend/store/store_priv.h"

enum { SIDES = 3 };

/* "variables.X" of dev, preprod, prod; the environments that declare it, one letter each: d, r (preprod), p. */
static const struct row {
	const char *when;
	const char *values[SIDES];
	const char *declare;
	const char *verdict;
} rows[] = {
	{ "all are equal", { "a", "a", "a" }, "", "same" },
	{ "one differs", { "b", "a", "a" }, "", "differs" },
	{ "one lacks it", { NULL, "a", "a" }, "", "differs" },
	{ "only one has it", { "a", NULL, NULL }, "", "differs" },
	{ "the one that differs says so", { "b", "a", "a" }, "d", "declared" },
	{ "another one says so", { "b", "a", "a" }, "p", "differs" },
	{ "two differ and one says so", { "b", "a", "c" }, "d", "differs" },
	{ "two differ and both say so", { "b", "a", "c" }, "dp", "declared" },
	{ "all differ and say so", { "b", "a", "c" }, "drp", "declared" },
	{ "it is declared but equal", { "a", "a", "a" }, "d", "same" },
	{ "an empty value is not a missing one", { "", NULL, "" }, "", "differs" },
	{ "the one that lacks it says so", { NULL, "a", "a" }, "d", "declared" },
};

static const char *verdict(const json_t *row)
{
	return json_flag(row, "same") ? "same" : json_flag(row, "declared") ? "declared" : "differs";
}

static json_t *compare(const struct row *row)
{
	static const char *const names[SIDES] = { "dev", "preprod", "prod" };
	static const char *const declared[] = { "variables.X" };
	struct store_fact items[SIDES] = { 0 };
	struct store_facts facts[SIDES] = { 0 };
	struct store_fact since = { (char *)"variables.X", NULL, 1234 };
	struct store_facts differences = { &since, 1 };
	struct consistency_side sides[SIDES];

	for (int i = 0; i < SIDES; i++) {
		items[i] = (struct store_fact){ (char *)"variables.X", (char *)row->values[i], 1 };
		facts[i] = (struct store_facts){ &items[i], row->values[i] ? 1 : 0 };
		sides[i] = (struct consistency_side){ names[i], &facts[i], declared, strchr(row->declare, "drp"[i]) ? 1 : 0 };
	}
	return consistency_rows(sides, SIDES, &differences);
}

static void each_difference_is_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(json_auto_decref) json_t *list = compare(&rows[i]);
		const json_t *row = json_array_get(list, 0);
		bool is_same = strcmp(rows[i].verdict, "same") == 0;

		if (strcmp(verdict(row), rows[i].verdict) != 0)
			fail_msg("%s: %s, not %s", rows[i].when, verdict(row), rows[i].verdict);
		assert_int_equal(json_array_size(list), 1);
		assert_int_equal(json_int(row, "since", 0), is_same ? 0 : 1234);
		assert_int_equal(json_object_size(json_object_get(row, "values")), SIDES);
	}
}

static void what_differs_comes_first_then_what_is_declared_each_by_name(void **state)
{
	static const char *const declared[] = { "b" };
	struct store_fact dev[] = { { (char *)"a", (char *)"1", 1 }, { (char *)"b", (char *)"1", 1 },
	                            { (char *)"d", (char *)"1", 1 } };
	struct store_fact prod[] = { { (char *)"a", (char *)"1", 1 }, { (char *)"b", (char *)"2", 1 },
	                             { (char *)"c", (char *)"2", 1 } };
	struct store_facts facts[] = { { dev, 3 }, { prod, 3 } }, none = { 0 };
	struct consistency_side sides[] = { { "dev", &facts[0], declared, 1 }, { "prod", &facts[1], NULL, 0 } };
	AUTO(json_auto_decref) json_t *list = consistency_rows(sides, 2, &none);
	static const char *const order[] = { "c", "d", "b", "a" };

	(void)state;
	assert_int_equal(json_array_size(list), ARRAY_LEN(order));
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		assert_string_equal(json_text(json_array_get(list, i), "what"), order[i]);
}

static void changed(struct store *s, const char *environment, const char *what, const char *value)
{
	journal(s, "facts.changed", json_pack("{s:s, s:s, s:{s:s?}}", "app", "shop", "environment", environment, "facts",
	                                      what, value));
}

/* Since when a thing differs; 0: it does not. */
static int64_t since(struct store *s, const char *what)
{
	AUTO(store_facts_done) struct store_facts differences = { 0 };
	const struct store_fact *one;

	assert_ok(store_differences(s, "shop", &differences, err));
	one = store_fact(&differences, what);
	return one ? one->since : 0;
}

/* Two rows in one millisecond have the same time. */
static void next_ms(void)
{
	int64_t now = clock_wall_ms();

	while (clock_wall_ms() == now)
		nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL);
}

static void a_difference_keeps_the_time_at_which_it_began(void **state)
{
	struct store_case *c = *state;
	int64_t began;

	/* given two environments that are the same */
	changed(c->s, "prod", "variables.REGION", "eu");
	next_ms();
	changed(c->s, "dev", "facts.libc", "2.36");
	changed(c->s, "prod", "facts.libc", "2.36");
	assert_int_equal(since(c->s, "facts.libc"), 0);
	/* when one changes, and later changes again */
	next_ms();
	changed(c->s, "dev", "facts.libc", "2.37");
	began = since(c->s, "facts.libc");
	next_ms();
	changed(c->s, "dev", "facts.libc", "2.38");
	/* then they have differed since the first change, until they are the same again */
	assert_true(began > 0);
	assert_int_equal(since(c->s, "facts.libc"), began);
	changed(c->s, "prod", "facts.libc", "2.38");
	assert_int_equal(since(c->s, "facts.libc"), 0);
	/* and what one lacks differs, until it is gone from the other too */
	next_ms();
	changed(c->s, "prod", "facts.libc", NULL);
	assert_true(since(c->s, "facts.libc") > began);
	changed(c->s, "dev", "facts.libc", NULL);
	assert_int_equal(since(c->s, "facts.libc"), 0);
}

static void an_environment_that_is_gone_differs_from_nothing(void **state)
{
	struct store_case *c = *state;

	changed(c->s, "dev", "facts.libc", "1");
	changed(c->s, "prod", "facts.libc", "2");
	assert_true(since(c->s, "facts.libc") > 0);
	journal(c->s, "facts.changed", json_pack("{s:s, s:s, s:b}", "app", "shop", "environment", "dev", "gone", 1));
	assert_int_equal(since(c->s, "facts.libc"), 0);
}

static const char *digest_of(struct store *s, const char *environment, char ret[static 80])
{
	AUTO(store_facts_done) struct store_facts facts = { 0 };
	const struct store_fact *one;

	assert_ok(store_facts(s, "shop", environment, &facts, err));
	one = store_fact(&facts, "digest.web");
	snprintf(ret, 80, "%s", one ? one->value : "none");
	return ret;
}

static void what_is_live_is_compared_by_the_digests_of_its_components(void **state)
{
	struct store_case *c = *state;
	char text[80];

	journal_build(c->s, "1", 1000);
	journal_build(c->s, "2", 2000);
	assert_string_equal(digest_of(c->s, "dev", text), "none");
	journal_success(c->s, "dev", "deploy", "1", NULL);
	journal_success(c->s, "prod", "deploy", "1", NULL);
	assert_string_equal(digest_of(c->s, "dev", text), "a1");
	assert_int_equal(since(c->s, "digest.web"), 0);

	journal_success(c->s, "dev", "deploy", "2", "1");

	assert_string_equal(digest_of(c->s, "dev", text), "a2");
	assert_true(since(c->s, "digest.web") > 0);
	/* The projections are a function of the journal. */
	assert_ok(store_begin(c->s, err) && project_rebuild(c->s, INT64_MAX, err) && store_commit(c->s, err));
	assert_string_equal(digest_of(c->s, "dev", text), "a2");
	assert_true(since(c->s, "digest.web") > 0);
}

static void drift_is_judged(void **state)
{
	static const struct {
		const char *when;
		enum colour live; const char *version, *digest;
		struct driver_observed seen;
		bool coloured;
		const char *what, *expected, *found;
	} table[] = {
		{ "it is as recorded", COLOUR_BLUE, "1", "d1", { .known = true, .live = COLOUR_BLUE, .version = "1",
		  .digest = "d1" }, true, NULL, NULL, NULL },
		{ "it could not be found out", COLOUR_BLUE, "1", "d1", { .known = false }, true, NULL, NULL, NULL },
		{ "the traffic is on the other colour", COLOUR_BLUE, "1", "d1", { .known = true, .live = COLOUR_GREEN,
		  .version = "2", .digest = "d2" }, true, "colour", "blue", "green" },
		{ "the traffic is on nothing", COLOUR_BLUE, "1", "d1", { .known = true }, true, "colour", "blue", "none" },
		{ "another build is in the slot", COLOUR_BLUE, "1", "d1", { .known = true, .live = COLOUR_BLUE, .version = "1",
		  .digest = "d9" }, true, "digest", "d1", "d9" },
		{ "a command tells another version", COLOUR_NONE, "1", "d1", { .known = true, .version = "2" }, false,
		  "version", "1", "2" },
		{ "a command cannot tell", COLOUR_NONE, "1", "d1", { .known = true }, false, NULL, NULL, NULL },
		{ "nothing was deployed and nothing is there", COLOUR_NONE, NULL, NULL, { .known = true }, true, NULL, NULL,
		  NULL },
		{ "nothing was deployed, yet something is there", COLOUR_NONE, NULL, NULL, { .known = true, .version = "3" },
		  false, "version", "nothing", "3" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct store_env recorded = { .live = table[i].live, .live_version = (char *)table[i].version,
		                              .live_digest = (char *)table[i].digest };
		struct drift d = drift_judge(&recorded, &table[i].seen, table[i].coloured);

		if (!d.what != !table[i].what || (d.what && strcmp(d.what, table[i].what) != 0))
			fail_msg("%s: %s", table[i].when, d.what ? d.what : "no drift");
		if (d.what) {
			assert_string_equal(d.expected, table[i].expected);
			assert_string_equal(d.found, table[i].found);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_difference_is_judged),
		cmocka_unit_test(what_differs_comes_first_then_what_is_declared_each_by_name),
		cmocka_unit_test(drift_is_judged),
		cmocka_unit_test_setup_teardown(a_difference_keeps_the_time_at_which_it_began, store_case_begin, store_case_end),
		cmocka_unit_test_setup_teardown(an_environment_that_is_gone_differs_from_nothing, store_case_begin,
		                                store_case_end),
		cmocka_unit_test_setup_teardown(what_is_live_is_compared_by_the_digests_of_its_components, store_case_begin,
		                                store_case_end),
	};

	return cmocka_run_group_tests_name("consistency", tests, NULL, NULL);
}
