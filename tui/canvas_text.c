/* Text on a canvas: cleaned, measured, cut, aligned and broken into rows. */
#include "tui/canvas.h"

#include <stdarg.h>
#include <string.h>
#include <wchar.h>

#include "backend/base/clean.h"
#include "backend/base/mem.h"
#include "backend/base/utf8.h"
#include "tui/canvas_priv.h"

static char nearest_ascii(uint32_t code)
{
	static const struct { uint32_t code; char ascii; } near[] = {
		{ 0x00a0, ' ' }, { 0x00b7, '-' }, { 0x00d7, 'x' }, { 0x2010, '-' }, { 0x2013, '-' }, { 0x2014, '-' },
		{ 0x2018, '\'' }, { 0x2019, '\'' }, { 0x201c, '"' }, { 0x201d, '"' }, { 0x2022, '*' }, { 0x2026, '~' },
		{ 0x2190, '<' }, { 0x2191, '^' }, { 0x2192, '>' }, { 0x2193, 'v' }, { 0x2500, '-' }, { 0x2502, '|' },
		{ 0x25cb, 'o' }, { 0x25cf, '*' }, { 0x25b8, '>' },
	};

	for (size_t i = 0; i < ARRAY_LEN(near); i++)
		if (near[i].code == code)
			return near[i].ascii;
	return '?';
}

struct sign {
	char text[UTF8_SIZE];
	size_t len;
	int width;
};

/* Combining marks are told apart in every locale: wcwidth knows nothing beyond ASCII in C. */
static bool is_mark(uint32_t code)
{
	return (code >= 0x300 && code <= 0x36f) || (code >= 0x20d0 && code <= 0x20ff);
}

/* The next character of a cleaned text as it will be drawn; returns the bytes it takes there. */
static size_t next_sign(const struct canvas *c, const char *text, size_t left, struct sign *ret)
{
	uint32_t code = '?';
	size_t n = utf8_decode(text, left, &code);

	if (n == 0)
		n = 1;
	ret->width = code < 0x80 ? 1 : is_mark(code) ? 0 : wcwidth((wchar_t)code);
	if (code >= 0x80 && canvas_theme(c)->ascii && ret->width == 0) {
		ret->len = 0;
		return n;
	}
	if (code >= 0x80 && (canvas_theme(c)->ascii || ret->width < 0)) {
		code = (unsigned char)nearest_ascii(code);
		ret->width = 1;
	}
	ret->len = utf8_encode(code, ret->text);
	return n;
}

static int measure(const struct canvas *c, const char *text, size_t len)
{
	struct sign sign;
	int cols = 0;

	for (size_t i = 0; i < len; cols += sign.width)
		i += next_sign(c, text + i, len - i, &sign);
	return cols;
}

/* Draws cleaned text that is known to be no wider than the world. Returns the columns used. */
static int draw(struct canvas *c, int row, int col, int width, int style, const char *text, size_t len)
{
	bool cut = measure(c, text, len) > width;
	int limit = cut ? width - 1 : width, used = 0;
	struct sign sign;

	if (width <= 0)
		return 0;
	for (size_t i = 0; i < len; used += sign.width) {
		i += next_sign(c, text + i, len - i, &sign);
		if (used + sign.width > limit)
			break;
		if (sign.width == 0 && used > 0)
			canvas_join(c, row, col + used, sign.text, sign.len);
		else if (sign.width > 0)
			canvas_put(c, row, col + used, style, sign.text, sign.len, sign.width);
	}
	if (cut)
		used += canvas_glyph(c, row, col + used, style, GLYPH_ELLIPSIS);
	return used;
}

/* What is left of `width` between `col` and the right edge. */
static int fit(const struct canvas *c, int col, int width)
{
	return canvas_least(width, canvas_cols(c) - col);
}

int canvas_text(struct canvas *c, int row, int col, int width, int style, const char *text)
{
	AUTO(mem_auto_free) char *clean = clean_dup(text, CLEAN_LINE);

	return draw(c, row, col, fit(c, col, width), style, clean, strlen(clean));
}

int canvas_textf(struct canvas *c, int row, int col, int width, int style, const char *fmt, ...)
{
	AUTO(mem_auto_free) char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	return canvas_text(c, row, col, width, style, text);
}

static int text_within(struct canvas *c, int row, int col, int width, int style, const char *text, int parts)
{
	AUTO(mem_auto_free) char *clean = clean_dup(text, CLEAN_LINE);
	int room = fit(c, col, width);
	int spare = canvas_most(0, room - measure(c, clean, strlen(clean)));

	return draw(c, row, col + spare / parts, room - spare / parts, style, clean, strlen(clean));
}

int canvas_text_right(struct canvas *c, int row, int col, int width, int style, const char *text)
{
	return text_within(c, row, col, width, style, text, 1);
}

int canvas_text_center(struct canvas *c, int row, int col, int width, int style, const char *text)
{
	return text_within(c, row, col, width, style, text, 2);
}

/* How many bytes of text go into one row of `width`; *ret_next is where the next row begins. */
static size_t break_row(const struct canvas *c, const char *text, int width, size_t *ret_next)
{
	size_t len = strcspn(text, "\n"), i = 0, word_end = 0;
	struct sign sign;
	int used = 0;

	while (i < len) {
		size_t n = next_sign(c, text + i, len - i, &sign);

		if (used + sign.width > width)
			break;
		if (text[i] == ' ')
			word_end = i;
		used += sign.width;
		i += n;
	}
	if (i == len) {
		*ret_next = len + (text[len] == '\n');
		return len;
	}
	if (text[i] == ' ')
		word_end = i;
	if (word_end == 0) {
		/* One word longer than the row; a row must take something, or it would never end. */
		*ret_next = i ? i : next_sign(c, text, len, &sign);
		return *ret_next;
	}
	*ret_next = word_end + strspn(text + word_end, " ");
	return word_end;
}

int canvas_wrap(struct canvas *c, int row, int col, int rows, int width, int style, const char *text)
{
	AUTO(mem_auto_free) char *clean = clean_dup(text, CLEAN_TEXT);
	const char *at = clean;
	int used = 0;

	width = fit(c, col, width);
	while (*at && used < rows && width > 0) {
		size_t next, len = break_row(c, at, width, &next);

		if (used + 1 == rows && at[next])
			canvas_text(c, row + used, col, width, style, at);
		else
			draw(c, row + used, col, width, style, at, len);
		at += next;
		used++;
	}
	return used;
}

int canvas_wrap_rows(const struct canvas *c, int width, const char *text)
{
	AUTO(mem_auto_free) char *clean = clean_dup(text, CLEAN_TEXT);
	int used = 0;

	for (const char *at = clean; *at && width > 0; used++) {
		size_t next;

		break_row(c, at, width, &next);
		at += next;
	}
	return used;
}

int canvas_width(const struct canvas *c, const char *text)
{
	AUTO(mem_auto_free) char *clean = clean_dup(text, CLEAN_LINE);

	return measure(c, clean, strlen(clean));
}
