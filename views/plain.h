/*
 * plain: the console without a screen, for TERM=dumb, pipes and screen readers: lines are only ever appended, a
 * heartbeat every 30 s says that it lives, and what to do is chosen by number. It is the same core, with the same
 * safety model: a protected environment's name is typed, then counted down.
 */
#ifndef VIEWS_PLAIN_H
#define VIEWS_PLAIN_H

#include <stdbool.h>

struct plain_options {
	const char *socket;
	const char *app;         /* NULL */
	bool read_only;
};

/* Runs until the person leaves or the input ends; the exit code. */
int plain_run(const struct plain_options *options);

#endif
