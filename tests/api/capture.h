/* capture: what a command, or anything else that prints and exits, printed and how it ended. In a child process. */
#ifndef TESTS_API_CAPTURE_H
#define TESTS_API_CAPTURE_H

#include <jansson.h>
#include <stdbool.h>

struct theatre;

struct capture { int code; char *out, *err; };

void capture_done(struct capture *c);

/* Runs fn(arg) and takes its result for the exit code. */
struct capture capture(int (*fn)(void *arg), void *arg);
/* `slipway …` in the theatre's folder; the words end with NULL. */
struct capture slipway(const struct theatre *s, ...) __attribute__((sentinel));
/* The same with standard output on a terminal (a pty). */
struct capture slipway_on_terminal(const struct theatre *s, ...) __attribute__((sentinel));

#endif
