#include "views/typed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/mem.h"
#include "backend/base/zone.h"
#include "backend/config/value.h"
#include "tui/list.h"
#include "views/act.h"
#include "views/console.h"
#include "views/home.h"
#include "views/select.h"
#include "views/stack.h"
#include "views/view.h"

static const char *word(const struct typed *t, size_t i)
{
	return i < t->n ? t->words[i] : "";
}

static bool has_environment(struct console *c, const struct typed *t, size_t i)
{
	if (model_environment(select_app(c), word(t, i)))
		return true;
	messages_refusal(&c->messages, c->wall_ms, "%s: there is no environment %s", t->words[0], word(t, i));
	return false;
}

static void give_reason(struct intent *intent, const char *text)
{
	if (!*text)
		return;
	free(intent->reason);
	intent->reason = mem_dup(text);
}

/* "2026-12-01 18:00 Europe/Paris", as slipway deploy --at reads it. */
static bool read_time(struct console *c, const struct typed *t, const char *text, int64_t *ret)
{
	struct err err = { 0 };

	if (zone_parse(text, ret, &err))
		return true;
	messages_refusal(&c->messages, c->wall_ms, "%s: %s", t->words[0], err.text);
	return false;
}

/* deploy VERSION [ENVIRONMENT] [at TIME] */
static void run_deploy(struct console *c, const struct typed *t, struct effects *effects)
{
	size_t at_word = strcmp(word(t, 2), "at") == 0 ? 2 : 3;
	const struct model_environment *here = select_environment(c);
	const char *environment = at_word == 3 && t->n > 2 ? word(t, 2) : here ? here->name : "";
	int64_t at = 0;

	if (t->n > at_word && strcmp(word(t, at_word), "at") != 0)
		messages_refusal(&c->messages, c->wall_ms, "deploy VERSION [ENVIRONMENT] [at TIME]: too many words");
	else if (!*environment)
		messages_refusal(&c->messages, c->wall_ms, "deploy VERSION ENVIRONMENT: no environment is selected");
	else if (t->n <= at_word || read_time(c, t, t->rest[at_word + 1], &at))
		act_deploy_by_name(c, word(t, 1), environment, at, effects);
}

static void run_feature(struct console *c, const struct typed *t, struct effects *effects)
{
	AUTO(intent_done) struct intent intent = { 0 };
	bool on = strcmp(word(t, 3), "on") == 0;

	if (!has_environment(c, t, 1))
		return;
	select_feature(c, word(t, 1), word(t, 2), on, &intent);
	give_reason(&intent, t->rest[4]);
	if (!on && strcmp(word(t, 3), "off") != 0)
		messages_refusal(&c->messages, c->wall_ms, "feature: say whether %s is to be on or off", word(t, 2));
	else if (intent.kind == INTENT_NONE)
		messages_refusal(&c->messages, c->wall_ms, "feature: %s has no feature %s", word(t, 1), word(t, 2));
	else
		act_begin(c, &intent, effects);
}

/* lock ENVIRONMENT [steal] [for TIME] [REASON]: what is not said is asked for. */
static void run_lock(struct console *c, const struct typed *t, struct effects *effects)
{
	AUTO(intent_done) struct intent intent = { 0 };
	const char *rest = t->rest[2];
	char time[16];
	int used = 0;

	if (!has_environment(c, t, 1))
		return;
	select_hold(c, INTENT_LOCK, word(t, 1), &intent);
	if (strncmp(rest, "steal", 5) == 0 && (rest[5] == ' ' || !rest[5])) {
		intent.steal = true;
		rest += 5 + strspn(rest + 5, " ");
	}
	if (sscanf(rest, "for %15s %n", time, &used) == 1 && value_duration(time, &intent.for_ms))
		rest += used;
	give_reason(&intent, rest);
	act_begin(c, &intent, effects);
}

static void run_hold(struct console *c, const struct typed *t, enum intent_kind kind, struct effects *effects)
{
	AUTO(intent_done) struct intent intent = { 0 };

	if (!has_environment(c, t, 1))
		return;
	select_hold(c, kind, word(t, 1), &intent);
	give_reason(&intent, t->rest[2]);
	act_begin(c, &intent, effects);
}

static void run_unlock(struct console *c, const struct typed *t, struct effects *effects)
{
	run_hold(c, t, INTENT_UNLOCK, effects);
}

static void run_resume(struct console *c, const struct typed *t, struct effects *effects)
{
	run_hold(c, t, INTENT_RESUME, effects);
}

static void run_waiting(struct console *c, const struct typed *t, enum intent_kind kind, int64_t at,
                        struct effects *effects)
{
	AUTO(intent_done) struct intent intent = { 0 };

	select_of_deployment(c, kind, strtoll(word(t, 1) + (*word(t, 1) == '#'), NULL, 10), &intent);
	intent.at = at;
	if (kind != INTENT_MOVE)
		give_reason(&intent, t->rest[2]);
	if (intent.kind == INTENT_NONE)
		messages_refusal(&c->messages, c->wall_ms, "%s: %s does not wait for that; v shows what waits", t->words[0],
		               word(t, 1));
	else
		act_begin(c, &intent, effects);
}

static void run_move(struct console *c, const struct typed *t, struct effects *effects)
{
	int64_t at = 0;

	if (!*t->rest[2] || read_time(c, t, t->rest[2], &at))
		run_waiting(c, t, INTENT_MOVE, at, effects);
}

static void run_approve(struct console *c, const struct typed *t, struct effects *effects)
{
	run_waiting(c, t, INTENT_APPROVE, 0, effects);
}

static void run_reject(struct console *c, const struct typed *t, struct effects *effects)
{
	run_waiting(c, t, INTENT_REJECT, 0, effects);
}

static void run_environment(struct console *c, const struct typed *t, struct effects *effects)
{
	(void)effects;
	if (!has_environment(c, t, 1))
		return;
	stack_home(c, &view_releases);
	list_select(c->environments, word(t, 1), select_environment_id, c);
}

static void run_at(struct console *c, const struct typed *t, struct effects *effects)
{
	(void)effects;
	lookback_typed(c, t->rest[1]);
}

static void run_app(struct console *c, const struct typed *t, struct effects *effects)
{
	(void)effects;
	if (model_app(&c->status, word(t, 1)))
		home_choose_app(c, word(t, 1));
	else
		messages_refusal(&c->messages, c->wall_ms, "app: there is no application %s", word(t, 1));
}

const struct typed_command typed_commands[] = {
	{ "deploy", "deploy VERSION [ENVIRONMENT] [at TIME]", "now, or at 2026-12-01 18:00 Europe/Paris", 1,
	  { TYPED_VERSION, TYPED_ENVIRONMENT, TYPED_AT }, run_deploy },
	{ "feature", "feature ENVIRONMENT NAME on|off [REASON]", "put a feature in, or pull it", 3,
	  { TYPED_ENVIRONMENT, TYPED_FEATURE, TYPED_ON_OFF, TYPED_TEXT }, run_feature },
	{ "lock", "lock ENVIRONMENT [steal] [for 1h] REASON", "keep others from deploying there", 1,
	  { TYPED_ENVIRONMENT, TYPED_TEXT }, run_lock },
	{ "unlock", "unlock ENVIRONMENT [REASON]", "give the lock back", 1, { TYPED_ENVIRONMENT, TYPED_TEXT }, run_unlock },
	{ "resume", "resume ENVIRONMENT [REASON]", "let paused automation go on", 1, { TYPED_ENVIRONMENT, TYPED_TEXT },
	  run_resume },
	{ "move", "move ID TIME", "move a scheduled deployment to another time", 1, { TYPED_WAITING, TYPED_TEXT }, run_move },
	{ "approve", "approve ID REASON", "approve what another person asked for", 1, { TYPED_WAITING, TYPED_TEXT },
	  run_approve },
	{ "reject", "reject ID REASON", "reject what waits for approval", 1, { TYPED_WAITING, TYPED_TEXT }, run_reject },
	{ "env", "env ENVIRONMENT", "select an environment", 1, { TYPED_ENVIRONMENT }, run_environment },
	{ "at", "at TIME|-10m|+1h|now", "look at how it was: 2026-11-20 14:03 Europe/Paris", 1, { TYPED_TEXT }, run_at },
	{ "app", "app APPLICATION", "look at another application", 1, { TYPED_APP }, run_app },
};
const size_t typed_ncommands = ARRAY_LEN(typed_commands);

static void split(const char *text, struct typed *ret)
{
	const char *at = text + strspn(text, " ");
	char *rest = NULL;

	*ret = (struct typed){ .copy = mem_dup(text) };
	for (char *one = strtok_r(ret->copy, " ", &rest); one && ret->n < TYPED_WORDS; one = strtok_r(NULL, " ", &rest)) {
		ret->rest[ret->n] = at;
		ret->words[ret->n++] = one;
		at += strlen(one);
		at += strspn(at, " ");
	}
	for (size_t i = ret->n; i <= TYPED_WORDS; i++)
		ret->rest[i] = i == ret->n ? at : "";
}

static const struct typed_command *find(const char *name)
{
	for (size_t i = 0; i < typed_ncommands; i++)
		if (strcmp(typed_commands[i].name, name) == 0)
			return &typed_commands[i];
	return NULL;
}

/* The name alone is the key's business where there is such a key. */
static bool is_key(const struct console *c, const struct typed *t)
{
	return t->n == 1 && keymap_of_name(&keys_map, select_screen(c)->view->context, t->words[0]);
}

/* All the others act, those too that are yet to be written. */
static bool is_looking(const struct typed_command *command)
{
	return command->run == run_environment || command->run == run_at || command->run == run_app;
}

bool typed_run(struct console *c, const char *text, struct effects *effects)
{
	struct typed t;
	const struct typed_command *command;
	bool found;

	split(text, &t);
	command = t.n ? find(t.words[0]) : NULL;
	found = command && !is_key(c, &t);
	if (found && !is_looking(command) && lookback_refuses(c, command->name))
		;
	else if (found && t.n - 1 < command->least)
		messages_refusal(&c->messages, c->wall_ms, "%s: too few words", command->usage);
	else if (found)
		command->run(c, &t, effects);
	free(t.copy);
	return found;
}

/* The i-th of a kind of word; NULL after the last. Borrowed from the model. */
static const char *nth_environment(const struct console *c, size_t i)
{
	const struct model_app *app = select_app(c);

	return app && i < app->nenvironments ? app->environments[i].name : NULL;
}

static const char *nth_feature(const struct console *c, const struct typed *t, size_t i)
{
	const struct model_environment *e = model_environment(select_app(c), word(t, 1));

	return e && i < e->features.n ? e->features.items[i].name : NULL;
}

static const char *nth_waiting(struct console *c, size_t i)
{
	return select_waiting(c, i, NULL) ? select_waiting_id(c, (int64_t)i) : NULL;
}

static const char *nth(struct console *c, enum typed_word kind, const struct typed *t, size_t i)
{
	static const char *const switches[] = { "on", "off" };

	switch (kind) {
	case TYPED_VERSION: return i < c->builds.n ? c->builds.items[i].version : NULL;
	case TYPED_ENVIRONMENT: return nth_environment(c, i);
	case TYPED_APP: return i < c->status.napps ? c->status.apps[i].name : NULL;
	case TYPED_FEATURE: return nth_feature(c, t, i);
	case TYPED_ON_OFF: return i < ARRAY_LEN(switches) ? switches[i] : NULL;
	case TYPED_AT: return i == 0 ? "at" : NULL;
	case TYPED_WAITING: return nth_waiting(c, i);
	case TYPED_TEXT: case TYPED_NONE: break;
	}
	return NULL;
}

const char *typed_complete(struct console *c, const char *typed, size_t i)
{
	const char *last = strrchr(typed, ' '), *prefix = last ? last + 1 : typed, *found = NULL;
	const struct typed_command *command;
	struct typed t;
	size_t at;

	split(typed, &t);
	command = t.n ? find(t.words[0]) : NULL;
	/* The word that is being typed: a new one after a blank. */
	at = *prefix ? t.n - 1 : t.n;
	if (command && at >= 1 && at < TYPED_WORDS)
		for (size_t n = 0; (found = nth(c, command->words[at - 1], &t, n)); n++)
			if (strncmp(found, prefix, strlen(prefix)) == 0 && i-- == 0)
				break;
	free(t.copy);
	return found;
}
