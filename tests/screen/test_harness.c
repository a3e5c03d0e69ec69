/*
 * The terminal that other tests trust: a wrong screen, a lost key or a process left behind would hide faults there.
 * The test program starts itself with the argument "small": a small ncurses program.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <expat.h>
#include <fcntl.h>
#include <ncurses.h>
#include <png.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/base/buf.h"
#include "backend/base/file.h"
#include "backend/base/mem.h"
#include "tests/tools/golden.h"
#include "tests/tools/picture.h"
#include "tests/tools/screen.h"
#include "tests/tools/screen_keys.h"

enum { LIMIT_MS = 10000, QUIET_MS = 80, FILE_MAX = 8 << 20 };

static int small_main(void)
{
	int key;

	initscr();
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	start_color();
	use_default_colors();
	init_pair(1, COLOR_RED, -1);
	do {
		erase();
		mvprintw(0, 0, "size %dx%d", COLS, LINES);
		attron(A_BOLD | COLOR_PAIR(1));
		mvprintw(2, 4, "bold red");
		attrset(A_REVERSE);
		mvprintw(3, 4, "reverse");
		attrset(A_UNDERLINE);
		mvprintw(4, 4, "underline");
		attrset(A_NORMAL);
		move(5, 7);
		key = getch();
	} while (key == KEY_RESIZE || key == 'r');
	endwin();
	printf("key %s\n", key == KEY_UP ? "up" : key == KEY_F(1) ? "f1" : "other");
	return 7;
}

static struct screen *start(const char *const *argv)
{
	struct err err = { 0 };
	struct screen *s = screen_start(&(struct screen_options){ .rows = 10, .cols = 40 }, argv, &err);

	assert_non_null(s);
	return s;
}

static struct screen *start_shell(const char *script)
{
	return start((const char *[]){ "sh", "-c", script, NULL });
}

static struct screen *start_small(void)
{
	struct screen *s = start((const char *[]){ "/proc/self/exe", "small", NULL });

	assert_true(screen_wait_text(s, "underline", LIMIT_MS));
	assert_true(screen_settle(s, QUIET_MS, LIMIT_MS));
	return s;
}

struct folder {
	char path[40];
};

static struct folder folder_new(void)
{
	struct folder f = { "/tmp/slipway-screen.XXXXXX" };

	assert_non_null(mkdtemp(f.path));
	return f;
}

static void folder_done(struct folder *f)
{
	file_remove_tree(f->path, NULL);
}

static void cells_have_text_colours_and_attributes(void **state)
{
	AUTO(screen_auto_free) struct screen *s = start_small();
	int row, col;

	(void)state;
	assert_true(screen_has(s, "size 40x10"));
	assert_string_equal(screen_cell(s, 2, 4).text, "b");
	assert_int_equal(screen_cell(s, 2, 4).fg, 1);
	assert_true(screen_cell(s, 2, 4).bold);
	assert_true(screen_cell(s, 3, 4).reverse);
	assert_true(screen_cell(s, 4, 4).underline);
	assert_int_equal(screen_cell(s, 0, 0).fg, -1);
	assert_true(screen_cursor(s, &row, &col));
	assert_int_equal(row, 5);
	assert_int_equal(col, 7);
	assert_true(screen_alternate(s));
}

static void direct_colours_and_wide_characters_are_read(void **state)
{
	AUTO(screen_auto_free) struct screen *s =
		start_shell("printf '\\033[38;2;1;2;3;48;5;200m\\346\\227\\245x\\033[0me\\314\\201!'; read end");

	(void)state;
	assert_true(screen_wait_text(s, "!", LIMIT_MS));
	assert_int_equal(screen_cell(s, 0, 0).fg, SCREEN_RGB + 0x010203);
	assert_int_equal(screen_cell(s, 0, 0).bg, 200);
	assert_int_equal(screen_cell(s, 0, 0).width, 2);
	assert_int_equal(screen_cell(s, 0, 1).width, 0);
	assert_string_equal(screen_cell(s, 0, 3).text, "e\xcc\x81");
	assert_true(screen_has(s, "\xe6\x97\xa5xe\xcc\x81!"));
}

static void keys_by_name_reach_the_program(void **state)
{
	static const struct { const char *keys, *says; } rows[] = {
		{ "<Down>", "key other" }, { "<F1>", "key f1" }, { "x", "key other" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(screen_auto_free) struct screen *s = start_small();

		assert_true(screen_type(s, rows[i].keys));
		assert_int_equal(screen_wait_exit(s, LIMIT_MS), 7);
		assert_true(screen_has(s, rows[i].says));
		assert_true(screen_cooked(s));
		assert_false(screen_alternate(s));
	}
}

static void key_names_become_bytes(void **state)
{
	static const struct { const char *keys, *then; } rows[] = {
		{ "prod<Enter>", "prod\r" }, { "<C-c><C-Z>", "\x03\x1a" }, { "a<<b<Esc>", "a<b\x1b" },
		{ "<PgUp><S-Tab>", "\x1b[5~\x1b[Z" },
		{ "<Nonsense>", NULL }, { "<C-1>", NULL }, { "<Up", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(buf_done) struct buf bytes = { 0 };

		buf_init(&bytes, 100);
		assert_int_equal(screen_keys(rows[i].keys, &bytes), rows[i].then != NULL);
		if (rows[i].then)
			assert_string_equal(bytes.data, rows[i].then);
	}
}

static void resize_reaches_the_program(void **state)
{
	AUTO(screen_auto_free) struct screen *s = start_small();
	int rows, cols;

	(void)state;
	screen_resize(s, 20, 70);
	assert_true(screen_wait_text(s, "size 70x20", LIMIT_MS));
	screen_size(s, &rows, &cols);
	assert_int_equal(rows, 20);
	assert_int_equal(cols, 70);
}

static void environment_is_what_was_given_and_little_else(void **state)
{
	static const char script[] = "echo \"$TERM $LC_ALL $EXTRA ${SECRET:-none} $PWD\"; echo end; read x";
	const char *const argv[] = { "sh", "-c", script, NULL };
	const char *const env[] = { "EXTRA=more", "LC_ALL=C", NULL };
	struct err err = { 0 };
	AUTO(screen_auto_free) struct screen *s = NULL;

	(void)state;
	setenv("SECRET", "of the runner's", 1);
	s = screen_start(&(struct screen_options){ .term = "vt100", .env = env, .dir = "/" }, argv, &err);
	unsetenv("SECRET");
	assert_non_null(s);
	assert_true(screen_wait_text(s, "end", LIMIT_MS));
	assert_true(screen_has(s, "vt100 C more none /"));
}

static void end_of_a_program_is_told_apart(void **state)
{
	AUTO(screen_auto_free) struct screen *fails = start_shell("echo last words; exit 3");
	AUTO(screen_auto_free) struct screen *dies = start_shell("kill -TERM $$");
	AUTO(screen_auto_free) struct screen *stays = start_shell("read x");
	AUTO(screen_auto_free) struct screen *absent = start((const char *[]){ "no-such-program", NULL });

	(void)state;
	assert_int_equal(screen_wait_exit(fails, LIMIT_MS), 3);
	assert_true(screen_has(fails, "last words"));
	assert_int_equal(screen_wait_exit(dies, LIMIT_MS), 128 + SIGTERM);
	assert_int_equal(screen_wait_exit(stays, 50), -1);
	assert_int_equal(screen_wait_exit(absent, LIMIT_MS), 127);
}

static void waiting_for_what_never_comes_ends(void **state)
{
	AUTO(screen_auto_free) struct screen *s = start_shell("echo here; read x; while :; do echo busy; done");

	(void)state;
	assert_true(screen_wait_text(s, "here", LIMIT_MS));
	assert_false(screen_wait_text(s, "never", 50));
	assert_true(screen_type(s, "<Enter>"));
	assert_false(screen_settle(s, 1000, 200));
	assert_true(screen_wait_no_text(s, "here", LIMIT_MS));
}

static void stubborn_program_is_gone_afterwards(void **state)
{
	struct screen *s = start_shell("trap '' HUP TERM INT; echo deaf; while :; do sleep 1; done");
	pid_t pid;

	(void)state;
	assert_true(screen_wait_text(s, "deaf", LIMIT_MS));
	pid = screen_pid(s);
	screen_free(s);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
}

static void pasting_is_marked_only_when_the_program_asked(void **state)
{
	AUTO(screen_auto_free) struct screen *plain =
		start_shell("stty -echo; echo ready; read line; echo \"got [$line]\" | cat -v; read x");
	AUTO(screen_auto_free) struct screen *marked =
		start_shell("stty -echo; printf '\\033[?2004hready'; read line; echo \"got [$line]\" | cat -v; read x");

	(void)state;
	assert_true(screen_wait_text(plain, "ready", LIMIT_MS));
	assert_true(screen_paste(plain, "text\n"));
	assert_true(screen_wait_text(plain, "got [text]", LIMIT_MS));
	assert_true(screen_wait_text(marked, "ready", LIMIT_MS));
	assert_true(screen_paste(marked, "text\n"));
	screen_type(marked, "<Enter>");
	assert_true(screen_wait_text(marked, "got [^[[200~text", LIMIT_MS));
}

static void terminal_answers_questions(void **state)
{
	AUTO(screen_auto_free) struct screen *s =
		start_shell("stty raw -echo; printf '\\033[6n'; dd bs=1 count=6 2>/dev/null | cat -v; printf '#'");

	(void)state;
	assert_true(screen_wait_text(s, "^[[1;1R#", LIMIT_MS));
}

static void golden_screen_is_written_compared_and_its_difference_named(void **state)
{
	AUTO(folder_done) struct folder folder = folder_new();
	AUTO(mem_auto_free) char *path = file_join(folder.path, "small.golden");
	AUTO(mem_auto_free) char *seen = file_join(folder.path, "small.golden.seen");
	AUTO(screen_auto_free) struct screen *s = start_small();
	struct err err = { 0 };

	(void)state;
	unsetenv("UPDATE");
	assert_false(golden_check(s, path, &err));
	assert_non_null(strstr(err.text, "UPDATE=1"));
	setenv("UPDATE", "1", 1);
	assert_true(golden_check(s, path, &err));
	unsetenv("UPDATE");
	assert_true(golden_check(s, path, &err));
	screen_resize(s, 10, 41);
	assert_true(screen_wait_text(s, "size 41x10", LIMIT_MS));
	assert_true(screen_settle(s, QUIET_MS, LIMIT_MS));
	assert_false(golden_check(s, path, &err));
	assert_non_null(strstr(err.text, "small.golden:1 differs"));
	assert_int_equal(access(seen, R_OK), 0);
	screen_resize(s, 10, 40);
	assert_true(screen_wait_text(s, "size 40x10", LIMIT_MS));
	assert_true(screen_settle(s, QUIET_MS, LIMIT_MS));
	assert_true(golden_check(s, path, &err));
	assert_int_equal(access(seen, R_OK), -1);
}

static void golden_screen_can_be_read_by_a_person(void **state)
{
	static const char then[] =
		"screen 40x10, cursor row 5 column 7\n"
		"|size 40x10\n|\n|    bold red\n|    reverse\n|    underline\n|\n|\n|\n|\n|\n"
		"drawn as\n"
		"|\n|\n|....aaaaaaaa\n|....bbbbbbb\n|....ccccccccc\n|\n|\n|\n|\n|\n"
		"a: bold fg=1\nb: reverse\nc: underline\n";
	AUTO(screen_auto_free) struct screen *s = start_small();
	AUTO(mem_auto_free) char *got = golden_of(s);

	(void)state;
	assert_string_equal(got, then);
}

static void read_whole(const char *path, struct buf *ret)
{
	struct err err = { 0 };

	if (!file_read(path, FILE_MAX, ret, &err))
		fail_msg("%s", err.text);
}

static void pictures_of_the_same_screen_are_the_same_bytes(void **state)
{
	static const char *const names[] = { "a.png", "b.png", "a.svg", "b.svg" };
	AUTO(folder_done) struct folder folder = folder_new();
	struct buf all[4];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO(screen_auto_free) struct screen *s = start_small();
		AUTO(mem_auto_free) char *path = file_join(folder.path, names[i]);
		struct err err = { 0 };

		assert_true(i < 2 ? picture_png(s, path, &err) : picture_svg(s, "<small>", path, &err));
		read_whole(path, &all[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i += 2) {
		assert_int_equal(all[i].len, all[i + 1].len);
		assert_memory_equal(all[i].data, all[i + 1].data, all[i].len);
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		buf_done(&all[i]);
}

static void png_shows_the_cells(void **state)
{
	AUTO(folder_done) struct folder folder = folder_new();
	AUTO(mem_auto_free) char *path = file_join(folder.path, "small.png");
	AUTO(screen_auto_free) struct screen *s = start_small();
	png_image image = { .version = PNG_IMAGE_VERSION };
	struct err err = { 0 };
	size_t red = 0, width;
	unsigned char *pixels;

	(void)state;
	assert_true(picture_png(s, path, &err));
	assert_true(png_image_begin_read_from_file(&image, path));
	image.format = PNG_FORMAT_RGBA;
	width = image.width;
	/* Two pixels for each of 40 columns of 9 and 10 rows of 19, and margins of 18. */
	assert_int_equal(width, 2 * (40 * 9 + 36));
	assert_int_equal(image.height, 2 * (10 * 19 + 36));
	pixels = mem_array(width * image.height, 4);
	assert_true(png_image_finish_read(&image, NULL, pixels, 0, NULL));
	for (size_t y = 2 * (18 + 2 * 19); y < 2 * (18 + 3 * 19); y++)
		for (size_t x = 2 * (18 + 4 * 9); x < 2 * (18 + 12 * 9); x++) {
			const unsigned char *pixel = pixels + (y * width + x) * 4;

			red += pixel[0] > 180 && pixel[1] < 120;
		}
	assert_in_range(red, 300, 5000);
	/* The corner is transparent, the ground is not. */
	assert_int_equal(pixels[3], 0);
	assert_int_equal(pixels[(40 * width + 40) * 4 + 3], 255);
	free(pixels);
}

static void svg_is_sound_xml_with_the_text_in_it(void **state)
{
	AUTO(folder_done) struct folder folder = folder_new();
	AUTO(mem_auto_free) char *path = file_join(folder.path, "small.svg");
	AUTO(screen_auto_free) struct screen *s =
		start_shell("printf '\\033[1ma<b & \"c\"\\033[0m  \\342\\224\\214\\342\\224\\200'; read x");
	AUTO(buf_done) struct buf svg = { 0 };
	XML_Parser parser = XML_ParserCreate(NULL);
	struct err err = { 0 };

	(void)state;
	assert_true(screen_wait_text(s, "\"c\"  ┌─", LIMIT_MS));
	assert_true(picture_svg(s, "a & b", path, &err));
	read_whole(path, &svg);
	assert_int_equal(XML_Parse(parser, svg.data, (int)svg.len, 1), XML_STATUS_OK);
	XML_ParserFree(parser);
	assert_non_null(strstr(svg.data, ">a&lt;b &amp; \"c\"</text>"));
	assert_non_null(strstr(svg.data, "<title>a &amp; b</title>"));
	assert_non_null(strstr(svg.data, "<path"));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cells_have_text_colours_and_attributes),
		cmocka_unit_test(direct_colours_and_wide_characters_are_read),
		cmocka_unit_test(keys_by_name_reach_the_program),
		cmocka_unit_test(key_names_become_bytes),
		cmocka_unit_test(resize_reaches_the_program),
		cmocka_unit_test(environment_is_what_was_given_and_little_else),
		cmocka_unit_test(end_of_a_program_is_told_apart),
		cmocka_unit_test(waiting_for_what_never_comes_ends),
		cmocka_unit_test(stubborn_program_is_gone_afterwards),
		cmocka_unit_test(pasting_is_marked_only_when_the_program_asked),
		cmocka_unit_test(terminal_answers_questions),
		cmocka_unit_test(golden_screen_is_written_compared_and_its_difference_named),
		cmocka_unit_test(golden_screen_can_be_read_by_a_person),
		cmocka_unit_test(pictures_of_the_same_screen_are_the_same_bytes),
		cmocka_unit_test(png_shows_the_cells),
		cmocka_unit_test(svg_is_sound_xml_with_the_text_in_it),
	};

	if (argc > 1 && strcmp(argv[1], "small") == 0)
		return small_main();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
