#include "backend/engine/gates/gates.h"

#include <string.h>

#include "backend/config/config.h"
#include "backend/store/store.h"

/* What runs when a schedule comes due may end before its turn. */
static const int64_t TURN_MS = INT64_C(3600) * 1000;

int64_t gate_approval_ends(const struct config_environment *env, int64_t given_at, int64_t given_for,
                           int64_t not_before)
{
	int64_t term = given_at + env->approval_expires_ms;
	int64_t late = not_before + (env->late_ms > TURN_MS ? env->late_ms : TURN_MS);

	return not_before && given_for == not_before && late > term ? late : term;
}

/*
 * Bound to the build and to the plan: what is approved is what is done. One that is dated in the future (the clock was
 * set back) does not count until its time has come, so that no approval outlives its term by a clock.
 */
static bool counts(const struct gate_facts *f, const struct gate_approval *a)
{
	return a->approved && a->who.uid != f->requester.uid && gate_person_is(&a->who, &f->env->approvers)
		&& f->now >= a->at && f->now < gate_approval_ends(f->env, a->at, a->not_before, f->not_before)
		&& strcmp(a->digest, f->build->digest) == 0 && f->plan_hash && strcmp(a->plan_hash, f->plan_hash) == 0;
}

static bool is_first_of(const struct gate_facts *f, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (f->approvals[i].who.uid == f->approvals[index].who.uid && counts(f, &f->approvals[i]))
			return false;
	return true;
}

bool gate_approval(const struct gate_facts *f, struct gate_refusal *ret)
{
	char names[150];
	int have = 0, spent = 0;

	if (f->env->approvals == 0 || gate_is_exempt(f))
		return true;
	for (size_t i = 0; i < f->napprovals; i++) {
		if (!counts(f, &f->approvals[i]))
			spent++;
		else if (is_first_of(f, i))
			have++;
	}
	if (have >= f->env->approvals)
		return true;
	gate_who(ret, "%s; never %s, who asked", gate_names(&f->env->approvers, names, sizeof names),
	         f->requester.name ? f->requester.name : "the person");
	return gate_hold(ret, ERR_REFUSED, 0, "%s needs %d approval%s and has %d%s", f->env->name, f->env->approvals,
	                 f->env->approvals == 1 ? "" : "s", have,
	                 spent ? "; those given before are for another plan, or expired" : "");
}
