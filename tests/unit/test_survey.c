/* What the engine finds out about an environment on its own: drift, facts, variables. */
#include <sys/stat.h>

#include "backend/engine/engine_priv.h"
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

#define SECRETIVE(more) \
	"{\"application\":\"shop\",\"components\":{\"web\":{\"start\":[\"bin/web\"],\"protocol\":\"http\"}}," \
	"\"facts\":[{\"name\":\"libc\",\"command\":[\"sh\",\"-c\",\"echo $SLIPWAY_ENVIRONMENT $LEVEL\"]}," \
	"{\"name\":\"leak\",\"command\":[\"sh\",\"-c\",\"echo it is $PASSWORD\"]}," \
	"{\"name\":\"broken\",\"command\":[\"sh\",\"-c\",\"echo no such thing; exit 3\"]}]," \
	"\"environments\":[{\"name\":\"dev\",\"protection\":\"open\",\"driver\":\"host\",\"ports\":{\"web\":18999}," \
	"\"slots\":\"23990-23999\",\"variables\":{\"LEVEL\":\"debug\",\"PASSWORD\":\"hunter2\"" more "}," \
	"\"secrets\":[\"PASSWORD\"]}]}"
/* SHA-256 of the password alone: what whoever has an export could look for. */
#define PLAIN_HASH "f52fbd32b2b3b86ff88ef6c490628285f482af15ddcb29541f94bcf526a3f6c7"

/* What dev has of it. Borrowed until *ret_answer, which is yours, goes. */
static const char *value_of(struct fixture *f, const char *what, json_t **ret_answer)
{
	assert_true(engine_consistency(f->engine, "shop", ret_answer, NULL));
	return json_text(json_object_get(row_of(*ret_answer, what), "values"), "dev");
}

static void facts_are_what_commands_print_and_secrets_are_hashed(void **state)
{
	/* HMAC-SHA-256 of "hunter2" and of "it is hunter2", worked out by another program */
	static const struct { const char *what, *value; } rows[] = {
		{ "variables.LEVEL", "debug" },
		{ "variables.PASSWORD", "hmac-sha256:"
		  "3920d54ec70f500ee54e1da041d2364a8e57dd252f7a81ed8acd58ad6cf3b6d0" },
		{ "facts.libc", "dev debug" },
		{ "facts.leak", "hmac-sha256:"
		  "d6fcaed64082dfb03f6454044ec15669999a6ab7b898b05207779e911bf72356" },
		{ "facts.broken", "failed: exit code 3: no such thing" },
	};
	struct fixture *f = *state;

	write_file(f, ".slipway/secrets.key", "0123456789abcdef0123456789abcdef");
	write_file(f, "slipway.json", SECRETIVE(""));
	wait_rows(f, "facts.changed", 1);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(json_auto_decref) json_t *answer = NULL;

		assert_string_equal(value_of(f, rows[i].what, &answer), rows[i].value);
	}
}

static json_t *journal_of(struct fixture *f)
{
	json_t *journal = NULL;

	assert_true(engine_journal(f->engine, 0, 500, &journal, NULL));
	return journal;
}

static int rows_of_the_password(struct fixture *f)
{
	AUTO(json_auto_decref) json_t *journal = journal_of(f);
	const json_t *row;
	size_t i;
	int n = 0;

	json_array_foreach(json_object_get(journal, "rows"), i, row)
		n += json_object_get(json_object_get(json_object_get(row, "body"), "facts"), "variables.PASSWORD") != NULL;
	return n;
}

static void the_key_is_made_at_first_need_and_an_old_hash_is_replaced_once(void **state)
{
	struct fixture *f = *state;
	AUTO(json_auto_decref) json_t *first = NULL, *second = NULL;
	AUTO(mem_auto_free) char *path = file_join(f->dir, ".slipway/secrets.key");
	const char *value;
	struct stat st;
	int rows;

	/* given: what an engine before the key journalled; and nothing secret needed one yet */
	assert_true(store_append(f->engine->store, "engine", "facts.changed",
	                         json_pack("{s:s, s:s, s:{s:s}}", "app", "shop", "environment", "dev", "facts",
	                                   "variables.PASSWORD", "sha256:" PLAIN_HASH), NULL, NULL));
	assert_int_not_equal(stat(path, &st), 0);
	/* when; the configuration of before, which has no such variable, may be looked at first */
	write_file(f, "slipway.json", SECRETIVE(""));
	while (stat(path, &st) != 0)
		wait_rows(f, "facts.changed", 1);
	/* then */
	assert_int_equal(st.st_size, 32);
	assert_int_equal(st.st_mode & 07777, 0600);
	value = value_of(f, "variables.PASSWORD", &first);
	assert_int_equal(strncmp(value, "hmac-sha256:", 12), 0);
	assert_null(strstr(value, PLAIN_HASH));
	rows = rows_of_the_password(f);
	/* when it is looked at again, then the same value is the same, and only what is new is journalled */
	write_file(f, "slipway.json", SECRETIVE(",\"MORE\":\"1\""));
	wait_rows(f, "facts.changed", 1);
	assert_string_equal(value_of(f, "variables.PASSWORD", &second), value);
	assert_int_equal(rows_of_the_password(f), rows);
}

static void without_its_key_a_secret_is_not_told_at_all(void **state)
{
	struct fixture *f = *state;
	AUTO(json_auto_decref) json_t *answer = NULL, *journal = NULL;
	AUTO(mem_auto_free) char *text = NULL;

	write_file(f, ".slipway/secrets.key", "too short");
	write_file(f, "slipway.json", SECRETIVE(""));
	wait_rows(f, "facts.changed", 1);
	assert_non_null(strstr(value_of(f, "variables.PASSWORD", &answer), "secrets.key is no key of 32 bytes"));
	journal = journal_of(f);
	text = json_line(journal);
	assert_null(strstr(text, "hunter2"));
	assert_null(strstr(text, PLAIN_HASH));
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
		cmocka_unit_test_setup_teardown(the_key_is_made_at_first_need_and_an_old_hash_is_replaced_once, open_fixture,
		                                close_fixture),
		cmocka_unit_test_setup_teardown(without_its_key_a_secret_is_not_told_at_all, open_fixture,
		                                close_fixture),
	};

	/* The engine runs its own program for what takes long; here that is this one. */
	if (argc > 1 && strcmp(argv[1], "artifact-import") == 0)
		return artifact_tool(argc - 1, argv + 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
