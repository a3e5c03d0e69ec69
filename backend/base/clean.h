/*
 * clean: the one filter that every byte from outside passes before it reaches a terminal (console and commands).
 *
 * Takes out: C0 controls (CR too) but for what the caller asks to keep, DEL, C1 controls raw and in UTF-8, whole
 * escape sequences (CSI, OSC, DCS, APC, PM, SOS; an unterminated one eats no more than its own line), bidi controls
 * (U+061C, U+200E/F, U+202A-E, U+2066-9), zero-width and invisible ones (U+200B-D, U+2060-4, U+FEFF, U+00AD,
 * U+180E), tag characters (U+E0000-E007F), variation selectors, line and paragraph separators, and what is no UTF-8
 * (one '?' for each bad byte). Tab becomes one space. Sources: ECMA-48, RFC 3629, Unicode TR36 and TR39.
 */
#ifndef BASE_CLEAN_H
#define BASE_CLEAN_H

#include <stddef.h>

enum clean_mode {
	CLEAN_LINE,    /* one line: a newline becomes a space */
	CLEAN_TEXT     /* newlines stay */
};

/* Cleans `len` bytes into `out`, which has room for len + 1; returns the length written, NUL added. in == out is fine. */
size_t clean_bytes(const char *in, size_t len, enum clean_mode mode, char *out);
/* The same for a string; yours. NULL gives "". */
char *clean_dup(const char *text, enum clean_mode mode);

#endif
