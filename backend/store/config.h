/* config: the rows of project.c's table that say by which rules things went. */
#ifndef STORE_CONFIG_H
#define STORE_CONFIG_H

#include "backend/store/project.h"

bool config_project_file(struct store *s, const struct project_row *row, struct err *err);
bool config_project_loaded(struct store *s, const struct project_row *row, struct err *err);

#endif
