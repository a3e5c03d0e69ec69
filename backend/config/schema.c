/* The JSON Schemas of slipway.json and groups.json, made from the key table (key.c). */
#include "backend/config/config.h"

#include <jansson.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/config/key.h"
#include "backend/config/type.h"
#include "backend/config/value.h"

#define SCHEMA_DRAFT "https://json-schema.org/draft/2020-12/schema"

static json_t *typed(const char *type)
{
	return json_pack("{s:s}", "type", type);
}

static json_t *text_like(const char *pattern)
{
	return json_pack("{s:s, s:s}", "type", "string", "pattern", pattern);
}

static json_t *text_list(int64_t min, int64_t max, json_t *take_items)
{
	return json_pack("{s:s, s:o, s:I, s:I}", "type", "array", "items", take_items, "minItems", (json_int_t)min,
	                 "maxItems", (json_int_t)max);
}

static json_t *words(const struct config_key *key)
{
	json_t *list = json_array();

	for (const struct config_word *w = key->words; w->word; w++)
		json_array_append_new(list, json_string(w->word));
	return json_pack("{s:o}", "enum", list);
}

static json_t *members(const char *name_pattern, json_t *take_value)
{
	return json_pack("{s:s, s:o, s:o}", "type", "object", "propertyNames", text_like(name_pattern),
	                 "additionalProperties", take_value);
}

static json_t *reference(const struct config_kind *kind)
{
	AUTO(mem_auto_free) char *target = mem_printf("#/$defs/%s", kind->name);

	for (char *p = target; *p; p++)
		*p = *p == ' ' ? '-' : *p;
	return json_pack("{s:s}", "$ref", target);
}

static json_t *number(const struct config_key *key)
{
	return json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum", (json_int_t)key->min, "maximum",
	                 (json_int_t)key->max);
}

static json_t *bounded_text(const struct config_key *key)
{
	json_t *schema = json_pack("{s:s, s:i}", "type", "string", "minLength", 1);

	if (key->max > 0)
		json_object_set_new(schema, "maxLength", json_integer(key->max));
	return schema;
}

/* An environment's name, or the name with a soak. */
static json_t *after_item(void)
{
	json_t *object = json_pack("{s:s, s:{s:o, s:o}, s:[s], s:b}", "type", "object", "properties", "environment",
	                           text_like(VALUE_NAME_PATTERN), "soak", text_like(VALUE_DURATION_PATTERN), "required",
	                           "environment", "additionalProperties", 0);

	return json_pack("{s:[o, o]}", "anyOf", text_like(VALUE_NAME_PATTERN), object);
}

static json_t *value_schema(const struct config_key *key)
{
	json_t *schema;

	switch (key->type) {
	case KEY_TEXT: case KEY_FOLDER: case KEY_FILE: case KEY_INSTANT: return bounded_text(key);
	case KEY_FLAG: return typed("boolean");
	case KEY_TEXTS: case KEY_WINDOWS:
		return text_list(0, key->max, json_pack("{s:s, s:i}", "type", "string", "minLength", 1));
	case KEY_PEOPLE: return text_list(1, key->max, text_like(VALUE_PERSON_PATTERN));
	case KEY_AFTER: return text_list(0, key->max, after_item());
	case KEY_LIMIT: return json_pack("{s:[o, o]}", "anyOf", text_like(VALUE_DURATION_PATTERN), words(key));
	case KEY_NAME: return text_like(VALUE_NAME_PATTERN);
	case KEY_HTTP_PATH: case KEY_REQUEST: return text_like("^/[^ \t\r\n]*$");
	case KEY_DURATION: return text_like(VALUE_DURATION_PATTERN);
	case KEY_RANGE: return text_like(VALUE_RANGE_PATTERN);
	case KEY_NUMBER: return number(key);
	case KEY_WORD: case KEY_SWITCH: case KEY_CHOICE: return words(key);
	case KEY_ARGV: return text_list(1, key->max, typed("string"));
	case KEY_NAMES:
		schema = text_list(key->min, key->max, text_like(VALUE_NAME_PATTERN));
		json_object_set_new(schema, "uniqueItems", json_true());
		return schema;
	case KEY_VARIABLES: return members(VALUE_VARIABLE_PATTERN, typed("string"));
	case KEY_URLS: return members(VALUE_NAME_PATTERN, text_like("^(http|https|tcp)://[^ \t\r\n/]"));
	case KEY_PORTS: return members(VALUE_NAME_PATTERN, number(key));
	case KEY_GROUP: return reference(key->kind);
	case KEY_MAP:
		schema = members(VALUE_NAME_PATTERN, reference(key->kind));
		json_object_set_new(schema, "minProperties", json_integer(key->min));
		json_object_set_new(schema, "maxProperties", json_integer(key->max));
		return schema;
	case KEY_LIST: return text_list(key->min, key->max, reference(key->kind));
	default: return typed("string");
	}
}

/* A key of two forms ("rollback") is described by both. */
static void add_property(json_t *properties, const struct config_key *key)
{
	json_t *before = json_object_get(properties, key->name), *schema = value_schema(key);
	AUTO(mem_auto_free) char *help = key->driver ? mem_printf("Driver %s. %s", key->driver, key->help)
		: mem_dup(key->help);

	json_object_set_new(schema, "description", json_string(help));
	if (key->otherwise)
		json_object_set_new(schema, "default", type_default(key));
	json_object_set_new(properties, key->name,
	                    before ? json_pack("{s:[O, o]}", "anyOf", before, schema) : schema);
}

static void add_kind(json_t *defs, const struct config_kind *kind);

static json_t *kind_schema(json_t *defs, const struct config_kind *kind)
{
	json_t *properties = json_object(), *required = json_array();

	for (size_t i = 0; i < kind->nkeys; i++) {
		add_property(properties, &kind->keys[i]);
		if (kind->keys[i].required)
			json_array_append_new(required, json_string(kind->keys[i].name));
		if (kind->keys[i].kind)
			add_kind(defs, kind->keys[i].kind);
	}
	return json_pack("{s:s, s:s, s:o, s:o, s:b}", "description", kind->help, "type", "object", "properties",
	                 properties, "required", required, "additionalProperties", 0);
}

static void add_kind(json_t *defs, const struct config_kind *kind)
{
	AUTO(json_auto_decref) json_t *target = reference(kind);

	json_object_set_new(defs, json_text(target, "$ref") + strlen("#/$defs/"), kind_schema(defs, kind));
}

static void write_schema(FILE *out, const char *title, const struct config_kind *kind)
{
	json_t *defs = json_object();
	AUTO(json_auto_decref) json_t *schema = json_pack("{s:s, s:s}", "$schema", SCHEMA_DRAFT, "title", title);
	json_t *root = kind_schema(defs, kind);

	json_object_update(schema, root);
	json_decref(root);
	json_object_set_new(schema, "$defs", defs);
	json_dumpf(schema, out, JSON_INDENT(2));
	fputc('\n', out);
}

void config_write_schema(FILE *out)
{
	write_schema(out, "slipway.json", &config_kind_app);
}

void config_write_groups_schema(FILE *out)
{
	write_schema(out, "groups.json", &config_kind_groups);
}
