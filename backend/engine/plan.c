#include "backend/engine/plan.h"

#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/config/config.h"
#include "backend/drivers/driver.h"
#include "backend/store/store.h"

enum { PLAN_TEXT_MAX = 1024 * 1024, GATE_DEADLINE_MS = 10000 };

/* An environment that is deployed to by commands of its own has its own way of migrating, or none. */
static bool migrates(const struct config_app *app, const struct config_environment *env)
{
	if (env->deploy)
		return env->migrate != NULL;
	for (size_t i = 0; i < app->ncomponents; i++)
		if (app->components[i].migrate)
			return true;
	return false;
}

static bool has_stage(const struct plan_facts *f, const struct plan *plan, enum stage stage)
{
	switch (stage) {
	case STAGE_FETCH:
	case STAGE_STAGE:
	case STAGE_START:
		return !plan->target_is_warm;
	case STAGE_GATE:
		return f->kind != KIND_ROLLBACK;
	case STAGE_MIGRATE:
		return f->nmigrations > 0 && migrates(f->app, f->env);
	case STAGE_SMOKE:
		return f->kind != KIND_ROLLBACK && f->app->nsmoke > 0;
	case STAGE_ACCEPTANCE:
		return f->kind != KIND_ROLLBACK && f->app->nacceptance > 0;
	case STAGE_DRAIN:
		/* Without a colour that had the traffic there is nothing to drain. */
		return f->state->live != COLOUR_NONE;
	default:
		return true;
	}
}

static void add_step(const struct plan_facts *f, enum stage stage, struct plan *ret)
{
	/* The gate is the engine's own: the configuration has no deadline for it. */
	int64_t deadline_ms = stage == STAGE_GATE ? GATE_DEADLINE_MS : f->app->deadline_ms[stage];

	if (has_stage(f, ret, stage))
		ret->steps[ret->nsteps++] = (struct plan_step){ stage, deadline_ms };
}

static void choose_slot(const struct plan_facts *f, struct plan *ret)
{
	const struct store_slot *slot;

	ret->target = colour_other(f->state->live);
	slot = &f->state->slots[ret->target];
	ret->target_is_warm = f->kind == KIND_ROLLBACK && slot->state && strcmp(slot->state, "warm") == 0
		&& slot->digest && strcmp(slot->digest, f->digest) == 0;
}

static void describe_test(const struct config_test *t, struct buf *text)
{
	buf_printf(text, "test %s %s %s %d %s", t->name, t->method ? t->method : "", t->path ? t->path : "", t->status,
	           t->body ? t->body : "");
	for (char **word = t->command; word && *word; word++)
		buf_printf(text, " [%s]", *word);
	buf_add_text(text, "\n");
}

static void make_hash(const struct plan_facts *f, struct plan *ret)
{
	struct buf text;

	buf_init(&text, PLAN_TEXT_MAX);
	buf_printf(&text, "%s %s %s %s %s\nfrom %s\ntarget %s\n", f->app->name, f->env->name, kind_name(f->kind), f->version,
	           f->digest, f->state->live_digest ? f->state->live_digest : "none", colour_name(ret->target));
	for (size_t i = 0; i < ret->nsteps; i++)
		buf_printf(&text, "step %s %lld\n", stage_name(ret->steps[i].stage), (long long)ret->steps[i].deadline_ms);
	for (size_t i = 0; i < f->nmigrations; i++)
		buf_printf(&text, "migration %s\n", f->migrations[i]);
	for (size_t i = 0; f->kind != KIND_ROLLBACK && i < f->app->nsmoke; i++)
		describe_test(&f->app->smoke[i], &text);
	for (size_t i = 0; f->kind != KIND_ROLLBACK && i < f->app->nacceptance; i++)
		describe_test(&f->app->acceptance[i], &text);
	buf_printf(&text, "verify %lld %d\n", (long long)f->app->verify_ms, f->app->verify_failures);
	digest_bytes(text.data, text.len, ret->hash);
	buf_done(&text);
}

void plan_make(const struct plan_facts *facts, struct plan *ret)
{
	*ret = (struct plan){ 0 };
	choose_slot(facts, ret);
	add_step(facts, STAGE_GATE, ret);
	for (size_t i = 0; i < facts->driver->nstages; i++)
		add_step(facts, facts->driver->stages[i], ret);
	make_hash(facts, ret);
}

size_t plan_migrating_step(const struct store_step *steps, size_t n)
{
	static const enum stage firsts[] = { STAGE_MIGRATE, STAGE_START, STAGE_SWITCH };

	for (size_t f = 0; f < ARRAY_LEN(firsts); f++)
		for (size_t i = 0; i < n; i++)
			if (steps[i].stage == firsts[f])
				return i;
	return n;
}

json_t *plan_steps_json(const struct plan *plan)
{
	json_t *steps = json_array();

	for (size_t i = 0; i < plan->nsteps; i++)
		json_array_append_new(steps, json_pack("{s:s, s:I}", "stage", stage_name(plan->steps[i].stage),
		                                       "deadline_ms", (json_int_t)plan->steps[i].deadline_ms));
	return steps;
}
