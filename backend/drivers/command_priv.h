/*
 * command_priv: the inside of the command driver: its state (command.c) and the one operation under way
 * (command_op.c).
 */
#ifndef DRIVERS_COMMAND_PRIV_H
#define DRIVERS_COMMAND_PRIV_H

#include <sys/types.h>

#include "backend/base/buf.h"
#include "backend/drivers/command_look.h"
#include "backend/drivers/driver.h"

struct child;
struct env;
struct loop_timer;

enum op_kind { OP_NONE, OP_RUN, OP_PROBE, OP_UNDO };

struct op {
	enum op_kind kind;
	const struct driver_job *job;
	enum stage stage;
	driver_done_fn done;               /* run, undo */
	driver_probed_fn probed;           /* probe */
	void *arg;
	struct loop_timer *timer;
	void (*next)(struct driver_env *d);    /* what it does when the timer fires */
	struct child *child;               /* migrate, deploy or rollback */
	struct child *cancel;
	struct look *look;
	bool cancelled;
	const char *command;               /* "migrate", "deploy" or "rollback": which one `child` is */
	int64_t began_ms;
	struct buf tail;                   /* the last the command printed */
	/* verify */
	int64_t until_ms;
	int looks, failures;
	char *said;
	/* undo */
	bool rolled_back;
	struct err rollback_err;
};

/* A command that a former engine had started and could not see the end of. */
struct leftover {
	pid_t group;                       /* 0: none */
	char *mark;
	int64_t since_ms;                  /* since when it is being ended; 0: not yet */
	bool killed;
};

struct waiter { driver_observed_fn fn; void *arg; };

struct driver_env {
	struct loop *loop;
	struct launcher *launcher;
	char *running_path;                /* the file that names the command under way */
	const struct config_app *app;
	const struct config_environment *env;
	struct op op;
	struct leftover leftover;
	char *untouched;                   /* the deployment under way, while it has run no command; NULL: not known */
	/* observe */
	struct loop_timer *answer;
	struct look *look;
	struct waiter *waiters; size_t nwaiters, cap;
	struct sight last;
	int64_t last_ms;                   /* 0: none, or it may have changed since */
	char *expected;                    /* the version that the journal says is live; NULL: not known */
	/* reconcile, cool: nothing to do but to answer */
	struct loop_timer *idle;
	driver_done_fn idle_fn;
	void *idle_arg;
};

void command_op_init(struct driver_env *d);
void command_op_done(struct driver_env *d);
void command_run(struct driver_env *d, const struct driver_job *job, enum stage stage, driver_done_fn fn, void *arg);
void command_cancel(struct driver_env *d);
void command_probe(struct driver_env *d, const struct driver_job *job, enum stage stage, driver_probed_fn fn,
                   void *arg);
void command_undo(struct driver_env *d, const struct driver_job *job, driver_done_fn fn, void *arg);

/* What every command of this environment gets. */
void command_env(const struct driver_env *d, struct env *ret);
struct look *command_look(struct driver_env *d, look_fn fn);

#endif
