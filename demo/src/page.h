/*
 * page: the shop's HTML. What comes from outside is escaped here and nowhere else.
 */
#ifndef DEMO_PAGE_H
#define DEMO_PAGE_H

#include <event2/buffer.h>
#include <stdbool.h>

struct page_facts { const char *version, *colour, *environment; bool recommends; };

/* The answer of GET /api/products as a page; `search` is what was looked for, NULL for the front page. */
void page_products(struct evbuffer *out, const struct page_facts *facts, const char *products_json, const char *search);
void page_message(struct evbuffer *out, const struct page_facts *facts, const char *title, const char *text);

#endif
