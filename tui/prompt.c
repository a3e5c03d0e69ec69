#include "tui/prompt.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/clean.h"
#include "backend/base/mem.h"
#include "backend/base/utf8.h"
#include "tui/canvas.h"
#include "tui/input.h"
#include "tui/theme.h"

struct prompt {
	enum prompt_kind kind;
	char *label;
	struct prompt_guard guard;
	prompt_complete_fn complete;
	void *complete_arg;
	char text[PROMPT_MAX + 1];
	size_t len;
	size_t cursor;          /* a byte of text where a character begins, or its end */
	bool paste_refused;
};

void prompt_guard_open(struct prompt_guard *guard, struct input *in, int64_t now_ms)
{
	if (in)
		input_flush(in);
	guard->opened_ms = now_ms;
}

bool prompt_guard_deaf(const struct prompt_guard *guard, int64_t now_ms)
{
	return now_ms - guard->opened_ms < PROMPT_DEAF_MS;
}

struct prompt *prompt_new(enum prompt_kind kind, const char *label, struct input *in, int64_t now_ms)
{
	struct prompt *p = mem_alloc(sizeof *p);

	p->kind = kind;
	p->label = mem_dup(label);
	prompt_guard_open(&p->guard, kind == PROMPT_NAME ? in : NULL, now_ms);
	return p;
}

void prompt_free(struct prompt *p)
{
	if (!p)
		return;
	free(p->label);
	free(p);
}

void prompt_complete_with(struct prompt *p, prompt_complete_fn fn, void *arg)
{
	p->complete = fn;
	p->complete_arg = arg;
}

const char *prompt_text(const struct prompt *p)
{
	return p->text;
}

bool prompt_paste_refused(const struct prompt *p)
{
	return p->paste_refused;
}

static bool is_inside(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

static size_t before(const struct prompt *p, size_t at)
{
	while (at > 0 && is_inside(p->text[--at]))
		continue;
	return at;
}

static size_t after(const struct prompt *p, size_t at)
{
	if (at < p->len)
		at++;
	while (at < p->len && is_inside(p->text[at]))
		at++;
	return at;
}

/* What does not fit is left out, whole characters only. */
static void insert(struct prompt *p, const char *text, size_t len)
{
	size_t room = PROMPT_MAX - p->len;

	if (len > room) {
		len = room;
		while (len > 0 && is_inside(text[len]))
			len--;
	}
	memmove(p->text + p->cursor + len, p->text + p->cursor, p->len - p->cursor + 1);
	memcpy(p->text + p->cursor, text, len);
	p->len += len;
	p->cursor += len;
}

static void erase(struct prompt *p, size_t from, size_t to)
{
	memmove(p->text + from, p->text + to, p->len - to + 1);
	p->len -= to - from;
	p->cursor = from;
}

void prompt_set(struct prompt *p, const char *text)
{
	AUTO(mem_auto_free) char *clean = clean_dup(text, CLEAN_LINE);

	erase(p, 0, p->len);
	insert(p, clean, strlen(clean));
}

static void complete(struct prompt *p)
{
	const char *first = p->complete ? p->complete(p->complete_arg, p->text, 0) : NULL;
	AUTO(mem_auto_free) char *agreed = mem_dup(first);
	size_t n = 1;

	if (!first || p->cursor != p->len)
		return;
	for (const char *next; (next = p->complete(p->complete_arg, p->text, n)); n++) {
		size_t same = 0;

		while (agreed[same] && agreed[same] == next[same])
			same++;
		while (same > 0 && is_inside(agreed[same]))
			same--;
		agreed[same] = '\0';
	}
	if (strlen(agreed) >= p->len)
		prompt_set(p, agreed);
	if (n == 1)
		insert(p, " ", 1);
}

static size_t word_begin(const struct prompt *p)
{
	size_t at = p->cursor;

	while (at > 0 && p->text[at - 1] == ' ')
		at--;
	while (at > 0 && p->text[at - 1] != ' ')
		at--;
	return at;
}

static void type(struct prompt *p, uint32_t key)
{
	char text[UTF8_SIZE];

	if (key >= 0x20 && key < INPUT_ESC)
		insert(p, text, utf8_encode(key, text));
}

static void edit(struct prompt *p, uint32_t key)
{
	switch (key) {
	case INPUT_LEFT:
		p->cursor = before(p, p->cursor);
		break;
	case INPUT_RIGHT:
		p->cursor = after(p, p->cursor);
		break;
	case INPUT_HOME: case INPUT_CTRL('A'):
		p->cursor = 0;
		break;
	case INPUT_END: case INPUT_CTRL('E'):
		p->cursor = p->len;
		break;
	case INPUT_BACKSPACE:
		erase(p, before(p, p->cursor), p->cursor);
		break;
	case INPUT_DELETE:
		erase(p, p->cursor, after(p, p->cursor));
		break;
	case INPUT_CTRL('U'):
		erase(p, 0, p->cursor);
		break;
	case INPUT_CTRL('K'):
		erase(p, p->cursor, p->len);
		break;
	case INPUT_CTRL('W'):
		erase(p, word_begin(p), p->cursor);
		break;
	case INPUT_TAB:
		complete(p);
		break;
	default:
		type(p, key);
		break;
	}
}

static void paste(struct prompt *p, const char *text)
{
	AUTO(mem_auto_free) char *line = clean_dup(text, CLEAN_LINE);

	insert(p, line, strlen(line));
}

enum prompt_result prompt_take(struct prompt *p, const struct input_event *event, int64_t now_ms)
{
	p->paste_refused = false;
	if (p->kind == PROMPT_NAME && prompt_guard_deaf(&p->guard, now_ms))
		return PROMPT_EDITING;
	if (event->kind == INPUT_PASTE) {
		p->paste_refused = p->kind == PROMPT_NAME;
		if (!p->paste_refused)
			paste(p, event->text);
	}
	if (event->kind != INPUT_KEY)
		return PROMPT_EDITING;
	if (event->key == INPUT_ENTER)
		return PROMPT_DONE;
	if (event->key == INPUT_ESC || event->key == INPUT_CTRL('C'))
		return PROMPT_CANCELLED;
	if (event->key == INPUT_BACKSPACE && p->len == 0 && p->kind == PROMPT_LINE)
		return PROMPT_CANCELLED;
	edit(p, event->key);
	return PROMPT_EDITING;
}

void prompt_draw(const struct prompt *p, struct canvas *c, int row, int col, int width)
{
	int label = canvas_text(c, row, col, width, STYLE_STRONG, p->label);
	AUTO(mem_auto_free) char *left = mem_dupn(p->text, p->cursor);
	size_t from = 0;
	int used;

	col += label;
	width -= label;
	while (left[from] && canvas_width(c, left + from) >= width)
		from = after(p, from);
	used = canvas_width(c, left + from);
	canvas_text(c, row, col, width, STYLE_INPUT, p->text + from);
	canvas_cursor(c, row, col + used);
}
