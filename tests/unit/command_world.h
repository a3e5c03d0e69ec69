/*
 * command_world: one environment of the command driver in a folder of its own, with small shell scripts as the user's
 * commands, and what its operations came to. The folder, the loop and what runs go away also after a failed test.
 */
#ifndef TESTS_COMMAND_WORLD_H
#define TESTS_COMMAND_WORLD_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/base/buf.h"
#include "backend/config/config.h"
#include "backend/drivers/driver.h"

struct launcher;
struct loop;
struct loop_timer;

enum { WORLD_PATIENCE_MS = 30000 };

/* One environment "prod" of the application "shop", in a folder of its own; 2.0 goes in, 1.0 was live before. */
struct world {
	char dir[40];
	char *state_dir, *artifact, *old_artifact;
	struct loop *loop;
	struct launcher *launcher;
	struct loop_timer *impatience;
	char *migrate[4], *deploy[4], *rollback[4], *observe[4], *cancel[4];
	struct config_var vars[2], urls[1];
	struct config_app app;
	struct config_environment env;
	struct driver_artifact artifacts[1], live_artifacts[1];
	struct driver_job job;
	struct driver_env *denv;
	struct buf output;
	const char *act_at;                /* once the output holds this … */
	void (*act)(struct world *w);      /* … this is done */
	/* what came back */
	int answers;
	bool ok;
	struct err err;
	char layer[32], tail[5000];
	enum driver_probe probe;
	char why[1000];
	bool known, healthy;
	char version[100], digest[100], health[1000];
};

/* For cmocka; the state is the world. */
int world_setup(void **state);
int world_teardown(void **state);
/* What setup does of it: the configuration and the job, once dir and loop are set; and opening the driver. */
void world_fill(struct world *w);
void world_open(struct world *w);

/* Files in its folder. */
void world_put(struct world *w, const char *name, const char *text);
char *world_get(struct world *w, const char *name);            /* "" when there is none; yours */
void world_assert_file(struct world *w, const char *name, const char *text);
/* Makes argv {"sh", "-c", script}; returns it. */
char **world_shell(char *argv[4], const char *script);

/* An operation from its call to its answer, which must not come from inside the call. */
void world_run(struct world *w, enum stage stage);
void world_undo(struct world *w);
void world_probe(struct world *w, enum stage stage);
void world_observe(struct world *w);
/* The same in pieces: the callbacks, and the wait for one answer more than `before`. */
void world_done(void *arg, const struct driver_outcome *o);
void world_observed(void *arg, const struct driver_observed *o);
void world_wait(struct world *w, int before);

#endif
