/*
 * driver: how an environment is deployed to. One const table per driver; one registry row (registry.c).
 *
 * The engine owns the plan, the journal and the order of the steps; a driver does one step at a time and can say, after
 * a crash, what became of it. It knows neither journal nor SQLite. It never blocks: long work is a child process or a
 * socket on the loop. Every operation calls its callback exactly once, never from inside the call that started it
 * (callers may hold state on their stack), and never after driver_env was closed.
 *
 * At most one operation of {run, probe, undo} is under way per environment; `observe` may come at any time.
 */
#ifndef DRIVERS_DRIVER_H
#define DRIVERS_DRIVER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/base/err.h"
#include "backend/config/config.h"
#include "backend/proto/words.h"

struct loop;
struct http;
struct launcher;
struct saver;

/* What a driver's environment is opened with; borrowed until close, but for app and env (see `reconfigure`). */
struct driver_ctx {
	struct loop *loop;
	struct http *http;                         /* backend/http/http.h: curl multi on the loop */
	struct saver *saver;                       /* backend/base/saver.h */
	struct launcher *launcher;                 /* backend/process/launcher.h */
	const char *state_dir;                     /* this environment's own folder; exists, mode 0700 */
	const struct config_app *app;
	const struct config_environment *env;
	/* The driver found and repaired something on its own ("map differed from the journal: …"); journalled. */
	void (*note)(void *arg, const char *type, json_t *take_detail);
	void *note_arg;
};

struct driver_artifact {
	const char *component;
	const char *path;                          /* in the content-addressed store; read-only */
	const char *sha256;                        /* hex */
};

struct driver_env;

/* One deployment as a driver sees it; borrowed until the operation's callback returns. */
struct driver_job {
	const char *deployment;                    /* its id */
	enum deployment_kind kind;
	const char *version, *digest;              /* the build to bring up */
	const struct driver_artifact *artifacts; size_t nartifacts;
	enum colour target;                        /* the slot it goes into (host) */
	enum colour live;                          /* the slot that has the traffic before it; NONE at the first */
	const char *live_version, *live_digest;    /* NULL at the first */
	const struct driver_artifact *live_artifacts; size_t nlive_artifacts;   /* for who must bring that build back */
	const char *const *migrations; size_t nmigrations;     /* for the stage migrate: those that never ran here */
	bool target_is_warm;                       /* rollback: the target slot is believed to hold this build, running */
	/* Output of what the step runs, as it comes (bytes, not lines). */
	void (*output)(void *arg, const char *data, size_t len);
	void *output_arg;
};

/* What an operation came to. Borrowed during the callback. */
struct driver_outcome {
	bool ok;
	struct err err;                            /* when not ok */
	const char *layer;                         /* when not ok: "artifact", "process", "health", "traffic", "command" … */
	const char *tail;                          /* the failing process's last lines, or NULL */
	json_t *detail;                            /* facts for the journal (ports, pids, prober counts), or NULL */
};
typedef void (*driver_done_fn)(void *arg, const struct driver_outcome *outcome);

enum driver_probe {
	PROBE_NOT_STARTED,                         /* or not completed, and running the step again is safe */
	PROBE_DONE,
	PROBE_FAILED,                              /* known not to hold, and running it again is no use */
	PROBE_UNKNOWN
};
typedef void (*driver_probed_fn)(void *arg, enum driver_probe probe, const char *why);

/* What is live in truth. */
struct driver_observed {
	bool known;                                /* false: it could not be found out; err says why */
	enum colour live;                          /* host */
	const char *version, *digest;              /* NULL when the driver cannot tell */
	bool healthy;
	bool warm;                                 /* host: the other colour runs and is healthy */
	const char *health;                        /* "OK", or one line that says what is wrong */
	struct err err;
};
typedef void (*driver_observed_fn)(void *arg, const struct driver_observed *observed);

/* What ought to be, from the journal: for `reconcile`. */
struct driver_expect {
	enum colour live;                          /* NONE: nothing was ever deployed */
	const char *live_version, *live_digest;
	enum colour warm;                          /* NONE, or the colour that is to be kept running */
	const struct driver_artifact *live_artifacts; size_t nlive_artifacts;
	bool busy;                                 /* a deployment runs: leave the idle colour alone */
};

struct driver {
	const char *name;
	const char *help;                          /* one line */
	const enum stage *stages; size_t nstages;  /* its pipeline in order; gate is the engine's own and first */
	bool has_preview;                          /* smoke and acceptance run before the switch, on the idle colour */
	/*
	 * Where the traffic is ends with the machine, and every start moves it to where the journal says: moving it need not
	 * wait until its intent survives a power cut.
	 */
	bool moves_at_once;

	struct driver_env *(*open)(const struct driver_ctx *ctx, struct err *err);
	void (*close)(struct driver_env *denv);    /* forgets; stops no application */
	/* A valid new configuration is in force; the old one is freed when this returns. */
	bool (*reconfigure)(struct driver_env *denv, const struct config_app *app, const struct config_environment *env,
	                    struct err *err);
	/* Runs one of the driver's own stages (never gate, smoke, acceptance: the engine's). */
	void (*run)(struct driver_env *denv, const struct driver_job *job, enum stage stage, driver_done_fn fn, void *arg);
	/* Ends the running `run` soon: its callback comes with ok=false, kind ERR_REFUSED, "stopped". */
	void (*cancel)(struct driver_env *denv);
	void (*probe)(struct driver_env *denv, const struct driver_job *job, enum stage stage, driver_probed_fn fn,
	              void *arg);
	/* Makes it as it was before the job: traffic on job->live (proven), then the target slot stopped. Idempotent. */
	void (*undo)(struct driver_env *denv, const struct driver_job *job, driver_done_fn fn, void *arg);
	/* Stops the colour that was kept warm. */
	void (*cool)(struct driver_env *denv, enum colour colour, driver_done_fn fn, void *arg);
	void (*observe)(struct driver_env *denv, driver_observed_fn fn, void *arg);
	/* Start-up and every 10 s: adopt what runs, start what should run and does not, repair the map; repairs are noted. */
	void (*reconcile)(struct driver_env *denv, const struct driver_expect *expect, driver_done_fn fn, void *arg);
	/* Base URL ("http://127.0.0.1:20003"; "tcp://…" for TCP) of a component for tests; yours; NULL when it has none. */
	char *(*url)(struct driver_env *denv, const char *component, bool preview);
};

/* NULL-terminated, sorted by name. */
extern const struct driver *const driver_registry[];
const struct driver *driver_find(const char *name);

#endif
