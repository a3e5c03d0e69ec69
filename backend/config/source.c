#include "backend/config/source.h"

#include "backend/config/mistake.h"

void source_mistake(const struct source *s, int place, const char *fmt, ...)
{
	struct place at = places_value(s->places, place);
	va_list ap;

	va_start(ap, fmt);
	mistakes_add(s->out, s->file, at.line, at.column, fmt, ap);
	va_end(ap);
}

void source_mistake_key(const struct source *s, int place, const char *fmt, ...)
{
	struct place at = places_key(s->places, place);
	va_list ap;

	va_start(ap, fmt);
	mistakes_add(s->out, s->file, at.line, at.column, fmt, ap);
	va_end(ap);
}
