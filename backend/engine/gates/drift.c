#include "backend/engine/gates/gates.h"

#include "backend/config/config.h"

bool gate_drift(const struct gate_facts *f, struct gate_refusal *ret)
{
	if (!f->env->drift_refuses || !f->policy || !f->policy->drift || f->kind == KIND_ROLLBACK)
		return true;
	gate_who(ret, "whoever puts %s back to what was recorded", f->env->name);
	return gate_hold(ret, ERR_REFUSED, 0, "%s has drifted: %s", f->env->name, f->policy->drift);
}
