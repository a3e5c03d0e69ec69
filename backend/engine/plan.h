/*
 * plan: what a deployment will do, computed once by a pure function of (configuration, build, state). Its hash is what a
 * person approves: another step, deadline, test, colour or build gives another hash.
 */
#ifndef ENGINE_PLAN_H
#define ENGINE_PLAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/artifact/digest.h"
#include "backend/proto/words.h"

struct config_app;
struct config_environment;
struct driver;
struct store_env;
struct store_step;

struct plan_step { enum stage stage; int64_t deadline_ms; };

struct plan {
	enum colour target;                    /* the slot it goes into */
	bool target_is_warm;                   /* that slot is believed to run this very build */
	struct plan_step steps[STAGE_COUNT];
	size_t nsteps;
	char hash[DIGEST_SIZE];
};

struct plan_facts {
	const struct config_app *app;
	const struct config_environment *env;
	const struct driver *driver;
	const struct store_env *state;
	enum deployment_kind kind;
	const char *version, *digest;
	const char *const *migrations; size_t nmigrations;     /* of the build, that did not run here yet */
};

/*
 * A deploy has every stage of the driver; smoke and acceptance only where the configuration has tests, verify only
 * where it asks for it. A rollback goes to a build that was proven here before: no gate step, no tests, health only; to a
 * warm colour it is the switch alone, which begins with a health check (run.c falls back on the whole when that fails).
 */
void plan_make(const struct plan_facts *facts, struct plan *ret);
/*
 * The first step that may run the build's pending migrations: the stage migrate; where nothing of ours migrates, what
 * starts the build (it does so itself, or the command that brings it does). n: none of them.
 */
size_t plan_migrating_step(const struct store_step *steps, size_t n);
/* [{"stage","deadline_ms"}…]; yours. */
json_t *plan_steps_json(const struct plan *plan);

#endif
