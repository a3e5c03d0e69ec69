/*
 * monkey: somebody who presses anything, at any pace, while everything changes, and a judge who knows the rules of
 * console.md and nothing of how the console keeps them. Any bytes are a script; the same bytes are the same script.
 *
 * The judge sees the events that go in, the frames that were drawn and the requests that come out. The rule: nothing is
 * changed in a protected environment unless its name was typed for it, not long ago, with nothing in between that
 * disarms, and a countdown of three seconds was seen; nothing is changed in an open one but by a key, and then what the
 * footer said. Every request must have been on the frame that was on the terminal. That holds for deployments, features,
 * approvals, schedules and locks alike; what needs a reason has one, and what is bound to what was seen says so.
 */
#ifndef TESTS_TOOLS_MONKEY_H
#define TESTS_TOOLS_MONKEY_H

#include <stddef.h>
#include <stdint.h>

struct monkey_result {
	size_t requests;         /* that changed something, all of them allowed */
	size_t protected_ones;   /* of these, in protected environments */
	size_t features, verdicts, schedules, holds;     /* of these: what is no deployment of now */
	char broken[400];        /* the rule that was broken first; "" none */
};

struct monkey_result monkey_run(const uint8_t *script, size_t len);

#endif
