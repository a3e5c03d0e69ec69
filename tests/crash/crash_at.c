/*
 * Preloaded into the engine by test_matrix: dies by SIGKILL at the n-th time that a write is made durable.
 * CRASH_AT=N, CRASH_WHEN=before|after; counting begins when the file CRASH_FROM exists. The count so far is kept in
 * the file CRASH_COUNT, so that a run without CRASH_AT tells how many there are.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int (*sync_fn)(int fd);

/* The engine syncs from two threads. */
static atomic_int count;

static void keep_count(int n)
{
	const char *path = getenv("CRASH_COUNT");
	char text[16];
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;

	if (fd < 0)
		return;
	snprintf(text, sizeof text, "%d\n", n);
	if (write(fd, text, strlen(text)) < 0)
		_exit(99);
	close(fd);
}

static int crash_or(const char *name, int fd)
{
	const char *at = getenv("CRASH_AT"), *when = getenv("CRASH_WHEN"), *from = getenv("CRASH_FROM");
	sync_fn real = (sync_fn)(size_t)dlsym(RTLD_NEXT, name);
	int result, n;

	if (from && access(from, F_OK) != 0)
		return real(fd);
	n = atomic_fetch_add(&count, 1) + 1;
	keep_count(n);
	if (at && strtol(at, NULL, 10) == n && when && strcmp(when, "before") == 0)
		raise(SIGKILL);
	result = real(fd);
	if (at && strtol(at, NULL, 10) == n)
		raise(SIGKILL);
	return result;
}

int fdatasync(int fd)
{
	return crash_or("fdatasync", fd);
}

int fsync(int fd)
{
	return crash_or("fsync", fd);
}
