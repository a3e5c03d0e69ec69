/* policy: approvals, locks and automation, as people ask for them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/clock.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/engine/automation.h"
#include "backend/engine/engine_priv.h"
#include "backend/engine/gate_facts.h"
#include "backend/engine/gates/gates.h"
#include "backend/engine/people.h"

static const int64_t LOCK_LONGEST_MS = INT64_C(30) * 24 * 3600 * 1000;

static bool read_reason(const json_t *request, bool required, const char **ret, struct err *err)
{
	*ret = json_text(request, "reason");
	if (strlen(*ret) > 1000)
		return err_set(err, ERR_USAGE, "the reason is longer than 1,000 bytes");
	return **ret || !required || err_set(err, ERR_USAGE, "this asks for a reason");
}

/* ---- approvals ---- */

/* The plan that the caller saw must be the one of now, or it would approve what it does not know. */
static bool same_plan(const json_t *request, const char *plan_hash, struct err *err)
{
	const char *seen = json_string_value(json_object_get(request, "plan_hash"));

	return !seen || strcmp(seen, plan_hash) == 0
		|| err_set(err, ERR_STALE, "the plan changed since you looked; look at it again");
}

static bool may_approve(struct environment *env, const struct store_deployment *d, const struct engine_caller *who,
                        bool rejects, struct err *err)
{
	char names[200];

	if (env->cenv->approvals == 0)
		return err_set(err, ERR_CONFLICT, "%s asks for no approval", env->name);
	if (!rejects && d->uid == (int64_t)who->uid)
		return err_set(err, ERR_DENIED, "%s asked for deployment %" PRId64 " and cannot approve it; another person must",
		               who->name, d->id);
	return people_hold(env->e, who, &env->cenv->approvers)
		|| err_set(err, ERR_DENIED, "%s may not approve deployments to %s; %s may", who->name, env->name,
		           gate_names(&env->cenv->approvers, names, sizeof names));
}

static bool append_verdict(struct environment *env, const struct store_deployment *d, const struct engine_caller *who,
                           const char *verdict, const char *plan_hash, const char *reason, struct err *err)
{
	json_t *body = json_pack("{s:I, s:s, s:s, s:s, s:s, s:I, s:s, s:o}", "id", (json_int_t)d->id, "plan_hash", plan_hash,
	                         "digest", d->digest, "app", d->app, "environment", d->environment, "uid",
	                         (json_int_t)who->uid, "verdict", verdict, "reason", json_safe_string(reason));

	if (d->not_before)
		json_object_set_new(body, "not_before", json_integer(d->not_before));
	return store_append(env->e->store, who->name, "approval.given", body, NULL, err);
}

static bool append_rejection(struct environment *env, const struct store_deployment *d,
                             const struct engine_caller *who, const char *plan_hash, const char *reason,
                             struct err *err)
{
	struct store *s = env->e->store;

	if (!store_begin(s, err))
		return false;
	if (!append_verdict(env, d, who, "reject", plan_hash, reason, err)
	    || !engine_end_queued(env->e, who, d->id, "rejected", reason, err)) {
		store_rollback(s);
		return false;
	}
	return store_commit(s, err);
}

static bool give_verdict(struct engine *e, const struct engine_caller *who, const struct store_deployment *d,
                         const json_t *request, bool rejects, struct err *err)
{
	struct environment *env = engine_environment(e, d->app, d->environment, err);
	struct gate_refusals refusals;
	char plan_hash[DIGEST_SIZE];
	const char *reason;

	if (!env || !read_reason(request, true, &reason, err))
		return false;
	if (!may_approve(env, d, who, rejects, err))
		return false;
	if (d->state != DEPLOYMENT_QUEUED)
		return err_set(err, ERR_CONFLICT, "deployment %" PRId64 " does not wait: it is %s", d->id,
		               deployment_state_name(d->state));
	if (!gate_judge_deployment(env, d, false, &refusals, plan_hash, err)
	    || !same_plan(request, plan_hash, err))
		return false;
	if (rejects)
		return append_rejection(env, d, who, plan_hash, reason, err);
	if (!append_verdict(env, d, who, "approve", plan_hash, reason, err))
		return false;
	environment_wake(env);
	return true;
}

bool engine_approve(struct engine *e, const struct engine_caller *who, int64_t id, const json_t *request, bool rejects,
                    json_t **ret, struct err *err)
{
	AUTO(store_deployment_done) struct store_deployment d = { 0 };

	return store_deployment(e->store, id, &d, err) && give_verdict(e, who, &d, request, rejects, err)
		&& engine_deployment(e, id, ret, err);
}

/* ---- locks and automation ---- */

static json_t *lock_body(struct environment *env, const struct engine_caller *who, const char *reason)
{
	return json_pack("{s:s, s:s, s:I, s:s, s:o}", "app", env->app, "environment", env->name, "uid",
	                 (json_int_t)who->uid, "owner", who->name, "reason", json_safe_string(reason));
}

static bool is_held(const struct store_lock *lock)
{
	return lock->owner && (!lock->expires || clock_wall_ms() < lock->expires);
}

static bool take_lock(struct environment *env, const struct engine_caller *who, const json_t *request,
                      const struct store_lock *lock, struct err *err)
{
	int64_t asked_ms = json_int(request, "for_ms", 0), for_ms = asked_ms ? asked_ms : env->cenv->lock_ms;
	bool foreign = is_held(lock) && lock->uid != (int64_t)who->uid;
	const char *reason;
	json_t *body;

	if (!read_reason(request, true, &reason, err))
		return false;
	if (for_ms < 0 || for_ms > LOCK_LONGEST_MS)
		return err_set(err, ERR_USAGE, "a lock lasts at most 30 days");
	if (foreign && !json_flag(request, "steal"))
		return err_set(err, ERR_LOCKED, "%s is locked by %s: %s; --steal takes it from there", env->name, lock->owner,
		               lock->reason);
	body = lock_body(env, who, reason);
	json_object_set_new(body, "expires", json_integer(clock_wall_ms() + for_ms));
	if (foreign)
		json_put_text(body, "from", lock->owner);
	return store_append(env->e->store, who->name, foreign ? "lock.stolen" : "lock.taken", body, NULL, err);
}

static bool release_lock(struct environment *env, const struct engine_caller *who, const json_t *request,
                         const struct store_lock *lock, struct err *err)
{
	const char *reason;

	if (!read_reason(request, false, &reason, err))
		return false;
	if (!is_held(lock))
		return err_set(err, ERR_CONFLICT, "%s is not locked", env->name);
	if (lock->uid != (int64_t)who->uid)
		return err_set(err, ERR_LOCKED, "%s is locked by %s: %s; lock it with --steal and a reason, then unlock it",
		               env->name, lock->owner, lock->reason);
	return store_append(env->e->store, who->name, "lock.released", lock_body(env, who, reason), NULL, err);
}

static bool pause_automation(struct environment *env, const struct engine_caller *who, const json_t *request,
                             const struct store_policy *policy, struct err *err)
{
	struct store *s = env->e->store;
	const char *reason;

	if (!read_reason(request, true, &reason, err))
		return false;
	if (!env->cenv->automatic)
		return err_set(err, ERR_CONFLICT, "%s is not automatic: there is nothing to pause", env->name);
	if (policy->paused)
		return err_set(err, ERR_CONFLICT, "automation of %s is paused already: %s", env->name, policy->paused_why);
	if (!store_begin(s, err))
		return false;
	if (!automation_pause(env, who->name, reason, 0, err)) {
		store_rollback(s);
		return false;
	}
	return store_commit(s, err);
}

static bool resume(struct environment *env, const struct engine_caller *who, const json_t *request,
                   const struct store_policy *policy, struct err *err)
{
	const char *reason;

	if (!read_reason(request, false, &reason, err))
		return false;
	if (!policy->paused)
		return err_set(err, ERR_CONFLICT, "automation of %s is not paused", env->name);
	return store_append(env->e->store, who->name, "automation.resumed",
	                    json_pack("{s:s, s:s, s:o}", "app", env->app, "environment", env->name, "reason",
	                              json_safe_string(reason)), NULL, err);
}

bool engine_hold(struct engine *e, const struct engine_caller *who, const char *environment, enum engine_hold what,
                 const json_t *request, json_t **ret, struct err *err)
{
	struct environment *env = engine_environment(e, json_text(request, "app"), environment, err);
	AUTO(store_policy_done) struct store_policy policy = { 0 };
	bool ok;

	if (!env || !people_may_change(env, who, err) || !store_policy(e->store, env->app, env->name, &policy, err))
		return false;
	ok = what == ENGINE_LOCK ? take_lock(env, who, request, &policy.lock, err)
		: what == ENGINE_UNLOCK ? release_lock(env, who, request, &policy.lock, err)
		: what == ENGINE_PAUSE ? pause_automation(env, who, request, &policy, err)
		: resume(env, who, request, &policy, err);
	if (!ok)
		return false;
	environment_wake(env);
	*ret = answers_environment(env, who, err);
	return *ret != NULL;
}
