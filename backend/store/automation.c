#include "backend/store/automation.h"

#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/store/project.h"
#include "backend/store/store_priv.h"

bool automation_project_finished(struct store *s, const struct store_deployment *d, const struct project_row *row,
                                 struct err *err)
{
	const char *layer = json_text(row->body, "layer");

	if (strcmp(layer, AUTOMATION_SUPERSEDED) == 0 || strcmp(layer, AUTOMATION_PAUSED) == 0)
		return true;
	return sql_run(s, SQL_TRIED_SET, NULL, err, "ttt", d->app, d->environment, d->version);
}

bool store_new_builds(struct store *s, const char *app, const char *environment, const char *after, int limit,
                      struct store_versions *ret, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = after
		? sql_use(s, SQL_NEW_BUILDS_AFTER, err, "ttdt", app, environment, limit, after)
		: sql_use(s, SQL_NEW_BUILDS, err, "ttd", app, environment, limit);
	struct store_versions v = { 0 };
	int code = SQLITE_ERROR;
	size_t cap = 0;

	while (stmt && (code = sql_step(s, stmt, err)) == SQLITE_ROW) {
		v.items = mem_grow(v.items, v.n, &cap, sizeof *v.items);
		v.items[v.n++] = sql_dup(stmt, 0);
	}
	if (code != SQLITE_DONE) {
		store_versions_done(&v);
		return err_wrap(err, "new builds for %s", environment);
	}
	*ret = v;
	return true;
}

bool store_queued_automatic(struct store *s, const char *app, const char *environment, int64_t *ret_id,
                            struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_QUEUED_AUTOMATIC, err, "tt", app, environment);
	int code = stmt ? sql_step(s, stmt, err) : SQLITE_ERROR;

	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return err_wrap(err, "the queue of %s", environment);
	*ret_id = code == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
	return true;
}
