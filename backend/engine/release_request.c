/* release_request: releases of a group as people ask for them, and stop them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/clock.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/engine/people.h"
#include "backend/engine/release_priv.h"

/* Both are freed with store_release_done: what is asked for has the shape of what will be journalled. */
struct want { const struct config_group *group; struct store_release r; const char *key; bool dry_run; };

static bool unknown_group(const struct engine *e, const char *name, struct err *err)
{
	AUTO(buf_done) struct buf names = { 0 };

	buf_init(&names, 400);
	for (size_t i = 0; e->config && i < e->config->ngroups; i++)
		buf_printf(&names, "%s%s", i ? ", " : "", e->config->groups[i].name);
	return err_set(err, ERR_NOT_FOUND, "there is no group \"%.80s\" in groups.json%s%s", name,
	               names.len ? "; there is " : "", names.data);
}

static bool read_words(struct engine *e, const json_t *request, struct want *w, struct err *err)
{
	const char *group = json_text(request, "group"), *environment = json_text(request, "environment");
	const char *from = json_string_value(json_object_get(request, "from"));
	const char *override = json_string_value(json_object_get(request, "override"));

	w->group = config_group(e->config, group);
	w->key = json_text(request, "key");
	w->dry_run = json_flag(request, "dry_run");
	if (!w->group)
		return unknown_group(e, group, err);
	if (!*environment)
		return err_set(err, ERR_USAGE, "the request names no environment");
	if (*w->key && (strlen(w->key) < 8 || strlen(w->key) > 100))
		return err_set(err, ERR_USAGE, "an idempotency key has 8 to 100 characters");
	if (strlen(json_text(request, "reason")) > 1000)
		return err_set(err, ERR_USAGE, "the reason is longer than 1,000 bytes");
	if (override && (!*override || strlen(override) > 1000))
		return err_set(err, ERR_USAGE, "an override says why, in 1 to 1,000 bytes");
	if (from && strcmp(from, environment) == 0)
		return err_set(err, ERR_USAGE, "from and to are both %.80s", from);
	w->r.group = mem_dup(group);
	w->r.environment = mem_dup(environment);
	w->r.from = mem_dup(from);
	w->r.undo = w->group->undo;
	w->r.reason = mem_dup(json_text(request, "reason"));
	w->r.override = mem_dup(override);
	w->r.when_allowed = json_flag(request, "when_allowed");
	w->r.not_before = json_int(request, "not_before", 0);
	return !w->r.not_before || schedule_check(w->r.not_before, err);
}

/* The request's own words for an application; NULL: it is not named. */
static const json_t *named(const json_t *request, const char *app)
{
	const json_t *member;
	size_t i;

	json_array_foreach(json_object_get(request, "members"), i, member)
		if (strcmp(json_text(member, "app"), app) == 0)
			return member;
	return NULL;
}

static bool is_in(const struct config_group *group, const char *app)
{
	for (size_t i = 0; i < group->napplications; i++)
		if (strcmp(group->applications[i], app) == 0)
			return true;
	return false;
}

/* Each application that is named is of the group, and is named once. */
static bool check_named(const json_t *request, const struct config_group *group, struct err *err)
{
	const json_t *member;
	size_t i;

	json_array_foreach(json_object_get(request, "members"), i, member) {
		const char *app = json_text(member, "app");

		if (!is_in(group, app))
			return err_set(err, ERR_USAGE, "\"%.80s\" is not in the group %s", app, group->name);
		if (!*json_text(member, "version") && !json_string_value(json_object_get(request, "from")))
			return err_set(err, ERR_USAGE, "no version of %s is named", app);
		if (named(request, app) != member)
			return err_set(err, ERR_USAGE, "%s is named twice", app);
	}
	return true;
}

/* What is live in the environment that the versions are taken from. */
static char *live_there(struct engine *e, const char *app, const char *from, struct err *err)
{
	struct environment *env = engine_environment(e, app, from, err);
	AUTO(store_env_done) struct store_env state = { 0 };

	if (!env || !store_env(e->store, app, env->name, &state, err))
		return NULL;
	if (!state.live_version)
		err_set(err, ERR_REFUSED, "nothing of %s is live in %s", app, from);
	return mem_dup(state.live_version);
}

static bool add_member(struct engine *e, const json_t *words, const char *app, struct want *w, struct err *err)
{
	const char *version = json_text(words, "version"), *digest = json_string_value(json_object_get(words, "digest"));
	AUTO(mem_auto_free) char *live = *version ? NULL : live_there(e, app, w->r.from, err);
	AUTO(store_build_done) struct store_build build = { 0 };
	struct store_member *m = &w->r.members[w->r.nmembers];

	if ((!*version && !live) || !engine_environment(e, app, w->r.environment, err))
		return false;
	if (!store_build(e->store, app, live ? live : version, NULL, &build, err))
		return err_wrap(err, "%s", app);
	if (digest && strcmp(digest, build.digest) != 0)
		return err_set(err, ERR_STALE, "%s: build %s is %.12s now, not %.12s", app, build.version, build.digest, digest);
	*m = (struct store_member){ .app = mem_dup(app), .version = mem_dup(build.version), .digest = mem_dup(build.digest),
	                            .expect = mem_dup(json_string_value(json_object_get(words, "expect"))),
	                            .why = mem_dup(""), .message = mem_dup(""), .rollback_message = mem_dup("") };
	w->r.nmembers++;
	return true;
}

/* In the group's order. One that is not named takes what is live in `from`; without that it stays as it is. */
static bool read_members(struct engine *e, const json_t *request, struct want *w, struct err *err)
{
	if (!check_named(request, w->group, err))
		return false;
	w->r.members = mem_array(w->group->napplications, sizeof *w->r.members);
	for (size_t i = 0; i < w->group->napplications; i++) {
		const char *app = w->group->applications[i];
		const json_t *words = named(request, app);

		if ((words || w->r.from) && !add_member(e, words, app, w, err))
			return false;
	}
	return w->r.nmembers > 0 || err_set(err, ERR_USAGE, "the request names no version of an application of %s, and no "
	                                    "environment to take them from", w->group->name);
}

static bool may_change_all(struct engine *e, const struct engine_caller *who, const struct store_release *r,
                           struct err *err)
{
	for (size_t i = 0; i < r->nmembers; i++) {
		struct environment *env = engine_environment(e, r->members[i].app, r->environment, err);

		if (!env || !people_may_change(env, who, err))
			return err_wrap(err, "%s", r->members[i].app);
	}
	return true;
}

/* All members before the first one starts: one that is refused for good refuses all. */
static bool judge(struct engine *e, const struct store_release *r, struct err *err)
{
	bool waits = false;

	return release_judge(e, r, &waits, err);
}

static json_t *members_body(const struct store_release *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->nmembers; i++) {
		const struct store_member *m = &r->members[i];
		json_t *member = json_pack("{s:s, s:s, s:s}", "app", m->app, "version", m->version, "digest", m->digest);

		json_put_text(member, "expect", m->expect);
		json_array_append_new(list, member);
	}
	return list;
}

static bool append_request(struct engine *e, const struct engine_caller *who, const struct want *w, int64_t *ret_id,
                           struct err *err)
{
	const struct store_release *r = &w->r;
	json_t *body = json_pack("{s:s, s:s, s:b, s:o, s:o, s:I, s:b, s:I}", "group", r->group, "environment",
	                         r->environment, "undo", r->undo, "members", members_body(r), "reason",
	                         json_safe_string(r->reason), "uid", (json_int_t)who->uid, "when_allowed", r->when_allowed,
	                         "not_before", (json_int_t)r->not_before);

	json_put_text(body, "from", r->from);
	json_put_text(body, "override", r->override);
	json_put_text(body, "key", *w->key ? w->key : NULL);
	return store_append(e->store, who->name, "release.requested", body, ret_id, err);
}

static bool ask(struct engine *e, const struct engine_caller *who, struct want *w, int64_t *ret_id, struct err *err)
{
	w->r.actor = mem_dup(who->name);
	w->r.uid = (int64_t)who->uid;
	w->r.message = mem_dup("");
	return may_change_all(e, who, &w->r, err) && judge(e, &w->r, err)
		&& (w->dry_run || append_request(e, who, w, ret_id, err));
}

static void want_done(struct want *w)
{
	store_release_done(&w->r);
}

bool engine_release(struct engine *e, const struct engine_caller *who, const json_t *request, int *ret_status,
                    json_t **ret, struct err *err)
{
	AUTO(want_done) struct want w = { 0 };
	int64_t id = 0;

	if (!store_release_by_key(e->store, json_text(request, "key"), &id, err))
		return false;
	*ret_status = 200;
	if (id)
		return engine_release_of(e, id, ret, err);
	if (!read_words(e, request, &w, err) || !read_members(e, request, &w, err) || !ask(e, who, &w, &id, err))
		return err_wrap(err, "release %.80s to %.80s", json_text(request, "group"), json_text(request, "environment"));
	if (w.dry_run) {
		*ret = release_json(e, &w.r);
		return true;
	}
	release_turn(e, id);
	*ret_status = 202;
	return engine_release_of(e, id, ret, err);
}

static bool append_stop(struct engine *e, const struct engine_caller *who, const struct store_release *r,
                        const char *reason, struct err *err)
{
	AUTO(mem_auto_free) char *why = mem_printf("stopped by %s%s%s%s", who->name,
	                                           r->state == DEPLOYMENT_QUEUED ? " before it began" : "",
	                                           *reason ? ": " : "", reason);

	if (r->state == DEPLOYMENT_QUEUED)
		return release_finish(e, r, who->name, DEPLOYMENT_STOPPED, why, err);
	return store_append(e->store, who->name, "release.stopping",
	                    json_pack("{s:I, s:o, s:b, s:I}", "id", (json_int_t)r->id, "why", json_safe_string(why),
	                              "stopped", 1, "uid", (json_int_t)who->uid), NULL, err);
}

bool engine_release_stop(struct engine *e, const struct engine_caller *who, int64_t id, const json_t *request,
                         json_t **ret, struct err *err)
{
	AUTO(store_release_done) struct store_release r = { 0 };
	const char *reason = json_text(request, "reason");

	if (strlen(reason) > 1000)
		return err_set(err, ERR_USAGE, "the reason is longer than 1,000 bytes");
	if (!store_release(e->store, id, &r, err) || (r.uid != (int64_t)who->uid && !may_change_all(e, who, &r, err)))
		return false;
	if (deployment_state_is_over(r.state))
		return err_set(err, ERR_CONFLICT, "release %" PRId64 " is over: it %s", id, deployment_state_name(r.state));
	if (r.state == DEPLOYMENT_UNDOING)
		return err_set(err, ERR_CONFLICT, "release %" PRId64 " is being stopped already", id);
	if (!append_stop(e, who, &r, reason, err))
		return false;
	release_turn(e, id);
	return engine_release_of(e, id, ret, err);
}
