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
#include "tui/input.h"
#include "tui/list.h"
#include "views/console.h"
#include "views/home.h"
#include "views/plain_say.h"
#include "views/select.h"
#include "views/state.h"
#include "views/wire.h"

enum { HEARTBEAT_MS = 30000, LINE_MAX_BYTES = 4096, BUILDS_OFFERED = 9, ROWS = 40, COLS = 400 };

/* What the next number means. */
enum asked { ASKED_APP, ASKED_ACTION, ASKED_ENVIRONMENT, ASKED_BUILD, ASKED_CORE /* the core's own panel */ };

struct plain {
	struct loop *loop;
	struct console *console;
	struct wire *wire;
	struct plain_say say;
	struct loop_io *io;
	struct loop_timer *tick_timer, *heart_timer;
	struct buf typed;
	enum asked asked;
	enum intent_kind kind;       /* chosen, waits for its environment and build */
	bool greeted;
	bool ended;                  /* no more input comes */
	int counted;                 /* seconds of the countdown that were said last */
	int code;
};

static void step(struct plain *p, struct console_event e);

static void leave(struct plain *p, int code)
{
	p->code = code;
	loop_stop(p->loop);
}

/* A question stands at the end, without a time, where the answer is typed. */
static void ask(struct plain *p, enum asked asked, const char *question)
{
	p->asked = asked;
	if (p->ended)
		return;
	printf("%s\n> ", question);
	fflush(stdout);
}

static void ask_action(struct plain *p)
{
	ask(p, ASKED_ACTION, p->console->safety.read_only
	    ? "1 status, 2 builds, 0 quit (read-only)"
	    : "1 status, 2 builds, 3 deploy, 4 roll back, 5 stop, 0 quit");
}

static void ask_app(struct plain *p)
{
	for (size_t i = 0; i < p->console->status.napps; i++)
		printf("%zu %s\n", i + 1, p->console->status.apps[i].name);
	ask(p, ASKED_APP, "Which application? Its number:");
}

static void ask_environment(struct plain *p)
{
	const struct model_app *app = select_app(p->console);

	for (size_t i = 0; app && i < app->nenvironments; i++) {
		const struct model_environment *e = select_environment_at(app, (int64_t)i);

		printf("%zu %s%s, live %s\n", i + 1, e->name, e->is_protected ? " (protected)" : "",
		       *e->live_version ? e->live_version : "nothing");
	}
	ask(p, ASKED_ENVIRONMENT, "Which environment? Its number, or Enter for none:");
}

static void list_builds(const struct plain *p)
{
	for (size_t i = 0; i < p->console->builds.n && i < BUILDS_OFFERED; i++) {
		const struct model_build *b = &p->console->builds.items[i];
		struct state s;

		state_of_tests(&b->tests, &s);
		printf("%zu %s, tests %s %s, %s: %s\n", i + 1, b->version, s.word, s.more, b->author, b->message);
	}
	if (p->console->builds.n == 0)
		puts("There are no builds yet.");
}

/* What the core came up with after a key: its panel, its countdown, or nothing more to ask. */
static void ask_for_core(struct plain *p)
{
	const struct console *c = p->console;
	AUTO(mem_auto_free) char *sentence = NULL;

	if (c->panel.kind == PANEL_ACT) {
		sentence = intent_sentence(&c->panel.intent, "to");
		printf("%s: %s.\n", intent_verb(c->panel.intent.kind), sentence);
		ask(p, ASKED_CORE, "Type the environment's name to go on, Enter alone to cancel:");
		step(p, (struct console_event){ .kind = EVENT_SHOWN });
	} else if (c->panel.kind == PANEL_COUNT) {
		p->asked = ASKED_CORE;
		p->counted = 0;
	} else {
		ask_action(p);
	}
}

static void press(struct plain *p, uint32_t key)
{
	struct input_event event = { .kind = INPUT_KEY, .key = key };

	step(p, (struct console_event){ .kind = EVENT_INPUT, .input = &event });
}

/* The choice was spelled out line by line: what it offers now is what the person has seen. */
static void act(struct plain *p)
{
	static const char keys[INTENT_KIND_COUNT] = { [INTENT_DEPLOY] = 'd', [INTENT_ROLLBACK] = 'b', [INTENT_STOP] = 'x' };

	step(p, (struct console_event){ .kind = EVENT_SHOWN });
	press(p, (uint32_t)keys[p->kind]);
	ask_for_core(p);
}

static void choose_app(struct plain *p, long number)
{
	struct console *c = p->console;

	if (number < 1 || number > (long)c->status.napps) {
		ask_app(p);
		return;
	}
	home_choose_app(c, c->status.apps[number - 1].name);
	step(p, (struct console_event){ .kind = EVENT_TICK });
	plain_say_changes(&p->say, c);
	ask_action(p);
}

static void choose_action(struct plain *p, long number)
{
	static const enum intent_kind kinds[] = { [3] = INTENT_DEPLOY, [4] = INTENT_ROLLBACK, [5] = INTENT_STOP };

	if (number == 0) {
		leave(p, 0);
	} else if (number == 1) {
		plain_say_status(&p->say, p->console);
		ask_action(p);
	} else if (number == 2) {
		list_builds(p);
		ask_action(p);
	} else if (number >= 3 && number <= 5 && !p->console->safety.read_only) {
		p->kind = kinds[number];
		ask_environment(p);
	} else {
		ask_action(p);
	}
}

static void choose_environment(struct plain *p, long number)
{
	const struct model_environment *e = select_environment_at(select_app(p->console), number - 1);

	if (!e) {
		ask_action(p);
		return;
	}
	list_select(p->console->environments, e->name, select_environment_id, p->console);
	step(p, (struct console_event){ .kind = EVENT_TICK });
	if (p->kind != INTENT_DEPLOY) {
		act(p);
		return;
	}
	list_builds(p);
	ask(p, ASKED_BUILD, "Which build? Its number, or Enter for none:");
}

static void choose_build(struct plain *p, long number)
{
	struct console *c = p->console;

	if (number < 1 || number > (long)c->builds.n || number > BUILDS_OFFERED) {
		ask_action(p);
		return;
	}
	list_select(c->build_list, c->builds.items[number - 1].version, select_build_id, c);
	step(p, (struct console_event){ .kind = EVENT_TICK });
	act(p);
}

/* A line for the core's panel: typed into it letter by letter; an empty one, or any in a countdown, cancels. */
static void feed_core(struct plain *p, const char *line)
{
	if (!*line || p->console->panel.kind == PANEL_COUNT)
		press(p, INPUT_ESC);
	for (const char *at = line; *at && p->console->panel.name; at++)
		press(p, (uint32_t)(unsigned char)*at);
	if (p->console->panel.name) {
		press(p, INPUT_ENTER);
		if (p->console->panel.kind == PANEL_ACT)
			press(p, INPUT_ESC);
	}
	ask_for_core(p);
}

static void take_line(struct plain *p, const char *line)
{
	char *end = NULL;
	long number = strtol(line, &end, 10);

	if (end == line || *end)
		number = -1;
	switch (p->asked) {
	case ASKED_APP: choose_app(p, number); break;
	case ASKED_ACTION: choose_action(p, number); break;
	case ASKED_ENVIRONMENT: choose_environment(p, number); break;
	case ASKED_BUILD: choose_build(p, number); break;
	case ASKED_CORE: feed_core(p, line); break;
	}
}

static void greet(struct plain *p)
{
	const struct console *c = p->console;

	if (p->greeted || !c->status.known || (c->app && !c->builds.known))
		return;
	p->greeted = true;
	if (!c->app && c->status.napps > 1)
		ask_app(p);
	else
		ask_action(p);
	if (p->ended)
		leave(p, 0);
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
		step(p, (struct console_event){ .kind = EVENT_SHOWN });
}

static void set_clocks(struct plain *p)
{
	int64_t next = console_next_ms(p->console);

	if (next >= 0)
		loop_timer_set(p->tick_timer, next);
	else
		loop_timer_stop(p->tick_timer);
}

static void step(struct plain *p, struct console_event e)
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
		ask_action(p);
	greet(p);
	set_clocks(p);
}

static void engine_said(void *arg, const struct console_event *event)
{
	step(arg, *event);
}

static void tick_due(void *arg)
{
	step(arg, (struct console_event){ .kind = EVENT_TICK });
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
		leave(p, 0);
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
			take_line(p, line);
	}
}

static void interrupted(void *arg)
{
	leave(arg, 128 + SIGINT);
}

static void terminated(void *arg)
{
	leave(arg, 128 + SIGTERM);
}

static void hung_up(void *arg)
{
	leave(arg, 128 + SIGHUP);
}

int plain_run(const struct plain_options *options)
{
	AUTO(mem_auto_free) char *seed = client_new_key();
	struct console_options wanted = {
		.app = options->app, .seed = seed, .read_only = options->read_only, .rows = ROWS, .cols = COLS,
	};
	struct plain p = { .loop = loop_new(), .console = console_new(&wanted), .say.out = stdout };
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
