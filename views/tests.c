/* Test results: of a deployment, or of a build as CI reported them. The selected one's message stands below the list. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/mem.h"
#include "tui/canvas.h"
#include "tui/list.h"
#include "views/columns.h"
#include "views/console.h"
#include "views/select.h"
#include "views/state.h"
#include "views/view.h"

enum { MESSAGE_ROWS = 5, HEAD_ROWS = 2, MIGRATIONS_COLS_MIN = 16, ORDER_COLS = 24 };

static unsigned needs(const struct console *c)
{
	(void)c;
	return 1u << FETCH_DEPLOYMENT | 1u << FETCH_RESULTS;
}

static void sort(struct console *c)
{
	free(c->sorted);
	c->sorted = results_sorted(&c->results, c->order, c->filter, &c->nsorted);
	list_set(c->result_list, (int64_t)c->nsorted, 0, (int64_t)c->nsorted, select_result_id, c);
}

static void forget_filter(struct console *c)
{
	free(c->filter);
	c->filter = NULL;
}

static void enter(struct console *c)
{
	forget_filter(c);
	list_free(c->result_list);
	c->result_list = list_new();
	fetch_want(c, FETCH_RESULTS);
}

static void layout(struct console *c, int rows, int cols)
{
	(void)cols;
	sort(c);
	list_height(c->result_list, rows - HEAD_ROWS - MESSAGE_ROWS - 1);
}

static void count(const struct results *r, int counts[static TEST_OUTCOME_COUNT])
{
	for (size_t i = 0; i < r->n; i++)
		counts[r->items[i].outcome]++;
}

/* What the build does to the data, where the rule has room for it. */
static int draw_migrations(const struct console *c, struct canvas *canvas, int col, int room)
{
	const struct model_build *b = c->results_build ? model_build(&c->builds, c->results_build) : NULL;

	if (!b || !*b->migrations || room < MIGRATIONS_COLS_MIN)
		return 0;
	return canvas_textf(canvas, 0, col, room, STYLE_HELD, " migrates %s ", b->migrations);
}

static void draw_head(const struct console *c, struct canvas *canvas)
{
	static const char *const orders[RESULTS_ORDER_COUNT] = { "failures first", "as they came", "by suite" };
	const struct model_deployment *d = select_deployment(c);
	int counts[TEST_OUTCOME_COUNT] = { 0 }, cols = canvas_cols(canvas), col = 2;

	canvas_hline(canvas, 0, 0, cols, STYLE_BORDER);
	count(&c->results, counts);
	if (c->results_build)
		col += canvas_textf(canvas, 0, col, cols / 2, STYLE_STRONG, " tests of build %s ", c->results_build);
	else if (d)
		col += canvas_textf(canvas, 0, col, cols / 2, STYLE_STRONG, " tests of %s %s ", d->environment, d->version);
	if (counts[TEST_OK])
		col += canvas_textf(canvas, 0, col, 16, STYLE_OK, " %d ok ", counts[TEST_OK]);
	if (counts[TEST_FAIL])
		col += canvas_textf(canvas, 0, col, 16, STYLE_FAIL, " %d FAIL ", counts[TEST_FAIL]);
	if (counts[TEST_SKIP] + counts[TEST_TODO])
		col += canvas_textf(canvas, 0, col, 16, STYLE_SKIP, " %d skip ", counts[TEST_SKIP] + counts[TEST_TODO]);
	col += draw_migrations(c, canvas, col, cols - col - ORDER_COLS);
	if (c->filter)
		col += canvas_textf(canvas, 0, col, 24, STYLE_MATCH, " /%s ", c->filter);
	if (col + 20 < cols) {
		AUTO(mem_auto_free) char *text = mem_printf(" %s ", orders[c->order]);

		canvas_text_right(canvas, 0, cols - 22, 20, STYLE_TEXT, text);
	}
}

static void draw_row(const struct result *r, const struct columns *cols, struct canvas *canvas, int row)
{
	enum { STATE, SUITE, NAME, TIME };
	char time[32] = "";
	struct state s;

	state_of_result(r->outcome, &s);
	columns_text(cols, canvas, row, STATE, s.style, s.word);
	columns_text(cols, canvas, row, SUITE, STYLE_DIM, r->suite);
	columns_text(cols, canvas, row, NAME, r->outcome == TEST_FAIL ? STYLE_STRONG : STYLE_TEXT, r->name);
	if (r->ms >= 10000)
		snprintf(time, sizeof time, "%.1f s", (double)r->ms / 1000);
	else if (r->ms >= 0)
		snprintf(time, sizeof time, "%" PRId64 " ms", r->ms);
	columns_text(cols, canvas, row, TIME, STYLE_DIM, time);
}

static const struct result *selected(const struct console *c)
{
	int64_t index = list_index(c->result_list);

	if (!list_selected(c->result_list) || index < 0 || index >= (int64_t)c->nsorted)
		return NULL;
	return &c->results.items[c->sorted[index]];
}

static void draw_message(const struct console *c, struct canvas *canvas, int row)
{
	const struct result *r = selected(c);
	int cols = canvas_cols(canvas);

	canvas_hline(canvas, row, 0, cols, STYLE_BORDER);
	if (!r)
		return;
	row += 1 + canvas_wrap(canvas, row + 1, 1, 2, cols - 2, STYLE_STRONG, r->name);
	canvas_wrap(canvas, row, 1, canvas_rows(canvas) - row, cols - 2, STYLE_TEXT,
	            *r->message ? r->message : r->outcome == TEST_FAIL ? "it said nothing more" : "");
}

static const char *why_empty(const struct console *c)
{
	if (c->filter)
		return "nothing matches; Esc shows all";
	return c->results.known ? "no test results" : "";
}

static void draw(const struct console *c, struct canvas *canvas)
{
	static const struct column list[] = {
		{ .title = "STATE", .width = 5 },
		{ .title = "SUITE", .width = 14, .drop = 2 },
		{ .title = "TEST", .width = 30, .grow = 1 },
		{ .title = "TIME", .width = 8, .drop = 1, .right = true },
	};
	int rows = canvas_rows(canvas) - MESSAGE_ROWS - 1, cols = canvas_cols(canvas);
	int64_t top = list_top(c->result_list);
	struct columns columns;

	draw_head(c, canvas);
	columns_init(&columns, list, ARRAY_LEN(list), 2, cols - 3);
	columns_head(&columns, canvas, 1);
	if (c->nsorted == 0)
		canvas_text(canvas, HEAD_ROWS, 1, INT_MAX, STYLE_DIM, why_empty(c));
	for (int row = HEAD_ROWS; row < rows && top + row - HEAD_ROWS < (int64_t)c->nsorted; row++) {
		int64_t index = top + row - HEAD_ROWS;

		draw_row(&c->results.items[c->sorted[index]], &columns, canvas, row);
		if (list_is_selected(c->result_list, index)) {
			canvas_glyph(canvas, row, 0, STYLE_STRONG, GLYPH_POINTER);
			canvas_select(canvas, row, 0, cols - 1);
		}
	}
	canvas_scrollbar(canvas, HEAD_ROWS, cols - 1, rows - HEAD_ROWS, (size_t)top, (size_t)(rows - HEAD_ROWS), c->nsorted);
	draw_message(c, canvas, rows);
}

static bool act(struct console *c, enum action action, struct effects *effects)
{
	const struct result *r = selected(c);

	if (action == ACTION_SORT) {
		c->order = (c->order + 1) % RESULTS_ORDER_COUNT;
		return true;
	}
	if (action == ACTION_COPY && r) {
		effects_copy(effects, mem_printf("%s%s%s\n%s", r->suite, *r->suite ? ": " : "", r->name, r->message));
		return true;
	}
	return false;
}

static bool key(struct console *c, uint32_t k)
{
	return list_key(c->result_list, k, select_result_id, c);
}

static void search(struct console *c, const char *text, int dir)
{
	if (dir) {
		list_move(c->result_list, dir, select_result_id, c);
		return;
	}
	forget_filter(c);
	c->filter = *text ? mem_dup(text) : NULL;
}

const struct view view_tests = {
	.name = "tests", .context = ON_TESTS, .of_deployment = true, .needs = needs, .enter = enter, .draw = draw,
	.layout = layout, .act = act, .key = key, .search = search,
};
