/*
 * artifact_priv: what the files of this floor and their tests share: the limits, smaller in tests.
 */
#ifndef ARTIFACT_ARTIFACT_PRIV_H
#define ARTIFACT_ARTIFACT_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/base/err.h"

struct artifact_limits { int64_t files, bytes; };

/* A regular file for reading, no link, without waiting for anybody; -1 with err set. */
int artifact_open(const char *file, struct err *err);
/* Copies all of `from` (from its beginning) to `to`, at most `max` bytes; `digest` may be NULL. */
struct digest;
bool artifact_copy(int from, int to, int64_t max, struct digest *digest, int64_t *ret_size, struct err *err);

/* artifact_unpack with other limits. */
bool artifact_unpack_within(const char *file, const char *sha256, const char *folder, const char *fallback_name,
                            const struct artifact_limits *limits, struct err *err);

#endif
