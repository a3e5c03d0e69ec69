/* plain_priv: the plain console's inside: plain.c is its loop, plain_ask.c its questions. */
#ifndef VIEWS_PLAIN_PRIV_H
#define VIEWS_PLAIN_PRIV_H

#include "backend/base/buf.h"
#include "views/console.h"
#include "views/plain.h"
#include "views/plain_say.h"

struct loop;
struct loop_io;
struct loop_timer;
struct wire;

/* What the next number means. */
enum asked {
	ASKED_APP, ASKED_ACTION, ASKED_ENVIRONMENT, ASKED_BUILD, ASKED_FEATURE, ASKED_WAITING, ASKED_VERDICT,
	ASKED_CORE           /* the core's own panel */
};

struct plain {
	struct loop *loop;
	struct console *console;
	struct wire *wire;
	struct plain_say say;
	struct loop_io *io;
	struct loop_timer *tick_timer, *heart_timer;
	struct buf typed;
	enum asked asked;
	enum intent_kind kind;       /* chosen, waits for its environment and build */
	bool greeted;
	bool ended;                  /* no more input comes */
	int counted;                 /* seconds of the countdown that were said last */
	int code;
};

void plain_step(struct plain *p, struct console_event e);      /* the time is filled in */
void plain_leave(struct plain *p, int code);

void plain_ask_app(struct plain *p);
void plain_ask_action(struct plain *p);
void plain_take_line(struct plain *p, const char *line);

#endif
