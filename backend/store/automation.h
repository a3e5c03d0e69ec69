/*
 * automation: what is new to an environment: the builds that were added after all those that were asked for there. A
 * build that failed, was stopped or was rolled back is new no more, so nothing is tried twice; nor is one that was
 * passed over for a newer one.
 */
#ifndef STORE_AUTOMATION_H
#define STORE_AUTOMATION_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/base/err.h"
#include "backend/store/policy.h"

struct project_row;
struct store;
struct store_deployment;

/* Layers of an automatic deployment's end that says nothing about its build: it never began, and is new as before. */
#define AUTOMATION_SUPERSEDED "superseded"
#define AUTOMATION_PAUSED "paused"

/*
 * Versions whose artifacts are there, newest first, at most `limit`; `after` (NULL: any) is an environment in which they
 * must have succeeded. Reads from the newest end: its time does not grow with the number of builds.
 */
bool store_new_builds(struct store *s, const char *app, const char *environment, const char *after, int limit,
                      struct store_versions *ret, struct err *err);
/* The environment's automatic deployment that waits in the queue, the oldest; 0: none. */
bool store_queued_automatic(struct store *s, const char *app, const char *environment, int64_t *ret_id,
                            struct err *err);

/* Part of deployment.finished. */
bool automation_project_finished(struct store *s, const struct store_deployment *d, const struct project_row *row,
                                 struct err *err);

#endif
