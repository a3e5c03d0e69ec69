/*
 * fleetrows: which applications the fleet shows and in which order, and which environments are its columns. Pure: made
 * from the status each time it is shown, a few microseconds for each application.
 */
#ifndef VIEWS_FLEETROWS_H
#define VIEWS_FLEETROWS_H

#include <stddef.h>
#include <stdint.h>

#include "views/model.h"

enum fleet_order { FLEET_AS_CONFIGURED, FLEET_ATTENTION_FIRST, FLEET_CHANGED_LAST, FLEET_ORDER_COUNT };

enum { FLEET_COLUMNS_MAX = 32 };

/* Borrows from the status. */
struct fleetrows {
	size_t *apps, n, cap;                  /* indexes into the status, those that match, in order */
	const char *columns[FLEET_COLUMNS_MAX];    /* environments' names, where users are first */
	size_t ncolumns;
	int name_cols, version_cols;           /* of the longest application's name, and version, that is shown */
	int fail, run, held, wait;             /* environments of the applications that match */
};

/* `filter` (NULL or "": all) is looked for in names of applications, versions that are live and states' words. */
void fleetrows_make(const struct model_status *s, const char *filter, enum fleet_order order, struct fleetrows *ret);
void fleetrows_done(struct fleetrows *f);

#endif
