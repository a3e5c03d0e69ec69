/*
 * host_stand: a test stand for the host driver: a folder, an application of three components, builds that behave as
 * told, and each operation of the driver as a call that returns when it is over.
 */
#ifndef TESTS_TOOLS_HOST_STAND_H
#define TESTS_TOOLS_HOST_STAND_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

#include "backend/drivers/host/host_priv.h"

/* Copies; detail is JSON text. */
struct stand_outcome { bool ok; struct err err; char layer[32]; char tail[4096]; char detail[4096]; };

struct stand {
	char root[64];                         /* a folder of its own, removed at the end */
	char dir[256];                         /* the environment's, in it */
	char program[512];                     /* the test program itself */
	struct loop *loop;
	struct http *http;
	struct saver *saver;
	struct launcher *launcher;
	struct driver_env *denv;
	struct config_app app;
	struct config_environment env;
	struct config_component components[3]; /* web (HTTP, public), db (TCP, public), worker */
	struct config_env_port ports[2];
	struct loop_timer *guard;
	json_t *notes;                         /* {"type","detail"} of each note */
	char output[65536];                    /* of the steps */
	bool over;
	struct stand_outcome outcome;
	enum driver_probe probe;
	char why[512];
	struct driver_observed seen;
	char seen_version[64], seen_health[512];
	struct driver_artifact artifacts[3];
	char paths[3][512], digests[3][65];
	struct driver_job job;
	char answer[1024];
	pid_t hammer;
	int hammer_out;
};

/* What a test program's main does first: it may be an application or a tool now. -1: it is the test. */
int stand_main(int argc, char **argv);
void stand_has(const char *text, const char *part);              /* fails the test, showing both, unless it is in it */

int stand_set_up(void **state);
int stand_tear_down(void **state);     /* ends everything the test started, also after a failure */

/* The job of the next operations: a build whose web behaves as said (host_app.h), to `target` while `live` is live. */
void stand_job(struct stand *s, const char *version, const char *behaviour, enum colour target, enum colour live);
/* The same, as a rollback to what is expected to be warm. */
void stand_rollback_job(struct stand *s, const char *version, enum colour target, enum colour live);

void stand_run(struct stand *s, enum stage stage);               /* outcome */
void stand_run_cancelled(struct stand *s, enum stage stage, int64_t after_ms);   /* told to stop after a while */
void stand_run_ok(struct stand *s, enum stage stage);            /* and fails the test unless it is ok */
void stand_deploy(struct stand *s, const char *version, enum colour target, enum colour live);   /* up to the drain */
void stand_undo(struct stand *s);
void stand_cool(struct stand *s, enum colour colour);
void stand_probe(struct stand *s, enum stage stage);
void stand_observe(struct stand *s);
/* `live` with the job's version and artifacts. */
void stand_reconcile(struct stand *s, enum colour live, enum colour warm);
void stand_reopen(struct stand *s);                              /* as after a restart of the engine */
void stand_finish(struct stand *s, const char *what);            /* runs the loop until the operation is over */

/* GET through the public port or the preview of web; the body, or "HTTP 503", or the error. */
const char *stand_get(struct stand *s, bool preview);
/* What db says first through its public port. */
const char *stand_db(struct stand *s);
char *stand_admin(struct stand *s, const char *command);         /* HAProxy's answer; yours */
pid_t stand_pid(struct stand *s, enum colour colour, const char *component);     /* 0: does not run */
void stand_kill_proxy(struct stand *s);                           /* HAProxy itself, master and workers */
void stand_kill_supervisors(struct stand *s, enum colour colour);     /* HAProxy's runsv and those of a colour */
int stand_listen(int port);                                      /* somebody else on that port; close it */
/* runsv starts it again when it ends. */
bool stand_is_kept_up(struct stand *s, enum colour colour, const char *component);
/* How often a note came with that "what". */
int stand_notes(struct stand *s, const char *what);

/* A load on web's public port from another process; the end says how many requests failed. */
void stand_hammer(struct stand *s);
void stand_hammer_end(struct stand *s, long *ret_sent, long *ret_failed);

#endif
