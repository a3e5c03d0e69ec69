/*
 * follow: deployments as they go, one line for each step that begins or ends, each failed test, the totals and the end;
 * with JSON {"deployment":812,"step":STEP}, {"deployment":812,"result":RESULT}, {"deployment":812,"end":DEPLOYMENT}.
 * A lost engine is started again; nothing is printed twice and nothing is left out.
 */
#ifndef COMMAND_FOLLOW_H
#define COMMAND_FOLLOW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/base/err.h"
#include "backend/proto/words.h"

struct call;

/* To its end. `known` is what the caller printed, or means by "from now on"; NULL: from the begin. */
bool follow_one(struct call *c, int64_t id, const json_t *known, bool json, enum deployment_state *ret, struct err *err);
/* Whatever runs and whatever comes, of every application or of --app, for ever. */
bool follow_all(struct call *c, bool json, struct err *err);
/* 0 when it ended as wanted, else 1. */
int follow_exit_code(enum deployment_state state, enum deployment_state wanted);

#endif
