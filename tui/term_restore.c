/* Giving the terminal back when the process is about to die. */
#include "tui/term.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/mem.h"
#include "tui/term_priv.h"

/*
 * The one mutable global of the toolkit: a signal handler has no argument of ours. `set` is written last and taken
 * first, so that a handler sees either a whole record or none.
 */
static struct {
	volatile sig_atomic_t set;
	int fd;
	size_t len;
	char leave[TERM_RESTORE_MAX];
	struct termios modes;
} record;

void term_restore_set(int fd, const struct termios *modes, const char *leave)
{
	record.set = 0;
	record.fd = fd;
	record.modes = *modes;
	record.len = strlen(leave);
	if (record.len >= sizeof record.leave)
		return;
	memcpy(record.leave, leave, record.len);
	record.set = 1;
}

void term_restore_clear(void)
{
	record.set = 0;
}

void term_restore_now(void)
{
	struct pollfd room = { .fd = record.fd, .events = POLLOUT };
	int saved_errno = errno;

	if (!record.set)
		return;
	record.set = 0;
	/* A stalled terminal gets a moment, then its bytes are left out: dying must not hang. */
	if (poll(&room, 1, 200) == 1)
		(void)!write(record.fd, record.leave, record.len);
	tcflush(record.fd, TCIFLUSH);
	tcsetattr(record.fd, TCSANOW, &record.modes);
	errno = saved_errno;
}

static void crashed(int signo)
{
	term_restore_now();
	raise(signo);   /* the default action is back: SA_RESETHAND */
}

void term_guard_crashes(void)
{
	static const int numbers[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	static char stack[16384];       /* a crash may be an overflow of the usual one */
	const stack_t other = { .ss_sp = stack, .ss_size = sizeof stack };
	struct sigaction action = { .sa_handler = crashed, .sa_flags = (int)(SA_RESETHAND | SA_NODEFER | SA_ONSTACK) };

	sigaltstack(&other, NULL);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		sigaction(numbers[i], &action, NULL);
}
