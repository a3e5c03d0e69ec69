#include "backend/engine/gates/gates.h"

#include "backend/base/clock.h"
#include "backend/config/config.h"

/* A lock is a lease: at its end it is as if it had never been. Its owner may deploy. */
bool gate_lock(const struct gate_facts *f, struct gate_refusal *ret)
{
	const struct store_lock *lock = f->policy ? &f->policy->lock : NULL;
	char until[CLOCK_ISO_SIZE];

	if (!lock || !lock->owner || gate_is_exempt(f) || (lock->expires && f->now >= lock->expires))
		return true;
	if (f->kind != KIND_AUTOMATIC && f->requester.uid == lock->uid)
		return true;
	gate_who(ret, "%s, or slipway lock %s --steal with a reason", lock->owner, f->env->name);
	return gate_hold(ret, ERR_LOCKED, lock->expires, "%s is locked by %s%s%s: %s", f->env->name, lock->owner,
	                 lock->expires ? " until " : "", lock->expires ? clock_iso(lock->expires, until) : "", lock->reason);
}
