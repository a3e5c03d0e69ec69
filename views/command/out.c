#include "views/command/out.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "backend/base/clean.h"
#include "backend/base/mem.h"

static bool in_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && *no) && term && *term && strcmp(term, "dumb") != 0;
}

static const char *style_begin(enum out_style style)
{
	static const char *const codes[] = {
		[OUT_PLAIN] = "", [OUT_GOOD] = "\033[32m", [OUT_BAD] = "\033[31m", [OUT_BUSY] = "\033[36m"
	};

	return style != OUT_PLAIN && in_colour() ? codes[style] : "";
}

static const char *style_end(enum out_style style)
{
	return *style_begin(style) ? "\033[0m" : "";
}

enum out_style out_style_of(const char *state)
{
	static const struct { const char *state; enum out_style style; } styles[] = {
		{ "succeeded", OUT_GOOD }, { "ok", OUT_GOOD }, { "failed", OUT_BAD }, { "fail", OUT_BAD },
		{ "attention", OUT_BAD }, { "stopped", OUT_BAD }, { "running", OUT_BUSY }, { "undoing", OUT_BAD },
		{ "run", OUT_BUSY }, { "queued", OUT_BUSY }, { "held", OUT_BUSY },
	};

	for (size_t i = 0; i < ARRAY_LEN(styles); i++)
		if (strcmp(styles[i].state, state) == 0)
			return styles[i].style;
	return OUT_PLAIN;
}

size_t out_width(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t width = 0;

	while (*p) {
		uint32_t c = *p;
		int n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4, columns;

		c = n == 1 ? c : c & (0x7fu >> n);
		for (p++; --n > 0 && (*p & 0xc0) == 0x80; p++)
			c = c << 6 | (*p & 0x3f);
		columns = wcwidth((wchar_t)c);
		width += columns >= 0 ? (size_t)columns : 1;
	}
	return width;
}

void out_row(struct out_table *t)
{
	t->rows = mem_grow(t->rows, t->n, &t->cap, sizeof *t->rows);
	t->rows[t->n++] = (struct out_row){ 0 };
	t->column = 0;
}

void out_cell(struct out_table *t, enum out_style style, const char *text)
{
	struct out_cell *cell = &t->rows[t->n - 1].cells[t->column++];
	char *clean = clean_dup(text, CLEAN_LINE);

	if (!*clean) {
		free(clean);
		clean = mem_dup("-");
	}
	*cell = (struct out_cell){ clean, style };
}

void out_cellf(struct out_table *t, enum out_style style, const char *fmt, ...)
{
	AUTO(mem_auto_free) char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	out_cell(t, style, text);
}

static void print_row(const struct out_row *row, const size_t widths[OUT_COLUMNS])
{
	for (size_t c = 0; c < OUT_COLUMNS && row->cells[c].text; c++) {
		const struct out_cell *cell = &row->cells[c];
		bool last = c + 1 == OUT_COLUMNS || !row->cells[c + 1].text;
		size_t pad = last ? 0 : widths[c] - out_width(cell->text) + 2;

		printf("%s%s%s%*s", style_begin(cell->style), cell->text, style_end(cell->style), (int)pad, "");
	}
	putchar('\n');
}

void out_table_print(struct out_table *t)
{
	size_t widths[OUT_COLUMNS] = { 0 };

	for (size_t r = 0; r < t->n; r++) {
		for (size_t c = 0; c < OUT_COLUMNS && t->rows[r].cells[c].text; c++) {
			size_t width = out_width(t->rows[r].cells[c].text);

			widths[c] = width > widths[c] ? width : widths[c];
		}
	}
	for (size_t r = 0; r < t->n; r++)
		print_row(&t->rows[r], widths);
	out_table_done(t);
}

void out_table_done(struct out_table *t)
{
	for (size_t r = 0; r < t->n; r++)
		for (size_t c = 0; c < OUT_COLUMNS; c++)
			free(t->rows[r].cells[c].text);
	free(t->rows);
	*t = (struct out_table){ 0 };
}

void out_line(const char *fmt, ...)
{
	AUTO(mem_auto_free) char *text = NULL, *clean = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	clean = clean_dup(text, CLEAN_LINE);
	fputs(clean, stdout);
	out_end_line();
}

void out_piece(enum out_style style, const char *fmt, ...)
{
	AUTO(mem_auto_free) char *text = NULL, *clean = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	clean = clean_dup(text, CLEAN_LINE);
	printf("%s%s%s", style_begin(style), clean, style_end(style));
}

void out_end_line(void)
{
	putchar('\n');
	fflush(stdout);
}

void out_text(const char *text)
{
	AUTO(mem_auto_free) char *clean = clean_dup(text, CLEAN_TEXT);
	size_t len = strlen(clean);

	fputs(clean, stdout);
	if (len && clean[len - 1] != '\n')
		putchar('\n');
	fflush(stdout);
}

void out_json(const json_t *value)
{
	AUTO(mem_auto_free) char *line = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);

	/* jansson leaves DEL as it is; inside a string its escape means the same, and it stands nowhere else. */
	for (const char *p = line; p && *p; p++) {
		if (*p == 0x7f)
			fputs("\\u007F", stdout);
		else
			putchar(*p);
	}
	putchar('\n');
	fflush(stdout);
}

bool out_finish(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return true;
	fprintf(stderr, "slipway: cannot write everything to standard output: %s\n", strerror(errno));
	return false;
}
