/* The keys, from the one table. */
#include <limits.h>

#include "backend/base/mem.h"
#include "tui/canvas.h"
#include "views/console.h"
#include "views/surround.h"
#include "views/textscroll.h"
#include "views/typed.h"
#include "views/view.h"

enum { KEYS_COLS = 12, NAME_COLS = 12, USAGE_COLS = 42 };

static const char *const rules[] = {
	"Open environments: one key acts at once. Protected ones: a, then the name is",
	"typed: armed for 5 minutes, or 60 s without a key. One key then acts after",
	"3 s; Esc cancels. Unarmed, the key asks for the name. What the footer names",
	"is what is sent. Deployments go on without this console.",
};

/* What is typed after `:`. Returns the row after the last. */
static int write_typed(struct canvas *canvas, int row)
{
	for (size_t i = 0; i < typed_ncommands; i++) {
		const struct typed_command *t = &typed_commands[i];

		if (canvas) {
			int used = canvas_textf(canvas, row, 1, INT_MAX, STYLE_KEY, ":%s", t->usage);

			canvas_text(canvas, row, (used < USAGE_COLS ? USAGE_COLS : used + 1) + 1, INT_MAX, STYLE_TEXT, t->help);
		}
		row++;
	}
	return row;
}

static int write_all(struct canvas *canvas, int top)
{
	struct keymap_help help;
	size_t at = 0;
	int row = -top;

	for (size_t i = 0; i < ARRAY_LEN(rules); i++, row++)
		if (canvas)
			canvas_text(canvas, row, 1, INT_MAX, STYLE_TEXT, rules[i]);
	row++;
	if (canvas) {
		canvas_text(canvas, row, 1, KEYS_COLS, STYLE_KEY, "j k, arrows");
		canvas_text(canvas, row, 1 + KEYS_COLS + NAME_COLS, INT_MAX, STYLE_TEXT,
		            "move; g G first and last, PgUp PgDn a page");
	}
	row++;
	while (keymap_help_next(&keys_map, ON_ALL, &at, &help)) {
		if (canvas) {
			canvas_text(canvas, row, 1, KEYS_COLS - 1, STYLE_KEY, help.keys);
			canvas_text(canvas, row, 1 + KEYS_COLS, NAME_COLS - 1, STYLE_STRONG, help.name);
			canvas_text(canvas, row, 1 + KEYS_COLS + NAME_COLS, INT_MAX, STYLE_TEXT, help.help);
		}
		row++;
	}
	return write_typed(canvas, row + 1) + top;
}

static void draw(const struct console *c, struct canvas *canvas)
{
	int cols = canvas_cols(canvas), rows = canvas_rows(canvas) - 1, total;

	canvas_hline(canvas, 0, 0, cols, STYLE_BORDER);
	canvas_text(canvas, 0, 2, INT_MAX, STYLE_STRONG, " help ");
	canvas_push(canvas, 1, 0, rows, cols - 1);
	total = write_all(canvas, c->scroll.top);
	canvas_pop(canvas);
	canvas_scrollbar(canvas, 1, cols - 1, rows, (size_t)c->scroll.top, (size_t)rows, (size_t)total);
}

static bool key(struct console *c, uint32_t k)
{
	return textscroll_key(c, k, write_all(NULL, 0), surround_body_rows(c) - 1);
}

const struct view view_help = {
	.name = "help", .context = ON_HELP, .draw = draw, .key = key,
};
