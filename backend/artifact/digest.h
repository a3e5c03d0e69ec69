/*
 * digest: SHA-256 (libcrypto), of bytes and of open files. Hex, lower case.
 */
#ifndef ARTIFACT_DIGEST_H
#define ARTIFACT_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/base/err.h"

enum { DIGEST_SIZE = 65 };     /* 64 hex digits and NUL */

struct digest;
struct digest *digest_new(void);
void digest_add(struct digest *d, const void *data, size_t len);
/* Also frees it. */
void digest_finish(struct digest *d, char ret[static DIGEST_SIZE]);
void digest_bytes(const void *data, size_t len, char ret[static DIGEST_SIZE]);
/* HMAC-SHA-256 (RFC 2104). */
void digest_keyed(const void *key, size_t key_len, const void *data, size_t len, char ret[static DIGEST_SIZE]);
/* From the descriptor's beginning to its end; blocks: for child processes, not for the loop. */
bool digest_fd(int fd, char ret[static DIGEST_SIZE], int64_t *ret_size, struct err *err);

#endif
