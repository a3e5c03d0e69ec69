#include "backend/drivers/host/resume.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "backend/base/clock.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/drivers/host/runit.h"
#include "backend/drivers/host/slot.h"

enum { POLL_MS = 10, GIVE_UP_MS = 10000 };

struct part { struct resume *resume; bool supervising, noted; struct launch *runsv; };

struct resume {
	struct driver_env *denv;
	struct host_model *model;
	enum colour colour;
	enum resume_which which;
	struct part *parts;                    /* as many as the model's */
	struct err not_started;                /* why a runsv was not */
	json_t *started;
	int64_t began_ms;
	struct loop_timer *timer;
	driver_done_fn fn;
	void *arg;
};

void resume_cancel(struct resume *r)
{
	if (!r)
		return;
	loop_timer_free(r->timer);
	for (size_t i = 0; i < r->model->n; i++)
		launch_forget(r->parts[i].runsv);
	host_model_unref(r->model);
	json_decref(r->started);
	free(r->parts);
	free(r);
}

static void finish(struct resume *r, const struct err *err)
{
	struct driver_outcome outcome = { .ok = !err, .layer = "process" };
	json_t *detail = json_pack("{s:O}", "started", r->started);

	if (err)
		outcome.err = *err;
	outcome.detail = detail;
	r->fn(r->arg, &outcome);
	json_decref(detail);
	resume_cancel(r);
}

static bool is_chosen(const struct resume *r, const struct host_part *part)
{
	return r->which == RESUME_ALL || (r->which == RESUME_SERVING) == host_part_serves(part);
}

static void runsv_started(void *arg, pid_t pid, const struct err *err)
{
	struct part *p = arg;

	(void)pid;
	p->runsv = NULL;
	if (err)
		p->resume->not_started = *err;
}

/* What we started came up; what never did is not told. */
static void note_started(struct part *p, const char *name)
{
	if (p->supervising && !p->noted)
		json_array_append_new(p->resume->started, json_string(name));
	p->noted = true;
}

/* One step towards running. true when it is there. */
static bool resume_part(struct resume *r, size_t i, struct err *err)
{
	const char *name = r->model->parts[i].name;
	AUTO(mem_auto_free) char *service = slot_service(r->denv->dir, r->colour, name);
	AUTO(mem_auto_free) char *release = slot_release(r->denv->dir, r->colour, name);
	struct runit_status status;

	runit_status(service, &status);
	if (status.supervised && status.ending)
		return false;
	if (status.supervised && status.wanted)
		return true;
	if (status.supervised) {
		note_started(&r->parts[i], name);
		runit_control(service, 'u');
		return false;
	}
	if (r->parts[i].supervising) {
		*err = r->not_started;
		return false;
	}
	if (access(service, X_OK) != 0) {
		err_set(err, ERR_NOT_FOUND, "%s cannot be started again: %s is gone", name, service);
		return false;
	}
	/* Its runsv was killed: the program holds the port, and nobody would start it again when it ends. */
	if (runit_end_orphan(service, release, SIGTERM))
		return false;
	r->parts[i].supervising = true;
	r->parts[i].runsv = runit_supervise(r->denv->launcher, service, runsv_started, &r->parts[i]);
	return false;
}

static void tick(void *arg)
{
	struct resume *r = arg;
	struct err err = { 0 };
	const char *missing = NULL;

	/* At most one runsv is started in a turn of the loop. */
	for (size_t i = 0; i < r->model->n && !missing && !err.kind; i++)
		if (is_chosen(r, &r->model->parts[i]) && !resume_part(r, i, &err))
			missing = r->model->parts[i].name;
	if (!err.kind && missing && clock_mono_ms() - r->began_ms > GIVE_UP_MS)
		err_set(&err, ERR_TIMEOUT, "%s cannot be started again: its runsv does not come up", missing);
	if (err.kind)
		finish(r, &err);
	else if (missing)
		loop_timer_set(r->timer, POLL_MS);
	else
		finish(r, NULL);
}

struct resume *resume_start(struct driver_env *denv, struct host_model *model, enum colour colour,
                            enum resume_which which, driver_done_fn fn, void *arg)
{
	struct resume *r = mem_alloc(sizeof *r);

	*r = (struct resume){
		.denv = denv, .model = host_model_ref(model), .colour = colour, .which = which,
		.parts = mem_array(model->n, sizeof *r->parts), .started = json_array(),
		.began_ms = clock_mono_ms(), .fn = fn, .arg = arg,
	};
	for (size_t i = 0; i < model->n; i++)
		r->parts[i].resume = r;
	r->timer = loop_timer_new(denv->loop, tick, r);
	loop_timer_set(r->timer, 0);
	return r;
}
