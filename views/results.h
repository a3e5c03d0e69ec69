/*
 * results: the test results of one deployment (or of a build's CI run) as they arrive: by answer in pages, and by the
 * stream, where one may come twice and some may be missing. Kept in order of arrival without a gap.
 */
#ifndef VIEWS_RESULTS_H
#define VIEWS_RESULTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/proto/words.h"

enum { RESULTS_MAX = 20000 };    /* kept at most; the totals count the rest */

struct result {
	int n;                   /* number in order of arrival, from 1 */
	int step;
	enum test_outcome outcome;
	int64_t ms;              /* -1 unknown */
	char *suite, *name, *message;    /* cleaned */
};

struct results {
	int64_t deployment;
	bool known;
	size_t total;            /* how many the engine has */
	struct result *items;
	size_t n, cap;
};

void results_done(struct results *r);
void results_empty(struct results *r);           /* they are counted anew */
/* An answer of …/tests. The engine having fewer than are kept (a step ran again) empties it first. */
void results_read(struct results *r, const json_t *answer);
/* Results of a "live" event; those that leave a gap are left out. */
void results_add(struct results *r, const json_t *array);
/* true when the engine has more than is kept: ask for `from` = n. */
bool results_lack(const struct results *r);

enum results_order { RESULTS_FAILURES_FIRST, RESULTS_BY_ARRIVAL, RESULTS_BY_SUITE, RESULTS_ORDER_COUNT };
/* Indexes into items in that order, matching `filter` (in suite, name or message; NULL or "": all); yours. */
size_t *results_sorted(const struct results *r, enum results_order order, const char *filter, size_t *ret_n);

#endif
