#include "backend/engine/gates/gates.h"

#include <string.h>

#include "backend/config/config.h"
#include "backend/store/store.h"

static bool lists(const struct store_build *build, const char *migration)
{
	for (size_t i = 0; i < build->nmigrations; i++)
		if (strcmp(build->migrations[i].id, migration) == 0)
			return true;
	return false;
}

/*
 * The migration that the build is below, or NULL: it cannot be taken back, the build does not know it, and the build
 * was not good here since it ran. One that was never here is above the floor as a deploy (it is new), below as a
 * rollback (it is old).
 */
static const struct store_ran *floor_above(const struct gate_facts *f, const struct store_build *build, int64_t last)
{
	for (size_t i = 0; i < f->nran; i++) {
		const struct store_ran *ran = &f->ran[i];

		if (ran->reversible || lists(build, ran->migration) || last > ran->seq)
			continue;
		if (last || f->kind == KIND_ROLLBACK)
			return ran;
	}
	return NULL;
}

static const char *nearest(const struct gate_facts *f)
{
	for (size_t i = 0; i < f->ntargets; i++) {
		const struct gate_target *t = &f->targets[i];
		bool is_live = f->state->live_digest && strcmp(f->state->live_digest, t->build->digest) == 0;

		if (!is_live && strcmp(t->build->digest, f->build->digest) != 0 && !floor_above(f, t->build, t->last))
			return t->version;
	}
	return NULL;
}

bool gate_migration(const struct gate_facts *f, struct gate_refusal *ret)
{
	const struct store_ran *ran = floor_above(f, f->build, f->here ? f->here->last : 0);
	const char *offer;

	if (!ran)
		return true;
	offer = nearest(f);
	if (offer)
		gate_who(ret, "%s is the nearest build that is allowed", offer);
	else
		gate_who(ret, "a new build that knows %s", ran->migration);
	return gate_refuse(ret, ERR_REFUSED, "%s does not know migration %s, which %s brought to %s and which cannot be "
	                   "taken back; %s%s", f->build->version, ran->migration, ran->version, f->env->name,
	                   offer ? "the nearest build allowed is " : "no earlier build is allowed", offer ? offer : "");
}
