/* The projections: what the journal's rows make of environments, deployments and builds. */
#include "tests/unit/store_case.h"

#include "backend/store/project.h"
#include "backend/store/store_priv.h"

/* One step of a sequence in one environment. */
enum move {
	END,
	DEPLOY,          /* goes live, succeeds */
	ROLLBACK,        /* to the version named, succeeds */
	FAIL_EARLY,      /* fails before the switch */
	FAIL_LATE,       /* goes live, fails its verification, is switched back */
	STUCK,           /* goes live, then nobody knows: needs attention */
	STOP_LATE,       /* goes live, is stopped and switched back */
	REMOVE           /* the build's artifacts are removed by retention */
};
struct play { enum move move; const char *version; };

static void play_switched_back(struct store *s, const struct play *p, const char *live, const char *state)
{
	int64_t id = journal_request(s, "prod", "deploy", p->version, live);

	journal_live(s, id, "prod", p->version);
	journal_live(s, id, "prod", live);
	journal_finish(s, id, state);
}

/* Returns what is live afterwards. */
static const char *play(struct store *s, const struct play *p, const char *live)
{
	int64_t id;

	switch (p->move) {
	case DEPLOY:
		journal_success(s, "prod", "deploy", p->version, live);
		return p->version;
	case ROLLBACK:
		journal_success(s, "prod", "rollback", p->version, live);
		return p->version;
	case FAIL_EARLY:
		journal_finish(s, journal_request(s, "prod", "deploy", p->version, live), "failed");
		return live;
	case FAIL_LATE:
		play_switched_back(s, p, live, "failed");
		return live;
	case STOP_LATE:
		play_switched_back(s, p, live, "stopped");
		return live;
	case STUCK:
		id = journal_request(s, "prod", "deploy", p->version, live);
		journal_live(s, id, "prod", p->version);
		journal_finish(s, id, "attention");
		return p->version;
	case REMOVE:
		journal(s, "build.removed", json_pack("{s:s, s:s, s:s}", "app", "shop", "version", p->version, "why", "old"));
		return live;
	case END:
		break;
	}
	return live;
}

static void the_rollback_target_is_the_last_known_good_build_that_is_not_live(void **state)
{
	static const struct { const char *when; struct play plays[8]; const char *live, *target; } rows[] = {
		{ "nothing was ever deployed", { { END, NULL } }, NULL, NULL },
		{ "one was deployed", { { DEPLOY, "1" } }, "1", NULL },
		{ "a second followed", { { DEPLOY, "1" }, { DEPLOY, "2" } }, "2", "1" },
		{ "the same was deployed again", { { DEPLOY, "1" }, { DEPLOY, "2" }, { DEPLOY, "2" } }, "2", "1" },
		{ "an older one was deployed over it", { { DEPLOY, "1" }, { DEPLOY, "2" }, { DEPLOY, "1" } }, "1", "2" },
		{ "the third was rolled back", { { DEPLOY, "1" }, { DEPLOY, "2" }, { DEPLOY, "3" }, { ROLLBACK, "2" } }, "2", "1" },
		{ "and rolled back once more", { { DEPLOY, "1" }, { DEPLOY, "2" }, { DEPLOY, "3" }, { ROLLBACK, "2" },
		  { ROLLBACK, "1" } }, "1", NULL },
		{ "the rolled back one was deployed again", { { DEPLOY, "1" }, { DEPLOY, "2" }, { DEPLOY, "3" },
		  { ROLLBACK, "2" }, { DEPLOY, "3" } }, "3", "2" },
		{ "a new one followed a rollback", { { DEPLOY, "1" }, { DEPLOY, "2" }, { ROLLBACK, "1" }, { DEPLOY, "3" } },
		  "3", "1" },
		{ "a rollback passed over one", { { DEPLOY, "1" }, { DEPLOY, "2" }, { DEPLOY, "3" }, { DEPLOY, "4" },
		  { ROLLBACK, "2" } }, "2", "1" },
		{ "a rollback followed a deployment of an older one", { { DEPLOY, "1" }, { DEPLOY, "2" }, { DEPLOY, "3" },
		  { DEPLOY, "2" }, { ROLLBACK, "3" } }, "3", "1" },
		{ "a rollback went to one that was never good here", { { DEPLOY, "1" }, { DEPLOY, "2" }, { ROLLBACK, "9" } },
		  "9", "1" },
		{ "the third failed before the switch", { { DEPLOY, "1" }, { DEPLOY, "2" }, { FAIL_EARLY, "3" } }, "2", "1" },
		{ "the third failed its verification", { { DEPLOY, "1" }, { DEPLOY, "2" }, { FAIL_LATE, "3" } }, "2", "1" },
		{ "then a fourth succeeded", { { DEPLOY, "1" }, { DEPLOY, "2" }, { FAIL_LATE, "3" }, { DEPLOY, "4" } }, "4", "2" },
		{ "the first ever failed its verification", { { FAIL_LATE, "1" } }, NULL, NULL },
		{ "then a second succeeded", { { FAIL_LATE, "1" }, { DEPLOY, "2" } }, "2", NULL },
		{ "a known-good one failed its verification later", { { DEPLOY, "1" }, { DEPLOY, "2" }, { DEPLOY, "3" },
		  { FAIL_LATE, "2" } }, "3", "1" },
		{ "one that failed early stays known-good", { { DEPLOY, "1" }, { DEPLOY, "2" }, { FAIL_EARLY, "1" } }, "2", "1" },
		{ "the third was stopped after the switch", { { DEPLOY, "1" }, { DEPLOY, "2" }, { STOP_LATE, "3" } }, "2", "1" },
		{ "the third is live and needs attention", { { DEPLOY, "1" }, { DEPLOY, "2" }, { STUCK, "3" } }, "3", "2" },
		{ "and was then left behind", { { DEPLOY, "1" }, { DEPLOY, "2" }, { STUCK, "3" }, { DEPLOY, "4" } }, "4", "2" },
		{ "the target was removed", { { DEPLOY, "1" }, { DEPLOY, "2" }, { DEPLOY, "3" }, { REMOVE, "2" } }, "3", "1" },
		{ "all targets were removed", { { DEPLOY, "1" }, { DEPLOY, "2" }, { REMOVE, "1" } }, "2", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		static const char *const versions[] = { "1", "2", "3", "4", "9" };
		AUTO(mem_auto_free) char *digest = rows[i].live ? mem_printf("d%s", rows[i].live) : NULL;
		const char *live = NULL;
		struct store_case *c;
		struct store_env env;

		store_case_begin((void **)&c);
		for (size_t v = 0; v < ARRAY_LEN(versions); v++)
			journal_build(c->s, versions[v], 1000);
		for (const struct play *p = rows[i].plays; p->move != END; p++)
			live = play(c->s, p, live);
		assert_ok(store_env(c->s, "shop", "prod", &env, err));
		if (strcmp(env.live_version ? env.live_version : "none", rows[i].live ? rows[i].live : "none") != 0)
			fail_msg("when %s: %s is live", rows[i].when, env.live_version);
		if (strcmp(env.previous_version ? env.previous_version : "none", rows[i].target ? rows[i].target : "none") != 0)
			fail_msg("when %s: the target is %s, not %s", rows[i].when, env.previous_version, rows[i].target);
		assert_int_equal(env.previous_version != NULL, env.previous_digest != NULL);
		if (digest)
			assert_string_equal(env.live_digest, digest);
		store_env_done(&env);
		store_case_end((void **)&c);
	}
}

/* The rule once more, as plain words on a list: what the projection must come to in any order of events. */
struct model { const char *good[64]; int n; const char *live; bool removed[4]; };

static const char *const random_versions[] = { "1", "2", "3", "4" };

static void forget(struct model *m, const char *version)
{
	int kept = 0;

	for (int i = 0; i < m->n; i++)
		if (strcmp(m->good[i], version) != 0)
			m->good[kept++] = m->good[i];
	m->n = kept;
}

/* Everything above the version's last place was rolled back, wherever else it stands. */
static void roll_back(struct model *m, const char *version)
{
	int last = m->n - 1;

	while (last >= 0 && strcmp(m->good[last], version) != 0)
		last--;
	if (last < 0 && m->live)
		forget(m, m->live);
	while (last >= 0 && strcmp(m->good[m->n - 1], version) != 0)
		forget(m, m->good[m->n - 1]);
}

static void follow(struct model *m, const struct play *p)
{
	switch (p->move) {
	case ROLLBACK:
		roll_back(m, p->version);
		/* fall through */
	case DEPLOY:
		m->good[m->n++] = p->version;
		m->live = p->version;
		break;
	case FAIL_LATE:
		forget(m, p->version);
		break;
	case STUCK:
		m->live = p->version;
		break;
	case REMOVE:
		m->removed[p->version[0] - '1'] = true;
		break;
	default:
		break;
	}
}

static const char *target_of(const struct model *m)
{
	for (int i = m->n - 1; i >= 0; i--)
		if (!m->removed[m->good[i][0] - '1'] && (!m->live || strcmp(m->good[i], m->live) != 0))
			return m->good[i];
	return "none";
}

static void any_order_of_events_leaves_the_target_that_the_rule_names(void **state)
{
	unsigned int dice = 20261123;

	(void)state;
	for (int round = 0; round < 40; round++) {
		struct model m = { 0 };
		struct store_case *c;

		store_case_begin((void **)&c);
		assert_ok(store_begin(c->s, err));
		for (size_t v = 0; v < ARRAY_LEN(random_versions); v++)
			journal_build(c->s, random_versions[v], 1000);
		for (int i = 0; i < 25; i++) {
			static const enum move moves[] = { DEPLOY, DEPLOY, DEPLOY, ROLLBACK, ROLLBACK, FAIL_EARLY, FAIL_LATE,
				STUCK, STOP_LATE, REMOVE };
			struct play p = { moves[(dice = dice * 1103515245 + 12345) / 65536 % ARRAY_LEN(moves)], NULL };
			struct store_env env;

			p.version = random_versions[(dice = dice * 1103515245 + 12345) / 65536 % ARRAY_LEN(random_versions)];
			/* Removing is rare: soon nothing would be left to roll back to. */
			if (p.move == REMOVE && i < 18)
				continue;
			play(c->s, &p, m.live);
			follow(&m, &p);
			assert_ok(store_env(c->s, "shop", "prod", &env, err));
			if (strcmp(env.previous_version ? env.previous_version : "none", target_of(&m)) != 0)
				fail_msg("round %d, event %d: the target is %s, not %s", round, i, env.previous_version, target_of(&m));
			store_env_done(&env);
		}
		store_rollback(c->s);
		store_case_end((void **)&c);
	}
}

static void while_a_new_build_is_live_unverified_the_target_is_the_one_before(void **state)
{
	struct store_case *c = *state;
	struct store_env env;
	int64_t first = journal_success(c->s, "prod", "deploy", "1", NULL), second;

	second = journal_request(c->s, "prod", "deploy", "2", "1");
	journal_live(c->s, second, "prod", "2");
	assert_ok(store_env(c->s, "shop", "prod", &env, err));
	assert_string_equal(env.live_version, "2");
	assert_string_equal(env.previous_version, "1");
	assert_int_equal(env.live_deployment, second);
	store_env_done(&env);
	journal_live(c->s, second, "prod", "1");
	assert_ok(store_env(c->s, "shop", "prod", &env, err));
	assert_int_equal(env.live_deployment, first);
	store_env_done(&env);
}

static void environments_do_not_share_their_targets(void **state)
{
	struct store_case *c = *state;
	struct store_env env;

	journal_success(c->s, "dev", "deploy", "1", NULL);
	journal_success(c->s, "dev", "deploy", "2", "1");
	journal_success(c->s, "prod", "deploy", "2", NULL);
	assert_ok(store_env(c->s, "shop", "prod", &env, err));
	assert_null(env.previous_version);
	store_env_done(&env);
	assert_ok(store_env(c->s, "shop", "nowhere", &env, err));
	assert_null(env.live_version);
	assert_int_equal(env.live, COLOUR_NONE);
	assert_string_equal(env.slots[COLOUR_GREEN].state, "empty");
	store_env_done(&env);
}

static void slots_are_what_was_last_set(void **state)
{
	struct store_case *c = *state;
	struct store_env env;

	journal(c->s, "slot.set", json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "app", "shop", "environment", "prod", "colour",
		"blue", "state", "preparing", "version", "1", "digest", "d1"));
	journal(c->s, "slot.set", json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "app", "shop", "environment", "prod", "colour",
		"blue", "state", "warm", "version", "1", "digest", "d1"));
	assert_ok(store_env(c->s, "shop", "prod", &env, err));
	assert_string_equal(env.slots[COLOUR_BLUE].state, "warm");
	assert_string_equal(env.slots[COLOUR_BLUE].version, "1");
	assert_string_equal(env.slots[COLOUR_GREEN].state, "empty");
	assert_null(env.slots[COLOUR_GREEN].version);
	store_env_done(&env);
}

static void started(struct store *s, int64_t id, int step)
{
	journal(s, "step.started", json_pack("{s:I, s:i}", "id", (json_int_t)id, "step", step));
}

static void finished(struct store *s, int64_t id, int step, const char *state)
{
	journal(s, "step.finished", json_pack("{s:I, s:i, s:s, s:s, s:s, s:s, s:{s:i}, s:{s:i, s:i, s:i, s:i, s:i}}", "id",
		(json_int_t)id, "step", step, "state", state, "message", "said", "layer", "application", "tail", "last line",
		"detail", "asked", 7, "tests", "ok", 2, "fail", 1, "skip", 0, "todo", 0, "planned", 3));
}

static void a_deployment_is_followed_from_request_to_end(void **state)
{
	struct store_case *c = *state;
	struct store_deployment d = { 0 };
	int64_t id = journal_request(c->s, "prod", "deploy", "2", "1");

	assert_ok(store_deployment(c->s, id, &d, err));
	assert_int_equal(d.state, DEPLOYMENT_QUEUED);
	assert_string_equal(d.from, "1");
	assert_string_equal(d.actor, "alice");
	assert_int_equal(d.target, COLOUR_GREEN);
	assert_int_equal(d.nsteps, 3);
	assert_int_equal(d.steps[1].stage, STAGE_SMOKE);
	assert_int_equal(d.steps[1].state, STEP_WAIT);
	assert_int_equal(d.steps[1].deadline_ms, 2000);
	assert_false(d.switched);
	store_deployment_done(&d);

	journal(c->s, "deployment.started", json_pack("{s:I}", "id", (json_int_t)id));
	started(c->s, id, 0);
	finished(c->s, id, 0, "ok");
	started(c->s, id, 1);
	assert_ok(store_deployment(c->s, id, &d, err));
	assert_int_equal(d.state, DEPLOYMENT_RUNNING);
	assert_int_equal(d.steps[0].state, STEP_OK);
	assert_int_equal(d.steps[1].state, STEP_RUN);
	store_deployment_done(&d);

	finished(c->s, id, 1, "fail");
	journal(c->s, "deployment.undoing", json_pack("{s:I, s:s, s:s, s:b}", "id", (json_int_t)id, "why", "smoke failed",
		"layer", "application", "stopped", 1));
	assert_ok(store_deployment(c->s, id, &d, err));
	assert_int_equal(d.state, DEPLOYMENT_UNDOING);
	assert_string_equal(d.message, "smoke failed");
	assert_string_equal(d.layer, "application");
	assert_true(d.stopped);
	store_deployment_done(&d);

	journal_finish(c->s, id, "failed");
	assert_ok(store_deployment(c->s, id, &d, err));
	assert_int_equal(d.state, DEPLOYMENT_FAILED);
	assert_string_equal(d.message, "it broke");
	assert_int_equal(d.steps[1].state, STEP_FAIL);
	assert_int_equal(d.steps[2].state, STEP_SKIP);
	store_deployment_done(&d);
}

static void a_plan_that_changed_in_the_queue_replaces_the_first_one(void **state)
{
	struct store_case *c = *state;
	struct store_deployment d;
	int64_t id = journal_request(c->s, "prod", "deploy", "3", "1");

	journal(c->s, "deployment.started", json_pack("{s:I, s:s, s:s, s:s, s:[{s:s, s:i}]}", "id", (json_int_t)id,
		"target", "blue", "plan_hash", "q", "from", "2", "steps", "stage", "verify", "deadline_ms", 70));
	assert_ok(store_deployment(c->s, id, &d, err));
	assert_int_equal(d.state, DEPLOYMENT_RUNNING);
	assert_int_equal(d.target, COLOUR_BLUE);
	assert_string_equal(d.plan_hash, "q");
	assert_string_equal(d.from, "2");
	assert_int_equal(d.nsteps, 1);
	assert_int_equal(d.steps[0].stage, STAGE_VERIFY);
	assert_int_equal(d.steps[0].deadline_ms, 70);
	store_deployment_done(&d);
}

static void a_deployment_that_went_live_says_so(void **state)
{
	struct store_case *c = *state;
	struct store_deployment d;
	int64_t id = journal_request(c->s, "prod", "deploy", "2", NULL);

	journal_live(c->s, id, "prod", "2");
	assert_ok(store_deployment(c->s, id, &d, err));
	assert_true(d.switched);
	assert_null(d.from);
	store_deployment_done(&d);
}

static void unfinished_deployments_are_listed_oldest_first(void **state)
{
	struct store_case *c = *state;
	int64_t a = journal_request(c->s, "dev", "deploy", "1", NULL), b = journal_request(c->s, "dev", "deploy", "2", NULL);
	int64_t d = journal_request(c->s, "prod", "deploy", "1", NULL), *ids;
	size_t n;

	journal_finish(c->s, b, "succeeded");
	store_case_reopen(c);
	assert_ok(store_unfinished(c->s, &ids, &n, err));
	assert_int_equal(n, 2);
	assert_int_equal(ids[0], a);
	assert_int_equal(ids[1], d);
	free(ids);
}

static void what_does_not_fit_is_not_journalled(void **state)
{
	static const struct { const char *type, *body, *says; } rows[] = {
		{ "build.removed", "{\"app\":\"shop\",\"version\":\"7\"}", "no build 7" },
		{ "deployment.started", "{\"id\":99}", "no deployment 99" },
		{ "deployment.started", "{}", "no deployment 0" },
		{ "deployment.started", "{\"id\":1,\"target\":\"red\",\"steps\":[]}", "\"red\"" },
		{ "deployment.undoing", "{\"id\":99}", "no deployment 99" },
		{ "deployment.finished", "{\"id\":99,\"state\":\"failed\"}", "no deployment 99" },
		{ "deployment.finished", "{\"id\":1,\"state\":\"running\"}", "ends in state \"running\"" },
		{ "deployment.requested", "{\"kind\":\"dance\"}", "\"dance\"" },
		{ "deployment.requested", "{\"kind\":\"deploy\",\"target\":\"red\"}", "\"red\"" },
		{ "deployment.requested", "{\"kind\":\"deploy\",\"steps\":[{\"stage\":\"fly\"}]}", "\"fly\"" },
		{ "step.started", "{\"id\":1,\"step\":3}", "no step 3" },
		{ "step.finished", "{\"id\":1,\"step\":0,\"state\":\"odd\"}", "\"odd\"" },
		{ "step.finished", "{\"id\":1,\"step\":9,\"state\":\"ok\"}", "no step 9" },
		{ "environment.live", "{\"colour\":\"red\"}", "\"red\"" },
		{ "slot.set", "{\"colour\":\"red\"}", "\"red\"" },
	};
	struct store_case *c = *state;

	journal_request(c->s, "prod", "deploy", "2", "1");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err why = { 0 };

		assert_false(store_append(c->s, "alice", rows[i].type, json_loads(rows[i].body, 0, NULL), NULL, &why));
		if (!strstr(why.text, rows[i].says))
			fail_msg("%s %s: %s", rows[i].type, rows[i].body, why.text);
		assert_int_equal(store_seq(c->s), 1);
	}
}

static void unknown_types_are_journalled_and_change_nothing(void **state)
{
	struct store_case *c = *state;

	journal(c->s, "from.the.future", json_pack("{s:i}", "id", 99));
	assert_int_equal(store_seq(c->s), 1);
}

static void the_table_of_types_is_sorted_and_without_doubles(void **state)
{
	(void)state;
	for (size_t i = 0; project_type(i) && project_type(i + 1); i++)
		assert_true(strcmp(project_type(i), project_type(i + 1)) < 0);
}

/* Every row of every projection, as text. */
static char *dump(struct store *s)
{
	static const char *const tables[] = { "build", "artifact", "deployment", "step", "environment", "slot", "known_good",
	                                      "tried", "config_file" };
	char *all = mem_dup("");

	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		AUTO(mem_auto_free) char *sql = mem_printf("SELECT * FROM %s ORDER BY 1, 2, 3", tables[i]);
		sqlite3_stmt *stmt;

		assert_int_equal(sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL), SQLITE_OK);
		while (sqlite3_step(stmt) == SQLITE_ROW)
			for (int column = 0; column < sqlite3_column_count(stmt); column++) {
				const char *text = (const char *)sqlite3_column_text(stmt, column);
				char *longer = mem_printf("%s|%s", all, text ? text : "NULL");

				free(all);
				all = longer;
			}
		sqlite3_finalize(stmt);
	}
	return all;
}

static void live_through_much(struct store *s)
{
	int64_t id;

	for (int v = 1; v <= 4; v++) {
		AUTO(mem_auto_free) char *version = mem_printf("%d", v);

		journal_build(s, version, v * 1000);
	}
	journal_success(s, "prod", "deploy", "1", NULL);
	id = journal_request(s, "prod", "deploy", "2", "1");
	started(s, id, 0);
	finished(s, id, 0, "ok");
	journal_live(s, id, "prod", "2");
	journal_finish(s, id, "succeeded");
	journal_success(s, "prod", "rollback", "1", "2");
	journal(s, "slot.set", json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "app", "shop", "environment", "prod", "colour",
		"blue", "state", "warm", "version", "2", "digest", "d2"));
	journal(s, "build.removed", json_pack("{s:s, s:s, s:s}", "app", "shop", "version", "4", "why", "old"));
	journal_build(s, "3", 9000);
	journal_request(s, "prod", "deploy", "3", "1");
	journal(s, "from.the.future", json_object());
}

static void projections_made_again_from_the_journal_are_equal(void **state)
{
	struct store_case *c = *state;
	AUTO(mem_auto_free) char *before = NULL, *after = NULL, *empty = dump(c->s);

	live_through_much(c->s);
	before = dump(c->s);
	assert_string_not_equal(before, empty);
	assert_ok(store_begin(c->s, err));
	assert_ok(project_rebuild(c->s, INT64_MAX, err));
	assert_ok(store_commit(c->s, err));
	after = dump(c->s);
	assert_string_equal(after, before);
}

static void projections_can_be_made_as_of_any_row(void **state)
{
	struct store_case *c = *state;
	AUTO(mem_auto_free) char *then = NULL, *now = NULL, *again = NULL;
	int64_t last;

	live_through_much(c->s);
	then = dump(c->s);
	last = store_seq(c->s);
	journal_success(c->s, "prod", "deploy", "3", "1");
	journal_success(c->s, "dev", "deploy", "2", NULL);
	now = dump(c->s);
	assert_string_not_equal(now, then);
	assert_ok(store_begin(c->s, err));
	assert_ok(project_rebuild(c->s, last, err));
	again = dump(c->s);
	assert_string_equal(again, then);
	store_rollback(c->s);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, store_case_begin, store_case_end)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rollback_target_is_the_last_known_good_build_that_is_not_live),
		cmocka_unit_test(any_order_of_events_leaves_the_target_that_the_rule_names),
		CASE(while_a_new_build_is_live_unverified_the_target_is_the_one_before),
		CASE(environments_do_not_share_their_targets),
		CASE(slots_are_what_was_last_set),
		CASE(a_deployment_is_followed_from_request_to_end),
		CASE(a_plan_that_changed_in_the_queue_replaces_the_first_one),
		CASE(a_deployment_that_went_live_says_so),
		CASE(unfinished_deployments_are_listed_oldest_first),
		CASE(what_does_not_fit_is_not_journalled),
		CASE(unknown_types_are_journalled_and_change_nothing),
		CASE(the_table_of_types_is_sorted_and_without_doubles),
		CASE(projections_made_again_from_the_journal_are_equal),
		CASE(projections_can_be_made_as_of_any_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
