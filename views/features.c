/* The features of the selected environment: in or out, since when and by whom, and how the others have them. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/clock.h"
#include "backend/base/mem.h"
#include "tui/canvas.h"
#include "tui/list.h"
#include "views/columns.h"
#include "views/console.h"
#include "views/select.h"
#include "views/view.h"

enum { HEAD_ROWS = 2, DETAIL_ROWS = 4, TEXT_MAX = 2000 };
enum { FEATURE, HERE, SINCE, BY, FIXED, REASON = FIXED };

static unsigned needs(const struct console *c)
{
	(void)c;
	return 1u << FETCH_BUILDS;
}

static void layout(struct console *c, int rows, int cols)
{
	const struct model_app *app = select_app(c);
	int64_t n = app ? (int64_t)app->nfeatures : 0;

	(void)cols;
	list_set(c->feature_list, n, 0, n, select_feature_id, c);
	list_height(c->feature_list, rows - HEAD_ROWS - DETAIL_ROWS);
}

/* "in", "out", "-" where the environment does not have it. */
static void draw_state(const struct model_environment *e, const char *name, const struct columns *cols, size_t column,
                       struct canvas *canvas, int row)
{
	const struct model_feature *f = e ? model_feature(&e->features, name) : NULL;

	columns_text(cols, canvas, row, column, !f ? STYLE_DIM : f->on ? STYLE_OK : STYLE_HELD, !f ? "-" : f->on ? "in" : "out");
}

/* The environments beside the selected one, in the order of the Releases screen. */
static const struct model_environment *other_at(const struct console *c, size_t index)
{
	const struct model_app *app = select_app(c);
	const struct model_environment *here = select_environment(c);

	for (size_t i = 0; app && i < app->nenvironments; i++) {
		const struct model_environment *e = select_environment_at(app, (int64_t)i);

		if (e != here && index-- == 0)
			return e;
	}
	return NULL;
}

static void draw_row(const struct console *c, const char *name, const struct columns *cols, size_t others,
                     struct canvas *canvas, int row)
{
	const struct model_environment *here = select_environment(c);
	const struct model_feature *f = here ? model_feature(&here->features, name) : NULL;
	char age[CLOCK_AGE_SIZE];

	columns_text(cols, canvas, row, FEATURE, STYLE_STRONG, name);
	draw_state(here, name, cols, HERE, canvas, row);
	if (f && f->since)
		columns_text(cols, canvas, row, SINCE, STYLE_DIM, clock_age(c->wall_ms - f->since, age));
	columns_text(cols, canvas, row, BY, STYLE_TEXT, f && *f->by ? f->by : "-");
	for (size_t i = 0; i < others; i++)
		draw_state(other_at(c, i), name, cols, FIXED + i, canvas, row);
	columns_text(cols, canvas, row, REASON + others, STYLE_TEXT, f ? f->reason : "");
}

static void draw_list(const struct console *c, struct canvas *canvas)
{
	struct column list[COLUMNS_MAX] = {
		[FEATURE] = { .title = "FEATURE", .width = 16, .grow = 1 }, [HERE] = { .title = "HERE", .width = 4 },
		[SINCE] = { .title = "SINCE", .width = 5, .right = true }, [BY] = { .title = "BY", .width = 8, .drop = 1 },
	};
	const struct model_app *app = select_app(c);
	const struct model_environment *other;
	int rows = canvas_rows(canvas);
	int64_t top = list_top(c->feature_list);
	struct columns cols;
	size_t others = 0;

	for (; FIXED + others + 1 < COLUMNS_MAX && (other = other_at(c, others)); others++)
		list[FIXED + others] = (struct column){ .title = other->name, .width = 8, .drop = 3 + (int)others };
	list[REASON + others] = (struct column){ .title = "WHY", .width = 12, .grow = 4, .drop = 2 };
	columns_init(&cols, list, FIXED + others + 1, 2, canvas_cols(canvas) - 3);
	columns_head(&cols, canvas, 1);
	for (int row = HEAD_ROWS; row < rows && top + row - HEAD_ROWS < list_total(c->feature_list); row++) {
		int64_t index = top + row - HEAD_ROWS;

		draw_row(c, app->features[index], &cols, others, canvas, row);
		if (list_is_selected(c->feature_list, index)) {
			canvas_glyph(canvas, row, 0, STYLE_STRONG, GLYPH_POINTER);
			canvas_select(canvas, row, 0, canvas_cols(canvas) - 1);
		}
	}
	canvas_scrollbar(canvas, HEAD_ROWS, canvas_cols(canvas) - 1, rows - HEAD_ROWS, (size_t)top,
	                 (size_t)(rows - HEAD_ROWS), (size_t)list_total(c->feature_list));
}

static void draw_story(const struct console *c, const char *name, struct canvas *canvas, int row)
{
	const struct model_environment *here = select_environment(c);
	const struct model_feature *f = here ? model_feature(&here->features, name) : NULL;
	char iso[CLOCK_ISO_SIZE];

	if (!here)
		return;
	if (!f)
		canvas_textf(canvas, row, 1, INT_MAX, STYLE_DIM, "no build in %s has it", here->name);
	else if (!f->since)
		canvas_textf(canvas, row, 1, INT_MAX, STYLE_TEXT, "in %s as its build brought it", here->name);
	else
		canvas_textf(canvas, row, 1, INT_MAX, STYLE_TEXT, "%s %s %s by %s%s%s", f->on ? "put into" : "pulled from",
		             here->name, clock_iso(f->since, iso), f->by, *f->reason ? ": " : "", f->reason);
}

/* "elsewhere  preprod in  dev out" */
static void draw_elsewhere(const struct console *c, const char *name, struct canvas *canvas, int row)
{
	int col = 1 + canvas_text(canvas, row, 1, INT_MAX, STYLE_DIM, "elsewhere");
	const struct model_environment *e;

	for (size_t i = 0; (e = other_at(c, i)); i++) {
		const struct model_feature *f = model_feature(&e->features, name);

		col += 2 + canvas_text(canvas, row, col + 2, INT_MAX, STYLE_TEXT, e->name);
		col += 1 + canvas_text(canvas, row, col + 1, INT_MAX, !f ? STYLE_DIM : f->on ? STYLE_OK : STYLE_HELD,
		                       !f ? "-" : f->on ? "in" : "out");
	}
}

static bool lists(const struct model_build *b, const char *name)
{
	for (size_t i = 0; i < b->nfeatures; i++)
		if (strcmp(b->features[i], name) == 0)
			return true;
	return false;
}

static void draw_builds(const struct console *c, const char *name, struct canvas *canvas, int row)
{
	AUTO(buf_done) struct buf b = { 0 };

	buf_init(&b, TEXT_MAX);
	for (size_t i = 0; i < c->builds.n; i++)
		if (lists(&c->builds.items[i], name))
			buf_printf(&b, "  %s", c->builds.items[i].version);
	canvas_textf(canvas, row, 1, INT_MAX, STYLE_DIM, "in builds%s", b.len ? b.data : "  none that is in sight");
}

static void draw(const struct console *c, struct canvas *canvas)
{
	const struct model_environment *here = select_environment(c);
	const char *name = list_selected(c->feature_list);
	int cols = canvas_cols(canvas), rows = canvas_rows(canvas);

	canvas_hline(canvas, 0, 0, cols, STYLE_BORDER);
	canvas_textf(canvas, 0, 2, cols - 4, STYLE_STRONG, " features of %s ", here ? here->name : "-");
	if (list_total(c->feature_list) == 0) {
		canvas_text(canvas, 1, 1, INT_MAX, STYLE_DIM, "no build that runs lists a feature; one does with");
		canvas_text(canvas, 2, 1, INT_MAX, STYLE_DIM, "slipway build add VERSION --feature NAME …");
		return;
	}
	canvas_push(canvas, 0, 0, rows - DETAIL_ROWS, cols);
	draw_list(c, canvas);
	canvas_pop(canvas);
	canvas_hline(canvas, rows - DETAIL_ROWS, 0, cols, STYLE_BORDER);
	if (!name)
		return;
	canvas_textf(canvas, rows - DETAIL_ROWS, 2, cols - 4, STYLE_STRONG, " %s ", name);
	draw_story(c, name, canvas, rows - 3);
	draw_elsewhere(c, name, canvas, rows - 2);
	draw_builds(c, name, canvas, rows - 1);
}

/* Around the end, so that one key reaches all of them. */
static void next_environment(struct console *c)
{
	int64_t next = list_index(c->environments) + 1;

	list_go(c->environments, next < list_total(c->environments) ? next : 0, select_environment_id, c);
}

static bool act(struct console *c, enum action action, struct effects *effects)
{
	(void)effects;
	if (action != ACTION_ENVIRONMENT)
		return false;
	next_environment(c);
	return true;
}

static bool key(struct console *c, uint32_t k)
{
	return list_key(c->feature_list, k, select_feature_id, c);
}

const struct view view_features = {
	.name = "features", .context = ON_FEATURES, .needs = needs, .draw = draw, .layout = layout, .act = act, .key = key,
};
