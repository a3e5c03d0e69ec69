/*
 * monkey_judge: the rules of console.md, kept apart from the console: see monkey.h.
 */
#ifndef TESTS_TOOLS_MONKEY_JUDGE_H
#define TESTS_TOOLS_MONKEY_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/tools/monkey.h"

struct desk;
struct console_event;
struct effect;

enum { JUDGE_NAME_SIZE = 64 };

struct judge {
	struct monkey_result result;
	bool read_only;
	bool connected, fits, frozen;
	int64_t beat_ms;                       /* when anything came last */
	int64_t key_ms, key_before_ms;         /* the last two keys */
	uint32_t key;
	char line[128];                        /* letters since the last Enter or Esc */
	bool in_key;                           /* this very event is a key */
	bool in_answer;
	int64_t upset_ms;                      /* when anything last disarmed or cancelled */
	int64_t cancel_ms;                     /* when a key last cancelled */
	/* The panel on the terminal that asks for a name: whose, since when, which letters were typed into it. */
	char asked[JUDGE_NAME_SIZE];
	int64_t asked_ms;
	unsigned typed[128];
	/* The last name that was typed in full and sent off with Enter. */
	char named[JUDGE_NAME_SIZE], named_app[JUDGE_NAME_SIZE];     /* "": the title had no room for it */
	int64_t named_ms;
	int64_t quiet_since_named_ms;          /* the longest time without a key since */
	char app[JUDGE_NAME_SIZE];             /* in the title; "": it has no room for it */
	char *frame;                           /* what is on the terminal */
};

void judge_init(struct judge *j, bool read_only);
void judge_done(struct judge *j);
void judge_event(void *arg, const struct desk *d, const struct console_event *e);
void judge_post(void *arg, const struct desk *d, const struct effect *effect);

#endif
