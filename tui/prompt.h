/*
 * prompt: one line that a person types (an environment's name, `/` search, `:` command with completion), and the guard
 * that keeps a panel from taking keys that were meant for what was there before. Pure: the time is passed in.
 */
#ifndef TUI_PROMPT_H
#define TUI_PROMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct canvas;
struct input;
struct input_event;
struct prompt;

enum {
	PROMPT_DEAF_MS = 400,           /* a panel takes no key for so long after it opened */
	PROMPT_MAX = 256                /* bytes of text */
};

/* The guard by itself, for panels without a line to type. */
struct prompt_guard {
	int64_t opened_ms;
};
/* Drops the keys that wait in `in` (NULL: none to drop) and begins the deaf time. */
void prompt_guard_open(struct prompt_guard *guard, struct input *in, int64_t now_ms);
bool prompt_guard_deaf(const struct prompt_guard *guard, int64_t now_ms);

enum prompt_kind {
	PROMPT_LINE,            /* `/` and `:` answer at once; pasted text is inserted, its newlines as spaces */
	PROMPT_NAME             /* arming: guarded, pasted text is refused, it must be typed */
};

enum prompt_result {
	PROMPT_EDITING,         /* goes on; the key was swallowed whatever it was */
	PROMPT_DONE,            /* Enter */
	PROMPT_CANCELLED        /* Esc, Ctrl-C, or Backspace in an empty PROMPT_LINE */
};

/* The i-th completion of what is typed, NULL after the last. */
typedef const char *(*prompt_complete_fn)(void *arg, const char *typed, size_t i);

struct prompt *prompt_new(enum prompt_kind kind, const char *label, struct input *in, int64_t now_ms);
void prompt_free(struct prompt *p);
void prompt_complete_with(struct prompt *p, prompt_complete_fn fn, void *arg);         /* on Tab */
/*
 * Left Right Home End Backspace Delete, Ctrl-A Ctrl-E Ctrl-U Ctrl-K Ctrl-W; Tab completes as far as the completions
 * agree, and a whole one gets a space.
 */
enum prompt_result prompt_take(struct prompt *p, const struct input_event *event, int64_t now_ms);
const char *prompt_text(const struct prompt *p);               /* borrowed until the next call */
void prompt_set(struct prompt *p, const char *text);           /* the cursor goes to its end */
bool prompt_paste_refused(const struct prompt *p);             /* the last event was one: say so on the screen */
/* Label and text, scrolled so that the cursor is seen; sets the canvas's cursor. */
void prompt_draw(const struct prompt *p, struct canvas *c, int row, int col, int width);

#endif
