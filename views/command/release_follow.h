/*
 * release_follow: a release to its end: a line when an application's state changes, and the release at the end; as JSON
 * one RELEASE a line for each change. A lost engine is started again.
 */
#ifndef COMMAND_RELEASE_FOLLOW_H
#define COMMAND_RELEASE_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/base/err.h"
#include "backend/proto/words.h"

struct call;

bool release_follow(struct call *c, int64_t id, bool json, enum deployment_state *ret, struct err *err);

#endif
