#include "backend/engine/gates/gates.h"

#include <string.h>

#include "backend/config/config.h"
#include "backend/store/store.h"

/* Every component must have its artifact, or half an application would be brought up. */
bool gate_artifacts(const struct gate_facts *f, struct gate_refusal *ret)
{
	if (f->build->removed) {
		gate_who(ret, "slipway build add");
		return gate_refuse(ret, ERR_REFUSED, "the artifacts of %s were removed by retention; add the build again",
		                   f->build->version);
	}
	for (size_t i = 0; i < f->app->ncomponents; i++) {
		const char *wanted = f->app->components[i].artifact;
		bool found = false;

		for (size_t j = 0; j < f->build->nartifacts && !found; j++)
			found = strcmp(f->build->artifacts[j].component, wanted) == 0;
		if (!found)
			return gate_refuse(ret, ERR_REFUSED, "build %s has no artifact \"%s\" for component %s", f->build->version,
			                   wanted, f->app->components[i].name);
	}
	return true;
}
