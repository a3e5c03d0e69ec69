#include "tests/tools/screen.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <vterm.h>

#include "backend/base/buf.h"
#include "backend/base/clock.h"
#include "backend/base/mem.h"
#include "backend/base/utf8.h"
#include "tests/tools/screen_keys.h"

enum { BYTES_MAX = 64 << 20, END_MS = 3000, ENV_MAX = 64 };

struct screen {
	int master;             /* -1: hung up */
	pid_t pid;
	bool reaped;
	int status;
	VTerm *vterm;
	VTermScreen *cells;
	bool cursor_shown, alternate;
	int rows, cols;
	struct buf bytes;
	int64_t last_ms;        /* when the program last wrote */
};

static int property_changed(VTermProp property, VTermValue *value, void *arg)
{
	struct screen *s = arg;

	if (property == VTERM_PROP_CURSORVISIBLE)
		s->cursor_shown = value->boolean;
	else if (property == VTERM_PROP_ALTSCREEN)
		s->alternate = value->boolean;
	return 1;
}

static void make_terminal(struct screen *s)
{
	static const VTermScreenCallbacks callbacks = { .settermprop = property_changed };

	s->vterm = vterm_new(s->rows, s->cols);
	vterm_set_utf8(s->vterm, 1);
	vterm_state_set_bold_highbright(vterm_obtain_state(s->vterm), 0);
	s->cells = vterm_obtain_screen(s->vterm);
	vterm_screen_set_callbacks(s->cells, &callbacks, s);
	vterm_screen_enable_altscreen(s->cells, 1);
	s->cursor_shown = true;
	vterm_screen_reset(s->cells, 1);
}

/* Name and value of the same variable: what was given stands first and wins. */
static void add_variable(const char **env, size_t *n, char *take_text)
{
	size_t name = strcspn(take_text, "=") + 1;

	for (size_t i = 0; i < *n; i++)
		if (strncmp(env[i], take_text, name) == 0) {
			free(take_text);
			return;
		}
	env[(*n)++] = take_text;
}

static void run_program(const struct screen_options *options, const char *const *argv)
{
	static const char *const inherited[] = { "PATH", "HOME", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS" };
	const char *env[ENV_MAX + 16] = { 0 };
	size_t n = 0;

	for (size_t i = 0; options->env && options->env[i] && n < ENV_MAX; i++)
		add_variable(env, &n, mem_dup(options->env[i]));
	add_variable(env, &n, mem_printf("TERM=%s", options->term ? options->term : "xterm-256color"));
	add_variable(env, &n, mem_dup("LC_ALL=C.UTF-8"));
	for (size_t i = 0; i < ARRAY_LEN(inherited); i++)
		if (getenv(inherited[i]))
			add_variable(env, &n, mem_printf("%s=%s", inherited[i], getenv(inherited[i])));
	if (options->dir && chdir(options->dir) != 0)
		_exit(126);
	execvpe(argv[0], (char *const *)argv, (char *const *)env);
	_exit(127);
}

/* A runner may have these ignored or blocked, and that would be inherited. */
static void default_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int signo = 1; signo < 32; signo++)
		signal(signo, SIG_DFL);
}

struct screen *screen_start(const struct screen_options *options, const char *const *argv, struct err *err)
{
	struct screen *s = mem_alloc(sizeof *s);
	struct winsize size;

	s->rows = options->rows ? options->rows : 24;
	s->cols = options->cols ? options->cols : 80;
	size = (struct winsize){ .ws_row = (unsigned short)s->rows, .ws_col = (unsigned short)s->cols };
	s->pid = forkpty(&s->master, NULL, NULL, &size);
	if (s->pid < 0) {
		err_errno(err, errno, "open a pseudo terminal");
		free(s);
		return NULL;
	}
	if (s->pid == 0) {
		default_signals();
		run_program(options, argv);
	}
	fcntl(s->master, F_SETFD, FD_CLOEXEC);
	fcntl(s->master, F_SETFL, O_NONBLOCK);
	buf_init(&s->bytes, BYTES_MAX);
	make_terminal(s);
	s->last_ms = clock_mono_ms();
	return s;
}

static bool reap(struct screen *s)
{
	if (!s->reaped && waitpid(s->pid, &s->status, WNOHANG) == s->pid)
		s->reaped = true;
	return s->reaped;
}

void screen_hang_up(struct screen *s)
{
	mem_auto_close(&s->master);
}

void screen_free(struct screen *s)
{
	int64_t end_ms = clock_mono_ms() + END_MS;

	if (!s)
		return;
	screen_hang_up(s);
	while (!reap(s) && clock_mono_ms() < end_ms)
		poll(NULL, 0, 5);
	if (!s->reaped) {
		/* The program leads a session and a process group of its own. */
		kill(-s->pid, SIGKILL);
		kill(s->pid, SIGKILL);
		waitpid(s->pid, &s->status, 0);
	}
	vterm_free(s->vterm);
	buf_done(&s->bytes);
	free(s);
}

void screen_auto_free(struct screen **s)
{
	screen_free(*s);
	*s = NULL;
}

/* Shows what the program has written; false when there was nothing. The terminal's answers go back to the program. */
static bool take_output(struct screen *s)
{
	char bytes[65536], answer[4096];
	ssize_t n = s->master >= 0 ? read(s->master, bytes, sizeof bytes) : 0;
	size_t len;

	if (n <= 0)
		return false;
	s->last_ms = clock_mono_ms();
	buf_add(&s->bytes, bytes, (size_t)n);
	vterm_input_write(s->vterm, bytes, (size_t)n);
	vterm_screen_flush_damage(s->cells);
	while ((len = vterm_output_read(s->vterm, answer, sizeof answer)) > 0)
		(void)!write(s->master, answer, len);
	return true;
}

static int patience(void)
{
	const char *text = getenv("SLIPWAY_TEST_PATIENCE");
	long times = text ? strtol(text, NULL, 10) : 1;

	return times > 0 && times < 100 ? (int)times : 1;
}

bool screen_wait(struct screen *s, screen_condition_fn condition, void *arg, int limit_ms)
{
	int64_t end_ms = clock_mono_ms() + (int64_t)limit_ms * patience();

	for (;;) {
		struct pollfd fd = { .fd = s->master, .events = POLLIN };

		while (take_output(s))
			continue;
		if (condition(s, arg))
			return true;
		if (clock_mono_ms() >= end_ms)
			return false;
		/* An ended program leaves the master in POLLHUP, which would return at once for ever. */
		if (poll(&fd, 1, 5) > 0 && !(fd.revents & POLLIN))
			poll(NULL, 0, 5);
	}
}

static bool is_quiet(struct screen *s, void *arg)
{
	return clock_mono_ms() - s->last_ms >= *(const int *)arg;
}

bool screen_settle(struct screen *s, int quiet_ms, int limit_ms)
{
	s->last_ms = clock_mono_ms();
	return screen_wait(s, is_quiet, &quiet_ms, limit_ms);
}

static bool shows(struct screen *s, void *arg)
{
	return screen_has(s, arg);
}

static bool shows_not(struct screen *s, void *arg)
{
	return !screen_has(s, arg);
}

bool screen_wait_text(struct screen *s, const char *text, int limit_ms)
{
	return screen_wait(s, shows, (void *)(uintptr_t)text, limit_ms);
}

bool screen_wait_no_text(struct screen *s, const char *text, int limit_ms)
{
	return screen_wait(s, shows_not, (void *)(uintptr_t)text, limit_ms);
}

static bool has_ended(struct screen *s, void *arg)
{
	(void)arg;
	return reap(s);
}

int screen_wait_exit(struct screen *s, int limit_ms)
{
	if (!screen_wait(s, has_ended, NULL, limit_ms))
		return -1;
	while (take_output(s))
		continue;
	return WIFSIGNALED(s->status) ? 128 + WTERMSIG(s->status) : WEXITSTATUS(s->status);
}

bool screen_send(struct screen *s, const char *bytes, size_t len)
{
	int64_t end_ms = clock_mono_ms() + END_MS;

	while (len > 0 && s->master >= 0 && clock_mono_ms() < end_ms) {
		ssize_t n = write(s->master, bytes, len);

		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) {
			poll(&(struct pollfd){ .fd = s->master, .events = POLLOUT }, 1, 5);
			take_output(s);
		} else {
			return false;
		}
	}
	return len == 0;
}

bool screen_type(struct screen *s, const char *keys)
{
	AUTO(buf_done) struct buf bytes = { 0 };

	buf_init(&bytes, BYTES_MAX);
	return screen_keys(keys, &bytes) && screen_send(s, bytes.data, bytes.len);
}

bool screen_bracketed(const struct screen *s)
{
	char mark[16];
	bool bracketed;

	/* libvterm tells only by doing it: the mark is read back and not sent. */
	vterm_keyboard_start_paste(s->vterm);
	bracketed = vterm_output_read(s->vterm, mark, sizeof mark) > 0;
	return bracketed;
}

bool screen_paste(struct screen *s, const char *text)
{
	bool marked = screen_bracketed(s);

	return (!marked || screen_send(s, "\x1b[200~", 6)) && screen_send(s, text, strlen(text)) &&
		(!marked || screen_send(s, "\x1b[201~", 6));
}

void screen_resize(struct screen *s, int rows, int cols)
{
	struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };

	while (take_output(s))
		continue;
	s->rows = rows;
	s->cols = cols;
	vterm_set_size(s->vterm, rows, cols);
	ioctl(s->master, TIOCSWINSZ, &size);
}

bool screen_signal(struct screen *s, int signo)
{
	return !reap(s) && kill(s->pid, signo) == 0;
}

pid_t screen_pid(const struct screen *s)
{
	return s->pid;
}

void screen_size(const struct screen *s, int *ret_rows, int *ret_cols)
{
	*ret_rows = s->rows;
	*ret_cols = s->cols;
}

static int colour(const VTermColor *c, bool is_default)
{
	if (is_default)
		return -1;
	if (VTERM_COLOR_IS_INDEXED(c))
		return c->indexed.idx;
	return SCREEN_RGB + (c->rgb.red << 16 | c->rgb.green << 8 | c->rgb.blue);
}

struct screen_cell screen_cell(const struct screen *s, int row, int col)
{
	struct screen_cell cell = { .text = " ", .width = 1, .fg = -1, .bg = -1 };
	VTermScreenCell from;
	size_t len = 0;

	if (!vterm_screen_get_cell(s->cells, (VTermPos){ .row = row, .col = col }, &from))
		return cell;
	cell.fg = colour(&from.fg, VTERM_COLOR_IS_DEFAULT_FG(&from.fg));
	cell.bg = colour(&from.bg, VTERM_COLOR_IS_DEFAULT_BG(&from.bg));
	cell.bold = from.attrs.bold;
	cell.underline = from.attrs.underline;
	cell.reverse = from.attrs.reverse;
	if (from.chars[0] == (uint32_t)-1) {
		cell.text[0] = '\0';
		cell.width = 0;
		return cell;
	}
	cell.width = from.width;
	for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && from.chars[i] && len + UTF8_SIZE < sizeof cell.text; i++)
		len += utf8_encode(from.chars[i], cell.text + len);
	return cell;
}

char *screen_row(const struct screen *s, int row)
{
	char *text = mem_alloc((size_t)s->cols * SCREEN_TEXT_SIZE + 1);
	size_t len = 0, kept = 0;

	for (int col = 0; col < s->cols; col++) {
		struct screen_cell cell = screen_cell(s, row, col);
		size_t n = strlen(cell.text);

		memcpy(text + len, cell.text, n);
		len += n;
		if (n && strcmp(cell.text, " ") != 0)
			kept = len;
	}
	text[kept] = '\0';
	return text;
}

char *screen_text(const struct screen *s)
{
	AUTO(buf_done) struct buf all = { 0 };

	buf_init(&all, BYTES_MAX);
	for (int row = 0; row < s->rows; row++) {
		AUTO(mem_auto_free) char *text = screen_row(s, row);

		buf_add_text(&all, text);
		buf_add_text(&all, "\n");
	}
	return buf_detach(&all);
}

bool screen_has(const struct screen *s, const char *text)
{
	for (int row = 0; row < s->rows; row++) {
		AUTO(mem_auto_free) char *line = screen_row(s, row);

		if (strstr(line, text))
			return true;
	}
	return false;
}

bool screen_cursor(const struct screen *s, int *ret_row, int *ret_col)
{
	VTermPos at;

	vterm_state_get_cursorpos(vterm_obtain_state(s->vterm), &at);
	*ret_row = at.row;
	*ret_col = at.col;
	return s->cursor_shown;
}

bool screen_alternate(const struct screen *s)
{
	return s->alternate;
}

bool screen_cooked(const struct screen *s)
{
	const tcflag_t wanted = ECHO | ICANON | ISIG;
	struct termios modes;

	/* The master side tells the modes of the program's side. */
	return s->master >= 0 && tcgetattr(s->master, &modes) == 0 && (modes.c_lflag & wanted) == wanted &&
		(modes.c_iflag & ICRNL) && (modes.c_oflag & OPOST);
}

const char *screen_bytes(const struct screen *s, size_t *ret_len)
{
	*ret_len = s->bytes.len;
	return s->bytes.data;
}

void screen_forget(struct screen *s)
{
	buf_clear(&s->bytes);
}
