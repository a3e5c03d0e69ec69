#include <stdlib.h>
#include <string.h>

#include "backend/base/clock.h"
#include "backend/base/mem.h"
#include "tui/canvas.h"
#include "views/console.h"
#include "views/panel.h"
#include "views/select.h"

enum { PANEL_COLS = 58, LABEL_COLS = 14, NOTE_ROWS = 3 };

const char *panel_question(const struct panel *p)
{
	switch (p->kind) {
	case PANEL_ARM: return "Type its name, then Enter: armed for 5 minutes.";
	case PANEL_ACT:
		return p->intent.is_protected ? "Type its name, then Enter: it starts in 3 s."
		                              : "Type its name, then Enter: it starts at once.";
	case PANEL_REASON: return "Why? It stays in the journal.";
	case PANEL_OVERRIDE: return "Why now? Enter alone: it waits until that opens.";
	case PANEL_TIME: return "When? Like 2026-12-01 18:00 Europe/Paris; else UTC.";
	case PANEL_WHY: return "Why? It goes with the next thing that you do.";
	case PANEL_CHOICE: return "Enter takes the smaller step.";
	case PANEL_QUIT: return "Quit the console? Deployments go on.";
	default: return "";
	}
}

static int fact(struct canvas *canvas, int row, const char *label, int style, const char *text)
{
	canvas_text(canvas, row, 2, LABEL_COLS, STYLE_DIM, label);
	canvas_text(canvas, row, 2 + LABEL_COLS, canvas_cols(canvas) - LABEL_COLS - 4, style, text);
	return row + 1;
}

/* The verb stands in the title too: a long sentence takes its place. */
static int told(struct canvas *canvas, int row, const struct intent *intent, const char *sentence)
{
	int cols = canvas_cols(canvas) - 4;

	if (canvas_width(canvas, sentence) <= cols - LABEL_COLS)
		return fact(canvas, row, intent_verb(intent->kind), STYLE_STRONG, sentence);
	canvas_text(canvas, row, 2, cols, STYLE_STRONG, sentence);
	return row + 1;
}

static const char *way(const struct intent *intent, const struct model_environment *e)
{
	static const char *const ways[INTENT_KIND_COUNT] = {
		[INTENT_STOP] = "stopped, then proven undone", [INTENT_FEATURE] = "at once, without a deployment",
		[INTENT_SCHEDULE] = "waits; every gate judges it again then", [INTENT_MOVE] = "waits; every gate judges it again then",
		[INTENT_APPROVE] = "counts once, for this build and plan", [INTENT_REJECT] = "it is over then: this build and plan",
		[INTENT_LOCK] = "others cannot deploy there", [INTENT_UNLOCK] = "others may deploy there again",
		[INTENT_RESUME] = "new builds are deployed by themselves",
	};

	if (ways[intent->kind])
		return ways[intent->kind];
	if (intent->kind == INTENT_ROLLBACK)
		return e->back_is_warm ? "kept warm: health check, then switch" : "started anew, then switched";
	return e->has_preview ? "tested aside, switched, verified" : "by its driver, then verified";
}

static const struct model_environment *environment_of(const struct console *c, const struct intent *intent)
{
	return model_environment(model_app(&c->status, intent->app), intent->environment);
}

/* The question, the line that is typed, and what is wrong with it. */
static void draw_line(const struct console *c, struct canvas *canvas, int row)
{
	int cols = canvas_cols(canvas) - 4;

	canvas_text(canvas, row, 2, cols, STYLE_TEXT, panel_question(&c->panel));
	prompt_draw(c->panel.name, canvas, row + 1, 2, cols);
	if (*c->panel.hint)
		canvas_text(canvas, row + 2, 2, cols, STYLE_ERROR, c->panel.hint);
	else
		canvas_text(canvas, row + 2, 2, cols, STYLE_HINT, "Esc cancels");
}

/* What a deployment brings to the data, as far as the build is in sight; NULL: nothing. */
static const char *migrations_of(const struct console *c, const struct intent *intent)
{
	bool deploys = intent->kind == INTENT_DEPLOY || intent->kind == INTENT_SCHEDULE;
	const struct model_build *b = deploys ? model_build(&c->builds, intent->version) : NULL;

	return b && *b->migrations ? b->migrations : NULL;
}

static bool said(const struct intent *i)
{
	return (i->reason && *i->reason) || i->override;
}

static void draw_facts(const struct console *c, struct canvas *canvas)
{
	const struct intent *intent = &c->panel.intent;
	const struct model_environment *e = environment_of(c, intent);
	AUTO(mem_auto_free) char *sentence = NULL;
	int row = 1;

	if (intent->kind != INTENT_NONE) {
		sentence = intent_sentence(intent, "→");
		row = told(canvas, row, intent, sentence);
	} else {
		row = fact(canvas, row, "environment", STYLE_STRONG, intent->environment);
	}
	row = fact(canvas, row, "protection", STYLE_HELD, intent->is_protected ? "PROTECTED" : "open; the data is old");
	row = fact(canvas, row, "live", STYLE_TEXT, e && *e->live_version ? e->live_version : "(nothing)");
	if (intent->kind != INTENT_NONE && e)
		row = fact(canvas, row, "how", STYLE_TEXT, way(intent, e));
	if (migrations_of(c, intent))
		row = fact(canvas, row, "migrations", STYLE_HELD, migrations_of(c, intent));
	if (said(intent))
		row = fact(canvas, row, "why", STYLE_TEXT, intent->override ? intent->override : intent->reason);
	row = fact(canvas, row, "you", STYLE_TEXT, c->status.user ? c->status.user : "");
	draw_line(c, canvas, row + 1);
}

/* Who approves what passed over windows and freezes must know that he does. */
static void draw_override(const struct console *c, struct canvas *canvas, int row)
{
	const struct intent *intent = &c->panel.intent;
	const struct model_deployment *d = intent_of_deployment(intent) ? select_deployment_of(c, intent->deployment) : NULL;

	if (d)
		canvas_text(canvas, row, 2, canvas_cols(canvas) - 4, STYLE_HELD, d->override);
}

static void draw_ask(const struct console *c, struct canvas *canvas)
{
	const struct intent *intent = &c->panel.intent;
	const struct model_environment *e = environment_of(c, intent);
	AUTO(mem_auto_free) char *sentence = intent_sentence(intent, "→");
	int cols = canvas_cols(canvas) - 4;

	canvas_text(canvas, 1, 2, cols, STYLE_STRONG, sentence);
	if (c->panel.note)
		canvas_wrap(canvas, 3, 2, NOTE_ROWS, cols, STYLE_HELD, c->panel.note);
	else if (intent->plan_hash)
		canvas_textf(canvas, 2, 2, cols, STYLE_DIM, "%s %.12s", way(intent, e), intent->plan_hash);
	else if (e)
		canvas_text(canvas, 2, 2, cols, STYLE_DIM, way(intent, e));
	if (!c->panel.note)
		draw_override(c, canvas, 3);
	draw_line(c, canvas, c->panel.note ? 3 + NOTE_ROWS + 1 : 4);
}

/* What will still keep it out at the time that was typed, as far as that is known. */
static const struct model_blocker *still_closed(const struct model_environment *e, int64_t at)
{
	for (size_t i = 0; e && at && i < e->blockers.n; i++)
		if (e->blockers.items[i].clears_at > at)
			return &e->blockers.items[i];
	return NULL;
}

static void draw_time(const struct console *c, struct canvas *canvas)
{
	const struct model_environment *e = environment_of(c, &c->panel.intent);
	const struct model_blocker *closed = still_closed(e, c->panel.at);
	AUTO(mem_auto_free) char *sentence = intent_sentence(&c->panel.intent, "→");
	AUTO(mem_auto_free) char *blocker = closed ? model_blocker_text(closed) : NULL;
	AUTO(mem_auto_free) char *says = c->panel.note && !closed ? mem_dup(c->panel.note)
	                                 : blocker ? mem_printf("then still held by %s", blocker)
	                                 : mem_printf("now: %s", e && *e->hindrance ? e->hindrance : "no gate holds it");
	int cols = canvas_cols(canvas) - 4;

	canvas_text(canvas, 1, 2, cols, STYLE_STRONG, sentence);
	canvas_wrap(canvas, 2, 2, 2, cols, closed || (e && *e->hindrance) ? STYLE_HELD : STYLE_DIM, says);
	canvas_text(canvas, 4, 2, cols, STYLE_DIM, "Every gate judges it again when its time comes.");
	draw_line(c, canvas, 6);
	if (c->panel.at && !*c->panel.hint) {
		canvas_fill(canvas, 8, 2, 1, cols, STYLE_TEXT);
		canvas_text(canvas, 8, 2, cols, STYLE_OK, c->panel.at_text);
	}
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

static void draw_choices(const struct console *c, struct canvas *canvas)
{
	const struct intent *smaller = &c->panel.intent, *other = &c->panel.other;
	const struct model_environment *e = environment_of(c, smaller);
	const struct model_feature *f = e ? model_feature(&e->features, smaller->feature) : NULL;
	AUTO(mem_auto_free) char *first = intent_sentence(smaller, "→");
	AUTO(mem_auto_free) char *second = intent_sentence(other, "→");
	AUTO(mem_auto_free) char *story = NULL;
	int cols = canvas_cols(canvas) - 4;
	char iso[CLOCK_ISO_SIZE];

	if (f)
		story = mem_printf("Only a feature changed since %s is live there: %s was put in %.5sZ by %s.", e->live_version,
		                   f->name, strchr(clock_iso(f->since, iso), 'T') + 1, f->by);
	canvas_wrap(canvas, 1, 2, 2, cols, STYLE_TEXT, story ? story : "");
	canvas_glyph(canvas, 4, 2, STYLE_STRONG, GLYPH_POINTER);
	canvas_text(canvas, 4, 4, 2, STYLE_KEY, "p");
	canvas_textf(canvas, 4, 6, cols - 4, STYLE_STRONG, "%s, at once", first);
	canvas_text(canvas, 5, 4, 2, STYLE_KEY, "b");
	canvas_textf(canvas, 5, 6, cols - 4, STYLE_TEXT, "roll back %s%s", second, e && e->back_is_warm ? ", warm" : ", cold");
	canvas_text(canvas, 7, 2, cols, STYLE_HINT, "Enter takes the smaller step; Esc cancels");
}

static void draw_quit(const struct console *c, struct canvas *canvas)
{
	canvas_text_center(canvas, 1, 0, canvas_cols(canvas), STYLE_STRONG, panel_question(&c->panel));
	canvas_text_center(canvas, 3, 0, canvas_cols(canvas), STYLE_HINT, "Enter quits, Esc stays");
}

static void draw_why(const struct console *c, struct canvas *canvas)
{
	draw_line(c, canvas, 1);
}

static char *title(const struct console *c)
{
	const struct intent *intent = &c->panel.intent;

	switch (c->panel.kind) {
	case PANEL_QUIT: return mem_dup("quit");
	case PANEL_WHY: return mem_dup("why");
	case PANEL_ARM: return mem_printf("arm %s", intent->environment);
	case PANEL_CHOICE: return mem_printf("%s: %s", intent_verb(c->panel.other.kind), intent->environment);
	default: return mem_printf("%s: %s", intent_verb(intent->kind), intent->environment);
	}
}

void panel_draw(const struct console *c, struct canvas *canvas)
{
	static const struct { int rows; void (*draw)(const struct console *c, struct canvas *canvas); } kinds[] = {
		[PANEL_ARM] = { 11, draw_facts }, [PANEL_ACT] = { 12, draw_facts }, [PANEL_COUNT] = { 9, draw_count },
		[PANEL_REASON] = { 12, draw_ask }, [PANEL_OVERRIDE] = { 12, draw_ask }, [PANEL_TIME] = { 11, draw_time },
		[PANEL_CHOICE] = { 10, draw_choices }, [PANEL_WHY] = { 6, draw_why }, [PANEL_QUIT] = { 7, draw_quit },
	};
	void (*draw)(const struct console *c, struct canvas *canvas) = kinds[c->panel.kind].draw;
	AUTO(mem_auto_free) char *text = NULL;
	int rows, row, col;

	/* PANEL_NONE has nothing to draw. */
	if (!draw)
		return;
	text = title(c);
	rows = kinds[c->panel.kind].rows;
	if (c->panel.kind == PANEL_ACT)
		rows += (said(&c->panel.intent) ? 1 : 0) + (migrations_of(c, &c->panel.intent) ? 1 : 0);
	if (c->panel.kind == PANEL_REASON && !c->panel.note)
		rows -= NOTE_ROWS;
	row = (canvas_rows(canvas) - rows) / 2;
	col = (canvas_cols(canvas) - PANEL_COLS) / 2;
	/* What lies behind takes no keys now, and looks it. */
	for (int i = 1; i < canvas_rows(canvas) - (c->safety.environment ? 1 : 0); i++)
		canvas_restyle(canvas, i, 0, canvas_cols(canvas), STYLE_DIM);
	canvas_box(canvas, row, col, rows, PANEL_COLS, STYLE_HELD, text);
	canvas_push(canvas, row + 1, col + 1, rows - 2, PANEL_COLS - 2);
	draw(c, canvas);
	canvas_pop(canvas);
}
