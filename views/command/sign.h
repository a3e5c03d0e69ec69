/* sign: a build's manifest made by slipwayd and signed by ssh-keygen, both as child processes of the command. */
#ifndef COMMAND_SIGN_H
#define COMMAND_SIGN_H

#include <jansson.h>
#include <stdbool.h>

#include "backend/base/err.h"

/* `request` is the body of POST /v1/builds; gets "signature". The key may be a private one, or one that an agent holds. */
bool sign_build(const char *key, json_t *request, struct err *err);

#endif
