#include "tests/tools/screen_keys.h"

#include <ctype.h>
#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/mem.h"

static bool add_named(const char *name, size_t len, struct buf *ret)
{
	static const struct { const char *name, *bytes; } rows[] = {
		{ "Up", "\x1b[A" }, { "Down", "\x1b[B" }, { "Right", "\x1b[C" }, { "Left", "\x1b[D" }, { "Home", "\x1b[H" },
		{ "End", "\x1b[F" }, { "PgUp", "\x1b[5~" }, { "PgDn", "\x1b[6~" }, { "Insert", "\x1b[2~" }, { "Delete", "\x1b[3~" },
		{ "Enter", "\r" }, { "Esc", "\x1b" }, { "Tab", "\t" }, { "S-Tab", "\x1b[Z" }, { "Backspace", "\x7f" },
		{ "Space", " " },
		{ "F1", "\x1bOP" }, { "F2", "\x1bOQ" }, { "F3", "\x1bOR" }, { "F4", "\x1bOS" }, { "F5", "\x1b[15~" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strlen(rows[i].name) == len && strncmp(rows[i].name, name, len) == 0)
			return buf_add_text(ret, rows[i].bytes);
	if (len == 3 && strncmp(name, "C-", 2) == 0 && isalpha((unsigned char)name[2]))
		return buf_add(ret, &(char){ (char)(name[2] & 0x1f) }, 1);
	return false;
}

bool screen_keys(const char *keys, struct buf *ret)
{
	while (*keys) {
		size_t len = strcspn(keys, "<");

		buf_add(ret, keys, len);
		keys += len;
		if (keys[0] == '<' && keys[1] == '<') {
			buf_add_text(ret, "<");
			keys += 2;
		} else if (*keys) {
			len = strcspn(++keys, ">");
			if (keys[len] != '>' || !add_named(keys, len, ret))
				return false;
			keys += len + 1;
		}
	}
	return true;
}
