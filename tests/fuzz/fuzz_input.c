/*
 * Any bytes from a terminal, at any pace: only keys that exist come out, a paste holds no control, and after two quiet
 * seconds the decoder takes the next key as if nothing had been.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tui/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void take_all(struct input *in, int64_t now_ms)
{
	struct input_event event;

	while (input_next(in, now_ms, &event)) {
		if (event.kind == INPUT_KEY)
			must(event.key > 0 && event.key <= INPUT_F12 && (event.key < 0x7f || event.key > 0x9f));
		else if (event.kind == INPUT_PASTE)
			must(!strpbrk(event.text, "\x1b\x07\r\x7f") && strlen(event.text) <= INPUT_PASTE_MAX);
		else
			must(event.key <= 1);
	}
	must(input_wait(in, now_ms) != 0);
}

/* Each part: a byte for the pause before it, a byte for its length, its bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input *in = input_new();
	struct input_event event;
	int64_t now_ms = 0;

	while (size > 2) {
		size_t len = data[1] % 32;

		now_ms += data[0] * (data[0] > 200 ? 10 : 1);
		if (data[0] == 77)
			input_flush(in);
		data += 2;
		size -= 2;
		len = len < size ? len : size;
		input_feed(in, (const char *)data, len, now_ms);
		take_all(in, now_ms);
		data += len;
		size -= len;
	}
	now_ms += INPUT_PASTE_MS;
	take_all(in, now_ms);
	input_feed(in, "q", 1, now_ms);
	must(input_next(in, now_ms, &event) && event.kind == INPUT_KEY && event.key == 'q');
	input_free(in);
	return 0;
}
