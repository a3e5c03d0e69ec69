#include "backend/engine/release.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/clock.h"
#include "backend/base/json.h"
#include "backend/base/log.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/engine/release_priv.h"

/* Times come, gates clear and a full disk gets room without a row that tells. */
enum { LOOK_AGAIN_MS = 2000, MESSAGE_MAX = 1000 };

struct releases { struct engine *e; struct loop_timer *timer; };

struct engine_caller release_caller(const struct store_release *r)
{
	return (struct engine_caller){ (uid_t)r->uid, r->actor };
}

bool release_ask(struct engine *e, const struct store_release *r, const struct store_member *m, struct ask *ret,
                 struct err *err)
{
	*ret = (struct ask){
		.env = engine_environment(e, m->app, r->environment, err),
		.kind = r->not_before ? KIND_SCHEDULED : KIND_DEPLOY, .version = m->version, .digest = m->digest, .expect = m->expect, .reason = r->reason, .override = r->override, .release = r->id,
		.when_allowed = r->when_allowed || r->not_before,
	};
	return ret->env != NULL;
}

bool release_is_live(struct engine *e, const struct store_release *r, const struct store_member *m, bool *ret,
                     struct err *err)
{
	AUTO(store_env_done) struct store_env state = { 0 };

	if (!store_env(e->store, m->app, r->environment, &state, err))
		return false;
	*ret = state.live_digest && strcmp(state.live_digest, m->digest) == 0;
	return true;
}

bool release_judge(struct engine *e, const struct store_release *r, bool *ret_waits, struct err *err)
{
	struct engine_caller who = release_caller(r);

	*ret_waits = false;
	for (size_t i = 0; i < r->nmembers; i++) {
		const struct store_member *m = &r->members[i];
		struct gate_refusals refusals;
		bool live = false;
		struct ask ask;

		if (!release_ask(e, r, m, &ask, err) || !release_is_live(e, r, m, &live, err))
			return false;
		if (live)
			continue;
		ask.not_before = r->not_before;
		if (!request_judge(&ask, &who, &refusals, err) || !request_may_queue(&ask, &refusals, err))
			return err_wrap(err, "%s %s", m->app, m->version);
		ask.when_allowed = false;
		*ret_waits |= !request_may_queue(&ask, &refusals, NULL);
	}
	return true;
}

/* ---- rows ---- */

static bool append(struct engine *e, const char *type, json_t *take_body, struct err *err)
{
	return store_append(e->store, "engine", type, take_body, NULL, err);
}

bool release_finish(struct engine *e, const struct store_release *r, const char *actor, enum deployment_state state,
                    const char *message, struct err *err)
{
	return store_append(e->store, actor, "release.finished",
	                    json_pack("{s:I, s:s, s:o}", "id", (json_int_t)r->id, "state", deployment_state_name(state),
	                              "message", json_safe_string(message)), NULL, err);
}

static bool note_member(struct engine *e, const struct store_release *r, const struct store_member *m,
                        enum member_note note, const char *why, struct err *err)
{
	return append(e, "release.member",
	              json_pack("{s:I, s:s, s:s, s:o}", "id", (json_int_t)r->id, "app", m->app, "state",
	                        member_note_name(note), "why", json_safe_string(why)), err);
}

/* ---- queued: it starts when its time has come, nobody is before it and no gate would keep a member waiting ---- */

static bool shares(const struct store_release *a, const struct store_release *b)
{
	for (size_t i = 0; i < a->nmembers; i++)
		for (size_t k = 0; k < b->nmembers; k++)
			if (strcmp(a->members[i].app, b->members[k].app) == 0)
				return strcmp(a->environment, b->environment) == 0;
	return false;
}

int64_t release_before(struct engine *e, const struct store_release *r)
{
	int64_t *ids = NULL, before = 0;
	size_t n = 0;

	if (!store_releases_unfinished(e->store, &ids, &n, NULL))
		return 0;
	for (size_t i = 0; i < n && !before; i++) {
		AUTO(store_release_done) struct store_release other = { 0 };

		if (ids[i] != r->id && store_release(e->store, ids[i], &other, NULL) && other.state != DEPLOYMENT_QUEUED
		    && shares(r, &other))
			before = ids[i];
	}
	free(ids);
	return before;
}

static bool append_start(struct engine *e, const struct store_release *r, struct err *err)
{
	struct engine_caller who = release_caller(r);

	if (!append(e, "release.started", json_pack("{s:I}", "id", (json_int_t)r->id), err))
		return false;
	for (size_t i = 0; i < r->nmembers; i++) {
		const struct store_member *m = &r->members[i];
		bool live = false;
		struct ask ask;
		int64_t id;

		if (!release_ask(e, r, m, &ask, err) || !release_is_live(e, r, m, &live, err)
		    || !(live ? note_member(e, r, m, MEMBER_UNCHANGED, "it was live already", err)
		         : request_append(&ask, &who, &id, err)))
			return err_wrap(err, "%s %s", m->app, m->version);
	}
	return true;
}

/* All members are asked for or none is. */
static bool start(struct engine *e, const struct store_release *r, struct err *err)
{
	if (!store_begin(e->store, err))
		return false;
	if (append_start(e, r, err))
		return store_commit(e->store, err);
	store_rollback(e->store);
	return false;
}

static bool turn_queued(struct engine *e, const struct store_release *r, struct err *err)
{
	struct err refused = { 0 };
	bool waits = false;

	if (clock_wall_ms() < r->not_before || release_before(e, r))
		return false;
	if (release_judge(e, r, &waits, &refused) && (waits || start(e, r, &refused)))
		return !waits;
	if (refused.kind == ERR_INTERNAL)
		return err_copy(err, &refused);
	return release_finish(e, r, "engine", DEPLOYMENT_FAILED, refused.text, err);
}

/* ---- running: one member after the other; each waits in its environment's queue until it is its turn ---- */

static bool stop_all(struct engine *e, const struct store_release *r, const char *why, bool stopped, struct err *err)
{
	return append(e, "release.stopping",
	              json_pack("{s:I, s:o, s:b}", "id", (json_int_t)r->id, "why", json_safe_string(why), "stopped", stopped),
	              err);
}

static bool stop_after(struct engine *e, const struct store_release *r, const struct store_member *m, struct err *err)
{
	AUTO(mem_auto_free) char *why = mem_printf("%s %s %s: %.600s", m->app, m->version,
	                                           m->state == DEPLOYMENT_ATTENTION ? "needs attention"
	                                           : m->state == DEPLOYMENT_STOPPED ? "was stopped" : "failed", m->message);

	return stop_all(e, r, why, m->state == DEPLOYMENT_STOPPED, err);
}

/* Somebody took a member back while the others were still under way: they must not go on without it. */
static bool was_taken_back(struct engine *e, const struct store_release *r, const struct store_member *m)
{
	AUTO(store_env_done) struct store_env state = { 0 };

	return store_env(e->store, m->app, r->environment, &state, NULL) && state.live_version && m->from
		&& strcmp(state.live_version, m->version) != 0 && strcmp(state.live_version, m->from) == 0;
}

static bool turn_running(struct engine *e, const struct store_release *r, struct err *err)
{
	for (size_t i = 0; i < r->nmembers; i++) {
		const struct store_member *m = &r->members[i];
		AUTO(mem_auto_free) char *why = NULL;
		struct err gone = { 0 };
		struct environment *env;

		if (m->note == MEMBER_UNCHANGED)
			continue;
		if (deployment_state_is_over(m->state) && m->state != DEPLOYMENT_SUCCEEDED)
			return stop_after(e, r, m, err);
		if (m->state == DEPLOYMENT_SUCCEEDED && was_taken_back(e, r, m)) {
			why = mem_printf("%s was taken back to %s", m->app, m->from);
			return stop_all(e, r, why, false, err);
		}
		if (m->state == DEPLOYMENT_SUCCEEDED)
			continue;
		env = engine_environment(e, m->app, r->environment, &gone);
		if (env)
			environment_wake(env);
		else if (m->state == DEPLOYMENT_QUEUED)
			return stop_all(e, r, gone.text, false, err);
		return false;
	}
	return release_finish(e, r, "engine", DEPLOYMENT_SUCCEEDED, "", err);
}

/* ---- stopping: what waits ends, what runs is stopped, and what succeeded is taken back where the group says so ---- */

static bool end_waiting(struct engine *e, const struct store_release *r, const struct store_member *m, struct err *err)
{
	AUTO(mem_auto_free) char *message = mem_printf("release %" PRId64 " of %s ended before its turn: %.700s", r->id,
	                                               r->group, r->message);

	return append(e, "deployment.finished",
	              json_pack("{s:I, s:s, s:o, s:s}", "id", (json_int_t)m->deployment, "state",
	                        deployment_state_name(DEPLOYMENT_STOPPED), "message", json_safe_string(message), "layer",
	                        "release"), err);
}

static void stop_running(struct engine *e, const struct store_release *r, const struct store_member *m)
{
	struct environment *env = engine_environment(e, m->app, r->environment, NULL);
	AUTO(mem_auto_free) char *by = mem_printf("release %" PRId64 " of %s", r->id, r->group);

	/* One that cannot be stopped any more ends by itself soon; then it is taken back like the others. */
	if (env && env->run && run_id(env->run) == m->deployment)
		run_stop(env->run, by, r->message, NULL);
}

/* False when a member is still under way, or on failure. */
static bool all_ended(struct engine *e, const struct store_release *r, struct err *err)
{
	bool ended = true;

	for (size_t i = 0; i < r->nmembers; i++) {
		const struct store_member *m = &r->members[i];

		if (!m->deployment || deployment_state_is_over(m->state))
			continue;
		if (m->state == DEPLOYMENT_QUEUED && !end_waiting(e, r, m, err))
			return false;
		if (m->state != DEPLOYMENT_QUEUED) {
			stop_running(e, r, m);
			ended = false;
		}
	}
	return ended;
}

/* Only what this release brought is taken away, and only to what was live just before. */
static bool take_back(struct engine *e, const struct store_release *r, const struct store_member *m, struct err *err)
{
	AUTO(mem_auto_free) char *reason = mem_printf("release %" PRId64 " of %s is undone: %.700s", r->id, r->group,
	                                              r->message);
	struct engine_caller who = release_caller(r);
	AUTO(store_env_done) struct store_env state = { 0 };
	struct err refused = { 0 };
	int64_t id;
	struct ask ask;

	if (!store_env(e->store, m->app, r->environment, &state, err))
		return false;
	if (m->from && state.live_version && strcmp(m->from, state.live_version) == 0)
		return note_member(e, r, m, MEMBER_BACK, "it stood there already", err);
	if (!m->from)
		return note_member(e, r, m, MEMBER_STAYS, "nothing was live before it", err);
	if (release_ask(e, r, m, &ask, &refused)) {
		ask.kind = KIND_ROLLBACK;
		ask.version = m->from;
		ask.digest = NULL;
		ask.expect = m->version;
		ask.override = NULL;
		ask.reason = reason;
		ask.when_allowed = true;
		if (request_accept(&ask, &who, &id, &refused))
			return true;
	}
	if (refused.kind == ERR_INTERNAL)
		return err_copy(err, &refused);
	return note_member(e, r, m, MEMBER_STAYS, refused.text, err);
}

static bool stands(const struct store_member *m)
{
	return m->note == MEMBER_STAYS || (m->rollback && m->rollback_state != DEPLOYMENT_SUCCEEDED);
}

/* "…; taken back: api, web; 2.0.0 of shop stays: nothing was live before it" */
static char *describe_end(const struct store_release *r, bool *ret_attention)
{
	const char *sep = "; taken back: ";
	AUTO(buf_done) struct buf b = { 0 };

	buf_init(&b, MESSAGE_MAX + 4000);
	buf_printf(&b, "%s", r->message);
	*ret_attention = false;
	for (size_t i = r->nmembers; i-- > 0;) {
		const struct store_member *m = &r->members[i];

		if (m->note != MEMBER_BACK && (!m->rollback || m->rollback_state != DEPLOYMENT_SUCCEEDED))
			continue;
		buf_printf(&b, "%s%s", sep, m->app);
		sep = ", ";
	}
	for (size_t i = 0; i < r->nmembers; i++) {
		const struct store_member *m = &r->members[i];
		bool brought = m->deployment && m->state == DEPLOYMENT_SUCCEEDED;

		*ret_attention |= stands(m) || (m->deployment && m->state == DEPLOYMENT_ATTENTION);
		if (stands(m))
			buf_printf(&b, "; %s could not be taken back from %s: %.300s", m->app, m->version,
			           m->rollback ? m->rollback_message : m->why);
		else if (brought && !m->rollback && m->note != MEMBER_BACK)
			buf_printf(&b, "; %s stays at %s", m->app, m->version);
	}
	return buf_detach(&b);
}

static bool turn_stopping(struct engine *e, const struct store_release *r, struct err *err)
{
	AUTO(mem_auto_free) char *message = NULL;
	bool attention = false;

	if (!all_ended(e, r, err))
		return false;
	for (size_t i = r->nmembers; r->undo && i-- > 0;) {
		const struct store_member *m = &r->members[i];

		if (!m->deployment || m->state != DEPLOYMENT_SUCCEEDED || m->note != MEMBER_PLAIN)
			continue;
		if (!m->rollback)
			return take_back(e, r, m, err);
		if (!deployment_state_is_over(m->rollback_state))
			return false;
	}
	message = describe_end(r, &attention);
	return release_finish(e, r, "engine", attention ? DEPLOYMENT_ATTENTION : r->stopped ? DEPLOYMENT_STOPPED
	                      : DEPLOYMENT_FAILED, message, err);
}

/* ---- turns ---- */

/* True when a row was written, so that there may be more to do. */
static bool turn(struct engine *e, int64_t id, struct err *err)
{
	AUTO(store_release_done) struct store_release r = { 0 };

	if (!store_release(e->store, id, &r, err) || deployment_state_is_over(r.state))
		return false;
	if (r.state == DEPLOYMENT_QUEUED)
		return turn_queued(e, &r, err);
	return r.state == DEPLOYMENT_RUNNING ? turn_running(e, &r, err) : turn_stopping(e, &r, err);
}

void release_turn(struct engine *e, int64_t id)
{
	struct err err = { 0 };

	while (turn(e, id, &err))
		;
	if (err.kind != ERR_NONE)
		log_line(LOG_LEVEL_ERROR, "release %" PRId64 ": %s", id, err.text);
}

static void look(void *arg)
{
	struct releases *releases = arg;
	int64_t *ids = NULL;
	size_t n = 0;
	struct err err = { 0 };

	if (!store_releases_unfinished(releases->e->store, &ids, &n, &err))
		log_line(LOG_LEVEL_ERROR, "read the releases: %s", err.text);
	for (size_t i = 0; i < n; i++)
		release_turn(releases->e, ids[i]);
	free(ids);
	if (n > 0 || err.kind != ERR_NONE)
		loop_timer_set(releases->timer, LOOK_AGAIN_MS);
}

struct releases *releases_new(struct engine *e)
{
	struct releases *r = mem_alloc(sizeof *r);

	*r = (struct releases){ e, loop_timer_new(e->loop, look, r) };
	return r;
}

void releases_free(struct releases *r)
{
	if (!r)
		return;
	loop_timer_free(r->timer);
	free(r);
}

void releases_begin(struct releases *r)
{
	loop_timer_set(r->timer, 0);
}

void releases_row(struct releases *r, const json_t *row)
{
	const char *type = json_text(row, "type");

	/* From the loop: what ended may still be under way in whoever wrote the row. */
	if (strcmp(type, "deployment.finished") == 0 || strncmp(type, "release.", strlen("release.")) == 0)
		loop_timer_set(r->timer, 0);
}
