#include "backend/engine/gates/gates.h"

#include "backend/config/config.h"

/* Nobody's word stands behind an automatic deployment but the configuration's. */
bool gate_deployers(const struct gate_facts *f, struct gate_refusal *ret)
{
	char names[150];

	if (!f->env->deployers.names || f->kind == KIND_AUTOMATIC || gate_person_is(&f->requester, &f->env->deployers))
		return true;
	gate_names(&f->env->deployers, names, sizeof names);
	gate_who(ret, "%s", names);
	return gate_refuse(ret, ERR_DENIED, "%s may not deploy to %s; %s may", f->requester.name ? f->requester.name : "?",
	                   f->env->name, names);
}
