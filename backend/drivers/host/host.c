#include "backend/drivers/registry.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/file.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/drivers/host/host_priv.h"
#include "backend/drivers/host/ports.h"
#include "backend/drivers/host/ready.h"
#include "backend/drivers/host/routes.h"

/* Of the colour that the map file gives the traffic to; the whole map need not agree for this. */
static enum colour live_in_file(const struct driver_env *denv)
{
	AUTO(mem_auto_free) char *path = file_join(denv->proxy_dir, ROUTES_FILE);
	AUTO(routes_done) struct routes routes = { 0 };
	enum colour live = COLOUR_NONE;
	const char *name;

	if (routes_read(path, &routes, NULL) && (name = routes_get(&routes, "live")))
		colour_parse(name, &live);
	return live;
}

static bool host_reconfigure(struct driver_env *denv, const struct config_app *app,
                             const struct config_environment *env, struct err *err)
{
	AUTO(mem_auto_free) char *path = file_join(denv->dir, "ports.json");
	AUTO(ports_done) struct ports ports = { 0 };

	if (!ports_assign(path, app, env, live_in_file(denv), &ports, err))
		return false;
	host_model_unref(denv->model);
	denv->model = host_model_new(app, env, &ports);
	return true;
}

static void host_close(struct driver_env *denv)
{
	while (denv->ops)
		op_free(denv->ops);
	ready_void(denv);
	host_model_unref(denv->model);
	free(denv->dir);
	free(denv->proxy_dir);
	free(denv->stats);
	free(denv);
}

static struct driver_env *host_open(const struct driver_ctx *ctx, struct err *err)
{
	struct driver_env *denv = mem_alloc(sizeof *denv);

	*denv = (struct driver_env){
		.loop = ctx->loop, .http = ctx->http, .saver = ctx->saver, .launcher = ctx->launcher,
		.dir = mem_dup(ctx->state_dir), .proxy_dir = file_join(ctx->state_dir, "haproxy"), .note = ctx->note,
		.note_arg = ctx->note_arg,
	};
	if (host_reconfigure(denv, ctx->app, ctx->env, err))
		return denv;
	host_close(denv);
	return NULL;
}

void host_save_map(struct op *op, enum colour public_colour, enum colour preview_colour, saver_fn fn)
{
	AUTO(routes_done) struct routes routes = { 0 };

	ready_void(op->denv);
	routes_make(op->model, public_colour, preview_colour, &routes);
	op->save = routes_save(op->denv->saver, op->denv->proxy_dir, &routes, fn, op);
}

static struct op *begin(struct driver_env *denv, const struct driver_job *job)
{
	struct op *op = op_new(denv, job);

	denv->main = op;
	return op;
}

static void host_run(struct driver_env *denv, const struct driver_job *job, enum stage stage, driver_done_fn fn,
                     void *arg)
{
	static void (*const stages[STAGE_COUNT])(struct op *op) = {
		[STAGE_FETCH] = stage_fetch, [STAGE_STAGE] = stage_stage, [STAGE_MIGRATE] = stage_migrate, [STAGE_START] = stage_start,
		[STAGE_SWITCH] = stage_switch, [STAGE_VERIFY] = stage_verify, [STAGE_DRAIN] = stage_drain,
	};
	struct op *op = begin(denv, job);
	struct err err = { 0 };

	op->done = fn;
	op->arg = arg;
	if (stages[stage]) {
		stages[stage](op);
		return;
	}
	err_set(&err, ERR_INTERNAL, "the host driver has no stage %s", stage_name(stage));
	op_fail(op, "engine", NULL, &err);
}

static void host_cancel(struct driver_env *denv)
{
	if (denv->main)
		op_stop(denv->main);
}

static void run_probe(struct driver_env *denv, const struct driver_job *job, enum stage stage, driver_probed_fn fn,
                      void *arg)
{
	struct op *op = begin(denv, job);

	op->probed = fn;
	op->arg = arg;
	host_probe(op, stage);
}

static void run_undo(struct driver_env *denv, const struct driver_job *job, driver_done_fn fn, void *arg)
{
	struct op *op = begin(denv, job);

	op->done = fn;
	op->arg = arg;
	host_undo(op);
}

static void run_cool(struct driver_env *denv, enum colour colour, driver_done_fn fn, void *arg)
{
	struct op *op = op_new(denv, NULL);

	op->done = fn;
	op->arg = arg;
	host_cool(op, colour);
}

static void run_observe(struct driver_env *denv, driver_observed_fn fn, void *arg)
{
	struct op *op = op_new(denv, NULL);

	op->observed = fn;
	op->arg = arg;
	host_observe(op);
}

static void run_reconcile(struct driver_env *denv, const struct driver_expect *expect, driver_done_fn fn, void *arg)
{
	struct op *op = op_new(denv, NULL);

	op->done = fn;
	op->arg = arg;
	host_reconcile(op, expect);
}

static char *host_url(struct driver_env *denv, const char *component, bool preview)
{
	for (size_t i = 0; i < denv->model->n; i++)
		if (strcmp(denv->model->parts[i].name, component) == 0)
			return host_part_url(denv->model, &denv->model->parts[i], preview);
	return NULL;
}

static const enum stage stages[] = {
	STAGE_FETCH, STAGE_STAGE, STAGE_MIGRATE, STAGE_START, STAGE_SMOKE, STAGE_ACCEPTANCE, STAGE_SWITCH, STAGE_VERIFY,
	STAGE_DRAIN,
};

const struct driver driver_host = {
	.name = "host",
	.help = "runs the application on this machine: HAProxy in front of a blue and a green slot under runit",
	.stages = stages,
	.nstages = ARRAY_LEN(stages),
	.has_preview = true,
	.moves_at_once = true,
	.open = host_open,
	.close = host_close,
	.reconfigure = host_reconfigure,
	.run = host_run,
	.cancel = host_cancel,
	.probe = run_probe,
	.undo = run_undo,
	.cool = run_cool,
	.observe = run_observe,
	.reconcile = run_reconcile,
	.url = host_url,
};
