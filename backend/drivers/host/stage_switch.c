/*
 * switch: all components and previews move at once, in one map transaction, while the prober counts; then the map file,
 * the proof that the new colour answers, and the workers.
 *
 * A rollback to a colour whose health is known from the last observation (ready.h) moves the traffic first and asks for
 * its health right after: should it have fallen ill since then, the traffic is taken back before anything else happens,
 * and the step fails as if it had not gone.
 */
#include <stdlib.h>
#include <string.h>

#include "backend/base/clock.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/drivers/host/admin.h"
#include "backend/drivers/host/haproxy.h"
#include "backend/drivers/host/health.h"
#include "backend/drivers/host/host_priv.h"
#include "backend/drivers/host/mapping.h"
#include "backend/drivers/host/prober.h"
#include "backend/drivers/host/ready.h"
#include "backend/drivers/host/slot.h"
#include "backend/drivers/host/starter.h"
#include "backend/drivers/host/stopper.h"
#include "backend/http/http.h"

/* How often the prober asks, and how often and how long a proof is looked for. */
enum { PROBE_EVERY_MS = 20, PROBE_AFTER_MS = 300, PROOF_EVERY_MS = 20, PROOF_MS = 5000 };

struct switching {
	bool is_ready;                         /* it was healthy a moment ago: the traffic moves before the answer is there */
	bool healthy, figures, moved;          /* is known, are there, has */
	char *ill;                             /* why it is not healthy after all; NULL */
	int64_t map_us;
	int64_t proof_until_ms;
	size_t part;                           /* which component is being proven */
};

static void prove(void *arg);

static void finish(void *arg)
{
	struct op *op = arg;
	struct switching *s = op->state;
	json_t *detail = json_pack("{s:I, s:s, s:s}", "map_us", (json_int_t)s->map_us, "from", colour_name(op->job->live),
	                           "to", colour_name(op->job->target));

	if (op->prober)
		json_object_set_new(detail, "prober", prober_json(op->prober));
	if (op->facts)
		json_object_set(detail, "workers", op->facts);
	op_say(op, "traffic moved from %s to %s in %.1f ms", colour_name(op->job->live), colour_name(op->job->target),
	       (double)s->map_us / 1000);
	op_ok(op, detail);
}

/* The prober looks on for a while after a deploy; a rollback is reported at once. */
static void finish_after_probing(struct op *op)
{
	if (op->job->kind == KIND_ROLLBACK || !op->prober) {
		finish(op);
		return;
	}
	op->timer = loop_timer_new(op->denv->loop, finish, op);
	loop_timer_set(op->timer, PROBE_AFTER_MS);
}

static void workers_started(void *arg, const struct driver_outcome *outcome)
{
	struct op *op = arg;

	op->starter = NULL;
	if (!outcome->ok) {
		op_fail_as(op, outcome);
		return;
	}
	op->facts = json_incref(outcome->detail);
	finish_after_probing(op);
}

static void workers_stopped(void *arg, const struct driver_outcome *outcome)
{
	struct op *op = arg;

	op->stopper = NULL;
	if (!outcome->ok) {
		op_fail_as(op, outcome);
		return;
	}
	op->starter = starter_start(&(struct starter_spec){
		.denv = op->denv, .model = op->model, .job = op->job, .colour = op->job->target, .version = op->job->version,
		.which = STARTER_WORKERS,
	}, workers_started, op);
}

static bool has_workers(const struct host_model *model)
{
	for (size_t i = 0; i < model->n; i++)
		if (!host_part_serves(&model->parts[i]))
			return true;
	return false;
}

static void move_workers(struct op *op)
{
	if (!has_workers(op->model)) {
		finish_after_probing(op);
		return;
	}
	op->stopper = stopper_start(op->denv, stopper_workers(op->denv, op->model, op->job->live), STOPPER_DOWN,
	                            workers_stopped, op);
}

/* Sessions on the target's backend beyond those before the switch: somebody came through public and was served. */
static bool is_proven(const struct op *op, const char *csv, const struct host_part *part)
{
	AUTO(mem_auto_free) char *backend = mem_printf("%s-%s", part->name, colour_name(op->job->target));
	int64_t before = op->denv->stats ? haproxy_stat(op->denv->stats, backend, "BACKEND", "stot") : 0;
	int64_t now = haproxy_stat(csv, backend, "BACKEND", "stot");

	return now > before || (now > 0 && now < before);      /* a HAProxy that was restarted counts from 0 */
}

static void proof_came(void *arg, const char *answer, const struct err *err)
{
	struct op *op = arg;
	struct switching *s = op->state;
	struct err failed = { 0 };

	op->admin = NULL;
	if (answer && is_proven(op, answer, &op->model->parts[s->part])) {
		s->part++;
		prove(op);
		return;
	}
	if (clock_mono_ms() < s->proof_until_ms) {
		loop_timer_free(op->timer);
		op->timer = loop_timer_new(op->denv->loop, prove, op);
		loop_timer_set(op->timer, PROOF_EVERY_MS);
		return;
	}
	if (err)
		failed = *err;
	else
		err_set(&failed, ERR_TIMEOUT, "%s: requests through the public port do not reach %s",
		        op->model->parts[s->part].name, colour_name(op->job->target));
	op_fail(op, "traffic", NULL, &failed);
}

static void ask_for_proof(struct op *op)
{
	op->admin = admin_send(op->denv->loop, op->denv->proxy_dir, "show stat", HOST_PROXY_MS, proof_came, op);
}

static void tcp_answered(void *arg, bool ok, const char *why)
{
	struct op *op = arg;

	(void)ok;
	(void)why;
	op->tcp = NULL;
	ask_for_proof(op);
}

static void http_answered(void *arg, const struct http_answer *answer)
{
	struct op *op = arg;

	(void)answer;
	op->http = NULL;
	ask_for_proof(op);
}

/* One request through public to each component; HAProxy's own figures say where it went. */
static void prove(void *arg)
{
	struct op *op = arg;
	struct switching *s = op->state;
	const struct host_part *part;
	AUTO(mem_auto_free) char *base = NULL;
	AUTO(mem_auto_free) char *url = NULL;

	while (s->part < op->model->n && !op->model->parts[s->part].public_port)
		s->part++;
	if (s->part == op->model->n) {
		loop_timer_free(op->timer);
		op->timer = NULL;
		move_workers(op);
		return;
	}
	part = &op->model->parts[s->part];
	if (part->protocol == PROTOCOL_TCP) {
		op->tcp = health_connect(op->denv->loop, host_model_public_address(op->model), part->public_port, HOST_HEALTH_MS,
		                         tcp_answered, op);
		return;
	}
	base = host_part_url(op->model, part, false);
	url = mem_printf("%s%s", base, part->health ? part->health : "/");
	op->http = http_send(op->denv->http, &(struct http_request){
		.url = url, .timeout_ms = HOST_HEALTH_MS, .fresh = true,
	}, http_answered, op);
}

static void switching_done(void *state)
{
	struct switching *s = state;

	free(s->ill);
}

static bool is_rollback(const struct op *op)
{
	return op->job->kind == KIND_ROLLBACK;
}

/* Why it is not well begins with the component's name. */
static char *tail_of(const struct op *op, const char *why)
{
	for (size_t i = 0; i < op->model->n; i++) {
		const char *name = op->model->parts[i].name;
		size_t len = strlen(name);

		if (strncmp(why, name, len) == 0 && (why[len] == ':' || why[len] == ' '))
			return host_tail(op->denv, op->job->target, name);
	}
	return NULL;
}

static void not_well(struct op *op, const char *why)
{
	AUTO(mem_auto_free) char *tail = tail_of(op, why);
	struct err err = { 0 };

	err_set(&err, ERR_FAILED, "%s in %s is not well: %s", op->job->version, colour_name(op->job->target), why);
	op_fail(op, "health", tail, &err);
}

static void map_saved_again(void *arg, const struct err *err)
{
	struct op *op = arg;
	const struct switching *s = op->state;

	op->save = NULL;
	if (err)
		op_fail(op, "traffic", NULL, err);
	else
		not_well(op, s->ill);
}

static void taken_back(void *arg, int64_t map_us, const struct err *err)
{
	struct op *op = arg;

	(void)map_us;
	op->mapping = NULL;
	if (err)
		op_fail(op, "traffic", NULL, err);
	else
		host_save_map(op, op->job->live, op->job->target, map_saved_again);
}

static void take_back(struct op *op)
{
	AUTO(routes_done) struct routes routes = { 0 };

	admin_cancel(op->admin);
	op->admin = NULL;
	routes_make(op->model, op->job->live, op->job->target, &routes);
	op->mapping = mapping_start(op->denv->loop, op->denv->proxy_dir, &routes, HOST_PROXY_MS, taken_back, op);
}

static enum colour preview_after(const struct op *op)
{
	return op->job->live == COLOUR_NONE ? op->job->target : op->job->live;
}

static void move(struct op *op)
{
	mapping_go(op->mapping);
	/* Before the first deployment there is nobody to answer a prober. */
	if (op->job->live != COLOUR_NONE)
		op->prober = prober_new(op->denv, op->model, PROBE_EVERY_MS);
}

static void go_on(struct op *op)
{
	struct switching *s = op->state;

	if (s->moved) {
		if (s->ill)
			take_back(op);
		else if (s->healthy && s->figures)
			prove(op);
	} else if (!mapping_went(op->mapping) && (s->healthy || s->is_ready) && (s->figures || is_rollback(op))) {
		move(op);
	}
}

static void figures_came(void *arg, const char *answer, const struct err *err)
{
	struct op *op = arg;
	struct switching *s = op->state;

	op->admin = NULL;
	if (err) {
		op_fail(op, "traffic", NULL, err);
		return;
	}
	free(op->denv->stats);
	op->denv->stats = mem_dup(answer);
	s->figures = true;
	go_on(op);
}

static void ask_for_figures(struct op *op)
{
	op->admin = admin_send(op->denv->loop, op->denv->proxy_dir, "show stat", HOST_PROXY_MS, figures_came, op);
}

static void health_came(void *arg, bool ok, const char *why)
{
	struct op *op = arg;
	struct switching *s = op->state;

	op->health = NULL;
	if (!ok)
		ready_forget(op->denv, op->job->target);
	if (!ok && !s->moved) {
		not_well(op, why);
		return;
	}
	s->healthy = ok;
	s->ill = ok ? NULL : mem_dup(why);
	go_on(op);
}

static void ask_for_health(struct op *op)
{
	op->health = health_ask_all(op->denv->loop, op->denv->http, op->model, op->job->target, HOST_HEALTH_MS, health_came,
	                            op);
}

static void map_saved(void *arg, const struct err *err)
{
	struct op *op = arg;
	struct switching *s = op->state;

	op->save = NULL;
	if (err) {
		op_fail(op, "traffic", NULL, err);
		return;
	}
	s->moved = true;
	s->proof_until_ms = clock_mono_ms() + PROOF_MS;
	if (!op->prober)
		op->prober = prober_new(op->denv, op->model, PROBE_EVERY_MS);
	/* What verifies a rollback counts from here: asking before would have kept the traffic waiting. */
	if (is_rollback(op))
		ask_for_figures(op);
	if (s->is_ready)
		ask_for_health(op);
	go_on(op);
}

static void moved(void *arg, int64_t map_us, const struct err *err)
{
	struct op *op = arg;
	struct switching *s = op->state;

	op->mapping = NULL;
	if (op->cancelled) {
		op_stop(op);
		return;
	}
	if (err) {
		op_fail(op, "traffic", NULL, err);
		return;
	}
	s->map_us = map_us;
	host_save_map(op, op->job->target, preview_after(op), map_saved);
}

/* Users are never sent to a slot that holds something else, whatever is believed of it. */
static bool slot_is_right(struct op *op)
{
	AUTO(mem_auto_free) char *missing = NULL;
	AUTO(mem_auto_free) char *why = NULL;

	if (!slot_holds(op->denv->dir, op->model, op->job->target, op->job->digest))
		why = mem_dup("the slot does not hold this build");
	else if (!slot_runs(op->denv->dir, op->model, op->job->target, false, &missing))
		why = mem_printf("%s does not run", missing);
	if (why)
		not_well(op, why);
	return !why;
}

void stage_switch(struct op *op)
{
	struct switching *s = mem_alloc(sizeof *s);
	AUTO(routes_done) struct routes routes = { 0 };

	op->state = s;
	op->state_done = switching_done;
	s->is_ready = is_rollback(op) && ready_holds(op->denv, op->job->target, op->job->digest);
	if (!s->is_ready && !slot_is_right(op))
		return;
	routes_make(op->model, op->job->target, preview_after(op), &routes);
	op->mapping = mapping_prepare(op->denv->loop, op->denv->proxy_dir, &routes, ready_take(op->denv), HOST_PROXY_MS, moved,
	                              op);
	if (!s->is_ready)
		ask_for_health(op);
	if (!is_rollback(op))
		ask_for_figures(op);
	go_on(op);
}
