/*
 * Smoke tests and acceptance suites of a deployment, as they really run: commands, reports and requests to a server.
 * What a test prints or answers is told in the deployment's message, its last lines in the step's tail, all of it in
 * the log.
 */
#include "tests/unit/engine_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/engine/engine.h"
#include "backend/report/tool.h"

/* ---- the driver: the world's, with the stages of tests and with an address ---- */

static struct driver driver;
static int port;                       /* of the server that stands in for the application */
const struct driver *const driver_registry[] = { &driver, NULL };

const struct driver *driver_find(const char *name)
{
	return strcmp(name, driver.name) == 0 ? &driver : NULL;
}

static char *url(struct driver_env *denv, const char *component, bool preview)
{
	(void)denv, (void)component, (void)preview;
	return mem_printf("http://127.0.0.1:%d", port);
}

static void make_driver(void)
{
	static const enum stage stages[] = { STAGE_START, STAGE_SMOKE, STAGE_ACCEPTANCE, STAGE_SWITCH };

	driver = engine_world_driver;
	driver.stages = stages;
	driver.nstages = ARRAY_LEN(stages);
	driver.url = url;
}

/* Answers 200 "the shop", 500 "no database" to /broken, and a page to /page, until we end. */
static void serve(int listener)
{
	static const char good[] = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nthe shop";
	static const char bad[] = "HTTP/1.1 500 Oops\r\nConnection: close\r\n\r\nno database";
	static const char page[] = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\n<!doctype html>\n<html lang=\"en\">\n"
		"<title>Shop</title>\n<p>We are <b>closed</b>\n  today\n";
	char request[4096];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		ssize_t n = recv(fd, request, sizeof request - 1, 0);
		const char *answer = good;

		if (n > 0 && memmem(request, (size_t)n, "/broken", 7))
			answer = bad;
		else if (n > 0 && memmem(request, (size_t)n, "/page", 5))
			answer = page;
		if (n > 0)
			send(fd, answer, strlen(answer), MSG_NOSIGNAL);
		close(fd);
	}
}

static pid_t server_start(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t pid;

	assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(listener, 16), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	port = ntohs(address.sin_port);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		serve(listener);
	close(listener);
	return pid;
}

/* ---- one deployment with these tests ---- */

#define SMOKE(test) "\"smoke\":[{\"name\":\"front\"," test "}]"
#define SHELL(script) "\"command\":[\"sh\",\"-c\",\"" script "\"]"
#define SUITE(report, script) "\"acceptance\":[{\"name\":\"cart\",\"report\":\"" report "\"," SHELL(script) "}]"
#define TIMED(report, script) "\"acceptance\":[{\"name\":\"cart\",\"timeout\":\"1s\",\"report\":\"" report "\"," \
	SHELL(script) "}]"
#define WRITES(name, xml) "printf '" xml "' >$SLIPWAY_REPORTS/" name ";"

struct outcome { json_t *deployment; const char *message, *layer, *tail; char *log; };

static void outcome_done(struct outcome *o)
{
	json_decref(o->deployment);
	free(o->log);
}

static void configure(struct engine_world *w, const char *tests)
{
	AUTO(mem_auto_free) char *path = file_join(w->dir, "slipway.json");
	AUTO(mem_auto_free) char *text = mem_printf(
		"{\"application\":\"shop\",\"components\":{\"web\":{\"start\":[\"bin/web\"],\"protocol\":\"http\"}},"
		"\"environments\":[{\"name\":\"dev\",\"protection\":\"open\",\"driver\":\"host\",\"ports\":{\"web\":18997},"
		"\"slots\":\"23970-23979\"}],%s}", tests);

	assert_true(file_write_atomic(path, text, strlen(text), 0600, NULL));
	engine_world_wait(w, "config.loaded", 1);
}

static char *log_of(struct engine_world *w, int64_t id)
{
	AUTO(json_auto_decref) json_t *log = NULL;

	assert_true(engine_log(w->engine, id, 0, 65536, &log, NULL));
	return mem_dup(json_text(log, "text"));
}

static struct outcome deploy(struct engine_world *w, const char *tests)
{
	struct outcome o = { .tail = "" };
	struct err err = { 0 };
	const json_t *step;
	int64_t id;
	size_t i;

	configure(w, tests);
	id = engine_world_deploy(w, "dev", "1.0.0", json_pack("{s:s}", "reason", "once more"), &err);
	if (!id)
		fail_msg("%s", err.text);
	engine_world_wait(w, "deployment.finished", 1);
	assert_true(engine_deployment(w->engine, id, &o.deployment, NULL));
	o.message = json_text(o.deployment, "message");
	o.layer = json_text(o.deployment, "layer");
	json_array_foreach(json_object_get(o.deployment, "steps"), i, step)
		if (strcmp(json_text(step, "state"), "fail") == 0)
			o.tail = json_text(step, "tail");
	o.log = log_of(w, id);
	return o;
}

static int count(const char *text, const char *part)
{
	int n = 0;

	for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
		n++;
	return n;
}

static int begin(void **state)
{
	if (engine_world_begin(state) != 0)
		return -1;
	return engine_world_build(*state, "1.0.0", "") == 201 ? 0 : -1;
}

/* ---- tests ---- */

static const struct row {
	const char *when, *tests;
	const char *message;               /* of the deployment; "": it succeeds */
	const char *layer;
	const char *tail;                  /* NULL: the message says it all */
} rows[] = {
	{ "it answers as expected", SMOKE("\"component\":\"web\",\"get\":\"/\",\"body\":\"shop\""), "", "", NULL },
	{ "it answers another status", SMOKE("\"component\":\"web\",\"get\":\"/broken\""),
	  "1 of 1 tests failed: front: GET /broken answered 500, expected 200: no database", "smoke", NULL },
	{ "it answers another body", SMOKE("\"component\":\"web\",\"get\":\"/\",\"body\":\"espresso\""),
	  "1 of 1 tests failed: front: GET / answered without \"espresso\": the shop", "smoke", NULL },
	{ "it answers another page", SMOKE("\"component\":\"web\",\"get\":\"/page\",\"body\":\"espresso\""),
	  "1 of 1 tests failed: front: GET /page answered without \"espresso\": Shop We are closed today", "smoke", NULL },
	{ "a command ends well", SMOKE(SHELL("exit 0")), "", "", NULL },
	{ "a command fails", SMOKE(SHELL("echo looking; echo schema 6 found, 7 is needed >&2; exit 3")),
	  "1 of 1 tests failed: front: it exited with 3", "smoke",
	  "front: it exited with 3\nlooking\nschema 6 found, 7 is needed\n" },
	{ "a command is killed", SMOKE(SHELL("printf out-of-memory; kill -9 $$")),
	  "1 of 1 tests failed: front: it was ended by signal 9 (Killed)", "smoke",
	  "front: it was ended by signal 9 (Killed)\nout-of-memory\n" },
	{ "a command is not there", SMOKE("\"command\":[\"bin/nowhere\"]"),
	  "1 of 1 tests failed: front: start bin/nowhere: No such file or directory", "smoke", NULL },

	{ "every TAP test is ok", SUITE("tap", "echo 1..1; echo ok 1 - adds up"), "", "", NULL },
	{ "a TAP test fails", SUITE("tap", "echo 1..2; echo ok 1 - adds up; echo not ok 2 - rounds; echo '# got 9'; exit 1"),
	  "1 of 2 tests failed: rounds: got 9", "acceptance", NULL },
	{ "TAP bails out", SUITE("tap", "echo 1..2; echo ok 1; echo Bail out! no database"),
	  "1 of 2 tests failed: cart: bailed out: no database", "acceptance",
	  "cart: bailed out: no database\n1..2\nok 1\nBail out! no database\n" },
	{ "TAP has another plan", SUITE("tap", "echo 1..3; echo ok 1 - adds up; echo lost the link >&2"),
	  "1 of 2 tests failed: cart: planned 3, ran 1", "acceptance",
	  "cart: planned 3, ran 1\n1..3\nok 1 - adds up\nlost the link\n" },
	{ "TAP passes its time", TIMED("tap", "echo 1..1; echo waiting for a lock >&2; exec sleep 30"),
	  "1 of 1 tests failed: cart: it did not end within 1 s", "acceptance",
	  "cart: it did not end within 1 s\n1..1\nwaiting for a lock\n" },
	{ "TAP passes its time after a failure", TIMED("tap", "echo 1..2; echo not ok 1 - rounds; exec sleep 30"),
	  "2 of 2 tests failed: rounds\ncart: it did not end within 1 s", "acceptance",
	  "rounds\ncart: it did not end within 1 s\n1..2\nnot ok 1 - rounds\n" },
	{ "TAP is not there", "\"acceptance\":[{\"name\":\"cart\",\"report\":\"tap\",\"command\":[\"bin/nowhere\"]}]",
	  "1 of 1 tests failed: cart: start bin/nowhere: No such file or directory", "acceptance", NULL },

	{ "every JUnit test is ok", SUITE("junit", WRITES("a.xml", "<testsuite><testcase name=\\\"adds up\\\"/></testsuite>")),
	  "", "", NULL },
	{ "a JUnit test fails", SUITE("junit", WRITES("a.xml", "<testsuite name=\\\"totals\\\"><testcase name=\\\"rounds\\\">"
	                                              "<failure message=\\\"got 9\\\"/></testcase></testsuite>") "exit 1"),
	  "1 of 1 tests failed: totals: rounds: got 9", "acceptance", NULL },
	{ "one of two JUnit files is broken",
	  SUITE("junit", WRITES("a.xml", "<testsuite><testcase name=\\\"x\\\"/></testsuite>")
	                 WRITES("b.xml", "<testsuite>\\\\n <testcase></oops>") "echo disk full >&2"),
	  "1 of 2 tests failed: cart: its report could not be read: b.xml:2:14: mismatched tag", "acceptance",
	  "cart: its report could not be read: b.xml:2:14: mismatched tag\ndisk full\n" },
	{ "JUnit wrote no file", SUITE("junit", "echo no runner >&2"),
	  "1 of 1 tests failed: cart: it wrote no report that matches *.xml in SLIPWAY_REPORTS", "acceptance",
	  "cart: it wrote no report that matches *.xml in SLIPWAY_REPORTS\nno runner\n" },
	{ "JUnit reports no failure, and fails",
	  SUITE("junit", WRITES("a.xml", "<testsuite><testcase name=\\\"x\\\"/></testsuite>") "echo teardown failed; exit 3"),
	  "1 of 2 tests failed: cart: it exited with 3", "acceptance", "cart: it exited with 3\nteardown failed\n" },
	{ "JUnit passes its time", TIMED("junit", "exec sleep 30"),
	  "1 of 1 tests failed: cart: it did not end within 1 s", "acceptance", NULL },
};

static void what_a_test_says_decides_and_is_told(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *row = &rows[i];
		AUTO(outcome_done) struct outcome o = deploy(*state, row->tests);

		if (strcmp(o.message, row->message) != 0 || strcmp(o.layer, row->layer) != 0
		    || (row->tail && strcmp(o.tail, row->tail) != 0))
			fail_msg("when %s: \"%s\" of \"%s\", tail \"%s\"", row->when, o.message, o.layer, o.tail);
		assert_string_equal(json_text(o.deployment, "state"), *row->message ? "failed" : "succeeded");
	}
}

static void the_log_tells_a_failure_where_it_happened_and_at_the_end(void **state)
{
	static const char *const tests[] = {
		SMOKE("\"component\":\"web\",\"get\":\"/broken\""),
		SUITE("tap", "echo 1..1; echo not ok 1 - answered 500"),
		SUITE("junit", WRITES("a.xml", "<testsuite><testcase name=\\\"x\\\"><failure message=\\\"answered 500\\\"/>"
		                               "</testcase></testsuite>")),
	};

	for (size_t i = 0; i < ARRAY_LEN(tests); i++) {
		AUTO(outcome_done) struct outcome o = deploy(*state, tests[i]);

		if (count(o.log, "answered 500") != 2)
			fail_msg("%s", o.log);
		assert_non_null(strstr(o.log, "== failed: 1 of 1 tests failed: "));
	}
}

static void a_command_that_talks_much_is_cut_at_a_line(void **state)
{
	/* given a command that prints more than is kept of it */
	AUTO(outcome_done) struct outcome o = deploy(*state, SMOKE(SHELL("seq -f 'line %g of many' 1000; exit 1")));

	/* then the last lines are there, whole ones */
	assert_int_equal(strncmp(o.tail, "front: it exited with 1\nline ", 29), 0);
	assert_non_null(strstr(o.tail, "\nline 1000 of many\n"));
	assert_true(strlen(o.tail) < 1100);
	assert_string_equal(o.message, "1 of 1 tests failed: front: it exited with 1");
}

static void every_test_runs_after_a_failure_too(void **state)
{
	AUTO(outcome_done) struct outcome o = deploy(*state,
		"\"smoke\":[{\"name\":\"a\"," SHELL("echo why a; exit 1") "},{\"name\":\"b\"," SHELL("exit 0") "},"
		"{\"name\":\"c\"," SHELL("exit 2") "}]");

	assert_string_equal(o.message, "2 of 3 tests failed: a: it exited with 1\nc: it exited with 2");
	assert_string_equal(o.tail, "a: it exited with 1\nwhy a\nc: it exited with 2\n");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, engine_world_end)
		CASE(what_a_test_says_decides_and_is_told),
		CASE(the_log_tells_a_failure_where_it_happened_and_at_the_end),
		CASE(a_command_that_talks_much_is_cut_at_a_line),
		CASE(every_test_runs_after_a_failure_too),
	};
	int code, failed;
	pid_t server;

	if (argc > 1 && strcmp(argv[1], "report-read") == 0)
		return report_tool(argc - 1, argv + 1);
	if (engine_world_helps(argc, argv, &code))
		return code;
	make_driver();
	server = server_start();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	return failed;
}
