#include "backend/drivers/host/ready.h"

#include <stdio.h>
#include <string.h>

#include "backend/base/clock.h"
#include "backend/drivers/host/admin.h"
#include "backend/drivers/host/haproxy.h"
#include "backend/drivers/host/host_priv.h"
#include "backend/drivers/host/routes.h"

/* The engine observes every 2 s; one observation may come late. */
enum { HOLDS_FOR_MS = 3000, PREPARE_MS = 1000 };

void ready_seen(struct driver_env *denv, enum colour colour, const char *digest)
{
	struct ready *ready = &denv->ready[colour];

	snprintf(ready->digest, sizeof ready->digest, "%s", digest);
	ready->seen_ms = clock_mono_ms();
}

void ready_forget(struct driver_env *denv, enum colour colour)
{
	denv->ready[colour] = (struct ready){ 0 };
}

bool ready_holds(const struct driver_env *denv, enum colour colour, const char *digest)
{
	const struct ready *ready = &denv->ready[colour];

	return ready->seen_ms && clock_mono_ms() - ready->seen_ms < HOLDS_FOR_MS && strcmp(ready->digest, digest) == 0;
}

static void prepared(void *arg, const char *answer, const struct err *err)
{
	struct driver_env *denv = arg;

	(void)err;
	denv->preparing = NULL;
	denv->map_version = answer ? haproxy_version(answer) : 0;
}

void ready_prepare(struct driver_env *denv)
{
	if (!denv->map_version && !denv->preparing)
		denv->preparing = admin_send(denv->loop, denv->proxy_dir, "prepare map " ROUTES_FILE, PREPARE_MS, prepared, denv);
}

int ready_take(struct driver_env *denv)
{
	int version = denv->map_version;

	denv->map_version = 0;
	return version;
}

void ready_void(struct driver_env *denv)
{
	admin_cancel(denv->preparing);
	denv->preparing = NULL;
	denv->map_version = 0;
}
