#include "backend/report/tap_line.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct tap_slice trim(struct tap_slice s)
{
	while (s.len > 0 && is_blank(*s.at)) {
		s.at++;
		s.len--;
	}
	while (s.len > 0 && is_blank(s.at[s.len - 1]))
		s.len--;
	return s;
}

static struct tap_slice after(struct tap_slice s, size_t n)
{
	return (struct tap_slice){ .at = s.at + n, .len = s.len - n };
}

/* Takes `word` off the front, whatever its case. */
static bool take(struct tap_slice *s, const char *word)
{
	size_t n = strlen(word);

	if (s->len < n || strncasecmp(s->at, word, n) != 0)
		return false;
	*s = after(*s, n);
	return true;
}

/* At most nine digits: a number that large is no count of tests. */
static bool take_number(struct tap_slice *s, int *ret)
{
	int n = 0;
	size_t i = 0;

	for (; i < s->len && isdigit((unsigned char)s->at[i]); i++) {
		if (i == 9)
			return false;
		n = n * 10 + (s->at[i] - '0');
	}
	if (i == 0)
		return false;
	*s = after(*s, i);
	*ret = n;
	return true;
}

static bool ends_word(struct tap_slice s)
{
	return s.len == 0 || is_blank(*s.at);
}

/* "time=12.3ms", as node-tap writes it. */
static int64_t read_time(struct tap_slice s)
{
	int64_t ms = 0;
	size_t i = 0;

	if (!take(&s, "time="))
		return -1;
	for (; i < s.len && i < 15 && isdigit((unsigned char)s.at[i]); i++)
		ms = ms * 10 + (s.at[i] - '0');
	return i > 0 ? ms : -1;
}

/* Reads what follows a '#'. false: it is no directive but a part of the description. */
static bool read_directive(struct tap_slice s, struct tap_line *line)
{
	s = trim(s);
	if (read_time(s) >= 0) {
		line->ms = read_time(s);
		return true;
	}
	if (take(&s, "todo") && (s.len == 0 || !isalnum((unsigned char)*s.at))) {
		line->directive = TAP_TODO;
	} else if (take(&s, "skip")) {
		while (!ends_word(s))          /* "skipped", "skip:" */
			s = after(s, 1);
		line->directive = TAP_SKIP;
	} else {
		return false;
	}
	if (s.len > 0 && *s.at == ':')
		s = after(s, 1);
	line->reason = trim(s);
	return true;
}

/* Divides what follows "ok 12" into description and directive, at the first '#' that is not escaped and begins one. */
static void read_description(struct tap_slice s, struct tap_line *line)
{
	s = trim(s);
	if (s.len > 0 && *s.at == '-' && (s.len == 1 || is_blank(s.at[1])))
		s = trim(after(s, 1));
	line->text = s;
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == '\\')
			i++;
		else if (s.at[i] == '#' && read_directive(after(s, i + 1), line)) {
			line->text = trim((struct tap_slice){ .at = s.at, .len = i });
			return;
		}
	}
}

static bool read_point(struct tap_slice s, struct tap_line *line)
{
	struct tap_slice numbered;
	bool not_ok = s.len > 4 && memcmp(s.at, "not ", 4) == 0;

	if (not_ok)
		s = after(s, 4);
	if (s.len < 2 || memcmp(s.at, "ok", 2) != 0 || !ends_word(after(s, 2)))
		return false;
	s = trim(after(s, 2));
	line->kind = TAP_POINT;
	line->ok = !not_ok;
	numbered = s;
	if (take_number(&numbered, &line->number) && ends_word(numbered))
		s = numbered;
	else
		line->number = -1;
	read_description(s, line);
	return true;
}

static bool read_plan(struct tap_slice s, struct tap_line *line)
{
	int n;

	if (!take(&s, "1..") || !take_number(&s, &n))
		return false;
	s = trim(s);
	if (s.len > 0 && *s.at != '#')
		return false;
	if (s.len > 0)
		read_directive(after(s, 1), line);
	line->kind = TAP_PLAN;
	line->number = n;
	return true;
}

static void read_comment(struct tap_slice s, struct tap_line *line)
{
	struct tap_slice name = trim(s);

	line->kind = TAP_COMMENT;
	line->text = s;
	if (!take(&name, "subtest:"))
		return;
	line->kind = TAP_SUBTEST;
	line->text = trim(name);
}

struct tap_line tap_line_read(const char *line, size_t len)
{
	struct tap_line read = { .kind = TAP_NOISE, .number = -1, .ms = -1 };
	struct tap_slice s = { .at = line, .len = len };

	while (s.len > 0 && *s.at == ' ')
		s = after(s, 1);
	read.indent = len - s.len;
	if (s.len == 0 || read_point(s, &read) || read_plan(s, &read))
		return read;
	if (*s.at == '#') {
		read_comment(after(s, 1), &read);
	} else if (take(&s, "bail out!")) {
		read.kind = TAP_BAIL;
		read.text = trim(s);
	} else if (take(&s, "tap version ")) {
		read.kind = TAP_VERSION;
	}
	return read;
}
