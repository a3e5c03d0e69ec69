/*
 * textscroll: pages of text that are read, not selected from: Errors and Help.
 */
#ifndef VIEWS_TEXTSCROLL_H
#define VIEWS_TEXTSCROLL_H

#include <stdbool.h>
#include <stdint.h>

struct console;

/* Arrows, j k, PgUp PgDn, g G; false: not one of these. `total` rows of text, `shown` on the screen. */
bool textscroll_key(struct console *c, uint32_t key, int total, int shown);

#endif
