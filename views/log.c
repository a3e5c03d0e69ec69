/* A deployment's log: follows its end, or stays where it was scrolled to. */
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/mem.h"
#include "tui/canvas.h"
#include "tui/input.h"
#include "views/console.h"
#include "views/surround.h"
#include "views/logrows.h"
#include "views/pane.h"
#include "views/save.h"
#include "views/select.h"
#include "views/state.h"
#include "views/view.h"

enum { HEAD_ROWS = 1, SIDE_STEP = 20, COPY_MAX = 60000 };

static unsigned needs(const struct console *c)
{
	(void)c;
	return 1u << FETCH_DEPLOYMENT | 1u << FETCH_LOG;
}

static void enter(struct console *c)
{
	c->log_wanted = -1;
	fetch_want(c, FETCH_LOG);
}

static void draw_head(const struct console *c, struct canvas *canvas)
{
	const struct model_deployment *d = select_deployment(c);
	int cols = canvas_cols(canvas);
	struct state s;
	int col = 1;

	canvas_hline(canvas, 0, 0, cols, STYLE_BORDER);
	if (!d)
		return;
	state_of_deployment(d, &s);
	col += canvas_textf(canvas, 0, 2, cols / 2, STYLE_STRONG, " log of %s %s ", d->environment, d->version) + 1;
	col += canvas_textf(canvas, 0, col, 8, s.style, "%s ", s.word);
	if (c->log_view.find)
		canvas_textf(canvas, 0, col + 1, cols / 3, STYLE_MATCH, " /%s ", c->log_view.find);
	canvas_text_right(canvas, 0, cols - 24, 22, STYLE_TEXT, c->log_view.follow ? " following " : " stays ");
}

static void draw(const struct console *c, struct canvas *canvas)
{
	int cols = canvas_cols(canvas), rows = canvas_rows(canvas) - HEAD_ROWS;

	draw_head(c, canvas);
	canvas_push(canvas, HEAD_ROWS, 0, rows, cols - 1);
	pane_log(c, canvas, false);
	canvas_pop(canvas);
	if (!c->log_view.wrap)
		canvas_scrollbar(canvas, HEAD_ROWS, cols - 1, rows, logrows_top(c, rows, cols - 1), (size_t)rows, c->log.nlines);
}

static int page(const struct console *c)
{
	return surround_body_rows(c) - HEAD_ROWS;
}

/* Near an end of the window, the piece beyond it is fetched. */
static void want_around(struct console *c, size_t top)
{
	if (top < (size_t)page(c) && c->log.from > 0) {
		c->log_wanted = c->log.from > LOGTEXT_PAGE ? c->log.from - LOGTEXT_PAGE : 0;
		fetch_want(c, FETCH_LOG);
	} else if (top + 2 * (size_t)page(c) > c->log.nlines && c->log.end < c->log.size) {
		c->log_wanted = c->log.end;
		fetch_want(c, FETCH_LOG);
	}
}

static void go(struct console *c, size_t line)
{
	size_t bottom = logrows_bottom(c, page(c), c->cols - 1);

	if (line > bottom)
		line = bottom;
	c->log_view.top = logtext_offset(&c->log, line);
	/* Scrolled down to the end, it follows; scrolled up, it stays. */
	c->log_view.follow = line == bottom && c->log.end >= c->log.size;
	want_around(c, line);
}

static void go_first(struct console *c)
{
	c->log_view.follow = false;
	c->log_view.top = 0;
	if (c->log.from == 0)
		return;
	c->log_wanted = 0;
	fetch_want(c, FETCH_LOG);
}

static void go_last(struct console *c)
{
	c->log_view.follow = true;
	if (c->log.end >= c->log.size)
		return;
	logtext_done(&c->log);
	c->log.deployment = select_deployment_id(c);
	c->log_wanted = -1;
	fetch_renew(c, FETCH_LOG);
}

static bool key(struct console *c, uint32_t k)
{
	size_t top = logrows_top(c, page(c), c->cols - 1), step = 0;
	bool up = k == INPUT_UP || k == 'k' || k == INPUT_PGUP, down = k == INPUT_DOWN || k == 'j' || k == INPUT_PGDN;

	if (k == 'g' || k == INPUT_HOME) {
		go_first(c);
	} else if (k == 'G' || k == INPUT_END) {
		go_last(c);
	} else if (up || down || k == ' ') {
		step = k == INPUT_PGUP || k == INPUT_PGDN || k == ' ' ? (size_t)page(c) - 1 : 1;
		go(c, up ? top > step ? top - step : 0 : top + step);
	} else {
		return false;
	}
	return true;
}

/* What is on the screen; the text shown is the one copied. */
static void copy(struct console *c, struct effects *effects)
{
	AUTO(buf_done) struct buf b = { 0 };
	size_t top = logrows_top(c, page(c), c->cols - 1);

	buf_init(&b, COPY_MAX);
	for (size_t line = top; line < c->log.nlines && line < top + (size_t)page(c); line++) {
		AUTO(mem_auto_free) char *text = logtext_line(&c->log, line);

		buf_printf(&b, "%s\n", text);
	}
	effects_copy(effects, buf_detach(&b));
}

static bool act(struct console *c, enum action action, struct effects *effects)
{
	switch (action) {
	case ACTION_FOLLOW:
		if (c->log_view.follow)
			go(c, logrows_top(c, page(c), c->cols - 1));
		if (c->log_view.follow)
			c->log_view.follow = false;
		else
			go_last(c);
		return true;
	case ACTION_WRAP:
		c->log_view.wrap = !c->log_view.wrap;
		c->log_view.left = 0;
		return true;
	case ACTION_TIMES:
		c->log_view.times = !c->log_view.times;
		return true;
	case ACTION_LEFT:
		c->log_view.left = c->log_view.left > SIDE_STEP ? c->log_view.left - SIDE_STEP : 0;
		return true;
	case ACTION_RIGHT:
		if (!c->log_view.wrap && c->log_view.left < 10000)
			c->log_view.left += SIDE_STEP;
		return true;
	case ACTION_COPY:
		copy(c, effects);
		return true;
	case ACTION_SAVE:
		save_begin(c, effects);
		return true;
	default:
		return false;
	}
}

static void search(struct console *c, const char *text, int dir)
{
	size_t from, line;

	if (text) {
		free(c->log_view.find);
		c->log_view.find = *text ? mem_dup(text) : NULL;
		c->log_view.found = -1;
	}
	if (!c->log_view.find)
		return;
	from = c->log_view.found >= 0 ? logtext_line_at(&c->log, c->log_view.found) : logrows_top(c, page(c), c->cols - 1);
	if (!logtext_find(&c->log, from, dir < 0 ? -1 : 1, c->log_view.find, &line)) {
		messages_note(&c->messages, "no line %s has \"%s\" in the part that is here", dir < 0 ? "above" : "below",
		              c->log_view.find);
		return;
	}
	c->log_view.found = logtext_offset(&c->log, line);
	go(c, line > 3 ? line - 3 : 0);
}

const struct view view_log = {
	.name = "log", .context = ON_LOG, .of_deployment = true, .needs = needs, .enter = enter, .draw = draw, .act = act,
	.key = key, .search = search,
};
