/*
 * The inside of the host driver: what its files share.
 *
 * An operation (run, probe, undo, cool, observe, reconcile) is a struct op. It owns at most one of each kind of thing
 * that can be under way on the loop; whoever ends the operation releases all of them, and the callback that tells its
 * outcome comes from a timer, never from inside another call.
 */
#ifndef HOST_HOST_PRIV_H
#define HOST_HOST_PRIV_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/artifact/digest.h"
#include "backend/base/saver.h"
#include "backend/drivers/driver.h"
#include "backend/drivers/host/model.h"

struct admin_call;
struct child;
struct drainer;
struct health_all;
struct health_tcp;
struct http_call;
struct loop_timer;
struct mapping;
struct mapping_show;
struct op;
struct prober;
struct proxy;
struct resume;
struct starter;
struct stopper;
struct unpacker;

/* How long HAProxy may take to answer (it restarts within 2 s) and components to answer a health request. */
enum { HOST_PROXY_MS = 10000, HOST_HEALTH_MS = 3000, HOST_TAIL_LINES = 20 };

/* The digest of the build that a slot held, and when it was seen there and healthy, monotonic; 0: never. */
struct ready { char digest[DIGEST_SIZE]; int64_t seen_ms; };

struct driver_env {
	struct loop *loop;
	struct http *http;
	struct saver *saver;
	struct launcher *launcher;
	char *dir;                             /* the environment's folder */
	char *proxy_dir;                       /* HAProxy's: DIR/haproxy */
	void (*note)(void *arg, const char *type, json_t *take_detail);
	void *note_arg;
	struct host_model *model;
	struct op *ops;                        /* all that are under way */
	struct op *main;                       /* the run, probe or undo among them */
	struct ready ready[COLOUR_COUNT];      /* what the last observation saw: ready.h */
	int map_version;                       /* of HAProxy's map, prepared for the next switch; 0: none */
	struct admin_call *preparing;
	char *stats;                           /* `show stat` as it was at the last switch, before it was judged; NULL */
};

struct op {
	struct driver_env *denv;
	struct op *next;
	struct host_model *model;              /* as it was when the operation began */
	const struct driver_job *job;          /* NULL for cool, observe, reconcile */
	bool over;                             /* its outcome is known; only the telling is left */
	bool cancelled;                        /* ends as soon as the map transaction under way has its answer */
	struct loop_timer *teller;
	driver_done_fn done; driver_probed_fn probed; driver_observed_fn observed;     /* one of them */
	void *arg;

	struct driver_outcome outcome;
	enum driver_probe probe;
	struct driver_observed seen;
	char *text, *version, *digest;         /* owned: tail, why or health; what `seen` points at */

	void *state;                           /* the operation's own, freed with free() */
	void (*state_done)(void *state);       /* before that; may be NULL */
	json_t *facts;                         /* collected for the outcome's detail, or NULL */
	struct admin_call *admin;
	struct child *child;
	struct drainer *drainer;
	struct health_all *health;
	struct health_tcp *tcp;
	struct http_call *http;
	struct loop_timer *timer;
	struct mapping *mapping;
	struct mapping_show *show;
	struct prober *prober;
	struct proxy *proxy;
	struct resume *resume;
	struct save *save;
	struct starter *starter;
	struct stopper *stopper;
	struct unpacker *unpacker;
};

struct op *op_new(struct driver_env *denv, const struct driver_job *job);
void op_free(struct op *op);               /* without telling */
void op_ok(struct op *op, json_t *take_detail);
/* `layer` is a constant; `tail` is copied and may be NULL. */
void op_fail(struct op *op, const char *layer, const char *tail, const struct err *err);
/* A part of the operation failed: what it came to is what the operation came to. */
void op_fail_as(struct op *op, const struct driver_outcome *outcome);
void op_answer_probe(struct op *op, enum driver_probe probe, const char *why);
void op_answer_seen(struct op *op);
void op_stop(struct op *op);               /* cancel */
/* A line for the deployment's log; nothing without a job. */
void op_say(const struct op *op, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void host_say(const struct driver_job *job, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void host_note(struct driver_env *denv, const char *what, json_t *take_detail);

/* The map file is rewritten by whoever has moved the traffic, which also makes prepared versions of the map void. */
void host_save_map(struct op *op, enum colour public_colour, enum colour preview_colour, saver_fn fn);     /* arg: op */
/* The last lines of a component's log; yours. */
char *host_tail(const struct driver_env *denv, enum colour colour, const char *component);

/* The operations, one or two a file; each ends the op by itself. */
void stage_fetch(struct op *op);
void stage_stage(struct op *op);
void stage_migrate(struct op *op);
void stage_start(struct op *op);
void stage_switch(struct op *op);
void stage_verify(struct op *op);
void stage_drain(struct op *op);
void host_probe(struct op *op, enum stage stage);
void host_undo(struct op *op);
void host_cool(struct op *op, enum colour colour);
void host_observe(struct op *op);
void host_reconcile(struct op *op, const struct driver_expect *expect);

#endif
