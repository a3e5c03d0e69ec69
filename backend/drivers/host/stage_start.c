/* start: the target colour runs and is healthy, and previews lead to it. */
#include <string.h>

#include "backend/base/mem.h"
#include "backend/drivers/host/health.h"
#include "backend/drivers/host/host_priv.h"
#include "backend/drivers/host/mapping.h"
#include "backend/drivers/host/proxy.h"
#include "backend/drivers/host/ready.h"
#include "backend/drivers/host/slot.h"
#include "backend/drivers/host/starter.h"

static void finish(struct op *op)
{
	ready_seen(op->denv, op->job->target, op->job->digest);
	op_ok(op, json_incref(op->facts));
}

static void map_saved(void *arg, const struct err *err)
{
	struct op *op = arg;

	op->save = NULL;
	if (err)
		op_fail(op, "traffic", NULL, err);
	else
		finish(op);
}

static void previews_moved(void *arg, int64_t map_us, const struct err *err)
{
	struct op *op = arg;

	(void)map_us;
	op->mapping = NULL;
	if (op->cancelled)
		op_stop(op);
	else if (err)
		op_fail(op, "traffic", NULL, err);
	else
		host_save_map(op, op->job->live, op->job->target, map_saved);
}

static void shown(void *arg, const struct routes *routes, const struct err *err)
{
	struct op *op = arg;
	AUTO(routes_done) struct routes wanted = { 0 };

	op->show = NULL;
	if (!routes) {
		op_fail(op, "traffic", NULL, err);
		return;
	}
	routes_make(op->model, op->job->live, op->job->target, &wanted);
	if (routes_equal(routes, &wanted)) {
		finish(op);
		return;
	}
	op->mapping = mapping_start(op->denv->loop, op->denv->proxy_dir, &wanted, HOST_PROXY_MS, previews_moved, op);
}

static void started(void *arg, const struct driver_outcome *outcome)
{
	struct op *op = arg;

	op->starter = NULL;
	if (!outcome->ok) {
		op_fail_as(op, outcome);
		return;
	}
	op->facts = json_incref(outcome->detail);
	op->show = mapping_ask(op->denv->loop, op->denv->proxy_dir, HOST_PROXY_MS, shown, op);
}

static void proxy_is_up(void *arg, const struct driver_outcome *outcome)
{
	struct op *op = arg;

	op->proxy = NULL;
	if (!outcome->ok) {
		op_fail_as(op, outcome);
		return;
	}
	op->starter = starter_start(&(struct starter_spec){
		.denv = op->denv, .model = op->model, .job = op->job, .colour = op->job->target, .version = op->job->version,
		.which = STARTER_SERVING,
	}, started, op);
}

static void start_cold(struct op *op)
{
	op->proxy = proxy_start(op->denv, op->model, proxy_is_up, op);
}

static void warm_answered(void *arg, bool ok, const char *why)
{
	struct op *op = arg;

	op->health = NULL;
	if (ok) {
		op->facts = json_pack("{s:b}", "warm", true);
		finish(op);
		return;
	}
	op_say(op, "%s was kept warm but is not well (%s): it is started again", colour_name(op->job->target), why);
	start_cold(op);
}

/* The way of a rollback: no child process, nothing polled; a health request to each component and that is all. */
void stage_start(struct op *op)
{
	const char *dir = op->denv->dir;

	if (op->job->target_is_warm && slot_holds(dir, op->model, op->job->target, op->job->digest)
	    && slot_runs(dir, op->model, op->job->target, false, NULL))
		op->health = health_ask_all(op->denv->loop, op->denv->http, op->model, op->job->target, HOST_HEALTH_MS,
		                            warm_answered, op);
	else
		start_cold(op);
}
