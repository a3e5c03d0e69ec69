/* observe and probe: what is true now, asked of HAProxy itself, of the slots' marks and of the components. */
#include <string.h>

#include "backend/base/file.h"
#include "backend/base/mem.h"
#include "backend/drivers/host/health.h"
#include "backend/drivers/host/host_priv.h"
#include "backend/drivers/host/mapping.h"
#include "backend/drivers/host/ready.h"
#include "backend/drivers/host/runit.h"
#include "backend/drivers/host/slot.h"

/* A HAProxy that runs is asked for so long; one that does not run starts with the map file, so the file tells. */
enum { ASK_MS = 3000 };

static bool proxy_runs(const struct op *op)
{
	struct runit_status status;

	runit_status(op->denv->proxy_dir, &status);
	return status.running;
}

static bool read_map_file(const struct op *op, struct routes *ret, struct err *err)
{
	AUTO(mem_auto_free) char *path = file_join(op->denv->proxy_dir, ROUTES_FILE);

	return routes_read(path, ret, err);
}

/* ---- observe ---- */

static void say_health(struct op *op, const char *text)
{
	if (!op->text)
		op->text = mem_dup(text);
}

static void finish_observe(struct op *op)
{
	op->seen.healthy = !op->text;
	say_health(op, op->seen.live == COLOUR_NONE ? "nothing was deployed yet" : "OK");
	op->seen.health = op->text;
	op->seen.version = op->version;
	op->seen.digest = op->digest;
	op_answer_seen(op);
}

/* The mark is read when the answers are there: what is prepared meanwhile has no mark, or another. */
static void see(struct op *op, enum colour colour, bool ok)
{
	AUTO(slot_mark_done) struct slot_mark mark = { 0 };

	slot_mark_read(op->denv->dir, colour, &mark);
	if (ok && mark.digest && slot_holds(op->denv->dir, op->model, colour, mark.digest))
		ready_seen(op->denv, colour, mark.digest);
	else
		ready_forget(op->denv, colour);
}

static void other_answered(void *arg, bool ok, const char *why)
{
	struct op *op = arg;

	(void)why;
	op->health = NULL;
	op->seen.warm = ok;
	see(op, colour_other(op->seen.live), ok);
	ready_prepare(op->denv);
	finish_observe(op);
}

static void live_answered(void *arg, bool ok, const char *why)
{
	struct op *op = arg;
	enum colour other = colour_other(op->seen.live);
	AUTO(slot_mark_done) struct slot_mark mark = { 0 };

	op->health = NULL;
	if (!ok)
		say_health(op, why);
	slot_mark_read(op->denv->dir, other, &mark);
	if (mark.digest && slot_runs(op->denv->dir, op->model, other, false, NULL))
		op->health = health_ask_all(op->denv->loop, op->denv->http, op->model, other, HOST_HEALTH_MS, other_answered,
		                            op);
	else
		finish_observe(op);
}

static void look_at_live(struct op *op)
{
	AUTO(slot_mark_done) struct slot_mark mark = { 0 };
	AUTO(mem_auto_free) char *missing = NULL;
	AUTO(mem_auto_free) char *text = NULL;

	if (op->seen.live == COLOUR_NONE) {
		finish_observe(op);
		return;
	}
	slot_mark_read(op->denv->dir, op->seen.live, &mark);
	op->version = mem_dup(mark.version);
	op->digest = mem_dup(mark.digest);
	if (!slot_runs(op->denv->dir, op->model, op->seen.live, true, &missing)) {
		text = mem_printf("%s: not running", missing);
		say_health(op, text);
	}
	op->health = health_ask_all(op->denv->loop, op->denv->http, op->model, op->seen.live, HOST_HEALTH_MS, live_answered,
	                            op);
}

static void judge_routes(struct op *op, const struct routes *routes)
{
	AUTO(mem_auto_free) char *why = NULL;

	op->seen.known = routes_live(op->model, routes, &op->seen.live, &why);
	if (op->seen.known) {
		look_at_live(op);
		return;
	}
	err_set(&op->seen.err, ERR_INTERNAL, "%s", why);
	op->seen.health = "";
	op_answer_seen(op);
}

static void judge_map_file(struct op *op, const char *why)
{
	AUTO(routes_done) struct routes routes = { 0 };

	if (!read_map_file(op, &routes, &op->seen.err)) {
		op->seen.health = "";
		op_answer_seen(op);
		return;
	}
	say_health(op, why);
	judge_routes(op, &routes);
}

static void shown_to_observe(void *arg, const struct routes *routes, const struct err *err)
{
	struct op *op = arg;

	op->show = NULL;
	if (routes)
		judge_routes(op, routes);
	else
		judge_map_file(op, err->text);
}

void host_observe(struct op *op)
{
	if (proxy_runs(op))
		op->show = mapping_ask(op->denv->loop, op->denv->proxy_dir, ASK_MS, shown_to_observe, op);
	else
		judge_map_file(op, "HAProxy does not run");
}

/* ---- probe ---- */

static bool workers_run(const struct op *op, enum colour colour)
{
	for (size_t i = 0; i < op->model->n; i++) {
		AUTO(mem_auto_free) char *service = slot_service(op->denv->dir, colour, op->model->parts[i].name);
		struct runit_status status;

		if (host_part_serves(&op->model->parts[i]))
			continue;
		runit_status(service, &status);
		if (!status.running || !status.wanted)
			return false;
	}
	return true;
}

static void judge_switch(struct op *op, const struct routes *routes)
{
	AUTO(mem_auto_free) char *why = NULL;
	enum colour live;

	if (!routes_live(op->model, routes, &live, &why)) {
		op_answer_probe(op, PROBE_UNKNOWN, why);
	} else if (live != op->job->target) {
		why = mem_printf("the traffic is on %s", colour_name(live));
		op_answer_probe(op, live == op->job->live ? PROBE_NOT_STARTED : PROBE_UNKNOWN, why);
	} else if (!workers_run(op, live)) {
		op_answer_probe(op, PROBE_NOT_STARTED, "the traffic has moved, the workers have not");
	} else {
		why = mem_printf("the traffic is on %s", colour_name(live));
		op_answer_probe(op, PROBE_DONE, why);
	}
}

static void shown_to_probe(void *arg, const struct routes *routes, const struct err *err)
{
	struct op *op = arg;

	op->show = NULL;
	if (routes)
		judge_switch(op, routes);
	else
		op_answer_probe(op, PROBE_UNKNOWN, err->text);
}

static void probe_switch(struct op *op)
{
	AUTO(routes_done) struct routes routes = { 0 };
	struct err err = { 0 };

	if (proxy_runs(op))
		op->show = mapping_ask(op->denv->loop, op->denv->proxy_dir, ASK_MS, shown_to_probe, op);
	else if (read_map_file(op, &routes, &err))
		judge_switch(op, &routes);
	else
		op_answer_probe(op, PROBE_UNKNOWN, err.text);
}

void host_probe(struct op *op, enum stage stage)
{
	if (stage == STAGE_SWITCH)
		probe_switch(op);
	else if (stage == STAGE_STAGE && slot_holds(op->denv->dir, op->model, op->job->target, op->job->digest))
		op_answer_probe(op, PROBE_DONE, "the slot holds the build");
	else if (stage == STAGE_MIGRATE)
		op_answer_probe(op, PROBE_UNKNOWN, "nobody saw how the migration ended, and it is not run twice");
	else
		op_answer_probe(op, PROBE_NOT_STARTED, "running it again is safe");
}
