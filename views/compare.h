/*
 * compare: how the environments of an application compare, as the engine told it, cleaned. Like model.h: readers never
 * fail, `_done` releases and leaves it zeroed.
 */
#ifndef VIEWS_COMPARE_H
#define VIEWS_COMPARE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct compare_row {
	char *what;
	char **values;               /* one for each environment; NULL: it has none */
	bool same, declared;         /* declared: it differs on purpose */
	int64_t since;               /* 0: unknown, or the same */
};

struct compare {
	bool known;
	char **environments;
	size_t nenvironments;
	struct compare_row *rows;
	size_t nrows;
};

/* The application named, of an answer to GET /v1/consistency. */
void compare_read(const json_t *answer, const char *app, struct compare *ret);
void compare_done(struct compare *c);
size_t compare_differing(const struct compare *c);      /* rows that differ and are not declared */

#endif
