/*
 * worker: a thread beside the loop for what would hold it. Does one piece of work after the other, in the order in which
 * it was asked for, and tells of each from the loop, one a turn.
 *
 * A piece of work stays its owner's, who keeps it until `done`. What `work` touches, nobody else touches until then.
 */
#ifndef BASE_WORKER_H
#define BASE_WORKER_H

#include <stdbool.h>

#include "backend/base/err.h"

struct loop;
struct worker;

struct work {
	void (*work)(void *arg);           /* on the thread */
	void (*done)(void *arg);           /* from the loop; it may free the piece, and ask for more */
	void *arg;
	struct work *next;                 /* the worker's */
};

/* `what` its thread does, for messages and for the watchdog. It stays the caller's. */
bool worker_new(struct loop *loop, const char *what, struct worker **ret, struct err *err);
/* Everything that was asked for is worked on first, and `done` called for it, which asks for no more. NULL is fine. */
void worker_free(struct worker *w);
void worker_do(struct worker *w, struct work *work);

#endif
