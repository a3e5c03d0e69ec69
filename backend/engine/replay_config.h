/* replay_config: what a journal tells of applications, components and environments, as a configuration. */
#ifndef ENGINE_REPLAY_CONFIG_H
#define ENGINE_REPLAY_CONFIG_H

#include <jansson.h>
#include <stdbool.h>

#include "backend/base/err.h"

/* Apps as they are met: an object of the application's file by its name; begins as an empty object. */
void replay_config_row(json_t *apps, const json_t *row);
/* Writes slipway.d/APP.json for each. */
bool replay_config_write(const json_t *apps, const char *dir, struct err *err);

#endif
