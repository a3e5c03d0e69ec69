#include "backend/store/policy.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/store/store_priv.h"

/* Steps once over a statement that has at most one row. */
static bool one_row(struct store *s, sqlite3_stmt *stmt, bool *ret_found, struct err *err)
{
	int code = stmt ? sql_step(s, stmt, err) : SQLITE_ERROR;

	*ret_found = code == SQLITE_ROW;
	return code == SQLITE_ROW || code == SQLITE_DONE;
}

static bool load_lock(struct store *s, const char *app, const char *environment, struct store_lock *ret,
                      struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_LEASE, err, "tt", app, environment);
	bool found;

	if (!one_row(s, stmt, &found, err))
		return false;
	if (found)
		*ret = (struct store_lock){ sqlite3_column_int64(stmt, 0), sql_dup(stmt, 1), sql_dup(stmt, 2),
		                            sqlite3_column_int64(stmt, 3), sqlite3_column_int64(stmt, 4) };
	return true;
}

static bool load_pause(struct store *s, const char *app, const char *environment, struct store_policy *ret,
                       struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_PAUSE, err, "tt", app, environment);

	if (!one_row(s, stmt, &ret->paused, err))
		return false;
	if (ret->paused) {
		ret->paused_at = sqlite3_column_int64(stmt, 0);
		ret->paused_by = sql_dup(stmt, 1);
		ret->paused_why = sql_dup(stmt, 2);
	}
	return true;
}

static bool load_drift(struct store *s, const char *app, const char *environment, struct store_policy *ret,
                       struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_DRIFT, err, "tt", app, environment);
	bool found;

	if (!one_row(s, stmt, &found, err))
		return false;
	if (found) {
		ret->drift = mem_printf("%s is %s, not %s", sql_text(stmt, 0), sql_text(stmt, 2), sql_text(stmt, 1));
		ret->drift_at = sqlite3_column_int64(stmt, 3);
	}
	return true;
}

bool store_policy(struct store *s, const char *app, const char *environment, struct store_policy *ret, struct err *err)
{
	struct store_policy p = { 0 };

	if (!load_lock(s, app, environment, &p.lock, err) || !load_pause(s, app, environment, &p, err)
	    || !load_drift(s, app, environment, &p, err)) {
		store_policy_done(&p);
		return err_wrap(err, "environment %s", environment);
	}
	*ret = p;
	return true;
}

void store_policy_done(struct store_policy *p)
{
	free(p->lock.owner);
	free(p->lock.reason);
	free(p->paused_why);
	free(p->paused_by);
	free(p->drift);
	*p = (struct store_policy){ 0 };
}

bool store_approvals(struct store *s, int64_t deployment, struct store_approvals *ret, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_APPROVALS, err, "i", deployment);
	struct store_approvals a = { 0 };
	int code = SQLITE_ERROR;
	size_t cap = 0;

	while (stmt && (code = sql_step(s, stmt, err)) == SQLITE_ROW) {
		a.items = mem_grow(a.items, a.n, &cap, sizeof *a.items);
		a.items[a.n++] = (struct store_approval){ .at = sqlite3_column_int64(stmt, 0),
			.uid = sqlite3_column_int64(stmt, 1), .name = sql_dup(stmt, 2), .approved = sqlite3_column_int(stmt, 3),
			.digest = sql_dup(stmt, 4), .plan_hash = sql_dup(stmt, 5), .reason = sql_dup(stmt, 6),
			.not_before = sqlite3_column_int64(stmt, 7) };
	}
	if (code != SQLITE_DONE) {
		store_approvals_done(&a);
		return false;
	}
	*ret = a;
	return true;
}

void store_approvals_done(struct store_approvals *a)
{
	for (size_t i = 0; i < a->n; i++) {
		free(a->items[i].name);
		free(a->items[i].digest);
		free(a->items[i].plan_hash);
		free(a->items[i].reason);
	}
	free(a->items);
	*a = (struct store_approvals){ 0 };
}

json_t *store_approvals_json(struct store *s, int64_t deployment, struct err *err)
{
	AUTO(store_approvals_done) struct store_approvals a = { 0 };
	json_t *list;

	if (!store_approvals(s, deployment, &a, err))
		return NULL;
	list = json_array();
	for (size_t i = 0; i < a.n; i++)
		json_array_append_new(list, json_pack("{s:I, s:o, s:s, s:I, s:o, s:o, s:o}", "uid", (json_int_t)a.items[i].uid,
			"name", json_safe_string(a.items[i].name), "verdict", a.items[i].approved ? "approve" : "reject", "at",
			(json_int_t)a.items[i].at, "reason", json_safe_string(a.items[i].reason), "plan_hash",
			json_safe_string(a.items[i].plan_hash), "not_before",
			a.items[i].not_before ? json_integer(a.items[i].not_before) : json_null()));
	return list;
}

static bool load_quarantine(struct store *s, const char *app, const char *environment, const char *digest,
                            struct store_stay *ret, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_QUARANTINE, err, "ttt", app, environment, digest);
	bool found;

	if (!one_row(s, stmt, &found, err))
		return false;
	ret->quarantined_by = found ? sqlite3_column_int64(stmt, 0) : 0;
	return true;
}

bool store_stay(struct store *s, const char *app, const char *environment, const char *digest, struct store_stay *ret,
                struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_STAYS, err, "ttt", app, environment, digest);
	struct store_stay stay = { 0 };
	int code = SQLITE_ERROR;

	while (stmt && (code = sql_step(s, stmt, err)) == SQLITE_ROW) {
		bool open = sqlite3_column_type(stmt, 2) == SQLITE_NULL;
		int64_t lived = sqlite3_column_int64(stmt, 2) - sqlite3_column_int64(stmt, 1);

		stay.succeeded = true;
		stay.last = sqlite3_column_int64(stmt, 0);
		stay.since = sqlite3_column_int64(stmt, 1);
		stay.is_there = open;
		if (!open && lived > stay.lived_ms)
			stay.lived_ms = lived;
	}
	if (code != SQLITE_DONE || !load_quarantine(s, app, environment, digest, &stay, err))
		return err_wrap(err, "environment %s", environment);
	*ret = stay;
	return true;
}

bool store_migrations(struct store *s, const char *app, const char *environment, struct store_rans *ret,
                      struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_MIGRATIONS, err, "tt", app, environment);
	struct store_rans r = { 0 };
	int code = SQLITE_ERROR;
	size_t cap = 0;

	while (stmt && (code = sql_step(s, stmt, err)) == SQLITE_ROW) {
		r.items = mem_grow(r.items, r.n, &cap, sizeof *r.items);
		r.items[r.n++] = (struct store_ran){ sql_dup(stmt, 0), sql_dup(stmt, 1), sqlite3_column_int(stmt, 2),
		                                     sqlite3_column_int64(stmt, 3) };
	}
	if (code != SQLITE_DONE) {
		store_rans_done(&r);
		return err_wrap(err, "environment %s", environment);
	}
	*ret = r;
	return true;
}

void store_rans_done(struct store_rans *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->items[i].migration);
		free(r->items[i].version);
	}
	free(r->items);
	*r = (struct store_rans){ 0 };
}

bool store_known_good(struct store *s, const char *app, const char *environment, struct store_versions *ret,
                      struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_GOOD_ALL, err, "tt", app, environment);
	struct store_versions v = { 0 };
	int code = SQLITE_ERROR;
	size_t cap = 0;

	while (stmt && (code = sql_step(s, stmt, err)) == SQLITE_ROW) {
		v.items = mem_grow(v.items, v.n, &cap, sizeof *v.items);
		v.items[v.n++] = sql_dup(stmt, 0);
	}
	if (code != SQLITE_DONE) {
		store_versions_done(&v);
		return err_wrap(err, "environment %s", environment);
	}
	*ret = v;
	return true;
}

void store_versions_done(struct store_versions *v)
{
	for (size_t i = 0; i < v->n; i++)
		free(v->items[i]);
	free(v->items);
	*v = (struct store_versions){ 0 };
}
