#include "backend/config/check.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/mem.h"
#include "backend/config/mistake.h"

/* Ports that somebody wants: one public port, or a range of slots. */
struct claim {
	const struct source *source;
	const struct config_environment *env;
	int place;
	int first, last;
	const char *component;         /* of a public port; NULL: slots */
	size_t order;                  /* of the files, then of the texts */
};

struct claims { struct claim *items; size_t n, cap; };

static void claim_add(struct claims *c, struct claim claim)
{
	if (claim.first == 0)
		return;
	c->items = mem_grow(c->items, c->n, &c->cap, sizeof *c->items);
	claim.order = c->n;
	c->items[c->n++] = claim;
}

static void claims_of(struct claims *claims, const struct check_loaded *loaded)
{
	const struct places *places = loaded->source.places;

	for (size_t i = 0; i < loaded->app->nenvironments; i++) {
		const struct config_environment *e = &loaded->app->environments[i];
		AUTO(mem_auto_free) char *ports = mem_printf("/environments/%zu/ports", i);
		AUTO(mem_auto_free) char *slots = mem_printf("/environments/%zu/slots", i);

		if (e->driver && strcmp(e->driver, "command") == 0)
			continue;
		for (size_t k = 0; k < e->nports; k++)
			claim_add(claims, (struct claim){
				.source = &loaded->source, .env = e, .component = e->ports[k].component,
				.first = e->ports[k].port, .last = e->ports[k].port,
				.place = places_child(places, places_find(places, ports), e->ports[k].component),
			});
		claim_add(claims, (struct claim){
			.source = &loaded->source, .env = e, .first = e->slot_port_first, .last = e->slot_port_last,
			.place = places_find(places, slots),
		});
	}
}

static int claim_compare(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static bool is_any(const char *address)
{
	unsigned char bytes[16] = { 0 };
	static const unsigned char zero[16];

	return (inet_pton(AF_INET, address, bytes) == 1 || inet_pton(AF_INET6, address, bytes) == 1)
		&& memcmp(bytes, zero, sizeof zero) == 0;
}

/* Whether a listener on one address is in the way of one on the other. */
static bool addresses_meet(const char *a, const char *b)
{
	unsigned char x[16], y[16];

	if (!a || !b || is_any(a) || is_any(b))
		return true;
	for (int family = 0; family < 2; family++) {
		int af = family ? AF_INET6 : AF_INET;

		if (inet_pton(af, a, x) == 1 && inet_pton(af, b, y) == 1)
			return memcmp(x, y, af == AF_INET ? 4 : 16) == 0;
	}
	return false;
}

static char *claim_text(const struct claim *c)
{
	if (c->component)
		return mem_printf("the port of %.60s in %.60s", c->component, c->env->name ? c->env->name : "?");
	return mem_printf("the slots %d-%d of %.60s", c->first, c->last, c->env->name ? c->env->name : "?");
}

static void collide(const struct claim *a, const struct claim *b)
{
	const struct claim *early = a->order < b->order ? a : b, *late = early == a ? b : a;
	struct place at = places_value(early->source->places, early->place);
	AUTO(mem_auto_free) char *what = claim_text(early);

	/* Slots listen on the loopback address, but what runs in them may not: keep them off all public ports. */
	if (early->component && late->component && !addresses_meet(early->env->bind, late->env->bind))
		return;
	if (late->component)
		source_mistake(late->source, late->place, "port %d collides with %s (%s:%d)", late->first, what,
		               early->source->file, at.line);
	else
		source_mistake(late->source, late->place, "\"slots\" %d-%d collide with %s (%s:%d)", late->first,
		               late->last, what, early->source->file, at.line);
}

static void check_ports(const struct check_loaded *loaded, size_t n)
{
	struct claims claims = { 0 };

	for (size_t i = 0; i < n; i++)
		claims_of(&claims, &loaded[i]);
	if (claims.n > 0)
		qsort(claims.items, claims.n, sizeof *claims.items, claim_compare);
	for (size_t i = 0; i < claims.n && claims.items[i].source->out->n < MISTAKES_MAX; i++)
		for (size_t k = i + 1; k < claims.n && claims.items[k].first <= claims.items[i].last; k++)
			collide(&claims.items[i], &claims.items[k]);
	free(claims.items);
}

void check_apps(const struct check_loaded *loaded, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct source *s = &loaded[i].source;
		const char *name = loaded[i].app->name;

		for (size_t k = 0; name && k < i; k++)
			if (loaded[k].app->name && strcmp(loaded[k].app->name, name) == 0)
				source_mistake(s, places_find(s->places, "/application"),
				               "the application \"%.60s\" is in %s already", name,
				               loaded[k].source.file);
	}
	check_ports(loaded, n);
}
