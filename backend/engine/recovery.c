#include <stdlib.h>
#include <string.h>

#include "backend/base/log.h"
#include "backend/base/mem.h"
#include "backend/engine/engine_priv.h"

void recovery_settle(struct environment *env, int64_t id)
{
	if (!env->denv) {
		env->unsettled = id;
		free(env->attention);
		env->attention = mem_printf("deployment %lld cannot be settled yet: %s", (long long)id, env->trouble.text);
		return;
	}
	run_start(env, id, true);
}

static void put_in_order(struct environment *env, bool ok, const struct err *err)
{
	(void)ok;
	(void)err;
	environment_wake(env);
}

void recovery_begin(struct engine *e)
{
	int64_t *ids = NULL;
	size_t n = 0;
	struct err err = { 0 };

	if (!store_unfinished(e->store, &ids, &n, &err))
		log_line(LOG_LEVEL_ERROR, "read what is unfinished: %s", err.text);
	for (size_t i = 0; i < n; i++) {
		struct store_deployment d;
		struct environment *env;

		if (!store_deployment(e->store, ids[i], &d, &err))
			continue;
		env = engine_environment(e, d.app, d.environment, &err);
		if (!env)
			log_line(LOG_LEVEL_ERROR, "deployment %lld cannot be settled: %s", (long long)ids[i], err.text);
		else if (d.state != DEPLOYMENT_QUEUED && !env->run && !env->unsettled)
			recovery_settle(env, ids[i]);
		store_deployment_done(&d);
	}
	free(ids);
	for (size_t i = 0; i < e->nenvironments; i++)
		if (e->environments[i]->denv && !e->environments[i]->run && !e->environments[i]->reconciling)
			environment_reconcile(e->environments[i], put_in_order);
}
