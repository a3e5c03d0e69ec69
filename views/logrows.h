/*
 * logrows: which line of the log stands at the top of the screen: the one scrolled to, or, following, as many as fit
 * before the end.
 */
#ifndef VIEWS_LOGROWS_H
#define VIEWS_LOGROWS_H

#include <stddef.h>

struct console;

size_t logrows_top(const struct console *c, int rows, int cols);
/* The top line when the end stands on the last row. */
size_t logrows_bottom(const struct console *c, int rows, int cols);

#endif
