#include "backend/store/config.h"

#include <stdlib.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/store/store_priv.h"

bool config_project_file(struct store *s, const struct project_row *row, struct err *err)
{
	return sql_run(s, SQL_CONFIG_FILE_SET, NULL, err, "ttti", json_text(row->body, "name"),
	               json_text(row->body, "sha256"), json_text(row->body, "text"), row->seq);
}

/* Rows from before files were kept name none: nothing is known then. */
bool config_project_loaded(struct store *s, const struct project_row *row, struct err *err)
{
	const json_t *names = json_object_get(row->body, "names");
	AUTO(mem_auto_free) char *list = names ? json_line(names) : NULL;

	return !list || sql_run(s, SQL_CONFIG_FILE_KEEP, NULL, err, "t", list);
}

bool store_config(struct store *s, json_t **ret, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_CONFIG_FILES, err, "");
	AUTO(json_auto_decref) json_t *files = json_array();
	int code = SQLITE_ERROR;

	while (stmt && (code = sql_step(s, stmt, err)) == SQLITE_ROW)
		json_array_append_new(files, json_pack("{s:o, s:o}", "name", sql_string(stmt, 0), "text", sql_string(stmt, 1)));
	if (code != SQLITE_DONE)
		return err_wrap(err, "the configuration");
	*ret = json_incref(files);
	return true;
}

bool store_config_has(struct store *s, const char *name, const char *sha256)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_CONFIG_FILE_IS, NULL, "tt", name, sha256);

	return stmt && sql_step(s, stmt, NULL) == SQLITE_ROW;
}

/* A file that goes changes the count, one that comes or changes brings a new row. */
bool store_config_stand(struct store *s, int64_t *ret, struct err *err)
{
	enum { FILES_MOST = 10000 };
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_CONFIG_STAND, err, "");

	if (!stmt || sql_step(s, stmt, err) != SQLITE_ROW)
		return err_wrap(err, "the configuration");
	*ret = sqlite3_column_int64(stmt, 0) * FILES_MOST + sqlite3_column_int64(stmt, 1);
	return true;
}
