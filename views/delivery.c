/* Delivery: the four keys of each environment with their history, and the maturity level with its evidence. */
#include <limits.h>
#include <stdio.h>

#include "backend/base/mem.h"
#include "tui/canvas.h"
#include "views/columns.h"
#include "views/command/period.h"
#include "views/console.h"
#include "views/surround.h"
#include "views/textscroll.h"
#include "views/view.h"

enum { WIDE_COLS = 120, TEXT_COL = 8, EVIDENCE_COL = 58, NEXT_COLS = 6 };

/* Eighths of a row, width 1; in ASCII the figure itself stands there. */
static const char *const bars[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };

static unsigned needs(const struct console *c)
{
	(void)c;
	return 1u << FETCH_METRICS | 1u << FETCH_MATURITY;
}

static void enter(struct console *c)
{
	fetch_want(c, FETCH_METRICS);
	fetch_want(c, FETCH_MATURITY);
}

static int most(const struct model_delivery *d)
{
	int ret = 1;

	for (size_t i = 0; i < d->nfigures; i++)
		for (size_t k = 0; k < d->figures[i].nunits; k++)
			if (d->figures[i].units[k] > ret)
				ret = d->figures[i].units[k];
	return ret;
}

/* The newest units that fit, all environments on one scale. */
static void draw_chart(const struct model_figures *f, int scale, struct canvas *canvas, int row, int col, int width)
{
	char text[PERIOD_CHART_MOST + 1];
	size_t first = f->nunits > (size_t)width ? f->nunits - (size_t)width : 0;

	if (canvas_theme(canvas)->ascii) {
		canvas_text(canvas, row, col, width, STYLE_TEXT, period_chart(f->units + first, f->nunits - first, text));
		return;
	}
	for (size_t i = first; i < f->nunits; i++) {
		int n = f->units[i], height = n > 0 ? (n * (int)ARRAY_LEN(bars) + scale - 1) / scale : 0;

		canvas_text(canvas, row, col + (int)(i - first), 1, n > 0 ? STYLE_OK : STYLE_DIM,
		            n > 0 ? bars[height - 1] : ".");
	}
}

enum { ENV, RATE, LEAD, FAILED, RESTORE, CAUGHT, CHART };

static void draw_figures(const struct model_figures *f, int scale, const struct columns *cols, struct canvas *canvas,
                         int row)
{
	char text[PERIOD_TEXT_SIZE], number[40];

	columns_text(cols, canvas, row, ENV, STYLE_STRONG, f->environment);
	snprintf(number, sizeof number, "%.2f", f->per_day < 0 ? 0 : f->per_day);
	columns_text(cols, canvas, row, RATE, STYLE_TEXT, number);
	columns_text(cols, canvas, row, LEAD, STYLE_TEXT, period_text(f->lead_ms, text));
	if (f->changes)
		snprintf(number, sizeof number, "%d/%d %.0f%%", f->failed, f->changes, f->failure_rate * 100);
	columns_text(cols, canvas, row, FAILED, f->failed ? STYLE_FAIL : STYLE_TEXT, f->changes ? number : "-");
	columns_text(cols, canvas, row, RESTORE, STYLE_TEXT, period_text(f->restore_ms, text));
	snprintf(number, sizeof number, "%d", f->caught);
	columns_text(cols, canvas, row, CAUGHT, STYLE_DIM, number);
	if (cols->w[CHART])
		draw_chart(f, scale, canvas, row, cols->x[CHART], cols->w[CHART]);
}

/* A lead time that is not all from commits says so: a line for each such environment. */
static int write_notes(const struct model_delivery *d, struct canvas *canvas, int row)
{
	int used = 0;

	for (size_t i = 0; i < d->nfigures; i++) {
		const struct model_figures *f = &d->figures[i];

		if (!f->leads_from_build)
			continue;
		if (canvas)
			canvas_textf(canvas, row + used, 2, INT_MAX, STYLE_DIM, "LEAD of %s: %d of %d builds count from when built, no commit time",
			             f->environment, f->leads_from_build, f->leads);
		used++;
	}
	return used;
}

/* Returns the rows; with canvas NULL it only counts, as all of these do. */
static int write_metrics(const struct model_delivery *d, struct canvas *canvas, int row, int width)
{
	const struct column list[] = {
		{ .title = "ENV", .width = 8 },
		{ .title = "A DAY", .width = 6, .right = true },
		{ .title = "LEAD", .width = 7, .right = true },
		{ .title = "FAILED", .width = 9, .right = true },
		{ .title = "RESTORE", .width = 7, .right = true },
		{ .title = "CAUGHT", .width = 6, .right = true, .drop = 2 },
		{ .title = d->by_week ? "A WEEK" : "DAY BY DAY", .width = 30, .drop = 1 },
	};
	struct columns cols;

	if (!canvas)
		return (int)d->nfigures + write_notes(d, NULL, 0) + 2;
	columns_init(&cols, list, ARRAY_LEN(list), 2, width - 2);
	columns_head(&cols, canvas, row);
	for (size_t i = 0; i < d->nfigures; i++)
		draw_figures(&d->figures[i], most(d), &cols, canvas, row + 1 + (int)i);
	return (int)d->nfigures + write_notes(d, canvas, row + 1 + (int)d->nfigures) + 2;
}

static int write_wrapped(struct canvas *canvas, const struct canvas *measure, int row, int col, int width, int style,
                         const char *text)
{
	return canvas ? canvas_wrap(canvas, row, col, INT_MAX, width, style, text)
	              : canvas_wrap_rows(measure, width, text);
}

static int write_indicator(const struct model_indicator *in, struct canvas *canvas, const struct canvas *measure,
                           int row, int width)
{
	int col = width >= WIDE_COLS ? EVIDENCE_COL : TEXT_COL, used = width >= WIDE_COLS ? 0 : 1;

	if (canvas) {
		canvas_textf(canvas, row, 1, 1, STYLE_DIM, "%d", in->level);
		canvas_text(canvas, row, 3, 4, in->met ? STYLE_OK : STYLE_WAIT, in->met ? "OK" : "WAIT");
		canvas_text(canvas, row, TEXT_COL, (width >= WIDE_COLS ? EVIDENCE_COL : width) - TEXT_COL - 1, STYLE_STRONG,
		            in->text);
	}
	used += write_wrapped(canvas, measure, row + used, col, width - col - 1, STYLE_DIM, in->evidence);
	if (!in->met) {
		if (canvas)
			canvas_text(canvas, row + used, col, NEXT_COLS, STYLE_HEADING, "next");
		used += write_wrapped(canvas, measure, row + used, col + NEXT_COLS, width - col - NEXT_COLS - 1, STYLE_TEXT,
		                      in->next);
	}
	return used > 0 ? used : 1;
}

/* From row -top on; returns the rows of it all. */
static int write_all(const struct console *c, struct canvas *canvas, int top, int width)
{
	const struct model_delivery *d = &c->delivery;
	int row = -top, met = 0;

	if (d->metrics_known)
		row += write_metrics(d, canvas, row, width);
	for (size_t i = 0; i < d->nindicators; i++)
		met += d->indicators[i].met;
	if (d->maturity_known && canvas)
		canvas_textf(canvas, row, 1, INT_MAX, STYLE_HEADING, "MATURITY  level %d of 2, %d of %zu indicators are met",
		             d->level, met, d->nindicators);
	row += d->maturity_known;
	for (size_t i = 0; i < d->nindicators; i++)
		row += write_indicator(&d->indicators[i], canvas, c->ruler, row, width);
	return row + top;
}

static void draw(const struct console *c, struct canvas *canvas)
{
	int cols = canvas_cols(canvas), rows = canvas_rows(canvas) - 1, total;

	canvas_hline(canvas, 0, 0, cols, STYLE_BORDER);
	canvas_textf(canvas, 0, 2, INT_MAX, STYLE_STRONG, " delivery of %s, 30 days ", c->app ? c->app : "-");
	canvas_push(canvas, 1, 0, rows, cols - 1);
	total = write_all(c, canvas, c->scroll.top, cols - 1);
	if (total == 0)
		canvas_text(canvas, 0, 1, INT_MAX, STYLE_DIM, "counting");
	canvas_pop(canvas);
	canvas_scrollbar(canvas, 1, cols - 1, rows, (size_t)c->scroll.top, (size_t)rows, (size_t)total);
}

static bool key(struct console *c, uint32_t k)
{
	return textscroll_key(c, k, write_all(c, NULL, 0, c->cols - 1), surround_body_rows(c) - 1);
}

const struct view view_delivery = {
	.name = "delivery", .context = ON_DELIVERY, .needs = needs, .enter = enter, .draw = draw, .key = key,
};
