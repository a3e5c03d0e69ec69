/*
 * web: the shop's front. Asks api for everything about products and prices.
 *   GET /, /product/ID, /search?q=TEXT      pages; the first one with recommendations while that feature is on
 *   GET /health, /version, /api/products, /slow?ms=N (answers after N milliseconds, 5000 at most)
 *   POST /cart, /checkout                   forms as api's /api/quote takes them; JSON
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <event2/keyvalq_struct.h>

#include "demo/src/flags.h"
#include "demo/src/page.h"
#include "demo/src/service.h"
#include "demo/src/upstream.h"

enum { SLOW_MAX_MS = 5000 };

struct web {
	struct upstream *api;
	struct flags *flags;
	const char *public_host;           /* "127.0.0.1:18080": how visitors call us; NULL: nobody said */
	int leaked;                        /* sessions that were never given back, see behaviour.h */
};

/* One visitor's request that waits for api or for a timer. */
struct visit {
	struct service *s;
	struct evhttp_request *req;
	struct event *timer;
	char *text;                        /* a search's words, an order's form */
};

static struct web *web_of(struct service *s)
{
	return service_arg(s);
}

static const char *env_or(const char *key, const char *otherwise)
{
	const char *value = getenv(key);

	return value && *value ? value : otherwise;
}

static struct page_facts facts(struct service *s)
{
	bool recommends = service_behaviour(s)->recommendations && flags_on(web_of(s)->flags, "recommendations");

	return (struct page_facts){ .version = service_behaviour(s)->version,
		.colour = env_or("SLIPWAY_COLOUR", "grey"), .environment = env_or("SLIPWAY_ENVIRONMENT", "nowhere"), .recommends = recommends };
}

static struct visit *visit_new(struct service *s, struct evhttp_request *req, char *take_text)
{
	struct visit *v = calloc(1, sizeof *v);

	if (!v)
		abort();
	*v = (struct visit){ .s = s, .req = req, .text = take_text };
	return v;
}

static void visit_free(struct visit *v)
{
	if (v->timer)
		event_free(v->timer);
	free(v->text);
	free(v);
}

static void reply_page(struct visit *v, int status, struct evbuffer *page)
{
	service_reply(v->s, v->req, status, "text/html; charset=utf-8", page);
	evbuffer_free(page);
	visit_free(v);
}

static void reply_message(struct visit *v, int status, const char *title, const char *text)
{
	struct evbuffer *page = evbuffer_new();
	struct page_facts f = facts(v->s);

	page_message(page, &f, title, text);
	reply_page(v, status, page);
}

static void reply_json(struct visit *v, int status, const char *json)
{
	struct evbuffer *out = evbuffer_new();

	evbuffer_add_printf(out, "%s", json);
	service_reply(v->s, v->req, status, "application/json", out);
	evbuffer_free(out);
	visit_free(v);
}

static void reply_no_api(struct visit *v)
{
	service_error(v->s, v->req, 502, "the price service does not answer");
	visit_free(v);
}

static void on_products(int status, const char *body, void *arg)
{
	struct visit *v = arg;
	struct evbuffer *page;
	struct page_facts f = facts(v->s);

	if (status != 200) {
		reply_no_api(v);
		return;
	}
	page = evbuffer_new();
	page_products(page, &f, body, v->text);
	reply_page(v, 200, page);
}

static void front(struct service *s, struct evhttp_request *req)
{
	upstream_get(web_of(s)->api, "/api/products", on_products, visit_new(s, req, NULL));
}

static void search(struct service *s, struct evhttp_request *req)
{
	const char *query = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(req));
	struct evkeyvalq pairs = { 0 };
	char path[1024], *encoded;
	const char *q;

	evhttp_parse_query_str(query ? query : "", &pairs);
	q = evhttp_find_header(&pairs, "q");
	encoded = evhttp_uriencode(q ? q : "", -1, 0);
	if (!q || strlen(encoded) > 500) {
		service_error(s, req, 400, "search for q=TEXT");
	} else {
		snprintf(path, sizeof path, "/api/products?q=%s", encoded);
		upstream_get(web_of(s)->api, path, on_products, visit_new(s, req, strdup(q)));
	}
	free(encoded);
	evhttp_clear_headers(&pairs);
}

static void on_product(int status, const char *body, void *arg)
{
	struct visit *v = arg;
	const char *price = strstr(body, "\"price\":");
	long cents = price ? strtol(price + strlen("\"price\":"), NULL, 10) : 0;
	char text[64];

	if (status == 404) {
		reply_message(v, 404, "Not found", "We do not sell that.");
	} else if (status != 200) {
		reply_no_api(v);
	} else {
		snprintf(text, sizeof text, "%ld.%02ld", cents / 100, cents % 100);
		reply_message(v, 200, v->text, text);
	}
}

static void product(struct service *s, struct evhttp_request *req)
{
	const char *id = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(req)) + strlen("/product/");
	char path[256], *plain = evhttp_uridecode(id, 0, NULL);

	snprintf(path, sizeof path, "/api/products/%.200s", id);
	upstream_get(web_of(s)->api, path, on_product, visit_new(s, req, plain));
}

static void on_json(int status, const char *body, void *arg)
{
	if (status == 0)
		reply_no_api(arg);
	else
		reply_json(arg, status, body);
}

static void products(struct service *s, struct evhttp_request *req)
{
	upstream_get(web_of(s)->api, "/api/products", on_json, visit_new(s, req, NULL));
}

static void cart(struct service *s, struct evhttp_request *req)
{
	char *form = service_body(req);

	upstream_post(web_of(s)->api, "/api/quote", form, on_json, visit_new(s, req, NULL));
	free(form);
}

/* The same order gets the same number, however often it is sent (FNV-1a). */
static unsigned order_number(const char *form)
{
	unsigned hash = 2166136261u;

	for (; *form; form++)
		hash = (hash ^ (unsigned char)*form) * 16777619u;
	return hash % 1000000;
}

static void on_priced(int status, const char *body, void *arg)
{
	struct visit *v = arg;
	const char *total = strstr(body, "\"total\":");
	long cents = total ? strtol(total + strlen("\"total\":"), NULL, 10) : 0;
	char text[128];

	if (status != 200) {
		on_json(status, body, arg);
		return;
	}
	if (service_behaviour(v->s)->round_total)
		cents = (cents + 5) / 10 * 10;
	snprintf(text, sizeof text, "{\"order\":\"%06u\",\"total\":\"%ld.%02ld\"}\n", order_number(v->text), cents / 100,
	         cents % 100);
	reply_json(v, 201, text);
}

static void checkout(struct service *s, struct evhttp_request *req)
{
	char *form = service_body(req);

	upstream_post(web_of(s)->api, "/api/quote", form, on_priced, visit_new(s, req, form));
}

static void on_slow(evutil_socket_t fd, short what, void *arg)
{
	struct visit *v = arg;

	(void)fd, (void)what;
	service_text(v->s, v->req, 200, "slow, but here");
	visit_free(v);
}

static void slow(struct service *s, struct evhttp_request *req)
{
	const char *query = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(req));
	struct visit *v = visit_new(s, req, NULL);
	struct evkeyvalq pairs = { 0 };
	struct timeval wait;
	const char *text;
	long ms;

	evhttp_parse_query_str(query ? query : "", &pairs);
	text = evhttp_find_header(&pairs, "ms");
	ms = text ? strtol(text, NULL, 10) : 200;
	evhttp_clear_headers(&pairs);
	if (ms < 0 || ms > SLOW_MAX_MS)
		ms = SLOW_MAX_MS;
	v->timer = evtimer_new(service_base(s), on_slow, v);
	wait = (struct timeval){ ms / 1000, ms % 1000 * 1000 };
	evtimer_add(v->timer, &wait);
}

static void health(struct service *s, struct evhttp_request *req)
{
	service_text(s, req, 200, "ok");
}

static void version(struct service *s, struct evhttp_request *req)
{
	service_text(s, req, 200, service_behaviour(s)->version);
}

/*
 * The fault of one build: each request under the public name takes a session and never gives it back, until there is
 * none. Tests ask under another name and see nothing of it.
 */
static bool admit(struct service *s, struct evhttp_request *req)
{
	const char *host = evhttp_find_header(evhttp_request_get_input_headers(req), "Host");
	struct web *w = web_of(s);
	int limit = service_behaviour(s)->leak_after;

	if (limit == 0 || !host || !w->public_host || strcmp(host, w->public_host) != 0)
		return true;
	if (w->leaked < limit) {
		w->leaked++;
		return true;
	}
	fprintf(stderr, "error: session store: all %d sessions are taken, none was given back\n", limit);
	service_error(s, req, 503, "no session left");
	return false;
}

static const struct service_route routes[] = {
	{ "/", EVHTTP_REQ_GET, front },
	{ "/health", EVHTTP_REQ_GET, health },
	{ "/version", EVHTTP_REQ_GET, version },
	{ "/product/", EVHTTP_REQ_GET, product },
	{ "/search", EVHTTP_REQ_GET, search },
	{ "/api/products", EVHTTP_REQ_GET, products },
	{ "/cart", EVHTTP_REQ_POST, cart },
	{ "/checkout", EVHTTP_REQ_POST, checkout },
	{ "/slow", EVHTTP_REQ_GET, slow },
	{ NULL, 0, NULL },
};

int main(void)
{
	struct web web = { .public_host = getenv("SHOP_PUBLIC_HOST") };
	struct service *s = service_new("web", routes, &web);
	int code;

	if (!s)
		return 1;
	if (service_behaviour(s)->crash_at_start) {
		fprintf(stderr, "web: reading sessions.db\n"
		        "error: sessions.db: schema 7 is needed, schema 6 found\n"
		        "error: run `shop-migrate sessions` before this version is started\n");
		return 1;
	}
	web.api = upstream_new(service_base(s), "API");
	if (!web.api)
		return 1;
	web.flags = flags_new(getenv("SLIPWAY_FLAGS"));
	service_guard(s, admit);
	code = service_run(s);
	flags_free(web.flags);
	return code;
}
