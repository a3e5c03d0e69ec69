/*
 * lookback: the console looks at a moment that is over (`:at`), or at a replay. Every question is asked as of then, every
 * age is told from then, and no action is possible.
 */
#ifndef VIEWS_LOOKBACK_H
#define VIEWS_LOOKBACK_H

#include <stdbool.h>
#include <stdint.h>

struct console;

/* The moment is `:at`'s own word; the rest is what the engine said of it. */
struct lookback {
	int64_t at;                  /* wall milliseconds; 0: the present, or the replay as it goes */
	int64_t told_at, seq;        /* of the last status; 0: it was of the present */
	bool is_replay;
	double speed;                /* of the replay; 0: it is at its end */
	int64_t told_ms;             /* when that was; monotonic */
};

/* "now", "2026-11-20 14:03 [ZONE]", "-10m" or "+1h" from what is looked at. Says what is wrong, or looks there. */
void lookback_typed(struct console *c, const char *text);
/* After each status: whether it was of the past. */
void lookback_told(struct console *c);
bool lookback_is_past(const struct console *c);
/* Why nothing can be done; static. */
const char *lookback_refusal(const struct console *c);
/* Says that `what` cannot be done there, whatever else may stand against it; false: this is the present. */
bool lookback_refuses(struct console *c, const char *what);
/* The time by which the screens tell ages, when the clock says `wall_ms`. */
int64_t lookback_wall_ms(const struct console *c, int64_t wall_ms);
/* The path, as of the moment; takes and gives an allocated text. */
char *lookback_path(const struct console *c, char *take_path);
/* The banner's text; yours. */
char *lookback_banner(const struct console *c);

#endif
