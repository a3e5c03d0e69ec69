/*
 * drift: what is live is not what was recorded. The judgement is a pure function of both; what changes is journalled
 * as drift.found and drift.cleared, so that the environment's row tells it at once.
 */
#ifndef ENGINE_DRIFT_H
#define ENGINE_DRIFT_H

#include <stdbool.h>

#include "backend/drivers/driver.h"

struct environment;
struct store_env;

/* Borrowed from what was compared; what NULL: no drift. */
struct drift { const char *what, *expected, *found; };

/* `coloured`: the driver tells colours. What the driver cannot tell is no drift. */
struct drift drift_judge(const struct store_env *recorded, const struct driver_observed *observed, bool coloured);

/* After an observation during which no deployment ran. */
void drift_observed(struct environment *env, const struct driver_observed *observed);

#endif
