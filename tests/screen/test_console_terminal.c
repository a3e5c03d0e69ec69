/* The real console on a terminal: what it writes, when it sleeps, how it ends, what it never does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/buf.h"
#include "backend/base/clock.h"
#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "tests/screen/fixture.h"
#include "tests/tools/scene.h"
#include "tests/tools/screen.h"

enum { LIMIT_MS = 10000, QUIET_MS = 80, DEAF_MS = 500, ENV_MAX = 8, ARGS_MAX = 8 };

/* A console in front of an engine. */
struct desk {
	struct fixture *fixture;
	struct screen *screen;
};

struct ways { const char *term, *locale, *extra; const char *flags[3]; int rows, cols; };

static void open_desk(struct desk *d, const char *scene, const struct ways *how)
{
	const char *build = getenv("SLIPWAY_BUILD");
	AUTO(mem_auto_free) char *program = mem_printf("%s/slipway", build ? build : "build");
	AUTO(mem_auto_free) char *locale = mem_printf("LC_ALL=%s", how->locale ? how->locale : "C.UTF-8");
	const char *env[ENV_MAX] = { "SLIPWAY_CLOCK=" SCENE_CLOCK, locale, how->extra, NULL };
	const char *argv[ARGS_MAX] = { program, "-C" };
	struct err err = { 0 };
	size_t n = 3;

	d->fixture = fixture_start(scene, &err);
	if (!d->fixture)
		fail_msg("%s", err.text);
	argv[2] = fixture_dir(d->fixture);
	for (size_t i = 0; i < ARRAY_LEN(how->flags) && how->flags[i]; i++)
		argv[n++] = how->flags[i];
	d->screen = screen_start(&(struct screen_options){ .term = how->term, .env = env, .rows = how->rows,
	                                                   .cols = how->cols }, argv, &err);
	if (!d->screen)
		fail_msg("%s", err.text);
}

static void close_desk(struct desk *d)
{
	screen_free(d->screen);
	fixture_free(d->fixture);
}

static void see(struct desk *d, const char *text)
{
	AUTO(mem_auto_free) char *seen = NULL;

	if (screen_wait_text(d->screen, text, LIMIT_MS))
		return;
	seen = screen_text(d->screen);
	fail_msg("\"%s\" was not seen:\n%s", text, seen);
}

static void settle(struct desk *d)
{
	assert_true(screen_settle(d->screen, QUIET_MS, LIMIT_MS));
}

/* Settled in front of a scene. */
static void sit_down(struct desk *d, const char *scene, const struct ways *how)
{
	open_desk(d, scene, how);
	see(d, "d deploy 2.14.1");
	settle(d);
}

static size_t posts(const struct desk *d)
{
	AUTO(json_auto_decref) json_t *all = fixture_posts(d->fixture);

	return json_array_size(all);
}

static size_t written(const struct desk *d)
{
	size_t n;

	screen_bytes(d->screen, &n);
	return n;
}

/* Reads what is written meanwhile. */
static void let_pass(struct desk *d, int ms)
{
	screen_wait_text(d->screen, "\x01 is on no screen", ms);
}

static bool wrote(const struct desk *d, const char *bytes)
{
	size_t n;
	const char *all = screen_bytes(d->screen, &n);

	return memmem(all, n, bytes, strlen(bytes)) != NULL;
}

static const struct ways usual = { .rows = 24, .cols = 80 };

static void the_first_frame_is_there_before_the_engine_answers(void **state)
{
	AUTO(close_desk) struct desk d = { 0 };
	struct err err = { 0 };

	(void)state;
	open_desk(&d, "shop", &usual);
	screen_free(d.screen);
	/* It accepts, and says nothing. */
	kill(fixture_pid(d.fixture), SIGSTOP);
	{
		const char *build = getenv("SLIPWAY_BUILD");
		AUTO(mem_auto_free) char *program = mem_printf("%s/slipway", build ? build : "build");
		const char *argv[] = { program, "-C", fixture_dir(d.fixture), NULL };

		d.screen = screen_start(&(struct screen_options){ .rows = 24, .cols = 80 }, argv, &err);
	}
	see(&d, "connecting");
	settle(&d);
	assert_true(written(&d) <= 4096);
	kill(fixture_pid(d.fixture), SIGCONT);
	see(&d, "d deploy 2.14.1");
	assert_true(written(&d) <= 2 * 4096);
}

static int64_t sleeps(const struct desk *d)
{
	AUTO(mem_auto_free) char *path = mem_printf("/proc/%d/status", (int)screen_pid(d->screen));
	FILE *in = fopen(path, "re");
	int64_t n = -1;
	char line[256];

	assert_non_null(in);
	while (fgets(line, sizeof line, in))
		if (strncmp(line, "voluntary_ctxt_switches:", 24) == 0)
			n = strtoll(line + 24, NULL, 10);
	fclose(in);
	return n;
}

static void idle_is_no_output_and_no_wake_up(void **state)
{
	enum { WINDOWS = 3, WINDOW_MS = 3000 };
	AUTO(close_desk) struct desk d = { 0 };
	int64_t woken = 1;

	(void)state;
	sit_down(&d, "failed", &usual);
	let_pass(&d, 500);
	screen_forget(d.screen);
	/* A page read back from disk, or the engine's beat, may wake it once; a timer of its own would each time. */
	for (int i = 0; i < WINDOWS && woken; i++) {
		int64_t before = sleeps(&d);

		let_pass(&d, WINDOW_MS);
		woken = sleeps(&d) - before;
	}
	assert_int_equal(woken, 0);
	assert_int_equal(written(&d), 0);
}

static void beats_of_the_engine_cause_no_output(void **state)
{
	AUTO(close_desk) struct desk d = { 0 };

	(void)state;
	sit_down(&d, "failed", &usual);
	let_pass(&d, 500);
	screen_forget(d.screen);
	let_pass(&d, 12000);
	assert_int_equal(written(&d), 0);
	assert_false(screen_has(d.screen, "STALE"));
}

static void a_terminal_that_hangs_up_ends_it_with_129(void **state)
{
	AUTO(close_desk) struct desk d = { 0 };

	(void)state;
	sit_down(&d, "shop", &usual);
	screen_hang_up(d.screen);
	assert_int_equal(screen_wait_exit(d.screen, 1000), 129);
}

static void signals_restore_the_terminal(void **state)
{
	static const struct { int number, code; } rows[] = {
		{ SIGTERM, 143 }, { SIGINT, 130 }, { SIGQUIT, 131 }, { SIGHUP, 129 }, { SIGSEGV, 139 }, { SIGABRT, 134 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(close_desk) struct desk d = { 0 };
		int row, col;

		sit_down(&d, "shop", &usual);
		assert_true(screen_alternate(d.screen));
		screen_signal(d.screen, rows[i].number);
		assert_int_equal(screen_wait_exit(d.screen, LIMIT_MS), rows[i].code);
		assert_false(screen_alternate(d.screen));
		assert_true(screen_cooked(d.screen));
		assert_false(screen_bracketed(d.screen));
		assert_true(screen_cursor(d.screen, &row, &col));
	}
}

static void q_leaves_and_says_what_goes_on(void **state)
{
	AUTO(close_desk) struct desk d = { 0 };

	(void)state;
	sit_down(&d, "shop", &usual);
	screen_type(d.screen, "q");
	assert_int_equal(screen_wait_exit(d.screen, LIMIT_MS), 0);
	assert_true(screen_has(d.screen, "Deployment 812 of 2.14.1 to dev goes on"));
	assert_int_equal(posts(&d), 0);
}

static void a_key_reaches_the_engine_as_the_footer_said(void **state)
{
	AUTO(close_desk) struct desk d = { 0 };
	AUTO(json_auto_decref) json_t *all = NULL;
	const json_t *body;

	(void)state;
	sit_down(&d, "failed", &usual);
	screen_type(d.screen, "G");
	see(&d, "d deploy 2.14.1→dev");
	settle(&d);
	screen_type(d.screen, "d");
	see(&d, "#900  dev 2.14.0 → 2.14.1");
	all = fixture_posts(d.fixture);
	assert_int_equal(json_array_size(all), 1);
	body = json_object_get(json_array_get(all, 0), "deploy");
	assert_string_equal(json_text(body, "environment"), "dev");
	assert_string_equal(json_text(body, "version"), "2.14.1");
	assert_string_equal(json_text(body, "expect"), "2.14.0");
	assert_true(strlen(json_text(body, "key")) > 30);
}

static void a_protected_environment_is_armed_and_counted_down(void **state)
{
	AUTO(close_desk) struct desk d = { 0 };
	int64_t began;

	(void)state;
	sit_down(&d, "failed", &usual);
	screen_type(d.screen, "b");
	see(&d, "Type its name");
	let_pass(&d, DEAF_MS);
	screen_type(d.screen, "prod<Enter>");
	see(&d, "in 3 s");
	began = clock_mono_ms();
	assert_int_equal(posts(&d), 0);
	see(&d, "#900  prod 2.13.5 → 2.13.4");
	assert_true(clock_mono_ms() - began > 2500);
	assert_int_equal(posts(&d), 1);
}

static void what_is_no_key_acts_on_nothing(void **state)
{
	static const char *const rows[] = {
		"\x1b[200~dbx\x1b[201~",                        /* a paste */
		"\x1b]11;rgb:dddd/bbbb/dddd\x1b\\",             /* a late answer: colours */
		"\x1b[12;40R", "\x1b[?2026;2$y", "\x1bP1$r0b\x1b\\",
		"\x1b[D", "\x1bOD", "\x1bOR",                   /* Left, slowly F3 */
	};
	AUTO(close_desk) struct desk d = { 0 };

	(void)state;
	sit_down(&d, "failed", &usual);
	screen_type(d.screen, "G");
	see(&d, "OPEN dev");
	settle(&d);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		/* Whole, then byte by byte as a slow link brings it. */
		screen_send(d.screen, rows[i], strlen(rows[i]));
		let_pass(&d, 200);
		for (const char *at = rows[i]; *at; at++) {
			screen_send(d.screen, at, 1);
			let_pass(&d, 40);
		}
		let_pass(&d, 100);
		if (posts(&d) != 0)
			fail_msg("row %zu acted", i);
	}
}

static void resizing_keeps_the_selection(void **state)
{
	AUTO(close_desk) struct desk d = { 0 };

	(void)state;
	sit_down(&d, "failed", &usual);
	screen_type(d.screen, "G");
	see(&d, "OPEN dev");
	screen_resize(d.screen, 50, 200);
	see(&d, "log of dev");
	screen_resize(d.screen, 10, 40);
	see(&d, "60x15 at least");
	screen_type(d.screen, "d");
	settle(&d);
	assert_int_equal(posts(&d), 0);
	screen_resize(d.screen, 15, 60);
	see(&d, "d deploy 2.14.1→dev");
}

static void a_lost_engine_is_said_and_found_again(void **state)
{
	AUTO(close_desk) struct desk d = { 0 };
	struct err err = { 0 };

	(void)state;
	sit_down(&d, "failed", &usual);
	screen_type(d.screen, "a");
	see(&d, "Type its name");
	let_pass(&d, DEAF_MS);
	screen_type(d.screen, "prod<Enter>");
	see(&d, "ARMED prod");
	/* Not one that died, which the console would start again: one that was stopped. */
	fixture_forget_socket(d.fixture);
	fixture_kill(d.fixture);
	see(&d, "ENGINE LOST");
	assert_false(screen_has(d.screen, "ARMED"));
	assert_false(screen_has(d.screen, "d deploy"));
	assert_true(fixture_again(d.fixture, "moved", &err));
	assert_true(screen_wait_no_text(d.screen, "ENGINE LOST", LIMIT_MS));
	see(&d, "2.14.2");
	assert_true(screen_has(d.screen, "SAFE"));
}

static void a_deployment_is_watched_for_less_than_a_kilobyte_a_second(void **state)
{
	AUTO(close_desk) struct desk d = { 0 };
	enum { SECONDS = 4, A_SECOND = 10 };

	(void)state;
	sit_down(&d, "shop", &usual);
	screen_forget(d.screen);
	for (int i = 0; i < SECONDS * A_SECOND; i++) {
		fixture_event(d.fixture, "live", json_pack("{s:i, s:i, s:{s:i, s:i, s:i}}", "deployment", 812, "log_size",
		                                           9000 + i, "tests", "ok", 100 + i, "fail", 1, "planned", 214));
		let_pass(&d, 1000 / A_SECOND);
	}
	see(&d, "139 ok");
	assert_true(written(&d) > 0);
	assert_true(written(&d) <= SECONDS * 1024);
}

static void nothing_from_outside_controls_the_terminal(void **state)
{
	static const char *const never[] = {
		"]52;", "]0;", "owned", "\x1bP+q", "\x1b_", "\x1b[6n", "\x9b", "\u202e", "\u2066", "\u200b", "\xf3\xa0\x81\x81",
	};
	AUTO(close_desk) struct desk d = { 0 };

	(void)state;
	open_desk(&d, "hostile", &(struct ways){ .rows = 50, .cols = 200 });
	see(&d, "d deploy 2.14.1");
	settle(&d);
	screen_type(d.screen, "G");
	settle(&d);
	screen_type(d.screen, "<Enter>");
	settle(&d);
	screen_type(d.screen, "t");
	settle(&d);
	/* Apart: together they are Alt-L. */
	screen_type(d.screen, "<Esc>");
	settle(&d);
	screen_type(d.screen, "l");
	see(&d, "carriage");
	screen_type(d.screen, "wgt");
	settle(&d);
	for (size_t i = 0; i < ARRAY_LEN(never); i++)
		if (wrote(&d, never[i]))
			fail_msg("row %zu got through", i);
}

static void copying_and_saving_leave_the_program_cleaned(void **state)
{
	const char *build = getenv("SLIPWAY_BUILD");
	AUTO(mem_auto_free) char *program = realpath(build ? build : "build", NULL);
	AUTO(close_desk) struct desk d = { 0 };
	AUTO(mem_auto_free) char *slipway = mem_printf("%s/slipway", program);
	AUTO(mem_auto_free) char *file = NULL;
	AUTO(buf_done) struct buf text = { 0 };
	const char *argv[] = { slipway, NULL };
	struct err err = { 0 };

	(void)state;
	d.fixture = fixture_start("hostile", &err);
	assert_non_null(d.fixture);
	/* In the workspace itself: the file is written to the current folder. */
	d.screen = screen_start(&(struct screen_options){ .dir = fixture_dir(d.fixture) }, argv, &err);
	see(&d, "d deploy 2.14.1");
	settle(&d);
	screen_type(d.screen, "G");
	settle(&d);
	screen_type(d.screen, "l");
	see(&d, "carriage");
	screen_type(d.screen, "y");
	see(&d, "copied: plain osc dcs");
	assert_true(wrote(&d, "\x1b]52;c;"));
	screen_type(d.screen, "S");
	see(&d, "saved to slipway-812.log");
	file = mem_printf("%s/slipway-812.log", fixture_dir(d.fixture));
	assert_true(file_read(file, 65536, &text, &err));
	assert_null(memchr(text.data, '\x1b', text.len));
	assert_non_null(strstr(text.data, "plain\nosc\n"));
}

static void a_read_only_console_changes_nothing(void **state)
{
	AUTO(close_desk) struct desk d = { 0 };

	(void)state;
	open_desk(&d, "failed", &(struct ways){ .flags = { "--read-only" } });
	see(&d, "READ-ONLY");
	settle(&d);
	screen_type(d.screen, "Gdbxgdba");
	let_pass(&d, DEAF_MS);
	screen_type(d.screen, "prod<Enter>d");
	let_pass(&d, 4000);
	assert_int_equal(posts(&d), 0);
}

static bool all_ascii(const struct desk *d)
{
	size_t n;
	const char *all = screen_bytes(d->screen, &n);

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)all[i] >= 0x80)
			return false;
	return true;
}

/* putty is in a package of its own, ncurses-term. */
static bool is_known(const char *term)
{
	AUTO(mem_auto_free) char *lib = mem_printf("/lib/terminfo/%c/%s", *term, term);
	AUTO(mem_auto_free) char *share = mem_printf("/usr/share/terminfo/%c/%s", *term, term);

	return access(lib, R_OK) == 0 || access(share, R_OK) == 0;
}

static void every_terminal_and_locale_shows_it(void **state)
{
	static const char *const terms[] = { "xterm-256color", "tmux-256color", "screen", "putty", "linux", "vt100" };
	static const struct { const char *locale; bool ascii; } locales[] = { { "C", true }, { "C.UTF-8", false } };

	(void)state;
	for (size_t t = 0; t < ARRAY_LEN(terms); t++)
		for (size_t l = 0; l < ARRAY_LEN(locales) && is_known(terms[t]); l++) {
			bool ascii = locales[l].ascii || t >= 4;
			AUTO(close_desk) struct desk d = { 0 };

			open_desk(&d, "shop", &(struct ways){ .term = terms[t], .locale = locales[l].locale });
			see(&d, ascii ? "deploy 2.14.1>prod" : "deploy 2.14.1→prod");
			settle(&d);
			if (ascii && !all_ascii(&d))
				fail_msg("TERM=%s in %s writes more than ASCII", terms[t], locales[l].locale);
		}
}

static void without_colours_the_words_remain(void **state)
{
	AUTO(close_desk) struct desk d = { 0 };
	int rows, cols;

	(void)state;
	sit_down(&d, "shop", &(struct ways){ .extra = "NO_COLOR=1" });
	screen_size(d.screen, &rows, &cols);
	for (int row = 0; row < rows; row++)
		for (int col = 0; col < cols; col++) {
			assert_int_equal(screen_cell(d.screen, row, col).fg, -1);
			assert_int_equal(screen_cell(d.screen, row, col).bg, -1);
		}
	assert_true(screen_has(d.screen, "FAIL 5xx"));
}

static void a_dumb_terminal_gets_lines_and_numbers(void **state)
{
	AUTO(close_desk) struct desk d = { 0 };

	(void)state;
	open_desk(&d, "failed", &(struct ways){ .term = "dumb", .rows = 50, .cols = 120 });
	see(&d, "prod (protected): live 2.13.5, FAIL 5xx, back to 2.13.4 warm");
	see(&d, "3 deploy");
	screen_type(d.screen, "3<Enter>");
	see(&d, "Which environment?");
	screen_type(d.screen, "3<Enter>");
	see(&d, "Which build?");
	screen_type(d.screen, "2<Enter>");
	see(&d, "#900  dev 2.14.0");
	assert_int_equal(posts(&d), 1);
	screen_type(d.screen, "4<Enter>");
	see(&d, "Which environment?");
	screen_type(d.screen, "1<Enter>");
	see(&d, "Type the environment's name");
	let_pass(&d, DEAF_MS);
	screen_type(d.screen, "prod<Enter>");
	see(&d, "in 3 s; Enter cancels");
	screen_type(d.screen, "<Enter>");
	see(&d, "cancelled: nothing was done");
	let_pass(&d, 4000);
	assert_int_equal(posts(&d), 1);
	assert_false(wrote(&d, "\x1b"));
	screen_type(d.screen, "0<Enter>");
	assert_int_equal(screen_wait_exit(d.screen, LIMIT_MS), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_frame_is_there_before_the_engine_answers),
		cmocka_unit_test(idle_is_no_output_and_no_wake_up),
		cmocka_unit_test(beats_of_the_engine_cause_no_output),
		cmocka_unit_test(a_terminal_that_hangs_up_ends_it_with_129),
		cmocka_unit_test(signals_restore_the_terminal),
		cmocka_unit_test(q_leaves_and_says_what_goes_on),
		cmocka_unit_test(a_key_reaches_the_engine_as_the_footer_said),
		cmocka_unit_test(a_protected_environment_is_armed_and_counted_down),
		cmocka_unit_test(what_is_no_key_acts_on_nothing),
		cmocka_unit_test(resizing_keeps_the_selection),
		cmocka_unit_test(a_lost_engine_is_said_and_found_again),
		cmocka_unit_test(a_deployment_is_watched_for_less_than_a_kilobyte_a_second),
		cmocka_unit_test(nothing_from_outside_controls_the_terminal),
		cmocka_unit_test(copying_and_saving_leave_the_program_cleaned),
		cmocka_unit_test(a_read_only_console_changes_nothing),
		cmocka_unit_test(every_terminal_and_locale_shows_it),
		cmocka_unit_test(without_colours_the_words_remain),
		cmocka_unit_test(a_dumb_terminal_gets_lines_and_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
