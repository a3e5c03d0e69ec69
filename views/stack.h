/*
 * stack: the way in (Enter) and back (Esc) through the screens. The lowest one is home.
 */
#ifndef VIEWS_STACK_H
#define VIEWS_STACK_H

#include <stdbool.h>
#include <stdint.h>

struct console;
struct view;

/* A screen that is on top already, of the same thing, stays. `build` is copied; NULL. */
void stack_push(struct console *c, const struct view *view, int64_t deployment, const char *build);
bool stack_pop(struct console *c);               /* false: at home */
void stack_home(struct console *c, const struct view *view);
void stack_done(struct console *c);

#endif
