#include "backend/engine/consistency.h"

#include <stdlib.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/engine/engine_priv.h"
#include "backend/report/consistency.h"

bool consistency_of(struct engine *e, const struct config_app *app, json_t **ret_rows, struct err *err)
{
	struct consistency_side *sides = mem_array(app->nenvironments, sizeof *sides);
	struct store_facts *facts = mem_array(app->nenvironments, sizeof *facts);
	AUTO(store_facts_done) struct store_facts differences = { 0 };
	bool ok = store_differences(e->store, app->name, &differences, err);

	for (size_t i = 0; i < app->nenvironments; i++) {
		const struct config_environment *cenv = &app->environments[i];

		ok = ok && store_facts(e->store, app->name, cenv->name, &facts[i], err);
		sides[i] = (struct consistency_side){ cenv->name, &facts[i], (const char *const *)cenv->differs,
		                                      cenv->ndiffers };
	}
	if (ok)
		*ret_rows = consistency_rows(sides, app->nenvironments, &differences);
	for (size_t i = 0; i < app->nenvironments; i++)
		store_facts_done(&facts[i]);
	free(facts);
	free(sides);
	return ok;
}

static bool add_app(struct engine *e, const struct config_app *app, json_t *apps, struct err *err)
{
	json_t *names, *rows = NULL;

	if (!consistency_of(e, app, &rows, err))
		return false;
	names = json_array();
	for (size_t i = 0; i < app->nenvironments; i++)
		json_array_append_new(names, json_safe_string(app->environments[i].name));
	json_array_append_new(apps, json_pack("{s:o, s:o, s:o}", "name", json_safe_string(app->name), "environments", names,
	                                      "rows", rows));
	return true;
}

bool engine_consistency(struct engine *e, const char *app, json_t **ret, struct err *err)
{
	json_t *apps = json_array();
	bool one = app && *app;

	if (one && !config_app(e->config, app)) {
		json_decref(apps);
		return err_set(err, ERR_NOT_FOUND, "there is no application \"%s\" in the configuration", app);
	}
	for (size_t i = 0; e->config && i < e->config->napps; i++) {
		const struct config_app *capp = &e->config->apps[i];

		if ((one && capp != config_app(e->config, app)) || add_app(e, capp, apps, err))
			continue;
		json_decref(apps);
		return false;
	}
	*ret = json_pack("{s:I, s:o}", "seq", (json_int_t)store_seq(e->store), "apps", apps);
	return true;
}
