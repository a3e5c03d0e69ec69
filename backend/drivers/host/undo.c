/*
 * undo: as it was before the job: the traffic on the colour that had it, proven by HAProxy's own map, then the target
 * stopped once its last requests have their answers. cool: the colour that was kept warm is stopped.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/file.h"
#include "backend/base/mem.h"
#include "backend/drivers/host/drainer.h"
#include "backend/drivers/host/host_priv.h"
#include "backend/drivers/host/mapping.h"
#include "backend/drivers/host/proxy.h"
#include "backend/drivers/host/ready.h"
#include "backend/drivers/host/resume.h"
#include "backend/drivers/host/slot.h"
#include "backend/drivers/host/stopper.h"

/* Below the engine's limit for an undo, whatever the configuration allows a drain. */
enum { DRAIN_AT_MOST_MS = 30000 };

static enum colour preview_before(const struct op *op)
{
	return op->job->live == COLOUR_NONE ? COLOUR_NONE : op->job->target;
}

static void target_stopped(void *arg, const struct driver_outcome *outcome)
{
	struct op *op = arg;

	op->stopper = NULL;
	if (!outcome->ok) {
		op_fail_as(op, outcome);
		return;
	}
	op_say(op, "%s is stopped", colour_name(op->job->target));
	op_ok(op, json_pack("{s:s}", "traffic", colour_name(op->job->live)));
}

static void stop_target(struct op *op)
{
	ready_forget(op->denv, op->job->target);
	op->stopper = stopper_start(op->denv, slot_services(op->denv->dir, op->job->target), STOPPER_END, target_stopped, op);
}

static void drained(void *arg, int64_t sessions, int64_t took_ms, const struct err *err)
{
	struct op *op = arg;

	op->drainer = NULL;
	if (!err && sessions)
		op_say(op, "%s still has %" PRId64 " sessions after %" PRId64 " ms", colour_name(op->job->target), sessions,
		       took_ms);
	stop_target(op);
}

static void drain(struct op *op)
{
	int64_t within_ms = op->model->drain_ms < DRAIN_AT_MOST_MS ? op->model->drain_ms : DRAIN_AT_MOST_MS;

	op->drainer = drainer_start(op->denv, op->model, op->job->target, within_ms, drained, op);
}

static void live_resumed(void *arg, const struct driver_outcome *outcome)
{
	struct op *op = arg;

	op->resume = NULL;
	if (!outcome->ok)
		op_fail_as(op, outcome);
	else
		drain(op);
}

static void workers_stopped(void *arg, const struct driver_outcome *outcome)
{
	struct op *op = arg;

	op->stopper = NULL;
	if (!outcome->ok)
		op_fail_as(op, outcome);
	else if (op->job->live == COLOUR_NONE)
		drain(op);
	else
		op->resume = resume_start(op->denv, op->model, op->job->live, RESUME_ALL, live_resumed, op);
}

static void moved_back(void *arg, int64_t map_us, const struct err *err)
{
	struct op *op = arg;

	(void)map_us;
	op->mapping = NULL;
	if (err) {
		op_fail(op, "traffic", NULL, err);
		return;
	}
	op_say(op, "traffic is on %s", colour_name(op->job->live));
	op->stopper = stopper_start(op->denv, stopper_workers(op->denv, op->model, op->job->target), STOPPER_DOWN,
	                            workers_stopped, op);
}

static void proxy_is_up(void *arg, const struct driver_outcome *outcome)
{
	struct op *op = arg;
	AUTO(routes_done) struct routes routes = { 0 };

	op->proxy = NULL;
	/* Somebody else has the public port, so no HAProxy of ours runs: where nothing was live there is nothing to take back. */
	if (!outcome->ok && op->job->live == COLOUR_NONE && strcmp(outcome->layer, "port") == 0) {
		stop_target(op);
		return;
	}
	if (!outcome->ok) {
		op_fail_as(op, outcome);
		return;
	}
	routes_make(op->model, op->job->live, preview_before(op), &routes);
	op->mapping = mapping_start(op->denv->loop, op->denv->proxy_dir, &routes, HOST_PROXY_MS, moved_back, op);
}

static void map_saved(void *arg, const struct err *err)
{
	struct op *op = arg;

	op->save = NULL;
	if (err)
		op_fail(op, "traffic", NULL, err);
	else
		op->proxy = proxy_start(op->denv, op->model, proxy_is_up, op);
}

void host_undo(struct op *op)
{
	struct err err = { 0 };

	/* The file first: should HAProxy be down, it comes back with the right routes. */
	if (file_make_dirs(op->denv->proxy_dir, 0700, &err))
		host_save_map(op, op->job->live, preview_before(op), map_saved);
	else
		op_fail(op, "traffic", NULL, &err);
}

static void cooled(void *arg, const struct driver_outcome *outcome)
{
	struct op *op = arg;

	op->stopper = NULL;
	if (outcome->ok)
		op_ok(op, NULL);
	else
		op_fail_as(op, outcome);
}

void host_cool(struct op *op, enum colour colour)
{
	AUTO(mem_auto_free) char *path = file_join(op->denv->proxy_dir, ROUTES_FILE);
	AUTO(routes_done) struct routes routes = { 0 };
	AUTO(mem_auto_free) char *why = NULL;
	enum colour live = COLOUR_NONE;
	struct err err = { 0 };

	if (!routes_read(path, &routes, &err) || !routes_live(op->model, &routes, &live, &why)) {
		if (why)
			err_set(&err, ERR_INTERNAL, "%s", why);
		err_wrap(&err, "stop %s", colour_name(colour));
		op_fail(op, "traffic", NULL, &err);
		return;
	}
	if (live == colour) {
		err_set(&err, ERR_CONFLICT, "stop %s: it has the traffic", colour_name(colour));
		op_fail(op, "traffic", NULL, &err);
		return;
	}
	ready_forget(op->denv, colour);
	op->stopper = stopper_start(op->denv, slot_services(op->denv->dir, colour), STOPPER_END, cooled, op);
}
