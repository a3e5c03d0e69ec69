#include "views/message.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/clean.h"
#include "backend/base/mem.h"

void messages_done(struct messages *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->errors[i].text);
	free(m->errors);
	free(m->text);
	*m = (struct messages){ 0 };
}

__attribute__((format(printf, 4, 0)))
static void show(struct messages *m, bool is_error, bool gives_way, const char *fmt, va_list ap)
{
	AUTO(mem_auto_free) char *text = mem_vprintf(fmt, ap);

	free(m->text);
	m->text = clean_dup(text, CLEAN_LINE);
	m->is_error = is_error;
	m->gives_way = gives_way;
}

static void keep(struct messages *m, int64_t at)
{
	if (m->n == MESSAGES_MAX) {
		free(m->errors[0].text);
		memmove(m->errors, m->errors + 1, --m->n * sizeof *m->errors);
	}
	m->errors = mem_grow(m->errors, m->n, &m->cap, sizeof *m->errors);
	m->errors[m->n++] = (struct message){ .at = at, .text = mem_dup(m->text) };
}

void messages_note(struct messages *m, const char *fmt, ...)
{
	va_list ap;

	if (m->text && !m->gives_way)
		return;
	va_start(ap, fmt);
	show(m, false, true, fmt, ap);
	va_end(ap);
}

void messages_error(struct messages *m, int64_t at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	show(m, true, false, fmt, ap);
	va_end(ap);
	keep(m, at);
}

void messages_refusal(struct messages *m, int64_t at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	show(m, true, true, fmt, ap);
	va_end(ap);
	keep(m, at);
}

void messages_clear(struct messages *m)
{
	free(m->text);
	m->text = NULL;
	m->is_error = m->gives_way = false;
}
