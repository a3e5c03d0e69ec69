/*
 * message: the line above the footer, and the list of errors behind it. A note goes away with the next key, and so does
 * what is said of a key that did nothing: whoever presses the next has seen it. An error stays until it is put away with
 * Esc; both kinds are kept for the Errors screen.
 */
#ifndef VIEWS_MESSAGE_H
#define VIEWS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MESSAGES_MAX = 200 };

struct message { int64_t at; char *text; };      /* wall milliseconds; text is cleaned */

struct messages {
	char *text;              /* what the line shows; NULL nothing */
	bool is_error;
	bool gives_way;          /* to the next key */
	struct message *errors;  /* oldest first */
	size_t n, cap;
};

void messages_done(struct messages *m);
/* A note never replaces an error that nobody has read. */
void messages_note(struct messages *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void messages_error(struct messages *m, int64_t at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Of a key, or of what was typed, that could do nothing. */
void messages_refusal(struct messages *m, int64_t at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void messages_clear(struct messages *m);         /* the line only */

#endif
