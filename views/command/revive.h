/*
 * revive: keeps an event stream alive for a command that follows something to its end: when the engine is lost it is
 * started again, and the stream resumes. Gives up when it does not come back.
 */
#ifndef COMMAND_REVIVE_H
#define COMMAND_REVIVE_H

#include <stdbool.h>

#include "backend/base/err.h"

struct call;
struct client_stream;
struct loop_timer;

struct revive {
	struct call *call;
	struct client_stream *stream;      /* set by the owner after revive_init */
	struct loop_timer *timer;
	int tries;
	bool lost;                         /* it was said */
	bool gave_up;                      /* the loop was stopped; err says why */
	struct err err;
};

void revive_init(struct revive *r, struct call *call);
void revive_done(struct revive *r);
/* From the stream's up and down. */
void revive_up(struct revive *r);
void revive_down(struct revive *r, const struct err *why);

#endif
