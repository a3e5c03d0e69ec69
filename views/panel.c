#include "views/panel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/clock.h"
#include "backend/base/mem.h"
#include "backend/base/zone.h"
#include "tui/input.h"
#include "views/act.h"
#include "views/console.h"

/* The line that each kind has. A name must be typed by hand; a reason may be pasted: it acts on nothing. */
static const struct { const char *label; enum prompt_kind prompt; } lines[PANEL_KIND_COUNT] = {
	[PANEL_ARM] = { "name: ", PROMPT_NAME }, [PANEL_ACT] = { "name: ", PROMPT_NAME },
	[PANEL_REASON] = { "why: ", PROMPT_LINE }, [PANEL_OVERRIDE] = { "why: ", PROMPT_LINE },
	[PANEL_TIME] = { "at: ", PROMPT_LINE }, [PANEL_WHY] = { "why: ", PROMPT_LINE },
};

void panel_open(struct console *c, enum panel_kind kind, const struct intent *intent, struct effects *effects)
{
	panel_open_noted(c, kind, intent, NULL, effects);
}

void panel_open_noted(struct console *c, enum panel_kind kind, const struct intent *intent, const char *note,
                      struct effects *effects)
{
	panel_close(c);
	c->panel.kind = kind;
	c->panel.note = mem_dup(note);
	if (intent)
		intent_copy(&c->panel.intent, intent);
	if (lines[kind].label)
		c->panel.name = prompt_new(lines[kind].prompt, lines[kind].label, NULL, c->now_ms);
	effects_simple(effects, EFFECT_FLUSH);
	c->dirty = c->urgent = true;
}

void panel_choose(struct console *c, const struct intent *smaller, const struct intent *other, struct effects *effects)
{
	panel_open(c, PANEL_CHOICE, smaller, effects);
	intent_copy(&c->panel.other, other);
}

void panel_close(struct console *c)
{
	if (c->panel.kind == PANEL_COUNT)
		safety_cancel(&c->safety);
	prompt_free(c->panel.name);
	free(c->panel.note);
	intent_done(&c->panel.intent);
	intent_done(&c->panel.other);
	c->panel = (struct panel){ 0 };
	c->dirty = true;
}

bool panel_is_for_action(const struct console *c)
{
	return c->panel.kind == PANEL_ARM || c->panel.intent.kind != INTENT_NONE;
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

static void hint(struct console *c, const char *text)
{
	snprintf(c->panel.hint, sizeof c->panel.hint, "%.*s", PANEL_SAY_SIZE - 1, text);
}

/* What the panel was for goes on without it. */
static void go(struct console *c, const struct intent *from, bool named, struct effects *effects)
{
	AUTO(intent_done) struct intent intent = { 0 };

	intent_copy(&intent, from);
	panel_close(c);
	if (named)
		act_named(c, &intent, effects);
	else
		act_go(c, &intent, effects);
}

static void name_typed(struct console *c, const char *text, struct effects *effects)
{
	if (strcmp(text, c->panel.intent.environment) == 0) {
		go(c, &c->panel.intent, true, effects);
		return;
	}
	hint(c, "that is not its name");
	prompt_set(c->panel.name, "");
}

static void replace(char **old, const char *text)
{
	free(*old);
	*old = mem_dup(text);
}

static void reason_typed(struct console *c, const char *text, struct effects *effects)
{
	if (!*text) {
		hint(c, "say why in a word or two");
		return;
	}
	replace(&c->panel.intent.reason, text);
	go(c, &c->panel.intent, false, effects);
}

static void override_typed(struct console *c, const char *text, struct effects *effects)
{
	if (*text)
		replace(&c->panel.intent.override, text);
	c->panel.intent.when_allowed = !*text;
	go(c, &c->panel.intent, false, effects);
}

static void time_typed(struct console *c, const char *text, struct effects *effects)
{
	struct err err = { 0 };
	int64_t at;

	if (!c->panel.at) {
		/* A zone that is not there, and a time that its clocks skip, are named; what was typed is in sight. */
		const char *skipped = !*text || zone_parse(text, &at, &err) ? NULL : strstr(err.text, "is skipped");

		hint(c, !err.kind ? "type a time that is to come" : skipped ? skipped : err.kind == ERR_CONFIG ? err.text
		     : "that is no time");
		return;
	}
	c->panel.intent.at = c->panel.at;
	go(c, &c->panel.intent, false, effects);
}

static void why_typed(struct console *c, const char *text)
{
	free(c->why);
	c->why = *text ? mem_dup(text) : NULL;
	panel_close(c);
}

static const char *trimmed(const char *text)
{
	return text + strspn(text, " ");
}

static void line_typed(struct console *c, struct effects *effects)
{
	AUTO(mem_auto_free) char *text = mem_dup(trimmed(prompt_text(c->panel.name)));

	switch (c->panel.kind) {
	case PANEL_ARM: case PANEL_ACT: name_typed(c, prompt_text(c->panel.name), effects); break;
	case PANEL_REASON: reason_typed(c, text, effects); break;
	case PANEL_OVERRIDE: override_typed(c, text, effects); break;
	case PANEL_TIME: time_typed(c, text, effects); break;
	case PANEL_WHY: why_typed(c, text); break;
	default: break;
	}
}

/* "18:00 Europe/Paris = 2026-12-01T17:00Z, in 11d": what was typed, understood. */
static void read_time(struct console *c)
{
	const char *text = trimmed(prompt_text(c->panel.name)), *clock = strchr(text, ' ');
	char iso[CLOCK_ISO_SIZE], age[CLOCK_AGE_SIZE];
	struct zone_reading when;

	c->panel.at = 0;
	*c->panel.at_text = '\0';
	/* Half of it is no mistake yet. */
	if (!*text || !zone_read(text, &when, NULL))
		return;
	if (when.at <= c->wall_ms) {
		hint(c, "that time is past");
		return;
	}
	c->panel.at = when.at;
	snprintf(c->panel.at_text, sizeof c->panel.at_text, "%.30s = %.16sZ%s, in %s", clock + 1, clock_iso(when.at, iso),
	         when.again ? " (1st of 2)" : "", clock_age(when.at - c->wall_ms, age));
}

static void cancel(struct console *c)
{
	bool changes = panel_is_for_action(c) || c->panel.kind == PANEL_COUNT;

	panel_close(c);
	if (changes)
		messages_note(&c->messages, "cancelled: nothing was done");
}

static void take_line(struct console *c, const struct input_event *event, struct effects *effects)
{
	*c->panel.hint = '\0';
	switch (prompt_take(c->panel.name, event, c->now_ms)) {
	case PROMPT_EDITING:
		if (prompt_paste_refused(c->panel.name))
			hint(c, "pasted text is refused: type the name");
		if (c->panel.kind == PANEL_TIME)
			read_time(c);
		break;
	case PROMPT_DONE:
		line_typed(c, effects);
		break;
	case PROMPT_CANCELLED:
		cancel(c);
		break;
	}
}

static void choose(struct console *c, uint32_t key, struct effects *effects)
{
	if (key == INPUT_ENTER || key == 'p')
		go(c, &c->panel.intent, false, effects);
	else if (key == 'b')
		go(c, &c->panel.other, false, effects);
}

void panel_take(struct console *c, const struct input_event *event, struct effects *effects)
{
	bool is_key = event->kind == INPUT_KEY;

	/* To cancel is always safe, so it needs no deaf time. */
	if (is_key && (event->key == INPUT_ESC || event->key == INPUT_CTRL('C')))
		cancel(c);
	else if (is_deaf(c) || c->panel.kind == PANEL_COUNT)
		return;
	else if (c->panel.name)
		take_line(c, event, effects);
	else if (is_key && c->panel.kind == PANEL_CHOICE)
		choose(c, event->key, effects);
	else if (is_key && (event->key == INPUT_ENTER || event->key == 'y' || event->key == 'q'))
		effects_quit(effects, 0);
}
