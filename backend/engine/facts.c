#include "backend/engine/facts.h"

#include <stdlib.h>
#include <string.h>

#include "backend/artifact/artifact.h"
#include "backend/base/mem.h"
#include "backend/engine/engine_priv.h"
#include "backend/store/policy.h"

void facts_artifacts(struct environment *env, const struct store_build *build, struct facts_artifacts *ret)
{
	const struct config_app *app = env->capp;

	*ret = (struct facts_artifacts){ .items = mem_array(app->ncomponents, sizeof *ret->items) };
	for (size_t i = 0; i < app->ncomponents; i++) {
		for (size_t j = 0; j < build->nartifacts; j++) {
			if (strcmp(build->artifacts[j].component, app->components[i].artifact) != 0)
				continue;
			ret->items[ret->n++] = (struct driver_artifact){
				.component = mem_dup(app->components[i].name),
				.path = artifact_path(env->e->artifacts_dir, build->artifacts[j].sha256),
				.sha256 = mem_dup(build->artifacts[j].sha256),
			};
			break;
		}
	}
}

void facts_artifacts_done(struct facts_artifacts *a)
{
	for (size_t i = 0; i < a->n; i++) {
		free((char *)a->items[i].component);
		free((char *)a->items[i].path);
		free((char *)a->items[i].sha256);
	}
	free(a->items);
	*a = (struct facts_artifacts){ 0 };
}

bool facts_load(struct environment *env, struct facts *ret, struct err *err)
{
	struct store_build build;

	*ret = (struct facts){ 0 };
	if (!store_env(env->e->store, env->app, env->name, &ret->state, err))
		return false;
	if (!ret->state.live_version)
		return true;
	if (!store_build(env->e->store, env->app, ret->state.live_version, NULL, &build, err))
		return false;
	facts_artifacts(env, &build, &ret->live);
	store_build_done(&build);
	return true;
}

void facts_done(struct facts *f)
{
	store_env_done(&f->state);
	facts_artifacts_done(&f->live);
}

bool facts_expect(struct environment *env, const struct facts *f, struct driver_expect *ret, struct err *err)
{
	enum colour other = colour_other(f->state.live);

	if (!env->denv)
		return err_copy(err, &env->trouble);
	*ret = (struct driver_expect){
		.live = f->state.live,
		.live_version = f->state.live_version,
		.live_digest = f->state.live_digest,
		.live_artifacts = f->live.items,
		.nlive_artifacts = f->live.n,
	};
	if (f->state.live != COLOUR_NONE && strcmp(f->state.slots[other].state, "warm") == 0)
		ret->warm = other;
	return true;
}

static bool has_run(const struct store_rans *rans, const char *migration)
{
	for (size_t i = 0; i < rans->n; i++)
		if (strcmp(rans->items[i].migration, migration) == 0)
			return true;
	return false;
}

bool facts_migrations(struct environment *env, const struct store_build *build, struct facts_migrations *ret,
                      struct err *err)
{
	AUTO(store_rans_done) struct store_rans rans = { 0 };

	*ret = (struct facts_migrations){ 0 };
	if (build->nmigrations == 0)
		return true;
	if (!store_migrations(env->e->store, env->app, env->name, &rans, err))
		return false;
	ret->items = mem_array(build->nmigrations, sizeof *ret->items);
	ret->names = mem_array(build->nmigrations + 1, sizeof *ret->names);
	for (size_t i = 0; i < build->nmigrations; i++) {
		if (has_run(&rans, build->migrations[i].id))
			continue;
		ret->items[ret->n] = &build->migrations[i];
		ret->names[ret->n++] = build->migrations[i].id;
	}
	return true;
}

void facts_migrations_done(struct facts_migrations *m)
{
	free(m->items);
	free(m->names);
	*m = (struct facts_migrations){ 0 };
}

bool facts_plan(struct environment *env, const struct store_env *state, const struct store_build *build,
                enum deployment_kind kind, struct plan *ret, struct err *err)
{
	AUTO(facts_migrations_done) struct facts_migrations pending = { 0 };

	if (!facts_migrations(env, build, &pending, err))
		return false;
	plan_make(&(struct plan_facts){ .app = env->capp, .env = env->cenv, .driver = env->driver, .state = state,
	                                .kind = kind, .version = build->version, .digest = build->digest,
	                                .migrations = pending.names, .nmigrations = pending.n }, ret);
	return true;
}
