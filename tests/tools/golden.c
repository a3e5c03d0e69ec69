#include "tests/tools/golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/buf.h"
#include "backend/base/file.h"
#include "backend/base/mem.h"
#include "tests/tools/screen.h"

enum { LOOKS_MAX = 52, TEXT_MAX = 4 << 20 };

/* The ways of drawing that were met, in order. */
struct looks {
	struct screen_cell all[LOOKS_MAX];
	size_t n;
};

static bool is_plain(const struct screen_cell *cell)
{
	return cell->fg == -1 && cell->bg == -1 && !cell->bold && !cell->underline && !cell->reverse;
}

static bool look_alike(const struct screen_cell *a, const struct screen_cell *b)
{
	return a->fg == b->fg && a->bg == b->bg && a->bold == b->bold && a->underline == b->underline &&
		a->reverse == b->reverse;
}

static char letter_of(struct looks *looks, const struct screen_cell *cell)
{
	size_t i = 0;

	if (is_plain(cell))
		return '.';
	while (i < looks->n && !look_alike(&looks->all[i], cell))
		i++;
	if (i == LOOKS_MAX)
		return '?';
	if (i == looks->n)
		looks->all[looks->n++] = *cell;
	return (char)(i < 26 ? 'a' + i : 'A' + i - 26);
}

static void add_colour(struct buf *to, const char *name, int colour)
{
	if (colour >= SCREEN_RGB)
		buf_printf(to, " %s=#%06x", name, (unsigned)(colour - SCREEN_RGB));
	else if (colour >= 0)
		buf_printf(to, " %s=%d", name, colour);
}

static void add_looks(struct buf *to, const struct screen *s)
{
	struct looks looks = { .n = 0 };
	int rows, cols;

	screen_size(s, &rows, &cols);
	for (int row = 0; row < rows; row++) {
		AUTO(mem_auto_free) char *line = mem_alloc((size_t)cols + 1);
		int kept = 0;

		for (int col = 0; col < cols; col++) {
			struct screen_cell cell = screen_cell(s, row, col);

			line[col] = letter_of(&looks, &cell);
			if (line[col] != '.')
				kept = col + 1;
		}
		buf_printf(to, "|%.*s\n", kept, line);
	}
	for (size_t i = 0; i < looks.n; i++) {
		const struct screen_cell *look = &looks.all[i];

		buf_printf(to, "%c:%s%s%s", (char)(i < 26 ? 'a' + i : 'A' + i - 26), look->bold ? " bold" : "",
		           look->underline ? " underline" : "", look->reverse ? " reverse" : "");
		add_colour(to, "fg", look->fg);
		add_colour(to, "bg", look->bg);
		buf_add_text(to, "\n");
	}
}

char *golden_of(const struct screen *s)
{
	AUTO(buf_done) struct buf all = { 0 };
	int rows, cols, row, col;

	buf_init(&all, TEXT_MAX);
	screen_size(s, &rows, &cols);
	buf_printf(&all, "screen %dx%d, cursor ", cols, rows);
	if (screen_cursor(s, &row, &col))
		buf_printf(&all, "row %d column %d\n", row, col);
	else
		buf_add_text(&all, "hidden\n");
	for (int r = 0; r < rows; r++) {
		AUTO(mem_auto_free) char *line = screen_row(s, r);

		buf_printf(&all, "|%s\n", line);
	}
	buf_add_text(&all, "drawn as\n");
	add_looks(&all, s);
	return buf_detach(&all);
}

static bool name_difference(const char *path, const char *wanted, const char *seen, struct err *err)
{
	size_t line = 1;

	for (;; line++) {
		size_t a = strcspn(wanted, "\n"), b = strcspn(seen, "\n");

		if (a != b || strncmp(wanted, seen, a) != 0 || !wanted[a] || !seen[b])
			return err_set(err, ERR_FAILED, "%s:%zu differs\n  wanted %.*s\n  seen   %.*s\n"
			               "(UPDATE=1 accepts what %s.seen shows)", path, line, (int)a, wanted, (int)b, seen, path);
		wanted += a + 1;
		seen += b + 1;
	}
}

bool golden_check(const struct screen *s, const char *path, struct err *err)
{
	AUTO(mem_auto_free) char *seen = golden_of(s);
	AUTO(mem_auto_free) char *seen_path = mem_printf("%s.seen", path);
	AUTO(buf_done) struct buf wanted = { 0 };
	const char *update = getenv("UPDATE");

	if (update && strcmp(update, "1") == 0)
		return file_write_atomic(path, seen, strlen(seen), 0644, err);
	if (!file_read(path, TEXT_MAX, &wanted, err))
		return err_wrap(err, "no golden screen yet (UPDATE=1 writes it)");
	if (strcmp(wanted.data, seen) == 0) {
		unlink(seen_path);
		return true;
	}
	if (!file_write_atomic(seen_path, seen, strlen(seen), 0644, err))
		return false;
	return name_difference(path, wanted.data, seen, err);
}
