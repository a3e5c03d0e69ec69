#include "backend/drivers/host/unpacker.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/clean.h"
#include "backend/base/clock.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/drivers/host/slot.h"
#include "backend/process/child.h"

enum { SAID_MAX = 16 * 1024 };

struct unpacker {
	struct unpacker_spec spec;
	struct host_model *model;
	size_t next;
	int64_t began_ms;
	struct child *child;
	struct buf said;                       /* what the child printed */
	struct loop_timer *timer;
	struct err err;
	driver_done_fn fn;
	void *arg;
};

const struct driver_artifact *unpacker_artifact(const struct driver_artifact *artifacts, size_t n,
                                                const struct host_part *part)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(artifacts[i].component, part->artifact) == 0)
			return &artifacts[i];
	return NULL;
}

void unpacker_cancel(struct unpacker *u)
{
	if (!u)
		return;
	child_free(u->child);
	loop_timer_free(u->timer);
	buf_done(&u->said);
	host_model_unref(u->model);
	free(u);
}

static void finish(struct unpacker *u)
{
	struct driver_outcome outcome = { .ok = !u->err.kind, .err = u->err, .layer = "artifact" };

	u->fn(u->arg, &outcome);
	unpacker_cancel(u);
}

static void child_said(void *arg, bool is_stderr, const char *data, size_t len)
{
	struct unpacker *u = arg;

	(void)is_stderr;
	buf_add(&u->said, data, len);
}

static void child_ended(void *arg, const struct child_end *end)
{
	struct unpacker *u = arg;
	const char *name = u->model->parts[u->next].name;
	AUTO(mem_auto_free) char *said = clean_dup(u->said.data, CLEAN_LINE);

	u->child = NULL;
	if (end->code != 0) {
		err_set(&u->err, ERR_FAILED, "unpack %s: %s", name,
		        end->err ? end->err->text : *said ? said : "the unpacking process was killed");
		finish(u);
		return;
	}
	host_say(u->spec.job, "%s: unpacked in %.1f s", name, (double)(clock_mono_ms() - u->began_ms) / 1000);
	u->next++;
	loop_timer_set(u->timer, 0);
}

/* A file that is no archive becomes one program, called as the start command calls it. */
static const char *file_name(const struct host_part *part)
{
	const char *program = part->start[0] ? part->start[0] : part->name;
	const char *slash = strrchr(program, '/');

	return slash ? slash + 1 : program;
}

static void start_child(struct unpacker *u, const struct host_part *part, const struct driver_artifact *artifact)
{
	AUTO(mem_auto_free) char *folder = slot_release(u->spec.denv->dir, u->spec.colour, part->name);
	/* Ours, also when the file was replaced by a newer one; a test program names another. */
	const char *program = getenv("SLIPWAYD") ? getenv("SLIPWAYD") : "/proc/self/exe";
	const char *const argv[] = { program, "artifact-unpack", artifact->path, artifact->sha256, folder, file_name(part),
	                             NULL };
	const char *const env[] = { "PATH=/usr/bin:/bin", "LANG=C.UTF-8", NULL };

	buf_clear(&u->said);
	u->child = child_start(u->spec.denv->launcher, &(struct child_spec){
		.argv = argv, .env = env, .output = child_said, .end = child_ended, .arg = u,
	});
}

static void unpack_next(void *arg)
{
	struct unpacker *u = arg;
	const struct host_part *part = &u->model->parts[u->next];
	const struct driver_artifact *artifact;

	if (u->next == u->model->n) {
		finish(u);
		return;
	}
	artifact = unpacker_artifact(u->spec.artifacts, u->spec.nartifacts, part);
	u->began_ms = clock_mono_ms();
	if (artifact) {
		start_child(u, part, artifact);
		return;
	}
	err_set(&u->err, ERR_FAILED, "unpack %s: the build has no artifact %s", part->name, part->artifact);
	finish(u);
}

struct unpacker *unpacker_start(const struct unpacker_spec *spec, driver_done_fn fn, void *arg)
{
	struct unpacker *u = mem_alloc(sizeof *u);

	*u = (struct unpacker){ .spec = *spec, .model = host_model_ref(spec->model), .fn = fn, .arg = arg };
	buf_init(&u->said, SAID_MAX);
	u->timer = loop_timer_new(spec->denv->loop, unpack_next, u);
	loop_timer_set(u->timer, 0);
	return u;
}
