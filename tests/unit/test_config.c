/* What slipway.json may say, what comes of it, and how each mistake is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/config/config.h"

/* A valid file; the tests change one thing in it. Line numbers matter. */
static const char *const shop_lines[] = {
	"{ \"application\": \"shop\",",                                                              /* 1 */
	"  \"components\": {",                                                                       /* 2 */
	"    \"api\": {\"artifact\": \"backend\", \"start\": [\"bin/api\"], \"health\": \"/health\"},",
	"    \"web\": {\"start\": [\"bin/web\", \"-v\"], \"needs\": [\"api\"], \"health_within\": \"20s\"},", /* 4 */
	"    \"mail\": {\"start\": [\"bin/mail\"], \"protocol\": \"tcp\"},",                           /* 5 */
	"    \"worker\": {\"start\": [\"bin/worker\"], \"protocol\": \"none\", \"variables\": {\"MODE\": \"slow\"}} },",
	"  \"environments\": [",                                                                     /* 7 */
	"    {\"name\": \"dev\", \"protection\": \"open\", \"ports\": {\"web\": 8081}, \"slots\": \"21000-21019\"},",
	"    {\"name\": \"prod\", \"ports\": {\"web\": 8080, \"mail\": 2525}, \"bind\": \"0.0.0.0\","
		" \"slots\": \"21020-21039\"},",
	"    {\"name\": \"edge\", \"driver\": \"command\", \"deploy\": [\"./deploy\"],"                  /* 10 */
		" \"observe\": [\"./look\"]} ],",
	"  \"smoke\": [ {\"name\": \"front page\", \"component\": \"web\", \"get\": \"/\", \"body\": \"Shop\"},",
	"             {\"name\": \"script\", \"command\": [\"tests/smoke.sh\"]} ],",                  /* 12 */
	"  \"acceptance\": [ {\"name\": \"checkout\", \"command\": [\"tests/accept\"], \"report\": \"tap\"},",
	"                  {\"name\": \"ui\", \"command\": [\"tests/ui\"], \"report\": \"junit\"} ],", /* 14 */
	"  \"drain\": \"20s\",",                                                                     /* 15 */
	"  \"builds\": {\"watch\": \"incoming\"} }",                                                 /* 16 */
};

static char *shop_text(void)
{
	struct buf b;

	buf_init(&b, 10000);
	for (size_t i = 0; i < ARRAY_LEN(shop_lines); i++)
		buf_printf(&b, "%s\n", shop_lines[i]);
	return b.data;
}

/* The shop with the first `from` replaced by `to`; fails the test when there is none. */
static char *shop_with(const char *from, const char *to)
{
	AUTO(mem_auto_free) char *text = shop_text();
	char *found = strstr(text, from);

	assert_non_null(found);
	*found = '\0';
	return mem_printf("%s%s%s", text, to, found + strlen(from));
}

/* "LINE:COLUMN: TEXT\n" of each mistake; "" when the text is valid. */
static char *mistakes_of(const char *text)
{
	struct config *config = NULL;
	struct config_mistakes mistakes;
	struct buf b;

	buf_init(&b, 1000000);
	if (config_parse("slipway.json", text, strlen(text), &config, &mistakes))
		assert_int_equal(mistakes.n, 0);
	else
		assert_null(config);
	for (size_t i = 0; i < mistakes.n; i++) {
		assert_string_equal(mistakes.items[i].file, "slipway.json");
		buf_printf(&b, "%d:%d: %s\n", mistakes.items[i].line, mistakes.items[i].column, mistakes.items[i].text);
	}
	config_free(config);
	config_mistakes_done(&mistakes);
	return b.data;
}

static struct config *parse_valid(const char *text)
{
	struct config *config = NULL;
	struct config_mistakes mistakes;

	if (!config_parse("/srv/shop/slipway.json", text, strlen(text), &config, &mistakes))
		fail_msg("line %d: %s", mistakes.items[0].line, mistakes.items[0].text);
	config_mistakes_done(&mistakes);
	return config;
}

static void a_valid_file_is_read_into_structures(void **state)
{
	AUTO(mem_auto_free) char *text = shop_text();
	struct config *config = parse_valid(text);
	const struct config_app *app = config_app(config, NULL);

	(void)state;
	assert_non_null(app);
	assert_ptr_equal(app, config_app(config, "shop"));
	assert_null(config_app(config, "other"));
	assert_string_equal(app->file, "/srv/shop/slipway.json");
	assert_string_equal(app->dir, "/srv/shop");
	assert_string_equal(app->watch, "/srv/shop/incoming");
	assert_int_equal(app->drain_ms, 20000);
	assert_int_equal(app->ncomponents, 4);
	assert_string_equal(app->components[0].name, "api");
	assert_string_equal(config_component(app, "api")->artifact, "backend");
	assert_string_equal(config_component(app, "api")->health, "/health");
	assert_string_equal(config_component(app, "web")->artifact, "web");
	assert_string_equal(config_component(app, "web")->start[1], "-v");
	assert_null(config_component(app, "web")->start[2]);
	assert_int_equal(config_component(app, "web")->health_within_ms, 20000);
	assert_string_equal(config_component(app, "web")->needs[0], "api");
	assert_int_equal(config_component(app, "mail")->protocol, PROTOCOL_TCP);
	assert_int_equal(config_component(app, "worker")->protocol, PROTOCOL_NONE);
	assert_string_equal(config_component(app, "worker")->vars[0].name, "MODE");
	assert_string_equal(config_component(app, "worker")->vars[0].value, "slow");
	config_free(config);
}

static void environments_keep_their_order_and_know_their_driver(void **state)
{
	AUTO(mem_auto_free) char *text = shop_text();
	struct config *config = parse_valid(text);
	const struct config_app *app = config_app(config, NULL);
	const struct config_environment *prod = config_environment(app, "prod");
	const struct config_environment *edge = config_environment(app, "edge");

	(void)state;
	assert_int_equal(app->nenvironments, 3);
	assert_string_equal(app->environments[0].name, "dev");
	assert_false(app->environments[0].is_protected);
	assert_ptr_equal(prod, &app->environments[1]);
	assert_true(prod->is_protected);
	assert_true(prod->rollback_needs_arming);
	assert_string_equal(prod->bind, "0.0.0.0");
	assert_string_equal(app->environments[0].bind, "127.0.0.1");
	assert_int_equal(prod->slot_port_first, 21020);
	assert_int_equal(prod->slot_port_last, 21039);
	assert_int_equal(config_port(prod, "web"), 8080);
	assert_int_equal(config_port(prod, "api"), 0);
	assert_string_equal(edge->driver, "command");
	assert_string_equal(edge->deploy[0], "./deploy");
	assert_null(edge->rollback);
	assert_null(config_environment(app, "nowhere"));
	config_free(config);
}

static void what_is_left_out_gets_its_default(void **state)
{
	AUTO(mem_auto_free) char *text = shop_text();
	struct config *config = parse_valid(text);
	const struct config_app *app = config_app(config, NULL);

	(void)state;
	assert_int_equal(app->verify_ms, 5000);
	assert_int_equal(app->verify_failures, 3);
	assert_int_equal(app->verify_interval_ms, 250);
	assert_int_equal(app->warm_ms, 15 * 60 * 1000);
	assert_int_equal(app->retain_builds, 50);
	assert_int_equal(app->deadline_ms[STAGE_GATE], 0);
	assert_int_equal(app->deadline_ms[STAGE_FETCH], 60000);
	assert_int_equal(app->deadline_ms[STAGE_ACCEPTANCE], 600000);
	assert_int_equal(app->deadline_ms[STAGE_SWITCH], 10000);
	assert_int_equal(app->deadline_ms[STAGE_DRAIN], 60000);
	assert_int_equal(app->smoke[0].kind, TEST_HTTP);
	assert_string_equal(app->smoke[0].method, "GET");
	assert_int_equal(app->smoke[0].status, 200);
	assert_int_equal(app->smoke[0].timeout_ms, 30000);
	assert_int_equal(app->smoke[1].kind, TEST_COMMAND);
	assert_int_equal(app->acceptance[0].report, REPORT_TAP);
	assert_int_equal(app->acceptance[1].report, REPORT_JUNIT);
	assert_string_equal(app->acceptance[1].report_files, "*.xml");
	assert_null(app->acceptance[0].report_files);
	config_free(config);
}

static void rollback_is_a_word_for_the_host_and_a_command_for_the_command_driver(void **state)
{
	AUTO(mem_auto_free) char *host = shop_with("\"bind\"", "\"rollback\": \"countdown\", \"bind\"");
	AUTO(mem_auto_free) char *command = shop_with("\"observe\"", "\"rollback\": [\"./back\"], \"observe\"");
	struct config *config = parse_valid(host);

	(void)state;
	assert_false(config_environment(config_app(config, NULL), "prod")->rollback_needs_arming);
	config_free(config);
	config = parse_valid(command);
	assert_string_equal(config_environment(config_app(config, NULL), "edge")->rollback[0], "./back");
	assert_true(config_environment(config_app(config, NULL), "edge")->rollback_needs_arming);
	config_free(config);
}

/* Takes each ^ out of `text` and writes "LINE:COLUMN: " of its place (characters, from 1) before a line of `then`. */
static char *expected_at_marks(char *text, const char *then)
{
	int line = 1, column = 1;
	struct buf b;
	char *to = text;

	buf_init(&b, 10000);
	for (const char *p = text; *p; p++) {
		if (*p == '^') {
			size_t len = strcspn(then, "\n") + 1;

			buf_printf(&b, "%d:%d: %.*s", line, column, (int)len, then);
			then += len;
			continue;
		}
		column = *p == '\n' ? 1 : column + (((unsigned char)*p & 0xc0) != 0x80);
		line += *p == '\n';
		*to++ = *p;
	}
	*to = '\0';
	buf_add_text(&b, then);
	return b.data;
}

/* In `to`, ^ marks where the mistake is; without a mark `then` says the place itself. */
static const struct { const char *from, *to, *then; } mistakes[] = {
	{ "\"health\"", "^\"helth\"", "unknown key \"helth\" (did you mean \"health\"?)\n" },
	{ "\"drain\"", "^\"drian\"", "unknown key \"drian\" (did you mean \"drain\"?)\n" },
	{ "\"drain\"", "^\"colour\"", "unknown key \"colour\" (valid here: $schema, application, components, "
		"environments, smoke, acceptance, verify, drain, warm, retention, deadlines, builds, signers, facts, usual_hours)\n" },
	{ "\"watch\"", "^\"wach\"", "unknown key \"wach\" (did you mean \"watch\"?)\n" },
	{ "{ \"application\": \"shop\",", "^{", "this application lacks \"application\"\n" },
	{ "\"shop\"", "^\"Shop\"", "\"application\" takes a name of at most 40 lower-case letters, digits and hyphens, "
		"not \"Shop\"\n" },
	{ "\"20s\",\n", "^20,\n", "\"drain\" takes a duration such as \"250ms\", \"10s\", \"5m\", \"2h\" or \"1d\", "
		"not a number\n" },
	{ "\"20s\",\n", "^\"20 s\",\n", "\"drain\" takes a duration such as \"250ms\", \"10s\", \"5m\", \"2h\" or "
		"\"1d\", not \"20 s\"\n" },
	{ "\"20s\",\n", "^\"400d\",\n", "\"drain\" is 400d; from 0s to 1d is possible\n" },
	{ "\"20s\",\n", "^\"2m\",\n",
		"2m is longer than the stage's deadline of 1m (\"deadlines\": {\"drain\": …})\n" },
	{ "\"20s\"}", "^\"2m\"}",
		"2m is longer than the stage's deadline of 1m (\"deadlines\": {\"start\": …})\n" },
	{ "\"needs\": [\"api\"]", "\"needs\": [^\"appi\"]",
		"there is no component \"appi\" (did you mean \"api\"?)\n" },
	{ "\"needs\": [\"api\"]", "\"needs\": [^\"web\"]", "web needs itself\n" },
	{ "\"needs\": [\"api\"]", "\"needs\": [^\"worker\"]",
		"worker has protocol none: it has no port that can be called\n" },
	{ "\"needs\": [\"api\"]", "\"needs\": [\"api\", ^\"api\"]", "\"api\" stands here twice\n" },
	{ "\"health\": \"/health\"", "\"needs\": [\"web\"]",
		"4:51: the needs go in a circle: api needs web needs api\n" },
	{ "\"tcp\"", "^\"tpc\"", "\"protocol\" does not know \"tpc\" (did you mean \"tcp\"?)\n" },
	{ "\"protocol\": \"tcp\"", "\"protocol\": \"tcp\", ^\"health\": \"/\"", "\"health\" is for components with "
		"protocol http; a tcp component is healthy when it accepts a connection, one without a port when "
			"it runs\n" },
	{ "\"bin/mail\"", "^\"/bin/mail\"", "\"start\" begins with the absolute path /bin/mail; name a file of the "
		"artifact (\"bin/web\") or a program in PATH (\"python3\")\n" },
	{ "\"bin/mail\"", "^\"bin/../../mail\"",
		"\"start\" leaves the artifact with bin/../../mail; name a file inside it\n" },
	{ "{\"start\": [\"bin/mail\"], ", "^{", "this component lacks \"start\", which the driver host needs\n" },
	{ "[\"bin/mail\"]", "^\"bin/mail\"",
		"\"start\" takes a list such as [\"bin/web\", \"--verbose\"], not text\n" },
	{ "[\"bin/mail\"]", "^[]", "\"start\" is empty; its first item is the program\n" },
	{ "[\"bin/mail\"]", "[^\"\"]", "\"start\" names no program\n" },
	{ "[\"bin/mail\"]", "[\"bin/mail\", ^5]", "\"start\" holds texts only, not a number\n" },
	{ "\"mail\": {", "^\"Mail\": {", "the component's name \"Mail\" is not a name of at most 40 lower-case "
		"letters, digits and hyphens\n9:45: there is no component \"mail\" (did you mean \"Mail\"?)\n" },
	{ "{\"start\": [\"bin/mail\"], \"protocol\": \"tcp\"}", "^5",
			"this component is not an object but a number\n" },
	{ "\"slow\"", "^5", "\"MODE\" in \"variables\" takes text, not a number\n" },
	{ "\"MODE\"", "^\"2MODE\"", "\"2MODE\" cannot name a variable; letters, digits and _ are possible\n" },
	{ "\"MODE\"", "^\"PORT\"", "the variable PORT is set by Slipway itself; choose another name\n" },
	{ "\"open\"", "^\"opne\"", "\"protection\" does not know \"opne\" (did you mean \"open\"?)\n" },
	{ "\"web\": 8081", "^\"wbe\": 8081", "there is no component \"wbe\" (did you mean \"web\"?)\n" },
	{ "\"web\": 8081", "^\"worker\": 8081", "worker has protocol none: it has no port\n" },
	{ "8081", "^81000", "the port of \"web\" is a whole number from 1 to 65535\n" },
	{ "8080", "^8081", "port 8081 collides with the port of web in dev (slipway.json:8)\n" },
	{ "8081}, \"slots\": ", "21005}, \"slots\": ^",
		"\"slots\" 21000-21019 collide with the port of web in dev (slipway.json:8)\n" },
	{ "\"21020-21039\"", "^\"21019-21039\"",
		"\"slots\" 21019-21039 collide with the slots 21000-21019 of dev (slipway.json:8)\n" },
	{ "\"21020-21039\"", "^\"21020-21027\"",
		"\"slots\" has room for 8 ports; 9 are needed: blue, green and preview of each component\n" },
	{ "\"21020-21039\"", "^\"21039-21020\"", "\"slots\" is 21039-21020; the first port is not above the last, "
		"and from 1024 to 65535 is possible\n" },
	{ ", \"slots\": \"21000-21019\"", "", "8:5: this environment lacks \"slots\", a range of 9 ports or more "
		"such as \"21000-21008\": blue, green and preview of each component\n" },
	{ "\"0.0.0.0\"", "^\"localhost\"", "\"bind\" takes an address such as \"127.0.0.1\" or \"::1\", not "
		"\"localhost\"\n" },
	{ "\"prod\"", "^\"dev\"", "there is an environment \"dev\" already\n" },
	{ "\"open\", \"ports\": {\"web\"", "\"open\", \"driver\": ^\"hst\", \"ports\": {^\"wbe\"",
		"\"driver\" does not know \"hst\" (did you mean \"host\"?)\n"
		"there is no component \"wbe\" (did you mean \"web\"?)\n" },
	{ "\"command\", \"deploy\"", "^\"comand\", \"deploy\"",
		"\"driver\" does not know \"comand\" (did you mean \"command\"?)\n" },
	{ "\"deploy\": [\"./deploy\"], ", "",
		"10:5: the driver command needs \"deploy\", the command that brings a build there\n" },
	{ ", \"observe\": [\"./look\"]", "",
		"10:5: the driver command needs \"observe\", the command that tells what is live\n" },
	{ "\"observe\"", "^\"slots\": \"21040-21049\", \"observe\"",
		"this \"slots\" is for the driver host; the driver here is command\n" },
	{ "\"observe\"", "\"urls\": {\"web\": ^\"10.0.0.5\"}, \"observe\"",
		"\"web\" in \"urls\" takes an address such as \"http://10.0.0.5:8080\"\n" },
	{ "\"bind\": \"0.0.0.0\"", "^\"rollback\": [\"./back\"]",
		"this \"rollback\" is for the driver command; the driver here is host\n" },
	{ "{\"name\": \"front page\", \"component\": \"web\"", "^{\"name\": \"front page\"",
		"this smoke test lacks \"component\": which one is asked?\n" },
	{ "\"component\": \"web\"", "\"component\": ^\"wob\"",
		"there is no component \"wob\" (did you mean \"web\"?)\n" },
	{ "\"component\": \"web\"", "\"component\": ^\"worker\"",
		"worker does not speak http; a smoke test with \"get\" cannot ask it\n" },
	{ "\"get\": \"/\"", "\"get\": ^\"index\"", "\"get\" takes a path such as \"/\", not \"index\"\n" },
	{ "\"body\": \"Shop\"", "\"status\": ^42", "\"status\" is 42; from 100 to 599 is possible\n" },
	{ "{\"name\": \"script\", \"command\": [\"tests/smoke.sh\"]", "^{\"name\": \"script\", ^\"body\": \"x\"",
		"a smoke test needs \"get\" (a request) or \"command\"\n\"body\" is for smoke tests with \"get\"\n" },
	{ "\"body\": \"Shop\"", "^\"command\": [\"x\"]", "a smoke test has \"get\" or \"command\", not both\n" },
	{ "\"script\"", "^\"front page\"", "there is a test \"front page\" already\n" },
	{ "[\"tests/smoke.sh\"]", "[\"tests/smoke.sh\"], \"timeout\": ^\"2m\"",
		"\"timeout\" is longer than the stage's deadline of 1m (\"deadlines\": {\"smoke\": …})\n" },
	{ "\"report\": \"tap\"", "\"report\": \"tap\", ^\"files\": \"*.xml\"",
		"\"files\" is for suites with \"report\": \"junit\"\n" },
	{ "\"drain\": \"20s\"", "\"drain\": \"20s\", ^\"drain\": \"20s\"",
		"\"drain\" stands here twice; first on line 15\n" },
	{ "\"drain\": \"20s\"", "\"drain\": \"20s\", ^\"dr\\u0061in\": \"20s\"",
		"\"drain\" stands here twice; first on line 15\n" },
	{ "\"drain\": \"20s\"", "\"verify\": {\"for\": ^\"10m\", \"failures\": ^0}", "10m is longer than the "
		"stage's deadline of 5m (\"deadlines\": {\"verify\": …})\n"
		"\"failures\" is 0; from 1 to 1000000 is possible\n" },
	{ "\"drain\": \"20s\"", "\"verify\": ^true", "\"verify\" takes an object, not true\n" },
	{ "\"drain\": \"20s\"", "\"retention\": {\"builds\": ^1.5}",
		"\"builds\" takes a whole number, not a number with a fraction\n" },
	{ "\"incoming\"", "^\"\"", "\"watch\" is empty\n" },
	{ "\"body\": \"Shop\"", "\"body\": \"Caf\xc3\xa9 \xe2\x9c\x93\", ^\"boddy\": 1",
		"unknown key \"boddy\" (did you mean \"body\"?)\n" },
};

static void each_mistake_names_its_place_and_the_way_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
		AUTO(mem_auto_free) char *text = shop_with(mistakes[i].from, mistakes[i].to);
		AUTO(mem_auto_free) char *then = expected_at_marks(text, mistakes[i].then);
		AUTO(mem_auto_free) char *got = mistakes_of(text);

		assert_string_equal(got, then);
	}
}

static void all_mistakes_come_at_once_in_the_order_of_the_text(void **state)
{
	AUTO(mem_auto_free) char *got = mistakes_of(
		"{ \"drain\": 5,\n"
		"  \"environments\": [ {\"protection\": \"shut\"} ],\n"
		"  \"aplication\": \"shop\",\n"
		"  \"components\": {} }\n");

	(void)state;
	assert_string_equal(got,
		"1:1: this application lacks \"application\"\n"
		"1:12: \"drain\" takes a duration such as \"250ms\", \"10s\", \"5m\", \"2h\" or \"1d\", not a number\n"
		"2:21: this environment lacks \"name\"\n"
		"2:36: \"protection\" does not know \"shut\" (valid here: open, protected)\n"
		"3:3: unknown key \"aplication\" (did you mean \"application\"?)\n"
		"4:17: \"components\" is empty; at least one component is needed\n");
}

static void what_is_no_json_is_one_mistake_with_its_place(void **state)
{
	static const struct { const char *given, *then; } rows[] = {
		{ "", "1:1: this is not JSON: '[' or '{' expected near end of file\n" },
		{ "{\n  \"a\": nope\n}", "2:8: this is not JSON: invalid token near 'nope'\n" },
		{ "{\n  \"a\": 1,\n}", "3:1: this is not JSON: string or '}' expected near '}'\n" },
		{ "{\n  // why\n}", "2:3: this is not JSON: string or '}' expected near '/'\n" },
		{ "{\"a\": \"\xff\"}", "1:7: this is not JSON: unable to decode byte 0xff near '\"'\n" },
		{ "[]", "1:1: this application is not an object but a list\n" },
		{ "\xef\xbb\xbf{}", "1:1: the file begins with a byte order mark; save it as UTF-8 without one\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(mem_auto_free) char *got = mistakes_of(rows[i].given);

		assert_string_equal(got, rows[i].then);
	}
}

static void too_many_mistakes_end_with_a_line_that_says_so(void **state)
{
	AUTO(buf_done) struct buf text;
	AUTO(mem_auto_free) char *got = NULL;
	size_t lines = 0;

	(void)state;
	buf_init(&text, 1000000);
	buf_add_text(&text, "{\"x\": 1");
	for (int i = 0; i < 2000; i++)
		buf_printf(&text, ", \"x%d\": 1", i);
	buf_add_text(&text, "}");
	got = mistakes_of(text.data);
	for (const char *p = got; (p = strchr(p, '\n')); p++)
		lines++;
	assert_int_equal(lines, 500);
	assert_non_null(strstr(got, "there are more mistakes than can be shown"));
}

static void counts_are_limited(void **state)
{
	AUTO(buf_done) struct buf components;
	AUTO(mem_auto_free) char *text = NULL;
	AUTO(mem_auto_free) char *got = NULL;

	(void)state;
	buf_init(&components, 100000);
	for (int i = 0; i < 65; i++)
		buf_printf(&components, "%s\"c%d\": {\"start\": [\"x\"], \"protocol\": \"none\"}", i ? ", " : "", i);
	text = mem_printf("{\"application\": \"a\", \"components\": {%s}, \"environments\": [{\"name\": \"dev\"}]}",
	                  components.data);
	got = mistakes_of(text);
	assert_string_equal(got, "1:36: \"components\" has 65 entries; at most 64 are possible\n");
}

/* A workspace in a folder of its own. */
struct workspace { char dir[64]; struct config *config; struct config_mistakes mistakes; };

static int workspace_begin(void **state)
{
	struct workspace *w = mem_alloc(sizeof *w);

	snprintf(w->dir, sizeof w->dir, "/tmp/slipway-config.XXXXXX");
	*state = w;
	return mkdtemp(w->dir) ? 0 : -1;
}

static int workspace_end(void **state)
{
	struct workspace *w = *state;

	config_free(w->config);
	config_mistakes_done(&w->mistakes);
	file_remove_tree(w->dir, NULL);
	free(w);
	return 0;
}

static void workspace_put(struct workspace *w, const char *name, const char *text)
{
	AUTO(mem_auto_free) char *path = file_join(w->dir, name);
	AUTO(mem_auto_free) char *parent = mem_dupn(path, (size_t)(strrchr(path, '/') - path));

	assert_true(file_make_dirs(parent, 0700, NULL));
	assert_true(file_write_atomic(path, text, strlen(text), 0600, NULL));
}

static char *small_app(const char *name, int port, int slots)
{
	return mem_printf("{\"application\": \"%s\",\n \"components\": {\"web\": {\"start\": [\"x\"]}},\n"
	                  " \"environments\": [{\"name\": \"dev\", \"ports\": {\"web\": %d}, \"slots\": \"%d-%d\"}]}",
	                  name, port, slots, slots + 2);
}

static void a_folder_without_configuration_is_one_mistake_that_shows_how_to_begin(void **state)
{
	struct workspace *w = *state;

	assert_false(config_load(w->dir, &w->config, &w->mistakes));
	assert_int_equal(w->mistakes.n, 1);
	assert_non_null(strstr(w->mistakes.items[0].text, w->dir));
	assert_non_null(strstr(w->mistakes.items[0].text, "slipway init"));
}

static void several_applications_are_sorted_by_name(void **state)
{
	AUTO(mem_auto_free) char *shop = small_app("shop", 8080, 21000);
	AUTO(mem_auto_free) char *bank = small_app("bank", 8081, 21010);
	AUTO(mem_auto_free) char *desk = small_app("desk", 8082, 21020);
	struct workspace *w = *state;

	workspace_put(w, "slipway.json", shop);
	workspace_put(w, "slipway.d/1.json", desk);
	workspace_put(w, "slipway.d/2.json", bank);
	workspace_put(w, "slipway.d/.2.json", "an editor's own file");
	workspace_put(w, "slipway.d/notes.txt", "notes");
	assert_true(config_load(w->dir, &w->config, &w->mistakes));
	assert_int_equal(w->config->napps, 3);
	assert_string_equal(w->config->apps[0].name, "bank");
	assert_string_equal(w->config->apps[1].name, "desk");
	assert_string_equal(w->config->apps[2].name, "shop");
	assert_null(config_app(w->config, NULL));
	assert_non_null(strstr(w->config->apps[0].file, "/slipway.d/2.json"));
	assert_string_equal(w->config->apps[2].dir, w->dir);
}

static void applications_cannot_share_names_ports_or_slots(void **state)
{
	AUTO(mem_auto_free) char *one = small_app("shop", 8080, 21000);
	AUTO(mem_auto_free) char *two = small_app("shop", 8080, 21002);
	struct workspace *w = *state;

	workspace_put(w, "slipway.d/a.json", one);
	workspace_put(w, "slipway.d/b.json", two);
	assert_false(config_load(w->dir, &w->config, &w->mistakes));
	assert_int_equal(w->mistakes.n, 3);
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(w->mistakes.items[i].file, "slipway.d/b.json");
	assert_string_equal(w->mistakes.items[0].text, "the application \"shop\" is in slipway.d/a.json already");
	assert_string_equal(w->mistakes.items[1].text, "port 8080 collides with the port of web in dev "
	                    "(slipway.d/a.json:3)");
	assert_string_equal(w->mistakes.items[2].text,
	                    "\"slots\" 21002-21004 collide with the slots 21000-21002 of dev (slipway.d/a.json:3)");
}

static void mistakes_of_all_files_come_together(void **state)
{
	struct workspace *w = *state;

	workspace_put(w, "slipway.d/a.json", "{");
	workspace_put(w, "slipway.d/b.json", "[]");
	assert_false(config_load(w->dir, &w->config, &w->mistakes));
	assert_int_equal(w->mistakes.n, 2);
	assert_string_equal(w->mistakes.items[0].file, "slipway.d/a.json");
	assert_string_equal(w->mistakes.items[1].file, "slipway.d/b.json");
}

/* The files as they are kept: [{"name","text"}]. */
static json_t *kept_files(const struct config *config)
{
	json_t *files = json_array();

	for (size_t i = 0; i < config->nfiles; i++)
		json_array_append_new(files, json_pack("{s:s, s:s}", "name", config->files[i].name, "text",
		                                       config->files[i].text));
	return files;
}

static void files_as_they_were_kept_make_the_same_configuration_without_secrets(void **state)
{
	struct workspace *w = *state;
	AUTO(json_auto_decref) json_t *files = NULL;
	struct config *again = NULL;
	struct err err = { 0 };

	/* given */
	workspace_put(w, "slipway.d/shop.json", "{\"application\":\"shop\",\"components\":{\"web\":{\"start\":[\"web\"],"
		"\"variables\":{\"TOKEN\":\"hush\",\"MODE\":\"slow\"}}},\"environments\":[{\"name\":\"prod\","
		"\"ports\":{\"web\":8080},\"slots\":\"21020-21039\",\"variables\":{\"TOKEN\":\"hush\","
		"\"COLOUR\":\"red\"},\"secrets\":[\"TOKEN\"]}]}");
	workspace_put(w, "groups.json", "{\"groups\":[{\"name\":\"suite\",\"applications\":[\"shop\"]}]}");
	assert_true(config_load(w->dir, &w->config, &w->mistakes));

	/* when */
	files = kept_files(w->config);
	assert_true(config_from_files(files, &again, &err));

	/* then */
	assert_int_equal(json_array_size(files), 2);
	assert_null(strstr(w->config->files[0].text, "hush"));
	assert_string_equal(again->apps[0].name, "shop");
	assert_int_equal(config_port(&again->apps[0].environments[0], "web"), 8080);
	assert_int_equal(again->apps[0].environments[0].nvars, 2);
	assert_non_null(config_group(again, "suite"));
	config_free(again);
}

static void what_is_not_understood_any_more_is_named(void **state)
{
	AUTO(json_auto_decref) json_t *files = json_pack("[{s:s, s:s}]", "name", "slipway.json", "text", "{\"shop\":1}");
	AUTO(json_auto_decref) json_t *none = json_array();
	struct config *config = NULL;
	struct err err = { 0 };

	(void)state;
	assert_false(config_from_files(files, &config, &err));
	assert_non_null(strstr(err.text, "slipway.json: "));
	assert_false(config_from_files(none, &config, &err));
	assert_null(config);
}

static void a_fifo_in_place_of_the_file_is_refused_without_waiting(void **state)
{
	AUTO(mem_auto_free) char *path = NULL;
	struct workspace *w = *state;

	path = file_join(w->dir, "slipway.json");
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(config_load(w->dir, &w->config, &w->mistakes));
	assert_non_null(strstr(w->mistakes.items[0].text, "is not a regular file"));
}

static void the_same_port_on_two_addresses_is_no_collision(void **state)
{
	static const struct { const char *one, *two; bool valid; } rows[] = {
		{ "127.0.0.1", "127.0.0.2", true }, { "127.0.0.1", "127.0.0.1", false },
		{ "127.0.0.1", "0.0.0.0", false }, { "::", "127.0.0.1", false },
		{ "::1", "0:0:0:0:0:0:0:1", false }, { "::1", "127.0.0.1", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(mem_auto_free) char *text = mem_printf("{\"application\": \"a\", "
			"\"components\": {\"web\": {\"start\": [\"x\"]}}, \"environments\": ["
			"{\"name\": \"a\", \"ports\": {\"web\": 80}, \"bind\": \"%s\", \"slots\": \"3000-3002\"}, "
			"{\"name\": \"b\", \"ports\": {\"web\": 80}, \"bind\": \"%s\", \"slots\": \"3010-3012\"}]}",
			rows[i].one, rows[i].two);
		AUTO(mem_auto_free) char *got = mistakes_of(text);

		assert_int_equal(got[0] == '\0', rows[i].valid);
	}
}

/* `slipwayd schema >share/slipway.schema.json` writes it anew; the tests run in the top folder. */
static void the_published_schema_is_the_one_of_the_table(void **state)
{
	AUTO(buf_done) struct buf published = { 0 };
	struct err err = { 0 };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	config_write_schema(out);
	fclose(out);
	if (!file_read("share/slipway.schema.json", 1 << 20, &published, &err))
		fail_msg("%s", err.text);
	assert_string_equal(published.data, text);
	free(text);
}

#define IN_WORKSPACE(name) cmocka_unit_test_setup_teardown(name, workspace_begin, workspace_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_valid_file_is_read_into_structures),
		cmocka_unit_test(environments_keep_their_order_and_know_their_driver),
		cmocka_unit_test(what_is_left_out_gets_its_default),
		cmocka_unit_test(rollback_is_a_word_for_the_host_and_a_command_for_the_command_driver),
		cmocka_unit_test(each_mistake_names_its_place_and_the_way_out),
		cmocka_unit_test(all_mistakes_come_at_once_in_the_order_of_the_text),
		cmocka_unit_test(what_is_no_json_is_one_mistake_with_its_place),
		cmocka_unit_test(too_many_mistakes_end_with_a_line_that_says_so),
		cmocka_unit_test(counts_are_limited),
		IN_WORKSPACE(a_folder_without_configuration_is_one_mistake_that_shows_how_to_begin),
		IN_WORKSPACE(several_applications_are_sorted_by_name),
		IN_WORKSPACE(applications_cannot_share_names_ports_or_slots),
		IN_WORKSPACE(mistakes_of_all_files_come_together),
		IN_WORKSPACE(files_as_they_were_kept_make_the_same_configuration_without_secrets),
		cmocka_unit_test(what_is_not_understood_any_more_is_named),
		IN_WORKSPACE(a_fifo_in_place_of_the_file_is_refused_without_waiting),
		cmocka_unit_test(the_same_port_on_two_addresses_is_no_collision),
		cmocka_unit_test(the_published_schema_is_the_one_of_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
