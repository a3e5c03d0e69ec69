/*
 * model: what the host driver needs of the configuration, as its own copy with the ports filled in. Shared by
 * counting: an operation keeps the one it began with while a new configuration takes its place.
 */
#ifndef HOST_MODEL_H
#define HOST_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/config/config.h"
#include "backend/drivers/host/ports.h"
#include "backend/proto/words.h"

struct host_var { char *name; char *value; };

/* One component in this environment. */
struct host_part {
	char *name, *artifact;
	char **start;
	char **migrate;                    /* NULL: none */
	enum config_protocol protocol;
	char *health;                      /* NULL: a TCP connection is enough */
	int64_t health_within_ms;
	size_t *needs; size_t nneeds;      /* indices of parts */
	struct host_var *vars; size_t nvars;   /* the component's and, winning, the environment's */
	int public_port;                   /* 0: none */
	int preview_port;                  /* 0: a worker */
	int port[COLOUR_COUNT];
};

struct host_model {
	int refs;
	char *app, *env, *bind;
	struct host_part *parts; size_t n;
	int64_t verify_ms, verify_interval_ms, drain_ms;
	int verify_failures;
};

struct host_model *host_model_new(const struct config_app *app, const struct config_environment *env,
                                  const struct ports *ports);
struct host_model *host_model_ref(struct host_model *model);
void host_model_unref(struct host_model *model);         /* NULL is fine */

/* Has a port: started before the switch. A worker is started at the switch. */
bool host_part_serves(const struct host_part *part);
/* "http://127.0.0.1:20003", "tcp://…"; NULL when it has none; yours. */
char *host_part_url(const struct host_model *model, const struct host_part *part, bool preview);
/* Where the public frontends are reached from this machine. */
const char *host_model_public_address(const struct host_model *model);
/*
 * The variables of its process, in order of names; values are yours with the array: host_vars_done. `flags` is the path
 * of the environment's features.
 */
struct host_vars { struct host_var *items; size_t n; size_t cap; };
void host_part_vars(const struct host_model *model, const struct host_part *part, enum colour colour,
                    const char *version, const char *flags, struct host_vars *ret);
void host_vars_done(struct host_vars *vars);

#endif
