/*
 * engine: the state machine, the only writer of state.
 *
 * Requests come in from the API, each with the caller's identity (from the socket, never from the request). Whatever is
 * acknowledged is in the journal first. One deployment at a time runs in an environment, the others queue in order; a
 * rollback goes first and pre-empts. Each step is intent → effect → outcome with a deadline. After a restart every
 * unfinished deployment is settled by probing (recovery.c).
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "backend/base/err.h"

struct engine;
struct loop;

struct engine_caller { uid_t uid; const char *name; };

/* Events that are not in the journal; `event` is "live" or "health", data as in proto/api.h; borrowed. */
typedef void (*engine_event_fn)(void *arg, const char *event, const json_t *data);
/* A journal row is kept (ROW); borrowed. Both come in order, none before all that was committed before it is kept. */
typedef void (*engine_row_fn)(void *arg, const json_t *row);

/* `dir` is the workspace, absolute. Opens the store, loads the configuration, settles what was unfinished. */
bool engine_new(struct loop *loop, const char *dir, struct engine **ret, struct err *err);
/* Leaves applications and HAProxy as they are; running steps are left to recovery. */
void engine_free(struct engine *e);
void engine_listen(struct engine *e, engine_event_fn event_fn, engine_row_fn row_fn, void *arg);

/*
 * The engine as it was at `at` (wall milliseconds), to be asked for answers and never to change anything. `then` is NULL
 * with `err`; otherwise it is yours until engine_then_done.
 */
typedef void (*engine_then_fn)(void *arg, struct engine *then, const struct err *err);
void engine_at(struct engine *e, int64_t at, engine_then_fn fn, void *arg);
void engine_then_done(struct engine *e, struct engine *then);
/*
 * All that was done until now survives a power cut: it may be told, and what outlives one may be done. Where it does not
 * yet, engine_when_kept calls from the loop when it does, with `err` when the disk failed or the engine ends.
 */
bool engine_is_kept(const struct engine *e);
typedef void (*engine_kept_fn)(void *arg, const struct err *err);
void engine_when_kept(struct engine *e, engine_kept_fn fn, void *arg);     /* only when engine_is_kept says no */
void engine_forget_kept(struct engine *e, const void *arg);

bool engine_is_past(const struct engine *e);
int64_t engine_now(const struct engine *e);        /* the time by which it answers; wall milliseconds */

/* Answers; shapes in proto/api.h. ret is yours; ret_status the HTTP status to answer with when true. */
bool engine_status(struct engine *e, const struct engine_caller *who, const char *app, json_t **ret, struct err *err);
bool engine_builds(struct engine *e, const char *app, const char *q, int offset, int limit, json_t **ret,
                   struct err *err);
bool engine_build(struct engine *e, const char *app, const char *version, json_t **ret, struct err *err);
bool engine_deployments(struct engine *e, const char *app, const char *environment, int64_t before, int limit,
                        json_t **ret, struct err *err);
bool engine_deployment(struct engine *e, int64_t id, json_t **ret, struct err *err);
bool engine_tests(struct engine *e, int64_t id, int from, int limit, json_t **ret, struct err *err);
bool engine_log(struct engine *e, int64_t id, int64_t from, int64_t limit, json_t **ret, struct err *err);
bool engine_consistency(struct engine *e, const char *app, json_t **ret, struct err *err);
bool engine_journal(struct engine *e, int64_t since, int limit, json_t **ret, struct err *err);

bool engine_deploy(struct engine *e, const struct engine_caller *who, const json_t *request, int *ret_status,
                   json_t **ret, struct err *err);
bool engine_stop(struct engine *e, const struct engine_caller *who, int64_t id, const json_t *request, json_t **ret,
                 struct err *err);

/* Another person's word on a deployment that waits; the request's reason is asked for. */
bool engine_approve(struct engine *e, const struct engine_caller *who, int64_t id, const json_t *request, bool rejects,
                    json_t **ret, struct err *err);
/* Locks an environment, gives the lock back, pauses its automation or lets it go on; ENVIRONMENT. */
enum engine_hold { ENGINE_LOCK, ENGINE_UNLOCK, ENGINE_PAUSE, ENGINE_RESUME };
bool engine_hold(struct engine *e, const struct engine_caller *who, const char *environment, enum engine_hold what,
                 const json_t *request, json_t **ret, struct err *err);
/* May the caller end the engine? ERR_DENIED. */
bool engine_may_end(struct engine *e, const struct engine_caller *who, struct err *err);
/* Another time for a deployment that is scheduled and waits (schedule.c). */
bool engine_move(struct engine *e, const struct engine_caller *who, int64_t id, const json_t *request, json_t **ret,
                 struct err *err);
/* Several applications together (release.h); RELEASE. */
bool engine_release(struct engine *e, const struct engine_caller *who, const json_t *request, int *ret_status,
                    json_t **ret, struct err *err);
bool engine_release_stop(struct engine *e, const struct engine_caller *who, int64_t id, const json_t *request,
                         json_t **ret, struct err *err);
bool engine_release_of(struct engine *e, int64_t id, json_t **ret, struct err *err);
bool engine_releases(struct engine *e, int64_t before, int limit, json_t **ret, struct err *err);
/* Puts a feature in, or pulls it (features.c). */
bool engine_feature(struct engine *e, const struct engine_caller *who, const json_t *request, json_t **ret,
                    struct err *err);

/* These take long; `fn` comes once (at once when the request is malformed), with either `answer` (borrowed) and its status, or `err`. */
typedef void (*engine_answer_fn)(void *arg, int status, const json_t *answer, const struct err *err);
void engine_add_build(struct engine *e, const struct engine_caller *who, const json_t *request, engine_answer_fn fn,
                      void *arg);
/* The same as engine_status, made a few applications at a time. */
void engine_ask_status(struct engine *e, const struct engine_caller *who, const char *app, engine_answer_fn fn, void *arg);
void engine_audit(struct engine *e, engine_answer_fn fn, void *arg);
/* app NULL: all. `since` in wall milliseconds. */
void engine_metrics(struct engine *e, const char *app, int64_t since, engine_answer_fn fn, void *arg);
void engine_maturity(struct engine *e, const char *app, int64_t since, engine_answer_fn fn, void *arg);
/* Prometheus text: a JSON string. */
void engine_metrics_text(struct engine *e, engine_answer_fn fn, void *arg);

#endif
