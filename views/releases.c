/* Home: environments, builds and the pipeline of one application; on a wide screen the deployment and its log too. */
#include <stdlib.h>
#include <string.h>

#include "backend/base/mem.h"
#include "tui/canvas.h"
#include "tui/list.h"
#include "views/console.h"
#include "views/pane.h"
#include "views/select.h"
#include "views/stack.h"
#include "views/strip.h"
#include "views/view.h"

enum { LEFT_COLS = 37, WIDE_LEFT_COLS = 49, WIDE_RIGHT_COLS = 62, WIDE_LOG_ROWS = 15 };

static unsigned needs(const struct console *c)
{
	const struct model_deployment *d = select_deployment(c);
	unsigned what = 1u << FETCH_BUILDS;

	/* The strip names the first failed test. */
	if (console_is_wide(c))
		what |= 1u << FETCH_RESULTS | 1u << FETCH_LOG;
	else if (d && d->tests.fail)
		what |= 1u << FETCH_RESULTS;
	return what;
}

static int left_cols(const struct console *c, int cols)
{
	if (console_is_wide(c))
		return WIDE_LEFT_COLS;
	return cols < 80 ? LEFT_COLS - (80 - cols) / 5 : LEFT_COLS + (cols - 80) / 4;
}

static int list_rows(const struct console *c, int rows)
{
	return console_is_wide(c) ? rows - WIDE_LOG_ROWS - 1 : rows - strip_rows(c);
}

static void layout(struct console *c, int rows, int cols)
{
	(void)cols;
	list_height(c->environments, list_rows(c, rows) - 1);
	list_height(c->build_list, list_rows(c, rows) - 1);
}

static void draw_lists(const struct console *c, struct canvas *canvas, int rows, int left, int cols)
{
	canvas_push(canvas, 0, 0, rows, left);
	pane_environments(c, canvas);
	canvas_pop(canvas);
	canvas_vline(canvas, 0, left, rows, STYLE_BORDER);
	canvas_push(canvas, 0, left + 1, rows, cols - left - 1);
	pane_builds(c, canvas);
	canvas_pop(canvas);
}

static void draw_wide(const struct console *c, struct canvas *canvas, int rows, int left)
{
	int cols = canvas_cols(canvas), middle = cols - WIDE_RIGHT_COLS, log_rows = canvas_rows(canvas) - rows - 1;
	const struct model_deployment *d = select_deployment(c);

	draw_lists(c, canvas, rows, left, middle);
	canvas_vline(canvas, 0, middle, rows, STYLE_BORDER);
	canvas_push(canvas, 0, middle + 1, rows, WIDE_RIGHT_COLS - 1);
	pane_deployment(c, canvas);
	canvas_pop(canvas);
	canvas_hline(canvas, rows, 0, cols, STYLE_BORDER);
	if (d)
		canvas_textf(canvas, rows, 2, cols - 4, STYLE_STRONG, " log of %s %s ", d->environment, d->version);
	canvas_push(canvas, rows + 1, 0, log_rows, cols);
	pane_log(c, canvas, true);
	canvas_pop(canvas);
}

static void draw(const struct console *c, struct canvas *canvas)
{
	int cols = canvas_cols(canvas), rows = list_rows(c, canvas_rows(canvas)), left = left_cols(c, cols);

	if (console_is_wide(c)) {
		draw_wide(c, canvas, rows, left);
		return;
	}
	draw_lists(c, canvas, rows, left, cols);
	canvas_push(canvas, rows, 0, canvas_rows(canvas) - rows, cols);
	strip_draw(c, canvas);
	canvas_pop(canvas);
}

static void copy(struct console *c, struct effects *effects)
{
	const struct model_build *b = select_build(c);

	if (!b)
		return;
	effects_copy(effects, mem_printf("%s %s", b->version, b->digest));
}

static bool act(struct console *c, enum action action, struct effects *effects)
{
	const struct model_build *b = select_build(c);
	int64_t id = select_deployment_id(c);

	switch (action) {
	case ACTION_PANE:
		c->builds_focused = !c->builds_focused;
		return true;
	case ACTION_LEFT: case ACTION_RIGHT:
		c->builds_focused = action == ACTION_RIGHT;
		return true;
	case ACTION_OPEN:
		if (c->builds_focused && b)
			stack_push(c, &view_tests, 0, b->version);
		else if (id)
			stack_push(c, &view_deployment, id, NULL);
		return true;
	case ACTION_TESTS:
		if (!c->builds_focused || !b)
			return false;
		stack_push(c, &view_tests, 0, b->version);
		return true;
	case ACTION_COPY:
		copy(c, effects);
		return true;
	default:
		return false;
	}
}

static bool key(struct console *c, uint32_t k)
{
	return c->builds_focused ? list_key(c->build_list, k, select_build_id, c)
	                         : list_key(c->environments, k, select_environment_id, c);
}

static void search(struct console *c, const char *text, int dir)
{
	if (dir) {
		list_move(c->build_list, dir, select_build_id, c);
		return;
	}
	free(c->query);
	c->query = *text ? mem_dup(text) : NULL;
	c->builds_focused = true;
	model_builds_done(&c->builds);
	list_free(c->build_list);
	c->build_list = list_new();
	fetch_renew(c, FETCH_BUILDS);
}

const struct view view_releases = {
	.name = "releases", .context = ON_RELEASES, .needs = needs, .draw = draw, .layout = layout, .act = act, .key = key,
	.search = search,
};
