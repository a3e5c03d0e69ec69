#include "backend/drivers/host/starter.h"

#include <signal.h>
#include <stdlib.h>

#include "backend/base/clock.h"
#include "backend/base/file.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/drivers/host/health.h"
#include "backend/drivers/host/runit.h"
#include "backend/drivers/host/slot.h"
#include "backend/proto/api.h"

/* A worker has no port to ask: it is taken for started when it has run for WORKER_MS. */
enum { POLL_MS = 20, WORKER_MS = 300, RUNSV_MS = 5000, ENDING_MS = 10000, LOG_MS = 1000, ASK_MS = 2000 };

enum part_state {
	PART_WAITS,                            /* for what it needs */
	PART_ENDS,                             /* what ran there before is stopping */
	PART_SUPERVISED_SOON,
	PART_STARTS,                           /* runs, not healthy yet */
	PART_IS_UP,
	PART_EXITED                            /* its last lines are on their way to the log */
};

struct part {
	struct starter *starter;
	const struct host_part *model;
	enum part_state state;
	int64_t since_ms;                      /* of the state */
	int64_t ask_ms;                        /* when to ask for its health next */
	char *service, *release, *log;
	struct launch *runsv;                  /* being started */
	struct health *health;
	char *answer;                          /* the last health answer that was not good */
	struct runit_exit exit;
};

struct starter {
	struct driver_env *denv;
	struct host_model *model;
	const struct driver_job *job;
	enum colour colour;
	char *version;
	struct part *parts;                    /* as many as the model's; those not chosen are up from the start */
	json_t *detail;
	struct loop_timer *timer;
	bool failed;
	struct driver_outcome outcome;
	char *tail;
	driver_done_fn fn;
	void *arg;
};

static void part_done(struct part *p)
{
	health_cancel(p->health);
	launch_forget(p->runsv);
	free(p->service);
	free(p->release);
	free(p->log);
	free(p->answer);
}

void starter_cancel(struct starter *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->model->n; i++)
		part_done(&s->parts[i]);
	loop_timer_free(s->timer);
	json_decref(s->detail);
	free(s->parts);
	free(s->version);
	free(s->tail);
	host_model_unref(s->model);
	free(s);
}

static int64_t in_state_ms(const struct part *p)
{
	return clock_mono_ms() - p->since_ms;
}

static void enter(struct part *p, enum part_state state)
{
	p->state = state;
	p->since_ms = clock_mono_ms();
}

/* The first failure is what is told. */
static void fail(struct part *p, const char *layer, const struct err *err)
{
	struct starter *s = p->starter;
	bool ended;

	if (s->failed)
		return;
	s->failed = true;
	s->tail = runit_tail(p->log, HOST_TAIL_LINES, &ended);
	s->outcome = (struct driver_outcome){ .layer = layer, .tail = s->tail, .err = *err };
	err_wrap(&s->outcome.err, "start %s", p->model->name);
}

static void fail_text(struct part *p, const char *layer, enum err_kind kind, const char *text)
{
	struct err err = { 0 };

	err_set(&err, kind, "%s", text);
	fail(p, layer, &err);
}

static bool write_service(struct part *p, bool *ret_changed, struct err *err)
{
	struct starter *s = p->starter;
	AUTO(host_vars_done) struct host_vars vars = { 0 };
	AUTO(mem_auto_free) char *flags = file_join(s->denv->dir, API_FLAGS_NAME);
	AUTO(mem_auto_free) char *title = mem_printf("%s %s (%s, port %d)", p->model->name, s->version,
	                                             colour_name(s->colour), p->model->port[s->colour]);

	host_part_vars(s->model, p->model, s->colour, s->version, flags, &vars);
	return runit_write(&(struct runit_service){
		.dir = p->service, .run_dir = "../release", .log_dir = p->log, .title = title,
		.argv = (const char *const *)p->model->start, .vars = vars.items, .nvars = vars.n,
	}, ret_changed, err);
}

static bool needs_are_up(const struct part *p)
{
	for (size_t i = 0; i < p->model->nneeds; i++)
		if (p->starter->parts[p->model->needs[i]].state != PART_IS_UP)
			return false;
	return true;
}

/* What runs there and is what is wanted stays: a step that is run again after a restart of the engine. */
static void begin(struct part *p)
{
	struct runit_status status;
	struct err err = { 0 };
	bool changed;

	if (!needs_are_up(p))
		return;
	runit_status(p->service, &status);
	if (!write_service(p, &changed, &err)) {
		fail(p, "process", &err);
		return;
	}
	if (status.running && !changed) {
		runit_forget_exit(p->service);
		enter(p, PART_STARTS);
		return;
	}
	if (!runit_control(p->service, 'd'))
		runit_end_orphan(p->service, p->release, SIGTERM);
	enter(p, PART_ENDS);
}

/* Nothing of what ran there is left, and its runsv takes orders or is gone. */
static bool has_ended(const struct part *p, const struct runit_status *status)
{
	if (!status->supervised)
		return !runit_end_orphan(p->service, p->release, 0);
	return status->finished && !status->wanted && !status->ending;
}

static void runsv_started(void *arg, pid_t pid, const struct err *err)
{
	struct part *p = arg;

	(void)pid;
	p->runsv = NULL;
	if (err)
		fail(p, "process", err);
}

static void start_when_ended(struct part *p)
{
	struct starter *s = p->starter;
	int port = p->model->port[s->colour];
	struct runit_status status;
	struct err err = { 0 };

	runit_status(p->service, &status);
	if (!has_ended(p, &status)) {
		if (in_state_ms(p) > ENDING_MS && !runit_control(p->service, 'k'))
			runit_end_orphan(p->service, p->release, SIGKILL);
		return;
	}
	if (port && !port_is_free("127.0.0.1", port)) {
		AUTO(mem_auto_free) char *owner = port_owner(port);

		err_set(&err, ERR_LOCKED, "port %d is taken by %s", port, owner);
		fail(p, "port", &err);
		return;
	}
	runit_forget_exit(p->service);
	if (!status.supervised)
		p->runsv = runit_supervise(s->denv->launcher, p->service, runsv_started, p);
	enter(p, PART_SUPERVISED_SOON);
}

static void start_when_supervised(struct part *p)
{
	if (runit_control(p->service, 'o'))
		enter(p, PART_STARTS);
	else if (in_state_ms(p) > RUNSV_MS)
		fail_text(p, "process", ERR_TIMEOUT, "its runsv does not come up");
}

static void is_up(struct part *p)
{
	struct starter *s = p->starter;
	int port = p->model->port[s->colour];
	struct runit_status status;
	json_t *fact;

	/* It came up; from now on it is started again whenever it ends. */
	runit_control(p->service, 'u');
	runit_status(p->service, &status);
	fact = json_pack("{s:i, s:I}", "pid", (int)status.pid, "ms", (json_int_t)in_state_ms(p));
	if (port)
		json_object_set_new(fact, "port", json_integer(port));
	json_object_set_new(s->detail, p->model->name, fact);
	host_say(s->job, "%s: up after %.1f s, pid %d", p->model->name, (double)in_state_ms(p) / 1000, (int)status.pid);
	enter(p, PART_IS_UP);
}

static void health_came(void *arg, bool ok, const char *why)
{
	struct part *p = arg;

	p->health = NULL;
	free(p->answer);
	p->answer = ok ? NULL : mem_dup(why);
	p->ask_ms = clock_mono_ms() + POLL_MS;
	/* Somebody else's answer on that port is not ours: the process must still be there. */
	if (ok && !runit_exit(p->service, &p->exit))
		is_up(p);
	loop_timer_set(p->starter->timer, 0);
}

static void check(struct part *p)
{
	struct starter *s = p->starter;
	bool is_worker = !host_part_serves(p->model);
	struct runit_status status;
	struct err err = { 0 };

	runit_status(p->service, &status);
	if (runit_exit(p->service, &p->exit)) {
		enter(p, PART_EXITED);
	} else if (is_worker) {
		if (status.running && in_state_ms(p) >= WORKER_MS)
			is_up(p);
	} else if (in_state_ms(p) >= p->model->health_within_ms) {
		err_set(&err, ERR_TIMEOUT, "not healthy within %.1f s: %s", (double)p->model->health_within_ms / 1000,
		        p->answer ? p->answer : "no answer");
		fail(p, "health", &err);
	} else if (status.running && !p->health && clock_mono_ms() >= p->ask_ms) {
		p->health = health_ask(s->denv->loop, s->denv->http, p->model, s->colour, ASK_MS, health_came, p);
	}
	if (!status.running && p->state == PART_STARTS && in_state_ms(p) > RUNSV_MS)
		fail_text(p, "process", ERR_TIMEOUT, "runsv does not start it");
}

/* svlogd writes what the program printed a moment after it has ended. */
static void tell_exit(struct part *p)
{
	AUTO(mem_auto_free) char *tail = NULL;
	AUTO(mem_auto_free) char *text = NULL;
	bool ended;

	tail = runit_tail(p->log, 1, &ended);
	if (!ended && in_state_ms(p) < LOG_MS)
		return;
	text = runit_exit_text(&p->exit);
	fail_text(p, "process", ERR_FAILED, text);
}

static void step(struct part *p)
{
	switch (p->state) {
	case PART_WAITS:
		begin(p);
		break;
	case PART_ENDS:
		start_when_ended(p);
		break;
	case PART_SUPERVISED_SOON:
		start_when_supervised(p);
		break;
	case PART_STARTS:
		check(p);
		break;
	case PART_EXITED:
		tell_exit(p);
		break;
	case PART_IS_UP:
		break;
	}
}

static void finish(struct starter *s)
{
	if (!s->failed)
		s->outcome = (struct driver_outcome){ .ok = true, .detail = s->detail };
	s->fn(s->arg, &s->outcome);
	starter_cancel(s);
}

static void tick(void *arg)
{
	struct starter *s = arg;
	int64_t pause_ms = POLL_MS;
	size_t up = 0;

	for (size_t i = 0; i < s->model->n && !s->failed; i++) {
		enum part_state was = s->parts[i].state;

		step(&s->parts[i]);
		up += s->parts[i].state == PART_IS_UP;
		/* Files were written or a process started: enough for one turn of the loop. */
		if (s->parts[i].state != was && was < PART_SUPERVISED_SOON) {
			pause_ms = 0;
			break;
		}
	}
	if (s->failed || up == s->model->n)
		finish(s);
	else
		loop_timer_set(s->timer, pause_ms);
}

static bool is_chosen(const struct host_part *part, enum starter_which which)
{
	return which == STARTER_ALL || (which == STARTER_SERVING) == host_part_serves(part);
}

struct starter *starter_start(const struct starter_spec *spec, driver_done_fn fn, void *arg)
{
	struct starter *s = mem_alloc(sizeof *s);

	*s = (struct starter){
		.denv = spec->denv, .model = host_model_ref(spec->model), .job = spec->job, .colour = spec->colour,
		.version = mem_dup(spec->version), .parts = mem_array(spec->model->n, sizeof *s->parts),
		.detail = json_object(), .fn = fn, .arg = arg,
	};
	for (size_t i = 0; i < s->model->n; i++) {
		struct part *p = &s->parts[i];
		const struct host_part *model = &s->model->parts[i];

		*p = (struct part){
			.starter = s, .model = model, .state = is_chosen(model, spec->which) ? PART_WAITS : PART_IS_UP,
			.service = slot_service(spec->denv->dir, spec->colour, model->name),
			.release = slot_release(spec->denv->dir, spec->colour, model->name),
			.log = slot_log(spec->denv->dir, spec->colour, model->name),
		};
	}
	s->timer = loop_timer_new(spec->denv->loop, tick, s);
	loop_timer_set(s->timer, 0);
	return s;
}
