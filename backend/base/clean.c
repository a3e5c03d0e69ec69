#include "backend/base/clean.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "backend/base/mem.h"
#include "backend/base/utf8.h"

static bool is_hidden(uint32_t c)
{
	static const struct { uint32_t from, to; } hidden[] = {
		{ 0x7f, 0x9f }, { 0xad, 0xad }, { 0x61c, 0x61c }, { 0x180b, 0x180f }, { 0x200b, 0x200f },
		{ 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xfff9, 0xfffb },
		{ 0xe0000, 0xe0fff },
	};

	for (size_t i = 0; i < ARRAY_LEN(hidden); i++)
		if (c >= hidden[i].from && c <= hidden[i].to)
			return true;
	return false;
}

/* A control string (OSC, DCS, APC, PM, SOS) up to BEL, ST or the end of the line. */
static size_t skip_string(const unsigned char *p, size_t left)
{
	for (size_t i = 0; i < left; i++) {
		if (p[i] == '\n')
			return i;
		if (p[i] == 0x07 || p[i] == 0x9c)
			return i + 1;
		if (p[i] == 0xc2 && i + 1 < left && p[i + 1] == 0x9c)
			return i + 2;
		if (p[i] == 0x1b && i + 1 < left && p[i + 1] == '\\')
			return i + 2;
	}
	return left;
}

static size_t skip_csi(const unsigned char *p, size_t left)
{
	size_t i = 0;

	while (i < left && p[i] >= 0x20 && p[i] <= 0x3f)
		i++;
	if (i < left && p[i] >= 0x40 && p[i] <= 0x7e)
		i++;
	return i;
}

/* Length of what an introducer `kind` (the second byte of its 7-bit form) opens, counted after the introducer. */
static size_t skip_sequence(unsigned char kind, const unsigned char *p, size_t left)
{
	size_t i = 0;

	switch (kind) {
	case '[':
		return skip_csi(p, left);
	case ']': case 'P': case '_': case '^': case 'X':
		return skip_string(p, left);
	default:
		/* nF escape: intermediates, then one final byte; the kind itself is the final byte otherwise. */
		if (kind < 0x20 || kind > 0x2f)
			return 0;
		while (i < left && p[i] >= 0x20 && p[i] <= 0x2f)
			i++;
		return i < left && p[i] >= 0x30 && p[i] <= 0x7e ? i + 1 : i;
	}
}

static bool opens_sequence(uint32_t c)
{
	return c == 0x90 || c == 0x98 || c == 0x9b || c == 0x9d || c == 0x9e || c == 0x9f;
}

size_t clean_bytes(const char *in, size_t len, enum clean_mode mode, char *out)
{
	const unsigned char *p = (const unsigned char *)in;
	size_t i = 0, o = 0;

	while (i < len) {
		uint32_t c;
		size_t n = utf8_decode(in + i, len - i, &c);

		if (n == 0) {
			/* A raw C1 introducer acts on terminals in 8-bit mode: its sequence goes with it. */
			c = p[i++];
			if (opens_sequence(c))
				i += skip_sequence((unsigned char)(c - 0x40), p + i, len - i);
			else
				out[o++] = '?';
			continue;
		}
		i += n;
		if (c == 0x1b) {
			if (i < len && p[i] >= 0x20 && p[i] < 0x7f) {
				unsigned char kind = p[i++];

				i += skip_sequence(kind, p + i, len - i);
			}
		} else if (opens_sequence(c)) {
			i += skip_sequence((unsigned char)(c - 0x40), p + i, len - i);
		} else if (c == '\t' || (c == '\n' && mode == CLEAN_LINE)) {
			out[o++] = ' ';
		} else if ((c >= 0x20 && !is_hidden(c)) || c == '\n') {
			memmove(out + o, p + i - n, n);
			o += n;
		}
	}
	out[o] = '\0';
	return o;
}

char *clean_dup(const char *text, enum clean_mode mode)
{
	size_t len = text ? strlen(text) : 0;
	char *out = mem_alloc(len + 1);

	clean_bytes(text ? text : "", len, mode, out);
	return out;
}
