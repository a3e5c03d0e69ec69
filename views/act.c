#include "views/act.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
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
	messages_note(&c->messages, "asked: %s", sentence);
}

static void refuse(struct console *c, const struct intent *intent, const char *why)
{
	messages_error(&c->messages, c->wall_ms, "%s%s%s", intent_verb(intent->kind),
	               intent->kind == INTENT_NONE ? "" : " refused: ", why);
}

/* What makes any action impossible, whoever asks and however; says it. */
static bool is_possible(struct console *c, const struct intent *intent)
{
	struct safety_facts f = facts(c);
	const char *why = NULL;

	if (c->frozen)
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

void act_begin(struct console *c, const struct intent *intent, struct effects *effects)
{
	go_on(c, intent, false, effects);
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
	if (!select_environment(c))
		return "no environment is selected";
	if (kind == INTENT_DEPLOY)
		return "no build is selected";
	return kind == INTENT_ROLLBACK ? "there is no build to go back to" : "no deployment is running here";
}

void act_key(struct console *c, enum intent_kind kind, struct effects *effects)
{
	AUTO(intent_done) struct intent now = { 0 };

	select_intent(c, kind, &now);
	if (now.kind == INTENT_NONE)
		messages_error(&c->messages, c->wall_ms, "%s: %s", intent_verb(kind), nothing_to(c, kind));
	else if (!is_possible(c, &now))
		return;
	else if (!intent_equal(&now, &c->shown[kind]))
		messages_error(&c->messages, c->wall_ms,
		               "%s changed as you pressed the key: nothing was done; look, then press it again",
		               now.environment);
	else
		go_on(c, &now, false, effects);
}

void act_arm_key(struct console *c, struct effects *effects)
{
	const struct model_environment *e = select_environment(c);
	struct intent arm = { 0 };

	if (!e || !c->app) {
		messages_error(&c->messages, c->wall_ms, "arm: no environment is selected");
	} else if (safety_is_armed(&c->safety, c->app, e->name)) {
		act_disarm(c, SAFETY_BY_KEY);
	} else if (!e->is_protected) {
		messages_note(&c->messages, "%s is open: d and b act at once, there is nothing to arm", e->name);
	} else if (c->safety.read_only) {
		messages_error(&c->messages, c->wall_ms, "arm refused: this console is read-only (--read-only)");
	} else if (!c->connected) {
		messages_error(&c->messages, c->wall_ms, "arm refused: the engine does not answer");
	} else if (c->frozen) {
		messages_error(&c->messages, c->wall_ms, "arm refused: the display is frozen; Z lets it go on");
	} else {
		arm.app = mem_dup(c->app);
		arm.environment = mem_dup(e->name);
		arm.expect = mem_dup(e->live_version);
		arm.is_protected = true;
		panel_open(c, PANEL_ARM, &arm, effects);
		intent_done(&arm);
	}
}

void act_deploy_by_name(struct console *c, const char *version, const char *environment, struct effects *effects)
{
	act_forget_lookup(c);
	if (!model_environment(select_app(c), environment)) {
		messages_error(&c->messages, c->wall_ms, "deploy: there is no environment %s", environment);
		return;
	}
	if (!c->connected) {
		messages_error(&c->messages, c->wall_ms, "deploy refused: the engine does not answer");
		return;
	}
	c->lookup.request = ++c->last_request;
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
	act_forget_lookup(c);
	if (intent.kind != INTENT_NONE)
		act_begin(c, &intent, effects);
}

static void acted(struct console *c, const struct console_event *e)
{
	AUTO(mem_auto_free) char *sentence = intent_sentence(&c->act.intent, "→");

	if (e->err && e->err->kind == ERR_UNREACHABLE)
		messages_error(&c->messages, c->wall_ms, "%s: the engine did not answer; H shows whether it took it", sentence);
	else if (e->err)
		messages_error(&c->messages, c->wall_ms, "%s", e->err->text);
	else
		messages_note(&c->messages, "#%" PRId64 "  %s", json_int(e->answer, "id", c->act.intent.deployment), sentence);
	intent_done(&c->act.intent);
	c->act.request = 0;
	fetch_want(c, FETCH_STATUS);
}

bool act_answer(struct console *c, const struct console_event *e, struct effects *effects)
{
	if (c->act.request && e->request == c->act.request)
		acted(c, e);
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

	if (counted || c->panel.kind == PANEL_ARM || c->panel.kind == PANEL_ACT)
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

void act_settle(struct console *c)
{
	const struct model_environment *e = select_environment(c);
	const struct intent *intent = safety_is_counting(&c->safety) ? &c->safety.pending : &c->panel.intent;
	AUTO(mem_auto_free) char *why = NULL;

	if (c->safety.environment && (!e || !safety_is_armed(&c->safety, c->app, e->name)))
		act_disarm(c, SAFETY_BY_SELECTION);
	if ((safety_is_counting(&c->safety) || c->panel.kind == PANEL_ACT) && !select_holds(c, intent, &why)) {
		refuse(c, intent, why);
		safety_cancel(&c->safety);
		panel_close(c);
		c->dirty = c->urgent = true;
	} else if (safety_is_counting(&c->safety) && !console_fits(c)) {
		safety_cancel(&c->safety);
		panel_close(c);
	}
}
