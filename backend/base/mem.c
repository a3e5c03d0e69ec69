#include "backend/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void out_of_memory(void)
{
	static const char text[] = "slipway: out of memory\n";

	(void)!write(STDERR_FILENO, text, sizeof text - 1);
	abort();
}

void *mem_alloc(size_t size)
{
	return mem_array(1, size);
}

void *mem_array(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		out_of_memory();
	return p;
}

char *mem_dup(const char *text)
{
	return text ? mem_dupn(text, strlen(text)) : NULL;
}

char *mem_dupn(const char *text, size_t n)
{
	size_t len = strnlen(text, n);
	char *p = mem_alloc(len + 1);

	memcpy(p, text, len);
	return p;
}

char *mem_vprintf(const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		out_of_memory();
	return text;
}

char *mem_printf(const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	return text;
}

void *mem_grow(void *array, size_t n, size_t *cap, size_t size)
{
	size_t want;
	char *p;

	if (n < *cap)
		return array;
	want = *cap ? *cap * 2 : 8;
	p = reallocarray(array, want, size);
	if (!p)
		out_of_memory();
	memset(p + *cap * size, 0, (want - *cap) * size);
	*cap = want;
	return p;
}

void mem_auto_free(char **text)
{
	free(*text);
	*text = NULL;
}

void mem_auto_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

char **mem_dup_list(const char *const *list)
{
	size_t n = 0;
	char **copy;

	while (list && list[n])
		n++;
	copy = mem_array(n + 1, sizeof *copy);
	for (size_t i = 0; i < n; i++)
		copy[i] = mem_dup(list[i]);
	return copy;
}

void mem_free_list(char **list)
{
	for (char **text = list; text && *text; text++)
		free(*text);
	free(list);
}
