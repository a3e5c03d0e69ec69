/* project_fact: the rows of project.c's table that say by what environments are compared. */
#ifndef STORE_PROJECT_FACT_H
#define STORE_PROJECT_FACT_H

#include "backend/store/project.h"

bool project_facts_changed(struct store *s, const struct project_row *row, struct err *err);
/* environment.live: the digests of what is live are facts too. */
bool project_fact_live(struct store *s, const struct project_row *row, struct err *err);

#endif
