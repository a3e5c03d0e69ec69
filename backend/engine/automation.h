/*
 * automation: an environment with "automatic" takes new builds by itself; the one owner of what that means.
 *
 * Judged from the loop whenever something happened that could matter (a build, a deployment's end, a resume, another
 * configuration, a soak that is over, a start), and from the journal's projections alone: nothing is remembered from
 * one judgement to the next, so a restart changes nothing.
 * - New is what was added after all that was ever asked for there (store/automation.h): nothing is tried twice.
 * - The newest new build that passes the gates wins; those passed over are named in the journal and in its reason.
 *   Approval, windows and locks are waited for in the queue, where people see it; a soak before it gets there, because
 *   the environment before may take another build meanwhile, and then that soak is never over.
 * - One that still waits in the queue gives way to a newer one, in the transaction of the newer one's request.
 * - A failed one is not tried again, and the next newer build goes on. A rollback, and a deployment whose end nobody
 *   knows, pause it until a person resumes.
 */
#ifndef ENGINE_AUTOMATION_H
#define ENGINE_AUTOMATION_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/base/err.h"

struct automation;
struct engine;
struct environment;

struct automation *automation_new(struct environment *env);
void automation_free(struct automation *a);
/* The environment is judged soon, from the loop. */
void automation_wake(struct environment *env);
/* Every journal row comes here; those that matter wake whom they concern. */
void automation_row(struct engine *e, const json_t *row);
/*
 * Joins the caller's transaction: no build is taken until a person resumes, and what waits in the queue ends. `id` is
 * the deployment that is the reason, 0: a person's word.
 */
bool automation_pause(struct environment *env, const char *actor, const char *why, int64_t id, struct err *err);
/* What it would take next, and which gate keeps it now: {"version","gate","why","clears_at"}, or null. Yours. */
json_t *automation_next(struct environment *env);

#endif
