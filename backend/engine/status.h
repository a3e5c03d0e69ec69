/* status: what of it is shared inside the engine; the question itself is in engine.h. */
#ifndef ENGINE_STATUS_H
#define ENGINE_STATUS_H

struct engine;

/* Whoever still waits for an answer is told that the engine ends. */
void status_end(struct engine *e);

#endif
