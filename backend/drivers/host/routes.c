#include "backend/drivers/host/routes.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/file.h"
#include "backend/base/mem.h"

enum { FILE_MAX = 1024 * 1024 };

static int compare_keys(const void *a, const void *b)
{
	return strcmp(((const struct route *)a)->key, ((const struct route *)b)->key);
}

static void add(struct routes *routes, char *take_key, char *take_value)
{
	routes->items = mem_grow(routes->items, routes->n, &routes->cap, sizeof *routes->items);
	routes->items[routes->n++] = (struct route){ .key = take_key, .value = take_value };
}

static void sort(struct routes *routes)
{
	if (routes->n)
		qsort(routes->items, routes->n, sizeof *routes->items, compare_keys);
}

static char *value_for(const struct host_part *part, enum colour colour)
{
	return colour == COLOUR_NONE ? mem_dup("none") : mem_printf("%s-%s", part->name, colour_name(colour));
}

void routes_make(const struct host_model *model, enum colour public_colour, enum colour preview_colour,
                 struct routes *ret)
{
	struct routes routes = { 0 };

	for (size_t i = 0; i < model->n; i++) {
		const struct host_part *part = &model->parts[i];

		if (!host_part_serves(part))
			continue;
		add(&routes, mem_printf("preview/%s", part->name), value_for(part, preview_colour));
		add(&routes, mem_printf("public/%s", part->name), value_for(part, public_colour));
	}
	add(&routes, mem_dup("live"), mem_dup(colour_name(public_colour)));
	sort(&routes);
	*ret = routes;
}

static void parse_line(const char *line, size_t len, struct routes *ret)
{
	const char *end = line + len;
	const char *key, *value;
	size_t key_len;

	if (len > 2 && strncmp(line, "0x", 2) == 0) {
		line = memchr(line, ' ', len);
		if (!line)
			return;
		line++;
	}
	key = line;
	value = memchr(key, ' ', (size_t)(end - key));
	if (!value || key == end || *key == '#')
		return;
	key_len = (size_t)(value - key);
	while (value < end && *value == ' ')
		value++;
	add(ret, mem_dupn(key, key_len), mem_dupn(value, (size_t)(end - value)));
}

void routes_parse(const char *text, struct routes *ret)
{
	struct routes routes = { 0 };

	while (*text) {
		size_t len = strcspn(text, "\n");

		parse_line(text, len, &routes);
		text += len + (text[len] == '\n');
	}
	sort(&routes);
	*ret = routes;
}

bool routes_equal(const struct routes *a, const struct routes *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->items[i].key, b->items[i].key) != 0 || strcmp(a->items[i].value, b->items[i].value) != 0)
			return false;
	return true;
}

const char *routes_get(const struct routes *routes, const char *key)
{
	for (size_t i = 0; i < routes->n; i++)
		if (strcmp(routes->items[i].key, key) == 0)
			return routes->items[i].value;
	return NULL;
}

void routes_copy(const struct routes *routes, struct routes *ret)
{
	struct routes copy = { 0 };

	for (size_t i = 0; i < routes->n; i++)
		add(&copy, mem_dup(routes->items[i].key), mem_dup(routes->items[i].value));
	*ret = copy;
}

void routes_done(struct routes *routes)
{
	for (size_t i = 0; i < routes->n; i++) {
		free(routes->items[i].key);
		free(routes->items[i].value);
	}
	free(routes->items);
	*routes = (struct routes){ 0 };
}

/* COLOUR_COUNT for a value that is neither of the part's own backends nor "none". */
static enum colour colour_of(const struct host_part *part, const char *value)
{
	for (enum colour c = COLOUR_NONE; c < COLOUR_COUNT; c++) {
		AUTO(mem_auto_free) char *expected = value_for(part, c);

		if (!value ? c == COLOUR_NONE : strcmp(expected, value) == 0)
			return c;
	}
	return COLOUR_COUNT;
}

bool routes_live(const struct host_model *model, const struct routes *routes, enum colour *ret, char **ret_why)
{
	const char *live = routes_get(routes, "live");
	enum colour colour = COLOUR_NONE;

	if (live && !colour_parse(live, &colour)) {
		*ret_why = mem_printf("live is \"%s\" in the map", live);
		return false;
	}
	for (size_t i = 0; i < model->n; i++) {
		const struct host_part *part = &model->parts[i];
		AUTO(mem_auto_free) char *key = mem_printf("public/%s", part->name);
		const char *value = routes_get(routes, key);

		if (!host_part_serves(part) || colour_of(part, value) == colour)
			continue;
		*ret_why = mem_printf("%s goes to %s while live is %s", key, value ? value : "none", colour_name(colour));
		return false;
	}
	*ret = colour;
	return true;
}

enum colour routes_preview(const struct host_model *model, const struct routes *routes)
{
	enum colour common = COLOUR_COUNT;

	for (size_t i = 0; i < model->n; i++) {
		const struct host_part *part = &model->parts[i];
		AUTO(mem_auto_free) char *key = mem_printf("preview/%s", part->name);
		enum colour colour;

		if (!host_part_serves(part))
			continue;
		colour = colour_of(part, routes_get(routes, key));
		if (common != COLOUR_COUNT && colour != common)
			return COLOUR_NONE;
		common = colour;
	}
	return common == COLOUR_COUNT ? COLOUR_NONE : common;
}

void routes_text(const struct routes *routes, struct buf *ret)
{
	buf_init(ret, FILE_MAX);
	for (size_t i = 0; i < routes->n; i++)
		buf_printf(ret, "%s %s\n", routes->items[i].key, routes->items[i].value);
}

bool routes_read(const char *path, struct routes *ret, struct err *err)
{
	AUTO(buf_done) struct buf text = { 0 };

	if (access(path, F_OK) != 0) {
		*ret = (struct routes){ 0 };
		return true;
	}
	if (!file_read(path, FILE_MAX, &text, err))
		return false;
	routes_parse(text.data, ret);
	return true;
}

struct save *routes_save(struct saver *saver, const char *proxy_dir, const struct routes *routes, saver_fn fn,
                         void *arg)
{
	AUTO(mem_auto_free) char *path = file_join(proxy_dir, ROUTES_FILE);
	AUTO(buf_done) struct buf text = { 0 };

	routes_text(routes, &text);
	return saver_write(saver, path, text.data, text.len, 0600, fn, arg);
}
