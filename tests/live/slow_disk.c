/*
 * Preloaded into the engine: a disk that takes SLOW_MS for each sync while the file SLOW_WHILE exists.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

typedef int (*sync_fn)(int fd);

static int slowly(const char *name, int fd)
{
	const char *ms = getenv("SLOW_MS"), *file = getenv("SLOW_WHILE");
	sync_fn real = (sync_fn)(size_t)dlsym(RTLD_NEXT, name);

	if (ms && file && access(file, F_OK) == 0)
		usleep((useconds_t)(strtoul(ms, NULL, 10) * 1000));
	return real(fd);
}

int fdatasync(int fd)
{
	return slowly("fdatasync", fd);
}

int fsync(int fd)
{
	return slowly("fsync", fd);
}
