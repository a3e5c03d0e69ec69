/*
 * wire: the engine as the core sees it: requests go out by number, everything that comes back is a console_event.
 */
#ifndef VIEWS_WIRE_H
#define VIEWS_WIRE_H

#include "views/console.h"

struct loop;
struct wire;

/* The time of the event is filled in. Never comes from inside a call. */
typedef void (*wire_fn)(void *arg, const struct console_event *event);

/* Connects and follows the event stream for ever. */
struct wire *wire_new(struct loop *loop, const char *socket, wire_fn fn, void *arg);
void wire_free(struct wire *w);
void wire_retry(struct wire *w);       /* connects now, without waiting for the next try */
void wire_send(struct wire *w, struct effect *effect);         /* an EFFECT_SEND; its body is taken */

#endif
