/*
 * save: `S` writes the whole log of a deployment to a file in the current folder, piece by piece, cleaned, since
 * somebody will `cat` it.
 */
#ifndef VIEWS_SAVE_H
#define VIEWS_SAVE_H

#include <stdbool.h>

struct console;
struct console_event;
struct effects;

void save_begin(struct console *c, struct effects *effects);
/* true when the event was the answer to one of its requests. */
bool save_answer(struct console *c, const struct console_event *e, struct effects *effects);

#endif
