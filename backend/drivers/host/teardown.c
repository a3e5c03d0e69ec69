#include "backend/drivers/host/teardown.h"

#include <fts.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend/base/clock.h"
#include "backend/base/mem.h"
#include "backend/drivers/host/runit.h"

enum { TERM_MS = 5000, KILL_MS = 15000, NAP_MS = 10 };

struct services { char **dirs; size_t n; size_t cap; };

/* A service is a folder that holds `supervise`; what is unpacked beside it is not searched. */
static void find_services(const char *top, struct services *ret)
{
	char *const roots[] = { (char *)top, NULL };
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT, NULL);
	FTSENT *entry;

	while (walk && (entry = fts_read(walk))) {
		if (entry->fts_info != FTS_D)
			continue;
		if (strcmp(entry->fts_name, "release") == 0 || strcmp(entry->fts_name, "log") == 0)
			fts_set(walk, entry, FTS_SKIP);
		if (strcmp(entry->fts_name, "supervise") != 0)
			continue;
		ret->dirs = mem_grow(ret->dirs, ret->n, &ret->cap, sizeof *ret->dirs);
		ret->dirs[ret->n++] = mem_dupn(entry->fts_path, entry->fts_pathlen - strlen("/supervise"));
		fts_set(walk, entry, FTS_SKIP);
	}
	if (walk)
		fts_close(walk);
}

static void services_done(struct services *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->dirs[i]);
	free(s->dirs);
}

static size_t count_supervised(const struct services *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct runit_status status;

		runit_status(s->dirs[i], &status);
		n += status.supervised;
	}
	return n;
}

static void kill_all(const struct services *s)
{
	for (size_t i = 0; i < s->n; i++)
		runit_control(s->dirs[i], 'k');
}

/* Where a service's program works: beside it when there is a release, else (HAProxy) in the service's own folder. */
static void end_orphans(const struct services *s, int signo)
{
	for (size_t i = 0; i < s->n; i++) {
		AUTO(mem_auto_free) char *release = mem_printf("%s/../release", s->dirs[i]);
		struct runit_status status;

		runit_status(s->dirs[i], &status);
		if (!status.supervised && !runit_end_orphan(s->dirs[i], release, signo))
			runit_end_orphan(s->dirs[i], s->dirs[i], signo);
	}
}

static bool wait_until_ended(const struct services *s, int64_t until_ms)
{
	while (count_supervised(s) > 0) {
		if (clock_mono_ms() >= until_ms)
			return false;
		nanosleep(&(struct timespec){ .tv_nsec = NAP_MS * 1000000L }, NULL);
	}
	return true;
}

int host_teardown(const char *state_dir)
{
	struct services services = { 0 };
	int64_t began_ms = clock_mono_ms();
	bool ended;

	find_services(state_dir, &services);
	end_orphans(&services, SIGTERM);
	for (size_t i = 0; i < services.n; i++)
		runit_end(services.dirs[i]);
	ended = wait_until_ended(&services, began_ms + TERM_MS);
	if (!ended) {
		kill_all(&services);
		ended = wait_until_ended(&services, began_ms + TERM_MS + KILL_MS);
	}
	end_orphans(&services, SIGKILL);
	for (size_t i = 0; !ended && i < services.n; i++) {
		struct runit_status status;

		runit_status(services.dirs[i], &status);
		if (status.supervised)
			fprintf(stderr, "slipwayd: %s still runs; `sv force-shutdown` it\n", services.dirs[i]);
	}
	services_done(&services);
	return ended ? 0 : 1;
}
