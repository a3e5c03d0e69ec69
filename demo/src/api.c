/*
 * api: the shop's prices.
 *   GET /health, /version       GET /api/products[?q=TEXT], /api/products/ID
 *   POST /api/quote             item=ID:QUANTITY&item=…&coupon=CODE  ->  lines, subtotal, discount, shipping, tax, total
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include <event2/keyvalq_struct.h>

#include "demo/src/pricing.h"
#include "demo/src/service.h"

static void health(struct service *s, struct evhttp_request *req)
{
	service_text(s, req, 200, "ok");
}

static void version(struct service *s, struct evhttp_request *req)
{
	service_text(s, req, 200, service_behaviour(s)->version);
}

static void add_product(struct evbuffer *out, const struct product *p)
{
	evbuffer_add_printf(out, "{\"id\":\"%s\",\"name\":\"%s\",\"price\":%d}", p->id, p->name, p->price);
}

static void products(struct service *s, struct evhttp_request *req)
{
	const char *query = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(req));
	struct evbuffer *out = evbuffer_new();
	struct evkeyvalq pairs = { 0 };
	const char *q, *comma = "";

	evhttp_parse_query_str(query ? query : "", &pairs);
	q = evhttp_find_header(&pairs, "q");
	evbuffer_add_printf(out, "{\"products\":[");
	for (size_t i = 0; i < catalogue_size; i++) {
		if (q && !strcasestr(catalogue[i].name, q))
			continue;
		evbuffer_add_printf(out, "%s", comma);
		add_product(out, &catalogue[i]);
		comma = ",";
	}
	evbuffer_add_printf(out, "]}\n");
	service_reply(s, req, 200, "application/json", out);
	evhttp_clear_headers(&pairs);
	evbuffer_free(out);
}

static void product(struct service *s, struct evhttp_request *req)
{
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(req));
	const struct product *p = catalogue_find(path + strlen("/api/products/"));
	struct evbuffer *out;

	if (!p) {
		service_error(s, req, 404, "no such product");
		return;
	}
	out = evbuffer_new();
	add_product(out, p);
	service_reply(s, req, 200, "application/json", out);
	evbuffer_free(out);
}

static bool read_cart(const struct evkeyvalq *pairs, struct cart *cart, const char **ret_why)
{
	struct evkeyval *pair;

	TAILQ_FOREACH(pair, pairs, next) {
		char *quantity = strchr(pair->value, ':');

		if (strcmp(pair->key, "coupon") == 0) {
			if (!cart_set_coupon(cart, pair->value, ret_why))
				return false;
		} else if (strcmp(pair->key, "item") == 0 && quantity) {
			*quantity = '\0';
			if (!cart_add(cart, pair->value, quantity + 1, ret_why))
				return false;
		} else {
			*ret_why = "a cart is item=ID:QUANTITY and coupon=CODE";
			return false;
		}
	}
	return true;
}

static void reply_quote(struct service *s, struct evhttp_request *req, const struct cart *cart, const struct quote *quote)
{
	struct evbuffer *out = evbuffer_new();

	evbuffer_add_printf(out, "{\"lines\":[");
	for (size_t i = 0; i < cart->n; i++)
		evbuffer_add_printf(out, "%s{\"id\":\"%s\",\"quantity\":%d,\"amount\":%d}", i ? "," : "",
		                    cart->lines[i].product->id, cart->lines[i].quantity, cart->lines[i].amount);
	evbuffer_add_printf(out, "],\"subtotal\":%d,\"discount\":%d,\"shipping\":%d,\"tax\":%d,\"total\":%d}\n",
	                    quote->subtotal, quote->discount, quote->shipping, quote->tax, quote->total);
	service_reply(s, req, 200, "application/json", out);
	evbuffer_free(out);
}

static void quote(struct service *s, struct evhttp_request *req)
{
	struct cart cart = { .free_above_only = service_behaviour(s)->free_above_only };
	struct evkeyvalq pairs = { 0 };
	struct quote result;
	const char *why = "that is no form";
	char *body = service_body(req);

	if (evhttp_parse_query_str(body, &pairs) == 0 && read_cart(&pairs, &cart, &why) && cart_price(&cart, &result, &why))
		reply_quote(s, req, &cart, &result);
	else
		service_error(s, req, 400, why);
	evhttp_clear_headers(&pairs);
	free(body);
}

static const struct service_route routes[] = {
	{ "/health", EVHTTP_REQ_GET, health },
	{ "/version", EVHTTP_REQ_GET, version },
	{ "/api/products", EVHTTP_REQ_GET, products },
	{ "/api/products/", EVHTTP_REQ_GET, product },
	{ "/api/quote", EVHTTP_REQ_POST, quote },
	{ NULL, 0, NULL },
};

int main(void)
{
	struct service *s = service_new("api", routes, NULL);

	return s ? service_run(s) : 1;
}
