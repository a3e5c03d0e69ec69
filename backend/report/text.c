#include "backend/report/text.h"

#include <string.h>

#include "backend/report/report.h"

#define MARK "…"

enum { MARK_LEN = sizeof MARK - 1 };

void report_text_init(struct report_text *text)
{
	buf_init(&text->buf, REPORT_TEXT_MAX);
	text->cut = false;
}

void report_text_done(struct report_text *text)
{
	buf_done(&text->buf);
}

void report_text_clear(struct report_text *text)
{
	buf_clear(&text->buf);
	text->cut = false;
}

/* Takes a last character of several bytes off: the cut may have gone through it. */
static void drop_last_wide(struct buf *b)
{
	size_t len = b->len;

	for (int i = 0; i < 3 && len > 0 && ((unsigned char)b->data[len - 1] & 0xc0) == 0x80; i++)
		len--;
	if (len == 0 || (unsigned char)b->data[len - 1] < 0xc0)
		return;
	b->len = len - 1;
	b->data[b->len] = '\0';
}

void report_text_add(struct report_text *text, const char *data, size_t len)
{
	size_t from = text->buf.len, room = REPORT_TEXT_MAX - MARK_LEN - from;

	if (text->cut)
		return;
	buf_add(&text->buf, data, len < room ? len : room);
	for (char *p = text->buf.data + from; (p = memchr(p, '\0', text->buf.len - (size_t)(p - text->buf.data)));)
		*p = '?';
	if (len <= room)
		return;
	text->cut = true;
	drop_last_wide(&text->buf);
	buf_add(&text->buf, MARK, MARK_LEN);
}

void report_text_add_string(struct report_text *text, const char *string)
{
	report_text_add(text, string, strlen(string));
}

void report_text_add_line(struct report_text *text, const char *data, size_t len)
{
	if (text->buf.len > 0)
		report_text_add(text, "\n", 1);
	report_text_add(text, data, len);
}

const char *report_text_string(const struct report_text *text)
{
	return text->buf.data;
}

bool report_text_is_empty(const struct report_text *text)
{
	return text->buf.len == 0;
}
