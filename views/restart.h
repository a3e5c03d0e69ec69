/*
 * restart: an engine that died is started again by the console that misses it, as `slipway watch` does it. After a
 * pause, since whoever supervises it may be faster, and three times at most: one that dies again at once is a person's
 * to look at. A read-only console leaves it, because the start is what finishes or undoes a half-done deployment.
 */
#ifndef VIEWS_RESTART_H
#define VIEWS_RESTART_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/base/err.h"

struct restart {
	bool allowed;
	bool lost;                 /* since EVENT_DOWN */
	bool under_way;
	bool given_up;             /* it was stopped on purpose, or does not stay up */
	bool said;                 /* the message line tells why it could not be started */
	int tries;                 /* since it stayed up last */
	int64_t due_ms;            /* 0: none */
	int64_t up_ms;             /* when it was found again last */
};

void restart_down(struct restart *r, int64_t now_ms);
/* True when it is back because of us: to be said. */
bool restart_up(struct restart *r, int64_t now_ms);
/* True: it is to be started now; restart_ended follows. */
bool restart_due(struct restart *r, int64_t now_ms);
/* err NULL: it runs. ERR_REFUSED: it was stopped on purpose, which stands. */
void restart_ended(struct restart *r, int64_t now_ms, const struct err *err);
/* What is being done about it, in a few words; borrowed, static. */
const char *restart_says(const struct restart *r);
int64_t restart_next_ms(const struct restart *r, int64_t now_ms);      /* -1: nothing is due */

#endif
