#include "backend/engine/replay_config.h"

#include <string.h>

#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"

static json_t *app_of(json_t *apps, const char *name)
{
	json_t *app = json_object_get(apps, name);

	if (app)
		return app;
	app = json_pack("{s:s, s:{}, s:[]}", "application", name, "components", "environments");
	json_object_set_new(apps, name, app);
	return app;
}

/* What cannot be changed is shown as protected. Nothing is ever deployed, so the commands are never run. */
static void add_environment(json_t *app, const char *name)
{
	json_t *environments = json_object_get(app, "environments");
	const json_t *environment;
	size_t i;

	json_array_foreach(environments, i, environment)
		if (strcmp(json_text(environment, "name"), name) == 0)
			return;
	json_array_append_new(environments, json_pack("{s:s, s:s, s:s, s:[s], s:[s], s:[s]}", "name", name, "protection",
	                                              "protected", "driver", "command", "deploy", "true", "rollback", "true",
	                                              "observe", "true"));
}

void replay_config_row(json_t *apps, const json_t *row)
{
	const json_t *body = json_object_get(row, "body"), *artifact;
	const char *app = json_text(body, "app"), *environment = json_text(body, "environment");
	size_t i;

	if (!*app)
		return;
	json_array_foreach(json_object_get(body, "artifacts"), i, artifact)
		json_object_set_new(json_object_get(app_of(apps, app), "components"), json_text(artifact, "component"),
		                    json_object());
	if (*environment)
		add_environment(app_of(apps, app), environment);
}

bool replay_config_write(const json_t *apps, const char *dir, struct err *err)
{
	AUTO(mem_auto_free) char *folder = file_join(dir, "slipway.d");
	const char *name;
	json_t *app;

	if (!file_make_dirs(folder, 0700, err))
		return false;
	json_object_foreach((json_t *)apps, name, app) {
		AUTO(mem_auto_free) char *path = mem_printf("%s/%s.json", folder, name);
		AUTO(mem_auto_free) char *text = NULL;

		/* Names come from the file: one that could lead elsewhere is none. */
		if (strchr(name, '/') || *name == '.')
			return err_set(err, ERR_CONFLICT, "\"%.60s\" is no application's name", name);
		if (json_object_size(json_object_get(app, "components")) == 0)
			json_object_set_new(json_object_get(app, "components"), "app", json_object());
		text = json_line(app);
		if (json_array_size(json_object_get(app, "environments")) > 0
		    && !file_write_atomic(path, text, strlen(text), 0600, err))
			return false;
	}
	return true;
}
