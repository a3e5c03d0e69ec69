/*
 * peer: who is at the other end of a connection. The kernel says it (SO_PEERCRED); nothing the peer sends counts.
 * Names are looked up at most every few minutes, because a name service may be slow and the loop must not wait.
 */
#ifndef API_PEER_H
#define API_PEER_H

#include <stdbool.h>
#include <sys/types.h>

#include "backend/base/err.h"

struct peers;

struct peers *peers_new(void);
void peers_free(struct peers *p);
bool peer_uid(int fd, uid_t *ret, struct err *err);
/* The user's name, "#1234" for a uid without one; borrowed until the next call. */
const char *peer_name(struct peers *p, uid_t uid);

#endif
