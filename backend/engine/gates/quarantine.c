#include "backend/engine/gates/gates.h"

#include <inttypes.h>

#include "backend/config/config.h"
#include "backend/store/store.h"

/* What a rollback left is not deployed again by itself; a person may, and says why. */
bool gate_quarantine(const struct gate_facts *f, struct gate_refusal *ret)
{
	bool has_reason = f->reason && *f->reason;

	if (f->kind == KIND_AUTOMATIC && f->policy && f->policy->paused) {
		gate_who(ret, "slipway resume %s", f->env->name);
		return gate_refuse(ret, ERR_REFUSED, "automation of %s is paused: %s", f->env->name, f->policy->paused_why);
	}
	if (!f->here || !f->here->quarantined_by || (f->kind != KIND_AUTOMATIC && has_reason))
		return true;
	gate_who(ret, "a person, with a reason");
	return gate_refuse(ret, ERR_REFUSED, "%s is in quarantine in %s since rollback %" PRId64 " left it; a person may "
	                   "deploy it with a reason", f->build->version, f->env->name, f->here->quarantined_by);
}
