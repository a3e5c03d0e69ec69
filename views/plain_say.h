/*
 * plain_say: what the plain console says: each fact once, as a line, when it changes. Remembers what it said last.
 */
#ifndef VIEWS_PLAIN_SAY_H
#define VIEWS_PLAIN_SAY_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct console;

struct plain_said { char *key, *text; };

struct plain_say {
	FILE *out;
	struct plain_said *said;
	size_t n, cap;
	int64_t at_ms;           /* when anything was said last; monotonic */
};

void plain_say_done(struct plain_say *p);
void plain_say_line(struct plain_say *p, const struct console *c, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Environments, the connection, the message: what differs from what was said. */
void plain_say_changes(struct plain_say *p, const struct console *c);
/* All of it again. */
void plain_say_status(struct plain_say *p, const struct console *c);
void plain_say_heartbeat(struct plain_say *p, const struct console *c);

#endif
