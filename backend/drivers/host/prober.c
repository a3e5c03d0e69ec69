#include "backend/drivers/host/prober.h"

#include <stdlib.h>

#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/drivers/host/host_priv.h"
#include "backend/http/http.h"

/* What is under way at once: an application that has stopped answering must not be asked ever more often. */
enum { CALLS_MAX = 32, TIMEOUT_MS = 5000, BODY_MAX = 1024 * 1024 };

struct probe { struct prober *prober; struct http_call *call; char *url; };

struct prober {
	struct driver_env *denv;
	struct loop_timer *timer;
	int64_t interval_ms;
	char **urls; size_t nurls;
	struct probe calls[CALLS_MAX];
	struct probe kept;                     /* the one on the connection that is kept alive */
	size_t kept_next;                      /* which URL it asks next */
	struct prober_counts counts;
	char *failure;
};

static void tick(void *arg);

void prober_free(struct prober *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < CALLS_MAX; i++)
		http_cancel(p->calls[i].call);
	http_cancel(p->kept.call);
	for (size_t i = 0; i < p->nurls; i++)
		free(p->urls[i]);
	loop_timer_free(p->timer);
	free(p->urls);
	free(p->failure);
	free(p);
}

static void answered(void *arg, const struct http_answer *answer)
{
	struct probe *probe = arg;
	struct prober *p = probe->prober;
	bool ok = answer->ok && answer->status >= 200 && answer->status < 400;

	probe->call = NULL;
	p->counts.sent++;
	if (answer->took_us > p->counts.max_us)
		p->counts.max_us = answer->took_us;
	if (ok) {
		p->counts.ok++;
		return;
	}
	p->counts.failed++;
	p->counts.errors += !answer->ok || answer->status < 500;
	free(p->failure);
	p->failure = answer->ok ? mem_printf("GET %s answered %d", probe->url, answer->status)
		: mem_dup(answer->err.text);
}

static void ask(struct prober *p, struct probe *probe, char *url, bool fresh)
{
	probe->prober = p;
	probe->url = url;
	probe->call = http_send(p->denv->http, &(struct http_request){
		.url = url, .timeout_ms = TIMEOUT_MS, .max_answer = BODY_MAX, .fresh = fresh,
	}, answered, probe);
}

static void tick(void *arg)
{
	struct prober *p = arg;
	size_t url = 0;

	for (size_t i = 0; i < CALLS_MAX && url < p->nurls; i++)
		if (!p->calls[i].call)
			ask(p, &p->calls[i], p->urls[url++], true);
	if (p->nurls && !p->kept.call)
		ask(p, &p->kept, p->urls[p->kept_next++ % p->nurls], false);
	loop_timer_set(p->timer, p->interval_ms);
}

struct prober *prober_new(struct driver_env *denv, struct host_model *model, int64_t interval_ms)
{
	struct prober *p = mem_alloc(sizeof *p);

	*p = (struct prober){ .denv = denv, .interval_ms = interval_ms, .urls = mem_array(model->n, sizeof *p->urls) };
	for (size_t i = 0; i < model->n; i++) {
		const struct host_part *part = &model->parts[i];
		AUTO(mem_auto_free) char *base = host_part_url(model, part, false);

		/* Without a health path nothing is known to answer well. */
		if (base && part->protocol == PROTOCOL_HTTP && part->health)
			p->urls[p->nurls++] = mem_printf("%s%s", base, part->health);
	}
	p->timer = loop_timer_new(denv->loop, tick, p);
	loop_timer_set(p->timer, 0);
	return p;
}

void prober_counts(const struct prober *p, struct prober_counts *ret)
{
	*ret = p->counts;
}

const char *prober_failure(const struct prober *p)
{
	return p->failure;
}

json_t *prober_json(const struct prober *p)
{
	return json_pack("{s:I, s:I, s:I, s:f}", "sent", (json_int_t)p->counts.sent, "ok", (json_int_t)p->counts.ok,
	                 "failed", (json_int_t)p->counts.failed, "max_ms", (double)p->counts.max_us / 1000);
}
