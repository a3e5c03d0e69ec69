#include "backend/engine/drift.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/log.h"
#include "backend/base/mem.h"
#include "backend/engine/engine_priv.h"
#include "backend/store/fact.h"

static bool differ(const char *recorded, const char *observed)
{
	return observed && strcmp(observed, recorded ? recorded : "nothing") != 0;
}

struct drift drift_judge(const struct store_env *recorded, const struct driver_observed *observed, bool coloured)
{
	if (!observed->known)
		return (struct drift){ 0 };
	if (coloured && observed->live != recorded->live)
		return (struct drift){ "colour", colour_name(recorded->live), colour_name(observed->live) };
	if (differ(recorded->live_digest, observed->digest))
		return (struct drift){ "digest", recorded->live_digest ? recorded->live_digest : "nothing", observed->digest };
	if (differ(recorded->live_version, observed->version))
		return (struct drift){ "version", recorded->live_version ? recorded->live_version : "nothing",
		                       observed->version };
	return (struct drift){ 0 };
}

static void journal(struct environment *env, const char *type, const char *what, const char *expected,
                    const char *found)
{
	engine_append(env->e, "engine", type, json_pack("{s:s, s:s, s:s, s:s*, s:s*}", "app", env->app, "environment",
	                                                env->name, "what", what, "expected", expected, "found", found));
}

void drift_observed(struct environment *env, const struct driver_observed *observed)
{
	AUTO(store_drift_done) struct store_drift known = { 0 };
	AUTO(store_env_done) struct store_env recorded = { 0 };
	AUTO(mem_auto_free) char *seen = NULL;
	struct err err = { 0 };
	struct drift now;

	if (!observed->known)
		return;
	/* Judged every two seconds for every environment: only what is new costs queries. */
	seen = mem_printf("%d %s %s %lld", (int)observed->live, observed->digest ? observed->digest : "",
	                  observed->version ? observed->version : "", (long long)store_seq(env->e->store));
	if (env->drift_seen && strcmp(env->drift_seen, seen) == 0)
		return;
	free(env->drift_seen);
	env->drift_seen = mem_dup(seen);
	if (!store_env(env->e->store, env->app, env->name, &recorded, &err)
	    || !store_drift(env->e->store, env->app, env->name, &known, &err)) {
		log_line(LOG_LEVEL_ERROR, "%s %s: drift: %s", env->app, env->name, err.text);
		return;
	}
	now = drift_judge(&recorded, observed, env->driver->has_preview);
	if (known.what && now.what && strcmp(known.what, now.what) == 0 && strcmp(known.expected, now.expected) == 0
	    && strcmp(known.found, now.found) == 0)
		return;
	if (known.what && (!now.what || strcmp(known.what, now.what) != 0))
		journal(env, "drift.cleared", known.what, NULL, NULL);
	if (now.what)
		journal(env, "drift.found", now.what, now.expected, now.found);
}
