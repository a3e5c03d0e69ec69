/* project_policy: the rows of project.c's table that belong to the rules: approvals, locks, quarantine, migrations. */
#ifndef STORE_PROJECT_POLICY_H
#define STORE_PROJECT_POLICY_H

#include "backend/store/project.h"

bool project_approval_given(struct store *s, const struct project_row *row, struct err *err);
bool project_lock_taken(struct store *s, const struct project_row *row, struct err *err);     /* and stolen */
bool project_lock_released(struct store *s, const struct project_row *row, struct err *err);
bool project_quarantined(struct store *s, const struct project_row *row, struct err *err);
bool project_released(struct store *s, const struct project_row *row, struct err *err);
bool project_paused(struct store *s, const struct project_row *row, struct err *err);
bool project_resumed(struct store *s, const struct project_row *row, struct err *err);
bool project_migration_ran(struct store *s, const struct project_row *row, struct err *err);
bool project_migration_failed(struct store *s, const struct project_row *row, struct err *err);
bool project_drift_found(struct store *s, const struct project_row *row, struct err *err);
bool project_drift_cleared(struct store *s, const struct project_row *row, struct err *err);

/* A build's time as the live one begins with a success and ends when another one is live. */
bool project_stay_moved(struct store *s, const struct project_row *live, struct err *err);
bool project_stay_begins(struct store *s, const char *app, const char *environment, const char *version,
                         const char *digest, const struct project_row *finished, struct err *err);

#endif
