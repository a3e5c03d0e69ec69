/*
 * sql: every SQL statement of the store, by name, in one table (sql.c), prepared once and kept.
 *
 * A statement is in use from sql_use to sql_end (AUTO). Bound text is borrowed until then. Failures carry SQLite's
 * own words and the database's path.
 */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#include <jansson.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/base/err.h"

struct store;

enum sql {
	SQL_BEGIN, SQL_COMMIT, SQL_ROLLBACK,
	SQL_JOURNAL_ADD, SQL_JOURNAL_HEAD, SQL_JOURNAL_AFTER,
	SQL_APP, SQL_APP_ADD, SQL_APP_COUNT,
	SQL_BUILD_ADD, SQL_BUILD_DROP, SQL_BUILD_ID, SQL_BUILD_REMOVE, SQL_BUILD, SQL_BUILD_BY_VERSION,
	SQL_BUILD_BY_DIGEST, SQL_BUILD_VERSIONS, SQL_BUILD_PAGE, SQL_BUILD_SCAN, SQL_BUILD_LIVE,
	SQL_SEARCH_ADD, SQL_SEARCH_DROP, SQL_SEARCH_COUNT, SQL_SEARCH_PAGE,
	SQL_ARTIFACT_CLEAR, SQL_ARTIFACT_ADD, SQL_ARTIFACT_IN_USE,
	SQL_DEPLOYMENT_ADD, SQL_DEPLOYMENT_REPLAN, SQL_DEPLOYMENT_START, SQL_DEPLOYMENT_UNDO, SQL_DEPLOYMENT_FINISH,
	SQL_DEPLOYMENT_SWITCH,
	SQL_DEPLOYMENT, SQL_DEPLOYMENTS, SQL_DEPLOYMENTS_OF_APP, SQL_DEPLOYMENTS_ALL, SQL_DEPLOYMENT_BY_KEY,
	SQL_UNFINISHED, SQL_QUEUED, SQL_QUEUE_PLACE, SQL_RUNNING, SQL_LAST_ENDED,
	SQL_STEP_CLEAR, SQL_STEP_ADD, SQL_STEP_START, SQL_STEP_FINISH, SQL_STEP_SKIP, SQL_STEPS,
	SQL_LIVE_SET, SQL_LIVE, SQL_SLOT_SET, SQL_SLOTS,
	SQL_GOOD_ADD, SQL_GOOD_LAST, SQL_GOOD_DROP_DIGEST, SQL_GOOD_DROP_VERSION, SQL_GOOD_DROP_AFTER, SQL_GOOD_TARGET,
	SQL_RESULT_ADD, SQL_RESULT_CLEAR, SQL_RESULT_LAST, SQL_RESULTS, SQL_RESULT_COUNT_ADD, SQL_RESULT_COUNT_CLEAR,
	SQL_RESULT_COUNTS, SQL_RESULT_TOTAL,
	SQL_BUILD_RESULT_ADD, SQL_BUILD_RESULT_CLEAR, SQL_BUILD_RESULTS,
	SQL_APPROVAL_ADD, SQL_APPROVALS, SQL_LEASE_SET, SQL_LEASE_DROP, SQL_LEASE, SQL_QUARANTINE_ADD,
	SQL_QUARANTINE_DROP, SQL_QUARANTINE, SQL_PAUSE_SET, SQL_PAUSE_DROP, SQL_PAUSE, SQL_MIGRATION_ADD, SQL_MIGRATION_DROP,
	SQL_MIGRATIONS,
	SQL_DRIFT_SET, SQL_DRIFT_DROP, SQL_DRIFT, SQL_STAY_BEGIN, SQL_STAY_END, SQL_STAY_GOES_ON, SQL_STAYS, SQL_GOOD_ALL,
	SQL_DEPLOYMENT_LOG, SQL_DEPLOYMENT_LOG_SET,
	SQL_CONFIG_FILE_SET, SQL_CONFIG_FILE_KEEP, SQL_CONFIG_FILES, SQL_CONFIG_FILE_IS, SQL_CONFIG_STAND,
	SQL_FACT_SET, SQL_FACT_DROP, SQL_FACT_DROP_ALL, SQL_FACTS, SQL_FACT_PLACES, SQL_DIGEST_DROP, SQL_DIGEST_ADD,
	SQL_DIFFERENCE_ADD, SQL_DIFFERENCE_DROP, SQL_DIFFERENCES,
	SQL_DEPLOYMENT_MOVE, SQL_FEATURE_SET, SQL_FEATURES,
	SQL_RELEASE_ADD, SQL_RELEASE_MEMBER_ADD, SQL_RELEASE_MEMBER_NOTE, SQL_RELEASE_START, SQL_RELEASE_STOP,
	SQL_RELEASE_FINISH, SQL_RELEASE, SQL_RELEASE_MEMBERS, SQL_RELEASE_BY_KEY, SQL_RELEASE_PLACE, SQL_RELEASES,
	SQL_RELEASES_UNFINISHED,
	SQL_RESULT_COUNT_SET, SQL_TRIED_SET, SQL_NEW_BUILDS, SQL_NEW_BUILDS_AFTER, SQL_QUEUED_AUTOMATIC,
	SQL_COUNT
};

/*
 * Makes the statement ready and binds `types`, one letter for each parameter: t text (NULL: null), i int64_t, d int.
 * NULL on failure.
 */
sqlite3_stmt *sql_use(struct store *s, enum sql which, struct err *err, const char *types, ...);
void sql_end(sqlite3_stmt **stmt);                                /* for AUTO; NULL is fine */
/* SQLITE_ROW or SQLITE_DONE; anything else has set err. */
int sql_step(struct store *s, sqlite3_stmt *stmt, struct err *err);
/* For a statement that returns no rows. ret_changes (may be NULL) is how many rows it changed. */
bool sql_run(struct store *s, enum sql which, int *ret_changes, struct err *err, const char *types, ...);
/* Sets err from what the database last said; returns false. */
bool sql_fail(struct store *s, struct err *err);
void sql_done(struct store *s);                                   /* finalizes all */

const char *sql_text(sqlite3_stmt *stmt, int column);             /* "" for null; borrowed until the next step */
char *sql_dup(sqlite3_stmt *stmt, int column);                    /* NULL for null; yours */
json_t *sql_string(sqlite3_stmt *stmt, int column);               /* null stays null */
json_t *sql_number(sqlite3_stmt *stmt, int column);
json_t *sql_json(sqlite3_stmt *stmt, int column);                 /* a column that holds JSON; null stays null */

#endif
