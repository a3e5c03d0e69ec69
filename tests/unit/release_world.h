/*
 * release_world: an engine_world with three applications, api, web and shop, released together as "suite" (undone when
 * one fails) and as "loose" (not), and a driver that can fail a version.
 */
#ifndef TESTS_RELEASE_WORLD_H
#define TESTS_RELEASE_WORLD_H

#include "tests/unit/engine_world.h"

#include <sys/types.h>

#include "backend/store/release.h"

/* A test has this in the place of the real registry, which is not linked then. */
extern struct driver release_world_driver;
#define RELEASE_WORLD_REGISTRY \
	const struct driver *const driver_registry[] = { &release_world_driver, NULL }; \
	const struct driver *driver_find(const char *name) \
	{ \
		return strcmp(name, "host") == 0 ? &release_world_driver : NULL; \
	}

/* Versions that do not start (or, warm, take no traffic), and one that never starts until it is cancelled. */
struct release_script { const char *fails[2], *hangs; };
extern struct release_script release_script;

/* Setup and teardown. api-1, web-1 and shop-1 are live in dev and prod; api-2, web-2 and shop-2 are there. */
int release_world_begin(void **state);
int release_world_end(void **state);

/* More keys of an application's prod: ",\"deployers\":[\"alice\"]". In force before it returns. */
void release_world_configure(struct engine_world *w, const char *app, const char *of_prod);
/* Another groups.json. In force before it returns. */
void release_world_regroup(struct engine_world *w, const char *text);
/* Every application gets a third environment, "new", where nothing is live. In force before it returns. */
void release_world_add_environment(struct engine_world *w);
/* Runs until the version that hangs is being started; then it starts after all. */
void release_world_hangs(struct engine_world *w);
void release_world_let_go(struct engine_world *w);
/* POST /v1/releases; JSON with ' for ". 0: refused. */
int64_t release_world_ask(struct engine_world *w, const char *name, uid_t uid, const char *request, struct err *err);
/* The same as alice, who is the engine's user; the test ends when it is refused. */
int64_t release_world_asked(struct engine_world *w, const char *request);
/* Runs until the release is over; its state. */
const char *release_world_ended(struct engine_world *w, int64_t id);
/* RELEASE of the API; yours. */
json_t *release_world_look(struct engine_world *w, int64_t id);
/* The member's state, in words of the API; borrowed. */
const char *release_world_member(struct engine_world *w, int64_t id, const char *app);
/* What is live in prod; "none". Borrowed until it is asked about the same application again. */
const char *release_world_live(struct engine_world *w, const char *app);

/* Takes over a folder that holds such a world, and leaves it there when it ends; for tests that kill an engine. */
struct engine_world *release_world_open(const char *dir);
void release_world_close(struct engine_world *w);

#endif
