/*
 * request: a deployment as it is asked for: by a person over the API, by a release of several applications, or by the
 * engine itself.
 */
#ifndef ENGINE_REQUEST_H
#define ENGINE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/base/err.h"
#include "backend/proto/words.h"

struct engine_caller;
struct environment;
struct gate_refusals;

/* What the engine asks for itself, of kind automatic: nobody's uid stands behind it (-1 in the journal, and for gates). */
extern const struct engine_caller engine_itself;

/* Writes more rows into the transaction of request `id`. */
typedef bool (*request_join_fn)(void *arg, int64_t id, struct err *err);

/* All borrowed. version NULL: the rollback target. */
struct ask {
	struct environment *env;
	enum deployment_kind kind;
	const char *version, *digest, *expect, *key, *reason, *override;
	bool refuse_when_busy, when_allowed;
	int64_t not_before;
	int64_t release;                   /* that it is part of; 0 none */
	request_join_fn join; void *join_arg;  /* NULL: its transaction has rows of its own only */
};

/* All that the gates say to it now. ERR_NOT_FOUND and the like when there is no such build. */
bool request_judge(const struct ask *ask, const struct engine_caller *who, struct gate_refusals *ret, struct err *err);
/* What can clear by itself waits in the queue when the caller asked for that; an approval is always waited for. */
bool request_may_queue(const struct ask *ask, const struct gate_refusals *all, struct err *err);
/* Judges it, writes it into the journal, and makes way for it: from here on it is not lost. */
bool request_accept(const struct ask *ask, const struct engine_caller *who, int64_t *ret_id, struct err *err);
/* Only writes it, within the caller's transaction and whatever the gates say: they are judged when it is to begin. */
bool request_append(const struct ask *ask, const struct engine_caller *who, int64_t *ret_id, struct err *err);

#endif
