/*
 * workspace: finds the workspace a command means and sees that its engine runs.
 */
#ifndef CLIENT_WORKSPACE_H
#define CLIENT_WORKSPACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "backend/base/err.h"

struct workspace {
	char *dir;         /* absolute; holds slipway.json or slipway.d/ */
	char *state_dir;   /* DIR/.slipway */
	char *socket;      /* in it; may be longer than a socket address holds (base/sock.h) */
	char *replay, *speed;  /* its engine plays this exported journal; speed may be NULL. NULL: it is a workspace */
};

/* From `start` (NULL: the current folder) upwards, as git does. ERR_CONFIG says how to begin: `slipway init`. */
bool workspace_find(const char *start, struct workspace *ret, struct err *err);
/*
 * A folder of its own for a replay of `file`. The engine that plays it takes it away when it ends; for one that did not
 * come up workspace_remove does.
 */
bool workspace_for_replay(const char *file, const char *speed, struct workspace *ret, struct err *err);
void workspace_remove(const struct workspace *w);
void workspace_done(struct workspace *w);

/*
 * Starts `slipwayd -C DIR` when none answers: takes the lock beside the socket, looks again, forks, execs (the slipwayd
 * beside our own executable, else from PATH), waits until the socket answers (20 s at most; then the log's last line is
 * the error: ERR_UNREACHABLE). The engine's log is STATE/engine.log; the engine has a session of its own, no terminal
 * and is nobody's child. Never called once the screen belongs to ncurses.
 */
bool workspace_start_engine(const struct workspace *w, struct err *err);
/* true when somebody accepts on the socket. */
bool workspace_engine_answers(const struct workspace *w);
/* Waits until no engine holds the engine's lock; at most `ms`. */
bool workspace_wait_for_end(const struct workspace *w, int64_t ms, struct err *err);
/* The slipwayd beside our own executable, "slipwayd" (from PATH) when there is none; yours. */
char *workspace_engine_program(void);

#endif
