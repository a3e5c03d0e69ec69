#include "backend/engine/gates/gates.h"

#include <string.h>

#include "backend/config/config.h"
#include "backend/store/store.h"

/*
 * The caller decided on what it saw. Something else may be live by now only when a deployment that was asked for before
 * this one brought it: the caller saw that one in the queue.
 */
bool gate_expectation(const struct gate_facts *f, struct gate_refusal *ret)
{
	const char *live = f->state->live_version ? f->state->live_version : "";

	if (!f->expect || strcmp(f->expect, live) == 0)
		return true;
	if (f->id && f->state->live_deployment && f->state->live_deployment < f->id)
		return true;
	gate_who(ret, "a new request");
	return gate_refuse(ret, ERR_STALE, "%s runs %s now, not %s; look again and decide anew", f->env->name,
	                   *live ? live : "nothing", *f->expect ? f->expect : "nothing");
}
