/*
 * signature: is a build's manifest signed by one of the application's signers? `ssh-keygen -Y` decides, as a child
 * process: it reads the signers' file (allowed_signers, where keys can also expire or be revoked) anew each time.
 */
#ifndef ENGINE_SIGNATURE_H
#define ENGINE_SIGNATURE_H

#include "backend/base/err.h"

#define SIGNATURE_NAMESPACE "slipway-build"

struct engine;
struct signature;
struct store_build;

/* Called once, from the loop: the signer's name in allowed_signers, or err (ERR_REFUSED: not a signature that counts). */
typedef void (*signature_fn)(void *arg, const char *signer, const struct err *err);

/* signers: path of allowed_signers. Texts are copied. NULL with err set when it cannot begin: no callback comes. */
struct signature *signature_verify(struct engine *e, const char *signers, const char *manifest, const char *armor,
                                   signature_fn fn, void *arg, struct err *err);
void signature_free(struct signature *s);      /* ends it without a callback; not from inside it, which frees it */

/* The manifest of a build in the store; yours. */
char *signature_manifest(const char *app, const struct store_build *build);

#endif
