#include "backend/drivers/command_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/base/clock.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/process/child.h"
#include "backend/process/env.h"
#include "backend/process/group.h"

enum {
	TAIL_MAX = 4096, MIGRATIONS_MAX = 64 * 1024,
	CANCEL_MS = 8000,                  /* the user's cancel command may take this long, */
	CANCEL_GRACE_MS = 1000,
	CANCEL_WAIT_MS = 3000,             /* and what it cancels may go on this long after it */
	LEFTOVER_POLL_MS = 50, LEFTOVER_TERM_MS = 5000, LEFTOVER_KILL_MS = 3000
};

static void op_tick(void *arg);

void command_op_init(struct driver_env *d)
{
	d->op.timer = loop_timer_new(d->loop, op_tick, d);
	buf_init(&d->op.tail, TAIL_MAX);
}

void command_op_done(struct driver_env *d)
{
	child_free(d->op.child);
	child_free(d->op.cancel);
	look_free(d->op.look);
	loop_timer_free(d->op.timer);
	buf_done(&d->op.tail);
	free(d->op.said);
}

static void op_begin(struct driver_env *d, enum op_kind kind, const struct driver_job *job, enum stage stage,
                     void (*next)(struct driver_env *), void *arg)
{
	struct loop_timer *timer = d->op.timer;
	struct buf tail = d->op.tail;

	buf_clear(&tail);
	d->op = (struct op){ .kind = kind, .job = job, .stage = stage, .next = next, .arg = arg, .timer = timer,
	                     .tail = tail, .began_ms = clock_mono_ms() };
	loop_timer_set(timer, 0);
}

static void say(struct driver_env *d, const char *text)
{
	const struct driver_job *job = d->op.job;

	if (!job->output)
		return;
	job->output(job->output_arg, text, strlen(text));
	job->output(job->output_arg, "\n", 1);
}

/* Whoever is told may begin the next operation, or close us: nothing of ours is touched after that. */
static void op_finish(struct driver_env *d, struct driver_outcome *o)
{
	driver_done_fn done = d->op.done;
	void *arg = d->op.arg;
	AUTO(mem_auto_free) char *tail = buf_detach(&d->op.tail);

	d->op.kind = OP_NONE;
	loop_timer_stop(d->op.timer);
	free(d->op.said);
	d->op.said = NULL;
	if (!o->ok && *tail)
		o->tail = tail;
	done(arg, o);
	json_decref(o->detail);
}

static void op_succeed(struct driver_env *d, json_t *take_detail)
{
	struct driver_outcome o = { .ok = true, .detail = take_detail };

	op_finish(d, &o);
}

static void op_fail(struct driver_env *d, const char *layer, const struct err *why)
{
	struct driver_outcome o = { .layer = layer, .err = *why };

	op_finish(d, &o);
}

static void op_answer(struct driver_env *d, enum driver_probe probe, const char *why)
{
	driver_probed_fn probed = d->op.probed;
	void *arg = d->op.arg;

	d->op.kind = OP_NONE;
	loop_timer_stop(d->op.timer);
	probed(arg, probe, why);
}

static void op_stopped(struct driver_env *d)
{
	struct err err = { 0 };

	err_set(&err, ERR_REFUSED, "stopped");
	op_fail(d, "command", &err);
}

/* ---- what a killed engine left behind ---- */

static void leftover_forget(struct driver_env *d)
{
	free(d->leftover.mark);
	d->leftover = (struct leftover){ 0 };
	unlink(d->running_path);
}

static void leftover_give_up(struct driver_env *d)
{
	struct err err = { 0 };

	err_set(&err, ERR_FAILED, "the command of the engine before still runs in process group %d and cannot be ended",
	        d->leftover.group);
	d->leftover.since_ms = 0;
	d->leftover.killed = false;
	if (d->op.kind == OP_PROBE)
		op_answer(d, PROBE_UNKNOWN, err.text);
	else
		op_fail(d, "command", &err);
}

/* false: it still ends, or the operation was given up for it. */
static bool leftover_is_gone(struct driver_env *d)
{
	struct leftover *l = &d->leftover;
	int64_t now = clock_mono_ms();

	if (!l->group)
		return true;
	if (group_count(l->group, l->mark) == 0) {
		leftover_forget(d);
		return true;
	}
	if (!l->since_ms) {
		say(d, "the engine before left a command running; it is ended first");
		l->since_ms = now;
		group_signal(l->group, l->mark, SIGTERM);
	} else if (now - l->since_ms > LEFTOVER_TERM_MS + LEFTOVER_KILL_MS) {
		leftover_give_up(d);
		return false;
	} else if (now - l->since_ms > LEFTOVER_TERM_MS && !l->killed) {
		l->killed = true;
		group_signal(l->group, l->mark, SIGKILL);
	}
	loop_timer_set(d->op.timer, LEFTOVER_POLL_MS);
	return false;
}

/* ---- running a command ---- */

struct build { const char *version, *digest, *from; const struct driver_artifact *artifacts; size_t n; };

static void migrations_env(const struct driver_job *job, struct env *ret)
{
	AUTO(buf_done) struct buf ids = { 0 };

	buf_init(&ids, MIGRATIONS_MAX);
	for (size_t i = 0; i < job->nmigrations; i++)
		buf_printf(&ids, "%s%s", i ? " " : "", job->migrations[i]);
	env_set(ret, "SLIPWAY_MIGRATIONS", ids.data);
}

static void job_env(const struct driver_env *d, enum deployment_kind kind, const struct build *b, struct env *ret)
{
	env_set(ret, "SLIPWAY_KIND", kind_name(kind));
	env_set(ret, "SLIPWAY_DEPLOYMENT", d->op.job->deployment);
	env_set(ret, "SLIPWAY_VERSION", b->version);
	env_set(ret, "SLIPWAY_DIGEST", b->digest);
	env_set(ret, "SLIPWAY_FROM", b->from ? b->from : "");
	for (size_t i = 0; i < b->n; i++) {
		AUTO(mem_auto_free) char *name = env_name("SLIPWAY_ARTIFACT", b->artifacts[i].component);

		env_set(ret, name, b->artifacts[i].path);
	}
	if (d->op.stage == STAGE_MIGRATE)
		migrations_env(d->op.job, ret);
	command_env(d, ret);
}

/* The build that the operation brings up: the job's, or when it is undone the one before. */
static struct build op_build(const struct op *op)
{
	const struct driver_job *job = op->job;

	if (op->kind == OP_UNDO)
		return (struct build){ job->live_version, job->live_digest, job->version, job->live_artifacts,
		                       job->nlive_artifacts };
	return (struct build){ job->version, job->digest, job->live_version, job->artifacts, job->nartifacts };
}

static void printed(void *arg, bool is_stderr, const char *data, size_t len)
{
	struct driver_env *d = arg;
	const struct driver_job *job = d->op.job;
	struct buf *tail = &d->op.tail;
	size_t kept = len < TAIL_MAX ? len : TAIL_MAX;

	(void)is_stderr;
	if (tail->len + kept > TAIL_MAX)
		buf_drop(tail, tail->len + kept - TAIL_MAX);
	buf_add(tail, data + len - kept, kept);
	/* Last: who reads it may close us. */
	if (job->output)
		job->output(job->output_arg, data, len);
}

static struct child *start_child(struct driver_env *d, char **argv, int64_t timeout_ms, const char *pid_file,
                                 child_end_fn end)
{
	AUTO(env_done) struct env env = { 0 };
	struct build build = op_build(&d->op);
	struct child_spec spec = { .argv = (const char *const *)argv, .dir = d->app->dir, .timeout_ms = timeout_ms,
	                           .grace_ms = timeout_ms ? CANCEL_GRACE_MS : 0, .output = printed, .end = end,
	                           .arg = d, .pid_file = pid_file, .pid_mark = d->op.job->deployment };

	job_env(d, d->op.kind == OP_UNDO ? KIND_ROLLBACK : d->op.job->kind, &build, &env);
	spec.env = env_list(&env);
	return child_start(d->launcher, &spec);
}

static bool explain(const char *command, const struct child_end *end, struct err *err)
{
	if (end->err) {
		*err = *end->err;
		return err_wrap(err, "%s", command);
	}
	if (end->signo)
		return err_set(err, ERR_FAILED, "%s was ended by signal %d (%s)", command, end->signo, strsignal(end->signo));
	return err_set(err, ERR_FAILED, "%s exited with %d", command, end->code);
}

/* Whatever is live, and how it is, may change from now on. */
static void start_command(struct driver_env *d, const char *name, char **argv, child_end_fn end)
{
	d->op.command = name;
	d->last_ms = 0;
	free(d->expected);
	d->expected = NULL;
	free(d->untouched);
	d->untouched = NULL;
	d->op.child = start_child(d, argv, 0, d->running_path, end);
}

static void start_deploy(struct driver_env *d, bool back, child_end_fn end)
{
	bool own = back && d->env->rollback;

	start_command(d, own ? "rollback" : "deploy", own ? d->env->rollback : d->env->deploy, end);
}

static void command_is_over(struct driver_env *d)
{
	d->op.child = NULL;
	d->last_ms = 0;
	unlink(d->running_path);
}

/* ---- the stages ---- */

static void fetch(struct driver_env *d)
{
	const struct driver_job *job = d->op.job;

	free(d->untouched);
	d->untouched = mem_dup(job->deployment);
	for (size_t i = 0; i < job->nartifacts; i++) {
		const struct driver_artifact *a = &job->artifacts[i];
		AUTO(mem_auto_close) int fd = open(a->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		struct err err = { 0 };
		struct stat st;

		if (fd < 0)
			err_errno(&err, errno, "artifact of %s: open %s", a->component, a->path);
		else if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
			err_set(&err, ERR_FAILED, "artifact of %s: %s is not a file", a->component, a->path);
		if (err.kind) {
			op_fail(d, "artifact", &err);
			return;
		}
	}
	op_succeed(d, NULL);
}

static void change_ended(void *arg, const struct child_end *end)
{
	struct driver_env *d = arg;
	struct err err = { 0 };

	command_is_over(d);
	if (d->op.cancelled) {
		if (!d->op.cancel)
			op_stopped(d);
		return;
	}
	if (end->code != 0) {
		explain(d->op.command, end, &err);
		op_fail(d, d->op.stage == STAGE_MIGRATE ? "migrate" : "command", &err);
		return;
	}
	op_succeed(d, json_pack("{s:s, s:I}", "command", d->op.command, "ms",
	                        (json_int_t)(clock_mono_ms() - d->op.began_ms)));
}

static void begin_migrate(struct driver_env *d)
{
	struct err err = { 0 };

	if (d->env->migrate) {
		start_command(d, "migrate", d->env->migrate, change_ended);
		return;
	}
	/* It was planned with another configuration than the one of now. */
	err_set(&err, ERR_CONFIG, "the environment has no migrate command any more");
	op_fail(d, "migrate", &err);
}

static void begin_switch(struct driver_env *d)
{
	start_deploy(d, d->op.job->kind == KIND_ROLLBACK, change_ended);
}

/* Is that build live? A digest counts only where observe tells one. */
static bool shows(const struct sight *s, const char *version, const char *digest)
{
	if (!s->known || !s->version || !version)
		return s->known && !s->version && !version;
	return strcmp(s->version, version) == 0 && (!s->digest || !digest || strcmp(s->digest, digest) == 0);
}

static char *describe(const struct sight *s)
{
	if (!s->known)
		return mem_dup(s->err.text);
	return mem_printf("%s is live%s%s%s%s", s->version ? s->version : "nothing", s->digest ? ", digest " : "",
	                  s->digest ? s->digest : "", s->healthy ? "" : ", but ", s->healthy ? "" : s->health);
}

static void verify(struct driver_env *d);

static void verify_judge(struct driver_env *d, const struct sight *s)
{
	const struct driver_job *job = d->op.job;
	AUTO(mem_auto_free) char *text = describe(s);
	bool good = shows(s, job->version, job->digest) && s->healthy;
	struct err err = { 0 };

	d->op.looks++;
	d->op.failures += !good;
	if (!d->op.said || strcmp(d->op.said, text) != 0) {
		say(d, text);
		free(d->op.said);
		d->op.said = mem_dup(text);
	}
	if (!good && d->op.failures >= d->app->verify_failures) {
		err_set(&err, ERR_FAILED, "expected %s: %.700s", job->version, text);
		op_fail(d, "health", &err);
	} else if (good && clock_mono_ms() >= d->op.until_ms) {
		free(d->expected);
		d->expected = mem_dup(job->version);
		op_succeed(d, json_pack("{s:i, s:i}", "looks", d->op.looks, "failures", d->op.failures));
	} else {
		loop_timer_set(d->op.timer, d->app->verify_interval_ms);
	}
}

static void verify_seen(void *arg, const struct sight *sight)
{
	struct driver_env *d = arg;

	d->op.look = NULL;
	verify_judge(d, sight);
}

static void verify(struct driver_env *d)
{
	if (!d->op.until_ms)
		d->op.until_ms = clock_mono_ms() + d->app->verify_ms;
	d->op.look = command_look(d, verify_seen);
}

static void no_stage(struct driver_env *d)
{
	struct err err = { 0 };

	err_set(&err, ERR_INTERNAL, "the driver command has no stage %s of its own", stage_name(d->op.stage));
	op_fail(d, "command", &err);
}

void command_run(struct driver_env *d, const struct driver_job *job, enum stage stage, driver_done_fn fn, void *arg)
{
	static void (*const effects[STAGE_COUNT])(struct driver_env *d) = {
		[STAGE_FETCH] = fetch, [STAGE_MIGRATE] = begin_migrate, [STAGE_SWITCH] = begin_switch, [STAGE_VERIFY] = verify
	};

	op_begin(d, OP_RUN, job, stage, effects[stage] ? effects[stage] : no_stage, arg);
	d->op.done = fn;
}

/* ---- cancel ---- */

static void cancel_ended(void *arg, const struct child_end *end)
{
	struct driver_env *d = arg;
	struct err err = { 0 };

	d->op.cancel = NULL;
	if (end->code != 0) {
		explain("cancel", end, &err);
		say(d, err.text);
	}
	loop_timer_set(d->op.timer, d->op.child && end->code == 0 ? CANCEL_WAIT_MS : 0);
}

/* Nothing runs any more: the end. Else what still runs was given its time. */
static void wind_down(struct driver_env *d)
{
	if (d->op.child)
		child_stop(d->op.child);
	else if (!d->op.cancel)
		op_stopped(d);
}

void command_cancel(struct driver_env *d)
{
	if (d->op.kind != OP_RUN || d->op.cancelled)
		return;
	d->op.cancelled = true;
	look_free(d->op.look);
	d->op.look = NULL;
	loop_timer_stop(d->op.timer);
	if (d->op.child && d->env->cancel)
		d->op.cancel = start_child(d, d->env->cancel, CANCEL_MS, NULL, cancel_ended);
	else
		loop_timer_set(d->op.timer, 0);
}

static void op_tick(void *arg)
{
	struct driver_env *d = arg;

	if (d->op.cancelled)
		wind_down(d);
	else if (leftover_is_gone(d))
		d->op.next(d);
}

/* ---- probe ---- */

static void probe_judge(struct driver_env *d, const struct sight *s)
{
	const struct driver_job *job = d->op.job;
	AUTO(mem_auto_free) char *text = describe(s);
	bool is_new = shows(s, job->version, job->digest), is_old = shows(s, job->live_version, job->live_digest);

	/* The same version again: observe cannot tell before from after, and bringing it there twice does no harm. */
	if (is_old)
		op_answer(d, PROBE_NOT_STARTED, text);
	else
		op_answer(d, is_new ? PROBE_DONE : PROBE_UNKNOWN, text);
}

static void probe_seen(void *arg, const struct sight *sight)
{
	struct driver_env *d = arg;

	d->op.look = NULL;
	probe_judge(d, sight);
}

static void probe(struct driver_env *d)
{
	if (d->op.stage == STAGE_MIGRATE)
		op_answer(d, PROBE_UNKNOWN, "nobody saw how the migration ended, and it is not run twice");
	else if (d->op.stage != STAGE_SWITCH)
		op_answer(d, PROBE_NOT_STARTED, "this stage changes nothing");
	else
		d->op.look = command_look(d, probe_seen);
}

void command_probe(struct driver_env *d, const struct driver_job *job, enum stage stage, driver_probed_fn fn,
                   void *arg)
{
	op_begin(d, OP_PROBE, job, stage, probe, arg);
	d->op.probed = fn;
}

/* ---- undo ---- */

static void undo(struct driver_env *d);

static void rollback_ended(void *arg, const struct child_end *end)
{
	struct driver_env *d = arg;

	command_is_over(d);
	/* What is live decides, whatever the command says of itself; it is told when that is wrong. */
	if (end->code != 0)
		explain(d->op.command, end, &d->op.rollback_err);
	undo(d);
}

static void undo_failed(struct driver_env *d, const char *text)
{
	const struct driver_job *job = d->op.job;
	const struct err *command = &d->op.rollback_err;
	struct err err = { 0 };

	if (!job->live_version)
		err_set(&err, ERR_FAILED, "nothing was live before, and there is no command that takes a build away: %.700s",
		        text);
	else
		err_set(&err, ERR_FAILED, "%s was to be brought back%s%.300s: %.500s", job->live_version,
		        command->kind ? ", but " : "", command->kind ? command->text : "", text);
	op_fail(d, "command", &err);
}

static void undo_judge(struct driver_env *d, const struct sight *s)
{
	const struct driver_job *job = d->op.job;
	AUTO(mem_auto_free) char *text = describe(s);
	bool untouched = d->untouched && strcmp(d->untouched, job->deployment) == 0;

	say(d, text);
	/* It is no business of this deployment's when what it did not touch was not healthy before. */
	if (shows(s, job->live_version, job->live_digest) && (s->healthy || !s->version || untouched)) {
		free(d->expected);
		d->expected = mem_dup(job->live_version);
		op_succeed(d, json_pack("{s:b, s:s*}", "rolled_back", d->op.rolled_back, "live", job->live_version));
	} else if (d->op.rolled_back || !job->live_version) {
		undo_failed(d, text);
	} else {
		d->op.rolled_back = true;
		start_deploy(d, true, rollback_ended);
	}
}

static void undo_seen(void *arg, const struct sight *sight)
{
	struct driver_env *d = arg;

	d->op.look = NULL;
	undo_judge(d, sight);
}

static void undo(struct driver_env *d)
{
	d->op.look = command_look(d, undo_seen);
}

void command_undo(struct driver_env *d, const struct driver_job *job, driver_done_fn fn, void *arg)
{
	op_begin(d, OP_UNDO, job, STAGE_SWITCH, undo, arg);
	d->op.done = fn;
}
