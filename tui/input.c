#include "tui/input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/clean.h"
#include "backend/base/mem.h"
#include "backend/base/utf8.h"

enum state {
	GROUND,
	CHARACTER,      /* in the middle of a UTF-8 character */
	ESC,            /* an ESC came and may be the key or begin a sequence */
	LATE,           /* that ESC was reported as the key; a slow link may still bring the rest of a sequence */
	CSI,            /* after ESC [ */
	CSI_LINUX,      /* after ESC [ [: one more byte */
	SS3,            /* after ESC O */
	STRING,         /* after ESC ] and the like, to BEL or ESC \ */
	STRING_ESC,
	MOUSE,          /* after ESC [ M, a report that an earlier program asked for: three bytes */
	PASTE
};

enum { SEQUENCE_MAX = 32, BEL = 0x07, CAN = 0x18, SUB = 0x1a, ESCAPE = 0x1b, DEL = 0x7f };

static const char paste_end[] = "\x1b[201~";

struct input {
	enum state state;
	int64_t last_ms;                /* when the last byte came */
	char sequence[SEQUENCE_MAX];    /* what came of the character or sequence so far */
	size_t n;
	size_t want;                    /* bytes of the character, or of the mouse report that are left */
	bool too_long;
	bool silent;                    /* the ESC or character under way gives no key */
	bool muted;                     /* keys belong to the tail of a paste */
	bool drop_paste;
	size_t end_seen;                /* bytes of paste_end that the paste ends with so far */
	struct buf paste;
	struct input_event *queue;      /* text of its events is ours */
	size_t head, tail, cap;
	char *taken;                    /* the text lent with the last event */
};

struct input *input_new(void)
{
	struct input *in = mem_alloc(sizeof *in);

	buf_init(&in->paste, INPUT_PASTE_MAX);
	return in;
}

static void clear_queue(struct input *in)
{
	for (; in->head < in->tail; in->head++)
		free((char *)in->queue[in->head].text);
	in->head = in->tail = 0;
}

void input_free(struct input *in)
{
	if (!in)
		return;
	clear_queue(in);
	free(in->queue);
	free(in->taken);
	buf_done(&in->paste);
	free(in);
}

static void add_event(struct input *in, enum input_kind kind, uint32_t key, char *take_text)
{
	if (in->tail - in->head >= INPUT_QUEUE_MAX || (kind == INPUT_KEY && in->muted)) {
		free(take_text);
		return;
	}
	if (in->head == in->tail)
		in->head = in->tail = 0;
	in->queue = mem_grow(in->queue, in->tail, &in->cap, sizeof *in->queue);
	in->queue[in->tail++] = (struct input_event){ .kind = kind, .key = key, .text = take_text };
}

static void add_key(struct input *in, uint32_t key)
{
	add_event(in, INPUT_KEY, key, NULL);
}

static void enter(struct input *in, enum state state)
{
	in->state = state;
	in->n = 0;
	in->too_long = false;
}

static void end_paste(struct input *in, bool by_mark)
{
	char *text;

	enter(in, GROUND);
	in->muted = by_mark;
	if (in->drop_paste)
		return;
	/* Terminals send the newlines of a paste as carriage returns. */
	for (size_t i = 0; i < in->paste.len; i++)
		if (in->paste.data[i] == '\r' && (i + 1 == in->paste.len || in->paste.data[i + 1] != '\n'))
			in->paste.data[i] = '\n';
	text = mem_alloc(in->paste.len + 1);
	clean_bytes(in->paste.data, in->paste.len, CLEAN_TEXT, text);
	add_event(in, INPUT_PASTE, 0, text);
}

static void begin_paste(struct input *in)
{
	enter(in, PASTE);
	buf_clear(&in->paste);
	in->end_seen = 0;
	in->drop_paste = false;
}

static void paste_byte(struct input *in, char byte)
{
	if (byte == paste_end[in->end_seen]) {
		if (++in->end_seen == sizeof paste_end - 1)
			end_paste(in, true);
		return;
	}
	/* No end mark after all: what looked like one is text. More than fits is dropped. */
	(void)!buf_add(&in->paste, paste_end, in->end_seen);
	in->end_seen = byte == paste_end[0];
	if (!in->end_seen)
		(void)!buf_add(&in->paste, &byte, 1);
}

/* What only time decides. Called before a byte is looked at and when nothing comes. */
static void settle(struct input *in, int64_t now_ms)
{
	int64_t quiet_ms = now_ms - in->last_ms;

	if (in->state == ESC && quiet_ms >= INPUT_ESC_MS) {
		if (!in->silent)
			add_key(in, INPUT_ESC);
		enter(in, LATE);
	}
	if (quiet_ms >= INPUT_PASTE_TAIL_MS)
		in->muted = false;
	if (in->state == PASTE) {
		if (quiet_ms >= INPUT_PASTE_MS)
			end_paste(in, false);
	} else if (in->state != GROUND && quiet_ms >= INPUT_SWALLOW_MS) {
		enter(in, GROUND);
	}
}

struct row {
	const char *sequence;
	uint32_t key;
};

static uint32_t look_up(const struct row *rows, size_t n, const char *sequence)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].sequence, sequence) == 0)
			return rows[i].key;
	return 0;
}

static void end_csi(struct input *in, char final)
{
	static const struct row rows[] = {
		{ "A", INPUT_UP }, { "B", INPUT_DOWN }, { "C", INPUT_RIGHT }, { "D", INPUT_LEFT },
		{ "H", INPUT_HOME }, { "F", INPUT_END }, { "Z", INPUT_BACKTAB },
		{ "1~", INPUT_HOME }, { "2~", INPUT_INSERT }, { "3~", INPUT_DELETE }, { "4~", INPUT_END },
		{ "5~", INPUT_PGUP }, { "6~", INPUT_PGDN }, { "7~", INPUT_HOME }, { "8~", INPUT_END },
		{ "P", INPUT_F1 }, { "Q", INPUT_F2 }, { "R", INPUT_F3 }, { "S", INPUT_F4 },
		{ "11~", INPUT_F1 }, { "12~", INPUT_F2 }, { "13~", INPUT_F3 }, { "14~", INPUT_F4 }, { "15~", INPUT_F5 },
		{ "17~", INPUT_F6 }, { "18~", INPUT_F7 }, { "19~", INPUT_F8 }, { "20~", INPUT_F9 }, { "21~", INPUT_F10 },
		{ "23~", INPUT_F11 }, { "24~", INPUT_F12 },
	};
	char sequence[SEQUENCE_MAX + 2];
	bool too_long = in->too_long;
	uint32_t key;

	snprintf(sequence, sizeof sequence, "%.*s%c", (int)in->n, in->sequence, final);
	enter(in, GROUND);
	if (too_long)
		return;
	if (strcmp(sequence, "200~") == 0) {
		begin_paste(in);
		return;
	}
	/* DECRPM: 0 is not known, 4 is for ever off. */
	if (strncmp(sequence, "?2026;", 6) == 0 && strcmp(sequence + 7, "$y") == 0) {
		add_event(in, INPUT_SYNC, sequence[6] >= '1' && sequence[6] <= '3', NULL);
		return;
	}
	key = look_up(rows, ARRAY_LEN(rows), sequence);
	if (key)
		add_key(in, key);
}

static void end_ss3(struct input *in, char final)
{
	static const struct row rows[] = {
		{ "A", INPUT_UP }, { "B", INPUT_DOWN }, { "C", INPUT_RIGHT }, { "D", INPUT_LEFT },
		{ "H", INPUT_HOME }, { "F", INPUT_END }, { "M", INPUT_ENTER },
		{ "P", INPUT_F1 }, { "Q", INPUT_F2 }, { "R", INPUT_F3 }, { "S", INPUT_F4 },
	};
	uint32_t key = in->n ? 0 : look_up(rows, ARRAY_LEN(rows), (char[]){ final, '\0' });

	enter(in, GROUND);
	if (key)
		add_key(in, key);
}

static void end_linux(struct input *in, char final)
{
	enter(in, GROUND);
	if (final >= 'A' && final <= 'E')
		add_key(in, INPUT_F1 + (uint32_t)(final - 'A'));
}

static void keep(struct input *in, char byte)
{
	if (in->n < SEQUENCE_MAX)
		in->sequence[in->n++] = byte;
	else
		in->too_long = true;
}

/* The second byte of a sequence, or what its 8-bit form stands for. False: it opens none. */
static bool open_sequence(struct input *in, unsigned char kind)
{
	switch (kind) {
	case '[':
		enter(in, CSI);
		return true;
	case 'O':
		enter(in, SS3);
		return true;
	case ']': case 'P': case '_': case '^': case 'X':
		enter(in, STRING);
		return true;
	default:
		return false;
	}
}

static void begin_esc(struct input *in)
{
	enter(in, ESC);
	in->silent = false;
}

static void character(struct input *in, const char *text, size_t len, uint32_t code)
{
	char clean[UTF8_SIZE];

	if (in->silent)
		return;
	if (code >= 0x80 && code <= 0x9f)
		open_sequence(in, (unsigned char)(code - 0x40));
	else if (code == '\r' || code == '\n')
		add_key(in, INPUT_ENTER);
	else if (code == '\t')
		add_key(in, INPUT_TAB);
	else if (code == '\b' || code == DEL)
		add_key(in, INPUT_BACKSPACE);
	else if (code > 0 && (code < 0x20 || clean_bytes(text, len, CLEAN_LINE, clean) == len))
		add_key(in, code);
}

/* The first byte of a character; `silent` when it belongs to an Alt. */
static void ground_byte(struct input *in, unsigned char byte, bool silent)
{
	if (byte == ESCAPE) {
		begin_esc(in);
		return;
	}
	in->silent = silent;
	if (byte < 0x80) {
		character(in, (char[]){ (char)byte }, 1, byte);
		return;
	}
	in->want = utf8_length(byte);
	if (in->want > 1) {
		enter(in, CHARACTER);
		keep(in, (char)byte);
	} else if (!silent && byte <= 0x9f) {
		open_sequence(in, (unsigned char)(byte - 0x40));
	}
}

static void character_byte(struct input *in, unsigned char byte)
{
	uint32_t code;

	if ((byte & 0xc0) != 0x80) {
		/* The character broke off; what broke it counts. */
		enter(in, GROUND);
		ground_byte(in, byte, false);
		return;
	}
	keep(in, (char)byte);
	if (in->n < in->want)
		return;
	in->state = GROUND;
	if (utf8_decode(in->sequence, in->n, &code) == in->n)
		character(in, in->sequence, in->n, code);
}

static void esc_byte(struct input *in, unsigned char byte)
{
	if (byte == ESCAPE) {
		if (!in->silent)
			add_key(in, INPUT_ESC);
		begin_esc(in);
	} else if (!open_sequence(in, byte)) {
		enter(in, GROUND);
		ground_byte(in, byte, true);
	}
}

static void late_byte(struct input *in, unsigned char byte)
{
	if (open_sequence(in, byte))
		return;
	enter(in, GROUND);
	ground_byte(in, byte, false);
}

/* In CSI and SS3: ESC begins anew, CAN and SUB end it, the other controls and what is no ASCII are swallowed. */
static bool breaks_off(struct input *in, unsigned char byte)
{
	if (byte == ESCAPE)
		begin_esc(in);
	else if (byte == CAN || byte == SUB)
		enter(in, GROUND);
	else
		return byte < 0x20 || byte >= DEL;
	return true;
}

static void csi_byte(struct input *in, unsigned char byte)
{
	if (breaks_off(in, byte))
		return;
	if (byte < 0x40) {
		keep(in, (char)byte);
	} else if (byte == '[' && in->n == 0) {
		enter(in, CSI_LINUX);
	} else if (byte == 'M' && in->n == 0) {
		enter(in, MOUSE);
		in->want = 3;
	} else {
		end_csi(in, (char)byte);
	}
}

static void ss3_byte(struct input *in, unsigned char byte)
{
	if (breaks_off(in, byte))
		return;
	if (byte < 0x40)
		keep(in, (char)byte);
	else
		end_ss3(in, (char)byte);
}

static void string_byte(struct input *in, unsigned char byte)
{
	/* Not 0x9c, the 8-bit end: it may be part of a UTF-8 character, and the rest of the string would act as keys. */
	if (byte == BEL || byte == CAN || byte == SUB || (in->state == STRING_ESC && byte == '\\'))
		enter(in, GROUND);
	else
		in->state = byte == ESCAPE ? STRING_ESC : STRING;
}

static void take_byte(struct input *in, unsigned char byte)
{
	switch (in->state) {
	case GROUND:
		ground_byte(in, byte, false);
		break;
	case CHARACTER:
		character_byte(in, byte);
		break;
	case ESC:
		esc_byte(in, byte);
		break;
	case LATE:
		late_byte(in, byte);
		break;
	case CSI:
		csi_byte(in, byte);
		break;
	case CSI_LINUX:
		if (!breaks_off(in, byte))
			end_linux(in, (char)byte);
		break;
	case SS3:
		ss3_byte(in, byte);
		break;
	case STRING:
	case STRING_ESC:
		string_byte(in, byte);
		break;
	case MOUSE:
		if (--in->want == 0)
			enter(in, GROUND);
		break;
	case PASTE:
		paste_byte(in, (char)byte);
		break;
	}
}

void input_feed(struct input *in, const char *bytes, size_t len, int64_t now_ms)
{
	if (len == 0)
		return;
	settle(in, now_ms);
	in->last_ms = now_ms;
	for (size_t i = 0; i < len; i++)
		take_byte(in, (unsigned char)bytes[i]);
}

bool input_next(struct input *in, int64_t now_ms, struct input_event *ret)
{
	settle(in, now_ms);
	free(in->taken);
	in->taken = NULL;
	if (in->head == in->tail)
		return false;
	*ret = in->queue[in->head++];
	in->taken = (char *)ret->text;
	return true;
}

int64_t input_wait(const struct input *in, int64_t now_ms)
{
	int64_t limit_ms = in->state == ESC ? INPUT_ESC_MS : in->state == PASTE ? INPUT_PASTE_MS : -1;
	int64_t left_ms = in->last_ms + limit_ms - now_ms;

	if (in->head < in->tail)
		return 0;
	if (limit_ms < 0)
		return -1;
	return left_ms > 0 ? left_ms : 0;
}

void input_flush(struct input *in)
{
	clear_queue(in);
	in->drop_paste = true;
	if (in->state == ESC || in->state == CHARACTER)
		in->silent = true;
}

const char *input_key_name(uint32_t key, char text[static INPUT_NAME_SIZE])
{
	static const char *const names[] = {
		"Esc", "Enter", "Tab", "Shift-Tab", "Backspace", "Up", "Down", "Left", "Right",
		"Home", "End", "PgUp", "PgDn", "Insert", "Delete",
	};

	if (key == ' ')
		snprintf(text, INPUT_NAME_SIZE, "Space");
	else if (key < 0x20)
		snprintf(text, INPUT_NAME_SIZE, "Ctrl-%c", (char)(key + 0x40));
	else if (key >= INPUT_F1 && key <= INPUT_F12)
		snprintf(text, INPUT_NAME_SIZE, "F%u", (unsigned)(key - INPUT_F1 + 1));
	else if (key >= INPUT_ESC && key < INPUT_F1)
		snprintf(text, INPUT_NAME_SIZE, "%s", names[key - INPUT_ESC]);
	else
		utf8_encode(key, text);
	return text;
}
