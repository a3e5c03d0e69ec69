/* What the rules know, made from the journal: how long a build was live where, locks, approvals, quarantine. */
#include "tests/unit/store_case.h"

#include "backend/store/automation.h"
#include "backend/store/policy.h"
#include "backend/store/project.h"
#include "backend/store/store_priv.h"

static struct store_stay stay_of(struct store *s, const char *version)
{
	AUTO(mem_auto_free) char *digest = mem_printf("d%s", version);
	struct store_stay stay = { 0 };

	assert_ok(store_stay(s, "shop", "prod", digest, &stay, err));
	return stay;
}

static json_t *of_prod(const char *version)
{
	AUTO(mem_auto_free) char *digest = mem_printf("d%s", version);

	return json_pack("{s:s, s:s, s:s, s:s, s:i}", "app", "shop", "environment", "prod", "version", version, "digest",
	                 digest, "id", 17);
}

static void a_build_is_there_from_its_success_until_another_one_is_live(void **state)
{
	struct store_case *c = *state;

	assert_false(stay_of(c->s, "1").succeeded);
	journal_success(c->s, "prod", "deploy", "1", NULL);
	assert_true(stay_of(c->s, "1").is_there && stay_of(c->s, "1").succeeded);

	journal_success(c->s, "prod", "deploy", "2", "1");

	assert_true(stay_of(c->s, "1").succeeded && !stay_of(c->s, "1").is_there);
	assert_true(stay_of(c->s, "2").is_there);
	assert_true(stay_of(c->s, "2").last > stay_of(c->s, "1").last);
}

static void what_comes_back_after_an_undone_deployment_was_there_all_the_time(void **state)
{
	struct store_case *c = *state;
	struct store_stay before, after;
	int64_t id;

	journal_success(c->s, "prod", "deploy", "1", NULL);
	before = stay_of(c->s, "1");
	id = journal_request(c->s, "prod", "deploy", "2", "1");
	journal_live(c->s, id, "prod", "2");
	assert_false(stay_of(c->s, "1").is_there);

	journal_live(c->s, id, "prod", "1");
	journal_finish(c->s, id, "failed");

	after = stay_of(c->s, "1");
	assert_true(after.is_there);
	assert_true(after.since == before.since && after.last == before.last);
	assert_false(stay_of(c->s, "2").succeeded);
}

static void a_rollback_begins_a_new_time(void **state)
{
	struct store_case *c = *state;
	struct store_stay first;

	journal_success(c->s, "prod", "deploy", "1", NULL);
	first = stay_of(c->s, "1");
	journal_success(c->s, "prod", "deploy", "2", "1");

	journal_success(c->s, "prod", "rollback", "1", "2");

	assert_true(stay_of(c->s, "1").is_there);
	assert_true(stay_of(c->s, "1").last > first.last);
	assert_false(stay_of(c->s, "2").is_there);
}

static void a_lock_is_taken_stolen_and_released(void **state)
{
	struct store_case *c = *state;
	struct store_policy p;

	journal(c->s, "lock.taken", json_pack("{s:s, s:s, s:i, s:s, s:s, s:i}", "app", "shop", "environment", "prod", "uid",
	                                      1000, "owner", "alice", "reason", "migration", "expires", 5000));
	assert_ok(store_policy(c->s, "shop", "prod", &p, err));
	assert_string_equal(p.lock.owner, "alice");
	assert_int_equal(p.lock.uid, 1000);
	assert_int_equal(p.lock.expires, 5000);
	store_policy_done(&p);

	journal(c->s, "lock.stolen", json_pack("{s:s, s:s, s:i, s:s, s:s, s:i, s:s}", "app", "shop", "environment", "prod",
	                                       "uid", 1001, "owner", "bob", "reason", "incident", "expires", 0, "from",
	                                       "alice"));
	assert_ok(store_policy(c->s, "shop", "prod", &p, err));
	assert_string_equal(p.lock.owner, "bob");
	assert_string_equal(p.lock.reason, "incident");
	store_policy_done(&p);

	journal(c->s, "lock.released", json_pack("{s:s, s:s}", "app", "shop", "environment", "prod"));
	assert_ok(store_policy(c->s, "shop", "prod", &p, err));
	assert_null(p.lock.owner);
	store_policy_done(&p);
}

static void quarantine_and_pause_last_until_they_are_lifted(void **state)
{
	struct store_case *c = *state;
	struct store_policy p;

	journal(c->s, "build.quarantined", of_prod("2"));
	journal(c->s, "automation.paused", json_pack("{s:s, s:s, s:s, s:i}", "app", "shop", "environment", "prod", "why",
	                                             "rollback 17", "id", 17));
	assert_int_equal(stay_of(c->s, "2").quarantined_by, 17);
	assert_int_equal(stay_of(c->s, "1").quarantined_by, 0);
	assert_ok(store_policy(c->s, "shop", "prod", &p, err));
	assert_true(p.paused);
	assert_string_equal(p.paused_why, "rollback 17");
	store_policy_done(&p);

	journal(c->s, "build.released_from_quarantine", of_prod("2"));
	journal(c->s, "automation.resumed", json_pack("{s:s, s:s}", "app", "shop", "environment", "prod"));
	assert_int_equal(stay_of(c->s, "2").quarantined_by, 0);
	assert_ok(store_policy(c->s, "shop", "prod", &p, err));
	assert_false(p.paused);
	store_policy_done(&p);
}

static void approvals_are_kept_with_what_they_are_bound_to(void **state)
{
	struct store_case *c = *state;
	int64_t id = journal_request(c->s, "prod", "deploy", "1", NULL);
	struct store_approvals a;
	json_t *d;

	journal(c->s, "approval.given", json_pack("{s:I, s:i, s:s, s:s, s:s, s:s}", "id", (json_int_t)id, "uid", 1002,
	                                          "verdict", "approve", "digest", "d1", "plan_hash", "p", "reason", "seen"));
	assert_ok(store_approvals(c->s, id, &a, err));
	assert_int_equal(a.n, 1);
	assert_true(a.items[0].approved);
	assert_int_equal(a.items[0].uid, 1002);
	assert_string_equal(a.items[0].name, "alice");
	assert_string_equal(a.items[0].plan_hash, "p");
	store_approvals_done(&a);
	assert_ok(store_query_deployment(c->s, id, &d, err));
	assert_string_equal(json_text(json_array_get(json_object_get(d, "approvals"), 0), "reason"), "seen");
	assert_int_equal(json_int(d, "uid", 0), 1000);
	json_decref(d);
}

static void what_ran_and_what_drifted_is_remembered(void **state)
{
	struct store_case *c = *state;
	struct store_rans r;
	struct store_policy p;
	struct store_versions v;

	journal_build(c->s, "1", 1);
	journal_success(c->s, "prod", "deploy", "1", NULL);
	journal(c->s, "migration.ran", json_pack("{s:s, s:s, s:s, s:s, s:b}", "app", "shop", "environment", "prod",
	                                         "migration", "0007", "version", "2", "reversible", 0));
	journal(c->s, "drift.found", json_pack("{s:s, s:s, s:s, s:s, s:s}", "app", "shop", "environment", "prod", "what",
	                                       "digest", "expected", "d1", "found", "d9"));
	assert_ok(store_migrations(c->s, "shop", "prod", &r, err));
	assert_int_equal(r.n, 1);
	assert_string_equal(r.items[0].migration, "0007");
	assert_false(r.items[0].reversible);
	assert_true(r.items[0].seq > stay_of(c->s, "1").last);
	store_rans_done(&r);
	assert_ok(store_policy(c->s, "shop", "prod", &p, err));
	assert_string_equal(p.drift, "digest is d9, not d1");
	store_policy_done(&p);
	assert_ok(store_known_good(c->s, "shop", "prod", &v, err));
	assert_int_equal(v.n, 1);
	store_versions_done(&v);
	journal(c->s, "drift.cleared", json_pack("{s:s, s:s, s:s}", "app", "shop", "environment", "prod", "what", "digest"));
	assert_ok(store_policy(c->s, "shop", "prod", &p, err));
	assert_null(p.drift);
	store_policy_done(&p);
}

static void a_build_keeps_its_features_migrations_and_signer(void **state)
{
	struct store_case *c = *state;
	struct store_build b;

	journal(c->s, "build.added", json_pack("{s:s, s:s, s:s, s:[], s:[s], s:[{s:s, s:b}], s:s, s:s}", "app", "shop",
		"version", "1", "digest", "d1", "artifacts", "features", "checkout", "migrations", "id", "0007", "reversible", 1,
		"signature", "-----", "signer", "ci@example.org"));
	assert_ok(store_build(c->s, "shop", "1", NULL, &b, err));
	assert_string_equal(b.features[0], "checkout");
	assert_string_equal(b.migrations[0].id, "0007");
	assert_true(b.migrations[0].reversible);
	assert_string_equal(b.signer, "ci@example.org");
	store_build_done(&b);
}

/* "3 2": what is new to prod, newest first. */
static void assert_new(struct store *s, const char *after, int limit, const char *wanted)
{
	AUTO(store_versions_done) struct store_versions v = { 0 };
	char text[200] = "";

	assert_ok(store_new_builds(s, "shop", "prod", after, limit, &v, err));
	for (size_t i = 0; i < v.n; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "", v.items[i]);
	assert_string_equal(text, wanted);
}

static void finish_for(struct store *s, int64_t id, const char *layer)
{
	journal(s, "deployment.finished", json_pack("{s:I, s:s, s:s}", "id", (json_int_t)id, "state", "stopped", "layer",
	                                            layer));
}

static void what_came_after_all_that_was_tried_is_new(void **state)
{
	struct store_case *c = *state;
	int64_t id;

	assert_new(c->s, NULL, 9, "");
	for (int v = 1; v <= 5; v++) {
		char version[] = { (char)('0' + v), '\0' };

		/* what counts is when they came, not when they were made */
		journal_build(c->s, version, 9000 - v);
	}
	assert_new(c->s, NULL, 9, "5 4 3 2 1");
	assert_new(c->s, NULL, 2, "5 4");
	journal_finish(c->s, journal_request(c->s, "prod", "automatic", "2", NULL), "failed");
	assert_new(c->s, NULL, 9, "5 4 3");

	id = journal_request(c->s, "prod", "automatic", "4", NULL);
	assert_new(c->s, NULL, 9, "5");
	finish_for(c->s, id, AUTOMATION_PAUSED);
	assert_new(c->s, NULL, 9, "5 4 3");
	finish_for(c->s, journal_request(c->s, "prod", "automatic", "3", NULL), AUTOMATION_SUPERSEDED);
	assert_new(c->s, NULL, 9, "5 4 3");
	finish_for(c->s, journal_request(c->s, "prod", "deploy", "3", NULL), "stop");
	assert_new(c->s, NULL, 9, "5 4");
	/* an older one does not make those in between new again */
	journal_success(c->s, "prod", "deploy", "1", NULL);
	assert_new(c->s, NULL, 9, "5 4");
	journal(c->s, "build.removed", json_pack("{s:s, s:s, s:s}", "app", "shop", "version", "4", "why", "old"));
	assert_new(c->s, NULL, 9, "5");
}

static void only_what_succeeded_in_the_environment_before_is_of_interest(void **state)
{
	struct store_case *c = *state;

	for (int v = 1; v <= 4; v++) {
		char version[] = { (char)('0' + v), '\0' };

		journal_build(c->s, version, v);
	}
	journal_success(c->s, "dev", "deploy", "1", NULL);
	journal_success(c->s, "dev", "deploy", "3", "1");
	journal_success(c->s, "dev", "deploy", "1", "3");
	journal_finish(c->s, journal_request(c->s, "dev", "deploy", "4", "1"), "failed");

	assert_new(c->s, "dev", 9, "3 1");
	journal_success(c->s, "prod", "deploy", "1", NULL);
	assert_new(c->s, "dev", 9, "3");
}

static void all_of_it_is_made_again_from_the_journal(void **state)
{
	struct store_case *c = *state;
	struct store_policy p;

	journal_success(c->s, "prod", "deploy", "1", NULL);
	journal(c->s, "build.quarantined", of_prod("2"));
	journal(c->s, "automation.paused", json_pack("{s:s, s:s, s:s}", "app", "shop", "environment", "prod", "why", "x"));
	assert_ok(store_begin(c->s, err));
	assert_ok(project_rebuild(c->s, INT64_MAX, err));
	assert_ok(store_commit(c->s, err));
	assert_true(stay_of(c->s, "1").is_there);
	assert_int_equal(stay_of(c->s, "2").quarantined_by, 17);
	assert_ok(store_policy(c->s, "shop", "prod", &p, err));
	assert_true(p.paused);
	store_policy_done(&p);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, store_case_begin, store_case_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_build_is_there_from_its_success_until_another_one_is_live),
		CASE(what_comes_back_after_an_undone_deployment_was_there_all_the_time),
		CASE(a_rollback_begins_a_new_time),
		CASE(a_lock_is_taken_stolen_and_released),
		CASE(quarantine_and_pause_last_until_they_are_lifted),
		CASE(approvals_are_kept_with_what_they_are_bound_to),
		CASE(what_ran_and_what_drifted_is_remembered),
		CASE(a_build_keeps_its_features_migrations_and_signer),
		CASE(what_came_after_all_that_was_tried_is_new),
		CASE(only_what_succeeded_in_the_environment_before_is_of_interest),
		CASE(all_of_it_is_made_again_from_the_journal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
