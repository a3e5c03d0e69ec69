/*
 * replay: an engine that plays an exported journal (one ROW of proto/api.h a line, as `slipway audit export` writes it).
 * It is an engine that looks back (moment.h) whose time goes on: each row comes when it is due, times the speed, and is
 * told like any other, so consoles follow it as they follow the present. Pauses in which nothing happened are cut short.
 * The chain is verified before anything is shown. Nothing can be changed.
 *
 * Environments and components are those that the journal names, in the order in which it names them first: a
 * configuration of them is written into the folder that the replay has to itself.
 */
#ifndef ENGINE_REPLAY_H
#define ENGINE_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/base/err.h"

struct engine;
struct loop;
struct replay;

enum { REPLAY_SPEED_MOST = 100000 };

/* `dir` is a folder for the replay alone. Give the engine to engine_free. ERR_CONFLICT names the first bad row. */
bool replay_new(struct loop *loop, const char *dir, const char *file, double speed, struct engine **ret, struct err *err);
/* The time it is at: goes on between rows, never past the next one. */
int64_t replay_now(const struct replay *r);
/* Frees the engine too; called by engine_free. */
void replay_free(struct replay *r);

#endif
