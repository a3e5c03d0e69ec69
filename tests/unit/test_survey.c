/* What the engine finds out about an environment on its own: drift, facts, variables. */
#include "tests/unit/engine_case.h"

static void assert_drift(struct fixture *f, const char *says)
{
	AUTO(json_auto_decref) json_t *env = environment(f);

	assert_string_equal(json_text_or(env, "drift", "none"), says);
}

static void drift_is_journalled_when_it_begins_and_when_it_ends(void **state)
{
	struct fixture *f = *state;
	enum colour was;

	deployed(f, "1.0.0");
	assert_drift(f, "none");
	was = script.live;
	/* when somebody moves the traffic past the engine */
	script.live = colour_other(was);
	wait_rows(f, "drift.found", 1);
	assert_drift(f, was == COLOUR_BLUE ? "colour is green, not blue" : "colour is blue, not green");
	/* and back */
	script.live = was;
	wait_rows(f, "drift.cleared", 1);
	assert_drift(f, "none");
}

static void the_engine_s_own_moves_are_no_drift(void **state)
{
	struct fixture *f = *state;
	AUTO(json_auto_decref) json_t *journal = NULL;
	const json_t *one;
	size_t i;

	deployed(f, "1.0.0");
	script.run[STAGE_VERIFY] = ANSWER_FAIL_ONCE;
	deployed(f, "1.1.0");
	deployed(f, "1.1.0");
	assert_drift(f, "none");
	assert_true(engine_journal(f->engine, 0, 500, &journal, NULL));
	json_array_foreach(json_object_get(journal, "rows"), i, one)
		assert_int_not_equal(strncmp(json_text(one, "type"), "drift.", 6), 0);
}

static const json_t *row_of(const json_t *consistency, const char *what)
{
	const json_t *app = json_array_get(json_object_get(consistency, "apps"), 0), *one;
	size_t i;

	json_array_foreach(json_object_get(app, "rows"), i, one)
		if (strcmp(json_text(one, "what"), what) == 0)
			return one;
	fail_msg("%s is not compared", what);
	return NULL;
}

static void facts_are_what_commands_print_and_secrets_are_hashed(void **state)
{
	static const char text[] =
		"{\"application\":\"shop\",\"components\":{\"web\":{\"start\":[\"bin/web\"],\"protocol\":\"http\"}},"
		"\"facts\":[{\"name\":\"libc\",\"command\":[\"sh\",\"-c\",\"echo $SLIPWAY_ENVIRONMENT $LEVEL\"]},"
		"{\"name\":\"leak\",\"command\":[\"sh\",\"-c\",\"echo it is $PASSWORD\"]},"
		"{\"name\":\"broken\",\"command\":[\"sh\",\"-c\",\"echo no such thing; exit 3\"]}],"
		"\"environments\":[{\"name\":\"dev\",\"protection\":\"open\",\"driver\":\"host\",\"ports\":{\"web\":18999},"
		"\"slots\":\"23990-23999\",\"variables\":{\"LEVEL\":\"debug\",\"PASSWORD\":\"hunter2\"},"
		"\"secrets\":[\"PASSWORD\"]}]}";
	static const struct { const char *what, *value; } rows[] = {
		{ "variables.LEVEL", "debug" }, { "variables.PASSWORD", "sha256:f52fbd32b2b3b86ff88ef6c490628285f482af15ddcb29541f94bcf526a3f6c7" },
		{ "facts.libc", "dev debug" }, { "facts.leak", "sha256:cb068341e8c68cc851fab4f208d43d967672bed4eec66306f2e6983a97ff728a" },
		{ "facts.broken", "failed: exit code 3: no such thing" },
	};
	struct fixture *f = *state;
	AUTO(json_auto_decref) json_t *answer = NULL;

	write_file(f, "slipway.json", text);
	wait_rows(f, "facts.changed", 1);
	assert_true(engine_consistency(f->engine, "shop", &answer, NULL));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(json_text(json_object_get(row_of(answer, rows[i].what), "values"), "dev"), rows[i].value);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(drift_is_journalled_when_it_begins_and_when_it_ends, open_fixture,
		                                close_fixture),
		cmocka_unit_test_setup_teardown(the_engine_s_own_moves_are_no_drift, open_fixture,
		                                close_fixture),
		cmocka_unit_test_setup_teardown(facts_are_what_commands_print_and_secrets_are_hashed, open_fixture,
		                                close_fixture),
	};

	/* The engine runs its own program for what takes long; here that is this one. */
	if (argc > 1 && strcmp(argv[1], "artifact-import") == 0)
		return artifact_tool(argc - 1, argv + 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
