#include "backend/store/fact.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/mem.h"
#include "backend/store/store_priv.h"

/* Takes all rows: what, value (NULL when `value` is below 0), since (0 when below 0). */
static bool load(struct store *s, sqlite3_stmt *stmt, int value, int since, struct store_facts *ret, struct err *err)
{
	struct store_facts f = { 0 };
	int code = SQLITE_ERROR;
	size_t cap = 0;

	while (stmt && (code = sql_step(s, stmt, err)) == SQLITE_ROW) {
		f.items = mem_grow(f.items, f.n, &cap, sizeof *f.items);
		f.items[f.n++] = (struct store_fact){ sql_dup(stmt, 0), value < 0 ? NULL : sql_dup(stmt, value),
		                                      since < 0 ? 0 : sqlite3_column_int64(stmt, since) };
	}
	if (code != SQLITE_DONE) {
		store_facts_done(&f);
		return err_wrap(err, "facts");
	}
	*ret = f;
	return true;
}

bool store_facts(struct store *s, const char *app, const char *environment, struct store_facts *ret, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_FACTS, err, "tt", app, environment);

	return load(s, stmt, 1, 2, ret, err);
}

bool store_differences(struct store *s, const char *app, struct store_facts *ret, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_DIFFERENCES, err, "t", app);

	return load(s, stmt, -1, 1, ret, err);
}

bool store_fact_places(struct store *s, struct store_facts *ret, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_FACT_PLACES, err, "");

	return load(s, stmt, 1, -1, ret, err);
}

void store_facts_done(struct store_facts *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->items[i].what);
		free(f->items[i].value);
	}
	free(f->items);
	*f = (struct store_facts){ 0 };
}

const struct store_fact *store_fact(const struct store_facts *f, const char *what)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->items[i].what, what) == 0)
			return &f->items[i];
	return NULL;
}

bool store_drift(struct store *s, const char *app, const char *environment, struct store_drift *ret, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_DRIFT, err, "tt", app, environment);
	int code = stmt ? sql_step(s, stmt, err) : SQLITE_ERROR;

	*ret = (struct store_drift){ 0 };
	if (code == SQLITE_ROW)
		*ret = (struct store_drift){ sql_dup(stmt, 0), sql_dup(stmt, 1), sql_dup(stmt, 2) };
	return code == SQLITE_ROW || code == SQLITE_DONE || err_wrap(err, "drift");
}

void store_drift_done(struct store_drift *d)
{
	free(d->what);
	free(d->expected);
	free(d->found);
	*d = (struct store_drift){ 0 };
}
