#include "backend/config/type.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/config/mistake.h"

const char *read_type_word(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT: return "an object";
	case JSON_ARRAY: return "a list";
	case JSON_STRING: return "text";
	case JSON_INTEGER: return "a number";
	case JSON_REAL: return "a number with a fraction";
	case JSON_TRUE: return "true";
	case JSON_FALSE: return "false";
	default: return "null";
	}
}

static void unknown_key(const struct source *s, const struct config_kind *kind, const char *name, int place)
{
	const char *words[64];
	size_t n = 0;

	if (s->out->n >= MISTAKES_MAX)
		return;
	/* A key with two forms has two rows; the first is enough here. */
	for (size_t i = 0; i < kind->nkeys && n < ARRAY_LEN(words); i++)
		if (config_key_find(kind, kind->keys[i].name, -1) == &kind->keys[i])
			words[n++] = kind->keys[i].name;
	AUTO(mem_auto_free) char *hint = word_hint(name, words, n);
	source_mistake_key(s, places_child(s->places, place, name), "unknown key \"%.60s\"%s", name, hint);
}

/* One row of the table: the value that is there, or the default. */
static void read_key(const struct source *s, const struct config_kind *kind, const struct config_key *key,
                     const json_t *object, int place, void *item)
{
	const json_t *value = json_object_get(object, key->name);
	AUTO(json_auto_decref) json_t *otherwise = NULL;

	if (value && config_key_find(kind, key->name, json_typeof(value)) == key) {
		place = places_child(s->places, place, key->name);
		if (type_takes(key->type, json_typeof(value))) {
			type_read(s, key, value, place, item);
			return;
		}
		source_mistake(s, place, "\"%s\" takes %s, not %s", key->name, type_expects(key->type),
		               read_type_word(value));
	} else if (!value && key->required) {
		source_mistake(s, place, "this %s lacks \"%s\"", kind->name, key->name);
	}
	otherwise = key->type == KEY_GROUP ? json_object() : type_default(key);
	if (otherwise)
		type_read(s, key, otherwise, place, item);
}

void read_object(const struct source *s, const struct config_kind *kind, const json_t *object, int place, void *item)
{
	const char *name;
	json_t *value;

	if (!json_is_object(object)) {
		source_mistake(s, place, "this %s is not an object but %s", kind->name, read_type_word(object));
		return;
	}
	json_object_foreach((json_t *)object, name, value)
		if (!config_key_find(kind, name, json_typeof(value)))
			unknown_key(s, kind, name, place);
	for (size_t i = 0; i < kind->nkeys; i++)
		read_key(s, kind, &kind->keys[i], object, place, item);
	if (kind->finish)
		kind->finish(s, object, place, item);
}

void read_done(const struct config_kind *kind, void *item)
{
	for (size_t i = 0; i < kind->nkeys; i++)
		type_done(&kind->keys[i], item);
}
