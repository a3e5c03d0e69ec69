/*
 * type: how each type of key (key.h) is read from JSON into its place in a structure, and freed again.
 */
#ifndef CONFIG_TYPE_H
#define CONFIG_TYPE_H

#include <jansson.h>
#include <stdbool.h>

#include "backend/config/key.h"
#include "backend/config/source.h"

bool type_takes(enum key_type type, int json);         /* a json_type of jansson */
const char *type_expects(enum key_type type);          /* "a duration such as \"10s\"" */
/* The key's default as JSON, NULL when it has none; yours. */
json_t *type_default(const struct config_key *key);
/* `value` has a JSON type that this type takes. Mistakes go to the source; the structure stays usable. */
void type_read(const struct source *s, const struct config_key *key, const json_t *value, int place, void *item);
void type_done(const struct config_key *key, void *item);

/* An object of a kind into the structure: its keys, its defaults, unknown and missing ones (read.c). */
void read_object(const struct source *s, const struct config_kind *kind, const json_t *object, int place, void *item);
void read_done(const struct config_kind *kind, void *item);
/* "a number", "an object"… */
const char *read_type_word(const json_t *value);

#endif
