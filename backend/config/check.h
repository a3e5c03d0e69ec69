/*
 * check: what single values cannot show: references, cycles, keys that exclude one another, times that cannot hold,
 * ports taken twice. Reports all it finds; looks only at what could be read.
 */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include <stddef.h>

#include "backend/config/config.h"
#include "backend/config/source.h"

/* The `finish` functions of the key table (key.h): `json` is the json_t that the item came from. */
void check_component(const struct source *s, const void *json, int place, void *item);
void check_environment(const struct source *s, const void *json, int place, void *item);
void check_freeze(const struct source *s, const void *json, int place, void *item);
void check_smoke(const struct source *s, const void *json, int place, void *item);
void check_acceptance(const struct source *s, const void *json, int place, void *item);
void check_app(const struct source *s, const void *json, int place, void *item);

/* The rules of the environments: who comes after whom, signers, approvals (check_policy.c). */
void check_policy(const struct source *s, const struct config_app *app);

/* Ports and names across all applications of a workspace (check_apps.c). */
struct check_loaded { struct source source; const struct config_app *app; };
void check_apps(const struct check_loaded *loaded, size_t n);

#endif
