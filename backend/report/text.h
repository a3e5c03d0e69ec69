/*
 * report_text: a name or a message as it grows. What passes REPORT_TEXT_MAX is cut at a whole character and marked
 * "…"; a NUL becomes '?', so that the text ends where it ends.
 */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/base/buf.h"

struct report_text {
	struct buf buf;
	bool cut;
};

void report_text_init(struct report_text *text);
void report_text_done(struct report_text *text);
void report_text_clear(struct report_text *text);
void report_text_add(struct report_text *text, const char *data, size_t len);
void report_text_add_string(struct report_text *text, const char *string);
/* Adds a newline if there is a line before it. */
void report_text_add_line(struct report_text *text, const char *data, size_t len);
/* Borrowed until the next change. */
const char *report_text_string(const struct report_text *text);
bool report_text_is_empty(const struct report_text *text);

#endif
