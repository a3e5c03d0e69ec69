#include "backend/drivers/host/health.h"

#include <stdlib.h>

#include "backend/base/clean.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/http/http.h"

enum { BODY_SHOWN = 200, BODY_MAX = 64 * 1024 };

struct health {
	struct http_call *call;
	struct health_tcp *tcp;
	char *path;
	health_fn fn;
	void *arg;
};

struct health_all {
	struct host_model *model;
	struct health **checks;            /* one for each part, NULL for what is not under way */
	size_t waiting;
	char *why;
	struct loop_timer *empty;          /* tells when there is nothing to ask */
	health_fn fn;
	void *arg;
};

/* Which part a callback is for. */
struct health_one { struct health_all *all; size_t index; };

static void health_free(struct health *health)
{
	free(health->path);
	free(health);
}

static void finish(struct health *health, bool ok, const char *why)
{
	health->fn(health->arg, ok, why);
	health_free(health);
}

static void answered(void *arg, const struct http_answer *answer)
{
	struct health *health = arg;
	bool ok = answer->ok && answer->status >= 200 && answer->status < 300;
	AUTO(mem_auto_free) char *shown = mem_dupn(answer->body, BODY_SHOWN);
	AUTO(mem_auto_free) char *body = clean_dup(shown, CLEAN_LINE);
	AUTO(mem_auto_free) char *why = NULL;

	if (!answer->ok)
		why = mem_dup(answer->err.text);
	else if (!ok)
		why = mem_printf("GET %s answered %d%s%s", health->path, answer->status, *body ? ": " : "", body);
	health->call = NULL;
	finish(health, ok, why);
}

static void connected(void *arg, bool ok, const char *why)
{
	struct health *health = arg;

	health->tcp = NULL;
	finish(health, ok, why);
}

struct health *health_ask(struct loop *loop, struct http *http, const struct host_part *part, enum colour colour,
                          int64_t timeout_ms, health_fn fn, void *arg)
{
	struct health *health = mem_alloc(sizeof *health);
	AUTO(mem_auto_free) char *url = NULL;

	*health = (struct health){ .path = mem_dup(part->health), .fn = fn, .arg = arg };
	if (part->protocol != PROTOCOL_HTTP || !part->health) {
		health->tcp = health_connect(loop, "127.0.0.1", part->port[colour], timeout_ms, connected, health);
		return health;
	}
	url = mem_printf("http://127.0.0.1:%d%s", part->port[colour], part->health);
	health->call = http_send(http, &(struct http_request){
		.url = url, .timeout_ms = timeout_ms, .max_answer = BODY_MAX, .fresh = true,
	}, answered, health);
	return health;
}

void health_cancel(struct health *health)
{
	if (!health)
		return;
	http_cancel(health->call);
	health_connect_cancel(health->tcp);
	health_free(health);
}

void health_all_cancel(struct health_all *all)
{
	if (!all)
		return;
	for (size_t i = 0; i < all->model->n; i++)
		if (all->checks[i]) {
			free(all->checks[i]->arg);
			health_cancel(all->checks[i]);
		}
	loop_timer_free(all->empty);
	free(all->checks);
	free(all->why);
	host_model_unref(all->model);
	free(all);
}

static void tell_all(void *arg)
{
	struct health_all *all = arg;

	all->fn(all->arg, !all->why, all->why);
	health_all_cancel(all);
}

static void one_answered(void *arg, bool ok, const char *why)
{
	struct health_one *one = arg;
	struct health_all *all = one->all;

	all->checks[one->index] = NULL;
	if (!ok && !all->why)
		all->why = mem_printf("%s: %s", all->model->parts[one->index].name, why);
	free(one);
	if (--all->waiting == 0)
		tell_all(all);
}

struct health_all *health_ask_all(struct loop *loop, struct http *http, struct host_model *model, enum colour colour,
                                  int64_t timeout_ms, health_fn fn, void *arg)
{
	struct health_all *all = mem_alloc(sizeof *all);

	*all = (struct health_all){
		.model = host_model_ref(model), .checks = mem_array(model->n, sizeof *all->checks), .fn = fn, .arg = arg,
	};
	all->empty = loop_timer_new(loop, tell_all, all);
	for (size_t i = 0; i < model->n; i++) {
		struct health_one *one;

		if (!host_part_serves(&model->parts[i]))
			continue;
		one = mem_alloc(sizeof *one);
		*one = (struct health_one){ .all = all, .index = i };
		all->checks[i] = health_ask(loop, http, &model->parts[i], colour, timeout_ms, one_answered, one);
		all->waiting++;
	}
	if (!all->waiting)
		loop_timer_set(all->empty, 0);
	return all;
}
