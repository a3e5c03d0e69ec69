#include "views/keypress.h"

#include <stdlib.h>

#include "tui/input.h"
#include "views/act.h"
#include "views/console.h"
#include "views/line.h"
#include "views/select.h"
#include "views/stack.h"
#include "views/view.h"

static void open_of_deployment(struct console *c, const struct view *view)
{
	int64_t id = select_deployment_id(c);

	if (id)
		stack_push(c, view, id, NULL);
	else
		messages_note(&c->messages, "nothing was deployed here yet");
}

/* The reason stands in the panel and in the message line until something was done with it. */
static void ask_why(struct console *c, struct effects *effects)
{
	if (c->safety.read_only)
		messages_refusal(&c->messages, c->wall_ms, "why: this console is read-only (--read-only)");
	else
		panel_open(c, PANEL_WHY, NULL, effects);
}

static void forget_why(struct console *c)
{
	free(c->why);
	c->why = NULL;
}

static void freeze(struct console *c)
{
	c->frozen = !c->frozen;
	if (!c->frozen)
		fetch_want_all(c);
	messages_note(&c->messages, "%s", c->frozen ? "the display is frozen; Z lets it go on" : "the display goes on");
}

/* Esc puts away what is in front first: an error, a search, then the screen. */
static void close_one(struct console *c)
{
	const struct view *view = select_screen(c)->view;
	bool searching = (view->context == ON_RELEASES && c->query) ||
	                 ((view->context & (ON_TESTS | ON_HISTORY)) && c->filter) ||
	                 (view->context == ON_LOG && c->log_view.find) || (view->context == ON_FLEET && c->fleet.filter);

	if (c->messages.text)
		messages_clear(&c->messages);
	else if (c->why)
		forget_why(c);
	else if (searching)
		view->search(c, "", 0);
	else
		stack_pop(c);
}

static void find_next(struct console *c, int dir)
{
	const struct view *view = select_screen(c)->view;

	if (view->search)
		view->search(c, NULL, dir);
}

static void suspend(struct console *c, struct effects *effects)
{
	act_disarm(c, SAFETY_BY_SUSPEND);
	effects_simple(effects, EFFECT_SUSPEND);
}

/* What means the same on every screen; false: not one of these. */
static bool act_everywhere(struct console *c, enum action action, struct effects *effects)
{
	switch (action) {
	case ACTION_DEPLOY: act_key(c, INTENT_DEPLOY, effects); break;
	case ACTION_ROLLBACK: act_key(c, INTENT_ROLLBACK, effects); break;
	case ACTION_STOP: act_key(c, INTENT_STOP, effects); break;
	case ACTION_FEATURE: act_key(c, INTENT_FEATURE, effects); break;
	case ACTION_SCHEDULE: act_key(c, INTENT_SCHEDULE, effects); break;
	case ACTION_MOVE: act_key(c, INTENT_MOVE, effects); break;
	case ACTION_APPROVE: act_key(c, INTENT_APPROVE, effects); break;
	case ACTION_REJECT: act_key(c, INTENT_REJECT, effects); break;
	case ACTION_WHY: ask_why(c, effects); break;
	case ACTION_ARM: act_arm_key(c, effects); break;
	case ACTION_CLOSE: close_one(c); break;
	case ACTION_LOG: open_of_deployment(c, &view_log); break;
	case ACTION_TESTS: open_of_deployment(c, &view_tests); break;
	case ACTION_DELIVERY: stack_push(c, &view_delivery, 0, NULL); break;
	case ACTION_HISTORY: stack_push(c, &view_history, 0, NULL); break;
	case ACTION_CONSISTENCY: stack_push(c, &view_consistency, 0, NULL); break;
	case ACTION_GROUPS: stack_push(c, &view_groups, 0, NULL); break;
	case ACTION_FEATURES: stack_push(c, &view_features, 0, NULL); break;
	case ACTION_WAITING: stack_push(c, &view_waiting, 0, NULL); break;
	case ACTION_ERRORS: stack_push(c, &view_errors, 0, NULL); break;
	case ACTION_HELP: stack_push(c, &view_help, 0, NULL); break;
	case ACTION_SEARCH: line_open(c, true); break;
	case ACTION_NEXT: find_next(c, 1); break;
	case ACTION_PREVIOUS: find_next(c, -1); break;
	case ACTION_COMMAND: line_open(c, false); break;
	case ACTION_FREEZE: freeze(c); break;
	case ACTION_REPAINT: effects_simple(effects, EFFECT_REPAINT); break;
	case ACTION_SUSPEND: suspend(c, effects); break;
	case ACTION_QUIT: effects_quit(effects, 0); break;
	case ACTION_INTERRUPT: panel_open(c, PANEL_QUIT, NULL, effects); break;
	default: return false;
	}
	return true;
}

static bool is_acting(enum action action)
{
	return action != ACTION_NONE && action <= ACTION_LAST_ACTING;
}

void keypress_act(struct console *c, enum action action, struct effects *effects)
{
	const struct view *view = select_screen(c)->view;

	/* Before any other reason: there may be nothing to act on there, but that is not why nothing happens. */
	if (is_acting(action) && lookback_refuses(c, keymap_of_action(&keys_map, ON_ALL, action)->name))
		return;
	if (!view->act || !view->act(c, action, effects))
		act_everywhere(c, action, effects);
}

/* A screen that is too small shows nothing that could be acted on. */
static bool works_when_small(int action)
{
	return action == ACTION_QUIT || action == ACTION_INTERRUPT || action == ACTION_REPAINT || action == ACTION_SUSPEND;
}

static void take_key(struct console *c, uint32_t key, struct effects *effects)
{
	const struct view *view = select_screen(c)->view;
	const struct keymap_row *row = keymap_find(&keys_map, view->context, key);

	if (!console_fits(c) && !(row && works_when_small(row->action)))
		return;
	if (row)
		keypress_act(c, (enum action)row->action, effects);
	else if (view->key)
		view->key(c, key);
}

void keypress_take(struct console *c, const struct input_event *event, struct effects *effects)
{
	if (event->kind == INPUT_SYNC)
		return;
	c->dirty = c->urgent = true;
	if (event->kind == INPUT_KEY) {
		safety_key(&c->safety, c->now_ms);
		act_forget_lookup(c);
		/* Esc is what puts an error away, of either kind, and then does nothing else. */
		if (c->messages.gives_way && !(c->messages.is_error && event->key == INPUT_ESC))
			messages_clear(&c->messages);
	}
	if (c->panel.kind != PANEL_NONE)
		panel_take(c, event, effects);
	else if (c->line)
		line_take(c, event, effects);
	else if (event->kind == INPUT_PASTE)
		messages_note(&c->messages, "pasted text never acts; it was ignored");
	else
		take_key(c, event->key, effects);
}
