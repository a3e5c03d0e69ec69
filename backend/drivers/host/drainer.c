#include "backend/drivers/host/drainer.h"

#include <stdlib.h>

#include "backend/base/clock.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/drivers/host/admin.h"
#include "backend/drivers/host/haproxy.h"

enum { POLL_MS = 20 };

struct drainer {
	struct driver_env *denv;
	struct host_model *model;
	enum colour colour;
	int64_t began_ms, within_ms;
	struct admin_call *call;
	struct loop_timer *timer;
	drainer_fn fn;
	void *arg;
};

void drainer_cancel(struct drainer *d)
{
	if (!d)
		return;
	admin_cancel(d->call);
	loop_timer_free(d->timer);
	host_model_unref(d->model);
	free(d);
}

static int64_t count_sessions(const struct drainer *d, const char *csv)
{
	int64_t sessions = 0;

	for (size_t i = 0; i < d->model->n; i++) {
		AUTO(mem_auto_free) char *backend = mem_printf("%s-%s", d->model->parts[i].name, colour_name(d->colour));

		sessions += haproxy_stat(csv, backend, "BACKEND", "scur") + haproxy_stat(csv, backend, "BACKEND", "qcur");
	}
	return sessions;
}

static void told(void *arg, const char *answer, const struct err *err)
{
	struct drainer *d = arg;
	int64_t took_ms = clock_mono_ms() - d->began_ms;
	int64_t sessions = answer ? count_sessions(d, answer) : 0;

	d->call = NULL;
	if (sessions > 0 && took_ms < d->within_ms) {
		loop_timer_set(d->timer, POLL_MS);
		return;
	}
	d->fn(d->arg, sessions, took_ms, err);
	drainer_cancel(d);
}

static void ask(void *arg)
{
	struct drainer *d = arg;

	d->call = admin_send(d->denv->loop, d->denv->proxy_dir, "show stat", HOST_PROXY_MS, told, d);
}

struct drainer *drainer_start(struct driver_env *denv, struct host_model *model, enum colour colour, int64_t within_ms,
                              drainer_fn fn, void *arg)
{
	struct drainer *d = mem_alloc(sizeof *d);

	*d = (struct drainer){
		.denv = denv, .model = host_model_ref(model), .colour = colour, .began_ms = clock_mono_ms(),
		.within_ms = within_ms, .fn = fn, .arg = arg,
	};
	d->timer = loop_timer_new(denv->loop, ask, d);
	ask(d);
	return d;
}
