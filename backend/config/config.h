/*
 * config: what a workspace's slipway.json (or, for several applications, each slipway.d/NAME.json) says.
 *
 * Pure: text in, structures or a list of mistakes out; no engine, no network, no clock. All mistakes of all files are
 * reported at once, each with file, line, column and the nearest valid word; unknown keys are mistakes. The keys, their
 * types, defaults and help are one const table (key.c), from which share/slipway.schema.json is made and checked.
 * A struct config is immutable; a changed file gives a new one.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "backend/base/err.h"
#include "backend/config/window.h"
#include "backend/proto/words.h"

struct config_var { char *name; char *value; };

enum config_protocol { PROTOCOL_HTTP, PROTOCOL_TCP, PROTOCOL_NONE /* a worker: no port */ };

struct config_component {
	char *name;
	char *artifact;                  /* the build's artifact it runs; the component's own name by default */
	char **start;                    /* argv, NULL-terminated; with a slash the artifact's file, else PATH's */
	enum config_protocol protocol;
	char *health;                    /* HTTP path that must answer 2xx ("/health"); NULL: a TCP connect is enough */
	int64_t health_within_ms;        /* from start to healthy */
	char **needs; size_t nneeds;     /* components that it calls; it gets SLIPWAY_<NAME>_HOST, _PORT and _URL */
	struct config_var *vars; size_t nvars;
	char **migrate;                  /* argv, like start: brings the data to what the build needs; NULL: none */
};

enum config_test_kind { TEST_HTTP, TEST_COMMAND };
enum config_report { REPORT_NONE /* exit code only */, REPORT_TAP, REPORT_JUNIT };

/* One smoke test (HTTP or command) or one acceptance suite (command with a report). */
struct config_test {
	char *name;
	enum config_test_kind kind;
	char *component;                 /* HTTP: which component is asked */
	char *method; char *path;        /* HTTP: "GET", "/" */
	int status;                      /* HTTP: expected, 200 by default */
	char *body;                      /* HTTP: text the answer must contain; NULL: any */
	char **command;                  /* argv; run in the folder of the configuration file */
	enum config_report report;
	char *report_files;              /* REPORT_JUNIT: glob, relative to the folder in SLIPWAY_REPORTS */
	int64_t timeout_ms;
};

struct config_env_port { char *component; int port; };

/* An environment in which a build must have succeeded before, and for how long it must have been live there. */
struct config_after { char *environment; int64_t soak_ms; };

/* Users ("alice") and groups ("@release") of the machine. NULL: the key was left out. */
struct config_people { char **names; size_t n; };

enum { CONFIG_LATE_ASK = -1 };

struct config_environment {
	char *name;
	bool is_protected;
	bool rollback_needs_arming;      /* protected ones: true unless it says "rollback": "countdown" */
	char *driver;                    /* "host" or "command" */
	struct config_env_port *ports; size_t nports;   /* host: public port of each component that has one */
	char *bind;                      /* host: address of the public frontends, "127.0.0.1" by default */
	int slot_port_first, slot_port_last;            /* host: range for slots and previews */
	struct config_var *vars; size_t nvars;
	/* driver "command": argv arrays, NULL when not given */
	char **migrate, **deploy, **rollback, **observe, **cancel;
	struct config_var *urls; size_t nurls;          /* command: component -> base URL for the tests; may be empty */

	/* What may go there, when, and on whose word: judged by backend/engine/gates. */
	struct config_after *after; size_t nafter;
	bool is_optional;                /* never blocks those that come after it */
	bool tests_required;             /* CI tests, all passed */
	bool signatures_required;        /* a build signed by one of the application's signers */
	int approvals;                   /* by so many people; 0: none is asked for */
	struct config_people approvers;
	int64_t approval_expires_ms;
	struct window *windows; size_t nwindows;        /* none: always */
	struct freeze *freezes; size_t nfreezes;
	bool finish_started;             /* what began in a window may switch after its end */
	bool rollback_gated;             /* approval, windows and locks hold for a rollback too */
	struct config_people override;   /* may deploy outside the windows, with a reason */
	struct config_people deployers;  /* names NULL: anyone who can open the socket */
	int64_t lock_ms;                 /* how long a lock holds for which nobody said how long */
	bool automatic;                  /* takes every new build that passes its gates */
	int64_t late_ms;                 /* a schedule that was missed still runs so much later; CONFIG_LATE_ASK: asks */
	bool drift_refuses;              /* nothing is deployed while what is live is not what was recorded */
	char **secrets; size_t nsecrets; /* variables whose values are only shown hashed */
	char **differs; size_t ndiffers; /* what differs from other environments on purpose: "variables.LOG_LEVEL" */
};

/* A command whose output is kept for each environment, to compare them: versions of libraries and the like. */
struct config_fact { char *name; char **command; };

struct config_app {
	char *name;
	char *file;                      /* absolute path of the file it came from */
	char *dir;                       /* its folder */
	struct config_component *components; size_t ncomponents;
	struct config_environment *environments; size_t nenvironments;    /* in pipeline order */
	struct config_test *smoke; size_t nsmoke;
	struct config_test *acceptance; size_t nacceptance;
	int64_t verify_ms; int verify_failures;   /* watch this long after the switch; this many failures switch back */
	int64_t verify_interval_ms;
	int64_t drain_ms;                /* at most this long for the old colour's sessions to end */
	int64_t warm_ms;                 /* the old colour stays up this long after the drain */
	int retain_builds;               /* artifacts of older builds go, never those live or a rollback target */
	int64_t deadline_ms[STAGE_COUNT];
	char *signers;                   /* allowed_signers file of ssh-keygen, absolute; NULL: none */
	struct config_fact *facts; size_t nfacts;
	struct window *usual; size_t nusual;      /* hours in which users are at work; none: see backend/report/maturity.c */
	char *watch;                     /* folder where CI drops builds; absolute; NULL: none */
};

/* Applications that are released together, in order: groups.json beside slipway.json or slipway.d. */
struct config_group {
	char *name;
	char **applications; size_t napplications;
	bool undo;                       /* when one fails, those already released are taken back, the last one first */
};

/* A file as it is kept (text.h), by its name in the workspace. */
struct config_file { char *name; char *text; };

struct config {
	struct config_app *apps; size_t napps;    /* sorted by name */
	struct config_group *groups; size_t ngroups;
	struct config_file *files; size_t nfiles; /* config_load only, until config_forget_files */
};

/* file: as given to config_parse, or relative to the workspace ("slipway.json"). line and column count from 1. */
struct config_mistake { char *file; int line; int column; char *text; };
struct config_mistakes { struct config_mistake *items; size_t n; size_t cap; };

/*
 * Reads the workspace `dir`. false when there is any mistake: ret_config is untouched and ret_mistakes holds all of
 * them, in the order of files and lines (a missing file is one mistake too). The config is yours: config_free.
 */
bool config_load(const char *dir, struct config **ret_config, struct config_mistakes *ret_mistakes);
/* One application's text, for tests and editors; `file` is only a name. The result has one app. */
bool config_parse(const char *file, const char *text, size_t len, struct config **ret_config,
                  struct config_mistakes *ret_mistakes);
/* The same from files as they were kept: array of {"name","text"}. Without secrets, and without folders to look into. */
bool config_from_files(const json_t *files, struct config **ret_config, struct err *err);
void config_forget_files(struct config *config);
void config_free(struct config *config);
void config_mistakes_done(struct config_mistakes *mistakes);

/* Borrowed; NULL when there is none, also in no configuration. An app of NULL finds the only application. */
const struct config_app *config_app(const struct config *config, const char *app);
const struct config_environment *config_environment(const struct config_app *app, const char *environment);
const struct config_component *config_component(const struct config_app *app, const char *component);
const struct config_group *config_group(const struct config *config, const char *group);
int config_port(const struct config_environment *environment, const char *component);     /* 0: none */

/* The JSON Schemas (draft 2020-12) made from the key table: of slipway.json, and of groups.json. */
void config_write_schema(FILE *out);
void config_write_groups_schema(FILE *out);

#endif
