/* What a deployment will do, from configuration, build and state alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/mem.h"
#include "backend/config/config.h"
#include "backend/drivers/driver.h"
#include "backend/engine/plan.h"
#include "backend/store/store.h"

static const enum stage host_stages[] = { STAGE_FETCH, STAGE_STAGE, STAGE_START, STAGE_SMOKE, STAGE_ACCEPTANCE,
                                          STAGE_SWITCH, STAGE_VERIFY, STAGE_DRAIN };
static const struct driver driver = { .name = "host", .stages = host_stages, .nstages = ARRAY_LEN(host_stages) };

static char *smoke_command[] = { (char *)"true", NULL };
static struct config_test tests[] = { { .name = (char *)"front", .command = smoke_command } };
static struct config_app app_with_tests = {
	.name = (char *)"shop", .smoke = tests, .nsmoke = 1, .acceptance = tests, .nacceptance = 1, .verify_ms = 3000,
	.deadline_ms = { [STAGE_FETCH] = 60000, [STAGE_SWITCH] = 10000 },
};
static struct config_environment env = { .name = (char *)"prod" };

static struct store_env live_on(enum colour colour, const char *other_state, const char *other_digest)
{
	struct store_env state = { .live = colour, .live_version = (char *)"1.0.0", .live_digest = (char *)"d1" };

	for (int i = 0; i < COLOUR_COUNT; i++)
		state.slots[i].state = (char *)"empty";
	if (colour == COLOUR_NONE)
		state.live_version = state.live_digest = NULL;
	state.slots[colour_other(colour)] = (struct store_slot){ (char *)other_state, (char *)"0.9.0",
	                                                         (char *)other_digest };
	return state;
}

static struct plan make(const struct config_app *app, const struct store_env *state, enum deployment_kind kind,
                        const char *digest)
{
	struct plan_facts facts = { .app = app, .env = &env, .driver = &driver, .state = state, .kind = kind,
	                            .version = "2.0.0", .digest = digest };
	struct plan plan;

	plan_make(&facts, &plan);
	return plan;
}

static void assert_stages(const struct plan *plan, const char *then)
{
	AUTO(buf_done) struct buf text = { 0 };

	buf_init(&text, 200);
	for (size_t i = 0; i < plan->nsteps; i++)
		buf_printf(&text, "%s%s", i ? " " : "", stage_name(plan->steps[i].stage));
	assert_string_equal(text.data, then);
}

static void deploy_has_every_stage_and_goes_into_the_other_colour(void **unused)
{
	struct store_env state = live_on(COLOUR_BLUE, "empty", NULL);
	struct plan plan = make(&app_with_tests, &state, KIND_DEPLOY, "d2");

	(void)unused;
	assert_stages(&plan, "gate fetch stage start smoke acceptance switch verify drain");
	assert_int_equal(plan.target, COLOUR_GREEN);
	assert_int_equal(plan.steps[1].deadline_ms, 60000);
}

/* Each driver migrates in its own way: by the components' commands, or by the environment's. */
static void migrations_are_run_by_whoever_has_a_command_for_them(void **unused)
{
	static const enum stage stages[] = { STAGE_FETCH, STAGE_MIGRATE, STAGE_SWITCH };
	static char *argv[] = { (char *)"bin/migrate", NULL };
	static const char *const ids[] = { "0007" };
	static const struct { bool component, deploy, migrate; size_t pending; const char *then; } rows[] = {
		{ true, false, false, 1, "gate fetch migrate switch" }, { true, false, false, 0, "gate fetch switch" },
		{ false, false, false, 1, "gate fetch switch" }, { false, true, true, 1, "gate fetch migrate switch" },
		{ false, true, true, 0, "gate fetch switch" }, { true, true, false, 1, "gate fetch switch" },
	};
	const struct driver migrating = { .name = "x", .stages = stages, .nstages = ARRAY_LEN(stages) };
	struct store_env state = live_on(COLOUR_NONE, "empty", NULL);

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct config_component web = { .name = (char *)"web", .migrate = rows[i].component ? argv : NULL };
		struct config_app app = { .name = (char *)"shop", .components = &web, .ncomponents = 1 };
		struct config_environment place = { .name = (char *)"prod", .deploy = rows[i].deploy ? argv : NULL,
		                                    .migrate = rows[i].migrate ? argv : NULL };
		struct plan_facts facts = { .app = &app, .env = &place, .driver = &migrating, .state = &state, .version = "2",
		                            .digest = "d2", .migrations = ids, .nmigrations = rows[i].pending };
		struct plan plan;

		plan_make(&facts, &plan);
		assert_stages(&plan, rows[i].then);
	}
}

/* Whoever migrates: what a deployment brings is journalled once, before anything of the build can touch the data. */
static void migrations_come_with_the_first_step_that_may_run_them(void **unused)
{
	static const struct { const char *when; enum stage steps[5]; size_t n, then; } rows[] = {
		{ "it has a command for them", { STAGE_GATE, STAGE_STAGE, STAGE_MIGRATE, STAGE_START, STAGE_SWITCH }, 5, 2 },
		{ "the build migrates when it starts", { STAGE_GATE, STAGE_STAGE, STAGE_START, STAGE_SMOKE, STAGE_SWITCH }, 5, 2 },
		{ "the deploy command migrates", { STAGE_GATE, STAGE_FETCH, STAGE_SWITCH, STAGE_VERIFY }, 4, 2 },
		{ "a warm colour gets the traffic", { STAGE_SWITCH, STAGE_VERIFY }, 2, 0 },
		{ "nothing of it runs", { STAGE_GATE, STAGE_FETCH }, 2, 2 },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct store_step steps[5] = { { 0 } };

		for (size_t s = 0; s < rows[i].n; s++)
			steps[s].stage = rows[i].steps[s];
		if (plan_migrating_step(steps, rows[i].n) != rows[i].then)
			fail_msg("%s: step %zu", rows[i].when, plan_migrating_step(steps, rows[i].n));
	}
}

static void first_deploy_has_nothing_to_drain(void **unused)
{
	struct store_env state = live_on(COLOUR_NONE, "empty", NULL);
	struct plan plan = make(&app_with_tests, &state, KIND_DEPLOY, "d2");

	(void)unused;
	assert_stages(&plan, "gate fetch stage start smoke acceptance switch verify");
	assert_int_equal(plan.target, COLOUR_BLUE);
}

static void deploy_without_tests_has_no_test_stages(void **unused)
{
	struct config_app app = { .name = (char *)"shop" };
	struct store_env state = live_on(COLOUR_GREEN, "empty", NULL);
	struct plan plan = make(&app, &state, KIND_DEPLOY, "d2");

	(void)unused;
	assert_stages(&plan, "gate fetch stage start switch verify drain");
	assert_int_equal(plan.target, COLOUR_BLUE);
}

static void rollback_skips_gates_and_tests(void **unused)
{
	struct store_env state = live_on(COLOUR_BLUE, "stopped", "d0");
	struct plan plan = make(&app_with_tests, &state, KIND_ROLLBACK, "d0");

	(void)unused;
	assert_stages(&plan, "fetch stage start switch verify drain");
}

static void rollback_to_a_warm_colour_is_the_switch_alone(void **unused)
{
	struct store_env state = live_on(COLOUR_BLUE, "warm", "d0");
	struct plan plan = make(&app_with_tests, &state, KIND_ROLLBACK, "d0");

	(void)unused;
	assert_stages(&plan, "switch verify drain");
	assert_true(plan.target_is_warm);
}

static void rollback_is_warm_only_to_the_very_build_that_is_kept_warm(void **unused)
{
	static const struct { const char *state, *digest; bool then; } rows[] = {
		{ "warm", "d0", true }, { "warm", "other", false }, { "stopped", "d0", false }, { "preparing", "d0", false },
		{ "empty", NULL, false },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct store_env state = live_on(COLOUR_BLUE, rows[i].state, rows[i].digest);
		struct plan plan = make(&app_with_tests, &state, KIND_ROLLBACK, "d0");

		assert_int_equal(plan.target_is_warm, rows[i].then);
	}
}

static void hash_changes_with_all_that_is_approved_and_with_nothing_else(void **unused)
{
	struct store_env blue = live_on(COLOUR_BLUE, "empty", NULL), green = live_on(COLOUR_GREEN, "empty", NULL);
	struct config_app slower = app_with_tests, untested = app_with_tests, laxer = app_with_tests;
	struct plan base = make(&app_with_tests, &blue, KIND_DEPLOY, "d2");
	struct plan again = make(&app_with_tests, &blue, KIND_DEPLOY, "d2");
	struct plan others[6];

	(void)unused;
	slower.deadline_ms[STAGE_FETCH]++;
	untested.nacceptance = 0;
	laxer.verify_failures = 100;
	others[0] = make(&app_with_tests, &green, KIND_DEPLOY, "d2");
	others[1] = make(&app_with_tests, &blue, KIND_ROLLBACK, "d2");
	others[2] = make(&app_with_tests, &blue, KIND_DEPLOY, "d3");
	others[3] = make(&slower, &blue, KIND_DEPLOY, "d2");
	others[4] = make(&untested, &blue, KIND_DEPLOY, "d2");
	others[5] = make(&laxer, &blue, KIND_DEPLOY, "d2");
	assert_string_equal(base.hash, again.hash);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_string_not_equal(base.hash, others[i].hash);
}

int main(void)
{
	const struct CMUnitTest tests_of_plan[] = {
		cmocka_unit_test(deploy_has_every_stage_and_goes_into_the_other_colour),
		cmocka_unit_test(migrations_are_run_by_whoever_has_a_command_for_them),
		cmocka_unit_test(migrations_come_with_the_first_step_that_may_run_them),
		cmocka_unit_test(first_deploy_has_nothing_to_drain),
		cmocka_unit_test(deploy_without_tests_has_no_test_stages),
		cmocka_unit_test(rollback_skips_gates_and_tests),
		cmocka_unit_test(rollback_to_a_warm_colour_is_the_switch_alone),
		cmocka_unit_test(rollback_is_warm_only_to_the_very_build_that_is_kept_warm),
		cmocka_unit_test(hash_changes_with_all_that_is_approved_and_with_nothing_else),
	};

	return cmocka_run_group_tests(tests_of_plan, NULL, NULL);
}
