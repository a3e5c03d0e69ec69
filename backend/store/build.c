#include "backend/store/build.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/mem.h"
#include "backend/store/store_priv.h"

enum {
	APP_SHIFT = 40,
	INDEX_LETTERS = 3,         /* the search index knows runs of three letters: shorter texts are looked for by reading */
	SORT_MAX = 2000            /* more matches than that are not sorted; reading in order meets a page of them soon */
};

bool build_range(struct store *s, const char *app, struct build_range *ret, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_APP, err, "t", app);
	int code = stmt ? sql_step(s, stmt, err) : SQLITE_ERROR;
	int64_t number;

	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return false;
	number = code == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
	*ret = (struct build_range){ .first = number << APP_SHIFT, .last = ((number + 1) << APP_SHIFT) - 1,
	                             .count = code == SQLITE_ROW ? sqlite3_column_int64(stmt, 1) : -1 };
	return true;
}

bool build_find(struct store *s, const char *app, const char *version, int64_t *ret_id, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_BUILD_ID, err, "tt", app, version);
	int code = stmt ? sql_step(s, stmt, err) : SQLITE_ERROR;

	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return false;
	*ret_id = code == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
	return true;
}

static void keep(struct build_page *page, size_t *cap, int64_t id)
{
	page->ids = mem_grow(page->ids, page->n, cap, sizeof *page->ids);
	page->ids[page->n++] = id;
}

/* All rows of a statement that was cut to the page already. */
static bool read_page(struct store *s, sqlite3_stmt *stmt, struct build_page *page, struct err *err)
{
	int code = SQLITE_ERROR;
	size_t cap = 0;

	while (stmt && (code = sql_step(s, stmt, err)) == SQLITE_ROW)
		keep(page, &cap, sqlite3_column_int64(stmt, 0));
	return code == SQLITE_DONE;
}

static bool page_of_all(struct store *s, const char *app, int offset, int limit, struct build_page *page,
                        struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_BUILD_PAGE, err, "tdd", app, limit, offset);

	return read_page(s, stmt, page, err);
}

/* Reads the builds in order. With the total known it stops at the page's end, else it counts all. */
static bool scan(struct store *s, const char *app, const char *q, int offset, int limit, bool known,
                 struct build_page *page, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_BUILD_SCAN, err, "tt", app, q);
	int64_t met = 0, end = (int64_t)offset + limit;
	int code = SQLITE_ERROR;
	size_t cap = 0;

	while (stmt && (code = sql_step(s, stmt, err)) == SQLITE_ROW) {
		if (met >= offset && met < end)
			keep(page, &cap, sqlite3_column_int64(stmt, 0));
		met++;
		if (known && met >= end)
			return true;
	}
	if (!known)
		page->total = met;
	return code == SQLITE_DONE;
}

/* The text as one phrase of the index's query language. Yours. */
static char *phrase_of(const char *q)
{
	AUTO(buf_done) struct buf b;

	buf_init(&b, 2 * strlen(q) + 64);
	buf_add_text(&b, "\"");
	for (const char *p = q; *p; p++)
		buf_add(&b, *p == '"' ? "\"\"" : p, *p == '"' ? 2 : 1);
	buf_add_text(&b, "\"");
	return buf_detach(&b);
}

static bool count_matches(struct store *s, const char *phrase, const struct build_range *range, int64_t *ret,
                          struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_SEARCH_COUNT, err, "tii", phrase, range->first, range->last);

	if (!stmt || sql_step(s, stmt, err) != SQLITE_ROW)
		return false;
	*ret = sqlite3_column_int64(stmt, 0);
	return true;
}

static bool search_index(struct store *s, const char *app, const char *q, const struct build_range *range, int offset,
                         int limit, struct build_page *page, struct err *err)
{
	AUTO(mem_auto_free) char *phrase = phrase_of(q);
	AUTO(sql_end) sqlite3_stmt *stmt = NULL;

	if (!count_matches(s, phrase, range, &page->total, err))
		return false;
	if (page->total > SORT_MAX)
		return scan(s, app, q, offset, limit, true, page, err);
	stmt = sql_use(s, SQL_SEARCH_PAGE, err, "tiidd", phrase, range->first, range->last, limit, offset);
	return read_page(s, stmt, page, err);
}

/* Letters, not bytes. */
static size_t letters(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

bool build_search(struct store *s, const char *app, const char *q, int offset, int limit, struct build_page *ret_page,
                  struct err *err)
{
	struct build_page page = { 0 };
	struct build_range range;
	bool ok;

	if (!build_range(s, app, &range, err))
		return false;
	if (!q || !*q) {
		page.total = range.count < 0 ? 0 : range.count;
		ok = page_of_all(s, app, offset, limit, &page, err);
	} else if (letters(q) < INDEX_LETTERS) {
		ok = scan(s, app, q, offset, limit, false, &page, err);
	} else {
		ok = search_index(s, app, q, &range, offset, limit, &page, err);
	}
	if (ok)
		*ret_page = page;
	else
		free(page.ids);
	return ok;
}
