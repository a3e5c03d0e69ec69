#include "backend/engine/words_list.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>

#include "backend/base/mem.h"

void words_printf(struct words_list *w, const char *fmt, ...)
{
	va_list ap;

	/* Room for the word and for the NULL behind the last. */
	w->items = mem_grow(w->items, w->n + 1, &w->cap, sizeof *w->items);
	va_start(ap, fmt);
	w->items[w->n++] = mem_vprintf(fmt, ap);
	va_end(ap);
	w->items[w->n] = NULL;
}

void words_add_environment(struct words_list *w)
{
	static const struct { const char *name, *otherwise; } kept[] = {
		{ "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" }, { "HOME", "/" },
		{ "LANG", "C.UTF-8" },
	};

	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		const char *value = getenv(kept[i].name);

		words_printf(w, "%s=%s", kept[i].name, value ? value : kept[i].otherwise);
	}
}

const char *const *words_env(const struct words_list *w)
{
	return (const char *const *)w->items;
}

void words_done(struct words_list *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->items[i]);
	free(w->items);
	*w = (struct words_list){ 0 };
}

char *words_variable(const char *name)
{
	char *text = mem_dup(name);

	for (char *p = text; *p; p++)
		*p = isalnum((unsigned char)*p) ? (char)toupper((unsigned char)*p) : '_';
	return text;
}
