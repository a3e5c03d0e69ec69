/*
 * act: from a key to a request, through the safety model. Nothing else in the console sends anything that changes
 * something.
 */
#ifndef VIEWS_ACT_H
#define VIEWS_ACT_H

#include <stdbool.h>

#include "views/intent.h"
#include "views/safety.h"

struct console;
struct console_event;
struct effects;

/* `d`, `b`, `x`, `p` and the like: acts on what the frame on the terminal offers, if that is still what it would do. */
void act_key(struct console *c, enum intent_kind kind, struct effects *effects);
/* `a`: the panel, or away with the arming. */
void act_arm_key(struct console *c, struct effects *effects);
/* An intent that was named in full (`:deploy`): asks what it lacks, and acts. */
void act_begin(struct console *c, const struct intent *intent, struct effects *effects);
/* What was asked for it is answered, or it was chosen; the panel is closed already. */
void act_go(struct console *c, const struct intent *intent, struct effects *effects);
/* The environment's name was typed into the panel; it is closed already. A zeroed kind only arms. */
void act_named(struct console *c, const struct intent *intent, struct effects *effects);
/* `:deploy VERSION ENVIRONMENT [at TIME]`: the engine is asked for the build first. `at` 0: now. */
void act_deploy_by_name(struct console *c, const char *version, const char *environment, int64_t at,
                        struct effects *effects);
void act_forget_lookup(struct console *c);
/* true when it was the answer to a request of these. */
bool act_answer(struct console *c, const struct console_event *e, struct effects *effects);
/* The clock: expiry of what is armed, the end of a countdown. */
void act_tick(struct console *c, struct effects *effects);
/* Drops panel, countdown and arming whose facts are no longer true. */
void act_settle(struct console *c);
void act_disarm(struct console *c, enum safety_cause cause);
/* The connection is lost: what was asked and not answered is not known. */
void act_lost(struct console *c);

#endif
