/*
 * input: what a terminal sends, decoded into keys. Pure: bytes and the time they came in, events out; no ncurses.
 *
 * The rule is that nothing acts by accident. A sequence that is split at any byte by a slow link gives its key or
 * nothing, never its bytes; after ESC [ or ESC O everything up to the final byte is swallowed until 1 s has passed
 * without a byte, also when the ESC alone was reported already. Unknown sequences, Alt with a key and the terminal's
 * replies (cursor position, attributes, colours) give nothing. What is between the marks of a bracketed paste is one
 * INPUT_PASTE event, and keys that follow its end without a pause (50 ms) are part of the same paste: they are dropped.
 *
 * Times are monotonic milliseconds and never decrease. Sources: ECMA-48 5.4, xterm ctlseqs, console_codes(4).
 */
#ifndef TUI_INPUT_H
#define TUI_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	INPUT_ESC_MS = 25,              /* so long an ESC waits for what follows before it is the Esc key */
	INPUT_SWALLOW_MS = 1000,        /* so long a begun sequence waits for its next byte */
	INPUT_PASTE_MS = 2000,          /* so long a paste may be silent before it ends without its end mark */
	INPUT_PASTE_TAIL_MS = 50,
	INPUT_PASTE_MAX = 65536,        /* bytes kept of a paste; the rest is dropped */
	INPUT_QUEUE_MAX = 1024          /* events that wait; more are dropped */
};

/* Text keys are their code point, Ctrl-A … Ctrl-Z are INPUT_CTRL('A') …, the others have numbers beyond Unicode. */
#define INPUT_CTRL(letter) ((uint32_t)((letter) & 0x1f))
enum input_key {
	INPUT_ESC = 0x110000, INPUT_ENTER, INPUT_TAB, INPUT_BACKTAB, INPUT_BACKSPACE,
	INPUT_UP, INPUT_DOWN, INPUT_LEFT, INPUT_RIGHT,
	INPUT_HOME, INPUT_END, INPUT_PGUP, INPUT_PGDN, INPUT_INSERT, INPUT_DELETE,
	INPUT_F1, INPUT_F2, INPUT_F3, INPUT_F4, INPUT_F5, INPUT_F6,
	INPUT_F7, INPUT_F8, INPUT_F9, INPUT_F10, INPUT_F11, INPUT_F12
};
/* Ctrl-H is Backspace, Ctrl-I is Tab, Ctrl-J and Ctrl-M are Enter, Ctrl-[ is Esc: terminals send the same byte. */

enum input_kind {
	INPUT_KEY,              /* `key` */
	INPUT_PASTE,            /* `text`, cleaned (CLEAN_TEXT), never NULL */
	INPUT_SYNC              /* the terminal answered about mode 2026; `key` is 1 when it knows it, else 0 */
};

struct input_event {
	enum input_kind kind;
	uint32_t key;
	const char *text;       /* borrowed until the next call with the same input */
};

struct input;

struct input *input_new(void);
void input_free(struct input *in);
void input_feed(struct input *in, const char *bytes, size_t len, int64_t now_ms);
/* The next event, in order; false: none now. Also settles what only time decides (Esc alone, a paste without end). */
bool input_next(struct input *in, int64_t now_ms, struct input_event *ret);
/* In how many ms input_next must be called although nothing came, 0: now, -1: not at all. */
int64_t input_wait(const struct input *in, int64_t now_ms);
/* Drops the events that wait. A sequence that has begun is still swallowed to its end; a begun paste is dropped. */
void input_flush(struct input *in);

/* "Ctrl-L", "PgUp", "d", "Space"; returns `text`. */
enum { INPUT_NAME_SIZE = 16 };
const char *input_key_name(uint32_t key, char text[static INPUT_NAME_SIZE]);

#endif
