#include "backend/config/type_priv.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/base/zone.h"
#include "backend/config/type.h"
#include "backend/config/value.h"

void type_read_flag(const struct cell *c, const json_t *value)
{
	*AT(c, bool) = json_is_true(value);
}

void type_read_filled_texts(const struct cell *c, const json_t *value)
{
	size_t n;
	char **texts = type_read_texts(c, value, &n);

	for (size_t i = 0; i < n; i++)
		if (*texts[i] == '\0')
			source_mistake(c->source, c->place, "\"%s\" holds an empty text", c->key->name);
	*AT(c, char **) = texts;
	*ALSO(c, size_t) = n;
}

void type_read_people(const struct cell *c, const json_t *value)
{
	size_t n;
	char **names = type_read_texts(c, value, &n);

	if (json_array_size(value) == 0)
		source_mistake(c->source, c->place, "\"%s\" names nobody; leave it out, or name a user or a @group",
		               c->key->name);
	for (size_t i = 0; i < n; i++)
		if (!value_is_person(names[i]))
			source_mistake(c->source, type_item_place(c, i),
			               "\"%.60s\" is no user (\"alice\") and no group (\"@release\")", names[i]);
	*AT(c, char **) = names;
	*ALSO(c, size_t) = n;
}

/* Whether the environments exist is checked when all are read (check_policy.c). */
static struct config_after read_after_item(const struct cell *c, const json_t *item, int place)
{
	struct config_after after = { 0 };
	const char *soak = json_text(item, "soak"), *name;
	json_t *member;

	if (json_is_string(item)) {
		after.environment = mem_dup(json_string_value(item));
		return after;
	}
	json_object_foreach((json_t *)item, name, member)
		if ((strcmp(name, "environment") != 0 && strcmp(name, "soak") != 0) || !json_is_string(member))
			source_mistake_key(c->source, places_child(c->source->places, place, name),
			                   "an item of \"after\" has \"environment\" and \"soak\", both texts");
	if (!json_is_string(json_object_get(item, "environment")))
		source_mistake(c->source, place, "this item of \"after\" lacks \"environment\"");
	if (*soak && !value_duration(soak, &after.soak_ms))
		source_mistake(c->source, places_child(c->source->places, place, "soak"),
		               "\"soak\" takes a duration such as \"30m\" or \"1h\", not \"%.60s\"", soak);
	after.environment = mem_dup(json_text(item, "environment"));
	return after;
}

void type_read_after(const struct cell *c, const json_t *value)
{
	size_t n = json_array_size(value), most = (size_t)c->key->max;
	struct config_after *after;

	if (n > most)
		source_mistake(c->source, c->place, "\"%s\" has %zu items; at most %zu are possible", c->key->name, n, most);
	n = n > most ? most : n;
	after = mem_array(n, sizeof *after);
	for (size_t i = 0; i < n; i++) {
		const json_t *item = json_array_get(value, i);

		if (!json_is_string(item) && !json_is_object(item))
			source_mistake(c->source, type_item_place(c, i), "\"%s\" takes %s; this is %s", c->key->name,
			               type_expects(c->key->type), read_type_word(item));
		after[i] = read_after_item(c, item, type_item_place(c, i));
	}
	*AT(c, struct config_after *) = after;
	*ALSO(c, size_t) = n;
}

void type_done_after(const struct cell *c)
{
	struct config_after *after = *AT(c, struct config_after *);

	for (size_t i = 0; i < *ALSO(c, size_t); i++)
		free(after[i].environment);
	free(after);
}

void type_read_windows(const struct cell *c, const json_t *value)
{
	size_t n, kept = 0;
	char **texts = type_read_texts(c, value, &n);
	struct window *windows = mem_array(n, sizeof *windows);

	for (size_t i = 0; i < n; i++) {
		struct err err = { 0 };

		if (window_parse(texts[i], &windows[kept], &err))
			kept++;
		else
			source_mistake(c->source, type_item_place(c, i), "%s", err.text);
		free(texts[i]);
	}
	free(texts);
	*AT(c, struct window *) = windows;
	*ALSO(c, size_t) = kept;
}

void type_done_windows(const struct cell *c)
{
	free(*AT(c, struct window *));
}

void type_read_instant(const struct cell *c, const json_t *value)
{
	struct err err = { 0 };

	if (!zone_parse(json_string_value(value), AT(c, int64_t), &err))
		source_mistake(c->source, c->place, "\"%s\": %s", c->key->name, err.text);
}

void type_read_limit(const struct cell *c, const json_t *value)
{
	for (const struct config_word *w = c->key->words; w->word; w++) {
		if (strcmp(w->word, json_string_value(value)) == 0) {
			*AT(c, int64_t) = w->value;
			return;
		}
	}
	type_read_duration(c, value);
}
