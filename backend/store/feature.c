#include "backend/store/feature.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/store/project.h"
#include "backend/store/store_priv.h"

bool feature_project_set(struct store *s, const struct project_row *row, struct err *err)
{
	const json_t *body = row->body;

	if (!*json_text(body, "feature"))
		return err_set(err, ERR_INTERNAL, "it names no feature");
	return sql_run(s, SQL_FEATURE_SET, NULL, err, "tttditt", json_text(body, "app"), json_text(body, "environment"),
	               json_text(body, "feature"), (int)json_flag(body, "on"), row->at, row->actor, json_text(body, "reason"));
}

bool store_features(struct store *s, const char *app, const char *environment, struct store_features *ret,
                    struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_FEATURES, err, "tt", app, environment);
	struct store_features f = { 0 };
	int code = SQLITE_ERROR;
	size_t cap = 0;

	while (stmt && (code = sql_step(s, stmt, err)) == SQLITE_ROW) {
		f.items = mem_grow(f.items, f.n, &cap, sizeof *f.items);
		f.items[f.n++] = (struct store_feature){ sql_dup(stmt, 0), sqlite3_column_int(stmt, 1),
		                                         sqlite3_column_int64(stmt, 2), sql_dup(stmt, 3), sql_dup(stmt, 4) };
	}
	if (code != SQLITE_DONE) {
		store_features_done(&f);
		return err_wrap(err, "environment %s", environment);
	}
	*ret = f;
	return true;
}

void store_features_done(struct store_features *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->items[i].name);
		free(f->items[i].actor);
		free(f->items[i].reason);
	}
	free(f->items);
	*f = (struct store_features){ 0 };
}

const struct store_feature *store_features_find(const struct store_features *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->items[i].name, name) == 0)
			return &f->items[i];
	return NULL;
}
