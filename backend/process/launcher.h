/*
 * launcher: starts programs from a thread, because whoever makes a process stands still until the program runs in its
 * place: 2 to 3 ms on a quiet machine, 20 and more on a busy one, and as long as it likes on a slow file system. The loop
 * does not.
 *
 * One after the other. Processes that are not detached die with the launcher: they are that thread's (PR_SET_PDEATHSIG
 * follows the thread that made the process).
 */
#ifndef PROCESS_LAUNCHER_H
#define PROCESS_LAUNCHER_H

#include <stdbool.h>
#include <sys/types.h>

#include "backend/base/err.h"
#include "backend/process/spawn.h"

struct launch;
struct launcher;
struct loop;

/* From the loop, once the program runs, or with `err`, why it does not. The pid of a detached process is not told: 0. */
typedef void (*launch_fn)(void *arg, pid_t pid, const struct err *err);

bool launcher_new(struct loop *loop, struct launcher **ret, struct err *err);
/* What was asked for and not forgotten is forgotten. NULL is fine. */
void launcher_free(struct launcher *l);
struct loop *launcher_loop(const struct launcher *l);
/* Copies the words and the names; the descriptors are the launch's from now on. Yours until fn came. */
struct launch *launcher_start(struct launcher *l, const struct spawn *spawn, launch_fn fn, void *arg);
/*
 * fn does not come. What waits behind others never runs; what is just being started does, and is killed with its group at
 * once, unless it is detached, and stays. NULL is fine.
 */
void launch_forget(struct launch *launch);

#endif
