/*
 * secret: what may be journalled of a value that nobody may read: an HMAC-SHA-256 with a key of the workspace, so that
 * equal values are seen to be equal there, and nobody who has an export can try out guesses.
 *
 * The key is 32 random bytes in the engine's folder, SECRET_KEY_NAME, mode 0600, made when it is first needed. It is in no
 * journal, no export and no answer. When it is lost a new one is made, and each secret value changes once.
 */
#ifndef ENGINE_SECRET_H
#define ENGINE_SECRET_H

#include "backend/base/err.h"

#define SECRET_KEY_NAME "secrets.key"

struct engine;

/* "hmac-sha256:HEX"; yours. NULL when there is no key: it cannot be read or written; the value stays untold. */
char *secret_hash(const struct engine *e, const char *value, struct err *err);

#endif
