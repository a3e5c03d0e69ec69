/*
 * child: a child process in a process group of its own, argv arrays only, no shell, with a given environment and
 * nothing else; only descriptors 0, 1 and 2 are inherited. Output (1 and 2 in one pipe, or apart) comes as it is
 * written. The end is told once the process has exited and its output is drained; a grandchild that holds the pipe
 * open delays it by at most 1 s. Killed with the group: TERM, then KILL after the grace; whoever of the group tidies up
 * after TERM is waited for until then. Children die with the launcher (PR_SET_PDEATHSIG); what they themselves had
 * started is left then (group.h finds it). SIGCHLD must not be ignored.
 */
#ifndef PROCESS_CHILD_H
#define PROCESS_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "backend/base/err.h"

struct launcher;
struct child;

struct child_end {
	const struct err *err;             /* it did not come to run, and why ("start bin/web: no such file"); else NULL */
	int code;                          /* exit code, -1 when a signal ended it or it never ran */
	int signo;                         /* 0 when it exited */
	bool timed_out;
	bool stopped;                      /* child_stop was called */
};

typedef void (*child_output_fn)(void *arg, bool is_stderr, const char *data, size_t len);
typedef void (*child_end_fn)(void *arg, const struct child_end *end);

struct child_spec {
	const char *const *argv;           /* argv[0] is looked up in the PATH of env when it has no slash */
	const char *const *env;            /* NULL-terminated "NAME=value"; the whole environment */
	const char *dir;                   /* working folder; NULL: ours */
	const char *input; size_t input_len;   /* written to its stdin (at most 64 kB); NULL: /dev/null */
	const char *pid_file, *pid_mark;   /* as spawn.h's */
	bool split_stderr;                 /* tell stderr apart; else both come as stdout, in order */
	int64_t timeout_ms;                /* from the call on; 0: none */
	int64_t grace_ms;                  /* between TERM and KILL; 0: 5 s */
	child_output_fn output;            /* may be NULL */
	child_end_fn end;
	void *arg;
};

/* Copies the spec. Never fails here: that it cannot be started is told by `end`, from the loop like all else. */
struct child *child_start(struct launcher *launcher, const struct child_spec *spec);
/* TERM, then KILL to the group, or it does not run at all; `end` still comes. */
void child_stop(struct child *child);
/*
 * Kills the group at once (one that is just being started: as soon as it runs), forgets; no callback. NULL is fine. Not
 * after `end` came (it frees the child).
 */
void child_free(struct child *child);
pid_t child_pid(const struct child *child);    /* 0: it does not run yet */

#endif
