/*
 * Real consoles on a real engine: two of them show the same deployment at the same time, a late one sees all of it, and
 * neither a killed console nor a closed terminal changes what a deployment comes to. Then the whole of it by keys.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/base/clock.h"
#include "backend/base/mem.h"
#include "tests/tools/screen.h"

enum { LIMIT_MS = 20000, TOGETHER_MS = 100 };

extern char **environ;

static struct screen *console(int rows, int cols)
{
	const char *argv[] = { getenv("LIVE_SLIPWAY"), "-C", getenv("LIVE_WORKSPACE"), NULL };
	struct err err = { 0 };
	struct screen *s = screen_start(&(struct screen_options){ .rows = rows, .cols = cols }, argv, &err);

	if (!s)
		fail_msg("%s", err.text);
	return s;
}

static void see(struct screen *s, const char *text)
{
	if (!screen_wait_text(s, text, LIMIT_MS)) {
		AUTO(mem_auto_free) char *seen = screen_text(s);

		fail_msg("\"%s\" was not seen:\n%s", text, seen);
	}
}

/* Runs `slipway -C WORKSPACE …`; returns its exit code. */
static int slipway(const char *verb, const char *a, const char *b, const char *c)
{
	const char *argv[] = { getenv("LIVE_SLIPWAY"), "-C", getenv("LIVE_WORKSPACE"), verb, a, b, c, NULL };
	posix_spawn_file_actions_t quiet;
	int status = -1;
	pid_t pid;

	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	assert_int_equal(posix_spawn(&pid, argv[0], &quiet, NULL, (char *const *)argv, environ), 0);
	posix_spawn_file_actions_destroy(&quiet);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* How long after one the other showed it. */
static int64_t apart(struct screen *a, struct screen *b, const char *text)
{
	int64_t until = clock_mono_ms() + LIMIT_MS, at_a = 0, at_b = 0;

	while ((!at_a || !at_b) && clock_mono_ms() < until) {
		if (!at_a && screen_wait_text(a, text, 2))
			at_a = clock_mono_ms();
		if (!at_b && screen_wait_text(b, text, 2))
			at_b = clock_mono_ms();
	}
	if (!at_a || !at_b)
		fail_msg("\"%s\" was not seen on both", text);
	return at_a > at_b ? at_a - at_b : at_b - at_a;
}

static void select_dev(struct screen *s)
{
	see(s, "deploy 1.2.0");
	for (int i = 0; i < 3 && !screen_has(s, "live 1.0.0  SAFE") ; i++)
		screen_settle(s, 100, 1000);
}

static void two_consoles_show_a_deployment_together_and_a_late_one_all_of_it(void **state)
{
	static const char *const moments[] = { "RUN acceptance", "RUN verify", "OK verify" };
	AUTO(screen_auto_free) struct screen *a = console(24, 80);
	AUTO(screen_auto_free) struct screen *b = console(24, 80);
	AUTO(screen_auto_free) struct screen *late = NULL;

	(void)state;
	select_dev(a);
	select_dev(b);
	screen_type(a, ":env dev<Enter>");
	screen_type(b, ":env dev<Enter>");
	see(a, "dev 1.0.0");
	see(b, "dev 1.0.0");
	assert_int_equal(slipway("deploy", "1.1.0", "dev", NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(moments); i++) {
		int64_t ms = apart(a, b, moments[i]);

		print_message("# \"%s\": %d ms apart\n", moments[i], (int)ms);
		assert_in_range(ms, 0, TOGETHER_MS);
		if (i == 0)
			late = console(24, 80);
	}
	screen_type(late, ":env dev<Enter>");
	see(late, "OK verify");
	see(late, "42 ok");
}

/* Presses d on dev, an open environment, and waits until the deployment is under way. */
static struct screen *deploying(const char *version)
{
	struct screen *s = console(24, 80);
	AUTO(mem_auto_free) char *footer = mem_printf("deploy %s", version);

	see(s, "deploy 1.");
	screen_type(s, ":env dev<Enter>");
	see(s, "OPEN dev");
	for (int i = 0; i < 5 && !screen_has(s, footer); i++) {
		screen_type(s, "<Tab>");
		screen_settle(s, 150, 1000);
		if (!screen_has(s, footer))
			screen_type(s, "j");
		screen_settle(s, 150, 1000);
	}
	see(s, footer);
	screen_type(s, "d");
	see(s, "RUN acceptance");
	return s;
}

static void assert_ends_live(const char *version)
{
	AUTO(mem_auto_free) char *command = mem_printf("%s -C %s status --json | grep -q "
		"'\"name\":\"dev\".*' && %s -C %s status --json | grep '\"name\":\"dev\"' | grep -q "
		"'\"live\":{\"version\":\"%s\".*\"state\":\"succeeded\"'", getenv("LIVE_SLIPWAY"), getenv("LIVE_WORKSPACE"),
		getenv("LIVE_SLIPWAY"), getenv("LIVE_WORKSPACE"), version);
	const char *argv[] = { "sh", "-c", command, NULL };
	int64_t until = clock_mono_ms() + LIMIT_MS;
	int status = -1;

	while (status != 0 && clock_mono_ms() < until) {
		pid_t pid;

		assert_int_equal(posix_spawnp(&pid, "sh", NULL, NULL, (char *const *)argv, environ), 0);
		waitpid(pid, &status, 0);
		if (status != 0)
			usleep(100000);
	}
	if (status != 0)
		fail_msg("%s did not become live on dev", version);
}

static void killed_console_changes_nothing(void **state)
{
	AUTO(screen_auto_free) struct screen *s = deploying("1.2.0");

	(void)state;
	kill(screen_pid(s), SIGKILL);
	assert_int_equal(screen_wait_exit(s, LIMIT_MS), 128 + SIGKILL);
	assert_ends_live("1.2.0");
}

static void closed_terminal_changes_nothing(void **state)
{
	AUTO(screen_auto_free) struct screen *s = deploying("1.0.0");

	(void)state;
	screen_hang_up(s);
	assert_int_equal(screen_wait_exit(s, LIMIT_MS), 129);
	assert_ends_live("1.0.0");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_consoles_show_a_deployment_together_and_a_late_one_all_of_it),
		cmocka_unit_test(killed_console_changes_nothing),
		cmocka_unit_test(closed_terminal_changes_nothing),
	};

	(void)argc;
	if (!getenv("LIVE_WORKSPACE")) {
		execlp("bash", "bash", "tests/live/consoles.bash", argv[0], (char *)NULL);
		perror("bash");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
