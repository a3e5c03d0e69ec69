/* release_answers: what the API is told of releases. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/clock.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/engine/blocked.h"
#include "backend/engine/gate_facts.h"
#include "backend/engine/release.h"
#include "backend/engine/release_priv.h"

/* One word for a member: its deployment's state, unless more is known. */
static const char *state_of(const struct store_release *r, const struct store_member *m)
{
	if (m->note == MEMBER_UNCHANGED)
		return "unchanged";
	if (m->note == MEMBER_STAYS)
		return "stays";
	if (m->note == MEMBER_BACK)
		return "undone";
	if (!m->deployment)
		return deployment_state_is_over(r->state) ? "skip" : "wait";
	if (!m->rollback)
		return deployment_state_name(m->state);
	if (!deployment_state_is_over(m->rollback_state))
		return "undoing";
	return m->rollback_state == DEPLOYMENT_SUCCEEDED ? "undone" : "stays";
}

static const char *why_of(const struct store_member *m)
{
	return *m->why ? m->why : m->rollback && *m->rollback_message ? m->rollback_message : m->message;
}

static json_t *text_or_null(const char *text)
{
	return text ? json_safe_string(text) : json_null();
}

static json_t *number_or_null(int64_t number)
{
	return number ? json_integer(number) : json_null();
}

static json_t *member_json(struct engine *e, const struct store_release *r, const struct store_member *m)
{
	AUTO(store_env_done) struct store_env state = { 0 };
	const char *from = m->from;

	/* Where it has not begun, that is what is live now. */
	if (!m->deployment && !deployment_state_is_over(r->state) && store_env(e->store, m->app, r->environment, &state, NULL))
		from = state.live_version;
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:s, s:o, s:o, s:o}", "app", m->app, "version", m->version, "digest",
	                 m->digest, "expect", text_or_null(m->expect), "from", text_or_null(from), "state", state_of(r, m),
	                 "deployment", number_or_null(m->deployment), "rollback", number_or_null(m->rollback), "why",
	                 json_safe_string(why_of(m)));
}

/* ---- what it waits for ---- */

static void add_line(json_t *list, const char *app, const char *gate, const char *why, const char *who, int64_t clears_at)
{
	json_array_append_new(list, json_pack("{s:o, s:s, s:o, s:o, s:o}", "app", text_or_null(app), "gate", gate, "why",
	                                      json_safe_string(why), "who", json_safe_string(who), "clears_at",
	                                      number_or_null(clears_at)));
}

static void add_refusals(json_t *list, const struct store_release *r, const struct store_member *m,
                         const struct gate_refusals *refusals)
{
	AUTO(mem_auto_free) char *asker = mem_printf("whoever stops it (`slipway release stop %" PRId64 "`) and asks anew",
	                                             r->id);

	for (size_t i = 0; i < refusals->n; i++) {
		const struct gate_refusal *f = &refusals->items[i];

		/* That its time is to come is said once, of the whole. */
		if (strcmp(f->gate, "schedule") == 0 && f->clears_at)
			continue;
		/* A release has no time of its own that could be moved. */
		add_line(list, m->app, f->gate, f->why, strcmp(f->gate, "schedule") == 0 ? asker : f->who, f->clears_at);
	}
}

static void add_queued(struct engine *e, const struct store_release *r, json_t *list)
{
	struct engine_caller who = release_caller(r);
	int64_t before = release_before(e, r);
	AUTO(mem_auto_free) char *stop = r->id ? mem_printf("the clock; or `slipway release stop %" PRId64 "`", r->id)
		: mem_dup("the clock");
	AUTO(mem_auto_free) char *first = mem_printf("release %" PRId64 " is under way in %s", before, r->environment);
	char iso[CLOCK_ISO_SIZE];

	if (engine_now(e) < r->not_before) {
		AUTO(mem_auto_free) char *why = mem_printf("it is scheduled for %s", clock_iso(r->not_before, iso));

		add_line(list, NULL, "schedule", why, stop, r->not_before);
	}
	if (before)
		add_line(list, NULL, "queue", first, "its end", 0);
	for (size_t i = 0; i < r->nmembers; i++) {
		struct gate_refusals refusals = { .n = 0 };
		bool live = false;
		struct ask ask;

		if (!release_is_live(e, r, &r->members[i], &live, NULL) || live || !release_ask(e, r, &r->members[i], &ask, NULL))
			continue;
		ask.not_before = r->not_before;
		if (request_judge(&ask, &who, &refusals, NULL))
			add_refusals(list, r, &r->members[i], &refusals);
	}
}

static void add_busy(json_t *list, struct environment *env)
{
	AUTO(mem_auto_free) char *why = mem_printf("deployment %" PRId64 " runs", run_id(env->run));

	add_line(list, env->app, "queue", why, "its end", 0);
}

/* The member whose turn it is, or the rollback that takes one back, when it waits in its queue. */
static void add_running(struct engine *e, const struct store_release *r, json_t *list)
{
	for (size_t i = 0; i < r->nmembers; i++) {
		const struct store_member *m = &r->members[i];
		struct environment *env = engine_environment(e, m->app, r->environment, NULL);
		bool back = m->rollback && !deployment_state_is_over(m->rollback_state);
		AUTO(store_deployment_done) struct store_deployment d = { 0 };
		struct gate_refusals refusals = { .n = 0 };
		char plan_hash[DIGEST_SIZE];
		int64_t expected;

		if (!m->deployment || (deployment_state_is_over(m->state) && !back))
			continue;
		if (env && store_deployment(e->store, back ? m->rollback : m->deployment, &d, NULL)
		    && d.state == DEPLOYMENT_QUEUED && gate_foresee_deployment(env, &d, &expected, &refusals, plan_hash, NULL)) {
			add_refusals(list, r, m, &refusals);
			if (refusals.n == 0 && env->run)
				add_busy(list, env);
		}
		return;
	}
}

static json_t *blocked(struct engine *e, const struct store_release *r)
{
	json_t *list = json_array();

	if (r->state == DEPLOYMENT_QUEUED)
		add_queued(e, r, list);
	else if (!deployment_state_is_over(r->state))
		add_running(e, r, list);
	return list;
}

json_t *release_json(struct engine *e, const struct store_release *r)
{
	json_t *members = json_array();

	for (size_t i = 0; i < r->nmembers; i++)
		json_array_append_new(members, member_json(e, r, &r->members[i]));
	return json_pack("{s:o, s:s, s:s, s:o, s:s, s:b, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id",
	                 number_or_null(r->id), "group", r->group, "environment", r->environment, "from",
	                 text_or_null(r->from), "state", deployment_state_name(r->state), "undo", r->undo, "actor",
	                 json_safe_string(r->actor), "uid", (json_int_t)r->uid, "reason", json_safe_string(r->reason),
	                 "override", text_or_null(r->override), "not_before", number_or_null(r->not_before), "requested",
	                 number_or_null(r->requested), "started", number_or_null(r->started), "ended",
	                 number_or_null(r->ended), "message", json_safe_string(r->message), "members", members, "blocked",
	                 blocked(e, r));
}

bool engine_release_of(struct engine *e, int64_t id, json_t **ret, struct err *err)
{
	AUTO(store_release_done) struct store_release r = { 0 };

	if (!store_release(e->store, id, &r, err))
		return false;
	*ret = release_json(e, &r);
	return true;
}

/* Consumes ids. */
static json_t *list_of(struct engine *e, int64_t *take_ids, size_t n, struct err *err)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n && list; i++) {
		json_t *release = NULL;

		if (engine_release_of(e, take_ids[i], &release, err)) {
			json_array_append_new(list, release);
		} else {
			json_decref(list);
			list = NULL;
		}
	}
	free(take_ids);
	return list;
}

json_t *releases_answer(struct engine *e, struct err *err)
{
	int64_t *ids = NULL;
	size_t n = 0;

	return store_releases_unfinished(e->store, &ids, &n, err) ? list_of(e, ids, n, err) : NULL;
}

json_t *releases_groups(const struct engine *e)
{
	json_t *list = json_array();

	for (size_t i = 0; e->config && i < e->config->ngroups; i++) {
		const struct config_group *group = &e->config->groups[i];
		json_t *applications = json_array();

		for (size_t a = 0; a < group->napplications; a++)
			json_array_append_new(applications, json_string(group->applications[a]));
		json_array_append_new(list, json_pack("{s:s, s:b, s:o}", "name", group->name, "undo", group->undo,
		                                      "applications", applications));
	}
	return list;
}

bool engine_releases(struct engine *e, int64_t before, int limit, json_t **ret, struct err *err)
{
	int64_t *ids = NULL;
	size_t n = 0;
	json_t *list;

	if (!store_releases(e->store, before, limit, &ids, &n, err))
		return false;
	list = list_of(e, ids, n, err);
	if (!list)
		return false;
	*ret = json_pack("{s:I, s:o}", "seq", (json_int_t)store_seq(e->store), "releases", list);
	return true;
}
