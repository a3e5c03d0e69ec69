/*
 * spawn: makes a child and lets it run a program, and nothing after it. Returns once the program runs in the child's
 * place, or with the reason why it does not: the child tells through a close-on-exec pipe. That takes its time: the loop
 * goes through launcher.h.
 *
 * The new process has default signal handling, an empty signal mask, descriptors 0, 1 and 2 only, and a process group
 * of its own (a session of its own when detached). The caller may have threads: until the program runs only
 * async-signal-safe calls are made, everything else is prepared before.
 */
#ifndef PROCESS_SPAWN_H
#define PROCESS_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

#include "backend/base/err.h"

struct spawn {
	const char *const *argv;
	const char *const *env;
	const char *dir;                   /* NULL: ours */
	int in, out, err;                  /* become 0, 1 and 2; stay the caller's; -1: /dev/null */
	const char *pid_file, *pid_mark;   /* "PID MARK\n" is written there once it runs; it may fail; NULL: nowhere */
	bool detached;                     /* reparented, in its own session, outlives us; else it dies with our thread */
};

/* ret_pid may be NULL; a detached process is not ours to wait for and its pid is not told. */
bool spawn_exec(const struct spawn *spawn, pid_t *ret_pid, struct err *err);
/* Kills its group and waits, at most 100 ms, until its number can be given back. */
void spawn_end(pid_t pid);

#endif
