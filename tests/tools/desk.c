#include "tests/tools/desk.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/proto/refusal.h"
#include "tests/tools/scene.h"
#include "tui/canvas.h"
#include "tui/input.h"

enum { BEAT_MS = 10000, KEY_MS = 10 };

static void answer(struct desk *d, const struct effect *effect)
{
	AUTO(json_auto_decref) json_t *answer = NULL;
	struct err err = { 0 };
	struct console_event e = { .kind = EVENT_ANSWER, .request = effect->request, .status = 200 };

	if (strcmp(effect->method, "GET") == 0) {
		json_array_append_new(d->gets, json_string(effect->path));
		answer = scene_get(d->scene, effect->path);
	} else {
		if (d->watch.post)
			d->watch.post(d->watch.arg, d, effect);
		json_array_append_new(d->posts, json_pack("{s:s, s:O?, s:I}", "path", effect->path, "body", effect->body, "at",
		                                          (json_int_t)d->now_ms));
		answer = json_pack("{s:i, s:s}", "id", 900, "actor", "alice");
		if (d->held_by)
			json_object_set_new(answer, "blocked", json_loads(d->held_by, 0, NULL));
	}
	if (d->refusing && strcmp(effect->method, "POST") == 0) {
		err_set(&err, ERR_REFUSED, "%s", d->refusal);
		e.err = &err;
		json_decref(answer);
		refusal_keep(&err, d->blocked);
		answer = json_pack("{s:{s:s, s:s, s:s}}", "error", "kind", "refused", "text", d->refusal, "gate", d->refusing);
	} else if (!answer) {
		err_set(&err, ERR_NOT_FOUND, "there is no %s", effect->path);
		e.err = &err;
	}
	e.answer = answer;
	if (d->mute)
		return;
	if (strcmp(effect->path, "/v1/status") == 0)
		d->told = d->scene;
	desk_event(d, e);
}

static void replace(char **old, const char *text)
{
	free(*old);
	*old = mem_dup(text);
}

static void carry_out(struct desk *d, const struct effect *effect)
{
	switch (effect->kind) {
	case EFFECT_SEND: answer(d, effect); break;
	case EFFECT_QUIT: d->quit = effect->code; break;
	case EFFECT_SUSPEND:
		d->suspends++;
		desk_event(d, (struct console_event){ .kind = EVENT_RESUMED });
		break;
	case EFFECT_COPY:
		replace(&d->copied, effect->text);
		desk_event(d, (struct console_event){ .kind = EVENT_SAVED, .name = "copied" });
		break;
	case EFFECT_SAVE:
		replace(&d->saved_file, effect->file);
		replace(&d->saved, effect->text);
		desk_event(d, (struct console_event){ .kind = EVENT_SAVED, .name = "saved" });
		break;
	case EFFECT_FLUSH: input_flush(d->input); break;
	case EFFECT_REPAINT: break;
	case EFFECT_START: d->starts++; break;
	}
}

static void show(struct desk *d)
{
	if (!d->console->dirty || d->hidden)
		return;
	if (!d->console->urgent && d->now_ms - d->drawn_ms < d->frame_every_ms)
		return;
	d->drawn_ms = d->now_ms;
	canvas_clear(d->canvas);
	console_draw(d->console, d->canvas);
	d->frames++;
	desk_event(d, (struct console_event){ .kind = EVENT_SHOWN });
}

void desk_event(struct desk *d, struct console_event e)
{
	AUTO(effects_done) struct effects effects = { 0 };

	e.now_ms = d->now_ms;
	e.wall_ms = d->wall_ms;
	if (d->watch.event)
		d->watch.event(d->watch.arg, d, &e);
	console_step(d->console, &e, &effects);
	for (size_t i = 0; i < effects.n; i++)
		carry_out(d, &effects.items[i]);
}

struct desk *desk_new_with(const char *scene, const struct console_options *options)
{
	struct desk *d = mem_alloc(sizeof *d);
	struct theme theme = { .depth = THEME_256 };

	setlocale(LC_CTYPE, "C.UTF-8");
	*d = (struct desk){
		.scene = scene, .told = scene, .now_ms = 1000000, .wall_ms = SCENE_WALL_MS, .quit = -1, .posts = json_array(),
		.gets = json_array(), .input = input_new(), .console = console_new(options),
	};
	d->canvas = canvas_new(&theme, options->rows, options->cols);
	show(d);
	return d;
}

struct desk *desk_new(const char *scene, int rows, int cols)
{
	struct console_options options = { .seed = "seed", .rows = rows, .cols = cols };
	struct desk *d = desk_new_with(scene, &options);

	desk_up(d);
	return d;
}

void desk_free(struct desk *d)
{
	if (!d)
		return;
	console_free(d->console);
	canvas_free(d->canvas);
	input_free(d->input);
	json_decref(d->posts);
	json_decref(d->gets);
	free(d->copied);
	free(d->dump);
	free(d->saved);
	free(d->saved_file);
	free(d);
}

void desk_auto_free(struct desk **d)
{
	desk_free(*d);
}

static void take_input(struct desk *d)
{
	struct input_event event;

	while (input_next(d->input, d->now_ms, &event)) {
		desk_event(d, (struct console_event){ .kind = EVENT_INPUT, .input = &event });
		show(d);
	}
}

void desk_watch(struct desk *d, struct desk_watch watch)
{
	d->watch = watch;
}

void desk_feed(struct desk *d, const char *bytes, size_t len)
{
	input_feed(d->input, bytes, len, d->now_ms);
	take_input(d);
}

void desk_type(struct desk *d, const char *bytes)
{
	desk_feed(d, bytes, strlen(bytes));
	if (input_wait(d->input, d->now_ms) > 0) {
		desk_wait(d, input_wait(d->input, d->now_ms));
		take_input(d);
	}
}

void desk_key(struct desk *d, uint32_t key)
{
	struct input_event event = { .kind = INPUT_KEY, .key = key };

	desk_wait(d, KEY_MS);
	desk_event(d, (struct console_event){ .kind = EVENT_INPUT, .input = &event });
	show(d);
}

static uint32_t key_of(char c)
{
	return c == '\r' ? INPUT_ENTER : c == '\x1b' ? INPUT_ESC : c == '\t' ? INPUT_TAB : (uint32_t)(unsigned char)c;
}

void desk_keys(struct desk *d, const char *keys)
{
	for (; *keys; keys++)
		desk_key(d, key_of(*keys));
}

void desk_paste(struct desk *d, const char *text)
{
	struct input_event event = { .kind = INPUT_PASTE, .text = text };

	desk_event(d, (struct console_event){ .kind = EVENT_INPUT, .input = &event });
	show(d);
}

void desk_wait(struct desk *d, int64_t ms)
{
	int64_t end = d->now_ms + ms;

	for (;;) {
		int64_t next = console_next_ms(d->console), step = end - d->now_ms;
		bool beats = !d->silent && d->console->connected;

		if (beats && d->beat_ms - d->now_ms < step)
			step = d->beat_ms - d->now_ms;
		/* It counts from the last event. */
		if (next >= 0)
			next = next + d->console->now_ms > d->now_ms ? next + d->console->now_ms - d->now_ms : 1;
		if (next >= 0 && next < step)
			step = next;
		d->now_ms += step;
		d->wall_ms += step;
		if (beats && d->now_ms >= d->beat_ms) {
			d->beat_ms = d->now_ms + BEAT_MS;
			desk_event(d, (struct console_event){ .kind = EVENT_BEAT });
		}
		if (next >= 0 && next <= step)
			desk_event(d, (struct console_event){ .kind = EVENT_TICK });
		show(d);
		if (d->now_ms >= end)
			return;
	}
}

void desk_down(struct desk *d, const char *why)
{
	struct err err = { 0 };

	err_set(&err, ERR_UNREACHABLE, "%s", why);
	desk_event(d, (struct console_event){ .kind = EVENT_DOWN, .err = &err });
	show(d);
}

void desk_up(struct desk *d)
{
	d->beat_ms = d->now_ms + BEAT_MS;
	desk_event(d, (struct console_event){ .kind = EVENT_UP });
	show(d);
}

void desk_started(struct desk *d, enum err_kind kind, const char *why)
{
	struct err err = { 0 };

	if (kind)
		err_set(&err, kind, "%s", why);
	desk_event(d, (struct console_event){ .kind = EVENT_STARTED, .err = kind ? &err : NULL });
	show(d);
}

void desk_resize(struct desk *d, int rows, int cols)
{
	canvas_resize(d->canvas, rows, cols);
	desk_event(d, (struct console_event){ .kind = EVENT_RESIZE, .rows = rows, .cols = cols });
	show(d);
}

void desk_row(struct desk *d, const char *type)
{
	AUTO(json_auto_decref) json_t *row = json_pack("{s:i, s:s}", "seq", 901, "type", type);

	desk_event(d, (struct console_event){ .kind = EVENT_ROW, .answer = row });
	show(d);
}

void desk_set_scene(struct desk *d, const char *scene)
{
	d->scene = scene;
	desk_row(d, "deployment.started");
}

const char *desk_screen(struct desk *d)
{
	free(d->dump);
	d->dump = canvas_dump(d->canvas);
	return d->dump;
}

char *desk_line(struct desk *d, int row)
{
	return canvas_row_dump(d->canvas, row);
}

bool desk_sees(struct desk *d, const char *text)
{
	AUTO(mem_auto_free) char *dump = canvas_dump(d->canvas);

	return strstr(dump, text) != NULL;
}

const json_t *desk_post(const struct desk *d, size_t i)
{
	return json_array_get(d->posts, i);
}

size_t desk_posts(const struct desk *d)
{
	return json_array_size(d->posts);
}

const json_t *desk_body(const struct desk *d, size_t i)
{
	return json_object_get(desk_post(d, i), "body");
}

const char *desk_path(const struct desk *d, size_t i)
{
	return json_text(desk_post(d, i), "path");
}

void desk_answer_panel(struct desk *d, const char *keys)
{
	desk_wait(d, DESK_DEAF_MS);
	desk_keys(d, keys);
}

bool desk_arm_and_wait(struct desk *d, const char *name_and_enter)
{
	bool asks = desk_sees(d, "Type its name"), counts;

	desk_answer_panel(d, name_and_enter);
	counts = desk_sees(d, "in 3 s");
	desk_wait(d, DESK_COUNTDOWN_MS);
	return asks && counts;
}
