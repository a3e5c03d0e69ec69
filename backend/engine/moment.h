/*
 * moment: an engine that looks back. It has a view of a journal (store.h) for a store and shadows of the environments:
 * no drivers, no timers, nothing that could change anything. All answers are made by the code of the present; what only
 * an observation knows (health, warm, how long a rollback takes) is unknown, never what it is now. The configuration
 * is that of then; where the journal does not tell (it was written before configurations were), the present one.
 */
#ifndef ENGINE_MOMENT_H
#define ENGINE_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/base/err.h"

struct engine;

/* Borrows configuration, people and folders of `like` for its life; its view is empty, its time 0. */
bool moment_new(struct engine *like, struct engine **ret, struct err *err);
void moment_free(struct engine *then);
/* Its view has gone on to another moment, or `like` has another configuration. */
void moment_configure(struct engine *then, const struct engine *like);

#endif
