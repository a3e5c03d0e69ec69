/*
 * keypress: from a key (or a paste) to what it does: the panel first, then the typed line, then the key table, then the
 * screen's own keys.
 */
#ifndef VIEWS_KEYPRESS_H
#define VIEWS_KEYPRESS_H

#include "views/keys.h"

struct console;
struct effects;
struct input_event;

void keypress_take(struct console *c, const struct input_event *event, struct effects *effects);
/* One action, by its key or by its name after `:`. */
void keypress_act(struct console *c, enum action action, struct effects *effects);

#endif
