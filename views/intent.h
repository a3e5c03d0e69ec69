/*
 * intent: what one key would do, as one object.
 *
 * The footer, the panel, the countdown and the request's body are all rendered from it, so that what a person reads is
 * what is sent: k9s showed one cluster and acted on another (derailed/k9s#1307). It is made from the model for the
 * selection, shown, and sent only if the model still gives an equal one.
 */
#ifndef VIEWS_INTENT_H
#define VIEWS_INTENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum intent_kind {
	INTENT_NONE, INTENT_DEPLOY, INTENT_ROLLBACK, INTENT_STOP,
	INTENT_FEATURE,              /* puts `feature` in, or pulls it */
	INTENT_SCHEDULE,             /* a deployment that waits for its time */
	INTENT_MOVE,                 /* … to another time */
	INTENT_APPROVE, INTENT_REJECT,
	INTENT_LOCK, INTENT_UNLOCK, INTENT_RESUME,
	INTENT_KIND_COUNT
};

struct intent {
	enum intent_kind kind;
	char *app, *environment;
	char *version, *digest;      /* the build that would be live; stop and the like: the one that is being brought */
	char *expect;                /* the live version that the person saw; "" none */
	int64_t deployment;          /* stop, move, approve, reject: which one; else 0 */
	char *feature;
	bool on;                     /* what the feature is to be; it was the contrary when the person saw it */
	char *plan_hash;             /* approve, reject: of the plan that the person saw */
	int64_t at;                  /* schedule, move: wall milliseconds; 0: not said yet */
	int64_t for_ms;              /* lock: how long; 0: as the environment's configuration says */
	bool steal;                  /* lock: from whoever holds it */
	char *reason;                /* NULL: none is given */
	char *override;              /* why windows and freezes are passed over; NULL: they hold */
	bool when_allowed;           /* waits for what clears by itself instead of being refused */
	bool is_protected;
	bool needs_arming;           /* false in open environments and where the configuration spares rollbacks */
};

void intent_done(struct intent *i);                            /* also for a zeroed one */
void intent_copy(struct intent *to, const struct intent *from);    /* `to` is released first */
bool intent_equal(const struct intent *a, const struct intent *b);

const char *intent_verb(enum intent_kind kind);                /* "deploy" "roll back" "stop"; "" for none */
/* "prod 2.13.5 → 2.13.4", "stop 2.14.0 in prod", "pull checkout from prod"; `arrow` is "→" or "->". Yours. */
char *intent_sentence(const struct intent *i, const char *arrow);
bool intent_lacks_reason(const struct intent *i);              /* it must say why, and does not */
bool intent_lacks_time(const struct intent *i);
bool intent_is_deployment(const struct intent *i);             /* it asks for a new one */
bool intent_of_deployment(const struct intent *i);             /* it is about one that is there */

/* Both are sent by POST. */
char *intent_path(const struct intent *i);                     /* yours */
/* The request's body; `key` makes repeating it harmless. Yours. */
json_t *intent_body(const struct intent *i, const char *key);

#endif
