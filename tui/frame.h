/*
 * frame: from a canvas to the cheapest bytes that make a terminal of a given type show it. ncurses works them out and
 * writes them into memory; nothing here touches a terminal. Only one at a time in a process: ncurses has one screen.
 */
#ifndef TUI_FRAME_H
#define TUI_FRAME_H

#include <stdbool.h>

#include "backend/base/err.h"
#include "tui/theme.h"

struct buf;
struct canvas;
struct frame;

/* `name` is TERM's value; NULL or one that is not known or cannot place its cursor is an error that says what to do. */
struct frame *frame_new(const char *name, const char *no_color, bool ascii, struct err *err);
void frame_free(struct frame *f);

const struct theme *frame_theme(const struct frame *f);
const char *frame_enter(const struct frame *f);        /* bytes that begin: alternate screen, no cursor */
const char *frame_leave(const struct frame *f);        /* bytes that end, whatever the state is */
bool frame_plain(const struct frame *f);               /* linux, vt100 and the like: ask them nothing, no paste marks */

/* Sizes and frames before the first frame_resize are no use. Both make the next frame a whole one. */
void frame_resize(struct frame *f, int rows, int cols);
void frame_repaint(struct frame *f);
/* Adds to `out` what differs from the frame before. False: `out` is full, drop it; the next frame will be whole. */
bool frame_render(struct frame *f, const struct canvas *c, struct buf *out);

#endif
