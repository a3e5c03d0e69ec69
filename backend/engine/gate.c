#include "backend/engine/gate.h"

#include <string.h>

#include "backend/base/mem.h"
#include "backend/config/config.h"
#include "backend/store/store.h"

/* Every component must have its artifact, or half an application would be brought up. */
static bool artifacts(const struct gate_facts *f, struct err *err)
{
	if (f->build->removed)
		return err_set(err, ERR_REFUSED, "the artifacts of %s were removed by retention; add the build again",
		               f->build->version);
	for (size_t i = 0; i < f->app->ncomponents; i++) {
		const char *wanted = f->app->components[i].artifact;
		bool found = false;

		for (size_t j = 0; j < f->build->nartifacts && !found; j++)
			found = strcmp(f->build->artifacts[j].component, wanted) == 0;
		if (!found)
			return err_set(err, ERR_REFUSED, "build %s has no artifact \"%s\" for component %s", f->build->version,
			               wanted, f->app->components[i].name);
	}
	return true;
}

/*
 * The caller decided on what it saw. Something else may be live by now only when a deployment that was asked for before
 * this one brought it: the caller saw that one in the queue.
 */
static bool expectation(const struct gate_facts *f, struct err *err)
{
	const char *live = f->state->live_version ? f->state->live_version : "";

	if (!f->expect || strcmp(f->expect, live) == 0)
		return true;
	if (f->id && f->state->live_deployment && f->state->live_deployment < f->id)
		return true;
	return err_set(err, ERR_STALE, "%s runs %s now, not %s; look again and decide anew", f->env->name,
	               *live ? live : "nothing", *f->expect ? f->expect : "nothing");
}

const struct gate gates[] = {
	{ "artifacts", "the build has an artifact for every component", artifacts },
	{ "expectation", "what is live is what the caller saw", expectation },
};
const size_t ngates = ARRAY_LEN(gates);

bool gate_judge(const struct gate_facts *facts, struct err *err)
{
	for (size_t i = 0; i < ngates; i++)
		if (!gates[i].judge(facts, err))
			return err_wrap(err, "%s gate", gates[i].name);
	return true;
}
