/*
 * panel: what stands in front of a screen and takes every key: arming, a plan to confirm, the countdown, a question
 * about what is to be done (why, when, which of two), the question whether to quit. For its first 400 ms it takes none,
 * so that nothing typed for the screen behind falls into it. panel_draw.c draws it.
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
	PANEL_REASON,        /* why `intent` is to be done; it must be said */
	PANEL_OVERRIDE,      /* why `intent` passes over a closed window; nothing: it waits until that opens */
	PANEL_TIME,          /* when `intent` is to be done */
	PANEL_CHOICE,        /* `intent`, the smaller step, or `other` */
	PANEL_WHY,           /* the reason that goes with the next action, whatever it will be */
	PANEL_QUIT,
	PANEL_KIND_COUNT
};

enum { PANEL_SAY_SIZE = 160 };

struct panel {
	enum panel_kind kind;
	struct intent intent;        /* PANEL_ARM: only app, environment, expect; PANEL_WHY, PANEL_QUIT: none */
	struct intent other;         /* PANEL_CHOICE: the second choice; else none */
	struct prompt *name;         /* the line that is typed; NULL */
	struct prompt_guard guard;   /* from when it was seen */
	bool seen;                   /* it is on the terminal */
	char *note;                  /* what a gate said; NULL */
	char hint[PANEL_SAY_SIZE];   /* what was wrong with what was typed; "" nothing */
	int64_t at;                  /* PANEL_TIME: what was typed, as an instant; 0: it is none */
	char at_text[PANEL_SAY_SIZE];/* … in its zone and in UTC, and how far away */
};

void panel_open(struct console *c, enum panel_kind kind, const struct intent *intent, struct effects *effects);
void panel_open_noted(struct console *c, enum panel_kind kind, const struct intent *intent, const char *note,
                      struct effects *effects);
void panel_choose(struct console *c, const struct intent *smaller, const struct intent *other, struct effects *effects);
void panel_close(struct console *c);
bool panel_is_for_action(const struct console *c);       /* it asks about something that would be done */
void panel_seen(struct console *c);      /* a frame with it is on the terminal */
/* Every key and paste while a panel is open. */
void panel_take(struct console *c, const struct input_event *event, struct effects *effects);
void panel_draw(const struct console *c, struct canvas *canvas);

/* What a panel asks, in words: for the box and for plain lines. */
const char *panel_question(const struct panel *p);

#endif
