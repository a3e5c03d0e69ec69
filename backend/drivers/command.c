/*
 * The driver for everything that can be deployed by a command: Ansible, Helm, Capistrano, a script.
 *
 * An environment names up to five commands, argv arrays that are run as they are, in the folder of the configuration:
 *   migrate    brings the data to what the build needs, before deploy; only when the build lists migrations that never
 *              ran there. One whose end nobody saw is not run a second time: the deployment needs attention then
 *   deploy     brings the build there; what it prints is the live log, its exit code the outcome
 *   rollback   brings the build before back; left out: deploy does it, told to by SLIPWAY_KIND
 *   observe    tells what is live, changes nothing, ends within 20 s. It prints the version on its first line, nothing
 *              when nothing is live, or {"version": "2.14.0", "digest": "…", "healthy": true, "health": "one line"}
 *              of which all but the version may be left out. An exit code other than 0: it could not find out
 *   cancel     tells a running deploy or rollback to end early; left out: that gets SIGTERM, with all it started
 *
 * All of them get, and nothing else:
 *   SLIPWAY_APP, SLIPWAY_ENVIRONMENT       which one
 *   PATH, HOME, LANG                       of the engine, unless the configuration sets them
 *   the variables that the configuration gives to the environment
 * migrate, deploy, rollback and cancel also get:
 *   SLIPWAY_KIND                           deploy, rollback, scheduled or automatic
 *   SLIPWAY_DEPLOYMENT                     its number
 *   SLIPWAY_VERSION, SLIPWAY_DIGEST        the build to bring up
 *   SLIPWAY_FROM                           the version that was live before; empty: none was
 *   SLIPWAY_ARTIFACT_<COMPONENT>           the path of each artifact, read-only ("web-front" is …_WEB_FRONT)
 * migrate, and cancel while that runs, also get:
 *   SLIPWAY_MIGRATIONS                     the ids of the migrations to run, in the build's order, a blank in between
 *
 * Stages: fetch looks whether the artifacts are there, migrate and switch run a command each, verify observes until the time set in
 * the configuration is over, then come the tests, asked through the addresses in "urls". A command that a killed engine
 * left behind is ended before anything else is done.
 */
#include "backend/drivers/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/clock.h"
#include "backend/base/file.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/drivers/command_priv.h"
#include "backend/process/env.h"

enum {
	OBSERVE_EVERY_MS = 10000,          /* asked more often, the answer is the last one: a command is not for free */
	RUNNING_MAX = 256
};

static const enum stage stages[] = { STAGE_FETCH, STAGE_MIGRATE, STAGE_SWITCH, STAGE_VERIFY, STAGE_SMOKE, STAGE_ACCEPTANCE };

void command_env(const struct driver_env *d, struct env *ret)
{
	env_set(ret, "SLIPWAY_APP", d->app->name);
	env_set(ret, "SLIPWAY_ENVIRONMENT", d->env->name);
	for (size_t i = 0; i < d->env->nvars; i++)
		env_set(ret, d->env->vars[i].name, d->env->vars[i].value);
	env_set_inherited(ret);
}

struct look *command_look(struct driver_env *d, look_fn fn)
{
	AUTO(env_done) struct env env = { 0 };

	command_env(d, &env);
	return look_start(d->launcher, (const char *const *)d->env->observe, env_list(&env), d->app->dir, fn, d);
}

/* All that wait are told; one of them may close us. */
static void answer_all(struct driver_env *d)
{
	AUTO(mem_auto_free) char *other = NULL;
	const struct sight *s = &d->last;
	struct driver_observed o = { .known = s->known, .err = s->err };
	struct sight kept = { 0 };
	struct waiter *waiters = d->waiters;
	size_t n = d->nwaiters;

	sight_copy(&kept, s);
	o.version = kept.version;
	o.digest = kept.digest;
	o.healthy = kept.healthy;
	o.health = kept.health;
	if (o.known && d->expected && (!o.version || strcmp(o.version, d->expected) != 0)) {
		other = mem_printf("%s is live; %s was deployed", o.version ? o.version : "nothing", d->expected);
		o.healthy = false;
		o.health = other;
	}
	d->waiters = NULL;
	d->nwaiters = d->cap = 0;
	for (size_t i = 0; i < n; i++)
		waiters[i].fn(waiters[i].arg, &o);
	free(waiters);
	sight_done(&kept);
}

static void observed(void *arg, const struct sight *sight)
{
	struct driver_env *d = arg;

	d->look = NULL;
	sight_copy(&d->last, sight);
	d->last_ms = clock_mono_ms();
	answer_all(d);
}

static void answer(void *arg)
{
	struct driver_env *d = arg;

	if (d->look)
		return;
	if (d->last_ms && clock_mono_ms() - d->last_ms < OBSERVE_EVERY_MS) {
		answer_all(d);
		return;
	}
	d->look = command_look(d, observed);
}

static void command_observe(struct driver_env *d, driver_observed_fn fn, void *arg)
{
	d->waiters = mem_grow(d->waiters, d->nwaiters, &d->cap, sizeof *d->waiters);
	d->waiters[d->nwaiters++] = (struct waiter){ fn, arg };
	loop_timer_set(d->answer, 0);
}

static void idle(void *arg)
{
	struct driver_env *d = arg;
	struct driver_outcome o = { .ok = true };

	d->idle_fn(d->idle_arg, &o);
}

static void answer_later(struct driver_env *d, driver_done_fn fn, void *arg)
{
	d->idle_fn = fn;
	d->idle_arg = arg;
	loop_timer_set(d->idle, 0);
}

static void command_cool(struct driver_env *d, enum colour colour, driver_done_fn fn, void *arg)
{
	(void)colour;
	answer_later(d, fn, arg);
}

/* There is nothing here that could be put in order without a deployment; what differs is shown as its health. */
static void command_reconcile(struct driver_env *d, const struct driver_expect *expect, driver_done_fn fn, void *arg)
{
	free(d->expected);
	d->expected = expect->busy ? NULL : mem_dup(expect->live_version);
	answer_later(d, fn, arg);
}

static char *command_url(struct driver_env *d, const char *component, bool preview)
{
	for (size_t i = 0; !preview && i < d->env->nurls; i++)
		if (strcmp(d->env->urls[i].name, component) == 0)
			return mem_dup(d->env->urls[i].value);
	return NULL;
}

static bool check(const struct config_environment *env, struct err *err)
{
	if (env->deploy && env->deploy[0] && env->observe && env->observe[0])
		return true;
	return err_set(err, ERR_CONFIG, "environment %s: the driver command needs \"deploy\" and \"observe\"", env->name);
}

static bool command_reconfigure(struct driver_env *d, const struct config_app *app,
                                const struct config_environment *env, struct err *err)
{
	/* The old ones are freed even when the new ones are of no use. */
	d->app = app;
	d->env = env;
	d->last_ms = 0;
	return check(env, err);
}

/* "GROUP DEPLOYMENT", written when a command starts and removed when its end was seen. */
static void read_leftover(struct driver_env *d)
{
	AUTO(buf_done) struct buf text = { 0 };
	char *deployment;
	long group;

	if (!file_read(d->running_path, RUNNING_MAX, &text, NULL))
		return;
	group = strtol(text.data, &deployment, 10);
	deployment += strspn(deployment, " ");
	deployment[strcspn(deployment, "\n")] = '\0';
	if (group <= 1 || group > INT32_MAX || !*deployment)
		return;
	d->leftover.group = (pid_t)group;
	d->leftover.mark = mem_printf("SLIPWAY_DEPLOYMENT=%s", deployment);
}

static struct driver_env *command_open(const struct driver_ctx *ctx, struct err *err)
{
	struct driver_env *d;

	if (!check(ctx->env, err))
		return NULL;
	d = mem_alloc(sizeof *d);
	*d = (struct driver_env){ .loop = ctx->loop, .launcher = ctx->launcher, .app = ctx->app, .env = ctx->env,
	                          .running_path = file_join(ctx->state_dir, "command-running") };
	d->answer = loop_timer_new(d->loop, answer, d);
	d->idle = loop_timer_new(d->loop, idle, d);
	command_op_init(d);
	read_leftover(d);
	return d;
}

/* Commands that run are ended: their outcome could not be told to anybody. */
static void command_close(struct driver_env *d)
{
	if (!d)
		return;
	command_op_done(d);
	look_free(d->look);
	loop_timer_free(d->answer);
	loop_timer_free(d->idle);
	sight_done(&d->last);
	free(d->waiters);
	free(d->expected);
	free(d->untouched);
	free(d->leftover.mark);
	free(d->running_path);
	free(d);
}

const struct driver driver_command = {
	.name = "command",
	.help = "Runs commands of yours: migrate, deploy, rollback, observe, cancel.",
	.stages = stages,
	.nstages = ARRAY_LEN(stages),
	.has_preview = false,
	.moves_at_once = false,
	.open = command_open,
	.close = command_close,
	.reconfigure = command_reconfigure,
	.run = command_run,
	.cancel = command_cancel,
	.probe = command_probe,
	.undo = command_undo,
	.cool = command_cool,
	.observe = command_observe,
	.reconcile = command_reconcile,
	.url = command_url,
};
