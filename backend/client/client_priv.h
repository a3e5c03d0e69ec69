/* What client.c and stream.c share. */
#ifndef CLIENT_CLIENT_PRIV_H
#define CLIENT_CLIENT_PRIV_H

#include <stddef.h>

#include "backend/base/err.h"

struct client;
struct client_stream;
struct loop;

struct loop *client_loop(const struct client *c);
const char *client_path(const struct client *c);
struct client_stream **client_streams(struct client *c);    /* head of the list of open streams */

/* A whole HTTP request; `body` NULL: none. Yours. */
char *client_request(const char *method, const char *path, const char *accept, const char *body);
/* What an answer that is not 2xx says; never ERR_NONE. */
void client_error_of(int status, const char *body, size_t len, struct err *ret);

#endif
