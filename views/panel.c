#include "views/panel.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/mem.h"
#include "tui/canvas.h"
#include "tui/input.h"
#include "views/act.h"
#include "views/console.h"
#include "views/select.h"

enum { PANEL_COLS = 58, LABEL_COLS = 14 };

void panel_open(struct console *c, enum panel_kind kind, const struct intent *intent, struct effects *effects)
{
	panel_close(c);
	c->panel.kind = kind;
	if (intent)
		intent_copy(&c->panel.intent, intent);
	if (kind == PANEL_ARM || kind == PANEL_ACT)
		c->panel.name = prompt_new(PROMPT_NAME, "name: ", NULL, c->now_ms);
	effects_simple(effects, EFFECT_FLUSH);
	c->dirty = c->urgent = true;
}

void panel_close(struct console *c)
{
	if (c->panel.kind == PANEL_COUNT)
		safety_cancel(&c->safety);
	prompt_free(c->panel.name);
	intent_done(&c->panel.intent);
	c->panel = (struct panel){ 0 };
	c->dirty = true;
}

void panel_seen(struct console *c)
{
	if (c->panel.seen)
		return;
	c->panel.seen = true;
	prompt_guard_open(&c->panel.guard, NULL, c->now_ms);
}

/* Nobody answers a question that he has not seen yet. */
static bool is_deaf(const struct console *c)
{
	return !c->panel.seen || prompt_guard_deaf(&c->panel.guard, c->now_ms);
}

static void name_typed(struct console *c, struct effects *effects)
{
	AUTO(intent_done) struct intent intent = { 0 };

	if (strcmp(prompt_text(c->panel.name), c->panel.intent.environment) != 0) {
		c->panel.hint = "that is not its name";
		prompt_set(c->panel.name, "");
		return;
	}
	intent_copy(&intent, &c->panel.intent);
	panel_close(c);
	act_named(c, &intent, effects);
}

static void take_name(struct console *c, const struct input_event *event, struct effects *effects)
{
	c->panel.hint = NULL;
	switch (prompt_take(c->panel.name, event, c->now_ms)) {
	case PROMPT_EDITING:
		if (prompt_paste_refused(c->panel.name))
			c->panel.hint = "pasted text is refused: type the name";
		break;
	case PROMPT_DONE:
		name_typed(c, effects);
		break;
	case PROMPT_CANCELLED:
		panel_close(c);
		messages_note(&c->messages, "cancelled: nothing was done");
		break;
	}
}

void panel_take(struct console *c, const struct input_event *event, struct effects *effects)
{
	bool is_key = event->kind == INPUT_KEY;
	bool cancels = is_key && (event->key == INPUT_ESC || event->key == INPUT_CTRL('C'));

	/* To cancel is always safe, so it needs no deaf time. */
	if (cancels) {
		bool is_quit = c->panel.kind == PANEL_QUIT;

		panel_close(c);
		if (!is_quit)
			messages_note(&c->messages, "cancelled: nothing was done");
	} else if (is_deaf(c) || c->panel.kind == PANEL_COUNT) {
		return;
	} else if (c->panel.name) {
		take_name(c, event, effects);
	} else if (is_key && (event->key == INPUT_ENTER || event->key == 'y' || event->key == 'q')) {
		effects_quit(effects, 0);
	}
}

static int fact(struct canvas *canvas, int row, const char *label, int style, const char *text)
{
	canvas_text(canvas, row, 2, LABEL_COLS, STYLE_DIM, label);
	canvas_text(canvas, row, 2 + LABEL_COLS, canvas_cols(canvas) - LABEL_COLS - 4, style, text);
	return row + 1;
}

static const char *way(const struct intent *intent, const struct model_environment *e)
{
	if (intent->kind == INTENT_STOP)
		return "stopped, then proven undone";
	if (intent->kind == INTENT_ROLLBACK)
		return e->back_is_warm ? "kept warm: health check, then switch" : "started anew, then switched";
	return e->has_preview ? "tested aside, switched, verified" : "by its driver, then verified";
}

static void draw_facts(const struct console *c, struct canvas *canvas, const char *question)
{
	const struct intent *intent = &c->panel.intent;
	const struct model_environment *e = model_environment(model_app(&c->status, intent->app), intent->environment);
	AUTO(mem_auto_free) char *sentence = NULL;
	int row = 1;

	if (intent->kind != INTENT_NONE) {
		sentence = intent_sentence(intent, "→");
		row = fact(canvas, row, intent_verb(intent->kind), STYLE_STRONG, sentence);
	} else {
		row = fact(canvas, row, "environment", STYLE_STRONG, intent->environment);
	}
	row = fact(canvas, row, "protection", STYLE_HELD, intent->is_protected ? "PROTECTED" : "open; the data is old");
	row = fact(canvas, row, "live", STYLE_TEXT, e && *e->live_version ? e->live_version : "(nothing)");
	if (intent->kind != INTENT_NONE && e)
		row = fact(canvas, row, "how", STYLE_TEXT, way(intent, e));
	row = fact(canvas, row, "you", STYLE_TEXT, c->status.user ? c->status.user : "");
	canvas_text(canvas, row + 1, 2, canvas_cols(canvas) - 4, STYLE_TEXT, question);
	prompt_draw(c->panel.name, canvas, row + 2, 2, canvas_cols(canvas) - 4);
	if (c->panel.hint)
		canvas_text(canvas, row + 3, 2, canvas_cols(canvas) - 4, STYLE_ERROR, c->panel.hint);
	else
		canvas_text(canvas, row + 3, 2, canvas_cols(canvas) - 4, STYLE_HINT, "Esc cancels");
}

static void draw_count(const struct console *c, struct canvas *canvas)
{
	AUTO(mem_auto_free) char *sentence = intent_sentence(&c->safety.pending, "→");
	int cols = canvas_cols(canvas);

	canvas_text_center(canvas, 1, 0, cols, STYLE_STRONG, sentence);
	{
		AUTO(mem_auto_free) char *left = mem_printf("in %d s", safety_seconds_left(&c->safety, c->now_ms));

		canvas_text_center(canvas, 3, 0, cols, STYLE_HELD, left);
	}
	canvas_text_center(canvas, 5, 0, cols, STYLE_HINT, "Esc cancels; other keys do nothing");
}

static char *title(const struct console *c)
{
	const struct intent *intent = &c->panel.intent;

	if (c->panel.kind == PANEL_QUIT)
		return mem_dup("quit");
	if (c->panel.kind == PANEL_ARM)
		return mem_printf("arm %s", intent->environment);
	return mem_printf("%s: %s", intent_verb(intent->kind), intent->environment);
}

void panel_draw(const struct console *c, struct canvas *canvas)
{
	static const int heights[] = { [PANEL_ARM] = 11, [PANEL_ACT] = 12, [PANEL_COUNT] = 9, [PANEL_QUIT] = 7 };
	AUTO(mem_auto_free) char *text = NULL;
	int rows, row, col;

	if (c->panel.kind == PANEL_NONE)
		return;
	text = title(c);
	rows = heights[c->panel.kind];
	row = (canvas_rows(canvas) - rows) / 2;
	col = (canvas_cols(canvas) - PANEL_COLS) / 2;
	/* What lies behind takes no keys now, and looks it. */
	for (int i = 1; i < canvas_rows(canvas) - (c->safety.environment ? 1 : 0); i++)
		canvas_restyle(canvas, i, 0, canvas_cols(canvas), STYLE_DIM);
	canvas_box(canvas, row, col, rows, PANEL_COLS, STYLE_HELD, text);
	canvas_push(canvas, row + 1, col + 1, rows - 2, PANEL_COLS - 2);
	if (c->panel.kind == PANEL_COUNT) {
		draw_count(c, canvas);
	} else if (c->panel.kind == PANEL_QUIT) {
		canvas_text_center(canvas, 1, 0, PANEL_COLS - 2, STYLE_STRONG, "Quit the console? Deployments go on.");
		canvas_text_center(canvas, 3, 0, PANEL_COLS - 2, STYLE_HINT, "Enter quits, Esc stays");
	} else {
		draw_facts(c, canvas, c->panel.kind == PANEL_ARM ? "Type its name, then Enter: armed for 5 minutes."
		                      : c->panel.intent.is_protected ? "Type its name, then Enter: it starts in 3 s."
		                                                     : "Type its name, then Enter: it starts at once.");
	}
	canvas_pop(canvas);
}
