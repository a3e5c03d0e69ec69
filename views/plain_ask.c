/* The numbered questions of the plain console, and what the answers do: the core's keys, pressed for the person. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/mem.h"
#include "tui/input.h"
#include "tui/list.h"
#include "views/console.h"
#include "views/home.h"
#include "views/plain_priv.h"
#include "views/select.h"
#include "views/stack.h"
#include "views/state.h"
#include "views/view.h"

enum { BUILDS_OFFERED = 9 };

/* A question stands at the end, without a time, where the answer is typed. */
static void ask(struct plain *p, enum asked asked, const char *question)
{
	p->asked = asked;
	if (p->ended)
		return;
	printf("%s\n> ", question);
	fflush(stdout);
}

void plain_ask_action(struct plain *p)
{
	ask(p, ASKED_ACTION, p->console->safety.read_only
	    ? "1 status, 2 builds, 0 quit (read-only)"
	    : "1 status, 2 builds, 3 deploy, 4 roll back, 5 stop, 6 features, 7 what waits, 0 quit");
}

void plain_ask_app(struct plain *p)
{
	for (size_t i = 0; i < p->console->status.napps; i++)
		printf("%zu %s\n", i + 1, p->console->status.apps[i].name);
	ask(p, ASKED_APP, "Which application? Its number:");
}

static void ask_environment(struct plain *p)
{
	const struct model_app *app = select_app(p->console);

	for (size_t i = 0; app && i < app->nenvironments; i++) {
		const struct model_environment *e = select_environment_at(app, (int64_t)i);

		printf("%zu %s%s, live %s\n", i + 1, e->name, e->is_protected ? " (protected)" : "",
		       *e->live_version ? e->live_version : "nothing");
	}
	ask(p, ASKED_ENVIRONMENT, "Which environment? Its number, or Enter for none:");
}

static void list_builds(const struct plain *p)
{
	for (size_t i = 0; i < p->console->builds.n && i < BUILDS_OFFERED; i++) {
		const struct model_build *b = &p->console->builds.items[i];
		struct state s;

		state_of_tests(&b->tests, &s);
		printf("%zu %s, tests %s %s, %s: %s\n", i + 1, b->version, s.word, s.more, b->author, b->message);
	}
	if (p->console->builds.n == 0)
		puts("There are no builds yet.");
}

/* What the core's panel is about, in a line or two. */
static void tell_panel(const struct panel *panel)
{
	AUTO(mem_auto_free) char *sentence = intent_sentence(&panel->intent, "to");
	AUTO(mem_auto_free) char *other = panel->kind == PANEL_CHOICE ? intent_sentence(&panel->other, "to") : NULL;

	if (other)
		printf("Only a feature changed since then.\n1 %s\n2 %s: %s\n", sentence, intent_verb(panel->other.kind), other);
	else
		printf("%s: %s.\n", intent_verb(panel->intent.kind), sentence);
	if (panel->note)
		printf("%s\n", panel->note);
}

static const char *core_question(enum panel_kind kind)
{
	switch (kind) {
	case PANEL_ACT: return "Type the environment's name to go on, Enter alone to cancel:";
	case PANEL_REASON: return "Why? It stays in the journal; Enter alone cancels:";
	case PANEL_OVERRIDE: return "Why now? Enter alone: it waits until that opens; 0 cancels:";
	case PANEL_TIME: return "When? Like 2026-12-01 18:00 Europe/Paris; Enter alone cancels:";
	case PANEL_CHOICE: return "Which? Its number, or Enter for none:";
	default: return NULL;
	}
}

/* What the core came up with after a key: its panel, its countdown, or nothing more to ask. */
static void ask_for_core(struct plain *p)
{
	const struct console *c = p->console;
	const char *question = core_question(c->panel.kind);

	if (question) {
		tell_panel(&c->panel);
		ask(p, ASKED_CORE, question);
		plain_step(p, (struct console_event){ .kind = EVENT_SHOWN });
	} else if (c->panel.kind == PANEL_COUNT) {
		p->asked = ASKED_CORE;
		p->counted = 0;
	} else {
		plain_ask_action(p);
	}
}

static void press(struct plain *p, uint32_t key)
{
	struct input_event event = { .kind = INPUT_KEY, .key = key };

	plain_step(p, (struct console_event){ .kind = EVENT_INPUT, .input = &event });
}

/* The choice was spelled out line by line: what it offers now is what the person has seen. */
static void act(struct plain *p)
{
	static const char keys[INTENT_KIND_COUNT] = {
		[INTENT_DEPLOY] = 'd', [INTENT_ROLLBACK] = 'b', [INTENT_STOP] = 'x', [INTENT_FEATURE] = 'p', [INTENT_APPROVE] = 'o',
		[INTENT_REJECT] = 'r', [INTENT_MOVE] = 'u',
	};

	plain_step(p, (struct console_event){ .kind = EVENT_SHOWN });
	press(p, (uint32_t)keys[p->kind]);
	ask_for_core(p);
}

static void choose_app(struct plain *p, long number)
{
	struct console *c = p->console;

	if (number < 1 || number > (long)c->status.napps) {
		plain_ask_app(p);
		return;
	}
	home_choose_app(c, c->status.apps[number - 1].name);
	plain_step(p, (struct console_event){ .kind = EVENT_TICK });
	plain_say_changes(&p->say, c);
	plain_ask_action(p);
}

static void ask_feature(struct plain *p, const struct model_environment *e)
{
	for (size_t i = 0; i < e->features.n; i++)
		printf("%zu %s, %s\n", i + 1, e->features.items[i].name, e->features.items[i].on ? "in" : "out");
	ask(p, ASKED_FEATURE, e->features.n ? "Put in or pull which feature? Its number, or Enter for none:"
	                                    : "It has no features; Enter:");
}

static void choose_feature(struct plain *p, long number)
{
	struct console *c = p->console;
	const struct model_environment *e = select_environment(c);

	if (!e || number < 1 || number > (long)e->features.n) {
		plain_ask_action(p);
		return;
	}
	stack_push(c, &view_features, 0, NULL);
	plain_step(p, (struct console_event){ .kind = EVENT_TICK });
	list_select(c->feature_list, e->features.items[number - 1].name, select_feature_id, c);
	plain_step(p, (struct console_event){ .kind = EVENT_TICK });
	act(p);
}

static void ask_waiting(struct plain *p)
{
	const struct model_app *app = NULL;
	const struct model_deployment *d;
	size_t n = 0;

	for (; (d = select_waiting(p->console, n, &app)); n++)
		printf("%zu #%" PRId64 " %s %s to %s by %s; %s\n", n + 1, d->id, app->name, d->version, d->environment, d->actor,
		       *d->blocked ? d->blocked : "for its turn");
	ask(p, ASKED_WAITING, n ? "Which one? Its number, or Enter for none:" : "Nothing waits; Enter:");
}

/* It is selected by what it is, not by its place: that may change with the next answer. */
static void choose_waiting(struct plain *p, long number)
{
	struct console *c = p->console;
	const struct model_deployment *d = number < 1 ? NULL : select_waiting(c, (size_t)number - 1, NULL);
	AUTO(mem_auto_free) char *id = d ? mem_printf("%" PRId64, d->id) : NULL;

	if (!d) {
		plain_ask_action(p);
		return;
	}
	stack_push(c, &view_waiting, 0, NULL);
	plain_step(p, (struct console_event){ .kind = EVENT_TICK });
	list_select(c->waiting_list, id, select_waiting_id, c);
	plain_step(p, (struct console_event){ .kind = EVENT_TICK });
	ask(p, ASKED_VERDICT, "1 approve, 2 reject, 3 stop, 4 move to another time, or Enter for none:");
}

static void choose_verdict(struct plain *p, long number)
{
	static const enum intent_kind kinds[] = { INTENT_NONE, INTENT_APPROVE, INTENT_REJECT, INTENT_STOP, INTENT_MOVE };

	if (number < 1 || number >= (long)ARRAY_LEN(kinds)) {
		plain_ask_action(p);
		return;
	}
	p->kind = kinds[number];
	act(p);
}

static void choose_action(struct plain *p, long number)
{
	static const enum intent_kind kinds[] = {
		[3] = INTENT_DEPLOY, [4] = INTENT_ROLLBACK, [5] = INTENT_STOP, [6] = INTENT_FEATURE,
	};

	stack_home(p->console, &view_releases);
	if (number == 0) {
		plain_leave(p, 0);
	} else if (number == 1) {
		plain_say_status(&p->say, p->console);
		plain_ask_action(p);
	} else if (number == 2) {
		list_builds(p);
		plain_ask_action(p);
	} else if (number == 7 && !p->console->safety.read_only) {
		ask_waiting(p);
	} else if (number >= 3 && number <= 6 && !p->console->safety.read_only) {
		p->kind = kinds[number];
		ask_environment(p);
	} else {
		plain_ask_action(p);
	}
}

static void choose_environment(struct plain *p, long number)
{
	const struct model_environment *e = select_environment_at(select_app(p->console), number - 1);

	if (!e) {
		plain_ask_action(p);
		return;
	}
	list_select(p->console->environments, e->name, select_environment_id, p->console);
	plain_step(p, (struct console_event){ .kind = EVENT_TICK });
	if (p->kind == INTENT_FEATURE) {
		ask_feature(p, e);
		return;
	}
	if (p->kind != INTENT_DEPLOY) {
		act(p);
		return;
	}
	list_builds(p);
	ask(p, ASKED_BUILD, "Which build? Its number, or Enter for none:");
}

static void choose_build(struct plain *p, long number)
{
	struct console *c = p->console;

	if (number < 1 || number > (long)c->builds.n || number > BUILDS_OFFERED) {
		plain_ask_action(p);
		return;
	}
	list_select(c->build_list, c->builds.items[number - 1].version, select_build_id, c);
	plain_step(p, (struct console_event){ .kind = EVENT_TICK });
	act(p);
}

static bool cancels(const struct panel *panel, const char *line)
{
	if (panel->kind == PANEL_OVERRIDE)
		return strcmp(line, "0") == 0;
	return !*line || panel->kind == PANEL_COUNT;
}

/* A line for the core's panel: typed into it letter by letter. What it does not take is put away with why. */
static void type_into_core(struct plain *p, const char *line)
{
	const struct panel *panel = &p->console->panel;
	enum panel_kind kind = panel->kind;

	for (const char *at = line; *at && panel->name; at++)
		press(p, (uint32_t)(unsigned char)*at);
	if (!panel->name)
		return;
	press(p, INPUT_ENTER);
	if (panel->kind != kind)
		return;
	if (*panel->hint)
		plain_say_line(&p->say, p->console, "%s", panel->hint);
	press(p, INPUT_ESC);
}

static void feed_core(struct plain *p, const char *line)
{
	if (cancels(&p->console->panel, line))
		press(p, INPUT_ESC);
	else if (p->console->panel.kind == PANEL_CHOICE)
		press(p, strcmp(line, "1") == 0 ? 'p' : strcmp(line, "2") == 0 ? 'b' : INPUT_ESC);
	else
		type_into_core(p, line);
	ask_for_core(p);
}

void plain_take_line(struct plain *p, const char *line)
{
	char *end = NULL;
	long number = strtol(line, &end, 10);

	if (end == line || *end)
		number = -1;
	switch (p->asked) {
	case ASKED_APP: choose_app(p, number); break;
	case ASKED_ACTION: choose_action(p, number); break;
	case ASKED_ENVIRONMENT: choose_environment(p, number); break;
	case ASKED_BUILD: choose_build(p, number); break;
	case ASKED_FEATURE: choose_feature(p, number); break;
	case ASKED_WAITING: choose_waiting(p, number); break;
	case ASKED_VERDICT: choose_verdict(p, number); break;
	case ASKED_CORE: feed_core(p, line); break;
	}
}
