#include "tests/tools/monkey.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "tests/tools/desk.h"
#include "tests/tools/monkey_judge.h"
#include "tui/input.h"

struct reader { const uint8_t *at, *end; };

static unsigned next(struct reader *r)
{
	return r->at < r->end ? *r->at++ : 0;
}

static void press_one(struct desk *d, struct reader *r)
{
	/* The keys that act, and all that is near them. */
	static const uint32_t keys[] = {
		'd', 'd', 'd', 'b', 'b', 'x', 'a', 'a', 'j', 'k', 'g', 'G', 'l', 't', 'H', 'e', '?', 's', 'f', 'w', 'n', 'N', 'q',
		'y', 'S', 'Z', 'D', 'R', 'p', 'p', 'r', 'o', 'u', 'v', 'v', 'w', 'h', 'f', ':', '/', ' ', '0', INPUT_ENTER, INPUT_ENTER, INPUT_ESC, INPUT_TAB,
		INPUT_BACKSPACE, INPUT_UP, INPUT_DOWN, INPUT_LEFT, INPUT_RIGHT, INPUT_F1, INPUT_F3, INPUT_PGDN, INPUT_DELETE,
		INPUT_HOME, INPUT_CTRL('C'), INPUT_CTRL('L'), INPUT_CTRL('U'), INPUT_CTRL('W'), INPUT_CTRL('Z'),
	};

	desk_key(d, keys[next(r) % ARRAY_LEN(keys)]);
}

/* What a person means to do, whole, so that the interesting places are reached at all. */
static void do_phrase(struct desk *d, struct reader *r)
{
	static const char *const phrases[] = {
		"prod\r", "dev\r", "preprod\r", "prod", "\x1b", "\x1b\x1b\x1b", "Gd", "gd", "gb", "ga", ":deploy 2.13.6 prod\r",
		":deploy 2.13.6 dev\r", ":env dev\r", ":env prod\r", ":deploy\r", ":rollback\r", "/2.13\r", "\tjj\t", "Z", "l", "H\r",
		"gf", "Gf", "v", "vj", "vG", "because\r", "2026-12-01 18:00\r", ":feature dev checkout off\r",
		":feature prod checkout off why\r", ":feature preprod checkout on\r", ":lock dev x\r", ":lock prod\r", ":unlock prod\r",
		":resume dev\r", ":approve 822 x\r", ":reject 820 x\r", ":move 821 2026-12-01 18:00\r",
		":deploy 2.13.6 dev at 2026-12-01 18:00 Europe/Paris\r", ":at -10m\r", ":at now\r", ":at now\r", ":at now\r",
	};

	desk_keys(d, phrases[next(r) % ARRAY_LEN(phrases)]);
}

/* All that it takes to act, at the right pace. */
static void mean_it(struct desk *d, struct reader *r)
{
	static const char *const ways[] = {
		"gd", "gb", "ga", "d", "b", "x", "Gd", "gjd", ":deploy 2.13.6 prod\r", "gfp", "Gfp", "gfjp", "p", "vjo", "vjr", "vr",
		"vGu", "vGx", "o", "gu", "Gu", "Gb", "gb", ":lock prod\r", ":lock prod x\r", ":unlock prod\r", ":resume prod why\r",
		":deploy 2.13.6 prod at 2026-12-01 18:00\r", "vjjo",
	};
	static const char *const names[] = { "prod\r", "prod\r", "prod\r", "dev\r", "preprod\r" };
	/* What a panel may ask before the name: why, when, which of two. */
	static const char *const answers[] = { "because\r", "2026-12-01 18:00\r", "\r", "b", "p" };

	/* From the screen that the keys are meant for. */
	if (next(r) % 2)
		desk_keys(d, "\x1b\x1b\x1b\x1b");
	desk_keys(d, ways[next(r) % ARRAY_LEN(ways)]);
	desk_wait(d, 390 + next(r) % 64);
	if (next(r) % 2) {
		desk_keys(d, answers[next(r) % ARRAY_LEN(answers)]);
		desk_wait(d, 390 + next(r) % 64);
	}
	desk_keys(d, names[next(r) % ARRAY_LEN(names)]);
	desk_wait(d, 2900 + 2 * (next(r) % 128));
}

static void let_pass(struct desk *d, struct reader *r)
{
	static const int64_t times[] = { 1, 50, 399, 401, 450, 999, 2990, 3001, 3100, 5500, 14000, 16000, 59000, 61000, 301000 };

	desk_wait(d, times[next(r) % ARRAY_LEN(times)]);
}

/* A sequence as a terminal sends it, cut at any byte, with any pause in the cut. */
static void send_split(struct desk *d, struct reader *r)
{
	static const char *const sequences[] = {
		"\x1b[A", "\x1b[D", "\x1bOD", "\x1bOR", "\x1b[3~", "\x1b[1;5D", "\x1b[200~dprod\rb\x1b[201~", "\x1b[12;40R",
		"\x1b]11;rgb:dddd/bbbb/dddd\x1b\\", "\x1bPdb\x1b\\", "\x1b_d\x1b\\", "\x1b[?2026;2$y", "\x1b[200~prod\r", "\x1b[b",
		"\x1b[M dbx", "\xe2\x82\xac", ("\x1b" "d"), "\x1b\x1b[D",
	};
	static const int64_t pauses[] = { 0, 1, 24, 26, 100, 900 };
	const char *sequence = sequences[next(r) % ARRAY_LEN(sequences)];
	size_t len = strlen(sequence), cut = next(r) % (len + 1);

	desk_feed(d, sequence, cut);
	desk_wait(d, pauses[next(r) % ARRAY_LEN(pauses)]);
	desk_feed(d, sequence + cut, len - cut);
	desk_wait(d, 30);
	desk_feed(d, "", 0);
}

static void paste(struct desk *d, struct reader *r)
{
	static const char *const texts[] = { "d", "prod\n", "prod", "\rprod\r", "b\nx\n", "dev\n", "deploy 2.13.6 dev\n" };

	desk_paste(d, texts[next(r) % ARRAY_LEN(texts)]);
}

static void resize(struct desk *d, struct reader *r)
{
	static const struct { int rows, cols; } sizes[] = {
		{ 24, 80 }, { 24, 80 }, { 15, 60 }, { 14, 60 }, { 15, 59 }, { 50, 200 }, { 1, 1 }, { 30, 100 },
	};
	unsigned i = next(r) % ARRAY_LEN(sizes);

	desk_resize(d, sizes[i].rows, sizes[i].cols);
}

static void change_data(struct desk *d, struct reader *r)
{
	static const char *const scenes[] = {
		"shop", "failed", "rollback", "moved", "long", "switched-back", "countdown", "hostile", "fleet",
		"policy", "policy", "policy-later", "policy-fleet",
	};

	desk_set_scene(d, scenes[next(r) % ARRAY_LEN(scenes)]);
}

static void change_link(struct desk *d, struct reader *r)
{
	static const char *const gates[] = { NULL, "quarantine", "window", "promotion" };

	switch (next(r) % 7) {
	case 0: desk_down(d, "gone"); break;
	case 1: desk_down(d, "gone"); desk_up(d); break;
	case 2: desk_up(d); break;
	case 3: d->silent = !d->silent; break;
	case 4: d->mute = !d->mute; break;
	case 5: d->hidden = !d->hidden; break;
	case 6:
		d->refusing = gates[next(r) % ARRAY_LEN(gates)];
		d->refusal = "a gate says no";
		break;
	}
}

/* Keys that change nothing, long enough for what was armed to run out all the same. */
static void stay_busy(struct desk *d, struct reader *r)
{
	for (unsigned i = next(r) % 14; i > 0; i--) {
		desk_wait(d, 30000);
		desk_key(d, INPUT_CTRL('L'));
	}
}

static void be_suspended(struct desk *d, struct reader *r)
{
	d->now_ms += (int64_t)next(r) * 100;
	desk_event(d, (struct console_event){ .kind = EVENT_RESUMED });
}

static void do_one(struct desk *d, struct reader *r)
{
	unsigned what = next(r);

	/* Mostly a person who wants something; the world is against him now and then. */
	if (what < 80)
		press_one(d, r);
	else if (what < 110)
		mean_it(d, r);
	else if (what < 150)
		do_phrase(d, r);
	else if (what < 200)
		let_pass(d, r);
	else if (what < 212)
		send_split(d, r);
	else if (what < 220)
		paste(d, r);
	else if (what < 228)
		resize(d, r);
	else if (what < 240)
		change_data(d, r);
	else if (what < 249)
		change_link(d, r);
	else if (what < 253)
		stay_busy(d, r);
	else
		be_suspended(d, r);
}

struct monkey_result monkey_run(const uint8_t *script, size_t len)
{
	struct reader r = { script, script + len };
	unsigned first = next(&r);
	struct console_options options = { .seed = "s", .rows = 24, .cols = 80, .read_only = first % 16 == 0 };
	struct desk *d = desk_new_with(first % 3 ? "policy" : "shop", &options);
	struct judge judge;
	struct monkey_result result;

	d->frame_every_ms = 5000;
	judge_init(&judge, options.read_only);
	desk_watch(d, (struct desk_watch){ judge_event, judge_post, &judge });
	desk_up(d);
	while (r.at < r.end && d->quit < 0 && !*judge.result.broken)
		do_one(d, &r);
	result = judge.result;
	judge_done(&judge);
	desk_free(d);
	return result;
}
