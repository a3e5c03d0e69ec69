#include "backend/engine/automation.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/clock.h"
#include "backend/base/json.h"
#include "backend/base/log.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/engine/engine_priv.h"
#include "backend/engine/facts.h"
#include "backend/engine/gate_facts.h"
#include "backend/engine/request.h"
#include "backend/store/automation.h"

enum {
	JUDGED_MAX = 10,               /* new builds whose gates are asked in one turn of the loop, */
	NEW_MAX = 20,                  /* and that are looked at and named */
	REASON_MAX = 900,
	AGAIN_MS = 60 * 1000           /* the longest sleep while a gate is to clear: wall clocks are set */
};

struct automation {
	struct environment *env;
	struct loop_timer *timer;
	/* Of the last judgement, for people to look at: the newest build that is not taken; NULL: there is none. */
	char *version;
	bool waits;                    /* its gate clears by itself */
	int64_t again_at;              /* when the first gate of all clears; 0: not known */
};

/* What was decided, until it is in the journal. */
struct choice {
	struct environment *env;
	struct store_build build;      /* version NULL: none */
	json_t *passed_over;           /* [{"version","gate","why"}…], newest first */
	struct store_deployment former;    /* what it supersedes; id 0: nothing */
};

static void choice_done(struct choice *c)
{
	store_build_done(&c->build);
	store_deployment_done(&c->former);
	json_decref(c->passed_over);
}

/* ---- waking up ---- */

static void judged(void *arg);

struct automation *automation_new(struct environment *env)
{
	struct automation *a = mem_alloc(sizeof *a);

	*a = (struct automation){ .env = env, .timer = loop_timer_new(env->e->loop, judged, a) };
	loop_timer_set(a->timer, 0);
	return a;
}

static void forget(struct automation *a)
{
	free(a->version);
	*a = (struct automation){ .env = a->env, .timer = a->timer };
}

void automation_free(struct automation *a)
{
	if (!a)
		return;
	forget(a);
	loop_timer_free(a->timer);
	free(a);
}

void automation_wake(struct environment *env)
{
	loop_timer_set(env->automation->timer, 0);
}

static void wake_app(struct engine *e, const char *app)
{
	for (size_t i = 0; i < e->nenvironments; i++)
		if (strcmp(e->environments[i]->app, app) == 0)
			automation_wake(e->environments[i]);
}

void automation_row(struct engine *e, const json_t *row)
{
	static const char *const types[] = {
		"automation.paused", "automation.resumed", "build.added", "build.quarantined", "build.released_from_quarantine",
	};
	const char *type = json_text(row, "type");
	const json_t *body = json_object_get(row, "body");
	AUTO(store_deployment_done) struct store_deployment d = { 0 };

	if (strcmp(type, "deployment.finished") == 0 && store_deployment(e->store, json_int(body, "id", 0), &d, NULL))
		wake_app(e, d.app);
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strcmp(type, types[i]) == 0)
			wake_app(e, json_text(body, "app"));
}

/* ---- ending what waits ---- */

static bool end_waiting(struct environment *env, int64_t id, const char *actor, const char *layer, const char *message,
                        struct err *err)
{
	return store_append(env->e->store, actor, "deployment.finished",
	                    json_pack("{s:I, s:s, s:o, s:s}", "id", (json_int_t)id, "state",
	                              deployment_state_name(DEPLOYMENT_STOPPED), "message", json_safe_string(message),
	                              "layer", layer), NULL, err);
}

static bool clear_queue(struct environment *env, const char *actor, const char *message, struct err *err)
{
	int64_t id;

	for (;;) {
		if (!store_queued_automatic(env->e->store, env->app, env->name, &id, err))
			return false;
		if (!id)
			return true;
		if (!end_waiting(env, id, actor, AUTOMATION_PAUSED, message, err))
			return false;
	}
}

bool automation_pause(struct environment *env, const char *actor, const char *why, int64_t id, struct err *err)
{
	AUTO(mem_auto_free) char *message = mem_printf("automation was paused before it began: %s", why);

	return store_append(env->e->store, actor, "automation.paused",
	                    json_pack("{s:s, s:s, s:o, s:I}", "app", env->app, "environment", env->name, "why",
	                              json_safe_string(why), "id", (json_int_t)id), NULL, err)
		&& clear_queue(env, actor, message, err);
}

/* ---- judging ---- */

/* The gate that keeps a build from being asked for; NULL: none. What waits in the queue is no hindrance. */
static const struct gate_refusal *hindrance(const struct gate_refusals *all)
{
	const struct gate_refusal *soak = NULL;

	for (size_t i = 0; i < all->n; i++) {
		if (!all->items[i].waits)
			return &all->items[i];
		if (strcmp(all->items[i].gate, "promotion") == 0)
			soak = &all->items[i];
	}
	return soak;
}

static bool ask_gates(struct environment *env, const struct store_build *build, const struct store_env *state,
                      struct gate_refusals *ret, struct err *err)
{
	AUTO(gate_collected_done) struct gate_collected c = { 0 };
	struct plan plan;
	struct gate_question q = { .kind = KIND_AUTOMATIC, .build = build, .state = state, .plan_hash = plan.hash,
	                           .uid = -1, .name = engine_itself.name };

	if (!facts_plan(env, state, build, KIND_AUTOMATIC, &plan, err) || !gate_collect(env, &q, &c, err))
		return false;
	gate_judge_all(&c.facts, ret);
	return true;
}

/* One that will pass by itself is more worth telling than one that will not. */
static void remember(struct automation *a, const char *version, const struct gate_refusal *r)
{
	if (r->clears_at && (!a->again_at || r->clears_at < a->again_at))
		a->again_at = r->clears_at;
	if (a->version && (a->waits || !r->waits))
		return;
	free(a->version);
	a->version = mem_dup(version);
	a->waits = r->waits;
}

static void pass_over(struct choice *c, const char *version, const char *gate, const char *why)
{
	json_array_append_new(c->passed_over, json_pack("{s:o, s:s?, s:o}", "version", json_safe_string(version), "gate", gate,
	                                                "why", json_safe_string(why)));
}

/* Is it the one? A build that is not, is passed over. */
static bool consider(struct automation *a, const char *version, const struct store_env *state, struct choice *c,
                     struct err *err)
{
	AUTO(store_build_done) struct store_build build = { 0 };
	const struct gate_refusal *keeps;
	struct gate_refusals all;

	if (!store_build(a->env->e->store, a->env->app, version, NULL, &build, err)
	    || !ask_gates(a->env, &build, state, &all, err))
		return false;
	keeps = hindrance(&all);
	if (keeps) {
		remember(a, version, keeps);
		pass_over(c, version, keeps->gate, keeps->why);
		return true;
	}
	c->build = build;
	build = (struct store_build){ 0 };
	return true;
}

static bool choose(struct automation *a, const struct store_versions *new, struct choice *c, struct err *err)
{
	AUTO(store_env_done) struct store_env state = { 0 };
	AUTO(mem_auto_free) char *newer = NULL;

	if (!store_env(a->env->e->store, a->env->app, a->env->name, &state, err))
		return false;
	for (size_t i = 0; i < new->n; i++) {
		if (c->build.version)
			pass_over(c, new->items[i], NULL, newer);
		else if (i < JUDGED_MAX && !consider(a, new->items[i], &state, c, err))
			return false;
		else if (c->build.version)
			newer = mem_printf("%s is newer", c->build.version);
	}
	return true;
}

/* The first environment that must come before: what never succeeded there need not be looked at. */
static const char *comes_after(const struct environment *env)
{
	for (size_t i = 0; i < env->cenv->nafter; i++) {
		const struct config_environment *other = config_environment(env->capp, env->cenv->after[i].environment);

		if (other && !other->is_optional)
			return other->name;
	}
	return NULL;
}

/* ---- asking for what was chosen ---- */

/* "passed over: 2.0.5 (tests), 2.0.4"; "" when nothing was. Yours. */
static char *reason_of(const struct choice *c)
{
	AUTO(buf_done) struct buf text = { 0 };
	const json_t *item;
	size_t i;

	buf_init(&text, 4096);
	json_array_foreach(c->passed_over, i, item) {
		const char *gate = json_text(item, "gate");

		if (text.len > REASON_MAX - 100) {
			buf_printf(&text, " and %zu more", json_array_size(c->passed_over) - i);
			break;
		}
		buf_printf(&text, "%s%.60s%s%s%s", i ? ", " : "passed over: ", json_text(item, "version"), *gate ? " (" : "", gate,
		           *gate ? ")" : "");
	}
	return buf_detach(&text);
}

static bool join_request(void *arg, int64_t id, struct err *err)
{
	struct choice *c = arg;
	struct environment *env = c->env;
	AUTO(mem_auto_free) char *message = mem_printf("superseded by %s (deployment %" PRId64 ") before it began",
	                                               c->build.version, id);

	if (c->former.id && !end_waiting(env, c->former.id, engine_itself.name, AUTOMATION_SUPERSEDED, message, err))
		return false;
	return json_array_size(c->passed_over) == 0
		|| store_append(env->e->store, engine_itself.name, "automation.passed",
		                json_pack("{s:s, s:s, s:I, s:s, s:s, s:O}", "app", env->app, "environment", env->name, "id",
		                          (json_int_t)id, "version", c->build.version, "digest", c->build.digest, "passed_over",
		                          c->passed_over), NULL, err);
}

static bool request(struct choice *c, struct err *err)
{
	struct store *s = c->env->e->store;
	AUTO(mem_auto_free) char *reason = NULL;
	int64_t waiting, id;
	struct ask ask;

	if (!store_queued_automatic(s, c->env->app, c->env->name, &waiting, err)
	    || (waiting && !store_deployment(s, waiting, &c->former, err)))
		return false;
	if (waiting)
		pass_over(c, c->former.version, NULL, "it still waited in the queue");
	reason = reason_of(c);
	ask = (struct ask){ .env = c->env, .kind = KIND_AUTOMATIC, .version = c->build.version, .digest = c->build.digest,
	                    .reason = reason, .when_allowed = true, .join = join_request, .join_arg = c };
	return request_accept(&ask, &engine_itself, &id, err);
}

static bool take_newest(struct automation *a, struct err *err)
{
	struct environment *env = a->env;
	AUTO(store_versions_done) struct store_versions new = { 0 };
	AUTO(choice_done) struct choice c = { .env = env, .passed_over = json_array() };

	return store_new_builds(env->e->store, env->app, env->name, comes_after(env), NEW_MAX, &new, err)
		&& choose(a, &new, &c, err) && (!c.build.version || request(&c, err));
}

static bool judge(struct automation *a, struct err *err)
{
	struct environment *env = a->env;
	AUTO(store_policy_done) struct store_policy policy = { 0 };

	if (!env->cenv->automatic)
		return clear_queue(env, "engine", "the environment is not automatic any more", err);
	return store_policy(env->e->store, env->app, env->name, &policy, err) && (policy.paused || take_newest(a, err));
}

static void judged(void *arg)
{
	struct automation *a = arg;
	struct environment *env = a->env;
	struct err err = { 0 };

	forget(a);
	/* Opened later, or taken into the configuration again, it is judged then. */
	if (!env->denv || env->removed)
		return;
	if (!judge(a, &err)) {
		log_line(LOG_LEVEL_WARN, "%s %s: automation: %s", env->app, env->name, err.text);
		loop_timer_set(a->timer, AGAIN_MS);
	} else if (a->again_at) {
		int64_t ms = a->again_at - clock_wall_ms();

		loop_timer_set(a->timer, ms < 1 ? 1 : ms < AGAIN_MS ? ms : AGAIN_MS);
	}
}

json_t *automation_next(struct environment *env)
{
	const char *version = env->automation->version;
	AUTO(store_build_done) struct store_build build = { 0 };
	AUTO(store_env_done) struct store_env state = { 0 };
	const struct gate_refusal *keeps;
	struct gate_refusals all;

	if (!version || !store_build(env->e->store, env->app, version, NULL, &build, NULL)
	    || !store_env(env->e->store, env->app, env->name, &state, NULL) || !ask_gates(env, &build, &state, &all, NULL))
		return json_null();
	keeps = hindrance(&all);
	if (!keeps)
		return json_null();
	return json_pack("{s:s, s:s, s:o, s:o}", "version", build.version, "gate", keeps->gate, "why",
	                 json_safe_string(keeps->why), "clears_at",
	                 keeps->clears_at ? json_integer(keeps->clears_at) : json_null());
}
