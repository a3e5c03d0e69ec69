#include "tui/frame.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <term.h>
#include <unistd.h>

#include "backend/base/buf.h"
#include "backend/base/mem.h"
#include "backend/base/utf8.h"
#include "tui/canvas.h"

enum { BYTES_MAX = 511 };

struct frame {
	int memory;             /* a file that ncurses writes to */
	FILE *stream;           /* the same */
	SCREEN *screen;
	struct theme theme;
	bool plain;
	char *enter, *leave;
	int rows, cols;
	struct canvas_cell *front;      /* what ncurses was last given, rows * cols */
	bool whole;             /* the next frame sends everything */
	bool cursor_shown;
	struct look { attr_t attributes; short pair; } looks[2 * STYLE_COUNT];
};

/* ncurses installs handlers that would leave the screen behind the console's back. */
static SCREEN *new_screen(const char *name, FILE *stream)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGTSTP, SIGWINCH };
	struct sigaction before[ARRAY_LEN(numbers)];
	SCREEN *screen;

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		sigaction(numbers[i], NULL, &before[i]);
	/* PuTTY does not draw lines of the alternate character set in UTF-8; no terminal of today needs padding. */
	setenv("NCURSES_NO_UTF8_ACS", "1", 1);
	setenv("NCURSES_NO_PADDING", "1", 1);
	screen = newterm(name, stream, stream);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		sigaction(numbers[i], &before[i], NULL);
	return screen;
}

static bool no_cursor(const char *name, struct err *err)
{
	return err_set(err, ERR_USAGE, "terminal type %s cannot place its cursor; use --plain", name);
}

static bool start(struct frame *f, const char *name, struct err *err)
{
	int why = 1;

	f->memory = memfd_create("slipway-frame", MFD_CLOEXEC);
	f->stream = f->memory >= 0 ? fdopen(f->memory, "r+") : NULL;
	if (!f->stream)
		return err_errno(err, errno, "memory for a frame");
	if (!name || !*name)
		return err_set(err, ERR_USAGE, "TERM is not set; set it (TERM=xterm-256color), or use --plain");
	/* Asked first, because newterm loses memory when it fails. */
	if (setupterm(name, f->memory, &why) == ERR) {
		if (why > 0)
			return no_cursor(name, err);
		return err_set(err, ERR_USAGE, "terminal type %s is not known on this machine; install ncurses-term, "
		               "set TERM=xterm-256color, or use --plain", name);
	}
	del_curterm(cur_term);
	f->screen = new_screen(name, f->stream);
	if (!f->screen || !cursor_address || !clear_screen)
		return no_cursor(name, err);
	nonl();
	typeahead(-1);
	return true;
}

/* Fills the table from style to what ncurses draws it with. Equal colours share a pair. */
static void prepare_looks(struct frame *f)
{
	struct { short fg, bg; } pairs[2 * STYLE_COUNT];
	short n = 0;

	if (f->theme.depth != THEME_MONO) {
		start_color();
		use_default_colors();
	}
	for (int i = 0; i < 2 * STYLE_COUNT; i++) {
		struct theme_look look = theme_look(&f->theme, i < STYLE_COUNT ? i : (i - STYLE_COUNT) | STYLE_SELECTED);
		short pair = 0;

		while (pair < n && (pairs[pair].fg != look.fg || pairs[pair].bg != look.bg))
			pair++;
		if (pair == n) {
			pairs[n].fg = look.fg;
			pairs[n++].bg = look.bg;
			if (look.fg >= 0 || look.bg >= 0)
				init_pair(n, look.fg, look.bg);
		}
		f->looks[i].pair = look.fg >= 0 || look.bg >= 0 ? (short)(pair + 1) : 0;
		f->looks[i].attributes = (look.bold ? A_BOLD : 0) | (look.dim ? A_DIM : 0) | (look.reverse ? A_REVERSE : 0) |
			(look.underline ? A_UNDERLINE : 0);
	}
}

/* A string of terminfo without its padding ("$<50>"); NULL adds nothing. */
static void add_capability(struct buf *to, const char *text)
{
	while (text && *text) {
		size_t n = strcspn(text, "$");

		buf_add(to, text, n);
		text += n;
		if (strncmp(text, "$<", 2) == 0)
			text += strcspn(text, ">") + 1;
		else if (*text)
			buf_add(to, text++, 1);
	}
}

static bool is_plain(const char *name)
{
	static const char *const starts[] = { "linux", "vt", "ansi", "cons", "sun", "dumb", "pcansi", "cygwin" };

	for (size_t i = 0; i < ARRAY_LEN(starts); i++)
		if (strncmp(name, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

/* The bytes that enter and leave, worked out beforehand so that leaving works in a signal handler too. */
static void prepare_bytes(struct frame *f)
{
	AUTO(buf_done) struct buf enter = { 0 }, leave = { 0 };

	buf_init(&enter, BYTES_MAX);
	buf_init(&leave, BYTES_MAX);
	add_capability(&enter, enter_ca_mode);
	add_capability(&enter, exit_insert_mode);
	add_capability(&enter, enter_am_mode);
	add_capability(&enter, cursor_invisible);
	if (!f->plain) {
		/* Bracketed paste; and no synchronised frame is left open. */
		buf_add_text(&enter, "\x1b[?2004h");
		buf_add_text(&leave, "\x1b[?2026l\x1b[?2004l");
	}
	add_capability(&leave, exit_attribute_mode);
	add_capability(&leave, orig_pair);
	add_capability(&leave, cursor_normal);
	/* Also before the alternate screen goes: tmux would move lines of one that was widened into the shell's screen. */
	add_capability(&leave, clear_screen);
	add_capability(&leave, exit_ca_mode);
	f->enter = buf_detach(&enter);
	f->leave = buf_detach(&leave);
}

static void discard(struct frame *f)
{
	(void)!ftruncate(f->memory, 0);
	lseek(f->memory, 0, SEEK_SET);
}

struct frame *frame_new(const char *name, const char *no_color, bool ascii, struct err *err)
{
	struct frame *f = mem_alloc(sizeof *f);

	f->memory = -1;
	if (!start(f, name, err)) {
		frame_free(f);
		return NULL;
	}
	f->theme = theme_choose(&(struct theme_facts){
		.term = name, .codeset = nl_langinfo(CODESET), .no_color = no_color, .colors = tigetnum("colors"), .ascii = ascii,
	});
	f->plain = is_plain(name);
	prepare_looks(f);
	prepare_bytes(f);
	/* ncurses enters the screen with its first frame; we do it ourselves, because we also leave and enter again. */
	refresh();
	discard(f);
	return f;
}

void frame_free(struct frame *f)
{
	if (!f)
		return;
	if (f->screen) {
		endwin();
		delscreen(f->screen);
	}
	if (f->stream)
		fclose(f->stream);
	free(f->enter);
	free(f->leave);
	free(f->front);
	free(f);
}

const struct theme *frame_theme(const struct frame *f)
{
	return &f->theme;
}

const char *frame_enter(const struct frame *f)
{
	return f->enter;
}

const char *frame_leave(const struct frame *f)
{
	return f->leave;
}

bool frame_plain(const struct frame *f)
{
	return f->plain;
}

void frame_resize(struct frame *f, int rows, int cols)
{
	resize_term(rows, cols);
	f->rows = rows;
	f->cols = cols;
	free(f->front);
	f->front = mem_array((size_t)rows * (size_t)cols, sizeof *f->front);
	f->whole = true;
}

void frame_repaint(struct frame *f)
{
	f->whole = true;
}

static void draw_cell(const struct frame *f, int row, int col, const struct canvas_cell *cell)
{
	int style = cell->style & (STYLE_SELECTED - 1);
	const struct look *look = &f->looks[style + (cell->style & STYLE_SELECTED ? STYLE_COUNT : 0)];
	wchar_t text[CCHARW_MAX + 1] = { 0 };
	size_t len = strlen(cell->text), at = 0;
	cchar_t sign;

	for (size_t n = 0; n < CCHARW_MAX && at < len; n++) {
		uint32_t code = '?';
		size_t took = utf8_decode(cell->text + at, len - at, &code);

		text[n] = (wchar_t)code;
		at += took ? took : 1;
	}
	setcchar(&sign, text, look->attributes, look->pair, NULL);
	mvadd_wch(row, col, &sign);
}

/* Tells ncurses what changed; ncurses in turn finds the cheapest bytes for it. */
static void draw_changes(struct frame *f, const struct canvas *c)
{
	for (int row = 0; row < f->rows; row++)
		for (int col = 0; col < f->cols; col++) {
			static const struct canvas_cell blank = { .text = " ", .width = 1 };
			const struct canvas_cell *cell = canvas_at(c, row, col);
			struct canvas_cell *front = &f->front[row * f->cols + col];

			cell = cell ? cell : &blank;
			if (!f->whole && memcmp(front, cell, sizeof *front) == 0)
				continue;
			*front = *cell;
			if (cell->width > 0)
				draw_cell(f, row, col, cell);
		}
}

static void place_cursor(const struct canvas *c)
{
	int row, col;
	bool shown = canvas_cursor_at(c, &row, &col);

	leaveok(stdscr, !shown);
	if (shown)
		move(row, col);
}

/* Not by ncurses: it would not know that leaving the screen and entering it again has hidden the cursor. */
static void show_cursor(struct frame *f, bool shown, struct buf *out)
{
	if (shown != f->cursor_shown)
		add_capability(out, shown ? cursor_normal : cursor_invisible);
	f->cursor_shown = shown;
}

/*
 * Adds a frame with its "repeat the last character" (CSI n b) written out: not all terminals that are called xterm know
 * it, and some that do lose the last column. ncurses cannot be told to do without, and uses it for ASCII only.
 */
static bool add_expanded(struct buf *out, const char *bytes, size_t len)
{
	const char *end = bytes + len, *from = bytes;

	for (const char *at = bytes + 1; at + 3 < end; at++) {
		size_t n = 0;
		const char *p = at + 2;

		if (at[0] != '\x1b' || at[1] != '[')
			continue;
		while (p < end && *p >= '0' && *p <= '9')
			n = n * 10 + (size_t)(*p++ - '0');
		if (p == end || *p != 'b')
			continue;
		if (!buf_add(out, from, (size_t)(at - from)))
			return false;
		while (n-- > 0)
			if (!buf_add(out, at - 1, 1))
				return false;
		from = p + 1;
	}
	return buf_add(out, from, (size_t)(end - from));
}

/* Moves the bytes from the file to `out`. */
static bool take_bytes(struct frame *f, struct buf *out)
{
	off_t size = lseek(f->memory, 0, SEEK_END);
	char *bytes = size > 0 ? mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, f->memory, 0) : MAP_FAILED;
	bool ok = size == 0 || (bytes != MAP_FAILED && add_expanded(out, bytes, (size_t)size));

	if (bytes != MAP_FAILED)
		munmap(bytes, (size_t)size);
	discard(f);
	return ok;
}

bool frame_render(struct frame *f, const struct canvas *c, struct buf *out)
{
	if (f->whole) {
		clearok(curscr, TRUE);
		show_cursor(f, false, out);
	}
	draw_changes(f, c);
	place_cursor(c);
	refresh();
	f->whole = !take_bytes(f, out);
	show_cursor(f, canvas_cursor_at(c, &(int){ 0 }, &(int){ 0 }), out);
	return !f->whole;
}
