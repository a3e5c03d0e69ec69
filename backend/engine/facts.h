/*
 * facts: what the journal knows of an environment and of a build, in the shape in which drivers want it. Owns all that
 * its driver_artifact arrays and expectations point to.
 */
#ifndef ENGINE_FACTS_H
#define ENGINE_FACTS_H

#include "backend/drivers/driver.h"
#include "backend/engine/plan.h"
#include "backend/store/store.h"

struct engine;
struct environment;

struct facts_artifacts { struct driver_artifact *items; size_t n; };

struct facts {
	struct store_env state;
	struct facts_artifacts live;       /* of the build that is live */
};

/* On failure ret is empty and may be given to facts_done. */
bool facts_load(struct environment *env, struct facts *ret, struct err *err);
void facts_done(struct facts *f);
/* Borrows from `f`. */
bool facts_expect(struct environment *env, const struct facts *f, struct driver_expect *ret, struct err *err);

/* The build's artifact for each component of the configuration. */
void facts_artifacts(struct environment *env, const struct store_build *build, struct facts_artifacts *ret);
void facts_artifacts_done(struct facts_artifacts *a);

/* The build's migrations that never ran in the environment, in the build's order; borrowed from `build`. */
struct facts_migrations { const struct store_migration **items; const char **names; size_t n; };
bool facts_migrations(struct environment *env, const struct store_build *build, struct facts_migrations *ret,
                      struct err *err);
void facts_migrations_done(struct facts_migrations *m);
/* What a deployment of the build would do now. */
bool facts_plan(struct environment *env, const struct store_env *state, const struct store_build *build,
                enum deployment_kind kind, struct plan *ret, struct err *err);

#endif
