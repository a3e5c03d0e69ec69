/*
 * double: stands in for the engine in tests of the server, the client and the commands. It holds a journal in memory
 * and answers with what the test set; what was asked is written down. Link it before the engine: it defines engine_*.
 */
#ifndef TESTS_API_DOUBLE_H
#define TESTS_API_DOUBLE_H

#include <jansson.h>
#include <stdint.h>

#include "backend/engine/engine.h"

struct loop;

struct engine *double_new(struct loop *loop);
void double_free(struct engine *e);

/* What a function ("status", "builds", "deploy" …) answers from now on; without it, its own name and arguments. */
void double_set_answer(struct engine *e, const char *function, json_t *take_answer);
void double_set_error(struct engine *e, const char *function, enum err_kind kind, const char *text);
void double_set_refusals(struct engine *e, const char *function, const json_t *blocked);   /* of the error that was set */
void double_set_status(struct engine *e, int http_status);      /* of deploy and add_build */
void double_hold(struct engine *e);                             /* add_build and audit wait for double_release */
void double_release(struct engine *e);
/* A slow disk: nothing is kept until double_keep; why NULL: all of it is then, otherwise the disk failed. */
void double_unkeep(struct engine *e);
void double_keep(struct engine *e, const char *why);
/* The test acts when a function is called, before it answers. */
void double_on_call(struct engine *e, void (*fn)(void *arg, struct engine *e, const char *function), void *arg);

/* Appends to the journal and tells the listener. */
int64_t double_append(struct engine *e, const char *type, json_t *take_body);
/* The two halves of it: on disk, and told later. */
int64_t double_append_untold(struct engine *e, const char *type, json_t *take_body);
void double_tell(struct engine *e, int64_t seq);
void double_event(struct engine *e, const char *event, json_t *take_data);
int64_t double_seq(const struct engine *e);

/* Array of {"function", "uid", "name", …arguments} in order of arrival; borrowed. */
const json_t *double_calls(const struct engine *e);
int double_count(const struct engine *e, const char *function);

#endif
