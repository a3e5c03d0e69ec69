#include "views/model_release.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/clean.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"

static char *clean(const json_t *object, const char *key)
{
	return clean_dup(json_text(object, key), CLEAN_LINE);
}

static void member_read(const json_t *answer, struct model_member *m)
{
	m->app = clean(answer, "app");
	m->version = clean(answer, "version");
	m->from = clean(answer, "from");
	m->state = clean(answer, "state");
	m->why = clean(answer, "why");
	m->deployment = json_int(answer, "deployment", 0);
}

/* The first one: the others will be seen when that has cleared. */
static char *blocked_read(const json_t *list)
{
	const json_t *first = json_array_get(list, 0);
	AUTO(mem_auto_free) char *text = NULL;

	if (!first)
		return mem_dup("");
	text = mem_printf("%s%s%s", json_text(first, "app"), *json_text(first, "app") ? ": " : "", json_text(first, "why"));
	return clean_dup(text, CLEAN_LINE);
}

static void release_read(const json_t *answer, struct model_release *r)
{
	const json_t *members = json_object_get(answer, "members");

	r->id = json_int(answer, "id", 0);
	r->group = clean(answer, "group");
	r->environment = clean(answer, "environment");
	r->from = clean(answer, "from");
	r->actor = clean(answer, "actor");
	r->reason = clean(answer, "reason");
	r->message = clean(answer, "message");
	r->blocked = blocked_read(json_object_get(answer, "blocked"));
	/* A state that this console does not know is one to look at. */
	r->state = DEPLOYMENT_ATTENTION;
	deployment_state_parse(json_text(answer, "state"), &r->state);
	r->undo = json_flag(answer, "undo");
	r->requested = json_int(answer, "requested", 0);
	r->started = json_int(answer, "started", 0);
	r->ended = json_int(answer, "ended", 0);
	r->nmembers = json_array_size(members);
	r->members = mem_array(r->nmembers + 1, sizeof *r->members);
	for (size_t i = 0; i < r->nmembers; i++)
		member_read(json_array_get(members, i), &r->members[i]);
}

static void release_done(struct model_release *r)
{
	char *texts[] = { r->group, r->environment, r->from, r->actor, r->reason, r->message, r->blocked };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		free(texts[i]);
	for (size_t i = 0; i < r->nmembers; i++) {
		free(r->members[i].app);
		free(r->members[i].version);
		free(r->members[i].from);
		free(r->members[i].state);
		free(r->members[i].why);
	}
	free(r->members);
}

void model_releases_done(struct model_releases *r)
{
	for (size_t i = 0; i < r->n; i++)
		release_done(&r->items[i]);
	free(r->items);
	*r = (struct model_releases){ 0 };
}

void model_releases_read(const json_t *answer, struct model_releases *ret)
{
	const json_t *releases = json_object_get(answer, "releases");

	model_releases_done(ret);
	ret->known = true;
	ret->n = json_array_size(releases);
	ret->items = mem_array(ret->n + 1, sizeof *ret->items);
	for (size_t i = 0; i < ret->n; i++)
		release_read(json_array_get(releases, i), &ret->items[i]);
}

size_t model_release_succeeded(const struct model_release *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->nmembers; i++)
		n += strcmp(r->members[i].state, "succeeded") == 0 || strcmp(r->members[i].state, "unchanged") == 0;
	return n;
}
