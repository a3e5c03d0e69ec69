/*
 * panel: what stands in front of a screen and takes every key: arming, a plan to confirm, the countdown, the question
 * whether to quit. For its first 400 ms it takes none, so that nothing typed for the screen behind falls into it.
 */
#ifndef VIEWS_PANEL_H
#define VIEWS_PANEL_H

#include <stdbool.h>
#include <stdint.h>

#include "tui/prompt.h"
#include "views/intent.h"

struct canvas;
struct console;
struct effects;
struct input_event;

enum panel_kind {
	PANEL_NONE,
	PANEL_ARM,           /* the name arms */
	PANEL_ACT,           /* the name arms and starts `intent` */
	PANEL_COUNT,         /* the countdown; what it is for is in the safety's `pending` */
	PANEL_QUIT
};

struct panel {
	enum panel_kind kind;
	struct intent intent;        /* PANEL_ARM: only app, environment, expect */
	struct prompt *name;
	struct prompt_guard guard;   /* from when it was seen */
	bool seen;                   /* it is on the terminal */
	const char *hint;            /* what was wrong with what was typed; static; NULL */
};

void panel_open(struct console *c, enum panel_kind kind, const struct intent *intent, struct effects *effects);
void panel_close(struct console *c);
void panel_seen(struct console *c);      /* a frame with it is on the terminal */
/* Every key and paste while a panel is open. */
void panel_take(struct console *c, const struct input_event *event, struct effects *effects);
void panel_draw(const struct console *c, struct canvas *canvas);

#endif
