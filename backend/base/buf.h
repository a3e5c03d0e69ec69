/*
 * buf: bytes that grow up to a maximum given at birth.
 *
 * Everything whose size somebody else decides (an answer, a line of output, a file) lives in one. Adding beyond the
 * maximum fails and leaves the buffer as it was. The bytes are always followed by a NUL that does not count.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data;      /* never NULL after buf_init; NUL-terminated */
	size_t len;
	size_t cap;
	size_t max;
};

void buf_init(struct buf *b, size_t max);
void buf_done(struct buf *b);                  /* also for a zeroed one; it can be initialised again */
bool buf_add(struct buf *b, const void *data, size_t len);
bool buf_add_text(struct buf *b, const char *text);
bool buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_drop(struct buf *b, size_t len);      /* forgets the first len bytes */
void buf_clear(struct buf *b);
char *buf_detach(struct buf *b);               /* the bytes are yours; the buffer is empty and usable */

#endif
