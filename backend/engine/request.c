#include "backend/engine/request.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/log.h"
#include "backend/base/mem.h"
#include "backend/engine/automation.h"
#include "backend/engine/engine_priv.h"
#include "backend/engine/facts.h"
#include "backend/engine/gate_facts.h"
#include "backend/engine/gates/gates.h"
#include "backend/engine/people.h"

/* A uid that no user has; as a number it is -1 in the journal and for the gates. */
const struct engine_caller engine_itself = { (uid_t)-1, "automation" };

static int64_t uid_of(const struct engine_caller *who)
{
	return who->uid == engine_itself.uid ? -1 : (int64_t)who->uid;
}

static bool read_ask(struct engine *e, const json_t *request, struct ask *ret, struct err *err)
{
	const char *kind = json_text_or(request, "kind", "deploy");
	const char *if_busy = json_text_or(request, "if_busy", "queue");

	*ret = (struct ask){
		.version = json_string_value(json_object_get(request, "version")),
		.digest = json_string_value(json_object_get(request, "digest")),
		.expect = json_string_value(json_object_get(request, "expect")),
		.key = json_string_value(json_object_get(request, "key")),
		.reason = json_text(request, "reason"),
		.override = json_string_value(json_object_get(request, "override")),
		.refuse_when_busy = strcmp(if_busy, "refuse") == 0,
		.not_before = json_int(request, "not_before", 0),
	};
	if (!kind_parse(kind, &ret->kind) || (ret->kind != KIND_DEPLOY && ret->kind != KIND_ROLLBACK))
		return err_set(err, ERR_USAGE, "kind is \"%.40s\"; it must be \"deploy\" or \"rollback\"", kind);
	/* What clears by itself may have cleared when its time comes; then it is judged again. */
	ret->when_allowed = ret->not_before || json_flag(request, "when_allowed");
	if (ret->not_before && ret->kind == KIND_ROLLBACK)
		return err_set(err, ERR_USAGE, "a rollback is not scheduled: it goes at once");
	if (ret->not_before && !schedule_check(ret->not_before, err))
		return false;
	if (ret->not_before)
		ret->kind = KIND_SCHEDULED;
	if (!ret->refuse_when_busy && strcmp(if_busy, "queue") != 0)
		return err_set(err, ERR_USAGE, "if_busy is \"%.40s\"; it must be \"queue\" or \"refuse\"", if_busy);
	if (!json_string_value(json_object_get(request, "environment")))
		return err_set(err, ERR_USAGE, "the request names no environment");
	if (ret->kind != KIND_ROLLBACK && !ret->version)
		return err_set(err, ERR_USAGE, "the request names no version");
	if (ret->key && (strlen(ret->key) < 8 || strlen(ret->key) > 100))
		return err_set(err, ERR_USAGE, "an idempotency key has 8 to 100 characters");
	if (strlen(ret->reason) > 1000)
		return err_set(err, ERR_USAGE, "the reason is longer than 1,000 bytes");
	if (ret->override && (!*ret->override || strlen(ret->override) > 1000))
		return err_set(err, ERR_USAGE, "an override says why, in 1 to 1,000 bytes");
	ret->env = engine_environment(e, json_text(request, "app"), json_text(request, "environment"), err);
	return ret->env != NULL;
}

static bool find_build(const struct ask *ask, const struct store_env *state, struct store_build *ret, struct err *err)
{
	const char *version = ask->version;

	if (ask->kind == KIND_ROLLBACK && !version) {
		version = state->previous_version;
		if (!version)
			return err_set(err, ERR_REFUSED, "%s has no build to roll back to: none was proven there before %s",
			               ask->env->name, state->live_version ? state->live_version : "the first");
	}
	if (!store_build(ask->env->e->store, ask->env->app, version, NULL, ret, err))
		return false;
	if (ask->digest && strcmp(ask->digest, ret->digest) != 0) {
		err_set(err, ERR_STALE, "build %s is %.12s now, not %.12s", version, ret->digest, ask->digest);
		store_build_done(ret);
		return false;
	}
	if (ask->kind == KIND_ROLLBACK && state->live_digest && strcmp(state->live_digest, ret->digest) == 0) {
		err_set(err, ERR_REFUSED, "%s is live on %s already", version, ask->env->name);
		store_build_done(ret);
		return false;
	}
	return true;
}

static json_t *request_body(const struct ask *ask, const struct engine_caller *who, const struct store_build *build,
                            const struct store_env *state, const struct plan *plan)
{
	json_t *body = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:I}", "app", ask->env->app, "environment",
	                         ask->env->name, "kind", kind_name(ask->kind), "version", build->version, "digest",
	                         build->digest, "target", colour_name(plan->target), "plan_hash", plan->hash, "steps",
	                         plan_steps_json(plan), "uid", (json_int_t)uid_of(who));

	json_put_text(body, "from", state->live_version);
	json_put_text(body, "expect", ask->expect);
	json_put_text(body, "key", ask->key);
	json_put_text(body, "reason", ask->reason);
	if (ask->not_before)
		json_object_set_new(body, "not_before", json_integer(ask->not_before));
	if (ask->override)
		json_object_set_new(body, "override", json_pack("{s:o}", "reason", json_safe_string(ask->override)));
	if (ask->release)
		json_object_set_new(body, "release", json_integer(ask->release));
	return body;
}

bool request_may_queue(const struct ask *ask, const struct gate_refusals *all, struct err *err)
{
	struct gate_refusals refused = { .n = 0 };

	for (size_t i = 0; i < all->n; i++)
		if (!all->items[i].waits || (!ask->when_allowed && strcmp(all->items[i].gate, "approval") != 0))
			refused.items[refused.n++] = all->items[i];
	return gate_tell(&refused, err);
}

static bool is_overridden(const struct gate_facts *facts)
{
	struct gate_facts plain = *facts;
	struct gate_refusal refusal = { 0 };

	/* Of the time for which it is scheduled: whether the window is open now does not matter then. */
	if (plain.now < plain.not_before)
		plain.now = plain.not_before;
	plain.override = NULL;
	return facts->override && !gate_window(&plain, &refusal);
}

/* Automation must not bring back what a rollback just left: it is quarantined and paused with the rollback itself. */
static bool append_quarantine(const struct ask *ask, const struct engine_caller *who, const struct store_env *state,
                              int64_t id, struct err *err)
{
	struct environment *env = ask->env;
	AUTO(mem_auto_free) char *why = NULL;

	if (ask->kind != KIND_ROLLBACK || !state->live_version)
		return true;
	why = mem_printf("rollback %" PRId64 " left %s", id, state->live_version);
	if (!store_append(env->e->store, who->name, "build.quarantined",
	                  json_pack("{s:s, s:s, s:s, s:s, s:I}", "app", env->app, "environment", env->name, "version",
	                            state->live_version, "digest", state->live_digest, "id", (json_int_t)id), NULL, err))
		return false;
	return !env->cenv->automatic || automation_pause(env, who->name, why, id, err);
}

/* What is written about a request, and what was decided before; owns its body until that is appended. */
struct verdict { bool overridden, waits; json_t *body; };

/* Within the caller's transaction. */
static bool append_rows(const struct ask *ask, const struct engine_caller *who, const struct store_env *state,
                        struct verdict *verdict, int64_t *ret_id, struct err *err)
{
	struct store *s = ask->env->e->store;
	json_t *body = verdict->body;

	verdict->body = NULL;
	return store_append(s, who->name, "deployment.requested", body, ret_id, err)
		&& (!verdict->overridden
		    || store_append(s, who->name, "gate.overridden",
		                    json_pack("{s:I, s:s, s:o}", "id", (json_int_t)*ret_id, "gate", "window", "reason",
		                              json_safe_string(ask->override)), NULL, err))
		&& (!ask->join || ask->join(ask->join_arg, *ret_id, err))
		&& append_quarantine(ask, who, state, *ret_id, err);
}

/*
 * Writes the request into the journal: from here on it is not lost. Where nothing runs and nobody waits it begins in the
 * same transaction, unless a gate holds it.
 */
static bool append_request(const struct ask *ask, const struct engine_caller *who, const struct store_env *state,
                           struct verdict *verdict, int64_t *ret_id, struct err *err)
{
	struct environment *env = ask->env;
	struct store *s = env->e->store;
	bool idle = !verdict->waits && environment_is_idle(env);
	struct run *run = NULL;

	if (!store_begin(s, err))
		return false;
	if (!append_rows(ask, who, state, verdict, ret_id, err) || (idle && !(run = run_join(env, *ret_id, err)))) {
		store_rollback(s);
		return false;
	}
	if (!store_commit(s, err)) {
		run_free(run);
		return false;
	}
	if (run)
		run_go(run);
	return true;
}

/* What is known of a request when it is judged. */
struct judged {
	struct store_build build;
	struct store_env state;
	struct plan plan;
	struct gate_refusals refusals;
	bool overridden;
};

static void judged_done(struct judged *j)
{
	store_build_done(&j->build);
	store_env_done(&j->state);
}

/* On failure ret may be given to judged_done. */
static bool judge(const struct ask *ask, const struct engine_caller *who, struct judged *ret, struct err *err)
{
	struct environment *env = ask->env;
	AUTO(gate_collected_done) struct gate_collected c = { 0 };
	struct gate_question q = { .kind = ask->kind, .build = &ret->build, .state = &ret->state, .expect = ask->expect,
	                           .reason = ask->reason, .override = ask->override, .plan_hash = ret->plan.hash,
	                           .uid = uid_of(who), .name = who->name, .not_before = ask->not_before };

	if (!env->denv)
		return err_copy(err, &env->trouble);
	if (!store_env(env->e->store, env->app, env->name, &ret->state, err)
	    || !find_build(ask, &ret->state, &ret->build, err)
	    || !facts_plan(env, &ret->state, &ret->build, ask->kind, &ret->plan, err) || !gate_collect(env, &q, &c, err))
		return false;
	if (ask->not_before)
		gate_foresee(&c.facts, &ret->refusals);
	else
		gate_judge_all(&c.facts, &ret->refusals);
	ret->overridden = is_overridden(&c.facts);
	return true;
}

bool request_judge(const struct ask *ask, const struct engine_caller *who, struct gate_refusals *ret, struct err *err)
{
	AUTO(judged_done) struct judged j = { 0 };

	if (!judge(ask, who, &j, err))
		return false;
	*ret = j.refusals;
	return true;
}

static struct verdict verdict_of(const struct ask *ask, const struct engine_caller *who, const struct judged *j)
{
	return (struct verdict){ j->overridden, j->refusals.n > 0,
	                         request_body(ask, who, &j->build, &j->state, &j->plan) };
}

bool request_append(const struct ask *ask, const struct engine_caller *who, int64_t *ret_id, struct err *err)
{
	AUTO(judged_done) struct judged j = { 0 };
	struct verdict verdict;

	if (!judge(ask, who, &j, err))
		return false;
	verdict = verdict_of(ask, who, &j);
	return append_rows(ask, who, &j.state, &verdict, ret_id, err);
}

/* Judges the request, and writes it into the journal: from here on it is not lost. */
static bool accept_request(const struct ask *ask, const struct engine_caller *who, int64_t *ret_id, struct err *err)
{
	AUTO(judged_done) struct judged j = { 0 };
	struct verdict verdict;
	bool ok;

	if (!judge(ask, who, &j, err) || !request_may_queue(ask, &j.refusals, err))
		return false;
	verdict = verdict_of(ask, who, &j);
	ok = append_request(ask, who, &j.state, &verdict, ret_id, err);
	json_decref(verdict.body);
	return ok;
}

/* A rollback goes before what runs; whatever else was asked for may begin when the environment is idle. */
static void make_way(const struct ask *ask, const struct engine_caller *who, int64_t id)
{
	struct run *run = ask->env->run;

	if (ask->kind == KIND_ROLLBACK && run && run_id(run) != id) {
		AUTO(mem_auto_free) char *why = mem_printf("rollback %" PRId64 " goes first", id);
		struct err unstopped = { 0 };

		/* It cannot be stopped when it is being undone or drained: then the rollback waits for that short end. */
		if (!run_stop(run, who->name, why, &unstopped))
			log_line(LOG_LEVEL_INFO, "rollback %" PRId64 " waits: %s", id, unstopped.text);
	}
	environment_wake(ask->env);
}

bool request_accept(const struct ask *ask, const struct engine_caller *who, int64_t *ret_id, struct err *err)
{
	if (!accept_request(ask, who, ret_id, err))
		return err_wrap(err, "%s %s%s%s", kind_name(ask->kind), ask->version ? ask->version : "",
		                ask->version ? " to " : "", ask->env->name);
	make_way(ask, who, *ret_id);
	return true;
}

static bool is_busy(const struct environment *env, struct err *err)
{
	if (!env->run)
		return false;
	err_set(err, ERR_LOCKED, "deployment %" PRId64 " runs on %s; wait for it, or stop it", run_id(env->run), env->name);
	return true;
}

bool engine_deploy(struct engine *e, const struct engine_caller *who, const json_t *request, int *ret_status,
                   json_t **ret, struct err *err)
{
	struct ask ask;
	int64_t id = 0;

	if (!read_ask(e, request, &ask, err))
		return false;
	if (ask.key && !store_deployment_by_key(e->store, ask.key, &id, err))
		return false;
	if (id) {
		*ret_status = 200;
		return engine_deployment(e, id, ret, err);
	}
	if (ask.refuse_when_busy && ask.kind != KIND_ROLLBACK && is_busy(ask.env, err))
		return false;
	if (!request_accept(&ask, who, &id, err))
		return false;
	*ret_status = 202;
	return engine_deployment(e, id, ret, err);
}

bool engine_end_queued(struct engine *e, const struct engine_caller *who, int64_t id, const char *how,
                       const char *reason, struct err *err)
{
	AUTO(mem_auto_free) char *message = mem_printf("%s by %s before it began%s%s", how, who->name, *reason ? ": " : "",
	                                               reason);

	return store_append(e->store, who->name, "deployment.finished",
	                    json_pack("{s:I, s:s, s:o, s:s}", "id", (json_int_t)id, "state", "stopped", "message",
	                              json_safe_string(message), "layer", "stop"), NULL, err);
}

bool engine_stop(struct engine *e, const struct engine_caller *who, int64_t id, const json_t *request, json_t **ret,
                 struct err *err)
{
	const char *reason = json_text(request, "reason");
	struct store_deployment d;
	struct environment *env;
	bool ok;

	if (strlen(reason) > 1000)
		return err_set(err, ERR_USAGE, "the reason is longer than 1,000 bytes");
	if (!store_deployment(e->store, id, &d, err))
		return false;
	env = engine_environment(e, d.app, d.environment, err);
	if (deployment_state_is_over(d.state))
		ok = err_set(err, ERR_CONFLICT, "deployment %" PRId64 " is over: it %s", id, deployment_state_name(d.state));
	else if (!env || (d.uid != (int64_t)who->uid && !people_may_change(env, who, err)))
		ok = false;
	else if (env->run && run_id(env->run) == id)
		ok = run_stop(env->run, who->name, reason, err);
	else if (d.state == DEPLOYMENT_QUEUED)
		ok = engine_end_queued(e, who, id, "stopped", reason, err);
	else
		ok = err_set(err, ERR_CONFLICT, "deployment %" PRId64 " is being settled after a restart", id);
	store_deployment_done(&d);
	return ok && engine_deployment(e, id, ret, err);
}
