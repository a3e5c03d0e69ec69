/*
 * sock: Unix stream sockets by path, also by one longer than a socket address holds (107 bytes): then the folder is
 * opened and the address goes through /proc/self/fd. Descriptors are non-blocking and close-on-exec.
 */
#ifndef BASE_SOCK_H
#define BASE_SOCK_H

#include <stdbool.h>

#include "backend/base/err.h"

/* ERR_UNREACHABLE when nobody listens; ERR_TIMEOUT when somebody does, but his queue is full: try again. */
bool sock_connect(const char *path, int *ret_fd, struct err *err);

/* Makes the socket (mode 0600) and listens. The path must be free: ERR_CONFLICT. */
bool sock_listen(const char *path, int *ret_fd, struct err *err);

#endif
