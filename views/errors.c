/*
 * The errors of this session, newest first, in full, after what stands now: the mistakes of the configuration, and what
 * should be known of the environments.
 */
#include <limits.h>
#include <string.h>

#include "backend/base/clock.h"
#include "backend/base/mem.h"
#include "tui/canvas.h"
#include "views/console.h"
#include "views/select.h"
#include "views/surround.h"
#include "views/textscroll.h"
#include "views/view.h"

enum { TIME_COLS = 10 };

/* Draws (with canvas NULL it only counts) one text in full; returns its rows. */
static int write_one(const struct console *c, struct canvas *canvas, int row, int cols, const char *text)
{
	int width = cols - TIME_COLS - 2, rows = canvas_wrap_rows(c->ruler, width, text);

	if (canvas)
		canvas_wrap(canvas, row, 1 + TIME_COLS, rows, width, STYLE_TEXT, text);
	return rows;
}

/* What the message line tells of an environment while it is selected. */
static int write_remarks(const struct console *c, struct canvas *canvas, int row, int cols)
{
	const struct model_app *app = select_app(c);
	int from = row;

	for (size_t i = 0; app && i < app->nenvironments; i++) {
		const struct model_environment *e = &app->environments[i];
		const char *const texts[] = { e->attention, e->hindrance, e->remark };

		for (size_t k = 0; k < ARRAY_LEN(texts); k++) {
			if (!*texts[k])
				continue;
			if (canvas)
				canvas_text(canvas, row, 1, TIME_COLS - 1, STYLE_HELD, e->name);
			row += write_one(c, canvas, row, cols, texts[k]);
		}
	}
	return row - from;
}

/* All of them from row -top on; returns the rows of it all. */
static int write_all(const struct console *c, struct canvas *canvas, int top, int cols)
{
	char iso[CLOCK_ISO_SIZE];
	int row = -top;

	for (size_t i = 0; i < c->status.nmistakes; i++) {
		if (canvas)
			canvas_text(canvas, row, 1, TIME_COLS, STYLE_HELD, "CONFIG");
		row += write_one(c, canvas, row, cols, c->status.mistakes[i]);
	}
	row += write_remarks(c, canvas, row, cols);
	for (size_t i = c->messages.n; i > 0; i--) {
		const struct message *m = &c->messages.errors[i - 1];

		if (canvas)
			canvas_textf(canvas, row, 1, TIME_COLS - 1, STYLE_DIM, "%.8s", strchr(clock_iso(m->at, iso), 'T') + 1);
		row += write_one(c, canvas, row, cols, m->text);
	}
	return row + top;
}

static void draw(const struct console *c, struct canvas *canvas)
{
	int cols = canvas_cols(canvas), rows = canvas_rows(canvas) - 1, total;

	canvas_hline(canvas, 0, 0, cols, STYLE_BORDER);
	canvas_text(canvas, 0, 2, INT_MAX, STYLE_STRONG, " errors of this session ");
	canvas_push(canvas, 1, 0, rows, cols - 1);
	total = write_all(c, canvas, c->scroll.top, cols - 1);
	if (total == 0)
		canvas_text(canvas, 0, 1, INT_MAX, STYLE_DIM, "none");
	canvas_pop(canvas);
	canvas_scrollbar(canvas, 1, cols - 1, rows, (size_t)c->scroll.top, (size_t)rows, (size_t)total);
}

static bool key(struct console *c, uint32_t k)
{
	return textscroll_key(c, k, write_all(c, NULL, 0, c->cols - 1), surround_body_rows(c) - 1);
}

static void enter(struct console *c)
{
	/* Here they are read. */
	messages_clear(&c->messages);
}

const struct view view_errors = {
	.name = "errors", .context = ON_ERRORS, .enter = enter, .draw = draw, .key = key,
};
