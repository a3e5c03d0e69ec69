/* fetch and stage: the artifacts are there, and are unpacked into the target colour. */
#include "backend/base/mem.h"
#include "backend/drivers/host/host_priv.h"
#include "backend/drivers/host/ready.h"
#include "backend/drivers/host/slot.h"
#include "backend/drivers/host/stopper.h"
#include "backend/drivers/host/unpacker.h"

#include <errno.h>
#include <unistd.h>

static bool check_artifact(const struct op *op, const struct host_part *part, struct err *err)
{
	const struct driver_artifact *a = unpacker_artifact(op->job->artifacts, op->job->nartifacts, part);

	if (!a)
		return err_set(err, ERR_FAILED, "%s: build %s has no artifact %s; its components are given with `slipway build "
		               "add`", part->name, op->job->version, part->artifact);
	if (access(a->path, R_OK) != 0)
		return err_errno(err, errno, "%s: the artifact %.12s of build %s cannot be read at %s", part->name, a->sha256,
		                 op->job->version, a->path);
	return true;
}

void stage_fetch(struct op *op)
{
	struct err err = { 0 };

	if (slot_holds(op->denv->dir, op->model, op->job->target, op->job->digest)) {
		op_say(op, "%s is unpacked in %s already", op->job->version, colour_name(op->job->target));
		op_ok(op, NULL);
		return;
	}
	for (size_t i = 0; i < op->model->n; i++)
		if (!check_artifact(op, &op->model->parts[i], &err)) {
			op_fail(op, "artifact", NULL, &err);
			return;
		}
	op_say(op, "%zu artifacts are in the store", op->job->nartifacts);
	op_ok(op, json_pack("{s:I}", "artifacts", (json_int_t)op->job->nartifacts));
}

static void mark_saved(void *arg, const struct err *err)
{
	struct op *op = arg;

	op->save = NULL;
	if (err)
		op_fail(op, "artifact", NULL, err);
	else
		op_ok(op, json_pack("{s:s}", "slot", colour_name(op->job->target)));
}

static void unpacked(void *arg, const struct driver_outcome *outcome)
{
	struct op *op = arg;

	op->unpacker = NULL;
	if (!outcome->ok)
		op_fail_as(op, outcome);
	else
		op->save = slot_mark_save(op->denv->saver, op->denv->dir, op->job->target, op->job->version, op->job->digest,
		                          mark_saved, op);
}

static void stopped(void *arg, const struct driver_outcome *outcome)
{
	struct op *op = arg;

	op->stopper = NULL;
	if (!outcome->ok) {
		op_fail_as(op, outcome);
		return;
	}
	op->unpacker = unpacker_start(&(struct unpacker_spec){
		.denv = op->denv, .model = op->model, .job = op->job, .artifacts = op->job->artifacts,
		.nartifacts = op->job->nartifacts, .colour = op->job->target,
	}, unpacked, op);
}

static void mark_removed(void *arg, const struct err *err)
{
	struct op *op = arg;

	op->save = NULL;
	if (err)
		op_fail(op, "artifact", NULL, err);
	else
		op->stopper = stopper_start(op->denv, slot_services(op->denv->dir, op->job->target), STOPPER_END, stopped, op);
}

void stage_stage(struct op *op)
{
	if (slot_holds(op->denv->dir, op->model, op->job->target, op->job->digest)) {
		op_ok(op, json_pack("{s:s, s:b}", "slot", colour_name(op->job->target), "kept", true));
		return;
	}
	/* What the colour held before is warm no more from here on. */
	ready_forget(op->denv, op->job->target);
	op->save = slot_mark_remove(op->denv->saver, op->denv->dir, op->job->target, mark_removed, op);
}
