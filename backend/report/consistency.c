#include "backend/report/consistency.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"

enum rank { DIFFERS, DECLARED, SAME, RANK_COUNT };

static bool is_declared(const struct consistency_side *side, const char *what)
{
	for (size_t i = 0; i < side->ndiffers; i++)
		if (strcmp(side->differs[i], what) == 0)
			return true;
	return false;
}

static const char *value_of(const struct consistency_side *side, const char *what)
{
	const struct store_fact *fact = store_fact(side->facts, what);

	return fact ? fact->value : NULL;
}

static bool equal(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Over all environments, or over those that do not declare the difference. */
static bool all_equal(const struct consistency_side *sides, size_t n, const char *what, bool undeclared_only)
{
	const struct consistency_side *first = NULL;

	for (size_t i = 0; i < n; i++) {
		if (undeclared_only && is_declared(&sides[i], what))
			continue;
		if (first && !equal(value_of(first, what), value_of(&sides[i], what)))
			return false;
		first = first ? first : &sides[i];
	}
	return true;
}

static json_t *row_of(const struct consistency_side *sides, size_t n, const char *what, enum rank rank,
                      const struct store_facts *differences)
{
	const struct store_fact *difference = store_fact(differences, what);
	json_t *values = json_object();

	for (size_t i = 0; i < n; i++)
		json_object_set_new(values, sides[i].environment, json_safe_string(value_of(&sides[i], what)));
	return json_pack("{s:o, s:o, s:b, s:b, s:o}", "what", json_safe_string(what), "values", values, "same", rank == SAME,
	                 "declared", rank == DECLARED, "since",
	                 rank != SAME && difference ? json_integer(difference->since) : json_null());
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Every name that some environment has, sorted, once; the array is yours, the names are borrowed. */
static const char **names_of(const struct consistency_side *sides, size_t n, size_t *ret_n)
{
	const char **names = NULL;
	size_t all = 0, cap = 0, kept = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < sides[i].facts->n; k++) {
			names = mem_grow(names, all, &cap, sizeof *names);
			names[all++] = sides[i].facts->items[k].what;
		}
	if (all)
		qsort(names, all, sizeof *names, by_name);
	for (size_t i = 0; i < all; i++)
		if (i == 0 || strcmp(names[i], names[kept - 1]) != 0)
			names[kept++] = names[i];
	*ret_n = kept;
	return names;
}

json_t *consistency_rows(const struct consistency_side *sides, size_t n, const struct store_facts *differences)
{
	json_t *rows[RANK_COUNT] = { json_array(), json_array(), json_array() };
	size_t nnames;
	const char **names = names_of(sides, n, &nnames);

	for (size_t i = 0; i < nnames; i++) {
		enum rank rank = all_equal(sides, n, names[i], false) ? SAME
			: all_equal(sides, n, names[i], true) ? DECLARED : DIFFERS;

		json_array_append_new(rows[rank], row_of(sides, n, names[i], rank, differences));
	}
	free(names);
	for (int rank = DECLARED; rank < RANK_COUNT; rank++) {
		json_array_extend(rows[DIFFERS], rows[rank]);
		json_decref(rows[rank]);
	}
	return rows[DIFFERS];
}
