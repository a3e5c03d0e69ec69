#include "views/pane.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "backend/base/clock.h"
#include "backend/base/mem.h"
#include "tui/canvas.h"
#include "views/console.h"
#include "views/logrows.h"
#include "views/select.h"
#include "views/state.h"

enum { TIME_COLS = 9 };

/* What a line begins with tells what it is: a stage's heading, a suite, a result as TAP or a smoke test prints it. */
static const struct { const char *prefix; int style, rest; } kinds[] = {
	{ "== ", STYLE_DIM, STYLE_STRONG }, { "-- ", STYLE_DIM, STYLE_DIM }, { "FAIL ", STYLE_FAIL, STYLE_TEXT },
	{ "not ok ", STYLE_FAIL, STYLE_TEXT }, { "ok ", STYLE_OK, STYLE_TEXT }, { "Bail out!", STYLE_FAIL, STYLE_FAIL },
	{ "# ", STYLE_DIM, STYLE_DIM },
};

static size_t kind_of(const char *line)
{
	size_t i = 0;

	while (i < ARRAY_LEN(kinds) && strncmp(line, kinds[i].prefix, strlen(kinds[i].prefix)) != 0)
		i++;
	return i;
}

static int style_of(const char *line)
{
	size_t kind = kind_of(line);

	return kind < ARRAY_LEN(kinds) ? kinds[kind].rest : STYLE_TEXT;
}

static void mark_kind(struct canvas *canvas, int row, int col, const char *line)
{
	size_t kind = kind_of(line);

	if (kind < ARRAY_LEN(kinds))
		canvas_restyle(canvas, row, col, (int)strlen(kinds[kind].prefix), kinds[kind].style);
}

/* The log has no times of its own; a stage's heading was written when the stage began. */
static void draw_time(const struct console *c, struct canvas *canvas, int row, const char *line)
{
	const struct model_deployment *d = select_deployment(c);
	char iso[CLOCK_ISO_SIZE];

	for (size_t i = 0; d && strncmp(line, "== ", 3) == 0 && i < d->nsteps; i++)
		if (d->steps[i].started && strcmp(line + 3, stage_name(d->steps[i].stage)) == 0)
			canvas_textf(canvas, row, 1, TIME_COLS - 1, STYLE_DIM, "%.8s",
			             strchr(clock_iso(d->steps[i].started, iso), 'T') + 1);
}

static void mark_matches(const struct console *c, struct canvas *canvas, int row, int col, const char *line)
{
	const char *find = c->log_view.find, *hit = find && *find ? strcasestr(line, find) : NULL;

	for (; hit; hit = strcasestr(hit + 1, find)) {
		AUTO(mem_auto_free) char *before = mem_dupn(line, (size_t)(hit - line));
		int at = col + canvas_width(canvas, before);

		if (at < canvas_cols(canvas) - 1)
			canvas_restyle(canvas, row, at, canvas_width(canvas, find), STYLE_MATCH);
	}
}

static int draw_line(const struct console *c, struct canvas *canvas, int row, const char *line)
{
	int col = 1 + (c->log_view.times ? TIME_COLS : 0), width = canvas_cols(canvas) - col - 1;
	const char *from = line;

	if (c->log_view.times)
		draw_time(c, canvas, row, line);
	if (c->log_view.wrap) {
		int rows = canvas_wrap(canvas, row, col, canvas_rows(canvas) - row, width, style_of(line), *line ? line : " ");

		mark_kind(canvas, row, col, line);
		return rows;
	}
	for (int skip = c->log_view.left; skip > 0 && *from; skip--)
		do
			from++;
		while ((*from & 0xc0) == 0x80);
	canvas_text(canvas, row, col, width, style_of(line), from);
	if (from == line)
		mark_kind(canvas, row, col, line);
	mark_matches(c, canvas, row, col, from);
	return 1;
}

void pane_log(const struct console *c, struct canvas *canvas, bool live)
{
	int rows = canvas_rows(canvas), row = 0;
	size_t first;

	if (c->log.nlines == 0) {
		canvas_text(canvas, 0, 1, INT_MAX, STYLE_DIM, c->log.known ? "nothing was written yet" : "");
		return;
	}
	first = live ? logrows_bottom(c, rows, canvas_cols(canvas)) : logrows_top(c, rows, canvas_cols(canvas));
	for (size_t line = first; line < c->log.nlines && row < rows; line++) {
		AUTO(mem_auto_free) char *text = logtext_line(&c->log, line);

		row += draw_line(c, canvas, row, text);
	}
}
