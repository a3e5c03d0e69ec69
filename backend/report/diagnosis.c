#include "backend/report/diagnosis.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/mem.h"

void diagnosis_init(struct diagnosis *d)
{
	*d = (struct diagnosis){ .ms = -1 };
	report_text_init(&d->message);
	report_text_init(&d->file);
	report_text_init(&d->line);
	report_text_init(&d->whole);
}

void diagnosis_done(struct diagnosis *d)
{
	report_text_done(&d->message);
	report_text_done(&d->file);
	report_text_done(&d->line);
	report_text_done(&d->whole);
}

void diagnosis_clear(struct diagnosis *d)
{
	report_text_clear(&d->message);
	report_text_clear(&d->file);
	report_text_clear(&d->line);
	d->ms = -1;
	d->in_yaml = false;
	d->section[0] = '\0';
	d->message_is_block = false;
}

static void trim(const char **text, size_t *len)
{
	while (*len > 0 && isspace((unsigned char)**text)) {
		(*text)++;
		(*len)--;
	}
	while (*len > 0 && isspace((unsigned char)(*text)[*len - 1]))
		(*len)--;
}

static bool begins(const char *text, size_t len, const char *with)
{
	return len >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

/* The end of what Test::More says: "at t/total.t line 12." */
static bool take_place(struct diagnosis *d, const char *text, size_t len)
{
	const char *at, *line;
	size_t digits = 0;

	if (begins(text, len, "at "))
		at = text + 3;
	else if ((at = memmem(text, len, " at ", 4)))
		at += 4;
	else
		return false;
	line = memmem(at, len - (size_t)(at - text), " line ", 6);
	if (!line)
		return false;
	while (line + 6 + digits < text + len && isdigit((unsigned char)line[6 + digits]))
		digits++;
	if (digits == 0 || line + 6 + digits + 1 != text + len || text[len - 1] != '.')
		return false;
	report_text_clear(&d->file);
	report_text_clear(&d->line);
	report_text_add(&d->file, at, (size_t)(line - at));
	report_text_add(&d->line, line + 6, digits);
	return true;
}

void diagnosis_comment(struct diagnosis *d, const char *text, size_t len)
{
	/* One blank belongs to the '#'; the rest may align "got" and "expected". */
	if (len > 0 && *text == ' ') {
		text++;
		len--;
	}
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		len--;
	{
		const char *bare = text;
		size_t bare_len = len;

		trim(&bare, &bare_len);
		if (bare_len == 0 || begins(bare, bare_len, "Looks like you "))
			return;
		if (begins(bare, bare_len, "at ") && take_place(d, bare, bare_len))
			return;
		if (begins(bare, bare_len, "Failed test")) {
			take_place(d, bare, bare_len);
			return;                    /* the name is known */
		}
	}
	report_text_add_line(&d->message, text, len);
}

void diagnosis_yaml_begin(struct diagnosis *d, size_t indent)
{
	d->in_yaml = true;
	d->indent = indent;
	d->section[0] = '\0';
	d->message_is_block = false;
}

/* A scalar: plain, 'single' with '' for ', or "double" with the usual escapes. */
static void add_scalar(struct report_text *to, const char *text, size_t len)
{
	static const char escapes[] = "n\nt\tr\r\"\"\\\\//";
	char quote = len >= 2 && (*text == '\'' || *text == '"') && text[len - 1] == *text ? *text : '\0';

	if (!quote) {
		report_text_add(to, text, len);
		return;
	}
	for (size_t i = 1; i < len - 1; i++) {
		char c = text[i];

		if (quote == '\'' && c == '\'' && text[i + 1] == '\'' && i + 1 < len - 1) {
			i++;
		} else if (quote == '"' && c == '\\' && i + 1 < len - 1) {
			c = text[++i];
			for (const char *e = escapes; *e; e += 2)
				if (*e == c) {
					c = e[1];
					break;
				}
		}
		report_text_add(to, &c, 1);
	}
}

static void set_scalar(struct report_text *to, const char *text, size_t len)
{
	report_text_clear(to);
	add_scalar(to, text, len);
}

static void read_ms(struct diagnosis *d, const char *text, size_t len)
{
	AUTO(mem_auto_free) char *copy = mem_dupn(text, len < 32 ? len : 32);
	char *end;
	double ms = strtod(copy, &end);

	if (end != copy && ms >= 0 && ms < 1e15)
		d->ms = (int64_t)ms;
}

static bool key_is(const char *key, size_t len, const char *name)
{
	return len == strlen(name) && memcmp(key, name, len) == 0;
}

/* node-tap and TAP 13: file and line, at the top or below "at:"; node:test: "location: file:12:3". */
static void take_key(struct diagnosis *d, const char *key, size_t key_len, const char *value, size_t len, bool nested)
{
	bool is_message = key_is(key, key_len, "message");

	if (key_is(key, key_len, "file") || key_is(key, key_len, "fileName")) {
		set_scalar(&d->file, value, len);
	} else if (key_is(key, key_len, "line") || key_is(key, key_len, "lineNumber")) {
		set_scalar(&d->line, value, len);
	} else if (nested) {
		return;
	} else if (key_is(key, key_len, "location") || key_is(key, key_len, "at")) {
		if (report_text_is_empty(&d->line))
			set_scalar(&d->file, value, len);
	} else if (key_is(key, key_len, "duration_ms")) {
		read_ms(d, value, len);
	} else if (is_message || (key_is(key, key_len, "error") && report_text_is_empty(&d->message))) {
		if (len > 0 && (*value == '|' || *value == '>'))
			d->message_is_block = true;
		else
			set_scalar(&d->message, value, len);
		if (d->message_is_block) {
			report_text_clear(&d->message);
			d->block_indent = 0;
		}
	}
}

static void take_block_line(struct diagnosis *d, const char *line, size_t len, size_t indent)
{
	if (d->block_indent == 0)
		d->block_indent = indent;
	if (indent > d->block_indent)
		indent = d->block_indent;
	report_text_add_line(&d->message, line + indent, len - indent);
}

static void take_pair(struct diagnosis *d, const char *line, size_t len, size_t indent)
{
	const char *key = line + indent, *colon = memchr(key, ':', len - indent), *value;
	size_t key_len, value_len;

	if (!colon)
		return;
	key_len = (size_t)(colon - key);
	value = colon + 1;
	value_len = len - (size_t)(value - line);
	trim(&value, &value_len);
	if (indent > d->indent) {
		if (strcmp(d->section, "at") == 0)
			take_key(d, key, key_len, value, value_len, true);
		return;
	}
	d->message_is_block = false;
	snprintf(d->section, sizeof d->section, "%.*s", value_len == 0 && key_len < 16 ? (int)key_len : 0, key);
	if (value_len > 0)
		take_key(d, key, key_len, value, value_len, false);
}

bool diagnosis_yaml_line(struct diagnosis *d, const char *line, size_t len, bool *ret_taken)
{
	size_t indent = 0;

	while (indent < len && line[indent] == ' ')
		indent++;
	*ret_taken = true;
	if (indent == len)
		return true;
	if (indent < d->indent) {
		/* No "..." came: the block ends where the indent does. */
		*ret_taken = false;
		d->in_yaml = false;
		return false;
	}
	if (indent == d->indent && key_is(line + indent, len - indent, "...")) {
		d->in_yaml = false;
		return false;
	}
	if (d->message_is_block && indent > d->indent)
		take_block_line(d, line, len, indent);
	else
		take_pair(d, line, len, indent);
	return true;
}

const char *diagnosis_message(struct diagnosis *d)
{
	report_text_clear(&d->whole);
	if (!report_text_is_empty(&d->file)) {
		report_text_add_string(&d->whole, report_text_string(&d->file));
		if (!report_text_is_empty(&d->line)) {
			report_text_add(&d->whole, ":", 1);
			report_text_add_string(&d->whole, report_text_string(&d->line));
		}
		if (!report_text_is_empty(&d->message))
			report_text_add(&d->whole, ": ", 2);
	}
	report_text_add_string(&d->whole, report_text_string(&d->message));
	return report_text_string(&d->whole);
}
