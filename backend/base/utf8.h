/*
 * utf8: code points out of bytes and back (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

enum { UTF8_SIZE = 5 };

/* Decodes one sequence; returns its length, 0 when the bytes are no UTF-8 or end within it. */
size_t utf8_decode(const char *text, size_t left, uint32_t *ret);
/* Length of the sequence that a first byte announces, 0 when it announces none. */
size_t utf8_length(unsigned char first);
/* Writes the sequence and a NUL; returns its length. */
size_t utf8_encode(uint32_t code, char text[static UTF8_SIZE]);

#endif
