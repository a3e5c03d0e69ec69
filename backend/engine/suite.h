/*
 * suite: runs the smoke tests or the acceptance suites of a deployment's step, one after the other, and has each result
 * shown when it arrives. All of them run, also after a failure, so that a person sees everything that is wrong at once.
 *
 * Test commands get PATH, HOME and LANG, the environment's variables, and SLIPWAY_APP, SLIPWAY_ENVIRONMENT,
 * SLIPWAY_VERSION, SLIPWAY_DIGEST, SLIPWAY_DEPLOYMENT, SLIPWAY_REPORTS (an empty folder for JUnit files) and
 * SLIPWAY_URL_<COMPONENT> for each component with a port. They run in the configuration's folder.
 */
#ifndef ENGINE_SUITE_H
#define ENGINE_SUITE_H

#include "backend/drivers/driver.h"
#include "backend/report/report.h"

struct environment;
struct output;
struct suite;

struct suite_spec {
	struct environment *env;
	const struct driver_job *job;
	struct output *output;
	int64_t deployment;
	int step;
	enum stage stage;                  /* STAGE_SMOKE or STAGE_ACCEPTANCE */
};

/*
 * `fn` comes once, from the loop; layer is the stage's name; the first failures, each command's with its last lines, are
 * the tail. All of them are in the output by then. Copies the spec.
 */
struct suite *suite_start(const struct suite_spec *spec, driver_done_fn fn, void *arg);
void suite_stop(struct suite *s);      /* `fn` comes soon, not ok, "stopped" */
void suite_free(struct suite *s);      /* ends what runs, without a callback; NULL is fine */
const struct report_totals *suite_totals(const struct suite *s);

#endif
