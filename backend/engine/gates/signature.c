#include "backend/engine/gates/gates.h"

#include "backend/config/config.h"
#include "backend/store/store.h"

/*
 * For a rollback too: nothing from a developer's machine runs in a protected environment. The signature itself was
 * verified when the build was added, and is again before a colour starts (engine/signature.h).
 */
bool gate_signature(const struct gate_facts *f, struct gate_refusal *ret)
{
	if (!f->env->signatures_required || f->build->signer)
		return true;
	gate_who(ret, "CI: slipway build add --sign KEY, with a key of the application's signers");
	return gate_refuse(ret, ERR_REFUSED, "%s is not signed, and %s takes signed builds only", f->build->version,
	                   f->env->name);
}
