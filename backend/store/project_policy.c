#include "backend/store/project_policy.h"

#include <string.h>

#include "backend/base/json.h"
#include "backend/store/store_priv.h"

#define APP(body) json_text(body, "app")
#define ENVIRONMENT(body) json_text(body, "environment")

bool project_approval_given(struct store *s, const struct project_row *row, struct err *err)
{
	const json_t *body = row->body;

	return sql_run(s, SQL_APPROVAL_ADD, NULL, err, "iiiitdttti", json_int(body, "id", 0), row->seq, row->at,
	               json_int(body, "uid", -1), row->actor, (int)(strcmp(json_text(body, "verdict"), "approve") == 0),
	               json_text(body, "digest"), json_text(body, "plan_hash"), json_text(body, "reason"),
	               json_int(body, "not_before", 0));
}

bool project_lock_taken(struct store *s, const struct project_row *row, struct err *err)
{
	const json_t *body = row->body;

	return sql_run(s, SQL_LEASE_SET, NULL, err, "ttittii", APP(body), ENVIRONMENT(body), json_int(body, "uid", -1),
	               json_text(body, "owner"), json_text(body, "reason"), row->at, json_int(body, "expires", 0));
}

bool project_lock_released(struct store *s, const struct project_row *row, struct err *err)
{
	return sql_run(s, SQL_LEASE_DROP, NULL, err, "tt", APP(row->body), ENVIRONMENT(row->body));
}

bool project_quarantined(struct store *s, const struct project_row *row, struct err *err)
{
	const json_t *body = row->body;

	return sql_run(s, SQL_QUARANTINE_ADD, NULL, err, "ttttii", APP(body), ENVIRONMENT(body), json_text(body, "digest"),
	               json_text(body, "version"), json_int(body, "id", 0), row->at);
}

bool project_released(struct store *s, const struct project_row *row, struct err *err)
{
	return sql_run(s, SQL_QUARANTINE_DROP, NULL, err, "ttt", APP(row->body), ENVIRONMENT(row->body),
	               json_text(row->body, "digest"));
}

bool project_paused(struct store *s, const struct project_row *row, struct err *err)
{
	return sql_run(s, SQL_PAUSE_SET, NULL, err, "ttitt", APP(row->body), ENVIRONMENT(row->body), row->at, row->actor,
	               json_text(row->body, "why"));
}

bool project_resumed(struct store *s, const struct project_row *row, struct err *err)
{
	return sql_run(s, SQL_PAUSE_DROP, NULL, err, "tt", APP(row->body), ENVIRONMENT(row->body));
}

bool project_migration_ran(struct store *s, const struct project_row *row, struct err *err)
{
	const json_t *body = row->body;

	return sql_run(s, SQL_MIGRATION_ADD, NULL, err, "tttitd", APP(body), ENVIRONMENT(body),
	               json_text(body, "migration"), row->seq, json_text(body, "version"),
	               (int)json_flag(body, "reversible"));
}

bool project_migration_failed(struct store *s, const struct project_row *row, struct err *err)
{
	return sql_run(s, SQL_MIGRATION_DROP, NULL, err, "ttt", APP(row->body), ENVIRONMENT(row->body),
	               json_text(row->body, "migration"));
}

bool project_drift_found(struct store *s, const struct project_row *row, struct err *err)
{
	const json_t *body = row->body;

	return sql_run(s, SQL_DRIFT_SET, NULL, err, "ttttti", APP(body), ENVIRONMENT(body), json_text(body, "what"),
	               json_text(body, "expected"), json_text(body, "found"), row->at);
}

bool project_drift_cleared(struct store *s, const struct project_row *row, struct err *err)
{
	return sql_run(s, SQL_DRIFT_DROP, NULL, err, "ttt", APP(row->body), ENVIRONMENT(row->body),
	               json_text(row->body, "what"));
}

/*
 * The traffic moved: the time of what was live is over. When it moved back to the build of the last success (one that
 * came after it was undone), that build's time goes on as if it had never ended.
 */
bool project_stay_moved(struct store *s, const struct project_row *live, struct err *err)
{
	const char *app = APP(live->body), *environment = ENVIRONMENT(live->body), *digest = json_text(live->body, "digest");

	return sql_run(s, SQL_STAY_END, NULL, err, "ittt", live->at, app, environment, digest)
	       && sql_run(s, SQL_STAY_GOES_ON, NULL, err, "ttt", app, environment, digest);
}

bool project_stay_begins(struct store *s, const char *app, const char *environment, const char *version,
                         const char *digest, const struct project_row *finished, struct err *err)
{
	return sql_run(s, SQL_STAY_BEGIN, NULL, err, "ttitti", app, environment, finished->seq, digest, version,
	               finished->at);
}
