#include "backend/drivers/host/proxy.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/buf.h"
#include "backend/base/clean.h"
#include "backend/base/clock.h"
#include "backend/base/file.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/drivers/host/admin.h"
#include "backend/drivers/host/haproxy.h"
#include "backend/drivers/host/routes.h"
#include "backend/drivers/host/runit.h"
#include "backend/process/child.h"

enum { POLL_MS = 20, CONFIG_MAX = 8 * 1024 * 1024, SAID_MAX = 16 * 1024, CHECK_MS = 10000 };

#define CONFIG_NEW HAPROXY_CONFIG ".new"

/* Enough descriptors for some 10,000 connections, and no table for millions where the system would allow them. */
static const char prelude[] = "[ \"$(ulimit -n)\" -le 20000 ] 2>/dev/null || ulimit -n 20000\n";

struct proxy {
	struct driver_env *denv;
	struct host_model *model;
	char mark[DIGEST_SIZE];
	struct buf config;
	int64_t deadline_ms;
	bool new_config, supervising;
	struct launch *runsv;                  /* being started */
	struct err not_started;                /* why it was not */
	const char *did;
	struct child *child;
	struct save *save;
	struct buf said;
	struct admin_call *call;
	struct loop_timer *timer;
	driver_done_fn fn;
	void *arg;
};

static void wait_for_mark(struct proxy *p);

void proxy_cancel(struct proxy *p)
{
	if (!p)
		return;
	admin_cancel(p->call);
	child_free(p->child);
	launch_forget(p->runsv);
	save_forget(p->save);
	loop_timer_free(p->timer);
	buf_done(&p->config);
	buf_done(&p->said);
	host_model_unref(p->model);
	free(p);
}

static void finish(struct proxy *p)
{
	struct driver_outcome outcome = { .ok = true, .detail = json_pack("{s:s}", "did", p->did) };

	p->fn(p->arg, &outcome);
	json_decref(outcome.detail);
	proxy_cancel(p);
}

static char *log_dir(const struct proxy *p)
{
	return mem_printf("%s/logs/haproxy", p->denv->dir);
}

static void fail(struct proxy *p, const char *layer, const struct err *err)
{
	AUTO(mem_auto_free) char *log = log_dir(p);
	AUTO(mem_auto_free) char *tail = NULL;
	struct driver_outcome outcome = { .layer = layer, .err = *err };
	bool ended;

	tail = runit_tail(log, HOST_TAIL_LINES, &ended);
	outcome.tail = tail;
	p->fn(p->arg, &outcome);
	proxy_cancel(p);
}

static bool write_service(struct proxy *p, struct err *err)
{
	static const char *const argv[] = { "haproxy", "-W", "-db", "-f", HAPROXY_CONFIG, NULL };
	AUTO(mem_auto_free) char *log = log_dir(p);
	AUTO(mem_auto_free) char *title = mem_printf("HAProxy of %s/%s", p->model->app, p->model->env);
	struct host_var path = { (char *)"PATH", (char *)"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" };
	bool changed;

	return runit_write(&(struct runit_service){
		.dir = p->denv->proxy_dir, .run_dir = ".", .log_dir = log, .title = title, .prelude = prelude, .argv = argv,
		.vars = &path, .nvars = 1,
	}, &changed, err);
}

/* A port that HAProxy is about to listen on, and that the configuration before did not have, must be free. */
static bool check_port(const char *old_config, const struct host_part *part, const char *kind, const char *address,
                       int port, struct err *err)
{
	AUTO(mem_auto_free) char *had = mem_printf(":%d\n", port);
	AUTO(mem_auto_free) char *owner = NULL;

	if (!port || (old_config && strstr(old_config, had)) || port_is_free(address, port))
		return true;
	owner = port_owner(port);
	return err_set(err, ERR_LOCKED, "the %s port of %s: port %d is taken by %s", kind, part->name, port, owner);
}

static bool check_ports(const struct proxy *p, const char *old_config, struct err *err)
{
	for (size_t i = 0; i < p->model->n; i++) {
		const struct host_part *part = &p->model->parts[i];

		if (!check_port(old_config, part, "public", p->model->bind, part->public_port, err)
		    || !check_port(old_config, part, "preview", "127.0.0.1", part->preview_port, err))
			return false;
	}
	return true;
}

static struct save *save_config(struct proxy *p, const char *name, saver_fn fn)
{
	AUTO(mem_auto_free) char *path = file_join(p->denv->proxy_dir, name);

	return saver_write(p->denv->saver, path, p->config.data, p->config.len, 0600, fn, p);
}

static void installed(void *arg, const struct err *err)
{
	struct proxy *p = arg;

	AUTO(mem_auto_free) char *checked = file_join(p->denv->proxy_dir, CONFIG_NEW);

	p->save = NULL;
	saver_remove(p->denv->saver, checked, NULL, NULL);
	if (err)
		fail(p, "traffic", err);
	else
		wait_for_mark(p);
}

static void checker_said(void *arg, bool is_stderr, const char *data, size_t len)
{
	struct proxy *p = arg;

	(void)is_stderr;
	buf_add(&p->said, data, len);
}

static void checker_ended(void *arg, const struct child_end *end)
{
	struct proxy *p = arg;
	AUTO(mem_auto_free) char *said = clean_dup(p->said.data, CLEAN_LINE);
	struct err err = { 0 };

	p->child = NULL;
	if (end->err)
		err = *end->err;
	else if (end->timed_out)
		err_set(&err, ERR_TIMEOUT, "HAProxy did not check its configuration %s/" CONFIG_NEW " within %d s",
		        p->denv->proxy_dir, CHECK_MS / 1000);
	else if (end->code != 0)
		err_set(&err, ERR_CONFIG, "HAProxy refuses its configuration %s/" CONFIG_NEW ": %.600s", p->denv->proxy_dir,
		        said);
	if (err.kind)
		fail(p, "traffic", &err);
	else
		p->save = save_config(p, HAPROXY_CONFIG, installed);
}

static void start_checker(struct proxy *p)
{
	static const char *const argv[] = { "haproxy", "-c", "-q", "-f", CONFIG_NEW, NULL };
	static const char *const env[] = { "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL };

	p->child = child_start(p->denv->launcher, &(struct child_spec){
		.argv = argv, .env = env, .dir = p->denv->proxy_dir, .timeout_ms = CHECK_MS, .output = checker_said,
		.end = checker_ended, .arg = p,
	});
}

static void config_saved(void *arg, const struct err *err)
{
	struct proxy *p = arg;

	p->save = NULL;
	if (err)
		fail(p, "traffic", err);
	else
		start_checker(p);
}

/* HAProxy without a runsv (somebody killed it) would keep the ports from the one that is about to start. */
static bool orphan_is_there(struct proxy *p, int signo)
{
	return runit_end_orphan(p->denv->proxy_dir, p->denv->proxy_dir, signo);
}

static void runsv_started(void *arg, pid_t pid, const struct err *err)
{
	struct proxy *p = arg;

	(void)pid;
	p->runsv = NULL;
	if (err)
		p->not_started = *err;
}

/* One step towards a running HAProxy. true when there is nothing left to tell runsv. */
static bool bring_up(struct proxy *p, struct err *err)
{
	struct runit_status status;

	runit_status(p->denv->proxy_dir, &status);
	if (status.supervised && status.wanted)
		return true;
	if (status.supervised) {
		runit_control(p->denv->proxy_dir, 'u');
		p->did = "started";
		return true;
	}
	*err = p->not_started;
	if (p->supervising || orphan_is_there(p, SIGTERM))
		return false;
	if (!check_ports(p, NULL, err))
		return false;
	p->supervising = true;
	p->did = "started";
	p->runsv = runit_supervise(p->denv->launcher, p->denv->proxy_dir, runsv_started, p);
	return false;
}

static void again_or_fail(struct proxy *p, const struct err *err)
{
	if (clock_mono_ms() < p->deadline_ms)
		loop_timer_set(p->timer, POLL_MS);
	else
		fail(p, "traffic", err);
}

static void info_came(void *arg, const char *answer, const struct err *err)
{
	struct proxy *p = arg;
	AUTO(mem_auto_free) char *mark = haproxy_mark(answer ? answer : "");
	struct err not_yet = { 0 };

	p->call = NULL;
	if (answer && strcmp(mark, p->mark) == 0) {
		finish(p);
		return;
	}
	/* An older configuration is running. Told once: a second reload on top of the first would only slow it down. */
	if (answer && strcmp(p->did, "nothing") == 0 && runit_control(p->denv->proxy_dir, '2'))
		p->did = "reloaded";
	err_set(&not_yet, ERR_TIMEOUT, "HAProxy did not take its new configuration");
	again_or_fail(p, answer ? &not_yet : err);
}

static void wait_for_mark(struct proxy *p)
{
	struct err err = { 0 };

	if (!bring_up(p, &err)) {
		const char *layer = err.kind == ERR_LOCKED ? "port" : "traffic";
		struct err slow = { 0 };

		err_set(&slow, ERR_TIMEOUT, "HAProxy's runsv does not come up in %s", p->denv->proxy_dir);
		if (err.kind)
			fail(p, layer, &err);
		else
			again_or_fail(p, &slow);
		return;
	}
	p->call = admin_send(p->denv->loop, p->denv->proxy_dir, "show info", p->deadline_ms - clock_mono_ms(), info_came, p);
}

static void take_config(struct proxy *p)
{
	AUTO(mem_auto_free) char *path = file_join(p->denv->proxy_dir, HAPROXY_CONFIG);
	AUTO(buf_done) struct buf was = { 0 };
	struct runit_status status;
	struct err err = { 0 };
	bool is_there = file_read(path, CONFIG_MAX, &was, NULL);

	if (is_there && was.len == p->config.len && memcmp(was.data, p->config.data, was.len) == 0) {
		wait_for_mark(p);
		return;
	}
	runit_status(p->denv->proxy_dir, &status);
	if (status.running && !check_ports(p, is_there ? was.data : "", &err))
		fail(p, "port", &err);
	else
		p->save = save_config(p, CONFIG_NEW, config_saved);
}

static void first_map_saved(void *arg, const struct err *err)
{
	struct proxy *p = arg;

	p->save = NULL;
	if (err)
		fail(p, "traffic", err);
	else
		take_config(p);
}

/* HAProxy does not start without its map file. */
static void make_first_map(struct proxy *p)
{
	AUTO(routes_done) struct routes routes = { 0 };

	routes_make(p->model, COLOUR_NONE, COLOUR_NONE, &routes);
	p->save = routes_save(p->denv->saver, p->denv->proxy_dir, &routes, first_map_saved, p);
}

/* The files first; then, as often as the timer says, the next step until HAProxy tells the mark. */
static void tick(void *arg)
{
	struct proxy *p = arg;
	AUTO(mem_auto_free) char *map = file_join(p->denv->proxy_dir, ROUTES_FILE);
	struct err err = { 0 };

	if (p->new_config) {
		wait_for_mark(p);
		return;
	}
	p->new_config = true;
	if (!write_service(p, &err))
		fail(p, "traffic", &err);
	else if (access(map, F_OK) != 0)
		make_first_map(p);
	else
		take_config(p);
}

struct proxy *proxy_start(struct driver_env *denv, struct host_model *model, driver_done_fn fn, void *arg)
{
	struct proxy *p = mem_alloc(sizeof *p);

	*p = (struct proxy){
		.denv = denv, .model = host_model_ref(model), .deadline_ms = clock_mono_ms() + HOST_PROXY_MS,
		.did = "nothing", .fn = fn, .arg = arg,
	};
	haproxy_config(model, &p->config, p->mark);
	buf_init(&p->said, SAID_MAX);
	p->timer = loop_timer_new(denv->loop, tick, p);
	loop_timer_set(p->timer, 0);
	return p;
}
