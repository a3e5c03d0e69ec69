#include "backend/config/type.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/file.h"
#include "backend/base/mem.h"
#include "backend/config/mistake.h"
#include "backend/config/type_priv.h"
#include "backend/config/value.h"

_Static_assert(sizeof(enum config_protocol) == sizeof(int) && sizeof(enum config_report) == sizeof(int),
               "KEY_WORD writes an int");

void type_mistake(const struct cell *c, const char *got)
{
	source_mistake(c->source, c->place, "\"%s\" takes %s, not \"%.60s\"", c->key->name, type_expects(c->key->type),
	               got);
}

static void read_ignored(const struct cell *c, const json_t *value)
{
	(void)c;
	(void)value;
}

static void read_text(const struct cell *c, const json_t *value)
{
	const char *text = json_string_value(value);

	if (*text == '\0')
		source_mistake(c->source, c->place, "\"%s\" is empty", c->key->name);
	if (c->key->max > 0 && strlen(text) > (size_t)c->key->max)
		source_mistake(c->source, c->place, "\"%s\" is longer than %lld bytes", c->key->name,
		               (long long)c->key->max);
	*AT(c, char *) = mem_dup(text);
}

static void read_name(const struct cell *c, const json_t *value)
{
	const char *text = json_string_value(value);

	if (!value_is_name(text))
		type_mistake(c, text);
	*AT(c, char *) = mem_dup(text);
}

static void read_http_path(const struct cell *c, const json_t *value)
{
	const char *text = json_string_value(value);

	if (text[0] != '/' || strpbrk(text, " \t\r\n"))
		type_mistake(c, text);
	read_text(c, value);
}

static void read_request(const struct cell *c, const json_t *value)
{
	char *method = mem_dup(c->key->name);

	for (char *p = method; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	*ALSO(c, char *) = method;
	read_http_path(c, value);
}

static void read_folder(const struct cell *c, const json_t *value)
{
	const char *text = json_string_value(value);

	if (*text == '\0')
		source_mistake(c->source, c->place, "\"%s\" is empty", c->key->name);
	*AT(c, char *) = text[0] == '/' ? mem_dup(text) : file_join(c->source->dir, text);
}

static void read_address(const struct cell *c, const json_t *value)
{
	const char *text = json_string_value(value);

	if (!value_is_address(text))
		type_mistake(c, text);
	*AT(c, char *) = mem_dup(text);
}

void type_read_duration(const struct cell *c, const json_t *value)
{
	const char *text = json_string_value(value);
	AUTO(mem_auto_free) char *min = value_duration_text(c->key->min);
	AUTO(mem_auto_free) char *max = value_duration_text(c->key->max);
	int64_t ms = 0;

	if (!value_duration(text, &ms))
		type_mistake(c, text);
	else if (ms < c->key->min || ms > c->key->max)
		source_mistake(c->source, c->place, "\"%s\" is %s; from %s to %s is possible", c->key->name, text, min,
		               max);
	else
		*AT(c, int64_t) = ms;
}

static void read_number(const struct cell *c, const json_t *value)
{
	json_int_t number = json_integer_value(value);

	if (number < c->key->min || number > c->key->max)
		source_mistake(c->source, c->place, "\"%s\" is %lld; from %lld to %lld is possible", c->key->name,
		               (long long)number, (long long)c->key->min, (long long)c->key->max);
	else
		*AT(c, int) = (int)number;
}

static void read_range(const struct cell *c, const json_t *value)
{
	const char *text = json_string_value(value);
	int first, last;

	if (!value_range(text, &first, &last)) {
		type_mistake(c, text);
	} else if (first < c->key->min || last > c->key->max || first > last) {
		source_mistake(c->source, c->place, "\"%s\" is %s; the first port is not above the last, and from %lld "
		               "to %lld is possible", c->key->name, text, (long long)c->key->min,
		               (long long)c->key->max);
	} else {
		*AT(c, int) = first;
		*ALSO(c, int) = last;
	}
}

/* The row of the word; a mistake with a hint when there is none. */
static const struct config_word *find_word(const struct cell *c, const char *text)
{
	const char *words[16];
	size_t n = 0;

	for (const struct config_word *w = c->key->words; w->word; w++) {
		if (strcmp(w->word, text) == 0)
			return w;
		if (n < ARRAY_LEN(words))
			words[n++] = w->word;
	}
	AUTO(mem_auto_free) char *hint = word_hint(text, words, n);
	source_mistake(c->source, c->place, "\"%s\" does not know \"%.60s\"%s", c->key->name, text, hint);
	return NULL;
}

static void read_word(const struct cell *c, const json_t *value)
{
	const struct config_word *word = find_word(c, json_string_value(value));

	if (word)
		*AT(c, int) = word->value;
}

static void read_switch(const struct cell *c, const json_t *value)
{
	const struct config_word *word = find_word(c, json_string_value(value));

	if (word)
		*AT(c, bool) = word->value;
}

static void read_choice(const struct cell *c, const json_t *value)
{
	find_word(c, json_string_value(value));
	*AT(c, char *) = mem_dup(json_string_value(value));
}

int type_item_place(const struct cell *c, size_t i)
{
	AUTO(mem_auto_free) char *number = mem_printf("%zu", i);

	return places_child(c->source->places, c->place, number);
}

/* The texts of an array, NULL-terminated; what is no text is a mistake and left out. */
char **type_read_texts(const struct cell *c, const json_t *array, size_t *ret_n)
{
	size_t n = 0, most = (size_t)c->key->max;
	char **texts;

	if (json_array_size(array) > most)
		source_mistake(c->source, c->place, "\"%s\" has %zu items; at most %zu are possible", c->key->name,
		               json_array_size(array), most);
	texts = mem_array((json_array_size(array) < most ? json_array_size(array) : most) + 1, sizeof *texts);
	for (size_t i = 0; i < json_array_size(array) && i < most; i++) {
		const json_t *item = json_array_get(array, i);

		if (json_is_string(item))
			texts[n++] = mem_dup(json_string_value(item));
		else
			source_mistake(c->source, type_item_place(c, i), "\"%s\" holds texts only, not %s", c->key->name,
			               read_type_word(item));
	}
	*ret_n = n;
	return texts;
}

static void read_argv(const struct cell *c, const json_t *value)
{
	size_t n;
	char **argv = type_read_texts(c, value, &n);

	*AT(c, char **) = argv;
	if (json_array_size(value) == 0)
		source_mistake(c->source, c->place, "\"%s\" is empty; its first item is the program", c->key->name);
	else if (n > 0 && argv[0][0] == '\0')
		source_mistake(c->source, type_item_place(c, 0), "\"%s\" names no program", c->key->name);
}

static void read_names(const struct cell *c, const json_t *value)
{
	*AT(c, char **) = type_read_texts(c, value, ALSO(c, size_t));
}

static void read_pairs(const struct cell *c, const json_t *value, void (*check)(const struct cell *c, const char *name,
                       const char *text, int place))
{
	struct config_var *vars = mem_array(json_object_size(value), sizeof *vars);
	size_t n = 0;
	const char *name;
	json_t *member;

	if (json_object_size(value) > (size_t)c->key->max)
		source_mistake(c->source, c->place, "\"%s\" has %zu members; at most %lld are possible", c->key->name,
		               json_object_size(value), (long long)c->key->max);
	json_object_foreach((json_t *)value, name, member) {
		int place = places_child(c->source->places, c->place, name);

		if (!json_is_string(member)) {
			source_mistake(c->source, place, "\"%.60s\" in \"%s\" takes text, not %s", name, c->key->name,
			               read_type_word(member));
			continue;
		}
		check(c, name, json_string_value(member), place);
		vars[n++] = (struct config_var){ mem_dup(name), mem_dup(json_string_value(member)) };
	}
	*AT(c, struct config_var *) = vars;
	*ALSO(c, size_t) = n;
}

static void check_variable(const struct cell *c, const char *name, const char *text, int place)
{
	(void)text;
	if (!value_is_variable(name))
		source_mistake_key(c->source, place, "\"%.60s\" cannot name a variable; letters, digits and _ are "
		                   "possible", name);
	else if (strcmp(name, "PORT") == 0 || strncmp(name, "SLIPWAY_", 8) == 0)
		source_mistake_key(c->source, place, "the variable %.60s is set by Slipway itself; choose another name",
		                   name);
}

static void check_url(const struct cell *c, const char *name, const char *text, int place)
{
	const char *host = strstr(text, "://");

	if (strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0 && strncmp(text, "tcp://", 6) != 0)
		host = NULL;
	if (!host || host[3] == '\0' || host[3] == '/' || strpbrk(text, " \t\r\n"))
		source_mistake(c->source, place, "\"%.60s\" in \"%s\" takes an address such as "
		               "\"http://10.0.0.5:8080\"", name, c->key->name);
}

static void read_variables(const struct cell *c, const json_t *value)
{
	read_pairs(c, value, check_variable);
}

static void read_urls(const struct cell *c, const json_t *value)
{
	read_pairs(c, value, check_url);
}

static void read_ports(const struct cell *c, const json_t *value)
{
	struct config_env_port *ports = mem_array(json_object_size(value), sizeof *ports);
	size_t n = 0;
	const char *name;
	json_t *member;

	json_object_foreach((json_t *)value, name, member) {
		json_int_t port = json_integer_value(member);

		if (!json_is_integer(member) || port < c->key->min || port > c->key->max) {
			source_mistake(c->source, places_child(c->source->places, c->place, name),
			               "the port of \"%.60s\" is a whole number from %lld to %lld", name,
			               (long long)c->key->min, (long long)c->key->max);
			port = 0;
		}
		ports[n++] = (struct config_env_port){ mem_dup(name), (int)port };
	}
	*AT(c, struct config_env_port *) = ports;
	*ALSO(c, size_t) = n;
}

static void read_group(const struct cell *c, const json_t *value)
{
	read_object(c->source, c->key->kind, value, c->place, c->item);
}

static size_t count_limited(const struct cell *c, size_t n)
{
	if (n < (size_t)c->key->min)
		source_mistake(c->source, c->place, "\"%s\" is empty; at least one %s is needed", c->key->name,
		               c->key->kind->name);
	if (n > (size_t)c->key->max)
		source_mistake(c->source, c->place, "\"%s\" has %zu entries; at most %lld are possible", c->key->name,
		               n, (long long)c->key->max);
	return n > (size_t)c->key->max ? (size_t)c->key->max : n;
}

static void read_map(const struct cell *c, const json_t *value)
{
	const struct config_kind *kind = c->key->kind;
	size_t n = count_limited(c, json_object_size(value)), i = 0;
	char *items = mem_array(n, kind->size);
	const char *name;
	json_t *member;

	json_object_foreach((json_t *)value, name, member) {
		int place = places_child(c->source->places, c->place, name);
		char *item = items + i * kind->size;

		if (i == n)
			break;
		i++;
		*(char **)(void *)(item + kind->name_at) = mem_dup(name);
		if (!value_is_name(name))
			source_mistake_key(c->source, place, "the %s's name \"%.60s\" is not %s", kind->name, name,
			                   type_expects(KEY_NAME));
		read_object(c->source, kind, member, place, item);
	}
	*AT(c, char *) = items;
	*ALSO(c, size_t) = i;
}

static void read_list(const struct cell *c, const json_t *value)
{
	const struct config_kind *kind = c->key->kind;
	size_t n = count_limited(c, json_array_size(value));
	char *items = mem_array(n, kind->size);

	for (size_t i = 0; i < n; i++)
		read_object(c->source, kind, json_array_get(value, i), type_item_place(c, i), items + i * kind->size);
	*AT(c, char *) = items;
	*ALSO(c, size_t) = n;
}

static void done_nothing(const struct cell *c)
{
	(void)c;
}

static void done_text(const struct cell *c)
{
	free(*AT(c, char *));
}

static void done_request(const struct cell *c)
{
	free(*AT(c, char *));
	free(*ALSO(c, char *));
}

void type_done_texts(const struct cell *c)
{
	char **texts = *AT(c, char **);

	for (size_t i = 0; texts && texts[i]; i++)
		free(texts[i]);
	free(texts);
}

static void done_pairs(const struct cell *c)
{
	struct config_var *vars = *AT(c, struct config_var *);

	for (size_t i = 0; i < *ALSO(c, size_t); i++) {
		free(vars[i].name);
		free(vars[i].value);
	}
	free(vars);
}

static void done_ports(const struct cell *c)
{
	struct config_env_port *ports = *AT(c, struct config_env_port *);

	for (size_t i = 0; i < *ALSO(c, size_t); i++)
		free(ports[i].component);
	free(ports);
}

static void done_group(const struct cell *c)
{
	read_done(c->key->kind, c->item);
}

static void done_items(const struct cell *c)
{
	const struct config_kind *kind = c->key->kind;
	char *items = *AT(c, char *);

	for (size_t i = 0; i < *ALSO(c, size_t); i++) {
		if (!kind->has_name_key)
			free(*(char **)(void *)(items + i * kind->size + kind->name_at));
		read_done(kind, items + i * kind->size);
	}
	free(items);
}

static const struct {
	json_type takes;
	const char *expects;
	void (*read)(const struct cell *c, const json_t *value);
	void (*done)(const struct cell *c);
} types[KEY_TYPE_COUNT] = {
	[KEY_IGNORED] = { JSON_STRING, "text", read_ignored, done_nothing },
	[KEY_TEXT] = { JSON_STRING, "text", read_text, done_text },
	[KEY_NAME] = { JSON_STRING, "a name of at most 40 lower-case letters, digits and hyphens", read_name,
	               done_text },
	[KEY_HTTP_PATH] = { JSON_STRING, "a path such as \"/health\"", read_http_path, done_text },
	[KEY_REQUEST] = { JSON_STRING, "a path such as \"/\"", read_request, done_request },
	[KEY_FOLDER] = { JSON_STRING, "a folder such as \"incoming\"", read_folder, done_text },
	[KEY_ADDRESS] = { JSON_STRING, "an address such as \"127.0.0.1\" or \"::1\"", read_address, done_text },
	[KEY_DURATION] = { JSON_STRING, "a duration such as \"250ms\", \"10s\", \"5m\", \"2h\" or \"1d\"",
	                   type_read_duration, done_nothing },
	[KEY_NUMBER] = { JSON_INTEGER, "a whole number", read_number, done_nothing },
	[KEY_RANGE] = { JSON_STRING, "a range of ports such as \"21000-21039\"", read_range, done_nothing },
	[KEY_WORD] = { JSON_STRING, "a word", read_word, done_nothing },
	[KEY_SWITCH] = { JSON_STRING, "a word", read_switch, done_nothing },
	[KEY_CHOICE] = { JSON_STRING, "a word", read_choice, done_text },
	[KEY_ARGV] = { JSON_ARRAY, "a list such as [\"bin/web\", \"--verbose\"]", read_argv, type_done_texts },
	[KEY_NAMES] = { JSON_ARRAY, "a list of names such as [\"api\"]", read_names, type_done_texts },
	[KEY_VARIABLES] = { JSON_OBJECT, "an object such as {\"MODE\": \"fast\"}", read_variables, done_pairs },
	[KEY_URLS] = { JSON_OBJECT, "an object such as {\"web\": \"http://10.0.0.5\"}", read_urls, done_pairs },
	[KEY_PORTS] = { JSON_OBJECT, "an object such as {\"web\": 8080}", read_ports, done_ports },
	[KEY_FLAG] = { JSON_TRUE, "true or false", type_read_flag, done_nothing },
	[KEY_FILE] = { JSON_STRING, "a file such as \"allowed_signers\"", read_folder, done_text },
	[KEY_TEXTS] = { JSON_ARRAY, "a list of texts such as [\"DB_PASSWORD\"]", type_read_filled_texts, type_done_texts },
	[KEY_PEOPLE] = { JSON_ARRAY, "a list of users and groups such as [\"alice\", \"@release\"]", type_read_people,
	                 type_done_texts },
	[KEY_AFTER] = { JSON_ARRAY, "a list such as [\"dev\", {\"environment\": \"preprod\", \"soak\": \"1h\"}]",
	                type_read_after, type_done_after },
	[KEY_WINDOWS] = { JSON_ARRAY, "a list such as [\"Mon-Fri 09:00-16:00 Europe/London\"]", type_read_windows,
	                  type_done_windows },
	[KEY_INSTANT] = { JSON_STRING, "a time such as \"2026-12-20 00:00 Europe/Paris\"", type_read_instant, done_nothing },
	[KEY_LIMIT] = { JSON_STRING, "a duration such as \"30m\", or a word", type_read_limit, done_nothing },
	[KEY_GROUP] = { JSON_OBJECT, "an object", read_group, done_group },
	[KEY_MAP] = { JSON_OBJECT, "an object with names as keys", read_map, done_items },
	[KEY_LIST] = { JSON_ARRAY, "a list of objects", read_list, done_items },
};

bool type_takes(enum key_type type, int json)
{
	/* Booleans are two types to jansson. */
	return types[type].takes == (json == JSON_FALSE ? JSON_TRUE : (json_type)json);
}

const char *type_expects(enum key_type type)
{
	return types[type].expects;
}

json_t *type_default(const struct config_key *key)
{
	if (!key->otherwise)
		return NULL;
	return types[key->type].takes == JSON_INTEGER ? json_integer(atoll(key->otherwise))
		: json_string(key->otherwise);
}

void type_read(const struct source *s, const struct config_key *key, const json_t *value, int place, void *item)
{
	types[key->type].read(&(struct cell){ s, key, place, item }, value);
}

void type_done(const struct config_key *key, void *item)
{
	types[key->type].done(&(struct cell){ NULL, key, PLACE_ROOT, item });
}
