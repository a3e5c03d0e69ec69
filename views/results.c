#include "views/results.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/clean.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"

void results_empty(struct results *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->items[i].suite);
		free(r->items[i].name);
		free(r->items[i].message);
	}
	r->n = 0;
}

void results_done(struct results *r)
{
	results_empty(r);
	free(r->items);
	*r = (struct results){ 0 };
}

static void add(struct results *r, const json_t *answer)
{
	struct result *result;

	r->items = mem_grow(r->items, r->n, &r->cap, sizeof *r->items);
	result = &r->items[r->n++];
	*result = (struct result){
		.n = (int)r->n,
		.step = (int)json_int(answer, "step", 0),
		.outcome = TEST_FAIL,
		.ms = json_int(answer, "ms", -1),
		.suite = clean_dup(json_text(answer, "suite"), CLEAN_LINE),
		.name = clean_dup(json_text(answer, "name"), CLEAN_LINE),
		.message = clean_dup(json_text(answer, "message"), CLEAN_TEXT),
	};
	test_outcome_parse(json_text(answer, "outcome"), &result->outcome);
}

void results_add(struct results *r, const json_t *array)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *answer = json_array_get(array, i);
		int64_t n = json_int(answer, "n", 0);

		if (n > (int64_t)r->total)
			r->total = (size_t)n;
		if (n == (int64_t)r->n + 1 && r->n < RESULTS_MAX)
			add(r, answer);
	}
}

void results_read(struct results *r, const json_t *answer)
{
	int64_t total = json_int(answer, "total", 0);

	r->known = true;
	r->total = total > 0 ? (size_t)total : 0;
	if (r->total < r->n)
		results_empty(r);
	results_add(r, json_object_get(answer, "results"));
}

bool results_lack(const struct results *r)
{
	return r->n < r->total && r->n < RESULTS_MAX;
}

static int rank(enum test_outcome outcome)
{
	static const int ranks[TEST_OUTCOME_COUNT] = { [TEST_FAIL] = 0, [TEST_TODO] = 1, [TEST_SKIP] = 2, [TEST_OK] = 3 };

	return ranks[outcome];
}

struct order { const struct results *results; enum results_order order; };

static int compare(const void *a, const void *b, void *arg)
{
	const struct order *order = arg;
	const struct result *x = &order->results->items[*(const size_t *)a];
	const struct result *y = &order->results->items[*(const size_t *)b];
	int diff = 0;

	if (order->order == RESULTS_FAILURES_FIRST)
		diff = rank(x->outcome) - rank(y->outcome);
	else if (order->order == RESULTS_BY_SUITE)
		diff = strcmp(x->suite, y->suite);
	return diff ? diff : x->n - y->n;
}

static bool matches(const struct result *result, const char *filter)
{
	return !filter || !*filter || strcasestr(result->name, filter) || strcasestr(result->suite, filter) ||
	       strcasestr(result->message, filter);
}

size_t *results_sorted(const struct results *r, enum results_order order, const char *filter, size_t *ret_n)
{
	size_t *indexes = mem_array(r->n + 1, sizeof *indexes), n = 0;
	struct order by = { r, order };

	for (size_t i = 0; i < r->n; i++)
		if (matches(&r->items[i], filter))
			indexes[n++] = i;
	qsort_r(indexes, n, sizeof *indexes, compare, &by);
	*ret_n = n;
	return indexes;
}
