#include "backend/drivers/host/stopper.h"

#include <signal.h>
#include <stdlib.h>

#include "backend/base/clock.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/drivers/host/runit.h"
#include "backend/drivers/host/slot.h"

enum { POLL_MS = 10, GRACE_MS = 10000, GIVE_UP_MS = 20000 };

struct stopper {
	char **services;
	enum stopper_how how;
	int64_t began_ms;
	bool told, killed;
	struct loop_timer *timer;
	driver_done_fn fn;
	void *arg;
};

void stopper_cancel(struct stopper *s)
{
	if (!s)
		return;
	loop_timer_free(s->timer);
	slot_services_free(s->services);
	free(s);
}

static bool end_orphan(const char *service, int signo)
{
	AUTO(mem_auto_free) char *release = mem_printf("%s/../release", service);

	return runit_end_orphan(service, release, signo);
}

static bool is_gone(const struct stopper *s, const char *service)
{
	struct runit_status status;

	runit_status(service, &status);
	if (!status.supervised)
		return !end_orphan(service, 0);
	return s->how == STOPPER_DOWN && status.finished && !status.wanted;
}

/* The first service that is still there; NULL when all are gone. */
static const char *first_left(const struct stopper *s)
{
	for (char **service = s->services; *service; service++)
		if (!is_gone(s, *service))
			return *service;
	return NULL;
}

static void terminate(const struct stopper *s)
{
	for (char **service = s->services; *service; service++)
		if (!(s->how == STOPPER_END ? runit_end(*service) : runit_control(*service, 'd')))
			end_orphan(*service, SIGTERM);
}

static void kill_all(const struct stopper *s)
{
	for (char **service = s->services; *service; service++)
		if (!runit_control(*service, 'k'))
			end_orphan(*service, SIGKILL);
}

static void tick(void *arg)
{
	struct stopper *s = arg;
	struct driver_outcome outcome = { .ok = true };
	int64_t took_ms = clock_mono_ms() - s->began_ms;
	const char *left = first_left(s);

	if (left && !s->told)
		terminate(s);
	s->told = true;
	if (left && took_ms >= GRACE_MS && !s->killed) {
		kill_all(s);
		s->killed = true;
	}
	if (left && took_ms < GIVE_UP_MS) {
		loop_timer_set(s->timer, POLL_MS);
		return;
	}
	if (left) {
		outcome = (struct driver_outcome){ .layer = "process" };
		err_set(&outcome.err, ERR_TIMEOUT, "%s does not stop, not even on SIGKILL", left);
	}
	s->fn(s->arg, &outcome);
	stopper_cancel(s);
}

struct stopper *stopper_start(struct driver_env *denv, char **take_services, enum stopper_how how, driver_done_fn fn,
                              void *arg)
{
	struct stopper *s = mem_alloc(sizeof *s);

	*s = (struct stopper){
		.services = take_services, .how = how, .began_ms = clock_mono_ms(), .fn = fn, .arg = arg,
	};
	s->timer = loop_timer_new(denv->loop, tick, s);
	loop_timer_set(s->timer, 0);
	return s;
}

char **stopper_workers(const struct driver_env *denv, const struct host_model *model, enum colour colour)
{
	char **services = mem_array(model->n + 1, sizeof *services);
	size_t n = 0;

	for (size_t i = 0; i < model->n; i++)
		if (!host_part_serves(&model->parts[i]))
			services[n++] = slot_service(denv->dir, colour, model->parts[i].name);
	return services;
}
