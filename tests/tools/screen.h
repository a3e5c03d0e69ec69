/*
 * screen: a real terminal for tests. Starts any program on a pseudo terminal, shows what it writes on libvterm's
 * screen, types keys, resizes and reads the cells.
 *
 * Waiting is always for a condition (a text, an end, a quiet moment) and always bounded; SLIPWAY_TEST_PATIENCE
 * multiplies the bounds. While nobody waits, nothing is read from the program: so a stalled terminal is tested too.
 */
#ifndef TESTS_TOOLS_SCREEN_H
#define TESTS_TOOLS_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "backend/base/err.h"

struct screen;

struct screen_options {
	int rows, cols;                 /* 0: 24 and 80 */
	const char *term;               /* NULL: xterm-256color */
	/*
	 * "NAME=value", NULL at the end, or NULL. The program's environment is these, TERM, PATH, HOME, LC_ALL=C.UTF-8 and
	 * nothing else; a value given here wins.
	 */
	const char *const *env;
	const char *dir;                /* NULL: here */
};

/* argv[0] is looked up in PATH. */
struct screen *screen_start(const struct screen_options *options, const char *const *argv, struct err *err);
/* Closes the terminal (the program gets SIGHUP), kills what is left of its process group after a moment, reaps it. */
void screen_free(struct screen *s);
void screen_auto_free(struct screen **s);

/* False when limit_ms passed before; screen_settle: nothing was written for quiet_ms. */
bool screen_settle(struct screen *s, int quiet_ms, int limit_ms);
bool screen_wait_text(struct screen *s, const char *text, int limit_ms);
bool screen_wait_no_text(struct screen *s, const char *text, int limit_ms);
typedef bool (*screen_condition_fn)(struct screen *s, void *arg);
bool screen_wait(struct screen *s, screen_condition_fn condition, void *arg, int limit_ms);
/* The exit code, 128 + the signal's number, or -1 when it has not ended within limit_ms. */
int screen_wait_exit(struct screen *s, int limit_ms);

bool screen_send(struct screen *s, const char *bytes, size_t len);
/* Text as it is typed; <Up> <Enter> <Esc> <Tab> <C-c> <F1> … by name, "<<" for '<'. False: not sent, unknown name. */
bool screen_type(struct screen *s, const char *keys);
bool screen_paste(struct screen *s, const char *text);          /* bracketed when the program asked for it */
void screen_resize(struct screen *s, int rows, int cols);       /* the program gets SIGWINCH */
void screen_hang_up(struct screen *s);                          /* the terminal is closed; cells stay readable */
bool screen_signal(struct screen *s, int signo);                /* to the program only */
pid_t screen_pid(const struct screen *s);

/* A colour is -1 (the terminal's own), 0…255 (palette), or SCREEN_RGB + 0xrrggbb. */
enum { SCREEN_RGB = 0x1000000, SCREEN_TEXT_SIZE = 32 };
struct screen_cell {
	char text[SCREEN_TEXT_SIZE];    /* UTF-8; " " when blank, "" in the second column of a wide character */
	int width;
	int fg, bg;
	bool bold, underline, reverse;
};
void screen_size(const struct screen *s, int *ret_rows, int *ret_cols);
struct screen_cell screen_cell(const struct screen *s, int row, int col);
char *screen_row(const struct screen *s, int row);              /* spaces at the end taken off; yours */
char *screen_text(const struct screen *s);                      /* all rows, each ends in a newline; yours */
bool screen_has(const struct screen *s, const char *text);      /* within one row */
bool screen_cursor(const struct screen *s, int *ret_row, int *ret_col);        /* false: hidden */

bool screen_alternate(const struct screen *s);          /* the alternate screen is shown */
bool screen_cooked(const struct screen *s);             /* echo, line editing and signal keys are on */
bool screen_bracketed(const struct screen *s);          /* pastes are marked */
/* Every byte that the program wrote, since the start or the last screen_forget. Borrowed until the next call. */
const char *screen_bytes(const struct screen *s, size_t *ret_len);
void screen_forget(struct screen *s);

#endif
