/*
 * The terminal on a real pseudo terminal: what is written, what is put back, and that nothing ever waits for it.
 * The test program starts itself with the argument "probe": a small program on term, canvas and input.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/clock.h"
#include "backend/base/mem.h"
#include "tests/tools/screen.h"
#include "tui/canvas.h"
#include "tui/input.h"
#include "tui/term.h"

enum { LIMIT_MS = 10000, QUIET_MS = 80, FLOOD_FRAMES = 400, GONE_CODE = 42 };

/* ---- the probe ---- */

static volatile sig_atomic_t resized;

static void on_resize(int signo)
{
	(void)signo;
	resized = 1;
}

struct probe {
	struct term *term;
	struct canvas *canvas;
	struct input *input;
	int keys, sync;
	bool typing, done;
	long long flood_ms;
};

static void draw(struct probe *p, int noise)
{
	struct canvas *c = p->canvas;
	int rows = canvas_rows(c), cols = canvas_cols(c);

	canvas_clear(c);
	canvas_box(c, 0, 0, rows, cols, STYLE_BORDER, "probe");
	canvas_textf(c, 2, 2, INT_MAX, STYLE_OK, "size %dx%d keys %d", cols, rows, p->keys);
	canvas_textf(c, 3, 2, INT_MAX, STYLE_FAIL, "FAIL sync %d nonblocking %d default %d", p->sync,
	             !!(fcntl(STDIN_FILENO, F_GETFL) & O_NONBLOCK), signal(SIGINT, SIG_DFL) == SIG_DFL);
	canvas_text(c, 4, 2, INT_MAX, STYLE_TEXT, "日本 e\xcc\x81 →…");
	canvas_select(c, 3, 1, cols - 2);
	canvas_textf(c, 5, 2, INT_MAX, STYLE_TEXT, "flood %lld ms dropped %s", p->flood_ms,
	             term_dropped(p->term) ? "yes" : "no");
	for (int row = 7; noise && row < rows - 1; row++)
		for (int col = 1; col < cols - 1; col++)
			canvas_textf(c, row, col, 1, (noise + col) % STYLE_COUNT, "%c", 'a' + (noise + row * col) % 26);
	if (p->typing)
		canvas_cursor(c, 2, 5);
}

static void flood(struct probe *p)
{
	int64_t began_ms = clock_mono_ms();

	for (int i = 1; i <= FLOOD_FRAMES; i++) {
		draw(p, i);
		term_paint(p->term, p->canvas);
	}
	p->flood_ms = clock_mono_ms() - began_ms;
}

static void fit(struct probe *p)
{
	int rows, cols;

	term_size(p->term, &rows, &cols);
	canvas_resize(p->canvas, rows, cols);
}

static void stop(struct probe *p)
{
	term_suspend(p->term);
	raise(SIGSTOP);
	if (term_resume(p->term))
		fit(p);
}

static void act(struct probe *p, const struct input_event *event)
{
	if (event->kind == INPUT_SYNC) {
		p->sync = event->key ? 1 : 2;
		term_sync(p->term, event->key);
	}
	if (event->kind != INPUT_KEY)
		return;
	p->keys += event->key == 'k';
	p->typing ^= event->key == 't';
	p->done |= event->key == 'q';
	if (event->key == 'f')
		flood(p);
	else if (event->key == 'z')
		stop(p);
	else if (event->key == 'a')
		term_ask(p->term);
	else if (event->key == 'y')
		term_copy(p->term, "copied text");
	else if (event->key == 'r')
		term_repaint(p->term);
	else if (event->key == 'x')
		abort();
}

static void turn(struct probe *p)
{
	struct pollfd fd = { .fd = term_fd(p->term), .events = POLLIN | (term_blocked(p->term) ? POLLOUT : 0) };
	struct input_event event;

	poll(&fd, 1, (int)input_wait(p->input, clock_mono_ms()));
	if (resized && (resized = 0, term_resized(p->term)))
		fit(p);
	if (fd.revents & POLLOUT)
		term_drain(p->term);
	if ((fd.revents & ~POLLOUT) && term_read(p->term, p->input, clock_mono_ms()) == TERM_READ_GONE)
		_exit(term_gone(p->term) ? GONE_CODE : 1);
	while (input_next(p->input, clock_mono_ms(), &event))
		act(p, &event);
}

static int probe_main(void)
{
	struct probe p = { .flood_ms = 0 };
	struct err err = { 0 };
	int rows, cols;

	setlocale(LC_CTYPE, "");
	/* That the signal ends it would hide whether the terminal's end is noticed. */
	signal(SIGHUP, SIG_IGN);
	sigaction(SIGWINCH, &(struct sigaction){ .sa_handler = on_resize }, NULL);
	p.term = term_new(&(struct term_options){
		.fd = STDIN_FILENO, .term = getenv("TERM"), .no_color = getenv("NO_COLOR"), .ascii = getenv("PROBE_ASCII"),
	}, &err);
	if (!p.term) {
		fprintf(stderr, "%s\n", err.text);
		return err_exit_code(err.kind);
	}
	term_guard_crashes();
	term_size(p.term, &rows, &cols);
	p.canvas = canvas_new(term_theme(p.term), rows, cols);
	p.input = input_new();
	while (!p.done) {
		draw(&p, 0);
		term_paint(p.term, p.canvas);
		turn(&p);
	}
	term_free(p.term);
	canvas_free(p.canvas);
	input_free(p.input);
	return 0;
}

/* ---- the tests ---- */

static struct screen *start(const char *term, const char *const *env)
{
	const char *const argv[] = { "/proc/self/exe", "probe", NULL };
	struct err err = { 0 };
	struct screen *s = screen_start(&(struct screen_options){ .term = term, .env = env }, argv, &err);

	assert_non_null(s);
	return s;
}

static struct screen *start_shown(const char *term, const char *const *env)
{
	struct screen *s = start(term, env);

	assert_true(screen_wait_text(s, "size 80x24", LIMIT_MS));
	assert_true(screen_settle(s, QUIET_MS, LIMIT_MS));
	return s;
}

static size_t bytes_written(const struct screen *s)
{
	size_t len;

	screen_bytes(s, &len);
	return len;
}

static bool wrote(const struct screen *s, const char *bytes)
{
	size_t len;
	const char *all = screen_bytes(s, &len);

	return memmem(all, len, bytes, strlen(bytes));
}

static void first_paint_is_small_and_takes_the_whole_screen(void **state)
{
	AUTO(screen_auto_free) struct screen *s = start_shown(NULL, NULL);
	int row, col;

	(void)state;
	assert_in_range(bytes_written(s), 100, 4096);
	assert_true(screen_alternate(s));
	assert_true(screen_bracketed(s));
	assert_false(screen_cooked(s));
	assert_false(screen_cursor(s, &row, &col));
	assert_string_equal(screen_cell(s, 23, 79).text, "┘");
	assert_int_equal(screen_cell(s, 3, 2).bg, screen_cell(s, 3, 78).bg);
	assert_true(screen_cell(s, 3, 2).bold);
	assert_int_equal(screen_cell(s, 2, 2).fg, 71);
	assert_true(screen_has(s, "日本 e\xcc\x81 →…"));
}

static void leaving_puts_everything_back(void **state)
{
	AUTO(screen_auto_free) struct screen *s = start_shown(NULL, NULL);
	int row, col;

	(void)state;
	screen_type(s, "q");
	assert_int_equal(screen_wait_exit(s, LIMIT_MS), 0);
	assert_false(screen_alternate(s));
	assert_false(screen_bracketed(s));
	assert_true(screen_cooked(s));
	assert_true(screen_cursor(s, &row, &col));
	assert_string_equal(screen_cell(s, 0, 0).text, " ");
	/* Left empty, or tmux would move a part of it into the shell's screen. */
	assert_true(wrote(s, "\x1b[H\x1b[2J\x1b[?1049l"));
}

static void shell_keeps_its_blocking_terminal_and_the_program_its_signals(void **state)
{
	AUTO(screen_auto_free) struct screen *s = start_shown(NULL, NULL);

	(void)state;
	assert_true(screen_has(s, "nonblocking 0 default 1"));
}

static void unchanged_frame_costs_nothing_and_a_changed_cell_little(void **state)
{
	AUTO(screen_auto_free) struct screen *s = start_shown(NULL, NULL);

	(void)state;
	screen_forget(s);
	screen_type(s, "i");
	assert_true(screen_settle(s, QUIET_MS, LIMIT_MS));
	assert_int_equal(bytes_written(s), 0);
	screen_type(s, "k");
	assert_true(screen_wait_text(s, "keys 1", LIMIT_MS));
	assert_in_range(bytes_written(s), 1, 60);
}

static void repaint_sends_everything_again(void **state)
{
	AUTO(screen_auto_free) struct screen *s = start_shown(NULL, NULL);
	size_t first = bytes_written(s);

	(void)state;
	screen_forget(s);
	screen_type(s, "r");
	assert_true(screen_settle(s, QUIET_MS, LIMIT_MS));
	assert_in_range(bytes_written(s), first / 2, first);
	assert_true(screen_has(s, "size 80x24"));
}

static void cursor_is_shown_only_where_somebody_types(void **state)
{
	AUTO(screen_auto_free) struct screen *s = start_shown(NULL, NULL);
	int row, col;

	(void)state;
	screen_type(s, "tk");
	assert_true(screen_wait_text(s, "keys 1", LIMIT_MS));
	assert_true(screen_cursor(s, &row, &col));
	assert_int_equal(row, 2);
	assert_int_equal(col, 5);
	screen_type(s, "zk");
	assert_true(screen_settle(s, QUIET_MS, LIMIT_MS));
	screen_signal(s, SIGCONT);
	assert_true(screen_wait_text(s, "keys 2", LIMIT_MS));
	assert_true(screen_cursor(s, &row, &col));
	screen_type(s, "tk");
	assert_true(screen_wait_text(s, "keys 3", LIMIT_MS));
	assert_false(screen_cursor(s, &row, &col));
}

static void plain_terminals_and_locales_get_nothing_but_ascii(void **state)
{
	static const struct { const char *term, *env; } rows[] = {
		{ "linux", NULL }, { "vt100", NULL }, { "xterm-256color", "LC_ALL=C" }, { "xterm-256color", "PROBE_ASCII=1" },
		{ "screen", "LC_ALL=C" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(screen_auto_free) struct screen *s = start_shown(rows[i].term, (const char *[]){ rows[i].env, NULL });
		size_t len;
		const char *bytes = screen_bytes(s, &len);

		assert_true(screen_has(s, "?? e >~"));
		assert_true(screen_has(s, "+- probe ---"));
		for (size_t at = 0; at < len; at++)
			assert_true((unsigned char)bytes[at] < 0x80);
	}
}

static void every_terminal_type_shows_the_same_text(void **state)
{
	static const char *const terms[] = {
		"xterm-256color", "tmux-256color", "screen-256color", "screen", "xterm", "linux", "vt100",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(terms); i++) {
		AUTO(screen_auto_free) struct screen *s = start_shown(terms[i], NULL);

		screen_type(s, "k");
		assert_true(screen_wait_text(s, "size 80x24 keys 1", LIMIT_MS));
		assert_true(screen_has(s, "FAIL sync 0"));
		screen_type(s, "q");
		assert_int_equal(screen_wait_exit(s, LIMIT_MS), 0);
		assert_true(screen_cooked(s));
		assert_false(screen_has(s, "FAIL sync"));
	}
}

static void plain_terminals_are_asked_nothing(void **state)
{
	static const char *const terms[] = { "linux", "vt100" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(terms); i++) {
		AUTO(screen_auto_free) struct screen *s = start_shown(terms[i], NULL);

		screen_type(s, "ak");
		assert_true(screen_wait_text(s, "keys 1", LIMIT_MS));
		assert_false(wrote(s, "2026"));
		assert_false(wrote(s, "2004"));
	}
}

static void terminals_that_cannot_be_used_are_named(void **state)
{
	static const struct { const char *term, *says; } rows[] = {
		{ "dumb", "terminal type dumb cannot place its cursor" },
		{ "no-such-term", "terminal type no-such-term is not known on this machine" },
		{ "", "TERM is not set" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(screen_auto_free) struct screen *s = start(rows[i].term, NULL);

		assert_int_equal(screen_wait_exit(s, LIMIT_MS), 2);
		assert_true(screen_has(s, rows[i].says));
		assert_true(screen_cooked(s));
	}
}

static void no_color_means_no_colour(void **state)
{
	AUTO(screen_auto_free) struct screen *s = start_shown(NULL, (const char *[]){ "NO_COLOR=1", NULL });

	(void)state;
	for (int row = 0; row < 24; row++)
		for (int col = 0; col < 80; col++) {
			struct screen_cell cell = screen_cell(s, row, col);

			assert_int_equal(cell.fg, -1);
			assert_int_equal(cell.bg, -1);
		}
	assert_true(screen_cell(s, 3, 2).bold);
	assert_true(screen_cell(s, 3, 78).reverse);
	assert_false(wrote(s, ";5;"));
}

static void resize_gives_a_new_layout(void **state)
{
	static const struct { int rows, cols; const char *says; } sizes[] = {
		{ 50, 200, "size 200x50" }, { 15, 60, "size 60x15" }, { 1, 1, NULL }, { 24, 80, "size 80x24" },
	};
	AUTO(screen_auto_free) struct screen *s = start_shown(NULL, NULL);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		screen_resize(s, sizes[i].rows, sizes[i].cols);
		if (sizes[i].says)
			assert_true(screen_wait_text(s, sizes[i].says, LIMIT_MS));
		assert_true(screen_settle(s, QUIET_MS, LIMIT_MS));
		if (sizes[i].says)
			assert_string_equal(screen_cell(s, sizes[i].rows - 1, sizes[i].cols - 1).text, "┘");
	}
}

static bool is_stopped(struct screen *s, void *arg)
{
	AUTO(mem_auto_free) char *path = mem_printf("/proc/%d/stat", (int)screen_pid(s));
	char text[200] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	(void)arg;
	if (fd >= 0) {
		ssize_t n = read(fd, text, sizeof text - 1);

		text[n > 0 ? n : 0] = '\0';
		close(fd);
	}
	return strstr(text, ") T ");
}

static void suspending_gives_the_shell_its_screen_and_resuming_takes_it_back(void **state)
{
	AUTO(screen_auto_free) struct screen *s = start_shown(NULL, NULL);

	(void)state;
	screen_type(s, "z");
	assert_true(screen_wait(s, is_stopped, NULL, LIMIT_MS));
	assert_true(screen_settle(s, QUIET_MS, LIMIT_MS));
	assert_true(screen_cooked(s));
	assert_false(screen_alternate(s));
	assert_false(screen_bracketed(s));
	screen_resize(s, 15, 60);
	screen_signal(s, SIGCONT);
	assert_true(screen_wait_text(s, "size 60x15", LIMIT_MS));
	assert_true(screen_alternate(s));
	assert_true(screen_bracketed(s));
	assert_false(screen_cooked(s));
}

static void crash_restores_the_terminal_and_stays_a_crash(void **state)
{
	AUTO(screen_auto_free) struct screen *s = start_shown(NULL, NULL);

	(void)state;
	screen_type(s, "x");
	assert_int_equal(screen_wait_exit(s, LIMIT_MS), 128 + SIGABRT);
	assert_false(screen_alternate(s));
	assert_false(screen_bracketed(s));
	assert_true(screen_cooked(s));
}

static void stalled_terminal_costs_frames_not_time(void **state)
{
	AUTO(screen_auto_free) struct screen *s = start_shown(NULL, NULL);
	AUTO(mem_auto_free) char *text = NULL;
	const char *at;

	(void)state;
	screen_type(s, "f");
	/* Nothing is read from the program while it paints. */
	poll(NULL, 0, 500);
	screen_forget(s);
	assert_true(screen_wait_text(s, "dropped yes", 3 * LIMIT_MS));
	assert_true(screen_settle(s, QUIET_MS, LIMIT_MS));
	text = screen_text(s);
	at = strstr(text, "flood ");
	assert_non_null(at);
	assert_in_range(strtol(at + 6, NULL, 10), 0, 5000);
	/* What was dropped is not sent later, and the frame that was cut in the middle is whole. */
	assert_in_range(bytes_written(s), 1, 200000);
	assert_string_equal(screen_cell(s, 10, 10).text, " ");
	assert_string_equal(screen_cell(s, 23, 79).text, "┘");
	screen_type(s, "k");
	assert_true(screen_wait_text(s, "keys 1", LIMIT_MS));
}

static void closed_terminal_is_noticed(void **state)
{
	AUTO(screen_auto_free) struct screen *s = start_shown(NULL, NULL);
	int64_t began_ms = clock_mono_ms();
	int code;

	(void)state;
	screen_hang_up(s);
	code = screen_wait_exit(s, 1000);
	assert_int_equal(code, GONE_CODE);
	assert_in_range(clock_mono_ms() - began_ms, 0, 1000);
}

static void frames_are_marked_once_the_terminal_says_that_it_knows_marks(void **state)
{
	AUTO(screen_auto_free) struct screen *s = start_shown(NULL, NULL);

	(void)state;
	/* libvterm answers that it does not know mode 2026. */
	screen_type(s, "a");
	assert_true(screen_wait_text(s, "sync 2", LIMIT_MS));
	assert_false(wrote(s, "\x1b[?2026h"));
	screen_send(s, "\x1b[?2026;2$y", 11);
	assert_true(screen_wait_text(s, "sync 1", LIMIT_MS));
	assert_true(screen_settle(s, QUIET_MS, LIMIT_MS));
	screen_forget(s);
	screen_type(s, "k");
	assert_true(screen_wait_text(s, "keys 1", LIMIT_MS));
	assert_true(screen_settle(s, QUIET_MS, LIMIT_MS));
	assert_memory_equal(screen_bytes(s, &(size_t){ 0 }), "\x1b[?2026h", 8);
	assert_true(wrote(s, "\x1b[?2026l"));
	screen_forget(s);
	screen_type(s, "i");
	assert_true(screen_settle(s, QUIET_MS, LIMIT_MS));
	assert_int_equal(bytes_written(s), 0);
}

static void copied_text_goes_to_the_persons_clipboard(void **state)
{
	AUTO(screen_auto_free) struct screen *s = start_shown(NULL, NULL);

	(void)state;
	screen_type(s, "yk");
	assert_true(screen_wait_text(s, "keys 1", LIMIT_MS));
	assert_true(wrote(s, "\x1b]52;c;Y29waWVkIHRleHQ=\x07"));
}

static void without_a_terminal_it_says_so(void **state)
{
	struct err err = { 0 };
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_null(term_new(&(struct term_options){ .fd = fds[0], .term = "xterm" }, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_non_null(strstr(err.text, "no terminal"));
	close(fds[0]);
	close(fds[1]);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_paint_is_small_and_takes_the_whole_screen),
		cmocka_unit_test(leaving_puts_everything_back),
		cmocka_unit_test(shell_keeps_its_blocking_terminal_and_the_program_its_signals),
		cmocka_unit_test(unchanged_frame_costs_nothing_and_a_changed_cell_little),
		cmocka_unit_test(repaint_sends_everything_again),
		cmocka_unit_test(cursor_is_shown_only_where_somebody_types),
		cmocka_unit_test(plain_terminals_and_locales_get_nothing_but_ascii),
		cmocka_unit_test(every_terminal_type_shows_the_same_text),
		cmocka_unit_test(plain_terminals_are_asked_nothing),
		cmocka_unit_test(terminals_that_cannot_be_used_are_named),
		cmocka_unit_test(no_color_means_no_colour),
		cmocka_unit_test(resize_gives_a_new_layout),
		cmocka_unit_test(suspending_gives_the_shell_its_screen_and_resuming_takes_it_back),
		cmocka_unit_test(crash_restores_the_terminal_and_stays_a_crash),
		cmocka_unit_test(stalled_terminal_costs_frames_not_time),
		cmocka_unit_test(closed_terminal_is_noticed),
		cmocka_unit_test(frames_are_marked_once_the_terminal_says_that_it_knows_marks),
		cmocka_unit_test(copied_text_goes_to_the_persons_clipboard),
		cmocka_unit_test(without_a_terminal_it_says_so),
	};

	if (argc > 1 && strcmp(argv[1], "probe") == 0)
		return probe_main();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
