/* Any bytes as slipway.json: either a configuration or mistakes that each have a place. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "backend/config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void look(const struct config *config)
{
	const struct config_app *app = config_app(config, NULL);

	must(app && app->ncomponents > 0 && app->nenvironments > 0 && config_app(config, app->name) == app);
	for (size_t i = 0; i < app->nenvironments; i++)
		must(config_environment(app, app->environments[i].name) == &app->environments[i]);
	for (size_t i = 0; i < app->ncomponents; i++)
		must(config_component(app, app->components[i].name) == &app->components[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *config = NULL;
	struct config_mistakes mistakes;

	if (config_parse("slipway.json", (const char *)data, size, &config, &mistakes)) {
		must(mistakes.n == 0);
		look(config);
	} else {
		must(mistakes.n > 0 && !config);
	}
	for (size_t i = 0; i < mistakes.n; i++)
		must(mistakes.items[i].line >= 1 && mistakes.items[i].column >= 1
		     && strlen(mistakes.items[i].text) > 0);
	config_free(config);
	config_mistakes_done(&mistakes);
	return 0;
}
