#include "views/escape.h"

#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/mem.h"

void escape_put(struct buf *b, const char *text)
{
	for (; *text; text++) {
		unsigned char ch = (unsigned char)*text;

		if ((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || strchr("-._~", ch))
			buf_add(b, text, 1);
		else
			buf_printf(b, "%%%02X", ch);
	}
}

char *escape_dup(const char *text)
{
	AUTO(buf_done) struct buf b = { 0 };

	buf_init(&b, 3 * strlen(text) + 1);
	escape_put(&b, text);
	return buf_detach(&b);
}
