/*
 * command_look: one run of the user's observe command, and what it says is live. What it prints is described in
 * command.c.
 */
#ifndef DRIVERS_COMMAND_LOOK_H
#define DRIVERS_COMMAND_LOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/base/err.h"

struct launcher;
struct look;

struct sight {
	bool known;                        /* false: err says why not */
	char *version;                     /* NULL: nothing is live */
	char *digest;                      /* NULL: it was not told */
	bool healthy;
	char *health;                      /* "OK", or what is wrong */
	struct err err;
};

/* The sight is the callee's to read; it is freed when the callback returns. */
typedef void (*look_fn)(void *arg, const struct sight *sight);

struct look *look_start(struct launcher *launcher, const char *const *argv, const char *const *env, const char *dir,
                        look_fn fn, void *arg);
/* Ends it at once, no callback. NULL is fine. Not after the callback came. */
void look_free(struct look *look);

void sight_copy(struct sight *to, const struct sight *from);
void sight_done(struct sight *sight);
/* What the text says, after a command that exited with 0. Pure. */
void sight_read(const char *text, size_t len, struct sight *ret);

#endif
