/* Below a migration that cannot be taken back nobody goes, and the nearest build that is above is named. */
#include "tests/unit/gate_case.h"

static struct store_migration knows_7[] = { { (char *)"0007", false } };
static struct store_build one = { .version = (char *)"1.0.0", .digest = (char *)"d1" };
static struct store_build one_half = { .version = (char *)"1.5.0", .digest = (char *)"d15", .migrations = knows_7,
                                       .nmigrations = 1 };

static void the_floor_is_the_last_migration_that_cannot_be_taken_back(void **unused)
{
	static const struct {
		const char *when; enum deployment_kind kind; bool reversible; bool knows; int64_t last; bool then;
	} rows[] = {
		{ "back to a build from before it", KIND_ROLLBACK, false, false, 40, false },
		{ "back over a reversible one", KIND_ROLLBACK, true, false, 40, true },
		{ "back to a build that lists it", KIND_ROLLBACK, false, true, 40, true },
		{ "back to a build that was good since", KIND_ROLLBACK, false, false, 51, true },
		{ "back to a build that ended with the very row before", KIND_ROLLBACK, false, false, 49, false },
		{ "back to a build that never was here", KIND_ROLLBACK, false, false, 0, false },
		{ "forth to a new build", KIND_DEPLOY, false, false, 0, true },
		{ "forth to an old build", KIND_DEPLOY, false, false, 40, false },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct store_ran ran = { (char *)"0007", (char *)"2.1.0", rows[i].reversible, 50 };
		struct gate_case c;

		gate_case_begin(&c);
		c.facts.kind = rows[i].kind;
		c.facts.ran = &ran;
		c.facts.nran = 1;
		c.here.last = rows[i].last;
		c.build.migrations = knows_7;
		c.build.nmigrations = rows[i].knows;
		if (rows[i].then)
			assert_allowed(&c, gate_migration, rows[i].when);
		else
			assert_refused(&c, gate_migration, false, "does not know migration 0007", rows[i].when);
	}
}

static void the_nearest_allowed_build_is_offered(void **unused)
{
	struct store_ran ran = { (char *)"0007", (char *)"2.1.0", false, 50 };
	struct gate_target targets[] = { { "1.5.0", &one_half, 45 }, { "1.0.0", &one, 30 } };
	struct gate_case c;

	(void)unused;
	gate_case_begin(&c);
	c.facts.kind = KIND_ROLLBACK;
	c.facts.ran = &ran;
	c.facts.nran = 1;
	c.here.last = 40;
	c.facts.targets = targets;
	c.facts.ntargets = 2;
	assert_refused(&c, gate_migration, false, "the nearest build allowed is 1.5.0", "one is above");
	c.state.live_digest = (char *)"d15";
	assert_refused(&c, gate_migration, false, "no earlier build is allowed", "that one is live");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_floor_is_the_last_migration_that_cannot_be_taken_back),
		cmocka_unit_test(the_nearest_allowed_build_is_offered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
