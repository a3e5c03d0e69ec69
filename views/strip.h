/*
 * strip: a deployment in a few lines: what and how long, its pipeline, its tests or why it failed.
 */
#ifndef VIEWS_STRIP_H
#define VIEWS_STRIP_H

struct canvas;
struct console;

/* Three, or more where it has to be told why it waits or failed. */
int strip_rows(const struct console *c);
/* At the top of the canvas that was pushed; draws the rule alone when nothing was ever deployed. */
void strip_draw(const struct console *c, struct canvas *canvas);

#endif
