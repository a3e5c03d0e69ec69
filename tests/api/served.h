/*
 * served: a server with the double of the engine behind it, on one loop with the client that asks it. For the tests of
 * the server and of its event stream.
 */
#ifndef TESTS_API_SERVED_H
#define TESTS_API_SERVED_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/base/buf.h"
#include "backend/base/err.h"

struct loop_io;
struct loop_timer;

enum { SERVED_PATIENCE_MS = 20000 };

struct world {
	struct loop *loop;
	char *folder, *path;
	struct engine *engine;
	struct server *server;
	struct client *client;
	struct loop_timer *tick;
	bool (*until)(struct world *w);
	int64_t deadline;
	struct raw *raw;         /* waited for */
	bool stopped;            /* POST /v1/engine/stop came */
	int wanted;              /* whatever a condition compares with */
	int64_t wanted_ms;
};

int served_setup(void **state);
int served_teardown(void **state);
void served_stopped(void *arg);        /* stop_fn of the server; arg is the world */

/* Runs the loop until the condition holds; fails when that takes too long. */
void run_until(struct world *w, bool (*until)(struct world *w));
json_t *must(struct world *w, const char *method, const char *path, json_t *take_body);
struct err refused(struct world *w, const char *method, const char *path, json_t *take_body);

/* A raw caller: sends bytes, collects the answer until it is hung up on or `enough` is in it. */
struct raw { struct world *w; int fd; struct loop_io *io; struct buf in; const char *enough; bool ended; };

void raw_open(struct world *w, struct raw *r);
void raw_send(struct raw *r, const char *text);
void raw_wait(struct raw *r, const char *enough);    /* NULL: until it is hung up on */
void raw_close(struct raw *r);

#endif
