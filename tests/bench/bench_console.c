/*
 * How soon the console shows something, how much it writes and holds, and how still it is when nothing happens: beside
 * the smallest ncurses program, and htop and tig where they are installed, in turns on the same machine. A program's
 * first content is its 500th visible character. Exits 1 when what is promised is not kept.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "backend/base/buf.h"
#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/store/store.h"

enum {
	STARTS = 21, KEYS = 30, ROWS = 40, COLS = 120, CONTENT = 500, BUILDS = 100000,
	QUIET_MS = 300, START_LIMIT_MS = 3000, REST_MS = 2000, IDLE_MS = 4000, KEY_QUIET_MS = 40, KEY_LIMIT_MS = 500,
	PROMISED_TIMES = 3, PROMISED_KB = 8 * 1024, FLEET_CONTENT_MS = 500, FLEET_KEY_MS = 16
};

struct program {
	const char *name;
	const char *argv[4];
	const char *key;
	const char *data;                  /* what its data begins with; NULL: all it shows is its own */
	double first[STARTS], content[STARTS], shown[STARTS];
	size_t starts;
	long bytes, rss_kb, wakeups, idle_bytes;
	double key_first[KEYS], key_settled[KEYS];
	size_t keys;
};

struct started { pid_t pid; int fd; };

/* What came of waiting for a quiet moment; times in ms since `began`, negative when there was none. */
struct seen { double first, content, shown, last; long bytes; };

/* Counts visible characters outside of escape sequences, also when a sequence is cut in two. */
struct visible { enum { TEXT, ESCAPE, CSI, OSC, CHARSET } state; int count; };

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void die(const char *what)
{
	fprintf(stderr, "bench_console: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void look_at(struct visible *v, unsigned char c)
{
	switch (v->state) {
	case TEXT:
		if (c == 033)
			v->state = ESCAPE;
		else if ((c > ' ' && c < 0x7f) || c >= 0xc0)
			v->count++;
		break;
	case ESCAPE:
		v->state = c == '[' ? CSI : c == ']' ? OSC : c == '(' || c == ')' ? CHARSET : TEXT;
		break;
	case CSI:
		if (c >= '@' && c <= '~')
			v->state = TEXT;
		break;
	case OSC:
		if (c == 7 || c == '\\')
			v->state = TEXT;
		break;
	case CHARSET:
		v->state = TEXT;
		break;
	}
}

static struct started start(const struct program *p)
{
	struct winsize size = { .ws_row = ROWS, .ws_col = COLS };
	struct started s;

	s.pid = forkpty(&s.fd, NULL, NULL, &size);
	if (s.pid < 0)
		die("forkpty");
	if (s.pid == 0) {
		setenv("TERM", "xterm-256color", 1);
		setenv("LC_ALL", "C.UTF-8", 1);
		execvp(p->argv[0], (char *const *)(uintptr_t)p->argv);
		_exit(127);
	}
	fcntl(s.fd, F_SETFD, FD_CLOEXEC);
	return s;
}

/* Politely, so that it leaves nothing behind; then not. */
static void stop(struct started s)
{
	kill(s.pid, SIGTERM);
	for (int i = 0; i < 100; i++) {
		if (waitpid(s.pid, NULL, WNOHANG) == s.pid) {
			close(s.fd);
			return;
		}
		usleep(10000);
	}
	kill(s.pid, SIGKILL);
	waitpid(s.pid, NULL, 0);
	close(s.fd);
}

static struct seen settle(const struct started *s, const char *data, double began, int quiet_ms, int limit_ms)
{
	struct seen seen = { -1, -1, -1, -1, 0 };
	struct visible v = { 0 };
	struct buf all;
	char chunk[65536];

	buf_init(&all, 1 << 22);
	for (;;) {
		struct pollfd ready = { .fd = s->fd, .events = POLLIN };
		int left = limit_ms - (int)(now_ms() - began);
		ssize_t n;

		if (left <= 0 || poll(&ready, 1, seen.bytes && left > quiet_ms ? quiet_ms : left) <= 0)
			break;
		if ((n = read(s->fd, chunk, sizeof chunk)) <= 0)
			break;
		seen.last = now_ms() - began;
		if (seen.first < 0)
			seen.first = seen.last;
		for (ssize_t i = 0; i < n; i++)
			look_at(&v, (unsigned char)chunk[i]);
		if (seen.content < 0 && v.count >= CONTENT)
			seen.content = seen.last;
		buf_add(&all, chunk, (size_t)n);
		if (seen.shown < 0 && data && memmem(all.data, all.len, data, strlen(data)))
			seen.shown = seen.last;
		seen.bytes += n;
	}
	buf_done(&all);
	return seen;
}

static long proc_number(pid_t pid, const char *file, const char *key)
{
	AUTO(mem_auto_free) char *path = mem_printf("/proc/%d/%s", (int)pid, file);
	FILE *in = fopen(path, "re");
	char line[256];
	long number = -1;

	while (in && fgets(line, sizeof line, in))
		if (strncmp(line, key, strlen(key)) == 0)
			number = strtol(line + strlen(key), NULL, 10);
	if (in)
		fclose(in);
	return number;
}

/* Every wake-up of a program that only waits ends in another voluntary wait. */
static long waits(pid_t pid)
{
	return proc_number(pid, "status", "voluntary_ctxt_switches:");
}

static void measure_start(struct program *p)
{
	double began = now_ms();
	struct started s = start(p);
	struct seen seen = settle(&s, p->data, began, QUIET_MS, START_LIMIT_MS);

	stop(s);
	p->first[p->starts] = seen.first;
	p->content[p->starts] = seen.content;
	p->shown[p->starts++] = seen.shown;
	p->bytes = seen.bytes;
}

static void measure_rest(struct program *p)
{
	struct started s = start(p);
	long before;

	settle(&s, NULL, now_ms(), REST_MS, REST_MS);
	before = waits(s.pid);
	p->idle_bytes = settle(&s, NULL, now_ms(), IDLE_MS, IDLE_MS).bytes;
	p->wakeups = waits(s.pid) - before;
	p->rss_kb = proc_number(s.pid, "smaps_rollup", "Rss:");
	for (int i = 0; i < KEYS; i++) {
		double began = now_ms();
		struct seen seen;

		if (write(s.fd, p->key, strlen(p->key)) < 0)
			die("write a key");
		seen = settle(&s, NULL, began, KEY_QUIET_MS, KEY_LIMIT_MS);
		if (seen.first < 0)
			continue;
		p->key_first[p->keys] = seen.first;
		p->key_settled[p->keys++] = seen.last;
	}
	stop(s);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *values, size_t n)
{
	qsort(values, n, sizeof *values, by_size);
	return n ? values[n / 2] : -1;
}

static void print_times(const char *what, double *ms, size_t n)
{
	double middle = median(ms, n);

	if (middle < 0)
		printf("  %s -", what);
	else
		printf("  %s %.1f ms (%.1f to %.1f)", what, middle, ms[0], ms[n - 1]);
}

static void print_program(struct program *p)
{
	printf("%s\n", p->name);
	print_times("first byte", p->first, p->starts);
	print_times("first content", p->content, p->starts);
	if (p->data)
		print_times("newest build shown", p->shown, p->starts);
	printf("\n  first frame %ld bytes  resident %ld kB  idle %.2f wake-ups/s, %.0f bytes/s\n", p->bytes, p->rss_kb,
	       (double)p->wakeups * 1000 / IDLE_MS, (double)p->idle_bytes * 1000 / IDLE_MS);
	print_times("key to first byte", p->key_first, p->keys);
	print_times("key to last byte", p->key_settled, p->keys);
	printf("\n");
}

static bool is_installed(const char *program)
{
	AUTO(mem_auto_free) char *path = mem_printf("%s", getenv("PATH") ? getenv("PATH") : "");
	char *rest = path, *dir;

	if (strchr(program, '/'))
		return access(program, X_OK) == 0;
	while ((dir = strsep(&rest, ":"))) {
		AUTO(mem_auto_free) char *whole = file_join(dir, program);

		if (access(whole, X_OK) == 0)
			return true;
	}
	return false;
}

static bool judge(struct program *programs)
{
	double times = median(programs[1].content, programs[1].starts) / median(programs[0].content, programs[0].starts);
	bool kept = times > 0 && times < PROMISED_TIMES && programs[1].rss_kb < PROMISED_KB;

	printf("%s: first content after %.1f times the smallest program's time (promised: under %d), %.1f MB (under %d)\n",
	       kept ? "kept" : "BROKEN", times, PROMISED_TIMES, (double)programs[1].rss_kb / 1024, PROMISED_KB / 1024);
	return kept;
}

/* Its content is what the engine tells of 2,500 environments; the frame around it comes as soon as ever. */
static bool judge_fleet(struct program *console)
{
	double content = median(console->content, console->starts), key = median(console->key_settled, console->keys);
	bool kept = content > 0 && content < FLEET_CONTENT_MS && key < FLEET_KEY_MS && console->idle_bytes == 0;

	printf("%s: first content after %.0f ms (promised: under %d), a key after %.1f ms (under %d), still when nothing "
	       "happens\n", kept ? "kept" : "BROKEN", content, FLEET_CONTENT_MS, key, FLEET_KEY_MS);
	return kept;
}

/* In turns, so that what else the machine does meets all of them alike. programs[0]: the smallest, [1]: the console. */
static void measure(struct program *programs, size_t n)
{
	for (int i = 0; i < STARTS; i++)
		for (size_t k = 0; k < n; k++)
			if (is_installed(programs[k].argv[0]))
				measure_start(&programs[k]);
	for (size_t k = 0; k < n; k++) {
		if (!is_installed(programs[k].argv[0]))
			continue;
		measure_rest(&programs[k]);
		print_program(&programs[k]);
	}
}

/* 100,000 builds straight into the journal; the engine is not running. */
static bool fill(const char *database)
{
	struct err err = { 0 };
	struct store *s;
	bool ok;

	if (!store_open(database, &s, &err)) {
		fprintf(stderr, "bench_console: %s\n", err.text);
		return false;
	}
	ok = store_begin(s, &err);
	for (int i = 0; ok && i < BUILDS; i++) {
		AUTO(mem_auto_free) char *version = mem_printf("2.%d.%d", i / 100, i % 100);
		AUTO(mem_auto_free) char *digest = mem_printf("%064d", i);

		ok = store_append(s, "ci", "build.added", json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:[], s:{s:i, s:i}}",
			"app", "shop", "version", version, "digest", digest, "commit", digest + 24, "branch", "main", "author",
			"Carol", "message", "Make the total of the basket right", "at",
			(json_int_t)time(NULL) * 1000 - (json_int_t)(BUILDS - i) * 1000, "artifacts", "tests", "ok", 200, "fail", 0),
			NULL, &err);
	}
	ok = ok && store_commit(s, &err);
	if (!ok)
		fprintf(stderr, "bench_console: %s\n", err.text);
	store_close(s);
	return ok;
}

int main(int argc, char **argv)
{
	struct program programs[] = {
		{ .name = "smallest ncurses program", .argv = { getenv("BENCH_SMALLEST") }, .key = "j" },
		{ .name = argc > 2 ? argv[2] : "", .argv = { getenv("BENCH_SLIPWAY"), "-C", getenv("BENCH_WORKSPACE") },
		  .key = "j", .data = getenv("BENCH_NEWEST") },
		{ .name = "htop", .argv = { "htop" }, .key = "\033OB" },
		{ .name = "tig, on this repository", .argv = { "tig" }, .key = "j" },
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 2) {
		execlp("bash", "bash", "tests/bench/console.bash", argv[0], (char *)NULL);
		die("bash");
	}
	if (strcmp(argv[1], "fill") == 0)
		return fill(argv[2]) ? 0 : 1;
	measure(programs, strcmp(argv[1], "console") == 0 ? 2 : ARRAY_LEN(programs));
	return (strcmp(argv[1], "fleet") == 0 ? judge_fleet(&programs[1]) : judge(programs)) ? 0 : 1;
}
