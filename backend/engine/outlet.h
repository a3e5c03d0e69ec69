/*
 * outlet: what leaves the engine waits here until what it rests on is on the disk: the journal, and what the engine has
 * written into files. So nobody is ever told of a request,
 * a row or an outcome that a power cut could take back, and the loop waits for no disk.
 *
 * This is external synchrony: Nightingale, Veeraraghavan, Chen, Flinn, "Rethink the Sync", OSDI 2006.
 */
#ifndef ENGINE_OUTLET_H
#define ENGINE_OUTLET_H

#include <jansson.h>

struct engine;
struct outlet;

/* Of an engine with a store that is open. */
struct outlet *outlet_new(struct engine *e);
/* Whoever waits is told that the engine ends; news that nobody was told of stay in the journal. */
void outlet_free(struct outlet *o);
/* What was not told yet is not for a new listener: the journal has it. */
void outlet_begin(struct outlet *o);
/* For the engine's listener, in the order in which they came. */
void outlet_row(struct outlet *o, const json_t *row);
void outlet_event(struct outlet *o, const char *event, const json_t *data);

#endif
