/*
 * behaviour: what tells one build of the shop from another. An artifact holds a file `behaviour` beside its bin folder,
 * lines of "key value". The program is the same in every build; so each build's fault is known and can be read.
 */
#ifndef DEMO_BEHAVIOUR_H
#define DEMO_BEHAVIOUR_H

#include <stdbool.h>

struct behaviour {
	char version[64];         /* "version 1.2.0" */
	bool crash_at_start;      /* "crash_at_start yes": an error on standard error, then exit 1 */
	bool round_total;         /* "round_total yes": the checkout rounds to whole 10 cents */
	bool free_above_only;     /* "free_above_only yes": exactly 50.00 still pays shipping */
	bool recommendations;     /* "recommendations yes": the build carries this feature; flags.h says whether it is on */
	int leak_after;           /* "leak_after 8": visitors that the pool takes before it is empty; 0: none is lost */
};

/* Reads the file; a missing one is the version "dev" without a fault. false: a line is not understood, said on stderr. */
bool behaviour_read(const char *path, struct behaviour *ret);
/* The file of the running program: ../behaviour, seen from its own folder. */
bool behaviour_own(struct behaviour *ret);

#endif
