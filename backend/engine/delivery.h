/*
 * delivery: what the engine tells of how delivery goes: metrics and the maturity level, as JSON and as Prometheus text.
 * The journal is read once, in slices that never hold the loop, and from then on only what came since.
 */
#ifndef ENGINE_DELIVERY_H
#define ENGINE_DELIVERY_H

struct delivery;
struct engine;

struct delivery *delivery_new(struct engine *e);
/* Whoever still waits for an answer is told that the engine ends. */
void delivery_free(struct delivery *d);

#endif
