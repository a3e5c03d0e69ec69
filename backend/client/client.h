/*
 * client: requests to the engine and its event stream, over the workspace's Unix socket (http-parser underneath).
 *
 * Asynchronous on the loop for the console; `client_ask` waits for commands. Connections are made when needed; an
 * answer is at most API_BODY_MAX bytes. No call blocks but client_ask.
 */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/base/err.h"

struct client;
struct client_call;
struct client_stream;
struct loop;

/*
 * `answer` is borrowed; err is NULL when the status is 2xx, else what the engine said (its kind), or ERR_UNREACHABLE.
 * With what the engine said `answer` is the whole of it ("error" with its gate), NULL when that is no JSON.
 */
typedef void (*client_fn)(void *arg, int status, const json_t *answer, const struct err *err);

struct client *client_new(struct loop *loop, const char *socket_path);
void client_free(struct client *c);            /* cancels all, no callbacks */

/* `path` with its query, already escaped (client_escape). `take_body` NULL: none. Deadline 30 s. fn never comes from inside. */
struct client_call *client_send(struct client *c, const char *method, const char *path, json_t *take_body,
                                client_fn fn, void *arg);
void client_cancel(struct client_call *call);  /* NULL is fine; not after fn came */

/* For commands: runs the loop until the answer is there. */
bool client_ask(struct client *c, const char *method, const char *path, json_t *take_body, int64_t timeout_ms,
                json_t **ret, struct err *err);
char *client_escape(const char *text);         /* percent-encodes a query value or path segment; yours */
char *client_new_key(void);                    /* an idempotency key: 128 random bits in hex; yours */

struct client_stream_fns {
	void (*row)(void *arg, const json_t *row);                         /* a journal row, in order, each once */
	void (*event)(void *arg, const char *event, const json_t *data);   /* "live", "health" */
	void (*up)(void *arg);                                             /* (re)connected: fetch what you show afresh */
	void (*down)(void *arg, const struct err *why);                    /* lost; reconnecting with backoff 0.1 s … 5 s */
	void (*beat)(void *arg);                                           /* anything arrived: data is as of now */
};
/* Follows GET /v1/events from `since` and reconnects for ever, resuming after the last row seen. since -1: only new rows. */
struct client_stream *client_stream_new(struct client *c, int64_t since, const struct client_stream_fns *fns, void *arg);
void client_stream_free(struct client_stream *s);
void client_stream_retry(struct client_stream *s);     /* now, not after the backoff */

#endif
