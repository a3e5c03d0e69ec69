#include "views/act.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/clock.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/proto/refusal.h"
#include "backend/proto/words.h"
#include "views/console.h"
#include "views/select.h"

static struct safety_facts facts(const struct console *c)
{
	return (struct safety_facts){
		.now_ms = c->now_ms,
		.connected = c->connected,
		.stale = console_is_stale(c),
		.fits = console_fits(c),
	};
}

static void send(struct console *c, const struct intent *intent, struct effects *effects)
{
	AUTO(mem_auto_free) char *key = mem_printf("%s-%u", c->seed, ++c->acts);
	AUTO(mem_auto_free) char *sentence = intent_sentence(intent, "→");

	intent_copy(&c->act.intent, intent);
	c->act.request = ++c->last_request;
	effects_send(effects, c->act.request, "POST", intent_path(intent), intent_body(intent, key));
	/* It was for this one. */
	free(c->why);
	c->why = NULL;
	messages_note(&c->messages, "asked: %s", sentence);
}

static void refuse(struct console *c, const struct intent *intent, const char *why)
{
	messages_refusal(&c->messages, c->wall_ms, "%s%s%s", intent_verb(intent->kind),
	                 intent->kind == INTENT_NONE ? "" : " refused: ", why);
}

/* What makes any action impossible, whoever asks and however; says it. */
static bool is_possible(struct console *c, const struct intent *intent)
{
	struct safety_facts f = facts(c);
	const char *why = NULL;

	if (lookback_is_past(c))
		refuse(c, intent, lookback_refusal(c));
	else if (c->frozen)
		refuse(c, intent, "the display is frozen; Z lets it go on");
	else if (c->act.request)
		refuse(c, intent, "the engine has not answered the last request yet");
	else if (safety_judge(&c->safety, intent, &f, true, &why) == SAFETY_REFUSE)
		refuse(c, intent, why);
	else
		return true;
	return false;
}

/* The same, and what it says about the world is still true: asked again right before the request goes out. */
static bool is_allowed(struct console *c, const struct intent *intent)
{
	AUTO(mem_auto_free) char *why = NULL;

	if (!is_possible(c, intent))
		return false;
	if (select_holds(c, intent, &why))
		return true;
	refuse(c, intent, why);
	return false;
}

static void go_on(struct console *c, const struct intent *intent, bool named, struct effects *effects)
{
	struct safety_facts f = facts(c);
	const char *why = NULL;

	if (!is_allowed(c, intent))
		return;
	switch (safety_judge(&c->safety, intent, &f, named, &why)) {
	case SAFETY_REFUSE:
		refuse(c, intent, why);
		break;
	case SAFETY_ASK:
		panel_open(c, PANEL_ACT, intent, effects);
		break;
	case SAFETY_COUNT:
		if (named)
			safety_arm(&c->safety, intent->app, intent->environment, c->now_ms);
		safety_count_down(&c->safety, intent, c->now_ms);
		panel_open(c, PANEL_COUNT, intent, effects);
		break;
	case SAFETY_GO:
		send(c, intent, effects);
		break;
	}
}

/* Where a window or a freeze keeps deployments out, that is known before the engine refuses; NULL: none does. */
static const struct model_blocker *closed_window(const struct console *c, const struct intent *i)
{
	const struct model_environment *e = model_environment(model_app(&c->status, i->app), i->environment);

	if (i->kind != INTENT_DEPLOY || i->override || i->when_allowed || !e)
		return NULL;
	return model_blocker(&e->blockers, "window");
}

/* Where it stands that is to be moved; NULL: it is another kind of intent. Yours. */
static char *scheduled_for(const struct console *c, const struct intent *i)
{
	const struct model_deployment *d = i->kind == INTENT_MOVE ? select_deployment_of(c, i->deployment) : NULL;
	char iso[CLOCK_ISO_SIZE];

	return d ? mem_printf("now: scheduled for %.16sZ", clock_iso(d->not_before, iso)) : NULL;
}

/* Opens the panel that asks for what the intent lacks; false: it lacks nothing. */
static bool ask_what_lacks(struct console *c, const struct intent *intent, struct effects *effects)
{
	const struct model_blocker *window = closed_window(c, intent);
	AUTO(mem_auto_free) char *note = window ? model_blocker_text(window) : scheduled_for(c, intent);

	if (intent_lacks_time(intent))
		panel_open_noted(c, PANEL_TIME, intent, note, effects);
	else if (intent_lacks_reason(intent))
		panel_open(c, PANEL_REASON, intent, effects);
	else if (window)
		panel_open_noted(c, PANEL_OVERRIDE, intent, note, effects);
	else
		return false;
	return true;
}

void act_go(struct console *c, const struct intent *intent, struct effects *effects)
{
	if (is_allowed(c, intent) && !ask_what_lacks(c, intent, effects))
		go_on(c, intent, false, effects);
}

void act_begin(struct console *c, const struct intent *intent, struct effects *effects)
{
	AUTO(intent_done) struct intent smaller = { 0 };

	if (intent->kind == INTENT_ROLLBACK)
		select_smaller(c, intent, &smaller);
	if (smaller.kind == INTENT_NONE)
		act_go(c, intent, effects);
	else if (is_allowed(c, intent))
		panel_choose(c, &smaller, intent, effects);
}

void act_named(struct console *c, const struct intent *intent, struct effects *effects)
{
	if (intent->kind != INTENT_NONE) {
		go_on(c, intent, true, effects);
		return;
	}
	safety_arm(&c->safety, intent->app, intent->environment, c->now_ms);
	messages_note(&c->messages, "armed: one key acts on %s now, after a countdown of 3 s", intent->environment);
}

static const char *nothing_to(const struct console *c, enum intent_kind kind)
{
	const struct model_deployment *d = select_screen_deployment(c);

	static const char *const whys[INTENT_KIND_COUNT] = {
		[INTENT_DEPLOY] = "no build is selected", [INTENT_ROLLBACK] = "there is no build to go back to",
		[INTENT_STOP] = "no deployment is running here", [INTENT_FEATURE] = "the environment does not have it",
		[INTENT_SCHEDULE] = "no build is selected", [INTENT_MOVE] = "this one is not scheduled",
		[INTENT_APPROVE] = "this one waits for no approval", [INTENT_REJECT] = "this one waits for no approval",
	};

	if (kind == INTENT_APPROVE && d && select_awaits_approval(d))
		return "you asked for it: another person must approve it";
	return select_environment(c) && whys[kind] ? whys[kind] : "no environment is selected";
}

void act_key(struct console *c, enum intent_kind kind, struct effects *effects)
{
	AUTO(intent_done) struct intent now = { 0 };

	select_intent(c, kind, &now);
	if (now.kind == INTENT_NONE)
		messages_refusal(&c->messages, c->wall_ms, "%s: %s", intent_verb(kind), nothing_to(c, kind));
	else if (!is_possible(c, &now))
		return;
	else if (!intent_equal(&now, &c->shown[kind]))
		messages_refusal(&c->messages, c->wall_ms,
		                 "%s changed as you pressed the key: nothing was done; look, then press it again",
		                 now.environment);
	else
		act_begin(c, &now, effects);
}

void act_arm_key(struct console *c, struct effects *effects)
{
	const struct model_environment *e = select_environment(c);
	const struct model_app *app = select_acting_app(c);
	struct intent arm = { 0 };

	if (!e || !app) {
		messages_refusal(&c->messages, c->wall_ms, "arm: no environment is selected");
	} else if (safety_is_armed(&c->safety, app->name, e->name)) {
		act_disarm(c, SAFETY_BY_KEY);
	} else if (!e->is_protected) {
		messages_note(&c->messages, "%s is open: one key acts at once, there is nothing to arm", e->name);
	} else if (c->safety.read_only) {
		messages_refusal(&c->messages, c->wall_ms, "arm refused: this console is read-only (--read-only)");
	} else if (!c->connected) {
		messages_refusal(&c->messages, c->wall_ms, "arm refused: the engine does not answer");
	} else if (c->frozen) {
		messages_refusal(&c->messages, c->wall_ms, "arm refused: the display is frozen; Z lets it go on");
	} else {
		arm.app = mem_dup(app->name);
		arm.environment = mem_dup(e->name);
		arm.expect = mem_dup(e->live_version);
		arm.is_protected = true;
		panel_open(c, PANEL_ARM, &arm, effects);
		intent_done(&arm);
	}
}

void act_deploy_by_name(struct console *c, const char *version, const char *environment, int64_t at,
                        struct effects *effects)
{
	act_forget_lookup(c);
	if (!model_environment(select_app(c), environment)) {
		messages_refusal(&c->messages, c->wall_ms, "deploy: there is no environment %s", environment);
		return;
	}
	if (!c->connected) {
		messages_refusal(&c->messages, c->wall_ms, "deploy refused: the engine does not answer");
		return;
	}
	c->lookup.request = ++c->last_request;
	c->lookup.at = at;
	c->lookup.version = mem_dup(version);
	c->lookup.environment = mem_dup(environment);
	effects_send(effects, c->lookup.request, "GET", fetch_build_path(c, version), NULL);
}

void act_forget_lookup(struct console *c)
{
	free(c->lookup.version);
	free(c->lookup.environment);
	c->lookup = (struct lookup){ 0 };
}

static void looked_up(struct console *c, const struct console_event *e, struct effects *effects)
{
	AUTO(intent_done) struct intent intent = { 0 };

	if (e->err)
		messages_error(&c->messages, c->wall_ms, "deploy: %s", e->err->text);
	else if (strcmp(json_text(e->answer, "version"), c->lookup.version) == 0)
		select_deploy(c, c->lookup.environment, c->lookup.version, json_text(e->answer, "digest"), &intent);
	if (intent.kind != INTENT_NONE && c->lookup.at) {
		intent.kind = INTENT_SCHEDULE;
		intent.at = c->lookup.at;
	}
	act_forget_lookup(c);
	if (intent.kind != INTENT_NONE)
		act_begin(c, &intent, effects);
}

/*
 * A gate that a reason gets past has refused: asks for the reason. Not over whatever the person does by now. False: it
 * is another refusal.
 */
static bool ask_after_refusal(struct console *c, const struct intent *i, const struct console_event *e,
                              struct effects *effects)
{
	const char *gate = json_text(json_object_get(e->answer, "error"), "gate");

	if (c->panel.kind != PANEL_NONE || c->line || !intent_is_deployment(i) || i->kind == INTENT_ROLLBACK)
		return false;
	if (strcmp(gate, "quarantine") == 0 && !(i->reason && *i->reason))
		panel_open_noted(c, PANEL_REASON, i, e->err->text, effects);
	else if (strcmp(gate, "window") == 0 && i->kind == INTENT_DEPLOY && !i->override && !i->when_allowed)
		panel_open_noted(c, PANEL_OVERRIDE, i, e->err->text, effects);
	else
		return false;
	return true;
}

/* The window that will be closed at the time of a schedule, as the answer has it: "; window until …". Yours; "" none. */
static char *closed_then(const struct console_event *e, const struct intent *i)
{
	struct model_blockers blockers = { 0 };
	const struct model_blocker *window;
	char *text = NULL;

	if (i->kind != INTENT_SCHEDULE && i->kind != INTENT_MOVE)
		return mem_dup("");
	model_blockers_read(json_object_get(e->answer, "blocked"), &blockers);
	window = model_blocker(&blockers, "window");
	if (window) {
		AUTO(mem_auto_free) char *why = model_blocker_text(window);

		text = mem_printf("; %s", why);
	}
	model_blockers_done(&blockers);
	return text ? text : mem_dup("");
}

static void say_done(struct console *c, const struct console_event *e, const char *sentence, const struct intent *i)
{
	int64_t id = json_int(e->answer, "id", i->deployment);
	AUTO(mem_auto_free) char *closed = closed_then(e, i);
	AUTO(mem_auto_free) char *place = queue_place((int)json_int(e->answer, "position", 0),
	                                              (int)json_int(e->answer, "queue_size", 0),
	                                              json_text(e->answer, "environment"));

	if (id)
		messages_note(&c->messages, "#%" PRId64 "  %s%s%s%s", id, sentence, *place ? ", " : "", place, closed);
	else
		messages_note(&c->messages, "done: %s", sentence);
}

/* Each gate that refuses is an error of its own; the one that the engine tells stays in sight. */
static void say_refused(struct console *c, const struct err *err)
{
	size_t n = 0;
	char *line;

	while ((line = refusal_line(err, n))) {
		n++;
		free(line);
	}
	while (n-- > 0) {
		AUTO(mem_auto_free) char *text = refusal_line(err, n);

		messages_error(&c->messages, c->wall_ms, "%s", text);
	}
}

static void acted(struct console *c, const struct console_event *e, struct effects *effects)
{
	AUTO(mem_auto_free) char *sentence = intent_sentence(&c->act.intent, "→");
	AUTO(intent_done) struct intent intent = c->act.intent;

	c->act.intent = (struct intent){ 0 };
	c->act.request = 0;
	fetch_want(c, FETCH_STATUS);
	if (e->err && e->err->kind == ERR_UNREACHABLE)
		messages_error(&c->messages, c->wall_ms, "%s: the engine did not answer; H shows whether it took it", sentence);
	else if (e->err && !ask_after_refusal(c, &intent, e, effects))
		say_refused(c, e->err);
	else if (!e->err)
		say_done(c, e, sentence, &intent);
}

bool act_answer(struct console *c, const struct console_event *e, struct effects *effects)
{
	if (c->act.request && e->request == c->act.request)
		acted(c, e, effects);
	else if (c->lookup.request && e->request == c->lookup.request)
		looked_up(c, e, effects);
	else
		return false;
	c->dirty = c->urgent = true;
	return true;
}

void act_lost(struct console *c)
{
	AUTO(mem_auto_free) char *sentence = NULL;

	act_forget_lookup(c);
	if (!c->act.request)
		return;
	sentence = intent_sentence(&c->act.intent, "→");
	messages_error(&c->messages, c->wall_ms, "%s: the engine did not answer; H shows whether it took it", sentence);
	intent_done(&c->act.intent);
	c->act.request = 0;
}

void act_disarm(struct console *c, enum safety_cause cause)
{
	bool counted = safety_is_counting(&c->safety);

	if (counted || panel_is_for_action(c))
		panel_close(c);
	if (!safety_disarm(&c->safety))
		return;
	messages_note(&c->messages, "%s%s", safety_why(cause), counted ? "; nothing was done" : "");
	c->dirty = true;
}

static void fired(struct console *c, struct intent *intent, struct effects *effects)
{
	panel_close(c);
	if (!is_allowed(c, intent))
		return;
	/* The countdown was the confirmation; what it was given for must be as fresh now as it was then. */
	if (console_is_stale(c))
		refuse(c, intent, "the data is older than 15 s");
	else
		send(c, intent, effects);
}

void act_tick(struct console *c, struct effects *effects)
{
	AUTO(intent_done) struct intent intent = { 0 };
	enum safety_cause cause = SAFETY_BY_TIME;

	switch (safety_tick(&c->safety, c->now_ms, &cause, &intent)) {
	case SAFETY_NOTHING:
		return;
	case SAFETY_EXPIRED:
		messages_note(&c->messages, "%s", safety_why(cause));
		break;
	case SAFETY_MISSED:
		panel_close(c);
		messages_error(&c->messages, c->wall_ms, "the countdown ended where nobody could see it: nothing was done");
		break;
	case SAFETY_FIRED:
		fired(c, &intent, effects);
		break;
	}
	c->dirty = c->urgent = true;
}

/* The second choice of a panel that has two. */
static bool other_holds(const struct console *c, char **ret_why)
{
	return c->panel.other.kind == INTENT_NONE || select_holds(c, &c->panel.other, ret_why);
}

void act_settle(struct console *c)
{
	const struct model_environment *e = select_environment(c);
	const struct model_app *app = select_acting_app(c);
	const struct intent *intent;
	AUTO(mem_auto_free) char *why = NULL;

	if (c->safety.environment && (!e || !app || !safety_is_armed(&c->safety, app->name, e->name)))
		act_disarm(c, SAFETY_BY_SELECTION);
	intent = safety_is_counting(&c->safety) ? &c->safety.pending : &c->panel.intent;
	if (intent->kind != INTENT_NONE && (!select_holds(c, intent, &why) || !other_holds(c, &why))) {
		refuse(c, intent, why);
		safety_cancel(&c->safety);
		panel_close(c);
		c->dirty = c->urgent = true;
	} else if (safety_is_counting(&c->safety) && !console_fits(c)) {
		safety_cancel(&c->safety);
		panel_close(c);
	}
}
