#include "backend/proto/refusal.h"

#include <stdio.h>
#include <string.h>

#include "backend/base/clock.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"

void refusal_keep(struct err *err, const json_t *blocked)
{
	AUTO(json_auto_decref) json_t *some = json_is_array(blocked) ? json_copy((json_t *)blocked) : json_array();
	size_t len;

	if (!err)
		return;
	*err->blocked = '\0';
	while (json_array_size(some) > 0) {
		len = json_dumpb(some, err->blocked, sizeof err->blocked - 1, JSON_COMPACT);
		err->blocked[len < sizeof err->blocked ? len : 0] = '\0';
		if (*err->blocked)
			return;
		json_array_remove(some, json_array_size(some) - 1);
	}
}

json_t *refusal_list(const struct err *err)
{
	json_t *list = *err->blocked ? json_read(err->blocked, strlen(err->blocked), NULL) : NULL;

	return list ? list : json_array();
}

/* Where in the error's text this refusal is told; NULL: another one is. */
static const char *told_at(const struct err *err, const json_t *refusal)
{
	AUTO(mem_auto_free) char *words = mem_printf("%s gate: %s", json_text(refusal, "gate"), json_text(refusal, "why"));
	size_t len = strlen(err->text), tail = strlen(words);

	return len >= tail && strcmp(err->text + len - tail, words) == 0 ? err->text + len - tail : NULL;
}

/* The refusal that the error's text tells; NULL: it tells none. */
static const json_t *told(const struct err *err, const json_t *list, const char **ret_at)
{
	const json_t *refusal;
	size_t i;

	json_array_foreach((json_t *)list, i, refusal)
		if ((*ret_at = told_at(err, refusal)))
			return refusal;
	return NULL;
}

json_t *refusal_object(const struct err *err)
{
	json_t *object = json_pack("{s:s, s:o}", "kind", err_kind_name(err->kind), "text", json_safe_string(err->text));
	AUTO(json_auto_decref) json_t *list = refusal_list(err);
	const json_t *first;
	const char *at;

	if (json_array_size(list) == 0)
		return object;
	first = told(err, list, &at);
	if (!first)
		first = json_array_get(list, 0);
	json_object_set(object, "gate", json_object_get(first, "gate"));
	json_object_set(object, "clears_at", json_object_get(first, "clears_at"));
	json_object_set(object, "blocked", list);
	return object;
}

static char *line_of(const json_t *refusal, const char *before, size_t len)
{
	int64_t at = json_int(refusal, "clears_at", 0);
	const char *who = json_text(refusal, "who");
	char iso[CLOCK_ISO_SIZE] = "", expected[CLOCK_ISO_SIZE + 16] = "";

	if (at)
		snprintf(expected, sizeof expected, "; expected %.16sZ", clock_iso(at, iso));
	return mem_printf("%.*s%s gate: %s%s%s%s", (int)len, before, json_text(refusal, "gate"), json_text(refusal, "why"),
	                  *who ? "; cleared by " : "", who, expected);
}

char *refusal_line(const struct err *err, size_t i)
{
	AUTO(json_auto_decref) json_t *list = refusal_list(err);
	const char *at = NULL;
	const json_t *first = told(err, list, &at);

	if (json_array_size(list) == 0)
		return i == 0 ? mem_dup(err->text) : NULL;
	if (i >= json_array_size(list))
		return NULL;
	if (first) {
		json_array_insert(list, 0, (json_t *)first);
		for (size_t k = 1; k < json_array_size(list); k++)
			if (json_array_get(list, k) == first)
				json_array_remove(list, k--);
	}
	return line_of(json_array_get(list, i), err->text, at ? (size_t)(at - err->text) : 0);
}
