/*
 * ready: what a rollback to the warm colour needs is kept at hand, so that the key press costs the map transaction and
 * nothing else: each observation (every 2 s) asks the warm colour for its health, and HAProxy to prepare the next
 * version of its map. Both are only taken when they are still good; without them the switch asks for itself.
 */
#ifndef HOST_READY_H
#define HOST_READY_H

#include <stdbool.h>

#include "backend/proto/words.h"

struct driver_env;

/* A colour's slot holds the build of that digest, and all of its components answered well. */
void ready_seen(struct driver_env *denv, enum colour colour, const char *digest);
/* It is not so, or may not be so any more. */
void ready_forget(struct driver_env *denv, enum colour colour);
/* It was seen within the time of an observation. */
bool ready_holds(const struct driver_env *denv, enum colour colour, const char *digest);

/* Asks HAProxy for a version unless there is one. */
void ready_prepare(struct driver_env *denv);
/* The version at hand, which is the caller's from now on; 0: none. */
int ready_take(struct driver_env *denv);
/* The map was set: versions that were prepared before are void. Also ends the asking. */
void ready_void(struct driver_env *denv);

#endif
