#include "views/shell.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/clean.h"
#include "backend/base/clock.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/client/client.h"
#include "backend/client/rouse.h"
#include "tui/canvas.h"
#include "tui/input.h"
#include "tui/term.h"
#include "views/console.h"
#include "views/select.h"
#include "views/wire.h"

enum { FRAME_MS = 250, SLOW_FRAME_MS = 1000, CONT_MS = 200, COPIED_SHOWN = 40 };

static const int signals[] = { SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGCONT };

struct shell;

struct caught { struct shell *shell; int number; struct loop_signal *signal; };

struct shell {
	struct loop *loop;
	struct term *term;
	struct input *input;
	struct canvas *canvas;
	struct console *console;
	struct wire *wire;
	const char *dir, *socket;
	struct rouse *rouse;         /* the engine is being started again; NULL */
	struct loop_io *io;
	struct loop_timer *tick_timer, *frame_timer, *input_timer;
	struct caught caught[ARRAY_LEN(signals)];
	int64_t frame_ms;            /* least time between two frames that no key asked for */
	int64_t resumed_ms;
	bool over;
	int code;
};

static void step(struct shell *s, struct console_event e);
static void update(struct shell *s);

static void quit(struct shell *s, int code)
{
	if (!s->over)
		s->code = code;
	s->over = true;
	loop_stop(s->loop);
}

static void copy(struct shell *s, const struct effect *effect)
{
	AUTO(mem_auto_free) char *shown = clean_dup(effect->text, CLEAN_LINE);
	AUTO(mem_auto_free) char *said = mem_printf("copied: %.*s%s", COPIED_SHOWN, shown,
	                                            strlen(shown) > COPIED_SHOWN ? " …" : "");
	struct err err = { 0 };

	if (term_copy(s->term, effect->text)) {
		step(s, (struct console_event){ .kind = EVENT_SAVED, .name = said });
		return;
	}
	err_set(&err, ERR_TOO_BIG, "copy: the terminal does not take it");
	step(s, (struct console_event){ .kind = EVENT_SAVED, .err = &err });
}

static bool write_file(const struct effect *effect, struct err *err)
{
	int how = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (effect->append ? O_APPEND : O_TRUNC);
	AUTO(mem_auto_close) int fd = open(effect->file, how, 0600);
	const char *at = effect->text;
	size_t left = strlen(at);

	if (fd < 0)
		return err_errno(err, errno, "save %s", effect->file);
	while (left > 0) {
		ssize_t n = write(fd, at, left);

		if (n < 0 && errno != EINTR)
			return err_errno(err, errno, "save %s", effect->file);
		if (n > 0) {
			at += n;
			left -= (size_t)n;
		}
	}
	return true;
}

static void save(struct shell *s, const struct effect *effect)
{
	AUTO(mem_auto_free) char *said = mem_printf("saved to %s in the current folder", effect->file);
	struct err err = { 0 };
	bool ok = write_file(effect, &err);

	step(s, (struct console_event){ .kind = EVENT_SAVED, .name = said, .err = ok ? NULL : &err });
}

/* Stops the process as the terminal's own Ctrl-Z would; comes back when it goes on. */
static void suspend(struct shell *s)
{
	struct sigaction stop = { .sa_handler = SIG_DFL }, before;

	term_suspend(s->term);
	/* By the default action, so that nothing stops where no shell could make it go on (an orphaned group). */
	sigemptyset(&stop.sa_mask);
	sigaction(SIGTSTP, &stop, &before);
	raise(SIGTSTP);
	sigaction(SIGTSTP, &before, NULL);
	term_resume(s->term);
	s->resumed_ms = clock_mono_ms();
	step(s, (struct console_event){ .kind = EVENT_RESUMED });
}

static void engine_started(void *arg, const struct err *err)
{
	struct shell *s = arg;

	s->rouse = NULL;
	step(s, (struct console_event){ .kind = EVENT_STARTED, .err = err });
	if (!err)
		wire_retry(s->wire);
	update(s);
}

static void start_engine(struct shell *s)
{
	struct err err = { 0 };

	if (!rouse_new(s->loop, s->dir, s->socket, engine_started, s, &s->rouse, &err))
		step(s, (struct console_event){ .kind = EVENT_STARTED, .err = &err });
}

static void carry_out(struct shell *s, struct effect *effect)
{
	switch (effect->kind) {
	case EFFECT_SEND: wire_send(s->wire, effect); break;
	case EFFECT_QUIT: quit(s, effect->code); break;
	case EFFECT_SUSPEND: suspend(s); break;
	case EFFECT_COPY: copy(s, effect); break;
	case EFFECT_SAVE: save(s, effect); break;
	case EFFECT_REPAINT: term_repaint(s->term); break;
	case EFFECT_FLUSH: input_flush(s->input); break;
	case EFFECT_START: start_engine(s); break;
	}
}

static void step(struct shell *s, struct console_event e)
{
	AUTO(effects_done) struct effects effects = { 0 };

	e.now_ms = clock_mono_ms();
	e.wall_ms = clock_wall_ms();
	console_step(s->console, &e, &effects);
	for (size_t i = 0; i < effects.n; i++)
		carry_out(s, &effects.items[i]);
}

static void match_size(struct shell *s)
{
	int rows, cols;

	term_size(s->term, &rows, &cols);
	if (rows == s->console->rows && cols == s->console->cols)
		return;
	canvas_resize(s->canvas, rows, cols);
	step(s, (struct console_event){ .kind = EVENT_RESIZE, .rows = rows, .cols = cols });
}

static void paint(struct shell *s)
{
	match_size(s);
	canvas_clear(s->canvas);
	console_draw(s->console, s->canvas);
	/* A frame that waits in part is not on the terminal: when the rest is out it is painted again, then it counts. */
	if (term_paint(s->term, s->canvas) && !term_blocked(s->term))
		step(s, (struct console_event){ .kind = EVENT_SHOWN });
	loop_io_set(s->io, LOOP_READ | (term_blocked(s->term) ? LOOP_WRITE : 0));
}

/* After every event: draws what is due, sets the clocks for what will be. */
static void update(struct shell *s)
{
	int64_t next, wait;

	if (s->over)
		return;
	if (term_gone(s->term)) {
		step(s, (struct console_event){ .kind = EVENT_HANGUP });
		return;
	}
	if (s->console->dirty && !term_blocked(s->term)) {
		if (s->console->urgent)
			paint(s);
		else if (!loop_timer_armed(s->frame_timer))
			loop_timer_set(s->frame_timer, s->frame_ms - clock_mono_ms() % s->frame_ms);
	}
	next = console_next_ms(s->console);
	if (next >= 0)
		loop_timer_set(s->tick_timer, next);
	else
		loop_timer_stop(s->tick_timer);
	wait = input_wait(s->input, clock_mono_ms());
	if (wait >= 0)
		loop_timer_set(s->input_timer, wait);
	else
		loop_timer_stop(s->input_timer);
}

static void take_input(struct shell *s)
{
	struct input_event event;

	while (!s->over && input_next(s->input, clock_mono_ms(), &event)) {
		if (event.kind == INPUT_SYNC)
			term_sync(s->term, event.key == 1);
		step(s, (struct console_event){ .kind = EVENT_INPUT, .input = &event });
		update(s);
	}
}

static void terminal_ready(int fd, int events, void *arg)
{
	struct shell *s = arg;
	enum term_read got = TERM_READ_NOTHING;

	(void)fd;
	if (events & LOOP_WRITE) {
		term_drain(s->term);
		loop_io_set(s->io, LOOP_READ | (term_blocked(s->term) ? LOOP_WRITE : 0));
		s->console->dirty = true;
	}
	if (events & LOOP_READ)
		got = term_read(s->term, s->input, clock_mono_ms());
	if (got == TERM_READ_GONE)
		step(s, (struct console_event){ .kind = EVENT_HANGUP });
	take_input(s);
	update(s);
}

static void input_due(void *arg)
{
	struct shell *s = arg;

	take_input(s);
	update(s);
}

static void tick_due(void *arg)
{
	struct shell *s = arg;

	step(s, (struct console_event){ .kind = EVENT_TICK });
	update(s);
}

/*
 * Frames that no key asked for are drawn when the machine's clock, not our own, comes to the next one: consoles side by
 * side show a change together.
 */
static void frame_due(void *arg)
{
	struct shell *s = arg;

	if (!s->over && s->console->dirty && !term_blocked(s->term))
		paint(s);
	update(s);
}

static void went_on(struct shell *s)
{
	/* After our own suspend this is the same event a second time. */
	if (clock_mono_ms() - s->resumed_ms < CONT_MS)
		return;
	term_resume(s->term);
	step(s, (struct console_event){ .kind = EVENT_RESUMED });
}

static void signal_caught(void *arg)
{
	struct caught *caught = arg;
	struct shell *s = caught->shell;

	switch (caught->number) {
	case SIGWINCH:
		if (term_resized(s->term))
			match_size(s);
		break;
	case SIGHUP: step(s, (struct console_event){ .kind = EVENT_HANGUP }); break;
	case SIGTSTP: suspend(s); break;
	case SIGCONT: went_on(s); break;
	default: quit(s, 128 + caught->number); break;
	}
	update(s);
}

static void engine_said(void *arg, const struct console_event *event)
{
	step(arg, *event);
	update(arg);
}

static void begin(struct shell *s, const struct shell_options *options)
{
	AUTO(mem_auto_free) char *seed = client_new_key();
	struct console_options wanted = {
		.app = options->app, .seed = seed, .read_only = options->read_only, .may_start = options->dir != NULL,
		.slow = options->slow, .theme = term_theme(s->term),
	};

	s->dir = options->dir;
	s->socket = options->socket;
	signal(SIGPIPE, SIG_IGN);
	term_size(s->term, &wanted.rows, &wanted.cols);
	s->frame_ms = options->slow ? SLOW_FRAME_MS : FRAME_MS;
	s->resumed_ms = -CONT_MS;
	s->input = input_new();
	s->canvas = canvas_new(term_theme(s->term), wanted.rows, wanted.cols);
	s->console = console_new(&wanted);
	s->loop = loop_new();
	s->io = loop_io_new(s->loop, term_fd(s->term), LOOP_READ, terminal_ready, s);
	s->tick_timer = loop_timer_new(s->loop, tick_due, s);
	s->frame_timer = loop_timer_new(s->loop, frame_due, s);
	s->input_timer = loop_timer_new(s->loop, input_due, s);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		s->caught[i] = (struct caught){ .shell = s, .number = signals[i] };
		s->caught[i].signal = loop_signal_new(s->loop, signals[i], signal_caught, &s->caught[i]);
	}
	term_guard_crashes();
	paint(s);
	term_ask(s->term);
}

static void end(struct shell *s)
{
	wire_free(s->wire);
	rouse_free(s->rouse);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		loop_signal_free(s->caught[i].signal);
	loop_timer_free(s->tick_timer);
	loop_timer_free(s->frame_timer);
	loop_timer_free(s->input_timer);
	loop_io_free(s->io);
	canvas_free(s->canvas);
	input_free(s->input);
	loop_free(s->loop);
}

/* Back in the shell: what still goes on, and how to see it again. */
static void say_farewell(const struct shell *s)
{
	const struct model_deployment *d = select_deployment(s->console);

	if (s->code != 0 || !d || model_deployment_is_over(d))
		return;
	printf("Deployment %" PRId64 " of %s to %s goes on; see it with: slipway watch %" PRId64 "\n", d->id, d->version,
	       d->environment, d->id);
}

bool shell_run(const struct shell_options *options, int *ret_code, struct err *err)
{
	struct term_options wanted = {
		.fd = STDIN_FILENO, .term = getenv("TERM"), .no_color = getenv("NO_COLOR"), .ascii = options->ascii,
	};
	struct shell s = { .term = term_new(&wanted, err) };

	if (!s.term)
		return false;
	begin(&s, options);
	s.wire = wire_new(s.loop, options->socket, engine_said, &s);
	update(&s);
	if (!s.over)
		loop_run(s.loop);
	term_free(s.term);
	say_farewell(&s);
	console_free(s.console);
	end(&s);
	*ret_code = s.code;
	return true;
}
