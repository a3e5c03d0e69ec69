/*
 * safety: one key, and never by accident. Pure: the clock (monotonic milliseconds) is passed in.
 *
 * A session starts SAFE. Typing a protected environment's name arms that one environment, for five minutes or until
 * sixty seconds passed without a key. Armed, one key starts a countdown of three seconds; only when it ends is the
 * request sent. Whatever takes the person's eyes off the screen (suspend, hang-up, reconnect, another environment)
 * disarms and stops the countdown.
 */
#ifndef VIEWS_SAFETY_H
#define VIEWS_SAFETY_H

#include <stdbool.h>
#include <stdint.h>

#include "views/intent.h"

enum {
	SAFETY_ARMED_MS = 5 * 60 * 1000,
	SAFETY_QUIET_MS = 60 * 1000,
	SAFETY_COUNTDOWN_MS = 3000,
	SAFETY_LATE_MS = 2000,         /* a countdown that ends later than this was watched by nobody: it does nothing */
	SAFETY_STALE_MS = 15 * 1000,
	SAFETY_DEAF_MS = 400           /* a panel takes no key for this long after it came up */
};

/* Why it was disarmed; words in safety_why. */
enum safety_cause {
	SAFETY_BY_KEY, SAFETY_BY_TIME, SAFETY_BY_QUIET, SAFETY_BY_SELECTION, SAFETY_BY_SUSPEND, SAFETY_BY_HANGUP,
	SAFETY_BY_LINK, SAFETY_CAUSE_COUNT
};

struct safety {
	bool read_only;                /* for the whole session */
	char *app, *environment;       /* what is armed; NULL: SAFE */
	int64_t until_ms;              /* armed no longer than this */
	int64_t key_ms;                /* of the last key */
	struct intent pending;         /* kind INTENT_NONE: no countdown */
	int64_t fire_ms;               /* when the countdown ends */
	bool seen;                     /* the countdown is on the terminal */
};

/* What is true at the moment of the key. */
struct safety_facts {
	int64_t now_ms;
	bool connected;                /* the engine's stream is up */
	bool stale;                    /* the data is older than SAFETY_STALE_MS */
	bool fits;                     /* the screen is large enough to show what would happen */
};

enum safety_verdict {
	SAFETY_REFUSE,                 /* not at all; ret_why says why */
	SAFETY_ASK,                    /* a panel, and the environment's name typed into it */
	SAFETY_COUNT,                  /* after the countdown */
	SAFETY_GO                      /* at once */
};

void safety_init(struct safety *s, bool read_only);
void safety_done(struct safety *s);

bool safety_is_armed(const struct safety *s, const char *app, const char *environment);
void safety_arm(struct safety *s, const char *app, const char *environment, int64_t now_ms);
/* Stops a countdown too. true when there was anything to end. */
bool safety_disarm(struct safety *s);
const char *safety_why(enum safety_cause cause);
/* A key was pressed: the sixty seconds begin anew. */
void safety_key(struct safety *s, int64_t now_ms);

/* `named`: the person has just typed the environment's name into the panel for this very intent. */
enum safety_verdict safety_judge(const struct safety *s, const struct intent *i, const struct safety_facts *f,
                                 bool named, const char **ret_why);

void safety_count_down(struct safety *s, const struct intent *i, int64_t now_ms);
/* A frame with the countdown is on the terminal: its three seconds begin with the first one. */
void safety_seen(struct safety *s, int64_t now_ms);
bool safety_is_counting(const struct safety *s);
void safety_cancel(struct safety *s);                  /* the countdown only; what is armed stays armed */
int safety_seconds_left(const struct safety *s, int64_t now_ms);     /* of the countdown, rounded up */
int64_t safety_armed_left_ms(const struct safety *s, int64_t now_ms);

enum safety_event { SAFETY_NOTHING, SAFETY_EXPIRED, SAFETY_MISSED, SAFETY_FIRED };
/*
 * The clock went on. SAFETY_EXPIRED: disarmed just now, *ret_cause says by what. SAFETY_MISSED: the process slept over
 * the countdown's end, or nobody could see it (a stalled terminal); it is cancelled and all is disarmed. SAFETY_FIRED: the countdown ended and what it was for is in
 * *ret_intent, yours; it is given once.
 */
enum safety_event safety_tick(struct safety *s, int64_t now_ms, enum safety_cause *ret_cause,
                              struct intent *ret_intent);
/* When safety_tick, or a figure on the screen, is due next; -1 never. */
int64_t safety_next_ms(const struct safety *s, int64_t now_ms);

#endif
