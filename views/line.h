/*
 * line: what is typed at the bottom: `/` searches, `:` commands. A command does what a key does, by the same way.
 */
#ifndef VIEWS_LINE_H
#define VIEWS_LINE_H

#include <stdbool.h>
#include <stddef.h>

struct console;
struct effects;
struct input_event;

void line_open(struct console *c, bool is_search);
void line_close(struct console *c);
void line_take(struct console *c, const struct input_event *event, struct effects *effects);
/* What a typed command does; an unknown one is an error message. */
void line_run(struct console *c, const char *text, struct effects *effects);
/* The i-th completion of what is typed; NULL after the last. Borrowed until the next call. */
const char *line_complete(void *arg, const char *typed, size_t i);

#endif
