#include "tests/unit/command_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/file.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/drivers/registry.h"
#include "backend/process/launcher.h"

#define DEPLOY "echo \"$SLIPWAY_KIND $SLIPWAY_VERSION\"; echo \"$SLIPWAY_VERSION\" > live"
#define OBSERVE "echo . >> observed; cat live 2>/dev/null; true"

void world_put(struct world *w, const char *name, const char *text)
{
	AUTO(mem_auto_free) char *path = file_join(w->dir, name);

	assert_true(file_write_atomic(path, text, strlen(text), 0600, NULL));
}

char *world_get(struct world *w, const char *name)
{
	AUTO(mem_auto_free) char *path = file_join(w->dir, name);
	struct buf b;

	return file_read(path, 100000, &b, NULL) ? b.data : mem_dup("");
}

void world_assert_file(struct world *w, const char *name, const char *text)
{
	AUTO(mem_auto_free) char *is = world_get(w, name);

	assert_string_equal(is, text);
}

char **world_shell(char *argv[4], const char *script)
{
	static char sh[] = "sh", c[] = "-c";

	argv[0] = sh;
	argv[1] = c;
	argv[2] = (char *)(uintptr_t)script;
	argv[3] = NULL;
	return argv;
}

static void took_output(void *arg, const char *data, size_t len)
{
	struct world *w = arg;

	assert_true(buf_add(&w->output, data, len));
	if (w->act_at && strstr(w->output.data, w->act_at)) {
		w->act_at = NULL;
		w->act(w);
	}
}

static void gave_up(void *arg)
{
	struct world *w = arg;

	loop_stop(w->loop);
}

void world_open(struct world *w)
{
	struct driver_ctx ctx = { .loop = w->loop, .launcher = w->launcher, .state_dir = w->state_dir, .app = &w->app,
	                          .env = &w->env };
	struct err err = { 0 };

	w->denv = driver_command.open(&ctx, &err);
	if (!w->denv)
		fail_msg("%s", err.text);
}

void world_fill(struct world *w)
{
	static char shop[] = "shop", prod[] = "prod", command[] = "command", a[] = "A", b[] = "PATH", value[] = "b c",
		path[] = "/usr/bin:/bin", web[] = "web-front", url[] = "http://10.0.0.5";

	w->vars[0] = (struct config_var){ a, value };
	w->vars[1] = (struct config_var){ b, path };
	w->urls[0] = (struct config_var){ web, url };
	w->app = (struct config_app){ .name = shop, .dir = w->dir, .verify_ms = 30, .verify_failures = 2,
	                              .verify_interval_ms = 10 };
	w->env = (struct config_environment){ .name = prod, .driver = command, .vars = w->vars, .nvars = 2, .urls = w->urls,
	                                      .nurls = 1, .deploy = world_shell(w->deploy, DEPLOY),
	                                      .observe = world_shell(w->observe, OBSERVE) };
	w->artifacts[0] = (struct driver_artifact){ web, w->artifact, "aa" };
	w->live_artifacts[0] = (struct driver_artifact){ web, w->old_artifact, "bb" };
	w->job = (struct driver_job){ .deployment = "7", .kind = KIND_DEPLOY, .version = "2.0", .digest = "d2",
	                              .artifacts = w->artifacts, .nartifacts = 1, .live_version = "1.0",
	                              .live_digest = "d1",
	                              .live_artifacts = w->live_artifacts, .nlive_artifacts = 1, .output = took_output,
	                              .output_arg = w };
}

int world_setup(void **state)
{
	struct world *w = mem_alloc(sizeof *w);

	*state = w;
	snprintf(w->dir, sizeof w->dir, "/tmp/slipway-test.XXXXXX");
	if (!mkdtemp(w->dir))
		return -1;
	w->state_dir = file_join(w->dir, "state");
	w->artifact = file_join(w->dir, "new.tar");
	w->old_artifact = file_join(w->dir, "old.tar");
	w->loop = loop_new();
	if (!launcher_new(w->loop, &w->launcher, NULL))
		return -1;
	w->impatience = loop_timer_new(w->loop, gave_up, w);
	buf_init(&w->output, 1024 * 1024);
	world_fill(w);
	world_put(w, "new.tar", "new");
	world_put(w, "old.tar", "old");
	world_put(w, "live", "1.0\n");
	if (!file_make_dirs(w->state_dir, 0700, NULL))
		return -1;
	world_open(w);
	return 0;
}

int world_teardown(void **state)
{
	struct world *w = *state;

	driver_command.close(w->denv);
	loop_timer_free(w->impatience);
	launcher_free(w->launcher);
	loop_free(w->loop);
	buf_done(&w->output);
	file_remove_tree(w->dir, NULL);
	free(w->state_dir);
	free(w->artifact);
	free(w->old_artifact);
	free(w);
	return 0;
}

static void answered(struct world *w)
{
	w->answers++;
	loop_stop(w->loop);
}

void world_done(void *arg, const struct driver_outcome *o)
{
	struct world *w = arg;

	w->ok = o->ok;
	w->err = o->ok ? (struct err){ 0 } : o->err;
	snprintf(w->layer, sizeof w->layer, "%s", o->layer ? o->layer : "");
	snprintf(w->tail, sizeof w->tail, "%s", o->tail ? o->tail : "");
	answered(w);
}

static void probed(void *arg, enum driver_probe probe, const char *why)
{
	struct world *w = arg;

	w->probe = probe;
	snprintf(w->why, sizeof w->why, "%s", why);
	answered(w);
}

void world_observed(void *arg, const struct driver_observed *o)
{
	struct world *w = arg;

	w->known = o->known;
	w->healthy = o->healthy;
	w->err = o->err;
	snprintf(w->version, sizeof w->version, "%s", o->version ? o->version : "(none)");
	snprintf(w->digest, sizeof w->digest, "%s", o->digest ? o->digest : "(none)");
	snprintf(w->health, sizeof w->health, "%s", o->health ? o->health : "(none)");
	answered(w);
}

void world_wait(struct world *w, int before)
{
	assert_int_equal(w->answers, before);
	loop_timer_set(w->impatience, WORLD_PATIENCE_MS);
	loop_run(w->loop);
	loop_timer_stop(w->impatience);
	assert_int_equal(w->answers, before + 1);
}

void world_run(struct world *w, enum stage stage)
{
	int before = w->answers;

	driver_command.run(w->denv, &w->job, stage, world_done, w);
	world_wait(w, before);
}

void world_undo(struct world *w)
{
	int before = w->answers;

	driver_command.undo(w->denv, &w->job, world_done, w);
	world_wait(w, before);
}

void world_probe(struct world *w, enum stage stage)
{
	int before = w->answers;

	driver_command.probe(w->denv, &w->job, stage, probed, w);
	world_wait(w, before);
}

void world_observe(struct world *w)
{
	int before = w->answers;

	driver_command.observe(w->denv, world_observed, w);
	world_wait(w, before);
}
