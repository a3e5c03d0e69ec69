/* Releases of several applications: what the journal's rows make of them. */
#include "tests/unit/store_case.h"

#include "backend/store/project.h"
#include "backend/store/release.h"
#include "backend/store/store_priv.h"

static int64_t ask(struct store *s)
{
	return journal(s, "release.requested",
		json_pack("{s:s, s:s, s:s, s:b, s:[{s:s, s:s, s:s, s:s}, {s:s, s:s, s:s}], s:s, s:i, s:s}", "group", "payments",
		"environment", "prod", "from", "preprod", "undo", 1, "members", "app", "shop", "version", "2", "digest", "d2",
		"expect", "1", "app", "bank", "version", "7", "digest", "d7", "reason", "month's end", "uid", 1000, "key",
		"key-of-1"));
}

/* A deployment of the application that is part of a release. */
static int64_t member(struct store *s, int64_t release, const char *app, const char *kind, const char *from)
{
	return journal(s, "deployment.requested",
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s?, s:I}", "app", app, "environment", "prod", "kind", kind, "version", "2",
		"digest", "d2", "from", from, "release", (json_int_t)release));
}

static void what_was_asked_for_is_known_in_its_order(void **state)
{
	struct store *s = ((struct store_case *)*state)->s;
	AUTO(store_release_done) struct store_release r = { 0 };
	int64_t id = ask(s), found = 0;

	assert_ok(store_release(s, id, &r, err));
	assert_string_equal(r.group, "payments");
	assert_string_equal(r.from, "preprod");
	assert_true(r.undo);
	assert_int_equal(r.state, DEPLOYMENT_QUEUED);
	assert_string_equal(r.actor, "alice");
	assert_int_equal(r.nmembers, 2);
	assert_string_equal(r.members[0].app, "shop");
	assert_string_equal(r.members[0].expect, "1");
	assert_string_equal(r.members[1].app, "bank");
	assert_null(r.members[1].expect);
	assert_int_equal(r.members[1].deployment, 0);
	assert_ok(store_release_by_key(s, "key-of-1", &found, err));
	assert_int_equal(found, id);
	assert_ok(store_release_by_key(s, "", &found, err));
	assert_int_equal(found, 0);
}

/* The members' own deployments tell how far a release is: there is no second record that could differ. */
static void members_are_what_their_deployments_are(void **state)
{
	struct store *s = ((struct store_case *)*state)->s;
	AUTO(store_release_done) struct store_release r = { 0 };
	int64_t id = ask(s), deployment = member(s, id, "shop", "deploy", "1"), rollback;

	journal(s, "release.started", json_pack("{s:I}", "id", (json_int_t)id));
	journal_finish(s, deployment, "succeeded");
	journal(s, "release.member", json_pack("{s:I, s:s, s:s, s:s}", "id", (json_int_t)id, "app", "bank", "state",
		"stays", "why", "migration gate"));
	journal(s, "release.stopping", json_pack("{s:I, s:s, s:b}", "id", (json_int_t)id, "why", "bank: lock gate", "stopped", 0));
	rollback = member(s, id, "shop", "rollback", "2");

	assert_ok(store_release(s, id, &r, err));
	assert_int_equal(r.state, DEPLOYMENT_UNDOING);
	assert_string_equal(r.message, "bank: lock gate");
	assert_int_equal(r.members[0].deployment, deployment);
	assert_int_equal(r.members[0].state, DEPLOYMENT_SUCCEEDED);
	assert_string_equal(r.members[0].from, "1");
	assert_int_equal(r.members[0].rollback, rollback);
	assert_int_equal(r.members[0].rollback_state, DEPLOYMENT_QUEUED);
	assert_int_equal(r.members[1].note, MEMBER_STAYS);
	assert_string_equal(r.members[1].why, "migration gate");
}

static void a_deployment_knows_its_release(void **state)
{
	struct store *s = ((struct store_case *)*state)->s;
	int64_t id = ask(s), in = member(s, id, "bank", "deploy", NULL);
	int64_t alone = journal_request(s, "prod", "deploy", "2", "1");
	AUTO(json_auto_decref) json_t *first = NULL, *second = NULL;
	const json_t *place;

	assert_ok(store_query_deployment(s, in, &first, err));
	assert_ok(store_query_deployment(s, alone, &second, err));
	place = json_object_get(first, "release");
	assert_int_equal(json_int(place, "id", 0), id);
	assert_string_equal(json_text(place, "group"), "payments");
	assert_int_equal(json_int(place, "index", 0), 2);
	assert_int_equal(json_int(place, "of", 0), 2);
	assert_true(json_is_null(json_object_get(second, "release")));
}

static void those_that_are_not_over_are_found_again(void **state)
{
	struct store *s = ((struct store_case *)*state)->s;
	int64_t first = ask(s), second = ask(s), *ids = NULL;
	size_t n = 0;

	journal(s, "release.finished", json_pack("{s:I, s:s, s:s}", "id", (json_int_t)first, "state", "succeeded", "message", ""));

	assert_ok(store_releases_unfinished(s, &ids, &n, err));
	assert_int_equal(n, 1);
	assert_int_equal(ids[0], second);
	free(ids);
	assert_ok(store_releases(s, 0, 10, &ids, &n, err));
	assert_int_equal(n, 2);
	assert_int_equal(ids[0], second);
	free(ids);
	assert_ok(store_releases(s, second, 10, &ids, &n, err));
	assert_int_equal(n, 1);
	free(ids);
}

static void rows_that_fit_no_release_are_not_journalled(void **state)
{
	static const struct { const char *type, *body, *says; } rows[] = {
		{ "release.requested", "{\"group\":\"payments\",\"environment\":\"prod\",\"members\":[]}", "no application" },
		{ "release.started", "{\"id\":99}", "no release 99" },
		{ "release.member", "{\"id\":1,\"app\":\"shop\",\"state\":\"lost\"}", "\"lost\"" },
		{ "release.member", "{\"id\":1,\"app\":\"pub\",\"state\":\"stays\"}", "no member pub" },
		{ "release.stopping", "{\"id\":99}", "no release 99" },
		{ "release.finished", "{\"id\":1,\"state\":\"running\"}", "ends in state" },
	};
	struct store *s = ((struct store_case *)*state)->s;
	int64_t id = ask(s);

	assert_int_equal(id, 1);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err why = { 0 };

		assert_false(store_append(s, "alice", rows[i].type, json_loads(rows[i].body, 0, NULL), NULL, &why));
		if (!strstr(why.text, rows[i].says))
			fail_msg("%s %s: %s", rows[i].type, rows[i].body, why.text);
		assert_int_equal(store_seq(s), 1);
	}
}

static void releases_are_made_again_from_the_journal(void **state)
{
	struct store_case *c = *state;
	int64_t id = ask(c->s), deployment = member(c->s, id, "shop", "deploy", "1");
	AUTO(store_release_done) struct store_release r = { 0 };

	journal(c->s, "release.started", json_pack("{s:I}", "id", (json_int_t)id));
	store_case_tamper(c, "DELETE FROM group_release; UPDATE release_member SET version = 'x'; UPDATE deployment SET of_release = 0");
	assert_false(store_release(c->s, id, &r, &(struct err){ 0 }));

	assert_ok(store_begin(c->s, err));
	assert_ok(project_rebuild(c->s, INT64_MAX, err));
	assert_ok(store_commit(c->s, err));

	assert_ok(store_release(c->s, id, &r, err));
	assert_int_equal(r.state, DEPLOYMENT_RUNNING);
	assert_int_equal(r.nmembers, 2);
	assert_int_equal(r.members[0].deployment, deployment);
	assert_string_equal(r.members[0].version, "2");
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, store_case_begin, store_case_end)
	const struct CMUnitTest tests[] = {
		CASE(what_was_asked_for_is_known_in_its_order),
		CASE(members_are_what_their_deployments_are),
		CASE(a_deployment_knows_its_release),
		CASE(those_that_are_not_over_are_found_again),
		CASE(rows_that_fit_no_release_are_not_journalled),
		CASE(releases_are_made_again_from_the_journal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
