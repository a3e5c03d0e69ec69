#include "backend/config/check.h"

#include <string.h>

#include "backend/base/mem.h"
#include "backend/config/mistake.h"

enum { ENVIRONMENTS_MAX = 32 };

void check_freeze(const struct source *s, const void *json, int place, void *item)
{
	const struct freeze *f = item;

	(void)json;
	if (f->from_ms && f->to_ms && f->to_ms <= f->from_ms)
		source_mistake(s, places_child(s->places, place, "to"), "the freeze ends before it begins");
}

static int place_of(const struct source *s, size_t env, const char *key)
{
	AUTO(mem_auto_free) char *pointer = mem_printf("/environments/%zu%s%s", env, *key ? "/" : "", key);

	return places_find(s->places, pointer);
}

/* A pipeline has an order: what comes before must stand before. */
static void check_after(const struct source *s, const struct config_app *app, size_t env)
{
	const struct config_environment *e = &app->environments[env];
	const char *before[ENVIRONMENTS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < env && n < ARRAY_LEN(before); i++)
		if (app->environments[i].name)
			before[n++] = app->environments[i].name;
	for (size_t i = 0; i < e->nafter; i++) {
		const char *name = e->after[i].environment;
		AUTO(mem_auto_free) char *number = mem_printf("%zu", i);
		int place = places_child(s->places, place_of(s, env, "after"), number);
		bool known = !*name;

		for (size_t k = 0; k < n; k++)
			known |= strcmp(before[k], name) == 0;
		if (known)
			continue;
		AUTO(mem_auto_free) char *hint = word_hint(name, before, n);
		source_mistake(s, place, "no environment \"%.60s\" stands before this one in the list%s", name, n ? hint : "");
	}
}

void check_policy(const struct source *s, const struct config_app *app)
{
	for (size_t i = 0; i < app->nenvironments; i++) {
		const struct config_environment *e = &app->environments[i];

		check_after(s, app, i);
		if (e->signatures_required && !app->signers)
			source_mistake(s, place_of(s, i, "signatures"), "signatures are required, but the application has no "
			               "\"signers\": whose would do?");
		if (e->approvals > 0 && e->approvers.n == 0)
			source_mistake(s, place_of(s, i, "approval"), "this approval lacks \"from\": whose word counts?");
	}
}
