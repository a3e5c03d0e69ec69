#include "backend/store/journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/clock.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/store/disk.h"
#include "backend/store/project.h"
#include "backend/store/result.h"
#include "backend/store/store_priv.h"

enum { BODY_MAX = 4 * 1024 * 1024 };

/* Columns of JOURNAL_AFTER. */
enum { COL_SEQ, COL_AT, COL_ACTOR, COL_TYPE, COL_BODY, COL_PREV, COL_HASH };

static const char first_prev[] = "0000000000000000000000000000000000000000000000000000000000000000";

bool journal_read_head(struct store *s, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_JOURNAL_HEAD, err, "");
	int code = stmt ? sql_step(s, stmt, err) : SQLITE_ERROR;

	if (code == SQLITE_ROW) {
		s->head.seq = sqlite3_column_int64(stmt, 0);
		snprintf(s->head.hash, sizeof s->head.hash, "%s", sql_text(stmt, 1));
	} else if (code == SQLITE_DONE) {
		memcpy(s->head.hash, first_prev, sizeof first_prev);
	}
	return code == SQLITE_ROW || code == SQLITE_DONE;
}

static void hash_row(const char *prev, const struct project_row *row, const char *body, size_t len,
                     char ret[static DIGEST_SIZE])
{
	AUTO(mem_auto_free) char *head = mem_printf("%s\n%" PRId64 "\n%" PRId64 "\n%s\n%s\n", prev, row->seq, row->at,
	                                            row->actor, row->type);
	struct digest *d = digest_new();

	digest_add(d, head, strlen(head));
	digest_add(d, body, len);
	digest_finish(d, ret);
}

static json_t *row_json(const struct project_row *row, const char *hash)
{
	json_t *json = json_object();

	json_object_set_new(json, "seq", json_integer(row->seq));
	json_object_set_new(json, "at", json_integer(row->at));
	json_put_text(json, "actor", row->actor);
	json_put_text(json, "type", row->type);
	json_object_set_new(json, "body", json_deep_copy(row->body));
	json_put_text(json, "hash", hash);
	return json;
}

/* A newline in one of them would let two different rows have the same bytes under the hash. */
static bool is_one_line(const char *text)
{
	return !strchr(text, '\n');
}

/* Within a transaction, at the chain's end. */
static bool put_row(struct store *s, const struct project_row *row, const char *body, const char *hash, struct err *err)
{
	if (!sql_run(s, SQL_JOURNAL_ADD, NULL, err, "iittttt", row->seq, row->at, row->actor, row->type, body,
	             s->next.hash, hash))
		return false;
	if (!project_apply(s, row, err))
		return err_wrap(err, "%s", row->type);
	s->next.seq = row->seq;
	memcpy(s->next.hash, hash, sizeof s->next.hash);
	if (s->appended_fn)
		json_array_append_new(s->rows, row_json(row, hash));
	return true;
}

static bool add_row(struct store *s, const struct project_row *row, struct err *err)
{
	AUTO(mem_auto_free) char *body = json_dumps(row->body, JSON_COMPACT);
	char hash[DIGEST_SIZE];

	if (!body || !json_is_object(row->body) || !is_one_line(row->actor) || !is_one_line(row->type))
		return err_set(err, ERR_INTERNAL, "a journal row of type %s is malformed", row->type);
	if (strlen(body) > BODY_MAX)
		return err_set(err, ERR_TOO_BIG, "a journal row of type %s is over the limit of %d bytes", row->type, BODY_MAX);
	hash_row(s->next.hash, row, body, strlen(body), hash);
	return put_row(s, row, body, hash, err);
}

bool journal_copy(struct store *s, const struct project_row *row, const char *body, const char *hash, struct err *err)
{
	char mine[DIGEST_SIZE];

	hash_row(s->next.hash, row, body, strlen(body), mine);
	if (row->seq != s->next.seq + 1)
		return err_set(err, ERR_CONFLICT, "row %" PRId64 " is missing", s->next.seq + 1);
	if (strcmp(mine, hash) != 0)
		return err_set(err, ERR_CONFLICT, "row %" PRId64 ": its hash does not follow from its content and the row before",
		               row->seq);
	return put_row(s, row, body, mine, err);
}

bool journal_enter(struct store *s, bool *ret_own, struct err *err)
{
	*ret_own = !s->open;
	if (s->open && s->broken.kind != ERR_NONE)
		return err_copy(err, &s->broken);
	return s->open || store_begin(s, err);
}

bool journal_leave(struct store *s, bool own, const struct err *why, struct err *err)
{
	if (why->kind == ERR_NONE)
		return !own || store_commit(s, err);
	if (own)
		store_rollback(s);
	else if (s->broken.kind == ERR_NONE)
		s->broken = *why;
	return err_copy(err, why);
}

bool store_append(struct store *s, const char *actor, const char *type, json_t *take_body, int64_t *ret_seq,
                  struct err *err)
{
	AUTO(json_auto_decref) json_t *body = take_body;
	struct project_row row = { .at = clock_wall_ms(), .actor = actor, .type = type, .body = body };
	struct err why = { 0 };
	bool own;

	if (!journal_enter(s, &own, err))
		return false;
	row.seq = s->next.seq + 1;
	if (!add_row(s, &row, &why))
		err_wrap(&why, "journal");
	if (!journal_leave(s, own, &why, err))
		return false;
	if (ret_seq)
		*ret_seq = row.seq;
	return true;
}

bool store_begin(struct store *s, struct err *err)
{
	if (s->open)
		return err_set(err, ERR_INTERNAL, "journal: a transaction is open already");
	if (!sql_run(s, SQL_BEGIN, NULL, err, ""))
		return err_wrap(err, "journal");
	s->open = true;
	s->next = s->head;
	s->broken = (struct err){ 0 };
	if (result_write(s, err))
		return true;
	store_rollback(s);
	return err_wrap(err, "journal");
}

/* Tells of the rows in order, also of those that the callback itself appends: they come after the ones in hand. */
static void tell(struct store *s)
{
	json_array_extend(s->news, s->rows);
	json_array_clear(s->rows);
	if (s->telling)
		return;
	s->telling = true;
	for (size_t i = 0; i < json_array_size(s->news); i++) {
		AUTO(json_auto_decref) json_t *row = json_incref(json_array_get(s->news, i));

		if (s->appended_fn)
			s->appended_fn(s->appended_arg, row);
	}
	json_array_clear(s->news);
	s->telling = false;
}

bool store_commit(struct store *s, struct err *err)
{
	struct err why = s->broken;

	if (!s->open)
		return err_set(err, ERR_INTERNAL, "journal: no transaction is open");
	if (why.kind != ERR_NONE || !sql_run(s, SQL_COMMIT, NULL, &why, "")) {
		store_rollback(s);
		return err_copy(err, &why);
	}
	s->open = false;
	s->head = s->next;
	result_committed(s);
	if (s->disk)
		disk_tend(s->disk);
	tell(s);
	return true;
}

void store_rollback(struct store *s)
{
	if (!s->open)
		return;
	/* A full disk or a failed write has ended the transaction already. */
	if (!sqlite3_get_autocommit(s->db))
		sql_run(s, SQL_ROLLBACK, NULL, NULL, "");
	s->open = false;
	s->next = s->head;
	s->broken = (struct err){ 0 };
	json_array_clear(s->rows);
	result_undone(s);
}

/* Judges one row against where the walk stands; a bad one is named and ends the walk. */
static bool row_fits(struct store_walk *walk, sqlite3_stmt *stmt)
{
	struct project_row row = { sqlite3_column_int64(stmt, COL_SEQ), sqlite3_column_int64(stmt, COL_AT),
	                           sql_text(stmt, COL_ACTOR), sql_text(stmt, COL_TYPE), NULL };
	const char *prev = walk->rows ? walk->hash : first_prev;
	const char *body = sql_text(stmt, COL_BODY);
	char hash[DIGEST_SIZE];

	walk->bad_seq = walk->seq + 1;
	if (row.seq != walk->seq + 1) {
		snprintf(walk->why, sizeof walk->why, "row %" PRId64 " is missing: row %" PRId64 " stands in its place",
		         walk->seq + 1, row.seq);
		return false;
	}
	hash_row(prev, &row, body, (size_t)sqlite3_column_bytes(stmt, COL_BODY), hash);
	if (strcmp(sql_text(stmt, COL_PREV), prev) != 0) {
		snprintf(walk->why, sizeof walk->why, "row %" PRId64 " does not follow the row before it", row.seq);
		return false;
	}
	if (strcmp(sql_text(stmt, COL_HASH), hash) != 0) {
		snprintf(walk->why, sizeof walk->why, "row %" PRId64 " was changed: its hash is not that of its content",
		         row.seq);
		return false;
	}
	walk->bad_seq = 0;
	walk->seq = row.seq;
	walk->rows++;
	memcpy(walk->hash, hash, sizeof hash);
	return true;
}

bool store_walk(struct store *s, struct store_walk *walk, int rows, struct err *err)
{
	/* From the very beginning: a row with number 0 or below would be one that nobody journalled. */
	int64_t after = walk->rows ? walk->seq : INT64_MIN;
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_JOURNAL_AFTER, err, "id", after, rows);
	int code = SQLITE_ERROR, n = 0;

	while (stmt && (code = sql_step(s, stmt, err)) == SQLITE_ROW) {
		n++;
		if (!row_fits(walk, stmt)) {
			walk->end = true;
			return true;
		}
	}
	if (code != SQLITE_DONE)
		return err_wrap(err, "journal");
	walk->end = n < rows;
	return true;
}

bool store_rows(struct store *s, int64_t since, int limit, json_t **ret, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_JOURNAL_AFTER, err, "id", since, limit);
	AUTO(json_auto_decref) json_t *rows = json_array();
	int code = SQLITE_ERROR;

	while (stmt && (code = sql_step(s, stmt, err)) == SQLITE_ROW) {
		AUTO(json_auto_decref) json_t *body = sql_json(stmt, COL_BODY);
		struct project_row row = { sqlite3_column_int64(stmt, COL_SEQ), sqlite3_column_int64(stmt, COL_AT),
		                           sql_text(stmt, COL_ACTOR), sql_text(stmt, COL_TYPE), body };

		json_array_append_new(rows, row_json(&row, sql_text(stmt, COL_HASH)));
	}
	if (code != SQLITE_DONE)
		return err_wrap(err, "journal");
	*ret = json_incref(rows);
	return true;
}
