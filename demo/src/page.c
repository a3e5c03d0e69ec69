#include "demo/src/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/http.h>

static const char style[] =
	"body{font:16px/1.5 system-ui,sans-serif;margin:0;color:#1d2430;background:#fafafa}"
	"header{padding:1.2rem 2rem;color:#fff;background:#555}"
	"header.blue{background:#1f5fa8}header.green{background:#2b7a4b}"
	"h1{margin:0;font-size:1.6rem}header p{margin:.2rem 0 0;opacity:.85}"
	"main{max-width:40rem;margin:1.5rem auto;padding:0 2rem}"
	"table{width:100%;border-collapse:collapse}td{padding:.45rem 0;border-bottom:1px solid #ddd}"
	"td:last-child{text-align:right;font-variant-numeric:tabular-nums}";

static void add_escaped(struct evbuffer *out, const char *text)
{
	char *escaped = evhttp_htmlescape(text);

	evbuffer_add_printf(out, "%s", escaped ? escaped : "");
	free(escaped);
}

static void begin(struct evbuffer *out, const struct page_facts *f, const char *title)
{
	evbuffer_add_printf(out, "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Shop: ");
	add_escaped(out, title);
	evbuffer_add_printf(out, "</title><style>%s</style></head>\n<body>\n<header class=\"%s\"><h1>Shop</h1>"
	                    "<p>version %s, %s, %s</p></header>\n<main>\n", style, f->colour, f->version, f->colour,
	                    f->environment);
}

static void end(struct evbuffer *out)
{
	evbuffer_add_printf(out, "</main>\n</body>\n</html>\n");
}

/* Copies the text value of "key" that follows `json`; returns what comes after it, NULL when there is none. */
static const char *take_text(const char *json, const char *key, char *text, size_t size)
{
	const char *at = strstr(json, key), *stop;

	if (!at)
		return NULL;
	at += strlen(key);
	stop = strchr(at, '"');
	if (!stop)
		return NULL;
	snprintf(text, size, "%.*s", (int)(stop - at), at);
	return stop;
}

void page_products(struct evbuffer *out, const struct page_facts *facts, const char *products_json, const char *search)
{
	char id[64], name[128] = "";
	const char *at = products_json;
	int n = 0;

	begin(out, facts, search ? "search" : "all products");
	if (search) {
		evbuffer_add_printf(out, "<p>Looking for \xe2\x80\x9c");
		add_escaped(out, search);
		evbuffer_add_printf(out, "\xe2\x80\x9d</p>\n");
	}
	evbuffer_add_printf(out, "<table>\n");
	while ((at = take_text(at, "\"id\":\"", id, sizeof id)) && (at = take_text(at, "\"name\":\"", name, sizeof name))) {
		const char *price = strstr(at, "\"price\":");
		long cents = price ? strtol(price + strlen("\"price\":"), NULL, 10) : 0;

		evbuffer_add_printf(out, "<tr><td><a href=\"/product/%s\">", id);
		add_escaped(out, name);
		evbuffer_add_printf(out, "</a></td><td>%ld.%02ld</td></tr>\n", cents / 100, cents % 100);
		n++;
	}
	evbuffer_add_printf(out, "</table>\n<p>%d products</p>\n", n);
	if (facts->recommends && !search)
		evbuffer_add_printf(out, "<section id=\"recommendations\"><h2>You may also like</h2><p>%s</p></section>\n",
		                    n > 0 ? name : "nothing today");
	end(out);
}

void page_message(struct evbuffer *out, const struct page_facts *facts, const char *title, const char *text)
{
	begin(out, facts, title);
	evbuffer_add_printf(out, "<h2>");
	add_escaped(out, title);
	evbuffer_add_printf(out, "</h2>\n<p>");
	add_escaped(out, text);
	evbuffer_add_printf(out, "</p>\n");
	end(out);
}
