/*
 * shell: the console in the world: terminal, socket, clock and signals around the pure core (console.h).
 *
 * Paints first, then connects. A key's answer is drawn at once, everything else at most four times a second (once with
 * `slow`); what the terminal does not take is dropped, never queued. With nothing to do it sleeps: no timer but the one
 * that will call the data old.
 */
#ifndef VIEWS_SHELL_H
#define VIEWS_SHELL_H

#include <stdbool.h>

#include "backend/base/err.h"

struct shell_options {
	const char *socket;      /* of the engine */
	const char *dir;         /* the workspace whose engine is started again when it dies; NULL: it is not */
	const char *app;         /* --app; NULL */
	bool read_only, slow, ascii;
};

/*
 * Runs until the person leaves or the terminal does: ret_code is 0, 129 after a hang-up, 128 + the signal's number
 * otherwise. False: the terminal cannot be used; nothing was written to it.
 */
bool shell_run(const struct shell_options *options, int *ret_code, struct err *err);

#endif
