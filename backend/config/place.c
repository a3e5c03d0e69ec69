#include "backend/config/place.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/mem.h"

struct entry {
	int id, parent;
	char *name;                    /* the key, or an item's number */
	struct place key, value;
};

struct places {
	struct entry *entries;         /* by id */
	struct entry *sorted;          /* the same by parent, name, id; names are borrowed */
	size_t n, cap;
};

/* Walks valid JSON; stays within the text whatever it holds. */
struct scanner {
	const char *at, *end;
	struct place here;
	struct places *places;
};

static bool more(const struct scanner *s)
{
	return s->at < s->end;
}

static void step(struct scanner *s)
{
	unsigned char c = (unsigned char)*s->at++;

	if (c == '\n') {
		s->here.line++;
		s->here.column = 1;
	} else if ((more(s) ? (unsigned char)*s->at & 0xc0 : 0) != 0x80) {
		s->here.column++;
	}
}

static void skip_space(struct scanner *s)
{
	while (more(s) && strchr(" \t\r\n", *s->at) && *s->at)
		step(s);
}

static void skip_string(struct scanner *s)
{
	step(s);
	while (more(s) && *s->at != '"') {
		if (*s->at == '\\')
			step(s);
		if (more(s))
			step(s);
	}
	if (more(s))
		step(s);
}

/* A whole value, without recursion: brackets are counted. */
static void skip_value(struct scanner *s)
{
	int depth = 0;

	do {
		skip_space(s);
		if (!more(s))
			return;
		if (*s->at == '"') {
			skip_string(s);
			continue;
		}
		if (*s->at == '{' || *s->at == '[')
			depth++;
		else if (*s->at == '}' || *s->at == ']')
			depth--;
		step(s);
		if (depth == 0)
			while (more(s) && !strchr(",]}: \t\r\n", *s->at))
				step(s);
	} while (depth > 0);
}

/* The text of the string token; jansson undoes its escapes. */
static char *token_text(const char *token, size_t len)
{
	json_t *value;
	char *text;

	if (len < 2)
		return mem_dup("");
	if (!memchr(token, '\\', len))
		return mem_dupn(token + 1, len - 2);
	value = json_loadb(token, len, JSON_DECODE_ANY, NULL);
	text = mem_dup(value ? json_string_value(value) : "");
	json_decref(value);
	return text ? text : mem_dup("");
}

static int entry_add(struct scanner *s, int parent, char *take_name, struct place key)
{
	struct places *p = s->places;
	int id = (int)p->n;

	p->entries = mem_grow(p->entries, p->n, &p->cap, sizeof *p->entries);
	p->entries[p->n++] = (struct entry){ id, parent, take_name, key, s->here };
	return id;
}

static void scan_value(struct scanner *s, int id, int depth);

/* One member or item: `count` numbers the items. */
static void scan_element(struct scanner *s, int parent, int depth, bool is_object, size_t count)
{
	struct place key = s->here;
	char *name = NULL;

	if (is_object) {
		const char *token = s->at;

		skip_string(s);
		name = token_text(token, (size_t)(s->at - token));
		skip_space(s);
		if (more(s) && *s->at == ':')
			step(s);
		skip_space(s);
	}
	if (s->places->n >= PLACE_COUNT_MAX) {
		free(name);
		skip_value(s);
		return;
	}
	scan_value(s, entry_add(s, parent, name ? name : mem_printf("%zu", count), key), depth);
}

static void scan_value(struct scanner *s, int id, int depth)
{
	bool is_object = more(s) && *s->at == '{';
	char end = is_object ? '}' : ']';

	if (!more(s) || depth >= PLACE_DEPTH_MAX || (!is_object && *s->at != '[')) {
		skip_value(s);
		return;
	}
	step(s);
	for (size_t count = 0;; count++) {
		skip_space(s);
		if (!more(s) || *s->at == end)
			break;
		scan_element(s, id, depth + 1, is_object, count);
		skip_space(s);
		if (more(s) && *s->at == ',')
			step(s);
	}
	if (more(s))
		step(s);
}

static int entry_compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = x->parent != y->parent ? (x->parent < y->parent ? -1 : 1) : strcmp(x->name, y->name);

	return order ? order : (x->id > y->id) - (x->id < y->id);
}

struct places *places_new(const char *text, size_t len)
{
	struct places *p = mem_alloc(sizeof *p);
	struct scanner s = { .at = text, .end = text + len, .here = { 1, 1 }, .places = p };

	skip_space(&s);
	scan_value(&s, entry_add(&s, -1, mem_dup(""), s.here), 0);
	p->sorted = mem_array(p->n, sizeof *p->sorted);
	memcpy(p->sorted, p->entries, p->n * sizeof *p->sorted);
	qsort(p->sorted, p->n, sizeof *p->sorted, entry_compare);
	return p;
}

void places_free(struct places *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		free(p->entries[i].name);
	free(p->entries);
	free(p->sorted);
	free(p);
}

static int child_of(const struct places *p, int parent, const char *name, size_t len)
{
	size_t from = 0, to = p->n;
	const struct entry *e;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int order;

		e = &p->sorted[middle];
		order = e->parent != parent ? (e->parent < parent ? -1 : 1) : strncmp(e->name, name, len);
		if (order == 0 && e->name[len] != '\0')
			order = 1;
		if (order < 0)
			from = middle + 1;
		else
			to = middle;
	}
	e = from < p->n ? &p->sorted[from] : NULL;
	return e && e->parent == parent && strncmp(e->name, name, len) == 0 && e->name[len] == '\0' ? e->id : parent;
}

int places_child(const struct places *p, int parent, const char *key)
{
	return child_of(p, parent, key, strlen(key));
}

int places_find(const struct places *p, const char *pointer)
{
	int id = PLACE_ROOT;

	while (*pointer == '/') {
		size_t len = strcspn(pointer + 1, "/");
		int child = child_of(p, id, pointer + 1, len);

		if (child == id)
			break;
		id = child;
		pointer += 1 + len;
	}
	return id;
}

struct place places_value(const struct places *p, int id)
{
	return p->entries[id].value;
}

struct place places_key(const struct places *p, int id)
{
	return p->entries[id].key;
}

void places_each_twice(const struct places *p, places_twice_fn fn, void *arg)
{
	for (size_t i = 1; i < p->n; i++) {
		const struct entry *first = &p->sorted[i - 1], *again = &p->sorted[i];

		if (first->parent == again->parent && strcmp(first->name, again->name) == 0)
			fn(arg, again->name, first->key, again->key);
	}
}
