#include "backend/base/json.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/mem.h"

enum { READ_MAX = 16 * 1024 * 1024 };

void json_auto_decref(json_t **value)
{
	json_decref(*value);
	*value = NULL;
}

const char *json_text(const json_t *object, const char *key)
{
	return json_text_or(object, key, "");
}

const char *json_text_or(const json_t *object, const char *key, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : otherwise;
}

int64_t json_int(const json_t *object, const char *key, int64_t otherwise)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

bool json_flag(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

/* Length of the valid UTF-8 sequence at p, 0 when there is none (RFC 3629: no overlong forms, no surrogates). */
static size_t sequence(const unsigned char *p)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xc2 && p[0] <= 0xdf ? 2 : (p[0] & 0xf0) == 0xe0 ? 3
		: p[0] >= 0xf0 && p[0] <= 0xf4 ? 4 : 0;

	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90)
	    || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

json_t *json_safe_string(const char *text)
{
	json_t *value;
	struct buf b;

	if (!text)
		return json_null();
	value = json_string(text);
	if (value)
		return value;
	buf_init(&b, 4 * strlen(text) + 4);
	for (const unsigned char *p = (const unsigned char *)text; *p;) {
		size_t n = sequence(p);

		buf_add(&b, n ? (const char *)p : "\xef\xbf\xbd", n ? n : 3);
		p += n ? n : 1;
	}
	value = json_string(b.data);
	buf_done(&b);
	return value;
}

void json_put_text(json_t *object, const char *key, const char *text)
{
	if (text)
		json_object_set_new(object, key, json_safe_string(text));
}

char *json_line(const json_t *value)
{
	char *line = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	return line ? line : mem_dup("null");
}

json_t *json_read(const char *text, size_t len, struct err *err)
{
	json_error_t where;
	json_t *value;

	if (len > READ_MAX) {
		err_set(err, ERR_TOO_BIG, "a JSON text of %zu bytes is over the limit of %d", len, READ_MAX);
		return NULL;
	}
	value = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &where);
	if (!value)
		err_set(err, ERR_USAGE, "line %d, column %d: %s", where.line, where.column, where.text);
	return value;
}
