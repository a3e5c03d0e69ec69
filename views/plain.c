#include "views/plain.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/buf.h"
#include "backend/base/clock.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/client/client.h"
#include "views/console.h"
#include "views/plain_priv.h"
#include "views/wire.h"

enum { HEARTBEAT_MS = 30000, LINE_MAX_BYTES = 4096, ROWS = 40, COLS = 400 };

void plain_leave(struct plain *p, int code)
{
	p->code = code;
	loop_stop(p->loop);
}

static void greet(struct plain *p)
{
	const struct console *c = p->console;

	if (p->greeted || !c->status.known || (c->app && !c->builds.known))
		return;
	p->greeted = true;
	if (!c->app && c->status.napps > 1)
		plain_ask_app(p);
	else
		plain_ask_action(p);
	if (p->ended)
		plain_leave(p, 0);
}

static void count_aloud(struct plain *p)
{
	const struct console *c = p->console;
	AUTO(mem_auto_free) char *sentence = NULL;
	int left = safety_seconds_left(&c->safety, c->now_ms);

	if (!safety_is_counting(&c->safety) || left == p->counted)
		return;
	p->counted = left;
	sentence = intent_sentence(&c->safety.pending, "to");
	plain_say_line(&p->say, c, "%s in %d s; Enter cancels", sentence, left);
	if (!c->safety.seen)
		plain_step(p, (struct console_event){ .kind = EVENT_SHOWN });
}

static void set_clocks(struct plain *p)
{
	int64_t next = console_next_ms(p->console);

	if (next >= 0)
		loop_timer_set(p->tick_timer, next);
	else
		loop_timer_stop(p->tick_timer);
}

void plain_step(struct plain *p, struct console_event e)
{
	AUTO(effects_done) struct effects effects = { 0 };
	bool was_counting = safety_is_counting(&p->console->safety);

	e.now_ms = clock_mono_ms();
	e.wall_ms = clock_wall_ms();
	console_step(p->console, &e, &effects);
	for (size_t i = 0; i < effects.n; i++)
		if (effects.items[i].kind == EFFECT_SEND)
			wire_send(p->wire, &effects.items[i]);
	count_aloud(p);
	plain_say_changes(&p->say, p->console);
	if (was_counting && !safety_is_counting(&p->console->safety) && e.kind != EVENT_INPUT)
		plain_ask_action(p);
	greet(p);
	set_clocks(p);
}

static void engine_said(void *arg, const struct console_event *event)
{
	plain_step(arg, *event);
}

static void tick_due(void *arg)
{
	plain_step(arg, (struct console_event){ .kind = EVENT_TICK });
}

static void heart_due(void *arg)
{
	struct plain *p = arg;
	int64_t since = clock_mono_ms() - p->say.at_ms;

	if (since >= HEARTBEAT_MS) {
		plain_say_heartbeat(&p->say, p->console);
		since = 0;
	}
	loop_timer_set(p->heart_timer, HEARTBEAT_MS - since);
}

static void end_of_input(struct plain *p)
{
	loop_io_set(p->io, 0);
	p->ended = true;
	if (p->greeted)
		plain_leave(p, 0);
}

static void input_ready(int fd, int events, void *arg)
{
	struct plain *p = arg;
	char bytes[512], *newline;
	ssize_t n = read(fd, bytes, sizeof bytes);

	(void)events;
	if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) {
		end_of_input(p);
		return;
	}
	if (n < 0)
		return;
	/* A line beyond all sense is no line. */
	if (!buf_add(&p->typed, bytes, (size_t)n))
		buf_clear(&p->typed);
	while ((newline = memchr(p->typed.data, '\n', p->typed.len))) {
		AUTO(mem_auto_free) char *line = mem_dupn(p->typed.data, (size_t)(newline - p->typed.data));

		buf_drop(&p->typed, strlen(line) + 1);
		line[strcspn(line, "\r")] = '\0';
		/* Before there is a question there is nothing to answer. */
		if (p->greeted)
			plain_take_line(p, line);
	}
}

static void interrupted(void *arg)
{
	plain_leave(arg, 128 + SIGINT);
}

static void terminated(void *arg)
{
	plain_leave(arg, 128 + SIGTERM);
}

static void hung_up(void *arg)
{
	plain_leave(arg, 128 + SIGHUP);
}

int plain_run(const struct plain_options *options)
{
	AUTO(mem_auto_free) char *seed = client_new_key();
	struct console_options wanted = {
		.app = options->app, .seed = seed, .read_only = options->read_only, .rows = ROWS, .cols = COLS,
	};
	struct plain p = { .loop = loop_new_for_files(), .console = console_new(&wanted), .say.out = stdout };
	struct loop_signal *signals[3];

	signal(SIGPIPE, SIG_IGN);
	buf_init(&p.typed, LINE_MAX_BYTES);
	p.tick_timer = loop_timer_new(p.loop, tick_due, &p);
	p.heart_timer = loop_timer_new(p.loop, heart_due, &p);
	p.io = loop_io_new(p.loop, STDIN_FILENO, LOOP_READ, input_ready, &p);
	signals[0] = loop_signal_new(p.loop, SIGINT, interrupted, &p);
	signals[1] = loop_signal_new(p.loop, SIGTERM, terminated, &p);
	signals[2] = loop_signal_new(p.loop, SIGHUP, hung_up, &p);
	p.wire = wire_new(p.loop, options->socket, engine_said, &p);
	p.say.at_ms = clock_mono_ms();
	loop_timer_set(p.heart_timer, HEARTBEAT_MS);
	loop_run(p.loop);
	wire_free(p.wire);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		loop_signal_free(signals[i]);
	loop_io_free(p.io);
	loop_timer_free(p.heart_timer);
	loop_timer_free(p.tick_timer);
	console_free(p.console);
	plain_say_done(&p.say);
	buf_done(&p.typed);
	loop_free(p.loop);
	return p.code;
}
