/*
 * runit: services under runsv(8), one folder each, without a runsvdir. runsv is started in a session of its own and
 * outlives the engine; what it does and is told goes through files and fifos in the service's folder, so nothing here
 * blocks. A service is always made with a `down` file: it starts when it is told to, not when runsv starts.
 *
 *   run         cd ../release and exec the program with exactly the variables of env/
 *   finish      notes how it ended in `exit` and in the log, and ends what is left of its process group
 *   log/run     svlogd into the log folder, rotated
 */
#ifndef HOST_RUNIT_H
#define HOST_RUNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "backend/base/err.h"
#include "backend/drivers/host/model.h"
#include "backend/process/launcher.h"

struct runit_service {
	const char *dir;                   /* the service's folder */
	const char *run_dir;               /* where the program is started, relative to dir: "../release" or "." */
	const char *log_dir;               /* absolute */
	const char *title;                 /* "web 2.14.0 (blue, port 20001)", for the log */
	const char *prelude;               /* lines of sh before the program is exec'ed, or NULL */
	const char *const *argv;
	const struct host_var *vars; size_t nvars;
};

struct runit_status {
	bool supervised;                   /* a runsv is there */
	bool running;
	bool finished;                     /* neither the program nor its finish script runs */
	bool wanted;                       /* runsv will start it again when it ends */
	bool ending;                       /* this runsv was told to exit: it takes up to a second, and no orders */
	pid_t pid;                         /* of the program, 0 when it does not run */
};

/* How the program ended last, since `exit` was forgotten. */
struct runit_exit { int code; int signo; int64_t after_ms; };

/* Writes what differs. ret_changed: the program has to be started again for it. */
bool runit_write(const struct runit_service *service, bool *ret_changed, struct err *err);
/* Starts runsv; it supervises as soon as runit_status says so. As launcher_start. */
struct launch *runit_supervise(struct launcher *launcher, const char *dir, launch_fn fn, void *arg);
void runit_status(const char *dir, struct runit_status *ret);
/* One of runsv's control letters: u up, o once, d down, k KILL, 2 USR2. false when no runsv is there. */
bool runit_control(const char *dir, char letter);
/* Stops the program and ends runsv. The same runsv must not be told anything but k afterwards. */
bool runit_end(const char *dir);

void runit_forget_exit(const char *dir);
bool runit_exit(const char *dir, struct runit_exit *ret);
/* "exited with 1 after 0.2 s", "was killed by signal 11 (Segmentation fault) after 3.0 s"; yours. */
char *runit_exit_text(const struct runit_exit *exit);

/*
 * The last lines that the program printed since it was started last, at most `lines`; "" when there are none; yours.
 * ret_ended: the log already says that it ended, so nothing more comes.
 */
char *runit_tail(const char *log_dir, int lines, bool *ret_ended);

/*
 * runsv was killed and left its program behind: ends the program's process group. `run_dir` is absolute; only a process
 * that works in it is ours. true when there was one (it may take a moment to end).
 */
bool runit_end_orphan(const char *dir, const char *run_dir, int signo);

#endif
