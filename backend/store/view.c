/* view: a store in memory that holds what another one held at a moment: the same rows, the same projections. */
#include <inttypes.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/store/journal.h"
#include "backend/store/project.h"
#include "backend/store/store_priv.h"

/* Columns of JOURNAL_AFTER. */
enum { COL_SEQ, COL_AT, COL_ACTOR, COL_TYPE, COL_BODY, COL_PREV, COL_HASH };

/* Results are no projections, but the row that ends their step has their sums. */
static bool count_results(struct store *view, const json_t *body, struct err *err)
{
	const json_t *tests = json_object_get(body, "tests");

	for (int outcome = 0; json_is_object(tests) && outcome < TEST_OUTCOME_COUNT; outcome++) {
		const char *name = test_outcome_name(outcome);
		int64_t count = json_int(tests, name, 0);

		if (count > 0 && !sql_run(view, SQL_RESULT_COUNT_SET, NULL, err, "iiti", json_int(body, "id", 0),
		                          json_int(body, "step", 0), name, count))
			return false;
	}
	return true;
}

static bool copy_row(struct store *view, const struct project_row *row, const char *body, const char *hash,
                     struct err *err)
{
	return journal_copy(view, row, body, hash, err)
		&& (strcmp(row->type, "step.finished") != 0 || count_results(view, row->body, err));
}

/* All rows of a slice or none. */
static bool end_slice(struct store *view, bool ok, struct err *err)
{
	if (ok)
		return store_commit(view, err);
	store_rollback(view);
	return false;
}

bool store_view_read(struct store *view, struct store *from, int64_t until, int rows, bool *ret_end, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(from, SQL_JOURNAL_AFTER, err, "id", view->head.seq, rows);
	int code = SQLITE_ERROR, n = 0;
	bool ok = stmt && store_begin(view, err), past = false;

	if (!ok)
		return false;
	while (ok && !past && (code = sql_step(from, stmt, err)) == SQLITE_ROW) {
		AUTO(json_auto_decref) json_t *body = sql_json(stmt, COL_BODY);
		struct project_row row = { sqlite3_column_int64(stmt, COL_SEQ), sqlite3_column_int64(stmt, COL_AT),
		                           sql_text(stmt, COL_ACTOR), sql_text(stmt, COL_TYPE), body };

		past = row.at > until;
		n += !past;
		ok = past || copy_row(view, &row, sql_text(stmt, COL_BODY), sql_text(stmt, COL_HASH), err);
	}
	ok = ok && (past || code == SQLITE_DONE);
	if (ok)
		*ret_end = past || n < rows;
	return end_slice(view, ok, err);
}

bool store_view_add(struct store *view, const json_t *row, struct err *err)
{
	const json_t *body = json_object_get(row, "body");
	AUTO(mem_auto_free) char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	struct project_row fields = { json_int(row, "seq", -1), json_int(row, "at", 0), json_text(row, "actor"),
	                              json_text(row, "type"), body };

	if (!json_is_object(body) || !text)
		return err_set(err, ERR_CONFLICT, "row %" PRId64 " is no journal row", view->head.seq + 1);
	return store_begin(view, err) && end_slice(view, copy_row(view, &fields, text, json_text(row, "hash"), err), err);
}
