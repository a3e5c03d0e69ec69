/* The applications of the workspace; home when there is more than one. */
#include <limits.h>

#include "backend/base/buf.h"
#include "backend/base/mem.h"
#include "tui/canvas.h"
#include "tui/list.h"
#include "views/columns.h"
#include "views/console.h"
#include "views/home.h"
#include "views/select.h"
#include "views/state.h"
#include "views/view.h"

enum { CELL_COLS = 20 };

static void layout(struct console *c, int rows, int cols)
{
	(void)cols;
	list_height(c->apps, rows - 1);
}

/* One cell for each environment: "prod 2.13.5 OK". */
static void draw_cells(const struct model_app *app, struct canvas *canvas, int row, int col)
{
	for (size_t i = 0; i < app->nenvironments && col + CELL_COLS <= canvas_cols(canvas); i++, col += CELL_COLS) {
		const struct model_environment *e = select_environment_at(app, (int64_t)i);
		struct state s;
		int used;

		state_of_environment(e, &s);
		used = canvas_textf(canvas, row, col, CELL_COLS - 6, STYLE_TEXT, "%s %s ", e->name,
		                    *e->live_version ? e->live_version : "-");
		canvas_text(canvas, row, col + used, 5, s.style, s.word);
	}
}

static void draw(const struct console *c, struct canvas *canvas)
{
	int rows = canvas_rows(canvas);
	int64_t top = list_top(c->apps);

	canvas_text(canvas, 0, 1, 14, STYLE_HEADING, "APPLICATION");
	canvas_text(canvas, 0, 17, INT_MAX, STYLE_HEADING, "ENVIRONMENTS");
	for (int row = 1; row < rows && top + row - 1 < (int64_t)c->status.napps; row++) {
		const struct model_app *app = &c->status.apps[top + row - 1];

		canvas_text(canvas, row, 1, 15, STYLE_STRONG, app->name);
		draw_cells(app, canvas, row, 17);
		if (list_is_selected(c->apps, top + row - 1)) {
			canvas_glyph(canvas, row, 0, STYLE_STRONG, GLYPH_POINTER);
			canvas_select(canvas, row, 0, canvas_cols(canvas));
		}
	}
}

static bool act(struct console *c, enum action action, struct effects *effects)
{
	const char *name = list_selected(c->apps);

	(void)effects;
	if (action != ACTION_OPEN || !name)
		return false;
	home_choose_app(c, name);
	return true;
}

static bool key(struct console *c, uint32_t k)
{
	return list_key(c->apps, k, select_app_id, c);
}

const struct view view_fleet = {
	.name = "fleet", .context = ON_FLEET, .draw = draw, .layout = layout, .act = act, .key = key,
};
