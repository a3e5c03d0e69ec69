/*
 * pane: the pieces that screens are put together from. Each fills the canvas that was pushed for it, whatever its size.
 */
#ifndef VIEWS_PANE_H
#define VIEWS_PANE_H

#include <stdbool.h>

struct canvas;
struct console;

/* Environments with what is live and in what state; one heading row. */
void pane_environments(const struct console *c, struct canvas *canvas);
/* Builds, newest first; one heading row. */
void pane_builds(const struct console *c, struct canvas *canvas);
/* The deployment that is looked at: facts, stages, tests, why it failed. */
void pane_deployment(const struct console *c, struct canvas *canvas);
/* Its log: `live` its end, else where it was scrolled to. */
void pane_log(const struct console *c, struct canvas *canvas, bool live);

#endif
