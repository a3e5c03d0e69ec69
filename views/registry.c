#include "views/view.h"

#include <string.h>

const struct view *const view_registry[] = {
	&view_releases, &view_deployment, &view_log, &view_tests, &view_history, &view_delivery,
	&view_consistency, &view_groups, &view_features, &view_waiting, &view_errors, &view_help, &view_fleet, NULL,
};

const struct view *view_find(const char *name)
{
	for (size_t i = 0; view_registry[i]; i++)
		if (strcmp(view_registry[i]->name, name) == 0)
			return view_registry[i];
	return NULL;
}
