#include "views/surround.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/clock.h"
#include "backend/base/mem.h"
#include "tui/canvas.h"
#include "tui/prompt.h"
#include "views/console.h"
#include "views/select.h"
#include "views/view.h"

enum { USER_COLS_MIN = 72, APP_COLS_MIN = 66, MESSAGE_ROWS = 3, MESSAGE_ROWS_LOW = 2, LOW = 20 };

bool surround_has_banner(const struct console *c)
{
	return c->ever && (!c->connected || lookback_is_past(c));
}

bool surround_shows_time(const struct console *c)
{
	return (select_screen(c)->view->context & (ON_RELEASES | ON_DEPLOYMENT)) && console_fits(c);
}

static bool is_armed(const struct console *c)
{
	const struct model_environment *e = select_environment(c);
	const struct model_app *app = select_acting_app(c);

	return e && app && safety_is_armed(&c->safety, app->name, e->name);
}

static int title_style(const struct console *c)
{
	const struct model_environment *e = select_environment(c);

	if (is_armed(c))
		return STYLE_TITLE_ARMED;
	return e && e->is_protected ? STYLE_TITLE_PROTECTED : STYLE_TITLE;
}

/* "03:14:07Z": the time of the data, not of the day. It stands still while nothing else is drawn. */
static const char *time_of_day(int64_t wall_ms, char text[static CLOCK_ISO_SIZE])
{
	return strchr(clock_iso(wall_ms, text), 'T') + 1;
}

static void draw_title_right(const struct console *c, struct canvas *canvas, int from, int style)
{
	char iso[CLOCK_ISO_SIZE], text[256];
	const char *what = c->frozen ? "FROZEN" : !c->ever ? "" : !c->connected ? "LOST" : c->was_stale ? "STALE" : "as of";
	int64_t shown_ms = lookback_is_past(c) ? c->wall_ms : c->beat_wall_ms;
	const struct model_app *app = select_acting_app(c);
	bool has_user = c->status.known && c->cols >= USER_COLS_MIN, has_app = app && c->cols >= APP_COLS_MIN;

	if (!c->ever)
		snprintf(text, sizeof text, "connecting");
	else
		snprintf(text, sizeof text, "%s%s%s%s%s %s", has_app ? app->name : "", has_app ? "  " : "",
		         has_user ? c->status.user : "", has_user ? "  " : "", what,
		         time_of_day(shown_ms, iso));
	if (canvas_width(canvas, text) + 3 + from > c->cols)
		snprintf(text, sizeof text, "%s", c->ever ? time_of_day(shown_ms, iso) : "");
	canvas_text_right(canvas, 0, from + 1, c->cols - from - 2, style, text);
}

static void draw_title(const struct console *c, struct canvas *canvas)
{
	const struct model_environment *e = select_environment(c);
	int style = title_style(c), col = 1;
	char span[CLOCK_AGE_SIZE];

	canvas_fill(canvas, 0, 0, 1, c->cols, style);
	if (!e) {
		col += canvas_text(canvas, 0, col, 40, style, c->app ? "no environment selected" : "slipway");
	} else {
		if (is_armed(c))
			col += canvas_textf(canvas, 0, col, 40, style, "ARMED %s %s", e->name,
			                    clock_span(safety_armed_left_ms(&c->safety, c->now_ms) + 999, span));
		else
			col += canvas_textf(canvas, 0, col, 32, style, "%s %s", e->is_protected ? "PROTECTED" : "OPEN", e->name);
		col += canvas_textf(canvas, 0, col, 30, style, "  live %s", *e->live_version ? e->live_version : "nothing");
		if (c->safety.read_only)
			col += canvas_text(canvas, 0, col, 12, style, "  READ-ONLY");
		else if (e->is_protected && !is_armed(c))
			col += canvas_text(canvas, 0, col, 8, style, "  SAFE");
	}
	draw_title_right(c, canvas, col, style);
}

/* With what a narrow screen has room for; the way out is never what is cut. */
static char *lost_text(const struct console *c)
{
	const char *does = restart_says(&c->restart);
	char age[CLOCK_AGE_SIZE];
	char *text;

	clock_age(c->now_ms - c->beat_ms, age);
	text = mem_printf("ENGINE LOST  data is %s old, no action is possible; %s", age, does);
	if (canvas_width(c->ruler, text) <= c->cols - 2)
		return text;
	free(text);
	return mem_printf("ENGINE LOST %s; %s", age, does);
}

static void draw_banner(const struct console *c, struct canvas *canvas)
{
	AUTO(mem_auto_free) char *text = c->connected ? lookback_banner(c) : lost_text(c);

	canvas_fill(canvas, 1, 0, 1, c->cols, STYLE_BANNER);
	canvas_text(canvas, 1, 1, c->cols - 2, STYLE_BANNER, text);
}

/* What a person should know before he presses a key here; "" nothing. No gate and no lock holds a feature. */
static const char *standing_remark(const struct console *c, const struct model_environment *e)
{
	if (*e->attention || !(select_screen(c)->view->context & ON_ACTING & ~ON_FEATURES))
		return e->attention;
	return *e->hindrance ? e->hindrance : e->remark;
}

/* On the screen of what waits the one that is selected is told whole, with what blocks it. */
static bool is_told_there(const struct console *c, const char *remark)
{
	const struct model_deployment *d = select_screen_deployment(c);
	bool told = false;

	if (!(select_screen(c)->view->context & ON_WAITING) || !d)
		return false;
	for (size_t i = 0; i < d->blockers.n && !told; i++) {
		AUTO(mem_auto_free) char *text = model_blocker_text(&d->blockers.items[i]);

		told = strcmp(text, remark) == 0;
	}
	return told;
}

static char *remark_text(const struct console *c, const struct model_environment *e)
{
	const char *remark = standing_remark(c, e);
	char waiting[48] = "";

	if (is_told_there(c, remark))
		remark = "";
	if (e->nqueue && (select_screen(c)->view->context & ON_ACTING & ~ON_WAITING))
		snprintf(waiting, sizeof waiting, "%zu wait%s, v shows %s", e->nqueue, e->nqueue == 1 ? "s" : "",
		         e->nqueue == 1 ? "it" : "them");
	if (!*waiting && !*remark)
		return mem_dup("");
	return mem_printf("%s: %s%s%s", e->name, waiting, *waiting && *remark ? "; " : "", remark);
}

/* What stands until somebody does something about it says where all of it is to be read. Yours. */
static char *with_way(const struct console *c, const char *text, bool stands)
{
	bool is_there = select_screen(c)->view->context & ON_ERRORS;

	return mem_printf("%s%s", text, stands && !is_there ? "  e errors" : "");
}

/* What stands above the footer, and how; "" nothing. Yours. */
static char *message_text(const struct console *c, int *ret_style)
{
	const struct model_environment *e = select_environment(c);

	*ret_style = STYLE_HELD;
	if (c->messages.text) {
		*ret_style = c->messages.is_error ? STYLE_ERROR : STYLE_NOTE;
		return with_way(c, c->messages.text, c->messages.is_error && !c->messages.gives_way);
	}
	if (c->why) {
		*ret_style = STYLE_NOTE;
		return mem_printf("why: %s  (goes with the next action; Esc forgets it)", c->why);
	}
	if (c->status.nmistakes) {
		AUTO(mem_auto_free) char *text = mem_printf("configuration refused, %s: %s", c->status.napps
		                                            ? "the old one is in force" : "nothing is in force",
		                                            c->status.mistakes[0]);

		return with_way(c, text, true);
	}
	return e ? remark_text(c, e) : mem_dup("");
}

/* Who can clear it, and when, stand at the end of what is said: it takes the rows that it needs. */
static int message_rows(const struct console *c)
{
	int style, rows, most = c->rows < LOW ? MESSAGE_ROWS_LOW : MESSAGE_ROWS;
	AUTO(mem_auto_free) char *text = c->line ? NULL : message_text(c, &style);

	rows = text ? canvas_wrap_rows(c->ruler, c->cols - 2, text) : 1;
	return rows < 1 ? 1 : rows > most ? most : rows;
}

int surround_body_rows(const struct console *c)
{
	return c->rows - 2 - message_rows(c) - (surround_has_banner(c) ? 1 : 0);
}

static void draw_message(const struct console *c, struct canvas *canvas, int row)
{
	AUTO(mem_auto_free) char *text = NULL;
	int style;

	if (c->line) {
		prompt_draw(c->line, canvas, row, 1, c->cols - 2);
		return;
	}
	text = message_text(c, &style);
	canvas_wrap(canvas, row, 1, message_rows(c), c->cols - 2, style, text);
}

/* "warm ~1s": how long the way back will take. */
static void back_label(const struct model_environment *e, const struct intent *intent, char out[static KEYMAP_LABEL_SIZE])
{
	char about[32] = "";

	if (e->back_ms >= 0)
		snprintf(about, sizeof about, " ~%ds", e->back_ms < 1000 ? 1 : (int)((e->back_ms + 500) / 1000));
	snprintf(out, KEYMAP_LABEL_SIZE, "back→%s %s%s", intent->version, e->back_is_warm ? "warm" : "cold", about);
}

static void sentence_label(const struct intent *intent, char out[static KEYMAP_LABEL_SIZE])
{
	AUTO(mem_auto_free) char *sentence = intent_sentence(intent, "→");

	snprintf(out, KEYMAP_LABEL_SIZE, "%s", sentence);
}

/* What the footer says of an intent: made from the object that would be sent. */
static void intent_label(const struct console *c, const struct intent *intent, char out[static KEYMAP_LABEL_SIZE])
{
	const struct model_environment *e = select_environment(c);

	*out = '\0';
	if (intent->kind == INTENT_NONE)
		return;
	if (intent->kind == INTENT_DEPLOY)
		snprintf(out, KEYMAP_LABEL_SIZE, "deploy %s→%s", intent->version, intent->environment);
	else if (intent->kind == INTENT_ROLLBACK && e)
		back_label(e, intent, out);
	else if (intent->kind == INTENT_STOP && select_screen(c)->view->selected)
		snprintf(out, KEYMAP_LABEL_SIZE, "stop #%" PRId64, intent->deployment);
	else if (intent->kind == INTENT_STOP)
		snprintf(out, KEYMAP_LABEL_SIZE, "stop %s", intent->version);
	else if (intent->kind == INTENT_APPROVE || intent->kind == INTENT_REJECT)
		snprintf(out, KEYMAP_LABEL_SIZE, "%s #%" PRId64, intent_verb(intent->kind), intent->deployment);
	else if (intent->kind == INTENT_FEATURE)
		sentence_label(intent, out);
	else
		snprintf(out, KEYMAP_LABEL_SIZE, "%s", intent_verb(intent->kind));
}

/* What a panel shows whole before anything comes of it needs no room in the footer. */
static bool asks_first(enum intent_kind kind)
{
	return kind == INTENT_SCHEDULE || kind == INTENT_MOVE || kind == INTENT_APPROVE || kind == INTENT_REJECT;
}

static int weight_of(const struct console *c, enum intent_kind kind)
{
	enum action action = select_action(kind);
	const struct keymap_row *row = action ? keymap_of_action(&keys_map, select_screen(c)->view->context, action) : NULL;

	return row ? row->weight : 0;
}

/* At most so many columns: whatever is beyond ASCII counts as two. */
static int columns_at_most(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += (*text & 0x80) == 0 ? 1 : (*text & 0xc0) == 0xc0 ? 2 : 0;
	return n;
}

static bool can_act(const struct console *c)
{
	return c->connected && !c->safety.read_only && !c->frozen && !lookback_is_past(c) && console_fits(c);
}

bool surround_offers(const struct console *c, enum intent_kind kind)
{
	enum { KEY_COLS = 2, HINT_GAP = 3 };
	char text[KEYMAP_LABEL_SIZE];
	int used = 1 - HINT_GAP;

	if (!can_act(c))
		return false;
	if (asks_first(kind))
		return true;
	/* Hints are left out in falling order of weight: only those that weigh no more stand beside it for sure. */
	for (int k = INTENT_DEPLOY; k < INTENT_KIND_COUNT; k++) {
		intent_label(c, &c->offered[k], text);
		if (*text && weight_of(c, (enum intent_kind)k) <= weight_of(c, kind))
			used += KEY_COLS + columns_at_most(text) + HINT_GAP;
	}
	return used <= c->cols;
}

/* The intent that a key begins; INTENT_NONE: it begins none. */
static enum intent_kind kind_of(int action)
{
	for (int kind = INTENT_DEPLOY; kind < INTENT_KIND_COUNT; kind++)
		if (select_action((enum intent_kind)kind) == (enum action)action)
			return (enum intent_kind)kind;
	return INTENT_NONE;
}

static bool label(void *arg, const struct keymap_row *row, char out[static KEYMAP_LABEL_SIZE])
{
	const struct console *c = arg;
	const struct model_environment *e = select_environment(c);
	enum intent_kind kind = kind_of(row->action);

	if (kind != INTENT_NONE) {
		intent_label(c, &c->offered[kind], out);
		return can_act(c) && *out;
	}
	if (row->action == ACTION_WHY && !can_act(c))
		return false;
	snprintf(out, KEYMAP_LABEL_SIZE, "%s", row->label ? row->label : "");
	if (row->action == ACTION_ARM) {
		snprintf(out, KEYMAP_LABEL_SIZE, "%s", is_armed(c) ? "disarm" : "arm");
		return can_act(c) && e && e->is_protected;
	}
	if (row->action == ACTION_FOLLOW)
		snprintf(out, KEYMAP_LABEL_SIZE, "%s", c->log_view.follow ? "stay" : "follow");
	return row->label && (row->action != ACTION_CLOSE || c->depth > 1);
}

static void draw_footer(const struct console *c, struct canvas *canvas, int row)
{
	int style = is_armed(c) ? STYLE_TITLE_ARMED : STYLE_HINT;

	if (is_armed(c))
		canvas_fill(canvas, row, 0, 1, c->cols, style);
	keymap_footer(&keys_map, select_screen(c)->view->context, canvas, row, style, label, (void *)c);
}

static void draw_small(const struct console *c, struct canvas *canvas)
{
	const struct model_environment *e = select_environment(c);

	canvas_textf(canvas, 0, 0, INT_MAX, STYLE_TEXT, "%s%slive %s  %s  (60x15 at least)", e ? e->name : "", e ? " " : "",
	             e && *e->live_version ? e->live_version : "-", !c->connected ? "LOST" : e ? e->health : "");
}

void console_draw(const struct console *c, struct canvas *canvas)
{
	int rows = c->rows, top = surround_has_banner(c) ? 2 : 1;

	if (!console_fits(c)) {
		draw_small(c, canvas);
		return;
	}
	draw_title(c, canvas);
	if (surround_has_banner(c))
		draw_banner(c, canvas);
	canvas_push(canvas, top, 0, surround_body_rows(c), c->cols);
	select_screen(c)->view->draw(c, canvas);
	canvas_pop(canvas);
	draw_message(c, canvas, rows - 1 - message_rows(c));
	draw_footer(c, canvas, rows - 1);
	panel_draw(c, canvas);
}
