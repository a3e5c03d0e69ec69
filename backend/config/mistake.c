#include "backend/config/mistake.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/mem.h"

enum { WORD_MAX = 64, HINT_MAX = 2000 };

void mistakes_add(struct config_mistakes *m, const char *file, int line, int column, const char *fmt, va_list ap)
{
	bool last = m->n == MISTAKES_MAX - 1;

	if (m->n >= MISTAKES_MAX)
		return;
	m->items = mem_grow(m->items, m->n, &m->cap, sizeof *m->items);
	m->items[m->n] = (struct config_mistake){
		.file = mem_dup(file),
		.line = line,
		.column = column,
		.text = last ? mem_dup("there are more mistakes than can be shown") : mem_vprintf(fmt, ap),
	};
	m->n++;
}

static int mistake_compare(const void *a, const void *b)
{
	const struct config_mistake *x = a, *y = b;
	int order = strcmp(x->file, y->file);

	if (order == 0)
		order = x->line - y->line;
	if (order == 0)
		order = x->column - y->column;
	return order ? order : strcmp(x->text, y->text);
}

void mistakes_sort(struct config_mistakes *m)
{
	size_t kept = 0;

	if (m->n == 0)
		return;
	qsort(m->items, m->n, sizeof *m->items, mistake_compare);
	for (size_t i = 1; i < m->n; i++) {
		if (mistake_compare(&m->items[kept], &m->items[i]) != 0) {
			m->items[++kept] = m->items[i];
			continue;
		}
		free(m->items[i].file);
		free(m->items[i].text);
	}
	m->n = kept + 1;
}

void config_mistakes_done(struct config_mistakes *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->items[i].file);
		free(m->items[i].text);
	}
	free(m->items);
	*m = (struct config_mistakes){ 0 };
}

static int least(int a, int b, int c)
{
	int ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Levenshtein's distance, a swap of neighbours counting one (optimal string alignment). Both shorter than WORD_MAX. */
static int distance(const char *a, size_t na, const char *b, size_t nb)
{
	int rows[3][WORD_MAX + 1];

	for (size_t j = 0; j <= nb; j++)
		rows[0][j] = (int)j;
	for (size_t i = 1; i <= na; i++) {
		int *now = rows[i % 3], *before = rows[(i + 2) % 3], *before2 = rows[(i + 1) % 3];

		now[0] = (int)i;
		for (size_t j = 1; j <= nb; j++) {
			now[j] = least(before[j] + 1, now[j - 1] + 1, before[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least(now[j], before2[j - 2] + 1, now[j]);
		}
	}
	return rows[na % 3][nb];
}

const char *word_nearest(const char *text, const char *const *words, size_t nwords)
{
	const char *nearest = NULL;
	size_t len = strlen(text);
	int best = len / 3 < 1 ? 1 : (int)(len / 3);

	if (len == 0 || len >= WORD_MAX)
		return NULL;
	for (size_t i = 0; i < nwords; i++) {
		size_t n = strlen(words[i]);
		int d = n < WORD_MAX ? distance(text, len, words[i], n) : WORD_MAX;

		if (d < best || (d == best && !nearest)) {
			best = d;
			nearest = words[i];
		}
	}
	return nearest;
}

char *word_hint(const char *text, const char *const *words, size_t nwords)
{
	const char *nearest = word_nearest(text, words, nwords);
	struct buf b;

	if (nearest)
		return mem_printf(" (did you mean \"%s\"?)", nearest);
	if (nwords == 0)
		return mem_dup("");
	buf_init(&b, HINT_MAX);
	buf_add_text(&b, " (valid here: ");
	for (size_t i = 0; i < nwords; i++)
		buf_printf(&b, "%s%s", i ? ", " : "", words[i]);
	buf_add_text(&b, ")");
	return b.data;
}
