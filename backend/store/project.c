#include "backend/store/project.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/store/config.h"
#include "backend/proto/words.h"
#include "backend/store/automation.h"
#include "backend/store/build.h"
#include "backend/store/feature.h"
#include "backend/store/project_fact.h"
#include "backend/store/project_policy.h"
#include "backend/store/release.h"
#include "backend/store/store_priv.h"

/* NULL for a member that is absent, null or no text: the column becomes null. */
static const char *text_or_null(const json_t *body, const char *key)
{
	return json_string_value(json_object_get(body, key));
}

/* An object or array as one line; NULL when it is absent or null. Yours. */
static char *line_or_null(const json_t *body, const char *key)
{
	const json_t *value = json_object_get(body, key);

	return value && !json_is_null(value) ? json_line(value) : NULL;
}

static int64_t total_size(const json_t *artifacts)
{
	int64_t total = 0;
	json_t *artifact;
	size_t i;

	json_array_foreach(artifacts, i, artifact)
		total += json_int(artifact, "size", 0);
	return total;
}

/* The first build of an application gives it its number. */
static bool make_app(struct store *s, const char *app, struct build_range *ret, struct err *err)
{
	return sql_run(s, SQL_APP_ADD, NULL, err, "t", app) && build_range(s, app, ret, err);
}

/* A version that was there before keeps its id: its test results hang on it. */
static bool build_id(struct store *s, const char *app, const char *version, int64_t seq, int64_t *ret_id,
                     struct err *err)
{
	struct build_range range;
	int64_t id;

	if (!build_find(s, app, version, &id, err))
		return false;
	if (id) {
		*ret_id = id;
		return sql_run(s, SQL_SEARCH_DROP, NULL, err, "i", id) && sql_run(s, SQL_ARTIFACT_CLEAR, NULL, err, "i", id)
		       && sql_run(s, SQL_BUILD_DROP, NULL, err, "i", id);
	}
	if (!build_range(s, app, &range, err) || (range.count < 0 && !make_app(s, app, &range, err)))
		return false;
	*ret_id = range.first + seq;
	return sql_run(s, SQL_APP_COUNT, NULL, err, "t", app);
}

static bool build_added(struct store *s, const struct project_row *row, struct err *err)
{
	const json_t *body = row->body, *artifacts = json_object_get(body, "artifacts");
	AUTO(mem_auto_free) char *tests = line_or_null(body, "tests");
	AUTO(mem_auto_free) char *features = line_or_null(body, "features");
	AUTO(mem_auto_free) char *migrations = line_or_null(body, "migrations");
	AUTO(mem_auto_free) char *list = json_is_array(artifacts) ? json_line(artifacts) : mem_dup("[]");
	json_t *artifact;
	int64_t id;
	size_t i;

	if (!build_id(s, json_text(body, "app"), json_text(body, "version"), row->seq, &id, err)
	    || !sql_run(s, SQL_BUILD_ADD, NULL, err, "itttttttittitttttti", id, json_text(body, "app"),
	                json_text(body, "version"), json_text(body, "digest"), json_text(body, "commit"),
	                json_text(body, "branch"), json_text(body, "author"), json_text(body, "message"),
	                json_int(body, "at", row->at), row->actor, tests, total_size(artifacts),
	                json_text(body, "results_sha256"), list, features, migrations, text_or_null(body, "signature"),
	                text_or_null(body, "signer"), json_int(body, "commit_time", 0))
	    || !sql_run(s, SQL_SEARCH_ADD, NULL, err, "i", id))
		return false;
	json_array_foreach(artifacts, i, artifact)
		if (!sql_run(s, SQL_ARTIFACT_ADD, NULL, err, "iit", id, (int64_t)i, json_text(artifact, "sha256")))
			return false;
	return true;
}

static bool build_removed(struct store *s, const struct project_row *row, struct err *err)
{
	int changes = 0;

	if (!sql_run(s, SQL_BUILD_REMOVE, &changes, err, "tt", json_text(row->body, "app"),
	             json_text(row->body, "version")))
		return false;
	return changes == 1 || err_set(err, ERR_INTERNAL, "there is no build %s of %s", json_text(row->body, "version"),
	                               json_text(row->body, "app"));
}

static bool add_step(struct store *s, int64_t deployment, size_t n, const json_t *step, struct err *err)
{
	const char *stage = json_text(step, "stage");
	enum stage known;

	if (!stage_parse(stage, &known))
		return err_set(err, ERR_INTERNAL, "step %zu: there is no stage \"%s\"", n, stage);
	return sql_run(s, SQL_STEP_ADD, NULL, err, "iiti", deployment, (int64_t)n, stage,
	               json_int(step, "deadline_ms", 0));
}

static bool add_steps(struct store *s, int64_t deployment, const json_t *body, struct err *err)
{
	json_t *step;
	size_t i;

	json_array_foreach(json_object_get(body, "steps"), i, step)
		if (!add_step(s, deployment, i, step, err))
			return false;
	return true;
}

static bool deployment_requested(struct store *s, const struct project_row *row, struct err *err)
{
	const json_t *body = row->body;
	const char *kind = json_text(body, "kind"), *target = json_text_or(body, "target", "none");
	enum deployment_kind known_kind;
	enum colour known_colour;

	if (!kind_parse(kind, &known_kind))
		return err_set(err, ERR_INTERNAL, "there is no kind of deployment \"%s\"", kind);
	if (!colour_parse(target, &known_colour))
		return err_set(err, ERR_INTERNAL, "there is no colour \"%s\"", target);
	return sql_run(s, SQL_DEPLOYMENT_ADD, NULL, err, "ittttttttittttitii", row->seq, json_text(body, "app"),
	             json_text(body, "environment"), kind, json_text(body, "version"), json_text(body, "digest"),
	             text_or_null(body, "from"), row->actor, json_text(body, "reason"), row->at, json_text(body, "key"),
	             json_text(body, "plan_hash"), target, text_or_null(body, "expect"), json_int(body, "uid", -1),
	             text_or_null(json_object_get(body, "override"), "reason"), json_int(body, "not_before", 0),
	             json_int(body, "release", 0))
	       && add_steps(s, row->seq, body, err);
}

static bool one_deployment(int changes, const json_t *body, struct err *err)
{
	return changes == 1 || err_set(err, ERR_INTERNAL, "there is no deployment %" PRId64, json_int(body, "id", 0));
}

static bool one_step(int changes, const json_t *body, struct err *err)
{
	return changes == 1 || err_set(err, ERR_INTERNAL, "deployment %" PRId64 " has no step %" PRId64,
	                               json_int(body, "id", 0), json_int(body, "step", -1));
}

/* What became live while it waited may have changed its plan. */
static bool change_plan(struct store *s, const json_t *body, struct err *err)
{
	const char *target = json_text_or(body, "target", "none");
	int64_t id = json_int(body, "id", 0);
	enum colour known;

	if (!colour_parse(target, &known))
		return err_set(err, ERR_INTERNAL, "there is no colour \"%s\"", target);
	return sql_run(s, SQL_DEPLOYMENT_REPLAN, NULL, err, "ttti", target, json_text(body, "plan_hash"),
	               text_or_null(body, "from"), id)
	       && sql_run(s, SQL_STEP_CLEAR, NULL, err, "i", id) && add_steps(s, id, body, err);
}

static bool deployment_started(struct store *s, const struct project_row *row, struct err *err)
{
	int changes = 0;

	return sql_run(s, SQL_DEPLOYMENT_START, &changes, err, "ii", row->at, json_int(row->body, "id", 0))
	       && one_deployment(changes, row->body, err)
	       && (!json_object_get(row->body, "steps") || change_plan(s, row->body, err));
}

/* How long the deployment's log was when the row was written; rows from before that was told leave it open. */
static bool log_of(struct store *s, const json_t *body, struct err *err)
{
	const json_t *log = json_object_get(body, "log");

	return !json_is_integer(log)
		|| sql_run(s, SQL_DEPLOYMENT_LOG_SET, NULL, err, "ii", (int64_t)json_integer_value(log), json_int(body, "id", 0));
}

static bool deployment_undoing(struct store *s, const struct project_row *row, struct err *err)
{
	const json_t *body = row->body;
	int changes = 0;

	return sql_run(s, SQL_DEPLOYMENT_UNDO, &changes, err, "ttdi", json_text(body, "why"), json_text(body, "layer"),
	               (int)json_flag(body, "stopped"), json_int(body, "id", 0))
	       && one_deployment(changes, body, err) && log_of(s, body, err);
}

static bool deployment_moved(struct store *s, const struct project_row *row, struct err *err)
{
	int changes = 0;

	return sql_run(s, SQL_DEPLOYMENT_MOVE, &changes, err, "ii", json_int(row->body, "not_before", 0),
	               json_int(row->body, "id", 0))
	       && one_deployment(changes, row->body, err);
}

static bool step_started(struct store *s, const struct project_row *row, struct err *err)
{
	const json_t *body = row->body;
	int changes = 0;

	return sql_run(s, SQL_STEP_START, &changes, err, "iii", row->at, json_int(body, "id", 0),
	               json_int(body, "step", -1))
	       && one_step(changes, body, err) && log_of(s, body, err);
}

static bool step_finished(struct store *s, const struct project_row *row, struct err *err)
{
	const json_t *body = row->body;
	AUTO(mem_auto_free) char *detail = line_or_null(body, "detail");
	AUTO(mem_auto_free) char *tests = line_or_null(body, "tests");
	enum step_state state;
	int changes = 0;

	if (!step_state_parse(json_text(body, "state"), &state))
		return err_set(err, ERR_INTERNAL, "there is no state of a step \"%s\"", json_text(body, "state"));
	return sql_run(s, SQL_STEP_FINISH, &changes, err, "tittttt" "ii", step_state_name(state), row->at,
	               json_text(body, "message"), json_text(body, "layer"), json_text(body, "tail"), detail, tests,
	               json_int(body, "id", 0), json_int(body, "step", -1))
	       && one_step(changes, body, err) && log_of(s, body, err);
}

static bool environment_live(struct store *s, const struct project_row *row, struct err *err)
{
	const json_t *body = row->body;
	int64_t id = json_int(body, "id", 0);
	enum colour colour;

	if (!colour_parse(json_text_or(body, "colour", "none"), &colour))
		return err_set(err, ERR_INTERNAL, "there is no colour \"%s\"", json_text(body, "colour"));
	return sql_run(s, SQL_LIVE_SET, NULL, err, "tttttii", json_text(body, "app"), json_text(body, "environment"),
	               colour_name(colour), text_or_null(body, "version"), text_or_null(body, "digest"), row->at, id)
	       && sql_run(s, SQL_DEPLOYMENT_SWITCH, NULL, err, "i", id) && project_stay_moved(s, row, err)
	       && project_fact_live(s, row, err);
}

static bool slot_set(struct store *s, const struct project_row *row, struct err *err)
{
	const json_t *body = row->body;
	enum colour colour;

	if (!colour_parse(json_text(body, "colour"), &colour))
		return err_set(err, ERR_INTERNAL, "there is no colour \"%s\"", json_text(body, "colour"));
	return sql_run(s, SQL_SLOT_SET, NULL, err, "tttttt", json_text(body, "app"), json_text(body, "environment"),
	               colour_name(colour), json_text_or(body, "state", "empty"), text_or_null(body, "version"),
	               text_or_null(body, "digest"));
}

/*
 * A rollback takes the builds that it passes over out of the known-good ones, so that the next one goes further back
 * and never forth again. They return when they are deployed again with success.
 */
static bool forget_rolled_back(struct store *s, const struct store_deployment *d, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = sql_use(s, SQL_GOOD_LAST, err, "ttt", d->app, d->environment, d->digest);
	int code = stmt ? sql_step(s, stmt, err) : SQLITE_ERROR;

	if (code == SQLITE_ROW)
		return sql_run(s, SQL_GOOD_DROP_AFTER, NULL, err, "tti", d->app, d->environment,
		               (int64_t)sqlite3_column_int64(stmt, 0));
	if (code != SQLITE_DONE)
		return false;
	return sql_run(s, SQL_GOOD_DROP_VERSION, NULL, err, "ttt", d->app, d->environment, d->from ? d->from : "");
}

/*
 * The known-good builds of an environment: those that a deployment which succeeded brought there, oldest first. One
 * that was live and then failed its verification is none.
 */
static bool judge_build(struct store *s, const struct store_deployment *d, const struct project_row *row,
                        struct err *err)
{
	if (d->state == DEPLOYMENT_FAILED && d->switched)
		return sql_run(s, SQL_GOOD_DROP_DIGEST, NULL, err, "ttt", d->app, d->environment, d->digest);
	if (d->state != DEPLOYMENT_SUCCEEDED)
		return true;
	if (d->kind == KIND_ROLLBACK && !forget_rolled_back(s, d, err))
		return false;
	return sql_run(s, SQL_GOOD_ADD, NULL, err, "ttitti", d->app, d->environment, row->seq, d->version, d->digest,
	               d->id)
	       && project_stay_begins(s, d->app, d->environment, d->version, d->digest, row, err);
}

static bool deployment_finished(struct store *s, const struct project_row *row, struct err *err)
{
	AUTO(store_deployment_done) struct store_deployment d = { 0 };
	const json_t *body = row->body;
	int64_t id = json_int(body, "id", 0);
	enum deployment_state state;
	int changes = 0;

	if (!deployment_state_parse(json_text(body, "state"), &state) || !deployment_state_is_over(state))
		return err_set(err, ERR_INTERNAL, "no deployment ends in state \"%s\"", json_text(body, "state"));
	return sql_run(s, SQL_DEPLOYMENT_FINISH, &changes, err, "tttii", deployment_state_name(state),
	               json_text(body, "message"), json_text(body, "layer"), row->at, id)
	       && one_deployment(changes, body, err) && sql_run(s, SQL_STEP_SKIP, NULL, err, "i", id)
	       && store_deployment(s, id, &d, err) && judge_build(s, &d, row, err)
	       && automation_project_finished(s, &d, row, err);
}

static bool nothing(struct store *s, const struct project_row *row, struct err *err)
{
	(void)s;
	(void)row;
	(void)err;
	return true;
}

static const struct {
	const char *type;
	bool (*fn)(struct store *s, const struct project_row *row, struct err *err);
} projections[] = {
	{ "approval.given", project_approval_given },
	{ "automation.passed", nothing },
	{ "automation.paused", project_paused },
	{ "automation.resumed", project_resumed },
	{ "build.added", build_added },
	{ "build.quarantined", project_quarantined },
	{ "build.released_from_quarantine", project_released },
	{ "build.removed", build_removed },
	{ "config.file", config_project_file },
	{ "config.loaded", config_project_loaded },
	{ "config.refused", nothing },
	{ "deployment.finished", deployment_finished },
	{ "deployment.moved", deployment_moved },
	{ "deployment.recovered", nothing },
	{ "deployment.requested", deployment_requested },
	{ "deployment.started", deployment_started },
	{ "deployment.undoing", deployment_undoing },
	{ "drift.cleared", project_drift_cleared },
	{ "drift.found", project_drift_found },
	{ "engine.started", nothing },
	{ "engine.stopped", nothing },
	{ "environment.live", environment_live },
	{ "environment.repaired", nothing },
	{ "facts.changed", project_facts_changed },
	{ "feature.set", feature_project_set },
	{ "gate.overridden", nothing },
	{ "lock.released", project_lock_released },
	{ "lock.stolen", project_lock_taken },
	{ "lock.taken", project_lock_taken },
	{ "migration.failed", project_migration_failed },
	{ "migration.ran", project_migration_ran },
	{ "release.finished", release_project_finished },
	{ "release.member", release_project_member },
	{ "release.requested", release_project_requested },
	{ "release.started", release_project_started },
	{ "release.stopping", release_project_stopping },
	{ "slot.set", slot_set },
	{ "step.finished", step_finished },
	{ "step.started", step_started },
};

const char *project_type(size_t i)
{
	return i < ARRAY_LEN(projections) ? projections[i].type : NULL;
}

bool project_apply(struct store *s, const struct project_row *row, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(projections); i++)
		if (strcmp(projections[i].type, row->type) == 0)
			return projections[i].fn(s, row, err);
	return true;
}

/* Those that refer to others come first. */
static const char empty_all[] =
	"INSERT INTO build_search (build_search) VALUES ('delete-all'); DELETE FROM app; DELETE FROM known_good;"
	" DELETE FROM slot; DELETE FROM environment; DELETE FROM step; DELETE FROM deployment;"
	" DELETE FROM artifact; DELETE FROM build; DELETE FROM approval; DELETE FROM lease; DELETE FROM quarantine;"
	" DELETE FROM pause; DELETE FROM migration; DELETE FROM drift; DELETE FROM stay; DELETE FROM feature;"
	" DELETE FROM fact; DELETE FROM difference; DELETE FROM group_release; DELETE FROM release_member;"
	" DELETE FROM tried; DELETE FROM config_file";

bool project_rebuild(struct store *s, int64_t last, struct err *err)
{
	AUTO(sql_end) sqlite3_stmt *stmt = NULL;
	int code = SQLITE_ERROR;

	if (sqlite3_exec(s->db, empty_all, NULL, NULL, NULL) != SQLITE_OK)
		return sql_fail(s, err);
	stmt = sql_use(s, SQL_JOURNAL_AFTER, err, "ii", INT64_MIN, INT64_MAX);
	while (stmt && (code = sql_step(s, stmt, err)) == SQLITE_ROW) {
		AUTO(json_auto_decref) json_t *body = sql_json(stmt, 4);
		struct project_row row = { sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1), sql_text(stmt, 2),
		                           sql_text(stmt, 3), body };

		if (row.seq > last)
			return true;
		if (!project_apply(s, &row, err))
			return err_wrap(err, "make the projections again: row %" PRId64, row.seq);
	}
	return code == SQLITE_DONE;
}
