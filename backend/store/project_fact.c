#include "backend/store/project_fact.h"

#include "backend/base/json.h"
#include "backend/store/store_priv.h"

/* A difference keeps the time at which it began, however often the values change under it. */
static bool compare_again(struct store *s, const struct project_row *row, struct err *err)
{
	const char *app = json_text(row->body, "app");

	return sql_run(s, SQL_DIFFERENCE_DROP, NULL, err, "t", app)
	       && sql_run(s, SQL_DIFFERENCE_ADD, NULL, err, "ti", app, row->at);
}

static bool set_facts(struct store *s, const struct project_row *row, struct err *err)
{
	const char *app = json_text(row->body, "app"), *environment = json_text(row->body, "environment"), *what;
	json_t *value;

	json_object_foreach(json_object_get(row->body, "facts"), what, value) {
		bool ok = json_is_string(value)
			? sql_run(s, SQL_FACT_SET, NULL, err, "tttti", app, environment, what, json_string_value(value), row->at)
			: sql_run(s, SQL_FACT_DROP, NULL, err, "ttt", app, environment, what);

		if (!ok)
			return false;
	}
	return true;
}

bool project_facts_changed(struct store *s, const struct project_row *row, struct err *err)
{
	bool ok = json_flag(row->body, "gone")
		? sql_run(s, SQL_FACT_DROP_ALL, NULL, err, "tt", json_text(row->body, "app"),
		          json_text(row->body, "environment"))
		: set_facts(s, row, err);

	return ok && compare_again(s, row, err);
}

bool project_fact_live(struct store *s, const struct project_row *row, struct err *err)
{
	const char *app = json_text(row->body, "app"), *environment = json_text(row->body, "environment");
	const char *digest = json_string_value(json_object_get(row->body, "digest"));

	return sql_run(s, SQL_DIGEST_DROP, NULL, err, "ttt", app, environment, digest)
	       && sql_run(s, SQL_DIGEST_ADD, NULL, err, "ttti", app, environment, digest, row->at)
	       && compare_again(s, row, err);
}
