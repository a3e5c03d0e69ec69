/*
 * flags: the features that are on right now, from the file in $SLIPWAY_FLAGS (flagd's format). It is read again when
 * it was replaced, so that a feature comes and goes while the shop runs. No file: every feature is off.
 */
#ifndef DEMO_FLAGS_H
#define DEMO_FLAGS_H

#include <stdbool.h>

struct flags;

struct flags *flags_new(const char *path);         /* NULL: there is none */
bool flags_on(struct flags *f, const char *name);
void flags_free(struct flags *f);

#endif
