/* From what a terminal sends to keys: nothing may act by accident, however slow the link is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/mem.h"
#include "tui/input.h"

static void free_input(struct input **in)
{
	input_free(*in);
}

static void feed(struct input *in, const char *bytes, int64_t now_ms)
{
	input_feed(in, bytes, strlen(bytes), now_ms);
}

/* The events that wait, written as "Up d paste(text) sync1 ". */
static char *events(struct input *in, int64_t now_ms)
{
	struct input_event event;
	char *all = mem_dup("");

	while (input_next(in, now_ms, &event)) {
		char name[INPUT_NAME_SIZE], *more;

		if (event.kind == INPUT_PASTE)
			more = mem_printf("%spaste(%s) ", all, event.text);
		else if (event.kind == INPUT_SYNC)
			more = mem_printf("%ssync%u ", all, (unsigned)event.key);
		else
			more = mem_printf("%s%s ", all, input_key_name(event.key, name));
		free(all);
		all = more;
	}
	return all;
}

static void assert_events(struct input *in, int64_t now_ms, const char *then)
{
	AUTO(mem_auto_free) char *got = events(in, now_ms);

	assert_string_equal(got, then);
}

/* What terminals send, and what it means; NULL is the end. */
static const struct sequence { const char *bytes, *then; } sequences[] = {
	{ "\x1b[A", "Up " }, { "\x1b[B", "Down " }, { "\x1b[C", "Right " }, { "\x1b[D", "Left " },
	{ "\x1bOA", "Up " }, { "\x1bOB", "Down " }, { "\x1bOC", "Right " }, { "\x1bOD", "Left " },
	{ "\x1b[H", "Home " }, { "\x1b[F", "End " }, { "\x1bOH", "Home " }, { "\x1bOF", "End " },
	{ "\x1b[1~", "Home " }, { "\x1b[4~", "End " }, { "\x1b[7~", "Home " }, { "\x1b[8~", "End " },
	{ "\x1b[2~", "Insert " }, { "\x1b[3~", "Delete " }, { "\x1b[5~", "PgUp " }, { "\x1b[6~", "PgDn " },
	{ "\x1b[Z", "Shift-Tab " }, { "\x1bOM", "Enter " },
	{ "\x1bOP", "F1 " }, { "\x1bOQ", "F2 " }, { "\x1bOR", "F3 " }, { "\x1bOS", "F4 " },
	{ "\x1b[11~", "F1 " }, { "\x1b[15~", "F5 " }, { "\x1b[17~", "F6 " }, { "\x1b[21~", "F10 " },
	{ "\x1b[23~", "F11 " }, { "\x1b[24~", "F12 " },
	{ "\x1b[[A", "F1 " }, { "\x1b[[B", "F2 " }, { "\x1b[[E", "F5 " },
	{ "\x9b" "A", "Up " }, { "\x8f" "P", "F1 " },
	/* Modified keys, unknown ones, reports of focus and mouse. */
	{ "\x1b[1;5A", "" }, { "\x1b[1;2R", "" }, { "\x1b[99~", "" }, { "\x1b[1;5D", "" }, { "\x1bO5P", "" },
	{ "\x1b[[Z", "" }, { "\x1b[I", "" }, { "\x1b[O", "" }, { "\x1b[Mbdb", "" }, { "\x1b[<0;12;9M", "" },
	{ "\x1b[<0;12;9m", "" }, { "\x1b[100;5u", "" }, { "\x1b[27;5;100~", "" }, { "\x1b[201~", "" },
	/* Replies: cursor position, attributes, status, mode, colour, title, capability. */
	{ "\x1b[24;80R", "" }, { "\x1b[?64;1;9d", "" }, { "\x1b[?62;4c", "" }, { "\x1b[>41;354;0c", "" }, { "\x1b[0n", "" },
	{ "\x1b[?2026;1$y", "sync1 " }, { "\x1b[?2026;2$y", "sync1 " }, { "\x1b[?2026;3$y", "sync1 " },
	{ "\x1b[?2026;0$y", "sync0 " }, { "\x1b[?2026;4$y", "sync0 " }, { "\x1b[?2004;1$y", "" },
	{ "\x1b]11;rgb:dddd/bbbb/aaaa\x1b\\", "" }, { "\x1b]11;rgb:dddd/bbbb/aaaa\x07", "" },
	{ "\x1b]lbad \xc3\x9c" "d\x1b\\", "" }, { "\x1bP1+r436f=323536\x1b\\", "" }, { "\x1b_Gi=1;OK\x1b\\", "" },
	{ "\x1bP>|XTerm(379)\x1b\\", "" },
	/* Longer than any real one. */
	{ "\x1b[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17;18;19;20A", "" },
	{ NULL, NULL }
};

static void text_and_controls_are_keys(void **state)
{
	AUTO(free_input) struct input *in = input_new();

	(void)state;
	feed(in, "dB?\x03\x0c\x1a\r\n\t\x7f\x08 ~", 0);
	assert_events(in, 0, "d B ? Ctrl-C Ctrl-L Ctrl-Z Enter Enter Tab Backspace Backspace Space ~ ");
	feed(in, "\xc3\xa9\xe6\x97\xa5\xf0\x9f\x9a\x80", 10);
	assert_events(in, 10, "\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x9a\x80 ");
}

static void what_is_no_character_gives_nothing(void **state)
{
	AUTO(free_input) struct input *in = input_new();

	(void)state;
	feed(in, "\xff\xc0\x80\xed\xa0\x80\xe2\x80\xae\xe2\x80\x8b" "a", 0);
	assert_events(in, 0, "a ");
	feed(in, "\xe6\x97", 10);
	feed(in, "x", 20);
	assert_events(in, 20, "x ");
	input_feed(in, "\0", 1, 30);
	assert_events(in, 30, "");
}

static void whole_sequences_are_their_key(void **state)
{
	(void)state;
	for (const struct sequence *s = sequences; s->bytes; s++) {
		AUTO(free_input) struct input *in = input_new();
		AUTO(mem_auto_free) char *then = mem_printf("%sq ", s->then);

		feed(in, s->bytes, 0);
		feed(in, "q", 0);
		assert_events(in, 0, then);
	}
}

/* A slow link may cut off the ESC, which then is the Esc key; whatever follows gives the sequence's key or nothing. */
static void assert_no_leak(const char *bytes, const char *then, const char *got)
{
	AUTO(mem_auto_free) char *with_esc = mem_printf("Esc %s", then);

	if (strcmp(got, then) != 0 && strcmp(got, with_esc) != 0 && strcmp(got, "Esc ") != 0)
		fail_msg("%s gave %s instead of %s", bytes + 1, got, then);
}

static const int64_t delays_ms[] = { 0, 1, 24, 25, 26, 200, INPUT_SWALLOW_MS - 1 };

static void sequence_split_at_any_byte_never_leaks_it(void **state)
{
	(void)state;
	for (const struct sequence *s = sequences; s->bytes; s++)
		for (size_t split = 1; split < strlen(s->bytes); split++)
			for (size_t d = 0; d < ARRAY_LEN(delays_ms); d++) {
				AUTO(free_input) struct input *in = input_new();
				AUTO(mem_auto_free) char *got = NULL;
				int64_t now_ms = delays_ms[d];

				input_feed(in, s->bytes, split, 0);
				feed(in, s->bytes + split, now_ms);
				got = events(in, now_ms);
				assert_no_leak(s->bytes, s->then, got);
				if (now_ms < INPUT_ESC_MS)
					assert_string_equal(got, s->then);
				feed(in, "q", now_ms);
				assert_events(in, now_ms, "q ");
			}
}

static void sequence_that_trickles_in_never_leaks(void **state)
{
	(void)state;
	for (const struct sequence *s = sequences; s->bytes; s++)
		for (size_t d = 0; d < ARRAY_LEN(delays_ms); d++) {
			AUTO(free_input) struct input *in = input_new();
			AUTO(mem_auto_free) char *all = mem_dup("");
			int64_t now_ms = 0;

			for (const char *byte = s->bytes; *byte; byte++, now_ms += delays_ms[d]) {
				AUTO(mem_auto_free) char *before = all, *more = NULL;

				input_feed(in, byte, 1, now_ms);
				more = events(in, now_ms);
				all = mem_printf("%s%s", before, more);
			}
			assert_no_leak(s->bytes, s->then, all);
		}
}

static void sequence_that_breaks_off_is_over_after_a_second(void **state)
{
	(void)state;
	for (const struct sequence *s = sequences; s->bytes; s++)
		for (size_t split = 1; split < strlen(s->bytes); split++) {
			AUTO(free_input) struct input *in = input_new();
			AUTO(mem_auto_free) char *got = NULL;

			input_feed(in, s->bytes, split, 0);
			got = events(in, INPUT_SWALLOW_MS);
			assert_no_leak(s->bytes, "", got);
			feed(in, "q", INPUT_SWALLOW_MS);
			assert_events(in, INPUT_SWALLOW_MS, "q ");
		}
}

static void esc_alone_is_the_key_after_its_time(void **state)
{
	AUTO(free_input) struct input *in = input_new();

	(void)state;
	assert_int_equal(input_wait(in, 0), -1);
	feed(in, "\x1b", 100);
	assert_events(in, 124, "");
	assert_int_equal(input_wait(in, 110), 15);
	assert_events(in, 125, "Esc ");
	assert_int_equal(input_wait(in, 125), -1);
	feed(in, "d", 130);
	assert_events(in, 130, "d ");
	feed(in, "\x1b\x1b\x1b", 200);
	assert_events(in, 225, "Esc Esc Esc ");
}

static void alt_with_a_key_is_swallowed(void **state)
{
	static const char *const rows[] = { "\x1b" "d", "\x1b" "b", "\x1b\r", "\x1b\x03", "\x1b\x7f", "\x1b\xc3\xa9", "\x1b " };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(free_input) struct input *in = input_new();

		feed(in, rows[i], 0);
		assert_events(in, 100, "");
		feed(in, "q", 100);
		assert_events(in, 100, "q ");
	}
}

static void paste_is_one_event_and_never_a_key(void **state)
{
	AUTO(free_input) struct input *in = input_new();

	(void)state;
	feed(in, "\x1b[200~d\rb\r\nprod\x1b[31m\x1b[20\x07\xe2\x80\xae!\x1b[201~", 0);
	assert_events(in, 0, "paste(d\nb\nprod!) ");
	feed(in, "q", INPUT_PASTE_TAIL_MS);
	assert_events(in, INPUT_PASTE_TAIL_MS, "q ");
}

static void paste_split_at_any_byte_is_the_same(void **state)
{
	static const char bytes[] = "\x1b[200~db\x1b[20x\r\x1b[201~";

	(void)state;
	for (size_t split = 1; split < sizeof bytes - 1; split++)
		for (size_t d = 0; d < ARRAY_LEN(delays_ms); d++) {
			AUTO(free_input) struct input *in = input_new();
			AUTO(mem_auto_free) char *got = NULL;

			input_feed(in, bytes, split, 0);
			feed(in, bytes + split, delays_ms[d]);
			got = events(in, delays_ms[d]);
			/* Without its ESC the begin mark is swallowed, and then the text is not known to be a paste. */
			if (split == 1 && delays_ms[d] >= INPUT_ESC_MS)
				assert_string_equal(got, "Esc paste(db\n) ");
			else
				assert_string_equal(got, "paste(db\n) ");
		}
}

static void end_mark_within_a_paste_frees_no_keys(void **state)
{
	AUTO(free_input) struct input *in = input_new();

	(void)state;
	feed(in, "\x1b[200~harmless\x1b[201~d\rb\x1b[201~", 0);
	feed(in, "d", INPUT_PASTE_TAIL_MS - 1);
	assert_events(in, 49, "paste(harmless) ");
	feed(in, "\x1b", 60);
	feed(in, "q", 60 + INPUT_PASTE_TAIL_MS);
	assert_events(in, 60 + INPUT_PASTE_TAIL_MS, "q ");
}

static void paste_without_an_end_ends_in_silence(void **state)
{
	AUTO(free_input) struct input *in = input_new();

	(void)state;
	feed(in, "\x1b[200~lost", 0);
	feed(in, " link", 1900);
	assert_int_equal(input_wait(in, 2000), 1900);
	assert_events(in, 3899, "");
	assert_events(in, 3900, "paste(lost link) ");
	feed(in, "q", 3900);
	assert_events(in, 3900, "q ");
}

static void huge_paste_is_cut_and_many_keys_are_dropped(void **state)
{
	AUTO(free_input) struct input *in = input_new();
	struct input_event event;
	size_t n = 0;

	(void)state;
	feed(in, "\x1b[200~", 0);
	for (int i = 0; i < INPUT_PASTE_MAX / 8 + 1000; i++)
		feed(in, "01234567", 0);
	feed(in, "\x1b[201~", 0);
	assert_true(input_next(in, 0, &event));
	assert_int_equal(event.kind, INPUT_PASTE);
	assert_int_equal(strlen(event.text), INPUT_PASTE_MAX);
	for (int i = 0; i < INPUT_QUEUE_MAX + 100; i++)
		feed(in, "j", 1000);
	while (input_next(in, 1000, &event))
		n++;
	assert_int_equal(n, INPUT_QUEUE_MAX);
}

static void flush_drops_keys_and_what_is_under_way(void **state)
{
	static const char *const begun[] = { "d", "\x1b", "\x1b[", "\x1b[1;", "\x1bO", "\x1b[200~text", "\xc3" };
	static const char *const rest[] = { "", "[A", "A", "5A", "D", "more\x1b[201~", "\xa9" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(begun); i++) {
		AUTO(free_input) struct input *in = input_new();
		AUTO(mem_auto_free) char *got = NULL;

		feed(in, begun[i], 0);
		input_flush(in);
		feed(in, rest[i], 30);
		got = events(in, 30);
		/* The arrow was not yet known to be one when it was flushed. */
		if (strcmp(got, "Up ") != 0 && strcmp(got, "Left ") != 0)
			assert_string_equal(got, "");
		feed(in, "q", 100);
		assert_events(in, 100, "q ");
	}
}

static void random_bytes_never_give_what_no_key_is(void **state)
{
	static const char *const parts[] = {
		"\x1b", "[", "O", "]", "~", "\x1b[200~", "\x1b[201~", "\x07", "\\", "d", "\xc2\x9b", "\x9b", "\xe2\x80", "1;5", "$y", "\r",
	};
	AUTO(free_input) struct input *in = input_new();
	struct input_event event;
	int64_t now_ms = 0;

	(void)state;
	srand(1);
	for (int i = 0; i < 200000; i++) {
		if (rand() % 3)
			feed(in, parts[(size_t)rand() % ARRAY_LEN(parts)], now_ms);
		else
			input_feed(in, &(char){ (char)rand() }, 1, now_ms);
		now_ms += rand() % 8 ? rand() % 30 : rand() % 3000;
		if (rand() % 100 == 0)
			input_flush(in);
		while (input_next(in, now_ms, &event)) {
			if (event.kind == INPUT_PASTE)
				assert_null(strpbrk(event.text, "\x1b\x07\r"));
			if (event.kind == INPUT_KEY)
				assert_true(event.key > 0 && event.key <= INPUT_F12 && (event.key < 0x7f || event.key > 0x9f));
		}
	}
}

static void keys_have_the_names_people_use(void **state)
{
	static const struct { uint32_t key; const char *then; } rows[] = {
		{ 'd', "d" }, { ' ', "Space" }, { INPUT_CTRL('L'), "Ctrl-L" }, { INPUT_CTRL('c'), "Ctrl-C" }, { INPUT_ESC, "Esc" },
		{ INPUT_ENTER, "Enter" }, { INPUT_PGDN, "PgDn" }, { INPUT_DELETE, "Delete" }, { INPUT_F1, "F1" }, { INPUT_F12, "F12" },
		{ 0xe9, "\xc3\xa9" }, { '?', "?" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char name[INPUT_NAME_SIZE];

		assert_string_equal(input_key_name(rows[i].key, name), rows[i].then);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_and_controls_are_keys),
		cmocka_unit_test(what_is_no_character_gives_nothing),
		cmocka_unit_test(whole_sequences_are_their_key),
		cmocka_unit_test(sequence_split_at_any_byte_never_leaks_it),
		cmocka_unit_test(sequence_that_trickles_in_never_leaks),
		cmocka_unit_test(sequence_that_breaks_off_is_over_after_a_second),
		cmocka_unit_test(esc_alone_is_the_key_after_its_time),
		cmocka_unit_test(alt_with_a_key_is_swallowed),
		cmocka_unit_test(paste_is_one_event_and_never_a_key),
		cmocka_unit_test(paste_split_at_any_byte_is_the_same),
		cmocka_unit_test(end_mark_within_a_paste_frees_no_keys),
		cmocka_unit_test(paste_without_an_end_ends_in_silence),
		cmocka_unit_test(huge_paste_is_cut_and_many_keys_are_dropped),
		cmocka_unit_test(flush_drops_keys_and_what_is_under_way),
		cmocka_unit_test(random_bytes_never_give_what_no_key_is),
		cmocka_unit_test(keys_have_the_names_people_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
