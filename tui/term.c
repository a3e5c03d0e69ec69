#include "tui/term.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "backend/base/buf.h"
#include "backend/base/mem.h"
#include "tui/frame.h"
#include "tui/input.h"
#include "tui/term_priv.h"

enum {
	OUT_MAX = 4 << 20,      /* a frame of the largest canvas stays below */
	LEAVE_MS = 200,         /* so long leaving waits for a slow terminal */
	READ_SIZE = 4096,
	COPY_MAX = 74994        /* what xterm accepts, and tmux */
};

struct term {
	int fd;                 /* our own open file: O_NONBLOCK must not reach the shell's */
	bool shared;            /* … it could not be opened: fd is a copy of the caller's, old_flags come back */
	int old_flags;
	struct frame *frame;
	struct termios saved, raw;
	int rows, cols;
	bool inside;
	bool sync;
	bool gone;
	struct buf out;         /* the rest of a frame that the terminal did not take yet */
	uint64_t bytes, dropped;
};

/* A file of our own on the same terminal. /dev/tty also works after su, when the device belongs to somebody else. */
static bool open_own(struct term *t, int fd, struct err *err)
{
	char path[40];
	struct stat st;
	unsigned device = 0;

	t->fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (t->fd >= 0 && fstat(fd, &st) == 0 && ioctl(t->fd, TIOCGDEV, &device) == 0 && device == (unsigned)st.st_rdev)
		return true;
	mem_auto_close(&t->fd);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	t->fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (t->fd >= 0)
		return true;
	t->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	t->old_flags = t->fd >= 0 ? fcntl(t->fd, F_GETFL) : -1;
	if (t->old_flags < 0 || fcntl(t->fd, F_SETFL, t->old_flags | O_NONBLOCK) != 0)
		return err_errno(err, errno, "open the terminal");
	t->shared = true;
	return true;
}

static bool open_tty(struct term *t, int fd, struct err *err)
{
	if (tcgetattr(fd, &t->saved) != 0)
		return err_set(err, ERR_USAGE, "this is no terminal; --plain prints lines instead");
	if (!open_own(t, fd, err))
		return false;
	t->raw = t->saved;
	t->raw.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | IGNCR | INLCR | ISTRIP | IXON | PARMRK);
	t->raw.c_oflag &= ~(tcflag_t)OPOST;
	t->raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	/* Not 0: then a read with O_NONBLOCK could not be told from an end of file. */
	t->raw.c_cc[VMIN] = 1;
	t->raw.c_cc[VTIME] = 0;
	return true;
}

static void read_size(struct term *t)
{
	struct winsize size = { 0 };

	ioctl(t->fd, TIOCGWINSZ, &size);
	t->rows = size.ws_row ? size.ws_row : 24;
	t->cols = size.ws_col ? size.ws_col : 80;
	frame_resize(t->frame, t->rows, t->cols);
}

struct term *term_new(const struct term_options *options, struct err *err)
{
	struct term *t = mem_alloc(sizeof *t);

	t->fd = -1;
	buf_init(&t->out, OUT_MAX);
	if (open_tty(t, options->fd, err))
		t->frame = frame_new(options->term, options->no_color, options->ascii, err);
	if (!t->frame) {
		term_free(t);
		return NULL;
	}
	read_size(t);
	return t;
}

/* Writes what waits, as far as the terminal takes it. */
void term_drain(struct term *t)
{
	while (t->out.len > 0 && !t->gone) {
		ssize_t n = write(t->fd, t->out.data, t->out.len);

		if (n > 0) {
			t->bytes += (uint64_t)n;
			buf_drop(&t->out, (size_t)n);
		} else if (n < 0 && errno == EAGAIN) {
			return;
		} else if (n == 0 || errno != EINTR) {
			t->gone = true;
		}
	}
}

static void go_inside(struct term *t)
{
	tcsetattr(t->fd, TCSANOW, &t->raw);
	buf_add_text(&t->out, frame_enter(t->frame));
	frame_repaint(t->frame);
	t->inside = true;
	term_restore_set(t->fd, &t->saved, frame_leave(t->frame));
}

static void go_outside(struct term *t)
{
	struct pollfd waits = { .fd = t->fd, .events = POLLOUT };

	if (!t->inside)
		return;
	t->inside = false;
	buf_add_text(&t->out, frame_leave(t->frame));
	term_drain(t);
	while (t->out.len > 0 && !t->gone && poll(&waits, 1, LEAVE_MS) > 0)
		term_drain(t);
	buf_clear(&t->out);
	/* A late answer of the terminal must not become a command of the shell's. */
	tcflush(t->fd, TCIFLUSH);
	tcsetattr(t->fd, TCSANOW, &t->saved);
	term_restore_clear();
}

void term_free(struct term *t)
{
	if (!t)
		return;
	go_outside(t);
	frame_free(t->frame);
	if (t->shared)
		fcntl(t->fd, F_SETFL, t->old_flags);
	mem_auto_close(&t->fd);
	buf_done(&t->out);
	free(t);
}

const struct theme *term_theme(const struct term *t)
{
	return frame_theme(t->frame);
}

int term_fd(const struct term *t)
{
	return t->fd;
}

void term_size(const struct term *t, int *ret_rows, int *ret_cols)
{
	*ret_rows = t->rows;
	*ret_cols = t->cols;
}

bool term_resized(struct term *t)
{
	int rows = t->rows, cols = t->cols;

	read_size(t);
	return rows != t->rows || cols != t->cols;
}

bool term_blocked(struct term *t)
{
	struct pollfd room = { .fd = t->fd, .events = POLLOUT };

	return t->out.len > 0 || poll(&room, 1, 0) != 1 || !(room.revents & POLLOUT);
}

/* Between the marks of mode 2026 the terminal shows nothing half done. An unchanged screen needs no bytes at all. */
static void add_frame(struct term *t, const struct canvas *c)
{
	AUTO(buf_done) struct buf bytes = { 0 };

	buf_init(&bytes, OUT_MAX / 2);
	if (!frame_render(t->frame, c, &bytes) || bytes.len == 0)
		return;
	if (t->sync)
		buf_add_text(&t->out, "\x1b[?2026h");
	buf_add(&t->out, bytes.data, bytes.len);
	if (t->sync)
		buf_add_text(&t->out, "\x1b[?2026l");
}

bool term_paint(struct term *t, const struct canvas *c)
{
	if (!t->inside) {
		go_inside(t);
	} else if (term_blocked(t)) {
		t->dropped++;
		return false;
	}
	add_frame(t, c);
	term_drain(t);
	return true;
}

void term_repaint(struct term *t)
{
	frame_repaint(t->frame);
}

enum term_read term_read(struct term *t, struct input *in, int64_t now_ms)
{
	char bytes[READ_SIZE];
	ssize_t n = read(t->fd, bytes, sizeof bytes);

	if (n > 0) {
		input_feed(in, bytes, (size_t)n, now_ms);
		return TERM_READ_SOME;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return TERM_READ_NOTHING;
	t->gone = true;
	return TERM_READ_GONE;
}

bool term_gone(struct term *t)
{
	struct pollfd state = { .fd = t->fd };

	if (poll(&state, 1, 0) > 0 && (state.revents & (POLLHUP | POLLERR | POLLNVAL)))
		t->gone = true;
	return t->gone;
}

void term_suspend(struct term *t)
{
	go_outside(t);
}

bool term_resume(struct term *t)
{
	bool changed = term_resized(t);

	go_inside(t);
	term_drain(t);
	return changed;
}

void term_ask(struct term *t)
{
	if (frame_plain(t->frame) || !t->inside)
		return;
	buf_add_text(&t->out, "\x1b[?2026$p");
	term_drain(t);
}

void term_sync(struct term *t, bool on)
{
	t->sync = on;
}

static void add_base64(struct buf *to, const unsigned char *data, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		unsigned v = (unsigned)data[i] << 16 | (n > 1 ? (unsigned)data[i + 1] << 8 : 0) | (n > 2 ? data[i + 2] : 0);
		char four[4] = {
			digits[v >> 18], digits[v >> 12 & 63], n > 1 ? digits[v >> 6 & 63] : '=', n > 2 ? digits[v & 63] : '=',
		};

		buf_add(to, four, 4);
	}
}

bool term_copy(struct term *t, const char *text)
{
	size_t len = strlen(text);

	if (len > COPY_MAX || !t->inside || frame_plain(t->frame) || term_blocked(t))
		return false;
	buf_add_text(&t->out, "\x1b]52;c;");
	add_base64(&t->out, (const unsigned char *)text, len);
	buf_add_text(&t->out, "\x07");
	term_drain(t);
	return true;
}

uint64_t term_bytes(const struct term *t)
{
	return t->bytes;
}

uint64_t term_dropped(const struct term *t)
{
	return t->dropped;
}
