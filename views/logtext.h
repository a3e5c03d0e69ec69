/*
 * logtext: a window of a deployment's log, which may be far larger than memory should be.
 *
 * Places are byte offsets into the whole log, so that a line keeps its name while the window moves. The bytes are kept
 * as they came; a line is cleaned when it is shown, whole, so that no escape sequence is cut in two.
 */
#ifndef VIEWS_LOGTEXT_H
#define VIEWS_LOGTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOGTEXT_MAX = 512 * 1024, LOGTEXT_PAGE = 64 * 1024 };

struct logtext {
	int64_t deployment;
	bool known;
	int64_t size;            /* of the whole log, as the engine said last */
	int64_t from, end;       /* what the window holds of it; a byte that is no UTF-8 takes more room in `text` */
	char *text;
	size_t len;
	size_t *lines;           /* where each line of the window begins, relative to it */
	size_t nlines, lines_cap;
};

void logtext_done(struct logtext *l);
void logtext_begin(struct logtext *l, int64_t deployment);     /* another deployment: empty */
/*
 * A piece of the log came. It is added behind or before the window when it touches it, else it becomes the window. What
 * is too much goes from the other end, by whole lines.
 */
void logtext_put(struct logtext *l, int64_t from, int64_t end, const char *text, int64_t size);

/* The line that holds `offset` (clamped to the window); 0 when it is empty. */
size_t logtext_line_at(const struct logtext *l, int64_t offset);
int64_t logtext_offset(const struct logtext *l, size_t line);
/* A line without its newline, cleaned; yours. */
char *logtext_line(const struct logtext *l, size_t line);
/* The next line after (step 1) or before (step -1) `line` that holds `needle`, whatever its case; false: none. */
bool logtext_find(const struct logtext *l, size_t line, int step, const char *needle, size_t *ret_line);

#endif
