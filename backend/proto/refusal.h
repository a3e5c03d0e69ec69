/*
 * refusal: the refusals of gates that an error carries: which gate, why, who or what can clear it, and when. The engine
 * puts them in, the error object of the API carries them (api.h), and whoever shows the error tells each in a line.
 */
#ifndef PROTO_REFUSAL_H
#define PROTO_REFUSAL_H

#include <jansson.h>
#include <stddef.h>

struct err;

/* Keeps an array of BLOCKED in the error; the last ones are left out where there is no room for all. No array: none. */
void refusal_keep(struct err *err, const json_t *blocked);
/* Those that are kept, in order; yours. */
json_t *refusal_list(const struct err *err);
/* {"kind","text"}, and of a gate's refusal "gate", "clears_at" and "blocked"; yours. */
json_t *refusal_object(const struct err *err);
/*
 * "deploy 1.0.1 to prod: window gate: …; cleared by time, or @leads with --override; expected 2026-11-20T09:14Z": line
 * number i of what the error says, each with what the error's text says before its gate. An error without a refusal has
 * one line, its text. NULL after the last; yours.
 */
char *refusal_line(const struct err *err, size_t i);

#endif
