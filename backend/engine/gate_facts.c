#include "backend/engine/gate_facts.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/clock.h"
#include "backend/base/mem.h"
#include "backend/engine/engine_priv.h"
#include "backend/engine/facts.h"
#include "backend/engine/people.h"

static bool collect_before(struct environment *env, const struct store_build *build, struct gate_collected *c,
                           struct err *err)
{
	const struct config_environment *cenv = env->cenv;

	c->before = mem_array(cenv->nafter, sizeof *c->before);
	for (size_t i = 0; i < cenv->nafter; i++) {
		const struct config_after *after = &cenv->after[i];
		const struct config_environment *other = config_environment(env->capp, after->environment);

		c->before[i] = (struct gate_before){ .environment = after->environment, .soak_ms = after->soak_ms,
		                                     .is_optional = other && other->is_optional };
		if (!store_stay(env->e->store, env->app, after->environment, build->digest, &c->before[i].stay, err))
			return false;
	}
	c->facts.before = c->before;
	c->facts.nbefore = cenv->nafter;
	return true;
}

static bool collect_approvals(struct environment *env, int64_t id, struct gate_collected *c, struct err *err)
{
	if (!id || env->cenv->approvals == 0)
		return true;
	if (!store_approvals(env->e->store, id, &c->approvals, err))
		return false;
	c->votes = mem_array(c->approvals.n, sizeof *c->votes);
	for (size_t i = 0; i < c->approvals.n; i++) {
		const struct store_approval *a = &c->approvals.items[i];

		c->votes[i] = (struct gate_approval){ .who = { a->uid, a->name, NULL }, .approved = a->approved, .at = a->at,
		                                      .digest = a->digest, .plan_hash = a->plan_hash,
		                                      .not_before = a->not_before };
		c->votes[i].who.groups = people_groups(env->e->people, (uid_t)a->uid);
	}
	c->facts.approvals = c->votes;
	c->facts.napprovals = c->approvals.n;
	return true;
}

/* Only where a migration ran that cannot be taken back are the builds to go back to of interest. */
static bool collect_targets(struct environment *env, struct gate_collected *c, struct err *err)
{
	struct store *s = env->e->store;
	bool floor = false;

	if (!store_migrations(s, env->app, env->name, &c->rans, err))
		return false;
	c->facts.ran = c->rans.items;
	c->facts.nran = c->rans.n;
	for (size_t i = 0; i < c->rans.n; i++)
		floor |= !c->rans.items[i].reversible;
	if (!floor)
		return true;
	if (!store_known_good(s, env->app, env->name, &c->versions, err))
		return false;
	c->targets = mem_array(c->versions.n, sizeof *c->targets);
	c->builds = mem_array(c->versions.n, sizeof *c->builds);
	for (size_t i = 0; i < c->versions.n; i++) {
		struct store_stay stay;

		if (!store_build(s, env->app, c->versions.items[i], NULL, &c->builds[i], err))
			return false;
		c->nbuilds++;
		if (!store_stay(s, env->app, env->name, c->builds[i].digest, &stay, err))
			return false;
		c->targets[i] = (struct gate_target){ c->versions.items[i], &c->builds[i], stay.last };
	}
	c->facts.targets = c->targets;
	c->facts.ntargets = c->nbuilds;
	return true;
}

static bool collect_turn(struct environment *env, int64_t release, struct gate_collected *c, struct err *err)
{
	if (!release)
		return true;
	if (!store_release(env->e->store, release, &c->release, err))
		return false;
	c->turn = (struct gate_turn){ release, c->release.group, NULL, c->release.state >= DEPLOYMENT_UNDOING };
	for (size_t i = 0; i < c->release.nmembers && !c->turn.before; i++) {
		const struct store_member *m = &c->release.members[i];

		if (strcmp(m->app, env->app) == 0)
			break;
		if (m->note != MEMBER_UNCHANGED && !(m->deployment && m->state == DEPLOYMENT_SUCCEEDED))
			c->turn.before = m->app;
	}
	c->facts.turn = &c->turn;
	return true;
}

static bool collect_of_build(struct environment *env, const struct gate_question *q, struct gate_collected *c,
                             struct err *err)
{
	if (!q->build)
		return true;
	c->facts.here = &c->here;
	return store_stay(env->e->store, env->app, env->name, q->build->digest, &c->here, err)
		&& collect_before(env, q->build, c, err) && collect_approvals(env, q->id, c, err)
		&& collect_targets(env, c, err) && collect_turn(env, q->release, c, err);
}

/* Groups are only looked up where some rule names one. */
static bool needs_groups(const struct config_environment *env, const struct gate_question *q)
{
	return env->deployers.names || (q->override && env->override.names);
}

bool gate_collect(struct environment *env, const struct gate_question *q, struct gate_collected *ret, struct err *err)
{
	*ret = (struct gate_collected){ .facts = {
		.app = env->capp, .env = env->cenv, .build = q->build, .state = q->state, .kind = q->kind, .expect = q->expect,
		.id = q->id, .now = engine_now(env->e), .requester = { q->uid, q->name, NULL }, .reason = q->reason,
		.override = q->override, .plan_hash = q->plan_hash, .is_started = q->is_started,
		.not_before = q->not_before, .engine_started = env->e->started_at,
	} };
	if (needs_groups(env->cenv, q))
		ret->facts.requester.groups = people_groups(env->e->people, (uid_t)q->uid);
	if (store_policy(env->e->store, env->app, env->name, &ret->policy, err) && collect_of_build(env, q, ret, err)) {
		ret->facts.policy = &ret->policy;
		return true;
	}
	gate_collected_done(ret);
	return false;
}

void gate_collected_done(struct gate_collected *c)
{
	store_policy_done(&c->policy);
	store_approvals_done(&c->approvals);
	store_rans_done(&c->rans);
	store_versions_done(&c->versions);
	for (size_t i = 0; i < c->nbuilds; i++)
		store_build_done(&c->builds[i]);
	store_release_done(&c->release);
	free(c->builds);
	free(c->before);
	free(c->votes);
	free(c->targets);
	*c = (struct gate_collected){ 0 };
}

/* ret_expected NULL: only what holds now. */
static bool judge_deployment(struct environment *env, const struct store_deployment *d, bool is_started,
                             int64_t *ret_expected, struct gate_refusals *ret, char ret_plan_hash[static DIGEST_SIZE],
                             struct err *err)
{
	AUTO(store_build_done) struct store_build build = { 0 };
	AUTO(store_env_done) struct store_env state = { 0 };
	AUTO(gate_collected_done) struct gate_collected c = { 0 };
	struct plan plan;
	struct gate_question q = { .kind = d->kind, .build = &build, .state = &state, .expect = d->expect, .id = d->id,
	                           .reason = d->reason, .override = d->override, .plan_hash = plan.hash, .uid = d->uid,
	                           .name = d->actor, .is_started = is_started, .not_before = d->not_before,
	                           /* What takes a release back waits for nobody. */
	                           .release = d->kind == KIND_ROLLBACK ? 0 : d->release };

	if (!store_build(env->e->store, d->app, d->version, NULL, &build, err)
	    || !store_env(env->e->store, d->app, d->environment, &state, err)
	    || !facts_plan(env, &state, &build, d->kind, &plan, err) || !gate_collect(env, &q, &c, err))
		return false;
	if (ret_expected)
		*ret_expected = gate_foresee(&c.facts, ret);
	else
		gate_judge_all(&c.facts, ret);
	memcpy(ret_plan_hash, plan.hash, DIGEST_SIZE);
	return true;
}

bool gate_judge_deployment(struct environment *env, const struct store_deployment *d, bool is_started,
                           struct gate_refusals *ret, char ret_plan_hash[static DIGEST_SIZE], struct err *err)
{
	return judge_deployment(env, d, is_started, NULL, ret, ret_plan_hash, err);
}

bool gate_foresee_deployment(struct environment *env, const struct store_deployment *d, int64_t *ret_expected,
                             struct gate_refusals *ret, char ret_plan_hash[static DIGEST_SIZE], struct err *err)
{
	return judge_deployment(env, d, false, ret_expected, ret, ret_plan_hash, err);
}
