/* The rules that must hold before a deployment goes on: each row is a table of facts and the verdict. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "backend/base/mem.h"
#include "backend/config/config.h"
#include "backend/engine/gate.h"
#include "backend/store/store.h"

static struct config_component components[] = { { .name = (char *)"api", .artifact = (char *)"api" },
                                                { .name = (char *)"web", .artifact = (char *)"front" } };
static struct config_app app = { .name = (char *)"shop", .components = components, .ncomponents = 2 };
static struct config_environment env = { .name = (char *)"prod" };
static struct store_artifact artifacts[] = { { .component = (char *)"api" }, { .component = (char *)"front" } };

static bool judge(struct store_build *build, struct store_env *state, const char *expect, int64_t id, struct err *err)
{
	struct gate_facts facts = { .app = &app, .env = &env, .build = build, .state = state, .kind = KIND_DEPLOY,
	                            .expect = expect, .id = id };

	return gate_judge(&facts, err);
}

static void gates_are_in_order_unique_and_described(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ngates; i++) {
		assert_non_null(gates[i].judge);
		assert_true(strlen(gates[i].help) > 10);
		if (i)
			assert_true(strcmp(gates[i - 1].name, gates[i].name) < 0);
	}
}

static void artifacts_gate_names_what_is_missing(void **unused)
{
	struct store_env state = { 0 };
	struct store_build whole = { .version = (char *)"2.0.0", .artifacts = artifacts, .nartifacts = 2 };
	struct store_build half = { .version = (char *)"2.0.0", .artifacts = artifacts, .nartifacts = 1 };
	struct store_build gone = { .version = (char *)"2.0.0", .artifacts = artifacts, .nartifacts = 2, .removed = true };
	struct err err = { 0 };

	(void)unused;
	assert_true(judge(&whole, &state, NULL, 0, &err));
	assert_false(judge(&half, &state, NULL, 0, &err));
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_non_null(strstr(err.text, "\"front\" for component web"));
	assert_false(judge(&gone, &state, NULL, 0, &err));
	assert_non_null(strstr(err.text, "retention"));
}

static void expectation_gate_refuses_a_stale_view(void **unused)
{
	static const struct { const char *live; int64_t by; const char *expect; int64_t id; bool then; } rows[] = {
		{ "1.0.0", 5, "1.0.0", 0, true },      /* as seen */
		{ "1.0.0", 5, NULL, 0, true },         /* not said */
		{ "1.0.1", 5, "1.0.0", 0, false },     /* something else is live: asked for too late */
		{ NULL, 0, "", 0, true },              /* nothing was live, as seen */
		{ NULL, 0, "1.0.0", 0, false },
		{ "1.0.0", 5, "", 0, false },
		{ "1.0.1", 5, "1.0.0", 9, true },      /* brought by one that was ahead in the queue when this was asked for */
		{ "1.0.1", 11, "1.0.0", 9, false },    /* brought by one that was asked for later: a rollback went first */
		{ "1.0.1", 9, "1.0.0", 9, false },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct store_build build = { .version = (char *)"2.0.0", .artifacts = artifacts, .nartifacts = 2 };
		struct store_env state = { .live_version = (char *)rows[i].live, .live_deployment = rows[i].by };
		struct err err = { 0 };

		assert_int_equal(judge(&build, &state, rows[i].expect, rows[i].id, &err), rows[i].then);
		assert_int_equal(err.kind, rows[i].then ? ERR_NONE : ERR_STALE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gates_are_in_order_unique_and_described),
		cmocka_unit_test(artifacts_gate_names_what_is_missing),
		cmocka_unit_test(expectation_gate_refuses_a_stale_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
