/*
 * gate_facts: collects once what the gates judge by: from the store, the configuration, the caller and the clock.
 */
#ifndef ENGINE_GATE_FACTS_H
#define ENGINE_GATE_FACTS_H

#include "backend/engine/gate.h"
#include "backend/engine/plan.h"
#include "backend/store/policy.h"
#include "backend/store/release.h"
#include "backend/store/store.h"

struct engine_caller;
struct environment;

/* What is asked: borrowed. build NULL: only what holds for the environment is wanted. */
struct gate_question {
	enum deployment_kind kind;
	const struct store_build *build;
	const struct store_env *state;
	const char *expect, *reason, *override, *plan_hash;
	int64_t id;
	int64_t not_before;
	int64_t release;                   /* whose turn it waits for; 0 none */
	int64_t uid; const char *name;     /* who asked for the deployment */
	bool is_started;
};

/* Owns what its facts point to, but for what the question lent. */
struct gate_collected {
	struct gate_facts facts;
	struct store_policy policy;
	struct store_stay here;
	struct store_approvals approvals;
	struct store_rans rans;
	struct store_versions versions;
	struct gate_before *before;
	struct gate_approval *votes;
	struct gate_target *targets;
	struct store_build *builds; size_t nbuilds;
	struct store_release release;
	struct gate_turn turn;
};

/* On failure ret is empty and may be given to gate_collected_done. */
bool gate_collect(struct environment *env, const struct gate_question *question, struct gate_collected *ret,
                  struct err *err);
void gate_collected_done(struct gate_collected *c);

/* A queued or running deployment as the gates see it now, with the plan that it would have now. */
bool gate_judge_deployment(struct environment *env, const struct store_deployment *d, bool is_started,
                           struct gate_refusals *ret, char ret_plan_hash[static DIGEST_SIZE], struct err *err);
/* The same for people who wait for it: what will hold it, and until when (gate_foresee). */
bool gate_foresee_deployment(struct environment *env, const struct store_deployment *d, int64_t *ret_expected,
                             struct gate_refusals *ret, char ret_plan_hash[static DIGEST_SIZE], struct err *err);

#endif
