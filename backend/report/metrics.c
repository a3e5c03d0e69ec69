#include "backend/report/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/report/metrics_priv.h"

struct metrics *metrics_new(void)
{
	struct metrics *m = mem_alloc(sizeof *m);

	m->built = json_object();
	return m;
}

static void running_done(struct metrics_running *r)
{
	free(r->digest);
	free(r->left_digest);
}

static void environment_done(struct metrics_environment *env)
{
	for (size_t i = 0; i < env->nchanges; i++)
		free(env->changes[i].digest);
	free(env->changes);
	for (size_t i = 0; i < env->nstays; i++)
		free(env->stays[i].digest);
	free(env->stays);
	free(env->rollbacks.at);
	free(env->caught.at);
	free(env->approvals.at);
	free(env->features.at);
	free(env->live_digest);
	json_decref(env->good);
	json_decref(env->drifts);
	free(env->app);
	free(env->name);
}

void metrics_free(struct metrics *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->nenvironments; i++)
		environment_done(&m->environments[i]);
	for (size_t i = 0; i < m->nrunning; i++)
		running_done(&m->running[i]);
	free(m->environments);
	free(m->running);
	json_decref(m->built);
	free(m);
}

int64_t metrics_seq(const struct metrics *m) { return m->seq; }
int64_t metrics_rows(const struct metrics *m) { return m->rows; }

const struct metrics_environment *metrics_find(const struct metrics *m, const char *app, const char *environment)
{
	for (size_t i = 0; i < m->nenvironments; i++)
		if (strcmp(m->environments[i].app, app) == 0 && strcmp(m->environments[i].name, environment) == 0)
			return &m->environments[i];
	return NULL;
}

/* Borrowed until the next call. */
static struct metrics_environment *environment_of(struct metrics *m, const json_t *body)
{
	const char *app = json_text(body, "app"), *name = json_text(body, "environment");
	const struct metrics_environment *known = metrics_find(m, app, name);

	if (known)
		return &m->environments[known - m->environments];
	m->environments = mem_grow(m->environments, m->nenvironments, &m->environments_cap, sizeof *m->environments);
	m->environments[m->nenvironments] = (struct metrics_environment){
		.app = mem_dup(app), .name = mem_dup(name), .good = json_object(), .drifts = json_object(),
	};
	return &m->environments[m->nenvironments++];
}

static struct metrics_running *running_of(struct metrics *m, const json_t *body)
{
	int64_t id = json_int(body, "id", 0);

	for (size_t i = 0; i < m->nrunning; i++)
		if (m->running[i].id == id)
			return &m->running[i];
	return NULL;
}

static void add_time(struct metrics_times *t, int64_t at)
{
	t->at = mem_grow(t->at, t->n, &t->cap, sizeof *t->at);
	t->at[t->n++] = at;
}

/* The times that a build has in the journal are the first ones it was added with. */
static void build_added(struct metrics *m, const json_t *body, int64_t at, int64_t seq)
{
	AUTO(mem_auto_free) char *key = mem_printf("%s\n%s", json_text(body, "app"), json_text(body, "digest"));
	json_t *built = json_object_get(m->built, key), *commit_time = json_object_get(body, "commit_time");
	const json_t *tests = json_object_get(body, "tests");

	(void)seq;
	if (!built) {
		built = json_pack("{s:I}", "at", (json_int_t)json_int(body, "at", at));
		json_object_set_new(m->built, key, built);
	}
	if (commit_time && !json_object_get(built, "commit_time"))
		json_object_set(built, "commit_time", commit_time);
	/* One that is signed later was vouched for all the same. */
	if (*json_text(body, "signer"))
		json_object_set_new(built, "signed", json_true());
	if (json_int(tests, "ok", 0) > 0 && json_int(tests, "fail", 0) <= 0)
		json_object_set_new(built, "tested", json_true());
}

/* From the commit, or from the build where CI did not tell when that was. */
static void count_lead(struct metrics_change *c, const json_t *built)
{
	int64_t commit_time = json_int(built, "commit_time", 0), begin = commit_time ? commit_time : json_int(built, "at", 0);

	c->lead_ms = c->at > begin ? c->at - begin : 0;
	c->lead_from_build = !commit_time;
}

static void deployment_requested(struct metrics *m, const json_t *body, int64_t at, int64_t seq)
{
	enum deployment_kind kind = KIND_DEPLOY;
	struct metrics_running *r;
	struct metrics_environment *env = environment_of(m, body);

	(void)at;
	kind_parse(json_text(body, "kind"), &kind);
	m->running = mem_grow(m->running, m->nrunning, &m->running_cap, sizeof *m->running);
	r = &m->running[m->nrunning++];
	*r = (struct metrics_running){ .id = seq, .environment = (size_t)(env - m->environments),
	                               .digest = mem_dup(json_text(body, "digest")) };
	r->facts = (struct metrics_change){ .id = seq, .kind = kind, .state = DEPLOYMENT_RUNNING, .lead_ms = -1,
	                                    .switch_us = -1 };
}

/* Keeps them by time, also over a clock that was set back. */
static void add_change(struct metrics_environment *env, const struct metrics_running *r)
{
	size_t i;

	env->changes = mem_grow(env->changes, env->nchanges, &env->changes_cap, sizeof *env->changes);
	for (i = env->nchanges++; i > 0 && env->changes[i - 1].at > r->live_at; i--)
		env->changes[i] = env->changes[i - 1];
	env->changes[i] = r->facts;
	env->changes[i].at = r->live_at;
	env->changes[i].digest = mem_dup(r->digest);
}

static void add_stay(struct metrics_environment *env, const char *digest, int64_t id, int64_t at)
{
	if (env->nstays && !env->stays[env->nstays - 1].until)
		env->stays[env->nstays - 1].until = at;
	if (!digest)
		return;
	env->stays = mem_grow(env->stays, env->nstays, &env->stays_cap, sizeof *env->stays);
	env->stays[env->nstays++] = (struct metrics_stay){ .id = id, .at = at, .digest = mem_dup(digest) };
}

/* A deployment's first row is its switch, a second one takes that back. */
static void environment_live(struct metrics *m, const json_t *body, int64_t at, int64_t seq)
{
	struct metrics_environment *env = environment_of(m, body);
	struct metrics_running *r = running_of(m, body);

	(void)seq;
	if (r && !r->live_at) {
		r->live_at = at;
		r->left_digest = mem_dup(env->live_digest);
		r->left_since = env->live_since;
		r->facts.is_first = !r->left_digest;
		if (r->facts.kind != KIND_ROLLBACK)
			add_change(env, r);
	} else if (r) {
		r->undone_at = at;
	}
	add_stay(env, json_string_value(json_object_get(body, "digest")), json_int(body, "id", 0), at);
	free(env->live_digest);
	env->live_digest = mem_dup(json_string_value(json_object_get(body, "digest")));
	env->live_since = at;
}

static void step_finished(struct metrics *m, const json_t *body, int64_t at, int64_t seq)
{
	struct metrics_running *r = running_of(m, body);
	const json_t *detail = json_object_get(body, "detail"), *prober = json_object_get(detail, "prober");
	const char *stage = json_text(body, "stage");
	bool ok = strcmp(json_text(body, "state"), step_state_name(STEP_OK)) == 0;

	(void)at;
	(void)seq;
	if (!r || !ok)
		return;
	if (strcmp(stage, stage_name(STAGE_SMOKE)) == 0) {
		r->facts.smoked = true;
	} else if (strcmp(stage, stage_name(STAGE_ACCEPTANCE)) == 0) {
		r->facts.accepted = true;
		r->facts.acceptance_tests = json_int(json_object_get(body, "tests"), "ok", 0);
	} else if (strcmp(stage, stage_name(STAGE_SWITCH)) == 0) {
		r->facts.switch_us = json_int(detail, "map_us", -1);
		r->facts.probed = prober != NULL;
		r->facts.probes = json_int(prober, "sent", 0);
		r->facts.probes_failed = json_int(prober, "failed", 0);
	}
}

static struct metrics_change *change_by_id(struct metrics_environment *env, int64_t id)
{
	for (size_t i = env->nchanges; i > 0; i--)
		if (env->changes[i - 1].id == id)
			return &env->changes[i - 1];
	return NULL;
}

/* Another build has the traffic since `at`: what failed and still had it is restored. */
static void restore(struct metrics_environment *env, int64_t at)
{
	for (size_t i = env->nchanges; i > 0 && env->unrestored; i--) {
		struct metrics_change *c = &env->changes[i - 1];

		if (c->failed && !c->restored_at) {
			c->restored_at = at > c->hurt_at ? at : c->hurt_at;
			env->unrestored--;
		}
	}
}

/* A rollback left a build: the change that brought it there has failed. */
static void rolled_back(struct metrics_environment *env, const struct metrics_running *r)
{
	add_time(&env->rollbacks, r->live_at);
	for (size_t i = env->nchanges; r->left_digest && i > 0; i--) {
		struct metrics_change *c = &env->changes[i - 1];

		if (strcmp(c->digest, r->left_digest) != 0)
			continue;
		if (!c->failed && c->state == DEPLOYMENT_SUCCEEDED) {
			c->failed = true;
			c->hurt_at = r->left_since;
			env->unrestored++;
		}
		break;
	}
	restore(env, r->live_at);
}

static void change_over(struct metrics *m, struct metrics_environment *env, const struct metrics_running *r,
                        enum deployment_state state)
{
	struct metrics_change *c = change_by_id(env, r->id), facts = r->facts;
	AUTO(mem_auto_free) char *key = mem_printf("%s\n%s", env->app, r->digest);
	const json_t *built = json_object_get(m->built, key);

	/* Steps that ended after the switch told more since. */
	facts.at = c->at;
	facts.digest = c->digest;
	facts.state = state;
	*c = facts;
	if (state != DEPLOYMENT_SUCCEEDED) {
		c->failed = true;
		c->hurt_at = c->at;
		c->restored_at = r->undone_at;
		env->unrestored += !c->restored_at;
		return;
	}
	if (built && !json_object_get(env->good, r->digest))
		count_lead(c, built);
	if (!json_object_get(env->good, r->digest))
		json_object_set_new(env->good, r->digest, json_integer(c->at));
	restore(env, c->at);
}

static void deployment_finished(struct metrics *m, const json_t *body, int64_t at, int64_t seq)
{
	struct metrics_running *r = running_of(m, body);
	enum deployment_state state = DEPLOYMENT_ATTENTION;
	struct metrics_environment *env;

	(void)seq;
	if (!r)
		return;
	env = &m->environments[r->environment];
	deployment_state_parse(json_text(body, "state"), &state);
	if (r->facts.kind == KIND_ROLLBACK) {
		if (state == DEPLOYMENT_SUCCEEDED && r->live_at)
			rolled_back(env, r);
	} else if (r->live_at) {
		change_over(m, env, r, state);
	} else if (state == DEPLOYMENT_FAILED) {
		add_time(&env->caught, at);
	}
	running_done(r);
	*r = m->running[--m->nrunning];
}

static void approval_given(struct metrics *m, const json_t *body, int64_t at, int64_t seq)
{
	struct metrics_running *r = running_of(m, body);

	(void)seq;
	if (strcmp(json_text(body, "verdict"), "approve") != 0)
		return;
	add_time(&environment_of(m, body)->approvals, at);
	if (r)
		r->facts.approvals++;
}

static void feature_set(struct metrics *m, const json_t *body, int64_t at, int64_t seq)
{
	(void)seq;
	add_time(&environment_of(m, body)->features, at);
}

static void drift_found(struct metrics *m, const json_t *body, int64_t at, int64_t seq)
{
	(void)at;
	(void)seq;
	json_object_set_new(environment_of(m, body)->drifts, json_text(body, "what"), json_true());
}

static void drift_cleared(struct metrics *m, const json_t *body, int64_t at, int64_t seq)
{
	(void)at;
	(void)seq;
	json_object_del(environment_of(m, body)->drifts, json_text(body, "what"));
}

static const struct {
	const char *type;
	void (*fn)(struct metrics *m, const json_t *body, int64_t at, int64_t seq);
} readers[] = {
	{ "approval.given", approval_given },
	{ "build.added", build_added },
	{ "deployment.finished", deployment_finished },
	{ "deployment.requested", deployment_requested },
	{ "drift.cleared", drift_cleared },
	{ "drift.found", drift_found },
	{ "environment.live", environment_live },
	{ "feature.set", feature_set },
	{ "step.finished", step_finished },
};

void metrics_row(struct metrics *m, const json_t *row)
{
	const char *type = json_text(row, "type");
	int64_t at = json_int(row, "at", 0);

	m->seq = json_int(row, "seq", m->seq);
	if (m->rows++ == 0)
		m->first_at = at;
	for (size_t i = 0; i < ARRAY_LEN(readers); i++)
		if (strcmp(readers[i].type, type) == 0)
			readers[i].fn(m, json_object_get(row, "body"), at, m->seq);
}
