#include "backend/engine/moment.h"

#include <stdlib.h>

#include "backend/base/clock.h"
#include "backend/base/json.h"
#include "backend/base/log.h"
#include "backend/base/mem.h"
#include "backend/drivers/registry.h"
#include "backend/engine/delivery.h"
#include "backend/engine/engine_priv.h"
#include "backend/engine/replay.h"
#include "backend/engine/status.h"

int64_t engine_now(const struct engine *e)
{
	if (e->replay)
		return replay_now(e->replay);
	return e->past_at ? e->past_at : clock_wall_ms();
}

bool engine_is_past(const struct engine *e)
{
	return e->past_at != 0;
}

static void free_shadows(struct engine *then)
{
	for (size_t i = 0; i < then->nenvironments; i++) {
		free(then->environments[i]->app);
		free(then->environments[i]->name);
		free(then->environments[i]);
	}
	free(then->environments);
	then->environments = NULL;
	then->nenvironments = then->environments_cap = 0;
}

static struct environment *shadow(struct engine *then, const struct config_app *app,
                                  const struct config_environment *cenv)
{
	struct environment *env = mem_alloc(sizeof *env);

	*env = (struct environment){ .e = then, .app = mem_dup(app->name), .name = mem_dup(cenv->name), .capp = app,
	                             .cenv = cenv, .driver = driver_find(cenv->driver), .estimate = { -1, -1 } };
	return env;
}

/* Of the view; NULL: its journal does not tell, or not in words that are still understood. */
static struct config *config_of_then(struct engine *then)
{
	AUTO(json_auto_decref) json_t *files = NULL;
	struct config *config = NULL;
	struct err err = { 0 };

	if (!store_config(then->store, &files, &err) || json_array_size(files) == 0)
		return NULL;
	if (!config_from_files(files, &config, &err))
		log_line(LOG_LEVEL_WARN, "the configuration of then is shown as that of now: %s", err.text);
	return config;
}

static void shadow_all(struct engine *then)
{
	free_shadows(then);
	for (size_t a = 0; then->config && a < then->config->napps; a++) {
		const struct config_app *app = &then->config->apps[a];

		for (size_t i = 0; i < app->nenvironments; i++) {
			then->environments = mem_grow(then->environments, then->nenvironments, &then->environments_cap,
			                              sizeof *then->environments);
			then->environments[then->nenvironments++] = shadow(then, app, &app->environments[i]);
		}
	}
}

void moment_configure(struct engine *then, const struct engine *like)
{
	int64_t stand = 0;

	if (!store_config_stand(then->store, &stand, NULL) || (then->own_config && stand == then->config_stand))
		return;
	free_shadows(then);
	config_free(then->own_config);
	then->own_config = stand ? config_of_then(then) : NULL;
	then->config_stand = stand;
	then->config = then->own_config ? then->own_config : like->config;
	then->mistakes = like->mistakes;
	shadow_all(then);
}

bool moment_new(struct engine *like, struct engine **ret, struct err *err)
{
	struct engine *then = mem_alloc(sizeof *then);

	*then = (struct engine){ .loop = like->loop, .dir = like->dir, .state_dir = like->state_dir,
	                         .artifacts_dir = like->artifacts_dir, .started_at = like->started_at,
	                         .people = like->people, .results = like->store };
	if (!store_open_view(&then->store, err)) {
		free(then);
		return false;
	}
	then->delivery = delivery_new(then);
	moment_configure(then, like);
	*ret = then;
	return true;
}

void moment_free(struct engine *then)
{
	if (!then)
		return;
	status_end(then);
	delivery_free(then->delivery);
	free_shadows(then);
	config_free(then->own_config);
	store_close(then->store);
	free(then);
}
