/*
 * link: one request on one connection: connects, sends, hands over what comes back piece by piece. Below client.c
 * (whole answers) and stream.c (an answer without an end).
 */
#ifndef CLIENT_LINK_H
#define CLIENT_LINK_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/base/err.h"

struct link;
struct loop;

/* None comes from inside link_new; each may free the link. */
struct link_fns {
	void (*head)(void *arg, int status);
	bool (*body)(void *arg, const char *data, size_t len, struct err *err);    /* false: end with this err */
	void (*end)(void *arg, const struct err *err);     /* once; NULL: the answer is whole */
};

/* take_request: head and body as they go out. */
struct link *link_new(struct loop *loop, const char *path, char *take_request, size_t len, const struct link_fns *fns,
                      void *arg);
void link_free(struct link *l);

#endif
