#include "backend/engine/estimate.h"

#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/engine/engine_priv.h"

enum { DEPLOYMENTS_LOOKED_AT = 10 };

/* How long a stage of one deployment took; -1 when it has no such stage, or the stage did not succeed. */
static int64_t stage_ms(const json_t *deployment, enum stage stage)
{
	const json_t *step;
	size_t i;

	json_array_foreach(json_object_get(deployment, "steps"), i, step)
		if (strcmp(json_text(step, "stage"), stage_name(stage)) == 0 && strcmp(json_text(step, "state"), "ok") == 0)
			return json_int(step, "ended", 0) - json_int(step, "started", 0);
	return -1;
}

struct estimate estimate_from(const json_t *deployments)
{
	struct estimate ret = { .warm_ms = -1, .cold_ms = -1 };
	const json_t *deployment;
	size_t i;

	json_array_foreach(deployments, i, deployment) {
		int64_t fetch = stage_ms(deployment, STAGE_FETCH), stage = stage_ms(deployment, STAGE_STAGE);
		int64_t start = stage_ms(deployment, STAGE_START), moved = stage_ms(deployment, STAGE_SWITCH);

		if (moved < 0)
			continue;
		if (ret.warm_ms < 0)
			ret.warm_ms = moved;
		if (ret.cold_ms < 0 && fetch >= 0)
			ret.cold_ms = fetch + (stage > 0 ? stage : 0) + (start > 0 ? start : 0) + moved;
	}
	return ret;
}

struct estimate estimate_of(struct environment *env)
{
	struct estimate ret = { .warm_ms = -1, .cold_ms = -1 };
	AUTO(json_auto_decref) json_t *page = NULL;

	if (store_query_deployments(env->e->store, env->app, env->name, 0, DEPLOYMENTS_LOOKED_AT, &page, NULL))
		ret = estimate_from(json_object_get(page, "deployments"));
	return ret;
}
