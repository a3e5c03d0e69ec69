/*
 * verify: watches the new colour under real traffic: HAProxy's figures of its backends (answers of 5xx, failed
 * connections, broken answers), our own prober through the public ports, and the processes. drain follows: the old
 * colour's sessions end.
 */
#include <inttypes.h>

#include "backend/base/clock.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/drivers/host/admin.h"
#include "backend/drivers/host/drainer.h"
#include "backend/drivers/host/haproxy.h"
#include "backend/drivers/host/host_priv.h"
#include "backend/drivers/host/prober.h"
#include "backend/drivers/host/runit.h"
#include "backend/drivers/host/slot.h"

/* Real traffic is looked at this often at least, so that a bad build is seen early. */
enum { LOOK_AT_LEAST_MS = 250, LOOK_AT_MOST_MS = 20, EXIT_TOLD_MS = 1000 };

struct verify {
	int64_t began_ms;
	int64_t missed_ms;                     /* since when a process is missed, 0: none is */
	pid_t pids[];                          /* of each part at the beginning */
};

/* What HAProxy counted on a colour's backend since the switch. */
struct figures { int64_t requests, s5xx, errors, failed; };

static void look(void *arg);

static pid_t pid_of(const struct op *op, const struct host_part *part)
{
	AUTO(mem_auto_free) char *service = slot_service(op->denv->dir, op->job->target, part->name);
	struct runit_status status;

	runit_status(service, &status);
	return status.pid;
}

/* One figure's growth; a HAProxy that was restarted counts from 0. */
static int64_t since_switch(const struct op *op, const char *csv, const char *backend, const char *server,
                            const char *field)
{
	int64_t now = haproxy_stat(csv, backend, server, field);
	int64_t before = op->denv->stats ? haproxy_stat(op->denv->stats, backend, server, field) : 0;

	return now >= before ? now - before : now;
}

/*
 * A failed connection or a broken answer mostly is a 5xx for the client too, so the larger of both is what failed. The
 * server's row is taken for errors: in the backend's row a client that went away counts as well.
 */
static void read_figures(const struct op *op, const char *csv, const struct host_part *part, struct figures *ret)
{
	AUTO(mem_auto_free) char *backend = mem_printf("%s-%s", part->name, colour_name(op->job->target));

	ret->requests = since_switch(op, csv, backend, "BACKEND", "stot");
	ret->s5xx = since_switch(op, csv, backend, "BACKEND", "hrsp_5xx");
	ret->errors = since_switch(op, csv, backend, "slot", "econ") + since_switch(op, csv, backend, "slot", "eresp");
	ret->failed = ret->s5xx > ret->errors ? ret->s5xx : ret->errors;
}

static void fail_part(struct op *op, const struct host_part *part, const char *layer, const struct err *err)
{
	AUTO(mem_auto_free) char *tail = host_tail(op->denv, op->job->target, part->name);
	struct driver_outcome outcome = { .layer = layer, .tail = tail, .err = *err };

	outcome.detail = json_pack("{s:o}", "prober", prober_json(op->prober));
	op_fail_as(op, &outcome);
	json_decref(outcome.detail);
}

/*
 * A process that ended while users were on it is a failure, however quickly runsv has it up again. How it ended is
 * written a moment later.
 */
static bool processes_stand(struct op *op)
{
	struct verify *v = op->state;

	for (size_t i = 0; i < op->model->n; i++) {
		const struct host_part *part = &op->model->parts[i];
		AUTO(mem_auto_free) char *service = slot_service(op->denv->dir, op->job->target, part->name);
		AUTO(mem_auto_free) char *text = NULL;
		struct runit_exit end;
		struct err err = { 0 };
		bool is_told;

		if (pid_of(op, part) == v->pids[i] && v->pids[i])
			continue;
		is_told = runit_exit(service, &end);
		if (!v->missed_ms)
			v->missed_ms = clock_mono_ms();
		if (!is_told && clock_mono_ms() - v->missed_ms < EXIT_TOLD_MS)
			continue;
		text = is_told ? runit_exit_text(&end) : mem_dup("is not running");
		err_set(&err, ERR_FAILED, "%s %s, under real traffic", part->name, text);
		fail_part(op, part, "process", &err);
		return false;
	}
	return true;
}

/* HAProxy counts from the switch on, and our own probes of the switch with it, also where nobody else asks. Yours. */
static char *traffic_text(const struct op *op, const char *name, const struct figures *f, const struct prober_counts *own)
{
	const char *failure = prober_failure(op->prober);
	AUTO(mem_auto_free) char *ours = own->failed == 0 ? mem_dup("")
		: mem_printf("; %" PRId64 " of %" PRId64 " probes of our own failed%s%s", own->failed, own->sent,
		             failure ? ": " : "", failure ? failure : "");

	return mem_printf("%" PRId64 " of %" PRId64 " requests to %s failed since the switch, probes among them (%" PRId64
	                  " answers of 5xx, %" PRId64 " broken connections)%s", f->failed, f->requests, name, f->s5xx,
	                  f->errors, ours);
}

static bool traffic_is_good(struct op *op, const char *csv, struct figures *ret)
{
	AUTO(mem_auto_free) char *why = NULL;
	int64_t limit = op->model->verify_failures > 0 ? op->model->verify_failures : 1;
	const struct host_part *worst = NULL;
	struct figures all = { 0 }, most = { 0 };
	struct prober_counts own;
	struct err err = { 0 };

	prober_counts(op->prober, &own);
	for (size_t i = 0; i < op->model->n; i++) {
		struct figures f;

		read_figures(op, csv, &op->model->parts[i], &f);
		all.requests += f.requests;
		all.s5xx += f.s5xx;
		all.errors += f.errors;
		all.failed += f.failed;
		if (!worst || f.failed > most.failed) {
			worst = &op->model->parts[i];
			most = f;
		}
	}
	/* Our probes that got a 5xx are in HAProxy's figures as well, but for those that no backend answered. */
	if (all.failed < own.failed - own.errors)
		all.failed = own.failed - own.errors;
	*ret = all;
	if (!worst || all.failed + own.errors < limit)
		return true;
	why = traffic_text(op, worst->name, &most, &own);
	err_set(&err, ERR_FAILED, "%s", why);
	fail_part(op, worst, "traffic", &err);
	return false;
}

static void figures_came(void *arg, const char *answer, const struct err *err)
{
	struct op *op = arg;
	const struct verify *v = op->state;
	int64_t took_ms = clock_mono_ms() - v->began_ms;
	int64_t pause_ms = op->model->verify_interval_ms;
	struct figures f;

	op->admin = NULL;
	if (!answer) {
		op_fail(op, "traffic", NULL, err);
		return;
	}
	if (!processes_stand(op) || !traffic_is_good(op, answer, &f))
		return;
	if (took_ms >= op->model->verify_ms && !v->missed_ms) {
		op_say(op, "%" PRId64 " requests in %.1f s, %" PRId64 " failed", f.requests, (double)took_ms / 1000, f.failed);
		op_ok(op, json_pack("{s:I, s:I, s:I, s:o}", "ms", (json_int_t)took_ms, "requests", (json_int_t)f.requests,
		                    "failed", (json_int_t)f.failed, "prober", prober_json(op->prober)));
		return;
	}
	if (pause_ms > LOOK_AT_LEAST_MS)
		pause_ms = LOOK_AT_LEAST_MS;
	if (took_ms < op->model->verify_ms && pause_ms > op->model->verify_ms - took_ms)
		pause_ms = op->model->verify_ms - took_ms;
	loop_timer_set(op->timer, pause_ms > LOOK_AT_MOST_MS ? pause_ms : LOOK_AT_MOST_MS);
}

static void look(void *arg)
{
	struct op *op = arg;

	op->admin = admin_send(op->denv->loop, op->denv->proxy_dir, "show stat", HOST_PROXY_MS, figures_came, op);
}

void stage_verify(struct op *op)
{
	struct verify *v = mem_alloc(sizeof *v + op->model->n * sizeof v->pids[0]);

	op->state = v;
	v->began_ms = clock_mono_ms();
	for (size_t i = 0; i < op->model->n; i++) {
		AUTO(mem_auto_free) char *service = slot_service(op->denv->dir, op->job->target, op->model->parts[i].name);

		runit_forget_exit(service);
		v->pids[i] = pid_of(op, &op->model->parts[i]);
	}
	op->timer = loop_timer_new(op->denv->loop, look, op);
	op->prober = prober_new(op->denv, op->model, op->model->verify_interval_ms);
	look(op);
}

static void drained(void *arg, int64_t sessions, int64_t took_ms, const struct err *err)
{
	struct op *op = arg;

	op->drainer = NULL;
	if (err) {
		op_fail(op, "traffic", NULL, err);
		return;
	}
	op_say(op, sessions ? "%s still has %" PRId64 " sessions after %" PRId64 " ms; it stays up while it is kept warm"
		: "%s has %" PRId64 " sessions left after %" PRId64 " ms", colour_name(op->job->live), sessions, took_ms);
	op_ok(op, json_pack("{s:I, s:I}", "ms", (json_int_t)took_ms, "sessions", (json_int_t)sessions));
}

void stage_drain(struct op *op)
{
	if (op->job->live == COLOUR_NONE) {
		op_ok(op, NULL);
		return;
	}
	op->drainer = drainer_start(op->denv, op->model, op->job->live, op->model->drain_ms, drained, op);
}
