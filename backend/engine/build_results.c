#include "backend/engine/build_results.h"

#include <stdlib.h>
#include <string.h>

#include "backend/artifact/digest.h"
#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/engine/output.h"
#include "backend/report/report.h"
#include "backend/store/store.h"

enum { LINES_A_TURN = 250 };       /* about 2 ms */

struct build_results {
	struct loop_timer *turn;
	char *lines, *rest;
	json_t *list;
	struct digest *digest;
	char sha256[DIGEST_SIZE];
	struct report_totals totals;
	build_results_fn fn;
	void *arg;
};

static void count(struct report_totals *totals, const json_t *result)
{
	int *counts[] = { [TEST_OK] = &totals->ok, [TEST_FAIL] = &totals->fail, [TEST_SKIP] = &totals->skip,
	                  [TEST_TODO] = &totals->todo };
	enum test_outcome outcome;

	if (test_outcome_parse(json_text(result, "outcome"), &outcome))
		++*counts[outcome];
}

static void add(struct build_results *r, const char *line)
{
	json_t *result = json_read(line, strlen(line), NULL);
	AUTO(mem_auto_free) char *text = NULL;

	if (!result)
		return;
	text = json_line(result);
	digest_add(r->digest, json_array_size(r->list) ? "," : "[", 1);
	digest_add(r->digest, text, strlen(text));
	count(&r->totals, result);
	json_array_append_new(r->list, result);
}

static void finish(struct build_results *r)
{
	digest_add(r->digest, json_array_size(r->list) ? "]" : "[]", json_array_size(r->list) ? 1 : 2);
	digest_finish(r->digest, r->sha256);
	r->digest = NULL;
	r->fn(r->arg);
}

static void read_some(void *arg)
{
	struct build_results *r = arg;

	for (int i = 0; i < LINES_A_TURN; i++) {
		const char *line = strsep(&r->rest, "\n");

		if (!line) {
			finish(r);
			return;
		}
		if (*line)
			add(r, line);
	}
	loop_timer_set(r->turn, 0);
}

struct build_results *build_results_new(struct loop *loop, char *take_lines, build_results_fn fn, void *arg)
{
	struct build_results *r = mem_alloc(sizeof *r);

	*r = (struct build_results){ .lines = take_lines, .rest = take_lines, .list = json_array(), .digest = digest_new(),
	                             .totals = { .planned = -1 }, .fn = fn, .arg = arg };
	r->turn = loop_timer_new(loop, read_some, r);
	loop_timer_set(r->turn, 0);
	return r;
}

void build_results_free(struct build_results *results)
{
	char unused[DIGEST_SIZE];

	if (!results)
		return;
	if (results->digest)
		digest_finish(results->digest, unused);
	loop_timer_free(results->turn);
	json_decref(results->list);
	free(results->lines);
	free(results);
}

json_t *build_results_totals(const struct build_results *results)
{
	return output_totals_json(&results->totals);
}

const char *build_results_sha256(const struct build_results *results)
{
	return results->sha256;
}

bool build_results_store(const struct build_results *results, struct store *store, const char *app,
                         const char *version, struct err *err)
{
	size_t n = json_array_size(results->list), i;
	struct store_result *rows = mem_array(n, sizeof *rows);
	const json_t *result;
	bool ok;

	json_array_foreach(results->list, i, result) {
		rows[i] = (struct store_result){ .suite = json_text(result, "suite"), .name = json_text(result, "name"),
		                                 .message = json_text(result, "message"), .ms = json_int(result, "ms", -1) };
		test_outcome_parse(json_text(result, "outcome"), &rows[i].outcome);
	}
	ok = store_set_build_results(store, app, version, rows, n, err);
	free(rows);
	return ok;
}
