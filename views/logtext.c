#include "views/logtext.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/clean.h"
#include "backend/base/mem.h"

void logtext_done(struct logtext *l)
{
	free(l->text);
	free(l->lines);
	*l = (struct logtext){ 0 };
}

void logtext_begin(struct logtext *l, int64_t deployment)
{
	if (l->deployment == deployment)
		return;
	logtext_done(l);
	l->deployment = deployment;
}

static void index_lines(struct logtext *l)
{
	const char *p = l->text;

	l->nlines = 0;
	while (p && p < l->text + l->len) {
		const char *end = memchr(p, '\n', l->len - (size_t)(p - l->text));

		l->lines = mem_grow(l->lines, l->nlines, &l->lines_cap, sizeof *l->lines);
		l->lines[l->nlines++] = (size_t)(p - l->text);
		p = end ? end + 1 : NULL;
	}
}

/* Forgets at least `n` bytes at the front, up to the beginning of a line where there is one. */
static void drop_front(struct logtext *l, size_t n)
{
	const char *end = memchr(l->text + n, '\n', l->len - n);

	if (end)
		n = (size_t)(end - l->text) + 1;
	memmove(l->text, l->text + n, l->len - n);
	l->len -= n;
	l->from += (int64_t)n;
}

static void drop_back(struct logtext *l, size_t keep)
{
	const char *end = memrchr(l->text, '\n', keep);

	l->len = end ? (size_t)(end - l->text) + 1 : keep;
	l->end = l->from + (int64_t)l->len;
}

/* What begins in the middle of the log mostly begins in the middle of a line: that piece is left out. */
static void drop_half_line(struct logtext *l)
{
	const char *end = l->from > 0 ? memchr(l->text, '\n', l->len) : NULL;

	if (end && end + 1 < l->text + l->len)
		drop_front(l, (size_t)(end - l->text));
}

static void join(struct logtext *l, const char *a, size_t na, const char *b, size_t nb)
{
	char *joined = mem_alloc(na + nb + 1);

	memcpy(joined, a, na);
	memcpy(joined + na, b, nb);
	free(l->text);
	l->text = joined;
	l->len = na + nb;
}

void logtext_put(struct logtext *l, int64_t from, int64_t end, const char *text, int64_t size)
{
	size_t len = strlen(text);
	const char *old = l->text ? l->text : "";

	if (l->known && l->len && len && end == l->from) {
		join(l, text, len, old, l->len);
		l->from = from;
		if (l->len > LOGTEXT_MAX)
			drop_back(l, LOGTEXT_MAX);
	} else {
		bool touches = l->known && from == l->end;

		join(l, old, touches ? l->len : 0, text, len);
		if (!touches)
			l->from = from;
		l->end = end;
		if (!touches)
			drop_half_line(l);
		if (l->len > LOGTEXT_MAX)
			drop_front(l, l->len - LOGTEXT_MAX);
	}
	l->size = size > l->end ? size : l->end;
	l->known = true;
	index_lines(l);
}

size_t logtext_line_at(const struct logtext *l, int64_t offset)
{
	size_t low = 0, high = l->nlines;

	/* The last line that does not begin behind the offset. */
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (logtext_offset(l, middle) <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? low - 1 : 0;
}

int64_t logtext_offset(const struct logtext *l, size_t line)
{
	int64_t offset = line < l->nlines ? l->from + (int64_t)l->lines[line] : l->end;

	return offset < l->end ? offset : l->end;
}

char *logtext_line(const struct logtext *l, size_t line)
{
	AUTO(mem_auto_free) char *raw = NULL;
	size_t end;

	if (line >= l->nlines)
		return mem_dup("");
	end = line + 1 < l->nlines ? l->lines[line + 1] : l->len;
	if (end > l->lines[line] && l->text[end - 1] == '\n')
		end--;
	raw = mem_dupn(l->text + l->lines[line], end - l->lines[line]);
	return clean_dup(raw, CLEAN_LINE);
}

bool logtext_find(const struct logtext *l, size_t line, int step, const char *needle, size_t *ret_line)
{
	for (size_t i = line; (step > 0 && i + 1 < l->nlines) || (step < 0 && i > 0);) {
		AUTO(mem_auto_free) char *text = NULL;

		i = step > 0 ? i + 1 : i - 1;
		text = logtext_line(l, i);
		if (strcasestr(text, needle)) {
			*ret_line = i;
			return true;
		}
	}
	return false;
}
