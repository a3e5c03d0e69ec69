/*
 * acceptance: what a customer may rely on, asked of a running shop. Prints TAP, one line when each test is done.
 * Where the shop is: SLIPWAY_URL_WEB, and SLIPWAY_URL_API when api can be reached.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "demo/src/client.h"

struct shop {
	struct client web, api;
	bool has_api;
	char why[512];             /* what the test at hand found wrong */
};

static bool __attribute__((format(printf, 2, 3))) wrong(struct shop *shop, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(shop->why, sizeof shop->why, fmt, ap);
	va_end(ap);
	return false;
}

/* Asks and expects a status and, if not NULL, a text in the body. */
static bool expect(struct shop *shop, struct client *c, const char *method, const char *path, const char *form, int status,
                   const char *text)
{
	int got = client_ask(c, method, path, form);

	if (got == 0)
		return wrong(shop, "%s %s: %s", method, path, c->error);
	if (got != status)
		return wrong(shop, "%s %s: expected status %d, got %d: %.80s", method, path, status, got, c->body);
	if (text && !strstr(c->body, text))
		return wrong(shop, "%s %s: expected %s in the answer, got %.120s", method, path, text, c->body);
	return true;
}

/* What was wrong, as a YAML text in one line. */
static void print_why(const char *why)
{
	for (; *why; why++) {
		if (*why == '\'')
			putchar('\'');
		putchar((unsigned char)*why < ' ' ? ' ' : *why);
	}
}

static bool get(struct shop *shop, const char *path, int status, const char *text)
{
	return expect(shop, &shop->web, "GET", path, NULL, status, text);
}

static bool cart(struct shop *shop, const char *form, const char *text)
{
	return expect(shop, &shop->web, "POST", "/cart", form, 200, text);
}

static bool bad_cart(struct shop *shop, const char *form, const char *text)
{
	return expect(shop, &shop->web, "POST", "/cart", form, 400, text);
}

static bool checkout(struct shop *shop, const char *form, const char *total)
{
	char text[64];

	snprintf(text, sizeof text, "\"total\":\"%s\"", total);
	return expect(shop, &shop->web, "POST", "/checkout", form, 201, text);
}

static bool front_page(struct shop *shop) { return get(shop, "/", 200, "<h1>Shop</h1>"); }
static bool front_lists(struct shop *shop) { return get(shop, "/", 200, "12 products"); }
static bool product_page(struct shop *shop) { return get(shop, "/product/cup", 200, "7.80"); }
static bool unknown_product(struct shop *shop) { return get(shop, "/product/yacht", 404, "We do not sell that."); }
static bool unknown_page(struct shop *shop) { return get(shop, "/imprint", 404, "nothing at this address"); }
static bool search_finds(struct shop *shop) { return get(shop, "/search?q=beans", 200, "3 products"); }
static bool search_case(struct shop *shop) { return get(shop, "/search?q=KETTLE", 200, "1 products"); }
static bool search_none(struct shop *shop) { return get(shop, "/search?q=anchor", 200, "0 products"); }
static bool products_json(struct shop *shop) { return get(shop, "/api/products", 200, "\"price\":8900"); }
static bool cart_sums(struct shop *shop) { return cart(shop, "item=cup:2&item=mug:1", "\"subtotal\":2550"); }
static bool cart_merges(struct shop *shop) { return cart(shop, "item=cup:1&item=cup:2", "\"quantity\":3"); }
static bool bulk(struct shop *shop) { return cart(shop, "item=espresso:10", "\"subtotal\":11875"); }
static bool no_bulk(struct shop *shop) { return cart(shop, "item=espresso:9", "\"subtotal\":11250"); }
static bool save10(struct shop *shop) { return cart(shop, "item=grinder:1&coupon=SAVE10", "\"discount\":890"); }
static bool save10_half_up(struct shop *shop) { return cart(shop, "item=papers:1&coupon=SAVE10", "\"discount\":44"); }
static bool welcome5(struct shop *shop) { return cart(shop, "item=carafe:1&coupon=WELCOME5", "\"discount\":500"); }
static bool welcome5_low(struct shop *shop) { return cart(shop, "item=cup:2&coupon=WELCOME5", "\"discount\":0"); }
static bool shipping_paid(struct shop *shop) { return cart(shop, "item=kettle:1", "\"shipping\":495"); }
static bool shipping_free(struct shop *shop) { return cart(shop, "item=gift-card:2", "\"shipping\":0"); }
static bool tax(struct shop *shop) { return cart(shop, "item=grinder:1", "\"tax\":1421"); }
static bool cart_empty(struct shop *shop) { return bad_cart(shop, "coupon=SAVE10", "the cart is empty"); }
static bool cart_zero(struct shop *shop) { return bad_cart(shop, "item=cup:0", "quantity must be 1 to 999"); }
static bool cart_negative(struct shop *shop) { return bad_cart(shop, "item=cup:-3", "quantity must be 1 to 999"); }
static bool cart_huge(struct shop *shop) { return bad_cart(shop, "item=cup:600&item=cup:600", "quantity must be"); }
static bool cart_unknown(struct shop *shop) { return bad_cart(shop, "item=yacht:1", "no such product"); }
static bool cart_coupon(struct shop *shop) { return bad_cart(shop, "item=cup:1&coupon=FREE", "no such coupon"); }
static bool pay_round(struct shop *shop) { return checkout(shop, "item=grinder:1", "89.00"); }
static bool pay_cents(struct shop *shop) { return checkout(shop, "item=espresso:3&item=papers:1", "46.80"); }
static bool pay_discount(struct shop *shop) { return checkout(shop, "item=cup:3&item=espresso:10&coupon=SAVE10", "127.93"); }
static bool pay_shipping(struct shop *shop) { return checkout(shop, "item=tamper:1&coupon=SAVE10", "21.73"); }

static bool search_escaped(struct shop *shop)
{
	if (!get(shop, "/search?q=%3Cscript%3Ealert(1)%3C/script%3E", 200, "&lt;script&gt;"))
		return false;
	return !strstr(shop->web.body, "<script>") || wrong(shop, "the words looked for come back as HTML");
}

static bool checkout_number(struct shop *shop)
{
	char first[64];

	if (!checkout(shop, "item=mug:4", "44.55"))
		return false;
	snprintf(first, sizeof first, "%.17s", shop->web.body);
	return expect(shop, &shop->web, "POST", "/checkout", "item=mug:4", 201, first);
}

static bool checkout_get(struct shop *shop)
{
	return get(shop, "/checkout", 405, "does not take that method");
}

static bool large_cart(struct shop *shop)
{
	char form[8192] = "", *at = form;

	for (int i = 0; i < 300; i++)
		at += snprintf(at, (size_t)(form + sizeof form - at), "%sitem=%s:1", i ? "&" : "", i % 2 ? "cup" : "mug");
	return cart(shop, form, "\"subtotal\":252225");
}

static bool oversized_cart(struct shop *shop)
{
	char *form = malloc(100001);
	bool ok;

	if (!form)
		abort();
	memset(form, 'x', 100000);
	form[100000] = '\0';
	ok = expect(shop, &shop->web, "POST", "/cart", form, 413, "more than a body may hold");
	free(form);
	return ok;
}

static bool keep_alive(struct shop *shop)
{
	int before;

	if (!get(shop, "/", 200, NULL))
		return false;
	before = shop->web.connects;
	for (int i = 0; i < 20; i++)
		if (!get(shop, "/version", 200, NULL))
			return false;
	return shop->web.connects == before || wrong(shop, "21 requests took %d connections", shop->web.connects - before + 1);
}

static bool head(struct shop *shop)
{
	return expect(shop, &shop->web, "HEAD", "/", NULL, 200, NULL) &&
	       (*shop->web.body == '\0' || wrong(shop, "an answer to HEAD has a body"));
}

static bool garbage(struct shop *shop)
{
	static const char bytes[] = "HELO shop\r\n\r\n";
	int status = client_send(&shop->web, bytes, sizeof bytes - 1);

	return status == 400 || wrong(shop, "expected status 400, got %d: %s", status, shop->web.error);
}

static bool same_version(struct shop *shop)
{
	char version[64];

	if (!get(shop, "/version", 200, NULL))
		return false;
	snprintf(version, sizeof version, "%s", shop->web.body);
	return expect(shop, &shop->api, "GET", "/version", NULL, 200, version);
}

static bool same_price(struct shop *shop)
{
	return expect(shop, &shop->api, "POST", "/api/quote", "item=scale:2&coupon=SAVE10", 200, "\"total\":6291");
}

static const struct test {
	const char *name;
	bool (*run)(struct shop *shop);
	bool needs_api;
} tests[] = {
	{ "catalogue: the front page opens", front_page, false },
	{ "catalogue: the front page lists every product", front_lists, false },
	{ "catalogue: a product has a page with its price", product_page, false },
	{ "catalogue: an unknown product is not found", unknown_product, false },
	{ "catalogue: an unknown page is not found", unknown_page, false },
	{ "catalogue: products can be read as JSON", products_json, false },
	{ "search: finds by a word", search_finds, false },
	{ "search: does not care about upper case", search_case, false },
	{ "search: says when nothing is found", search_none, false },
	{ "search: shows the words as text", search_escaped, false },
	{ "cart: adds up its lines", cart_sums, false },
	{ "cart: the same product twice is one line", cart_merges, false },
	{ "cart: ten of a kind are 5 % cheaper", bulk, false },
	{ "cart: nine of a kind are not", no_bulk, false },
	{ "cart: SAVE10 takes off a tenth", save10, false },
	{ "cart: half a cent of discount is a cent", save10_half_up, false },
	{ "cart: WELCOME5 takes off 5.00", welcome5, false },
	{ "cart: WELCOME5 needs 20.00", welcome5_low, false },
	{ "cart: shipping is paid below 50.00", shipping_paid, false },
	{ "cart: shipping is free from exactly 50.00", shipping_free, false },
	{ "cart: tax is contained in the total", tax, false },
	{ "cart: an empty one is refused", cart_empty, false },
	{ "cart: no pieces are refused", cart_zero, false },
	{ "cart: fewer than no pieces are refused", cart_negative, false },
	{ "cart: more than 999 pieces are refused", cart_huge, false },
	{ "cart: an unknown product is refused", cart_unknown, false },
	{ "cart: an unknown coupon is refused", cart_coupon, false },
	{ "cart: 300 lines are added up", large_cart, false },
	{ "cart: 100 kB are too much", oversized_cart, false },
	{ "checkout: a round total", pay_round, false },
	{ "checkout: total with cents", pay_cents, false },
	{ "checkout: total after a discount", pay_discount, false },
	{ "checkout: total with shipping", pay_shipping, false },
	{ "checkout: the same order keeps its number", checkout_number, false },
	{ "checkout: cannot be opened as a page", checkout_get, false },
	{ "http: 20 requests use one connection", keep_alive, false },
	{ "http: HEAD has no body", head, false },
	{ "http: what is no request is refused", garbage, false },
	{ "api: runs the same version as web", same_version, true },
	{ "api: says the same price as web", same_price, true },
};

int main(void)
{
	/* A pace that eyes can follow. */
	static const struct timespec pause = { 0, 25 * 1000 * 1000 };
	const size_t n = sizeof tests / sizeof tests[0];
	struct shop shop = { 0 };
	int failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	shop.has_api = client_init(&shop.api, getenv("SLIPWAY_URL_API"));
	if (!client_init(&shop.web, getenv("SLIPWAY_URL_WEB"))) {
		printf("Bail out! SLIPWAY_URL_WEB must be http://HOST:PORT\n");
		return 2;
	}
	printf("TAP version 13\n1..%zu\n", n);
	for (size_t i = 0; i < n; i++) {
		nanosleep(&pause, NULL);
		if (tests[i].needs_api && !shop.has_api) {
			printf("ok %zu - %s # SKIP api cannot be reached from here\n", i + 1, tests[i].name);
		} else if (tests[i].run(&shop)) {
			printf("ok %zu - %s\n", i + 1, tests[i].name);
		} else {
			printf("not ok %zu - %s\n  ---\n  message: '", i + 1, tests[i].name);
			print_why(shop.why);
			printf("'\n  ...\n");
			failed++;
		}
	}
	client_done(&shop.web);
	client_done(&shop.api);
	return failed > 0;
}
