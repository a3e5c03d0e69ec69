#include "backend/config/text.h"

#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"

static bool is_among(const json_t *names, const char *name)
{
	const json_t *item;
	size_t i;

	json_array_foreach(names, i, item)
		if (json_is_string(item) && strcmp(json_string_value(item), name) == 0)
			return true;
	return false;
}

static void leave_out(json_t *variables, const json_t *secrets)
{
	const char *name;
	json_t *value;
	void *next;

	json_object_foreach_safe(variables, next, name, value)
		if (is_among(secrets, name))
			json_object_set_new(variables, name, json_string(CONFIG_SECRET_LEFT_OUT));
}

/* A component may set a variable that an environment calls a secret. */
static void leave_out_of_components(json_t *components, const json_t *secrets)
{
	const char *name;
	json_t *component;

	json_object_foreach(components, name, component)
		leave_out(json_object_get(component, "variables"), secrets);
}

char *config_text(const json_t *file)
{
	AUTO(json_auto_decref) json_t *copy = json_deep_copy(file);
	json_t *environment;
	size_t i;

	json_array_foreach(json_object_get(copy, "environments"), i, environment) {
		const json_t *secrets = json_object_get(environment, "secrets");

		leave_out(json_object_get(environment, "variables"), secrets);
		leave_out_of_components(json_object_get(copy, "components"), secrets);
	}
	return json_line(copy);
}
