#include "views/compare.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/clean.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"

static void row_read(const json_t *answer, const json_t *names, size_t n, struct compare_row *ret)
{
	const json_t *values = json_object_get(answer, "values");

	ret->what = clean_dup(json_text(answer, "what"), CLEAN_LINE);
	ret->same = json_flag(answer, "same");
	ret->declared = json_flag(answer, "declared");
	ret->since = json_int(answer, "since", 0);
	ret->values = mem_array(n + 1, sizeof *ret->values);
	for (size_t i = 0; i < n; i++) {
		const char *name = json_string_value(json_array_get(names, i));
		const char *value = name ? json_string_value(json_object_get(values, name)) : NULL;

		ret->values[i] = value ? clean_dup(value, CLEAN_LINE) : NULL;
	}
}

static void app_read(const json_t *app, struct compare *ret)
{
	const json_t *names = json_object_get(app, "environments"), *rows = json_object_get(app, "rows");

	ret->nenvironments = json_array_size(names);
	ret->environments = mem_array(ret->nenvironments + 1, sizeof *ret->environments);
	for (size_t i = 0; i < ret->nenvironments; i++)
		ret->environments[i] = clean_dup(json_string_value(json_array_get(names, i)), CLEAN_LINE);
	ret->nrows = json_array_size(rows);
	ret->rows = mem_array(ret->nrows + 1, sizeof *ret->rows);
	for (size_t i = 0; i < ret->nrows; i++)
		row_read(json_array_get(rows, i), names, ret->nenvironments, &ret->rows[i]);
}

void compare_read(const json_t *answer, const char *app, struct compare *ret)
{
	const json_t *one;
	size_t i;

	compare_done(ret);
	ret->known = true;
	json_array_foreach(json_object_get(answer, "apps"), i, one)
		if (app && strcmp(json_text(one, "name"), app) == 0) {
			app_read(one, ret);
			return;
		}
}

void compare_done(struct compare *c)
{
	for (size_t i = 0; i < c->nrows; i++) {
		for (size_t k = 0; k < c->nenvironments; k++)
			free(c->rows[i].values[k]);
		free(c->rows[i].values);
		free(c->rows[i].what);
	}
	free(c->rows);
	for (size_t i = 0; i < c->nenvironments; i++)
		free(c->environments[i]);
	free(c->environments);
	*c = (struct compare){ 0 };
}

size_t compare_differing(const struct compare *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->nrows; i++)
		n += !c->rows[i].same && !c->rows[i].declared;
	return n;
}
