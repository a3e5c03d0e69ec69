/*
 * people: the groups of the machine's users, by uid. Asked of the name service at most once a minute for each, because
 * it may be slow and the loop must not wait.
 */
#ifndef ENGINE_PEOPLE_H
#define ENGINE_PEOPLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "backend/base/err.h"

struct config_app;
struct config_people;
struct engine;
struct engine_caller;
struct environment;
struct people;

struct people *people_new(void);
void people_free(struct people *p);
/* NULL-terminated, empty for a uid that has no user; borrowed for the turn of the loop. */
const char *const *people_groups(struct people *p, uid_t uid);

/* Users and @groups; NULL names: everybody. */
bool people_hold(struct engine *e, const struct engine_caller *who, const struct config_people *people);
/* May `who` change something about the environment (deployers)? ERR_DENIED names who may. */
bool people_may_change(struct environment *env, const struct engine_caller *who, struct err *err);
/*
 * For what belongs to no environment (adding builds, ending the engine): the engine's own user, root, and whoever has
 * a role in some environment of the application (NULL: of any).
 */
bool people_may_serve(struct engine *e, const struct engine_caller *who, const struct config_app *app,
                      struct err *err);

#endif
