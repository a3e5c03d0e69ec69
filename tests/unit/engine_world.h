/*
 * A workspace with an engine whose driver does at once what it is asked; store, loop and the children that import
 * artifacts are real. A test that uses it hands over its main: the engine runs its own program for what takes long.
 */
#ifndef TESTS_ENGINE_WORLD_H
#define TESTS_ENGINE_WORLD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/base/err.h"
#include "backend/drivers/driver.h"

struct engine;
struct loop;
struct loop_timer;

/* A test has this in the place of the real registry, which is not linked then. */
extern const struct driver engine_world_driver;
#define ENGINE_WORLD_REGISTRY \
	const struct driver *const driver_registry[] = { &engine_world_driver, NULL }; \
	const struct driver *driver_find(const char *name) \
	{ \
		return strcmp(name, engine_world_driver.name) == 0 ? &engine_world_driver : NULL; \
	}

struct engine_world {
	char dir[40];
	struct loop *loop;
	struct engine *engine;
	struct loop_timer *limit;
	json_t *rows;                  /* every row that was journalled since the last look, see engine_world_count */
	const char *wanted;
	int wanted_rows;
	bool timed_out;
	int status;                    /* of the last build that was added */
};

/*
 * setup and teardown of cmocka; *state is the world. The application "shop" has one component, web, and the
 * environments dev (open) and prod (protected).
 */
int engine_world_begin(void **state);
int engine_world_end(void **state);
/* For main: true when the program was started as the engine's helper; then *ret_code is to be its exit code. */
bool engine_world_helps(int argc, char **argv, int *ret_code);

/* `of_dev` and `of_prod` are more keys of the environments: ",\"automatic\":true". The engine takes it before this returns. */
void engine_world_configure(struct engine_world *w, const char *of_dev, const char *of_prod);
void engine_world_stop(struct engine_world *w);
void engine_world_start(struct engine_world *w);
/* `features` is "" or a JSON array. The HTTP status. */
int engine_world_build(struct engine_world *w, const char *version, const char *features);
/* POST /v1/deployments as alice; 0: refused, err says why. `more` is taken, and may be NULL. */
int64_t engine_world_deploy(struct engine_world *w, const char *environment, const char *version, json_t *take_more,
                            struct err *err);
void engine_world_deployed(struct engine_world *w, const char *environment, const char *version);
/* Runs the loop until n more rows of the type came; the test fails after 40 s. */
void engine_world_wait(struct engine_world *w, const char *type, int n);
void engine_world_settle(struct engine_world *w);     /* until all that was done is on the disk, and told */
void engine_world_run(struct engine_world *w, int64_t ms);
/* How many rows of the type have been journalled since the world began; the last one's body in *ret_last (borrowed). */
int engine_world_count(const struct engine_world *w, const char *type, const json_t **ret_last);
/* ENVIRONMENT of the API; yours. */
json_t *engine_world_environment(struct engine_world *w, const char *name);
/* The file in the workspace; "" when there is none. Yours. */
char *engine_world_read(const struct engine_world *w, const char *path);

#endif
