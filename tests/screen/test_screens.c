/* Every screen as the real program paints it on a terminal, compared with its golden file, at three sizes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/mem.h"
#include "tests/screen/fixture.h"
#include "tests/tools/golden.h"
#include "tests/tools/scene.h"
#include "tests/tools/screen.h"

enum { LIMIT_MS = 10000, QUIET_MS = 80, SILENT_MS = 25000 };

struct shot {
	const char *name, *scene, *keys;
	const char *see;             /* on the screen before it is compared */
};

static const struct shot shots[] = {
	{ .name = "releases", .scene = "shop", .see = "d deploy 2.14.1" },
	{ .name = "arm", .scene = "shop", .keys = "a", .see = "Type its name" },
	{ .name = "failed", .scene = "failed", .keys = "G", .see = "OPEN dev" },
	{ .name = "switched-back", .scene = "switched-back", .see = "FAIL undone" },
	{ .name = "rollback", .scene = "rollback", .see = "back to 2.13.4" },
	{ .name = "deployment", .scene = "shop", .keys = "<Enter>", .see = "total is rounded" },
	{ .name = "deployment-failed", .scene = "failed", .keys = "G<Enter>", .see = "theme.json" },
	{ .name = "log", .scene = "shop", .keys = "l", .see = "following" },
	{ .name = "log-scrolled", .scene = "shop", .keys = "lgt", .see = "== gate" },
	{ .name = "tests", .scene = "shop", .keys = "t", .see = "failures first" },
	{ .name = "tests-of-build", .scene = "shop", .keys = "<Tab>jj<Enter>", .see = "tests of build 2.13.6" },
	{ .name = "history", .scene = "shop", .keys = "H", .see = "rollback" },
	{ .name = "delivery", .scene = "shop", .keys = "m", .see = "MATURITY" },
	{ .name = "consistency", .scene = "shop", .keys = "c", .see = "LOG_LEV" },
	{ .name = "groups", .scene = "fleet", .keys = "r", .see = "under way" },
	{ .name = "features", .scene = "policy", .keys = "f", .see = "elsewhere" },
	{ .name = "features-open", .scene = "policy", .keys = "Gfj", .see = "features of dev" },
	{ .name = "waiting", .scene = "policy", .keys = "vj", .see = "approve #822" },
	{ .name = "waiting-own", .scene = "policy", .keys = "v", .see = "another person must" },
	{ .name = "waiting-scheduled", .scene = "policy", .keys = "vG", .see = "u move" },
	{ .name = "approve", .scene = "policy", .keys = "vjo", .see = "Why?" },
	{ .name = "deployment-override", .scene = "policy", .keys = "vj<Enter>", .see = "OVERRIDE by bob" },
	{ .name = "tests-of-migrating", .scene = "policy", .keys = "<Tab>t", .see = "tests of build 2.14.1" },
	{ .name = "smaller-step", .scene = "policy", .keys = "Gb", .see = "smaller step" },
	{ .name = "schedule", .scene = "policy", .keys = "u", .see = "When?" },
	{ .name = "override", .scene = "policy", .keys = "d", .see = "Why now?" },
	{ .name = "why", .scene = "policy", .keys = "w", .see = "the next thing" },
	{ .name = "locked", .scene = "policy", .keys = "j", .see = "locked by carol" },
	{ .name = "as-of", .scene = "past", .keys = ":at 2026-11-20 03:13:40<Enter>", .see = "row 806" },
	{ .name = "as-of-refused", .scene = "past", .keys = ":at 2026-11-20 03:13:40<Enter>d", .see = "refused: this is over" },
	{ .name = "replay", .scene = "replay", .see = "REPLAY" },
	{ .name = "help", .scene = "shop", .keys = "?", .see = "help" },
	{ .name = "errors", .scene = "shop", .keys = ":nonsense<Enter>e", .see = "nonsense" },
	{ .name = "search", .scene = "shop", .keys = "/pictures<Enter>", .see = "2 found" },
	{ .name = "blocked", .scene = "blocked", .see = "approval: 1 of 1" },
	{ .name = "blocked-next", .scene = "blocked", .keys = "j", .see = "2.14.1 waits" },
	{ .name = "blocked-lock", .scene = "blocked", .keys = "G", .see = "locked by bob" },
	{ .name = "fleet", .scene = "fleet", .see = "APPLICATION" },
	{ .name = "fleet-many", .scene = "fleet-many", .see = "APPLICATION" },
	{ .name = "fleet-found", .scene = "fleet-many", .keys = "/in<Enter>l", .see = "of 40 with" },
	{ .name = "fleet-urgent", .scene = "fleet-many", .keys = "s", .see = "attention first" },
	{ .name = "hostile", .scene = "hostile", .keys = "G", .see = "OPEN dev" },
	{ .name = "hostile-log", .scene = "hostile", .keys = "Gl", .see = "carriage" },
};

static const struct { int rows, cols; } sizes[] = { { 15, 60 }, { 24, 80 }, { 50, 200 } };

struct screen_case { const struct shot *shot; int rows, cols; };

static struct screen *open_console(const struct fixture *f, int rows, int cols, const char *flag)
{
	static const char *const env[] = { "SLIPWAY_CLOCK=" SCENE_CLOCK, NULL };
	const char *build = getenv("SLIPWAY_BUILD");
	AUTO(mem_auto_free) char *program = mem_printf("%s/slipway", build ? build : "build");
	const char *argv[] = { program, "-C", fixture_dir(f), flag, NULL };
	struct err err = { 0 };
	struct screen *s = screen_start(&(struct screen_options){ .rows = rows, .cols = cols, .env = env }, argv, &err);

	if (!s)
		fail_msg("%s", err.text);
	return s;
}

static void see(struct screen *s, const char *text)
{
	AUTO(mem_auto_free) char *seen = NULL;

	if (screen_wait_text(s, text, LIMIT_MS))
		return;
	seen = screen_text(s);
	fail_msg("\"%s\" was not seen:\n%s", text, seen);
}

static void the_screen_is_as_its_golden_file(void **state)
{
	const struct screen_case *one = *state;
	struct err err = { 0 };
	AUTO(fixture_auto_free) struct fixture *f = fixture_start(one->shot->scene, &err);
	AUTO(screen_auto_free) struct screen *s = NULL;
	AUTO(mem_auto_free) char *path = mem_printf("tests/screen/golden/%s-%dx%d.txt", one->shot->name, one->cols, one->rows);

	if (!f)
		fail_msg("%s", err.text);
	s = open_console(f, one->rows, one->cols, NULL);
	see(s, strncmp(one->shot->scene, "fleet", 5) == 0 ? "APPLICATION" : "2.13");
	assert_true(screen_settle(s, QUIET_MS, LIMIT_MS));
	if (one->shot->keys)
		assert_true(screen_type(s, one->shot->keys));
	see(s, one->shot->see);
	assert_true(screen_settle(s, QUIET_MS, LIMIT_MS));
	if (!golden_check(s, path, &err))
		fail_msg("%s", err.text);
}

/* A read-only one starts no engine in the place of ours. */
static struct screen *settled_console(const struct fixture *f, int size)
{
	struct screen *s = open_console(f, sizes[size].rows, sizes[size].cols, "--read-only");

	see(s, "READ-ONLY");
	assert_true(screen_settle(s, QUIET_MS, LIMIT_MS));
	return s;
}

static bool is_golden(const struct screen *s, const char *name, int size)
{
	AUTO(mem_auto_free) char *path = mem_printf("tests/screen/golden/%s-%dx%d.txt", name, sizes[size].cols,
	                                            sizes[size].rows);
	struct err err = { 0 };

	return golden_check(s, path, &err) || (print_message("%s\n", err.text), false);
}

/* The banner tells the age of the data, so it is a moment's: who comes too late to see it tries again. */
static void a_lost_engine_is_as_its_golden_file(void **state)
{
	enum { TRIES = 4, MOMENT_MS = 4000 };
	struct err err = { 0 };

	(void)state;
	for (int size = 0; size < (int)ARRAY_LEN(sizes); size++) {
		AUTO(fixture_auto_free) struct fixture *f = fixture_start("shop", &err);
		AUTO(screen_auto_free) struct screen *s = f ? settled_console(f, size) : NULL;
		bool seen = false;

		for (int i = 0; s && !seen && i < TRIES; i++) {
			fixture_kill(f);
			seen = screen_wait_text(s, " 2s", MOMENT_MS);
			if (!seen && fixture_again(f, "shop", &err))
				screen_wait_no_text(s, "ENGINE LOST", LIMIT_MS);
		}
		assert_true(seen);
		assert_true(is_golden(s, "lost", size));
	}
}

/* All three sizes at once, since it takes its time. */
static void data_that_is_old_is_as_its_golden_file(void **state)
{
	struct screen *s[ARRAY_LEN(sizes)];
	struct err err = { 0 };
	AUTO(fixture_auto_free) struct fixture *f = fixture_start("shop", &err);
	int failed = 0;

	(void)state;
	assert_non_null(f);
	for (int size = 0; size < (int)ARRAY_LEN(sizes); size++)
		s[size] = settled_console(f, size);
	kill(fixture_pid(f), SIGSTOP);
	for (int size = 0; size < (int)ARRAY_LEN(sizes); size++) {
		failed += !screen_wait_text(s[size], "STALE", SILENT_MS) || !is_golden(s[size], "stale", size);
		screen_free(s[size]);
	}
	assert_int_equal(failed, 0);
}

int main(void)
{
	static struct screen_case cases[ARRAY_LEN(shots) * ARRAY_LEN(sizes)];
	static struct CMUnitTest tests[ARRAY_LEN(cases) + 2];
	static char names[ARRAY_LEN(cases)][80];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(shots); i++)
		for (size_t k = 0; k < ARRAY_LEN(sizes); k++, n++) {
			cases[n] = (struct screen_case){ &shots[i], sizes[k].rows, sizes[k].cols };
			snprintf(names[n], sizeof names[n], "%s at %dx%d is as its golden file", shots[i].name, sizes[k].cols,
			         sizes[k].rows);
			tests[n] = (struct CMUnitTest){ .name = names[n], .test_func = the_screen_is_as_its_golden_file,
			                                .initial_state = &cases[n] };
		}
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(a_lost_engine_is_as_its_golden_file);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(data_that_is_old_is_as_its_golden_file);
	return _cmocka_run_group_tests("screens", tests, n, NULL, NULL);
}
