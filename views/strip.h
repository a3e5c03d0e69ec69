/*
 * strip: a deployment in three lines: what and how long, its pipeline, its tests or why it failed.
 */
#ifndef VIEWS_STRIP_H
#define VIEWS_STRIP_H

struct canvas;
struct console;

enum { STRIP_ROWS = 3 };

/* At the top of the canvas that was pushed; draws the rule alone when nothing was ever deployed. */
void strip_draw(const struct console *c, struct canvas *canvas);

#endif
