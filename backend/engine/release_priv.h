/* release_priv: what release.c (what is next), release_request.c (what people ask) and release_answers.c share. */
#ifndef ENGINE_RELEASE_PRIV_H
#define ENGINE_RELEASE_PRIV_H

#include "backend/engine/engine_priv.h"
#include "backend/engine/gate.h"
#include "backend/engine/request.h"
#include "backend/store/release.h"

/* Does whatever is next in this release; returns at once where it has to wait. */
void release_turn(struct engine *e, int64_t id);
/* Ends it, or begins to take it back: as the journal says afterwards. */
bool release_finish(struct engine *e, const struct store_release *r, const char *actor, enum deployment_state state,
                    const char *message, struct err *err);

/* The deployment of a member, borrowing from both; ERR_NOT_FOUND when the application has no such environment. */
bool release_ask(struct engine *e, const struct store_release *r, const struct store_member *m, struct ask *ret,
                 struct err *err);
/* Whoever asked for the release; borrows from it. */
struct engine_caller release_caller(const struct store_release *r);
/* Is the member's build live already? Then there is nothing to do. */
bool release_is_live(struct engine *e, const struct store_release *r, const struct store_member *m, bool *ret,
                     struct err *err);
/*
 * Judges all members that are not live already. false: one is refused for good, named by the error. *ret_waits: one is
 * held by something that clears without us (an approval does not count: it can only be given when the release runs).
 */
bool release_judge(struct engine *e, const struct store_release *r, bool *ret_waits, struct err *err);
/* The release before this one that has one of its applications in the same environment and is not over; 0 none. */
int64_t release_before(struct engine *e, const struct store_release *r);

json_t *release_json(struct engine *e, const struct store_release *r);

#endif
