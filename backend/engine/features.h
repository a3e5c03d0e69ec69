/*
 * features: which features of an application are on in an environment, and the file that its components read.
 *
 * A build lists its features, and brings them on. A person puts one in or pulls it, per environment, at once and
 * without a deployment: a journal row (feature.set), then the file flags.json in the environment's folder, in the format
 * of flagd (https://flagd.dev/schema/v0/flags.json), which any OpenFeature client reads. Its path is SLIPWAY_FLAGS in
 * the components' environment. The file is made from the journal alone: one that differs is written anew.
 *
 * What a feature was set to outlives the build: the next build that lists it finds it as it was left.
 */
#ifndef ENGINE_FEATURES_H
#define ENGINE_FEATURES_H

#include <jansson.h>
#include <stdbool.h>

#include "backend/base/err.h"

struct engine;
struct environment;

/* [{"name","on","since","by","reason"}…] by name; since, by and reason are null for one never touched. NULL: err is set. */
json_t *features_answer(struct environment *env, struct err *err);
/* Writes the file when it is not as the journal says. What was changed behind the engine's back is journalled. */
void features_reconcile(struct environment *env);
/* A journal row was committed: the environment that it is about gets its file before anything else happens. */
void features_row(struct engine *e, const json_t *row);

#endif
