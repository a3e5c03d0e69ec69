/*
 * past: gives out the engine as it was (moment.h). A view is made a slice a turn of the loop. The last one is kept for a
 * while; for the same moment it is given out again, and it goes on from where it is when a later one is asked for and
 * nobody else has it.
 */
#ifndef ENGINE_PAST_H
#define ENGINE_PAST_H

struct engine;
struct past;

struct past *past_new(struct engine *e);
/* Whoever waits is told that the engine ends. All that was given out must have been given back. */
void past_free(struct past *p);
/* Another configuration is in force: everything that looks back answers by it from now on. */
void past_reconfigure(struct past *p);

#endif
