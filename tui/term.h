/*
 * term: the terminal itself. ncurses works out the bytes of a frame, into memory; term writes them without ever
 * waiting. Input is read here and decoded by input.h.
 *
 * Entering: alternate screen, no echo, no line editing, no signals from keys (Ctrl-C is a key), bracketed paste,
 * cursor hidden, default colours. Leaving puts everything back. Only one term exists in a process at a time, because
 * ncurses has one screen and a crash has one terminal to restore.
 *
 * A terminal that does not take bytes (a stalled link) makes term_blocked true: frames are dropped, not queued; at
 * most the rest of one frame waits, because half a frame would leave the terminal in an unknown state.
 */
#ifndef TUI_TERM_H
#define TUI_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/base/err.h"
#include "tui/theme.h"

struct canvas;
struct input;
struct term;

struct term_options {
	int fd;                 /* the terminal, for both directions; stays the caller's */
	const char *term;       /* TERM; NULL or unknown is an error that says what to do */
	const char *no_color;   /* NO_COLOR */
	bool ascii;             /* --ascii */
};

/* setlocale(LC_CTYPE, "") comes before. Nothing is written until the first paint. */
struct term *term_new(const struct term_options *options, struct err *err);
void term_free(struct term *t);                        /* leaves the screen, restores the modes */

const struct theme *term_theme(const struct term *t);
int term_fd(const struct term *t);                     /* to watch for input; for output too while term_blocked */
void term_size(const struct term *t, int *ret_rows, int *ret_cols);
bool term_resized(struct term *t);                     /* after SIGWINCH: asks the size anew; true when it changed */

/* Paints what differs from the last frame. False: dropped, the terminal takes nothing now; paint again when it does. */
bool term_paint(struct term *t, const struct canvas *c);
void term_repaint(struct term *t);                     /* the next paint sends everything (Ctrl-L) */
bool term_blocked(struct term *t);
void term_drain(struct term *t);                       /* when writable: the rest of the last frame */

enum term_read { TERM_READ_SOME, TERM_READ_NOTHING, TERM_READ_GONE };
/* Reads what is there without waiting and feeds it. GONE: hung up (EOF, EIO). */
enum term_read term_read(struct term *t, struct input *in, int64_t now_ms);
bool term_gone(struct term *t);                        /* POLLHUP or POLLERR, or a read or write said so */

void term_suspend(struct term *t);                     /* leaves the screen; then stop the process */
bool term_resume(struct term *t);                      /* enters again, next paint is whole; true: another size */

/*
 * Synchronised output (mode 2026): term_ask sends the question (not to linux, vt100 and the like), the answer arrives
 * as an INPUT_SYNC event, term_sync switches it on or off. Frames are marked only while it is on.
 */
void term_ask(struct term *t);
void term_sync(struct term *t, bool on);

/* Puts text into the clipboard of the person's terminal (OSC 52); false: too long (74,994 bytes) or blocked. */
bool term_copy(struct term *t, const char *text);

/*
 * Restores the terminal from a signal handler: only async-signal-safe calls. term_guard_crashes does so for SIGSEGV,
 * SIGBUS, SIGFPE, SIGILL and SIGABRT and lets the signal go on. Without a living term it does nothing.
 */
void term_restore_now(void);
void term_guard_crashes(void);

uint64_t term_bytes(const struct term *t);             /* written so far */
uint64_t term_dropped(const struct term *t);           /* frames */

#endif
