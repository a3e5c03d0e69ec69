/*
 * reconcile: what the journal says is made true again: HAProxy runs with the right configuration and routes, the live
 * colour's services run, and those of the colour that is kept warm. What had to be repaired is noted.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/drivers/host/host_priv.h"
#include "backend/drivers/host/mapping.h"
#include "backend/drivers/host/proxy.h"
#include "backend/drivers/host/resume.h"
#include "backend/drivers/host/slot.h"
#include "backend/drivers/host/starter.h"
#include "backend/drivers/host/unpacker.h"

struct reconciling {
	struct driver_expect *expect;          /* our copy: the caller's may be on its stack */
	enum colour preview;
	struct err trouble;                    /* the first thing that could not be put right; the rest goes on */
	const char *layer;
};

static void resume_live(struct op *op);

static struct driver_expect *copy_expect(const struct driver_expect *from)
{
	struct driver_expect *copy = mem_alloc(sizeof *copy);
	struct driver_artifact *artifacts = mem_array(from->nlive_artifacts, sizeof *artifacts);

	*copy = *from;
	copy->live_version = mem_dup(from->live_version);
	copy->live_digest = mem_dup(from->live_digest);
	for (size_t i = 0; i < from->nlive_artifacts; i++) {
		artifacts[i].component = mem_dup(from->live_artifacts[i].component);
		artifacts[i].path = mem_dup(from->live_artifacts[i].path);
		artifacts[i].sha256 = mem_dup(from->live_artifacts[i].sha256);
	}
	copy->live_artifacts = artifacts;
	return copy;
}

static void reconciling_done(void *state)
{
	struct reconciling *r = state;

	for (size_t i = 0; i < r->expect->nlive_artifacts; i++) {
		free((char *)r->expect->live_artifacts[i].component);
		free((char *)r->expect->live_artifacts[i].path);
		free((char *)r->expect->live_artifacts[i].sha256);
	}
	free((struct driver_artifact *)r->expect->live_artifacts);
	free((char *)r->expect->live_version);
	free((char *)r->expect->live_digest);
	free(r->expect);
}

static void note_trouble(struct op *op, const char *layer, const struct err *err)
{
	struct reconciling *r = op->state;

	if (r->trouble.kind)
		return;
	r->trouble = *err;
	r->layer = layer;
}

static void finish(struct op *op)
{
	struct reconciling *r = op->state;

	if (r->trouble.kind)
		op_fail(op, r->layer, NULL, &r->trouble);
	else
		op_ok(op, NULL);
}

/* ---- the services ---- */

static void note_started(struct op *op, enum colour colour, const json_t *detail)
{
	json_t *started = json_object_get(detail, "started");

	if (json_array_size(started) == 0)
		return;
	host_note(op->denv, "started again", json_pack("{s:s, s:O}", "colour", colour_name(colour), "components", started));
}

static void warm_resumed(void *arg, const struct driver_outcome *outcome)
{
	struct op *op = arg;
	const struct reconciling *r = op->state;

	op->resume = NULL;
	note_started(op, r->expect->warm, outcome->detail);
	if (!outcome->ok)
		note_trouble(op, outcome->layer, &outcome->err);
	finish(op);
}

static void resume_warm(struct op *op)
{
	const struct reconciling *r = op->state;
	const struct driver_expect *expect = r->expect;

	if (expect->busy || expect->warm == COLOUR_NONE || expect->warm == expect->live)
		finish(op);
	else
		op->resume = resume_start(op->denv, op->model, expect->warm, RESUME_SERVING, warm_resumed, op);
}

static void live_resumed(void *arg, const struct driver_outcome *outcome)
{
	struct op *op = arg;
	const struct reconciling *r = op->state;

	op->resume = NULL;
	note_started(op, r->expect->live, outcome->detail);
	if (!outcome->ok)
		note_trouble(op, outcome->layer, &outcome->err);
	resume_warm(op);
}

static void live_started(void *arg, const struct driver_outcome *outcome)
{
	struct op *op = arg;
	const struct reconciling *r = op->state;

	op->starter = NULL;
	if (outcome->ok)
		host_note(op->denv, "unpacked and started again",
		          json_pack("{s:s, s:s}", "colour", colour_name(r->expect->live), "version", r->expect->live_version));
	else
		note_trouble(op, outcome->layer, &outcome->err);
	resume_warm(op);
}

static void mark_saved(void *arg, const struct err *err)
{
	struct op *op = arg;
	const struct reconciling *r = op->state;

	op->save = NULL;
	if (err) {
		note_trouble(op, "artifact", err);
		resume_warm(op);
		return;
	}
	op->starter = starter_start(&(struct starter_spec){
		.denv = op->denv, .model = op->model, .colour = r->expect->live, .version = r->expect->live_version,
		.which = STARTER_ALL,
	}, live_started, op);
}

static void live_unpacked(void *arg, const struct driver_outcome *outcome)
{
	struct op *op = arg;
	const struct reconciling *r = op->state;

	op->unpacker = NULL;
	if (!outcome->ok) {
		note_trouble(op, "artifact", &outcome->err);
		resume_warm(op);
		return;
	}
	op->save = slot_mark_save(op->denv->saver, op->denv->dir, r->expect->live, r->expect->live_version,
	                          r->expect->live_digest, mark_saved, op);
}

/* Something of the live colour is gone from the disk: its release, or how it is started. */
static bool is_damaged(const struct op *op, enum colour colour)
{
	for (size_t i = 0; i < op->model->n; i++) {
		const char *name = op->model->parts[i].name;
		AUTO(mem_auto_free) char *release = slot_release(op->denv->dir, colour, name);
		AUTO(mem_auto_free) char *service = slot_service(op->denv->dir, colour, name);
		AUTO(mem_auto_free) char *run = file_join(service, "run");

		if (access(release, X_OK) != 0 || access(run, X_OK) != 0)
			return true;
	}
	return false;
}

static void resume_live(struct op *op)
{
	const struct reconciling *r = op->state;
	const struct driver_expect *expect = r->expect;

	if (expect->live == COLOUR_NONE)
		finish(op);
	else if (expect->live_version && is_damaged(op, expect->live)
	         && !slot_runs(op->denv->dir, op->model, expect->live, true, NULL))
		op->unpacker = unpacker_start(&(struct unpacker_spec){
			.denv = op->denv, .model = op->model, .artifacts = expect->live_artifacts,
			.nartifacts = expect->nlive_artifacts, .colour = expect->live,
		}, live_unpacked, op);
	else
		op->resume = resume_start(op->denv, op->model, expect->live, RESUME_ALL, live_resumed, op);
}

/* ---- the routes ---- */

static void map_saved(void *arg, const struct err *err)
{
	struct op *op = arg;

	op->save = NULL;
	if (err)
		note_trouble(op, "traffic", err);
	resume_live(op);
}

static void routes_repaired(void *arg, int64_t map_us, const struct err *err)
{
	struct op *op = arg;
	const struct reconciling *r = op->state;

	(void)map_us;
	op->mapping = NULL;
	if (!err) {
		host_save_map(op, r->expect->live, r->preview, map_saved);
		return;
	}
	note_trouble(op, "traffic", err);
	resume_live(op);
}

static enum colour wanted_preview(const struct op *op, const struct routes *now)
{
	const struct reconciling *r = op->state;

	if (r->expect->busy)
		return routes_preview(op->model, now);
	return r->expect->live == COLOUR_NONE ? COLOUR_NONE : colour_other(r->expect->live);
}

/* Only where users are sent is worth a note; keys come and go with components, previews move with deployments. */
static void note_routes(struct op *op, const char *what, const struct routes *now)
{
	const struct reconciling *r = op->state;
	AUTO(mem_auto_free) char *why = NULL;
	enum colour live = COLOUR_NONE;

	if (routes_live(op->model, now, &live, &why) && live == r->expect->live)
		return;
	if (!why)
		why = mem_printf("public traffic goes to %s", colour_name(live));
	host_note(op->denv, what, json_pack("{s:s, s:s}", "was", why, "now", colour_name(r->expect->live)));
}

/* The file is what HAProxy would start with; whether it is right. */
static bool file_is_right(struct op *op, const struct routes *wanted)
{
	AUTO(mem_auto_free) char *path = file_join(op->denv->proxy_dir, ROUTES_FILE);
	AUTO(routes_done) struct routes in_file = { 0 };
	struct err err = { 0 };

	if (routes_read(path, &in_file, &err) && routes_equal(&in_file, wanted))
		return true;
	note_routes(op, "map file", &in_file);
	return false;
}

static void shown(void *arg, const struct routes *routes, const struct err *err)
{
	struct op *op = arg;
	struct reconciling *r = op->state;
	AUTO(routes_done) struct routes wanted = { 0 };
	bool is_saved;

	op->show = NULL;
	if (!routes) {
		note_trouble(op, "traffic", err);
		resume_live(op);
		return;
	}
	r->preview = wanted_preview(op, routes);
	routes_make(op->model, r->expect->live, r->preview, &wanted);
	is_saved = file_is_right(op, &wanted);
	if (routes_equal(routes, &wanted)) {
		if (is_saved)
			resume_live(op);
		else
			host_save_map(op, r->expect->live, r->preview, map_saved);
		return;
	}
	note_routes(op, "routes", routes);
	op->mapping = mapping_start(op->denv->loop, op->denv->proxy_dir, &wanted, HOST_PROXY_MS, routes_repaired, op);
}

static void proxy_is_up(void *arg, const struct driver_outcome *outcome)
{
	struct op *op = arg;

	op->proxy = NULL;
	if (!outcome->ok) {
		note_trouble(op, outcome->layer, &outcome->err);
		resume_live(op);
		return;
	}
	op->show = mapping_ask(op->denv->loop, op->denv->proxy_dir, HOST_PROXY_MS, shown, op);
}

void host_reconcile(struct op *op, const struct driver_expect *expect)
{
	struct reconciling *r = mem_alloc(sizeof *r);

	r->expect = copy_expect(expect);
	op->state = r;
	op->state_done = reconciling_done;
	op->proxy = proxy_start(op->denv, op->model, proxy_is_up, op);
}
