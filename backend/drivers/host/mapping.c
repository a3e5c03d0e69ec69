#include "backend/drivers/host/mapping.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend/base/clock.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/drivers/host/admin.h"
#include "backend/drivers/host/haproxy.h"

enum { RETRY_MS = 20 };

struct mapping {
	struct loop *loop;
	char *dir;
	struct routes routes;
	int64_t deadline_ms;
	bool went;                         /* false: no further than prepared */
	int version;                       /* prepared, not committed yet; 0: none */
	int64_t began_us, took_us;
	char **lines; size_t sent;
	struct admin_call *call;
	struct mapping_show *show;
	struct loop_timer *timer;
	mapping_fn fn;
	void *arg;
};

struct mapping_show {
	struct admin_call *call;
	mapping_shown_fn fn;
	void *arg;
};

static void prepare(void *arg);
static void send_line(struct mapping *m);

static int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int64_t left_ms(const struct mapping *m)
{
	return m->deadline_ms - clock_mono_ms();
}

static void mapping_free(struct mapping *m)
{
	admin_cancel(m->call);
	mapping_ask_cancel(m->show);
	loop_timer_free(m->timer);
	haproxy_lines_free(m->lines);
	routes_done(&m->routes);
	free(m->dir);
	free(m);
}

static void finish(struct mapping *m, const struct err *err)
{
	m->fn(m->arg, m->took_us, err);
	mapping_free(m);
}

static void again_or_fail(struct mapping *m, const struct err *err)
{
	struct err failed = *err;

	if (left_ms(m) > RETRY_MS) {
		loop_timer_set(m->timer, RETRY_MS);
		return;
	}
	err_wrap(&failed, "route the traffic");
	finish(m, &failed);
}

static void shown(void *arg, const struct routes *routes, const struct err *err)
{
	struct mapping *m = arg;
	struct err differs = { 0 };

	m->show = NULL;
	if (routes && routes_equal(routes, &m->routes)) {
		finish(m, NULL);
		return;
	}
	err_set(&differs, ERR_INTERNAL, "HAProxy's map is not what was set");
	again_or_fail(m, err ? err : &differs);
}

static void line_answered(void *arg, const char *answer, const struct err *err)
{
	struct mapping *m = arg;
	struct err refused = { 0 };

	m->call = NULL;
	if (answer && !haproxy_is_quiet(answer)) {
		err_set(&refused, ERR_INTERNAL, "HAProxy refused the map: %.200s", answer);
		again_or_fail(m, &refused);
	} else if (!answer) {
		again_or_fail(m, err);
	} else if (m->lines[++m->sent]) {
		send_line(m);
	} else {
		m->took_us = now_us() - m->began_us;
		m->show = mapping_ask(m->loop, m->dir, left_ms(m), shown, m);
	}
}

static void send_line(struct mapping *m)
{
	m->call = admin_send(m->loop, m->dir, m->lines[m->sent], left_ms(m), line_answered, m);
}

static void send_lines(struct mapping *m)
{
	haproxy_lines_free(m->lines);
	m->lines = haproxy_map_lines(&m->routes, m->version);
	m->version = 0;
	m->sent = 0;
	send_line(m);
}

static void prepared(void *arg, const char *answer, const struct err *err)
{
	struct mapping *m = arg;
	int version = answer ? haproxy_version(answer) : 0;
	struct err refused = { 0 };

	m->call = NULL;
	if (!version) {
		if (answer)
			err_set(&refused, ERR_INTERNAL, "HAProxy refused to prepare the map: %.200s", answer);
		again_or_fail(m, answer ? &refused : err);
		return;
	}
	m->version = version;
	if (m->went)
		send_lines(m);
}

static void prepare(void *arg)
{
	struct mapping *m = arg;

	m->call = admin_send(m->loop, m->dir, "prepare map " ROUTES_FILE, left_ms(m), prepared, m);
}

struct mapping *mapping_prepare(struct loop *loop, const char *dir, const struct routes *routes, int version,
                                int64_t within_ms, mapping_fn fn, void *arg)
{
	struct mapping *m = mem_alloc(sizeof *m);

	*m = (struct mapping){
		.loop = loop, .dir = mem_dup(dir), .deadline_ms = clock_mono_ms() + within_ms, .fn = fn, .arg = arg,
		.version = version,
	};
	routes_copy(routes, &m->routes);
	m->timer = loop_timer_new(loop, prepare, m);
	if (!version)
		prepare(m);
	return m;
}

void mapping_go(struct mapping *m)
{
	m->went = true;
	m->began_us = now_us();
	if (m->version)
		send_lines(m);
}

bool mapping_went(const struct mapping *m)
{
	return m->went;
}

struct mapping *mapping_start(struct loop *loop, const char *dir, const struct routes *routes, int64_t within_ms,
                              mapping_fn fn, void *arg)
{
	struct mapping *m = mapping_prepare(loop, dir, routes, 0, within_ms, fn, arg);

	mapping_go(m);
	return m;
}

void mapping_cancel(struct mapping *mapping)
{
	if (mapping)
		mapping_free(mapping);
}

static void show_answered(void *arg, const char *answer, const struct err *err)
{
	struct mapping_show *show = arg;
	AUTO(routes_done) struct routes routes = { 0 };
	struct err unknown = { 0 };

	show->call = NULL;
	if (answer)
		routes_parse(answer, &routes);
	if (answer && strncmp(answer, "Unknown", 7) == 0)
		err_set(&unknown, ERR_INTERNAL, "HAProxy runs without our map: %.100s", answer);
	show->fn(show->arg, answer && !unknown.kind ? &routes : NULL, answer ? (unknown.kind ? &unknown : NULL) : err);
	free(show);
}

struct mapping_show *mapping_ask(struct loop *loop, const char *dir, int64_t within_ms, mapping_shown_fn fn, void *arg)
{
	struct mapping_show *show = mem_alloc(sizeof *show);

	*show = (struct mapping_show){ .fn = fn, .arg = arg };
	show->call = admin_send(loop, dir, "show map " ROUTES_FILE, within_ms, show_answered, show);
	return show;
}

void mapping_ask_cancel(struct mapping_show *show)
{
	if (!show)
		return;
	admin_cancel(show->call);
	free(show);
}
