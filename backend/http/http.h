/*
 * http: requests on the loop (curl multi). Engine only.
 *
 * Every request has a deadline and a maximum of bytes; TLS is verified; redirects are not followed unless asked, and
 * then only for GET and HEAD on the same host. Used for smoke tests, health checks, the prober and remote engines.
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/base/err.h"

struct loop;
struct http;
struct http_call;

struct http_request {
	const char *method;                /* "GET" */
	const char *url;                   /* http, https */
	const char *unix_path;             /* NULL, or a Unix socket to go through */
	const char *const *headers;        /* NULL-terminated "Name: value"; NULL for none */
	const void *body; size_t body_len;
	int64_t timeout_ms;                /* 0: 10 s */
	size_t max_answer;                 /* bytes of body kept; more is ERR_TOO_BIG; 0: 1 MB */
	bool fresh;                        /* a new connection that is closed afterwards */
};

struct http_answer {
	bool ok;                           /* an answer came, whatever its status */
	struct err err;                    /* when not */
	int status;
	const char *body; size_t body_len; /* NUL-terminated; borrowed during the callback */
	int64_t took_us;
};
typedef void (*http_fn)(void *arg, const struct http_answer *answer);

struct http *http_new(struct loop *loop);
void http_free(struct http *http);             /* cancels what is under way, without callbacks */
/* The request is copied. The callback comes once, never from inside http_send. */
struct http_call *http_send(struct http *http, const struct http_request *request, http_fn fn, void *arg);
void http_cancel(struct http_call *call);      /* no callback; NULL is fine; not after the callback came */

#endif
