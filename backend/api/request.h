/*
 * request: one request on its way through a handler. A handler answers exactly once, now or later; the request is gone
 * after that. A caller that hung up in the meantime, or a server that was closed, makes the answer go nowhere.
 */
#ifndef API_REQUEST_H
#define API_REQUEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/base/err.h"
#include "backend/engine/engine.h"

struct request;
struct server;

struct engine *request_engine(const struct request *r);
const struct engine_caller *request_caller(const struct request *r);

const char *request_arg(const struct request *r, int i);                 /* a segment in braces, decoded; borrowed */
const char *request_query(const struct request *r, const char *key);     /* NULL when absent; borrowed */
/* A whole number between `least` and `most`; `otherwise` when absent. ERR_USAGE names the parameter. */
bool request_number(const struct request *r, const char *key, int64_t least, int64_t most, int64_t otherwise,
                    int64_t *ret, struct err *err);
bool request_arg_number(const struct request *r, int i, int64_t *ret, struct err *err);
/* The body as a JSON object; an empty body is an empty object. ERR_USAGE says line and column. */
bool request_body(const struct request *r, json_t **ret, struct err *err);

void request_answer(struct request *r, int status, const json_t *answer);
/* As it is, with a Content-Type of its own. */
void request_answer_text(struct request *r, const char *type, const char *text);
void request_fail(struct request *r, const struct err *err);
/* Answers 200 with what is taken over, or with err when `ok` is false. */
void request_finish(struct request *r, bool ok, json_t *take_answer, const struct err *err);

/* Turns the request into an event stream (events.c). since -1: only what comes from now on. */
void request_follow(struct request *r, int64_t since);
/* Answers 202 and ends the engine when the answer is on its way. */
void request_stop_engine(struct request *r);

#endif
