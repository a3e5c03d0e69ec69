/* The table of commands, its help, and what every command does alike: words, exit codes, -C, colour, cleaned output. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/err.h"
#include "backend/base/file.h"
#include "backend/base/mem.h"
#include "tests/api/capture.h"
#include "tests/api/play.h"
#include "views/command/command.h"
#include "views/command/out.h"

#define SHOP "'apps': [{'name': 'shop', 'environments': [{'name': 'prod', 'protected': true," \
	"'live': {'version': '2.13.5'}, 'health': {'ok': true, 'text': 'OK'}, 'rollback': null," \
	"'deployment': null, 'queue': [], 'attention': null}]}]"

static int setup(void **state)
{
	*state = theatre_new(scene_of("{'answers': {'status': {'config': {'valid': true}, " SHOP "}}}"));
	return 0;
}

static int teardown(void **state)
{
	theatre_free(*state);
	return 0;
}

static bool holds(const char *text, const char *piece)
{
	if (!strstr(text, piece))
		print_message("\"%s\" is not in:\n%s\n", piece, text);
	return strstr(text, piece) != NULL;
}

static void the_table_is_sorted_and_every_row_explains_itself(void **state)
{
	(void)state;
	for (size_t i = 0; i < ncommands; i++) {
		const struct command *c = commands[i];

		assert_true(i == 0 || strcmp(commands[i - 1]->name, c->name) < 0);
		assert_ptr_equal(command_find(c->name), c);
		assert_true(strlen(c->summary) > 10 && strlen(c->summary) < 65);
		assert_true(c->summary[strlen(c->summary) - 1] != '.');
		assert_int_equal(strncmp(c->usage[0], c->name, strlen(c->name)), 0);
		assert_true(c->least <= c->most);
		for (const char *line = c->help; *line; line += strcspn(line, "\n") + (line[strcspn(line, "\n")] == '\n'))
			assert_true(strcspn(line, "\n") <= 84);
	}
}

static void every_flag_is_unique_in_its_command_and_says_what_it_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < ncommands; i++) {
		for (size_t f = 0; f < COMMAND_FLAGS && commands[i]->flags[f]; f++) {
			const struct flag *flag = commands[i]->flags[f];

			assert_int_equal(strncmp(flag->name, "--", 2), 0);
			assert_true(strlen(flag->help) > 4);
			assert_true(!flag->greedy || (flag->repeats && flag->value));
			for (size_t g = 0; g < f; g++)
				assert_string_not_equal(flag->name, commands[i]->flags[g]->name);
			for (size_t g = 0; g < nflags_of_all; g++)
				assert_true(strcmp(flag->name, flags_of_all[g]->name) != 0
				            && (!flag->letter || flag->letter != flags_of_all[g]->letter));
		}
	}
}

static bool has_flag(const char *command, const struct flag *flag)
{
	const struct command *c = command_find(command);

	for (size_t f = 0; f < COMMAND_FLAGS && c->flags[f]; f++)
		if (c->flags[f] == flag)
			return true;
	return false;
}

static void the_promised_commands_and_flags_are_there(void **state)
{
	static const char *const names[] = { "status", "builds", "build", "deploy", "rollback", "stop", "watch", "log",
	                                     "tests", "history", "check", "init", "engine", "audit" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_non_null(command_find(names[i]));
		assert_true(strcmp(names[i], "init") == 0 || has_flag(names[i], &flag_json));
	}
	for (int i = 0; i < 2; i++) {
		assert_true(has_flag(i ? "deploy" : "rollback", &flag_wait));
		assert_true(has_flag(i ? "deploy" : "rollback", &flag_expect));
		assert_true(has_flag(i ? "deploy" : "rollback", &flag_reason));
	}
}

static void every_command_prints_its_help_and_needs_no_workspace_for_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ncommands; i++) {
		AUTO(capture_done) struct capture a = slipway(NULL, commands[i]->name, "--help", NULL);
		AUTO(capture_done) struct capture b = slipway(NULL, "help", commands[i]->name, NULL);

		assert_int_equal(a.code, 0);
		assert_string_equal(a.out, b.out);
		assert_true(holds(a.out, commands[i]->usage[0]));
		assert_true(holds(a.out, "-C, --dir DIR"));
		for (size_t f = 0; f < COMMAND_FLAGS && commands[i]->flags[f]; f++)
			assert_true(holds(a.out, commands[i]->flags[f]->name));
	}
}

static void the_overview_lists_every_command(void **state)
{
	AUTO(capture_done) struct capture a = slipway(NULL, "--help", NULL);
	AUTO(capture_done) struct capture b = slipway(NULL, "help", NULL);
	AUTO(capture_done) struct capture v = slipway(NULL, "--version", NULL);

	(void)state;
	assert_int_equal(a.code, 0);
	assert_string_equal(a.out, b.out);
	for (size_t i = 0; i < ncommands; i++)
		assert_true(holds(a.out, commands[i]->summary));
	assert_true(holds(v.out, "slipway 0."));
}

static void mistakes_in_words_are_named_with_the_nearest_right_one(void **state)
{
	static const struct { const char *words[5]; const char *says; } rows[] = {
		{ { "deplyo" }, "there is no command \"deplyo\"; did you mean deploy?" },
		{ { "--readonly" }, "there is no flag \"--readonly\"; did you mean --read-only?" },
		{ { "xyzzy" }, "slipway --help lists them" },
		{ { "help", "roll" }, "there is no command \"roll\"" },
		{ { "deploy", "2.14.0", "prod", "--wiat" }, "there is no flag --wiat; did you mean --wait?" },
		{ { "deploy", "2.14.0", "prod", "-x" }, "there is no flag -x" },
		{ { "deploy", "2.14.0" }, "something is missing: slipway deploy VERSION ENVIRONMENT" },
		{ { "status", "prod" }, "\"prod\" is too much" },
		{ { "status", "--app" }, "--app needs its APP" },
		{ { "status", "--json=yes" }, "--json takes no value" },
		{ { "status", "--app=a", "--app=b" }, "--app is there twice" },
		{ { "engine", "strat" }, "there is no \"strat\" (did you mean \"start\"?)" },
		{ { "engine", "xyzzy" }, "valid here: start, status, stop" },
		{ { "builds", "--limit", "many" }, "--limit must be a whole number" },
		{ { "build", "add", "1", "--artifact", "web" }, "takes COMPONENT=FILE" },
		{ { "audit", "export", "--file", "x" }, "--file is for verify" },
		{ { "tests", "7", "--build", "1" }, "either a deployment or --build" },
	};
	struct theatre *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *const *w = rows[i].words;
		AUTO(capture_done) struct capture c = slipway(s, w[0], w[1], w[2], w[3], w[4], NULL);

		assert_int_equal(c.code, 2);
		assert_true(holds(c.err, rows[i].says));
		assert_string_equal(c.out, "");
	}
}

static void without_a_workspace_it_is_a_matter_of_configuration(void **state)
{
	AUTO(capture_done) struct capture c = slipway(NULL, "status", "-C", "/", NULL);

	(void)state;
	assert_int_equal(c.code, 2);
	assert_true(holds(c.err, "slipway status: there is no slipway.json in / or above it; begin with: slipway init"));
}

static void the_folder_may_stand_before_the_verb_or_after_it(void **state)
{
	struct theatre *s = *state;
	AUTO(capture_done) struct capture a = slipway(NULL, "-C", s->dir, "status", NULL);
	AUTO(capture_done) struct capture b = slipway(NULL, "status", "--dir", s->dir, NULL);
	AUTO(mem_auto_free) char *glued = mem_printf("-C%s", s->dir);
	AUTO(capture_done) struct capture d = slipway(NULL, glued, "status", NULL);

	assert_int_equal(a.code, 0);
	assert_true(holds(a.out, "shop  prod  protected  2.13.5  OK"));
	assert_string_equal(a.out, b.out);
	assert_string_equal(a.out, d.out);
}

static void every_refusal_has_its_exit_code(void **state)
{
	static const struct { enum err_kind kind; int code; } rows[] = {
		{ ERR_REFUSED, 3 }, { ERR_STALE, 3 }, { ERR_LOCKED, 3 }, { ERR_CONFLICT, 3 }, { ERR_DENIED, 4 }, { ERR_USAGE, 2 },
		{ ERR_CONFIG, 2 }, { ERR_NOT_FOUND, 2 }, { ERR_INTERNAL, 1 }, { ERR_FAILED, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(mem_auto_free) char *text = mem_printf("{'answers': {'status': {" SHOP "}}, 'errors': {'deploy':"
			"{'kind': '%s', 'text': 'this is why'}}}", err_kind_name(rows[i].kind));
		struct theatre *s = theatre_new(scene_of(text));
		AUTO(capture_done) struct capture c = slipway(s, "deploy", "2.14.0", "prod", NULL);

		assert_int_equal(c.code, rows[i].code);
		assert_string_equal(c.err, "slipway deploy: this is why\n");
		theatre_free(s);
	}
}

static void an_engine_that_cannot_be_reached_is_exit_code_5(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'say': 'port of the moon is closed', 'refuse': 1}"));
	AUTO(capture_done) struct capture c = slipway(s, "status", NULL);

	(void)state;
	assert_int_equal(c.code, 5);
	assert_true(holds(c.err, "port of the moon is closed"));
	theatre_free(s);
}

static void several_applications_must_be_told_apart(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'answers': {'status': {'apps': [{'name': 'shop', 'environments': []},"
		"{'name': 'blog', 'environments': []}]}}}"));
	AUTO(capture_done) struct capture a = slipway(s, "builds", NULL);
	AUTO(capture_done) struct capture b = slipway(s, "builds", "--app", "shoq", NULL);
	AUTO(capture_done) struct capture c = slipway(s, "deploy", "1", "prod", "--app", "blog", NULL);

	(void)state;
	assert_int_equal(a.code, 2);
	assert_true(holds(a.err, "there are several applications: name one with --app (valid here: shop, blog)"));
	assert_int_equal(b.code, 2);
	assert_true(holds(b.err, "there is no application \"shoq\" (did you mean \"shop\"?)"));
	assert_int_equal(c.code, 2);
	assert_true(holds(c.err, "blog has no environment \"prod\""));
	theatre_free(s);
}

static void a_workspace_without_a_valid_configuration_says_what_is_wrong(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'answers': {'status': {'apps': [], 'config': {'valid': false,"
		"'mistakes': ['slipway.json:3:9: there is no driver hots']}}}}"));
	AUTO(capture_done) struct capture a = slipway(s, "deploy", "1", "prod", NULL);
	AUTO(capture_done) struct capture b = slipway(s, "status", NULL);

	(void)state;
	assert_int_equal(a.code, 2);
	assert_true(holds(a.err, "slipway.json:3:9: there is no driver hots"));
	assert_int_equal(b.code, 2);
	assert_true(holds(b.err, "slipway.json:3:9: there is no driver hots"));
	assert_true(holds(b.err, "nothing is in force until it is corrected: slipway check"));
	assert_null(strstr(b.err, "stays in force"));
	theatre_free(s);
}

static void a_refused_configuration_leaves_the_one_before_it_in_force(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'answers': {'status': {'apps': [{'name': 'shop', 'environments': []}],"
		"'config': {'valid': false, 'mistakes': ['slipway.json:3:9: there is no driver hots']}}}}"));
	AUTO(capture_done) struct capture c = slipway(s, "status", NULL);

	(void)state;
	assert_int_equal(c.code, 0);
	assert_true(holds(c.err, "slipway.json:3:9: there is no driver hots"));
	assert_true(holds(c.err, "the one before it stays in force"));
	theatre_free(s);
}

/* A status whose every text tries to take the terminal over. */
#define EVIL "a\\u001b]52;c;ZXZpbA==\\u0007b\\u001b[31mc\\r\\u202ed\\u009b5n\\u200be\\u007ff"

static void what_comes_from_outside_never_reaches_the_terminal_raw(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'answers': {'status': {'apps': [{'name': '" EVIL "', 'environments': [{"
		"'name': '" EVIL "', 'live': {'version': '" EVIL "'}, 'health': {'text': '" EVIL "'}, 'attention': '" EVIL "'}]}]},"
		"'builds': {'builds': [{'version': '1', 'author': '" EVIL "', 'message': '" EVIL "'}]}},"
		"'errors': {'deployment': {'kind': 'not_found', 'text': '" EVIL "'}}}"));
	AUTO(capture_done) struct capture a = slipway(s, "status", NULL);
	AUTO(capture_done) struct capture b = slipway(s, "builds", NULL);
	AUTO(capture_done) struct capture c = slipway(s, "status", "--json", NULL);
	AUTO(capture_done) struct capture d = slipway(s, "watch", "7", NULL);

	(void)state;
	assert_true(holds(a.out, "abcdef"));
	assert_true(holds(b.out, "abcdef  abcdef"));
	assert_true(holds(c.out, "\\u001B]52"));
	assert_true(holds(c.out, "\\u202Ed\\u009B5n\\u200Be\\u007Ff"));
	assert_true(holds(d.err, "abcdef"));
	for (int i = 0; i < 4; i++) {
		const char *text = i == 0 ? a.out : i == 1 ? b.out : i == 2 ? c.out : d.err;

		for (const unsigned char *p = (const unsigned char *)text; *p; p++)
			assert_true((*p >= 0x20 && *p < 0x7f) || *p == '\n');
	}
	theatre_free(s);
}

static void colour_is_for_terminals_that_want_it(void **state)
{
	struct theatre *s = *state;
	AUTO(capture_done) struct capture piped = slipway(s, "status", NULL);

	assert_null(strchr(piped.out, '\033'));
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	{
		AUTO(capture_done) struct capture c = slipway_on_terminal(s, "status", NULL);

		assert_true(holds(c.out, "\033[32mOK\033[0m"));
	}
	setenv("NO_COLOR", "1", 1);
	{
		AUTO(capture_done) struct capture c = slipway_on_terminal(s, "status", NULL);

		assert_null(strchr(c.out, '\033'));
		assert_true(holds(c.out, "OK"));
	}
	unsetenv("NO_COLOR");
	setenv("TERM", "dumb", 1);
	{
		AUTO(capture_done) struct capture c = slipway_on_terminal(s, "status", NULL);

		assert_null(strchr(c.out, '\033'));
	}
}

static void columns_line_up_whatever_is_in_them(void **state)
{
	struct theatre *s = theatre_new(scene_of("{'answers': {'status': {'apps': [{'name': 'shop'}]}, 'builds': {'builds': ["
		"{'version': '2.14.0', 'branch': 'main', 'author': 'René'}, {'version': '2.9', 'branch': '日本', 'author': 'x'}]}}}"));
	AUTO(capture_done) struct capture c = { 0 };

	(void)state;
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	c = slipway(s, "builds", NULL);
	assert_string_equal(c.out, "2.14.0  -  -  -  -  main  Ren\xc3\xa9  -\n"
	                           "2.9     -  -  -  -  \xe6\x97\xa5\xe6\x9c\xac  x     -\n");
	assert_int_equal(out_width("\xe6\x97\xa5x"), 3);
	setlocale(LC_CTYPE, "C");
	theatre_free(s);
}

static int status_onto_a_full_disk(void *arg)
{
	char *argv[] = { (char[]){ "slipway" }, (char[]){ "-C" }, ((struct theatre *)arg)->dir, (char[]){ "status" }, NULL };

	if (!freopen("/dev/full", "w", stdout))
		return 99;
	return command_main(4, argv);
}

static void output_that_cannot_be_written_is_a_failure(void **state)
{
	AUTO(capture_done) struct capture c = capture(status_onto_a_full_disk, *state);

	assert_int_equal(c.code, 1);
	assert_true(holds(c.err, "cannot write everything to standard output"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_sorted_and_every_row_explains_itself),
		cmocka_unit_test(every_flag_is_unique_in_its_command_and_says_what_it_does),
		cmocka_unit_test(the_promised_commands_and_flags_are_there),
		cmocka_unit_test(every_command_prints_its_help_and_needs_no_workspace_for_it),
		cmocka_unit_test(the_overview_lists_every_command),
		TEST(mistakes_in_words_are_named_with_the_nearest_right_one),
		cmocka_unit_test(without_a_workspace_it_is_a_matter_of_configuration),
		TEST(the_folder_may_stand_before_the_verb_or_after_it),
		cmocka_unit_test(every_refusal_has_its_exit_code),
		cmocka_unit_test(an_engine_that_cannot_be_reached_is_exit_code_5),
		cmocka_unit_test(several_applications_must_be_told_apart),
		cmocka_unit_test(a_workspace_without_a_valid_configuration_says_what_is_wrong),
		cmocka_unit_test(a_refused_configuration_leaves_the_one_before_it_in_force),
		cmocka_unit_test(what_comes_from_outside_never_reaches_the_terminal_raw),
		TEST(colour_is_for_terminals_that_want_it),
		cmocka_unit_test(columns_line_up_whatever_is_in_them),
		TEST(output_that_cannot_be_written_is_a_failure),
	};

	play_if_asked(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
