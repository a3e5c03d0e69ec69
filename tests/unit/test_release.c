/* Releases of several applications together: order, undo, gates, stop, schedule. A restart at each row: test_release_kill. */
#include "tests/unit/release_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/clock.h"
#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/engine/engine_priv.h"

RELEASE_WORLD_REGISTRY

#define ALL_2 "'members':[{'app':'api','version':'api-2'},{'app':'web','version':'web-2'},{'app':'shop','version':'shop-2'}]"
#define SUITE "{'group':'suite','environment':'prod'," ALL_2 "}"
#define LOOSE "{'group':'loose','environment':'prod'," ALL_2 "}"

/* "api web shop": whose rows of the type came, in order. */
static char *order_of(struct engine_world *w, const char *type, const char *kind)
{
	char *text = mem_dup("");
	const json_t *row;
	size_t i;

	json_array_foreach(w->rows, i, row) {
		AUTO(store_deployment_done) struct store_deployment d = { 0 };

		if (strcmp(json_text(row, "type"), type) != 0
		    || !store_deployment(w->engine->store, json_int(json_object_get(row, "body"), "id", json_int(row, "seq", 0)), &d, NULL)
		    || strcmp(kind_name(d.kind), kind) != 0)
			continue;
		AUTO(mem_auto_free) char *former = text;
		text = mem_printf("%s%s%s", former, *former ? " " : "", d.app);
	}
	return text;
}

static void assert_order(struct engine_world *w, const char *type, const char *kind, const char *wanted)
{
	AUTO(mem_auto_free) char *got = order_of(w, type, kind);

	assert_string_equal(got, wanted);
}

static void assert_live(struct engine_world *w, const char *api, const char *web, const char *shop)
{
	assert_string_equal(release_world_live(w, "api"), api);
	assert_string_equal(release_world_live(w, "web"), web);
	assert_string_equal(release_world_live(w, "shop"), shop);
}

static void assert_says(struct engine_world *w, int64_t id, const char *piece)
{
	AUTO(json_auto_decref) json_t *release = release_world_look(w, id);

	if (!strstr(json_text(release, "message"), piece))
		fail_msg("\"%s\" is not in \"%s\"", piece, json_text(release, "message"));
}

/* The seq of the row of a type about an application's deployment; 0 none. */
static int64_t seq_of(struct engine_world *w, const char *type, int64_t deployment)
{
	const json_t *row;
	size_t i;

	json_array_foreach(w->rows, i, row)
		if (strcmp(json_text(row, "type"), type) == 0 && json_int(json_object_get(row, "body"), "id", 0) == deployment)
			return json_int(row, "seq", 0);
	return 0;
}

static int64_t deployment_of(struct engine_world *w, int64_t release, size_t member)
{
	AUTO(json_auto_decref) json_t *answer = release_world_look(w, release);

	return json_int(json_array_get(json_object_get(answer, "members"), member), "deployment", 0);
}

static const struct engine_caller bob = { 5002, "bob" };

static void deploy(struct engine_world *w, const char *environment, const char *app, const char *version)
{
	struct err err = { 0 };

	if (!engine_world_deploy(w, environment, version, json_pack("{s:s}", "app", app), &err))
		fail_msg("%s", err.text);
	engine_world_wait(w, "deployment.finished", 1);
}

/* Refused with these words, and nothing of it is in the journal. */
static void assert_refused(struct engine_world *w, const char *request, enum err_kind kind, const char *says)
{
	struct err err = { 0 };
	int before = engine_world_count(w, "release.requested", NULL);

	assert_int_equal(release_world_ask(w, "alice", getuid(), request, &err), 0);
	if (err.kind != kind || !strstr(err.text, says))
		fail_msg("%s: %s, not %s: %s", err_kind_name(err.kind), err.text, err_kind_name(kind), says);
	assert_int_equal(engine_world_count(w, "release.requested", NULL), before);
}

static void each_begins_when_the_one_before_succeeded(void **state)
{
	struct engine_world *w = *state;
	int64_t id = release_world_asked(w, SUITE);

	assert_string_equal(release_world_ended(w, id), "succeeded");

	assert_live(w, "api-2", "web-2", "shop-2");
	assert_order(w, "deployment.started", "deploy", "api web shop");
	for (size_t i = 1; i < 3; i++)
		assert_true(seq_of(w, "deployment.started", deployment_of(w, id, i))
		            > seq_of(w, "deployment.finished", deployment_of(w, id, i - 1)));
	assert_int_equal(engine_world_count(w, "release.finished", NULL), 1);
	assert_int_equal(engine_world_count(w, "deployment.requested", NULL), 3);
}

static void versions_are_taken_from_another_environment(void **state)
{
	struct engine_world *w = *state;
	int64_t id;

	deploy(w, "dev", "web", "web-2");

	id = release_world_asked(w, "{'group':'suite','environment':'prod','from':'dev'}");

	assert_string_equal(release_world_ended(w, id), "succeeded");
	assert_live(w, "api-1", "web-2", "shop-1");
	/* api and shop run in prod what they run in dev: nothing is deployed there */
	assert_string_equal(release_world_member(w, id, "api"), "unchanged");
	assert_string_equal(release_world_member(w, id, "web"), "succeeded");
	assert_string_equal(release_world_member(w, id, "shop"), "unchanged");
}

static void an_application_that_is_not_named_stays_as_it_is(void **state)
{
	struct engine_world *w = *state;
	int64_t id = release_world_asked(w, "{'group':'suite','environment':'prod','members':[{'app':'shop','version':'shop-2'},"
		"{'app':'api','version':'api-2'}]}");

	assert_string_equal(release_world_ended(w, id), "succeeded");

	assert_live(w, "api-2", "web-1", "shop-2");
	/* in the group's order, not in the request's */
	assert_order(w, "deployment.started", "deploy", "api shop");
}

static void those_before_one_that_fails_are_taken_back_the_last_one_first(void **state)
{
	struct engine_world *w = *state;
	int64_t id;

	release_script.fails[0] = "shop-2";

	id = release_world_asked(w, SUITE);

	assert_string_equal(release_world_ended(w, id), "failed");
	assert_live(w, "api-1", "web-1", "shop-1");
	assert_order(w, "deployment.started", "rollback", "web api");
	assert_string_equal(release_world_member(w, id, "api"), "undone");
	assert_string_equal(release_world_member(w, id, "web"), "undone");
	assert_string_equal(release_world_member(w, id, "shop"), "failed");
	assert_says(w, id, "shop shop-2 failed: start: as scripted; taken back: web, api");
	/* a rollback is a rollback: what it left is in quarantine */
	assert_int_equal(engine_world_count(w, "build.quarantined", NULL), 2);
}

static void without_undo_those_before_it_stay_and_those_behind_it_never_begin(void **state)
{
	struct engine_world *w = *state;
	int64_t id;

	release_script.fails[0] = "web-2";

	id = release_world_asked(w, LOOSE);

	assert_string_equal(release_world_ended(w, id), "failed");
	assert_live(w, "api-2", "web-1", "shop-1");
	assert_string_equal(release_world_member(w, id, "api"), "succeeded");
	assert_string_equal(release_world_member(w, id, "shop"), "stopped");
	assert_int_equal(seq_of(w, "deployment.started", deployment_of(w, id, 2)), 0);
	assert_says(w, id, "api stays at api-2");
}

static void one_that_cannot_be_taken_back_needs_attention_and_the_others_are(void **state)
{
	struct engine_world *w = *state;
	int64_t id;

	release_script.fails[0] = "shop-2";
	release_script.fails[1] = "web-1";

	id = release_world_asked(w, SUITE);

	assert_string_equal(release_world_ended(w, id), "attention");
	assert_live(w, "api-1", "web-2", "shop-1");
	assert_string_equal(release_world_member(w, id, "web"), "stays");
	assert_string_equal(release_world_member(w, id, "api"), "undone");
	assert_says(w, id, "web could not be taken back from web-2: switch: as scripted");
}

static void a_first_deployment_has_nothing_to_go_back_to(void **state)
{
	struct engine_world *w = *state;
	int64_t id;

	/* given: a new environment, where nothing is live yet */
	release_world_add_environment(w);
	release_script.fails[0] = "web-2";

	id = release_world_asked(w, "{'group':'suite','environment':'new'," ALL_2 "}");

	assert_string_equal(release_world_ended(w, id), "attention");
	assert_says(w, id, "api could not be taken back from api-2: nothing was live before it");
}

static void one_that_is_refused_for_good_refuses_all_before_anything_begins(void **state)
{
	struct engine_world *w = *state;

	release_world_configure(w, "shop", ",\"after\":[\"dev\"]");

	assert_refused(w, SUITE, ERR_REFUSED, "shop shop-2: promotion gate");
	assert_refused(w, "{'group':'suite','environment':'prod','members':[{'app':'api','version':'api-2','expect':'api-0'}]}",
	               ERR_STALE, "api api-2: expectation gate");
	assert_int_equal(engine_world_count(w, "deployment.requested", NULL), 0);
}

static void what_clears_by_itself_is_waited_for_when_the_caller_says_so(void **state)
{
	struct engine_world *w = *state;
	AUTO(json_auto_decref) json_t *lock = json_pack("{s:s, s:s}", "app", "web", "reason", "tests"), *release = NULL;
	json_t *answer = NULL;
	const json_t *line;
	int64_t id;

	assert_true(engine_hold(w->engine, &bob, "prod", ENGINE_LOCK, lock, &answer, NULL));
	json_decref(answer);
	assert_refused(w, SUITE, ERR_LOCKED, "web web-2: lock gate: prod is locked by bob");

	id = release_world_asked(w, "{'group':'suite','environment':'prod','when_allowed':true," ALL_2 "}");

	/* not one application begins while another one would have to wait */
	engine_world_run(w, 100);
	release = release_world_look(w, id);
	assert_string_equal(json_text(release, "state"), "queued");
	line = json_array_get(json_object_get(release, "blocked"), 0);
	assert_string_equal(json_text(line, "app"), "web");
	assert_string_equal(json_text(line, "gate"), "lock");
	assert_true(engine_hold(w->engine, &bob, "prod", ENGINE_UNLOCK, lock, &answer, NULL));
	json_decref(answer);
	assert_string_equal(release_world_ended(w, id), "succeeded");
}

static void approvals_can_be_given_before_it_is_a_members_turn(void **state)
{
	struct engine_world *w = *state;
	AUTO(json_auto_decref) json_t *reason = json_pack("{s:s}", "reason", "seen");
	json_t *answer = NULL;
	struct err err = { 0 };
	int64_t id;

	release_world_configure(w, "shop", ",\"approval\":{\"from\":[\"bob\"]}");
	release_script.hangs = "api-2";
	id = release_world_asked(w, SUITE);
	release_world_hangs(w);

	if (!engine_approve(w->engine, &bob, deployment_of(w, id, 2), reason, false, &answer, &err))
		fail_msg("%s", err.text);

	json_decref(answer);
	release_world_let_go(w);
	assert_string_equal(release_world_ended(w, id), "succeeded");
	assert_live(w, "api-2", "web-2", "shop-2");
}

static void a_member_that_is_rejected_ends_the_release(void **state)
{
	struct engine_world *w = *state;
	AUTO(json_auto_decref) json_t *reason = json_pack("{s:s}", "reason", "wrong day");
	json_t *answer = NULL;
	int64_t id;

	release_world_configure(w, "shop", ",\"approval\":{\"from\":[\"bob\"]}");
	id = release_world_asked(w, SUITE);
	engine_world_wait(w, "deployment.finished", 2);

	assert_true(engine_approve(w->engine, &bob, deployment_of(w, id, 2), reason, true, &answer, NULL));

	json_decref(answer);
	assert_string_equal(release_world_ended(w, id), "stopped");
	assert_live(w, "api-1", "web-1", "shop-1");
}

static void stopping_it_stops_what_runs_and_takes_the_rest_back(void **state)
{
	struct engine_world *w = *state;
	AUTO(json_auto_decref) json_t *reason = json_pack("{s:s}", "reason", "too early");
	json_t *answer = NULL;
	struct err err = { 0 };
	int64_t id;

	release_script.hangs = "web-2";
	id = release_world_asked(w, SUITE);
	release_world_hangs(w);

	if (!engine_release_stop(w->engine, &(struct engine_caller){ getuid(), "alice" }, id, reason, &answer, &err))
		fail_msg("%s", err.text);

	json_decref(answer);
	assert_string_equal(release_world_ended(w, id), "stopped");
	assert_live(w, "api-1", "web-1", "shop-1");
	assert_says(w, id, "stopped by alice: too early; taken back: api");
	assert_string_equal(release_world_member(w, id, "web"), "stopped");
	assert_string_equal(release_world_member(w, id, "shop"), "stopped");
	assert_false(engine_release_stop(w->engine, &bob, id, reason, &answer, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
}

static void stopping_a_member_stops_the_release(void **state)
{
	struct engine_world *w = *state;
	AUTO(json_auto_decref) json_t *reason = json_pack("{s:s}", "reason", "enough");
	json_t *answer = NULL;
	int64_t id;

	release_script.hangs = "web-2";
	id = release_world_asked(w, SUITE);
	release_world_hangs(w);

	assert_true(engine_stop(w->engine, &bob, deployment_of(w, id, 1), reason, &answer, NULL));

	json_decref(answer);
	assert_string_equal(release_world_ended(w, id), "stopped");
	assert_live(w, "api-1", "web-1", "shop-1");
	assert_says(w, id, "web web-2 was stopped: stopped by bob: enough");
}

static void one_that_somebody_took_back_meanwhile_ends_the_release(void **state)
{
	struct engine_world *w = *state;
	int64_t id;

	release_script.hangs = "web-2";
	id = release_world_asked(w, SUITE);
	engine_world_wait(w, "deployment.finished", 1);

	assert_true(engine_world_deploy(w, "prod", "api-1", json_pack("{s:s, s:s}", "app", "api", "kind", "rollback"), NULL));

	assert_string_equal(release_world_ended(w, id), "failed");
	assert_live(w, "api-1", "web-1", "shop-1");
	assert_says(w, id, "api was taken back to api-1");
	assert_string_equal(release_world_member(w, id, "api"), "undone");
}

static void whoever_may_not_change_a_members_environment_may_not_release_or_stop(void **state)
{
	struct engine_world *w = *state;
	AUTO(json_auto_decref) json_t *nothing = json_object();
	json_t *answer = NULL;
	struct err err = { 0 };
	int64_t id;

	release_world_configure(w, "web", ",\"deployers\":[\"alice\"]");

	assert_int_equal(release_world_ask(w, bob.name, bob.uid, SUITE, &err), 0);
	assert_int_equal(err.kind, ERR_DENIED);
	if (!strstr(err.text, "web: bob may change nothing in prod"))
		fail_msg("%s", err.text);
	assert_int_equal(engine_world_count(w, "release.requested", NULL), 0);
	release_script.hangs = "api-2";
	id = release_world_asked(w, SUITE);
	assert_false(engine_release_stop(w->engine, &bob, id, nothing, &answer, &err));
	assert_int_equal(err.kind, ERR_DENIED);
	/* bob may release what does not touch web */
	assert_true(release_world_ask(w, bob.name, bob.uid, "{'group':'loose','environment':'prod','members':"
		"[{'app':'shop','version':'shop-2'}]}", &err) > 0);
}

static void a_scheduled_one_waits_for_its_time_and_can_be_stopped(void **state)
{
	struct engine_world *w = *state;
	AUTO(mem_auto_free) char *soon = mem_printf("{'group':'suite','environment':'prod','not_before':%lld," ALL_2 "}",
	                                            (long long)clock_wall_ms() + 1500);
	AUTO(mem_auto_free) char *far = mem_printf("{'group':'suite','environment':'prod','not_before':%lld," ALL_2 "}",
	                                           (long long)clock_wall_ms() + 3600 * 1000);
	AUTO(json_auto_decref) json_t *nothing = json_object(), *release = NULL;
	int64_t first = release_world_asked(w, far), second = release_world_asked(w, soon);
	json_t *answer = NULL;

	release = release_world_look(w, first);
	assert_string_equal(json_text(release, "state"), "queued");
	assert_string_equal(json_text(json_array_get(json_object_get(release, "blocked"), 0), "gate"), "schedule");
	assert_int_equal(engine_world_count(w, "release.started", NULL), 0);
	assert_string_equal(release_world_ended(w, second), "succeeded");
	assert_order(w, "deployment.started", "scheduled", "api web shop");
	assert_true(engine_release_stop(w->engine, &bob, first, nothing, &answer, NULL));
	json_decref(answer);
	assert_string_equal(release_world_ended(w, first), "stopped");
	assert_says(w, first, "stopped by bob before it began");
}

/* What came due while the engine was down runs late only where the configuration says so, else it asks. */
static void one_that_came_due_while_the_engine_was_down_asks_or_runs_late(void **state)
{
	static const struct { const char *of_prod, *state; } rows[] = {
		{ ",\"late\":\"ask\"", "queued" },
		{ ",\"late\":\"1h\"", "succeeded" },
	};
	struct engine_world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(mem_auto_free) char *text = NULL;
		AUTO(json_auto_decref) json_t *release = NULL, *nothing = json_object();
		json_t *answer = NULL;
		int64_t id;

		release_world_configure(w, "web", rows[i].of_prod);
		text = mem_printf("{'group':'loose','environment':'prod','not_before':%lld,'members':[{'app':'web',"
			"'version':'web-2'}]}", (long long)clock_wall_ms() + 300);
		id = release_world_asked(w, text);
		engine_world_stop(w);
		usleep(400 * 1000);
		engine_world_start(w);
		if (strcmp(rows[i].state, "succeeded") == 0)
			release_world_ended(w, id);
		else
			engine_world_run(w, 200);

		release = release_world_look(w, id);
		assert_string_equal(json_text(release, "state"), rows[i].state);
		if (strcmp(rows[i].state, "queued") != 0)
			continue;
		assert_non_null(strstr(json_text(json_array_get(json_object_get(release, "blocked"), 0), "why"), "engine was down"));
		assert_non_null(strstr(json_text(json_array_get(json_object_get(release, "blocked"), 0), "who"), "slipway release stop"));
		assert_true(engine_release_stop(w->engine, &bob, id, nothing, &answer, NULL));
		json_decref(answer);
	}
	assert_live(w, "api-1", "web-2", "shop-1");
}

static void a_changed_group_is_in_force_at_once_but_not_for_what_runs(void **state)
{
	struct engine_world *w = *state;
	int64_t id;

	release_script.hangs = "web-2";
	release_script.fails[0] = "shop-2";
	id = release_world_asked(w, SUITE);
	release_world_hangs(w);

	release_world_regroup(w, "{\"groups\":[{\"name\":\"pair\",\"applications\":[\"web\",\"api\"]}]}");

	assert_refused(w, SUITE, ERR_NOT_FOUND, "there is pair");
	release_world_let_go(w);
	/* it was asked for as the group was: undone when one fails */
	assert_string_equal(release_world_ended(w, id), "failed");
	assert_live(w, "api-1", "web-1", "shop-1");
}

static void two_that_share_an_application_go_one_after_the_other(void **state)
{
	struct engine_world *w = *state;
	AUTO(json_auto_decref) json_t *release = NULL;
	int64_t first, second;

	release_script.hangs = "api-2";
	first = release_world_asked(w, SUITE);
	second = release_world_asked(w, "{'group':'loose','environment':'prod','members':[{'app':'shop','version':'shop-1'}]}");

	release = release_world_look(w, second);
	assert_string_equal(json_text(release, "state"), "queued");
	assert_string_equal(json_text(json_array_get(json_object_get(release, "blocked"), 0), "gate"), "queue");
	release_world_let_go(w);
	assert_string_equal(release_world_ended(w, first), "succeeded");
	assert_string_equal(release_world_ended(w, second), "succeeded");
	assert_live(w, "api-2", "web-2", "shop-1");
}

static void a_member_waits_behind_what_runs_there(void **state)
{
	struct engine_world *w = *state;
	AUTO(json_auto_decref) json_t *release = NULL;
	int64_t id;

	release_script.hangs = "web-1";
	assert_true(engine_world_deploy(w, "prod", "web-1", json_pack("{s:s}", "app", "web"), NULL));
	release_world_hangs(w);

	id = release_world_asked(w, SUITE);
	engine_world_wait(w, "deployment.finished", 1);

	release = release_world_look(w, id);
	assert_string_equal(json_text(json_array_get(json_object_get(release, "blocked"), 0), "app"), "web");
	assert_string_equal(json_text(json_array_get(json_object_get(release, "blocked"), 0), "gate"), "queue");
	release_world_let_go(w);
	assert_string_equal(release_world_ended(w, id), "succeeded");
	assert_live(w, "api-2", "web-2", "shop-2");
}

static void the_same_key_asks_once(void **state)
{
	struct engine_world *w = *state;
	int64_t first = release_world_asked(w, "{'group':'suite','environment':'prod','key':'12345678'," ALL_2 "}");

	assert_int_equal(w->status, 202);
	assert_int_equal(release_world_asked(w, "{'group':'suite','environment':'prod','key':'12345678'," ALL_2 "}"), first);
	assert_int_equal(w->status, 200);
	engine_world_wait(w, "release.requested", 1);
	assert_int_equal(engine_world_count(w, "release.requested", NULL), 1);
}

static void what_is_asked_wrongly_is_said(void **state)
{
	static const struct { const char *request; enum err_kind kind; const char *says; } rows[] = {
		{ "{'group':'sweet','environment':'prod'," ALL_2 "}", ERR_NOT_FOUND,
		  "no group \"sweet\" in groups.json; there is suite, loose" },
		{ "{'group':'suite'," ALL_2 "}", ERR_USAGE, "names no environment" },
		{ "{'group':'suite','environment':'prod'}", ERR_USAGE, "names no version" },
		{ "{'group':'suite','environment':'prod','members':[{'app':'pub','version':'1'}]}", ERR_USAGE, "\"pub\" is not in the group" },
		{ "{'group':'suite','environment':'prod','members':[{'app':'api'}]}", ERR_USAGE, "no version of api" },
		{ "{'group':'suite','environment':'prod','members':[{'app':'api','version':'api-2'},{'app':'api','version':'api-1'}]}",
		  ERR_USAGE, "api is named twice" },
		{ "{'group':'suite','environment':'prod','members':[{'app':'api','version':'api-3'}]}", ERR_NOT_FOUND, "api: " },
		{ "{'group':'suite','environment':'test'," ALL_2 "}", ERR_NOT_FOUND, "api has no environment \"test\"" },
		{ "{'group':'suite','environment':'prod','from':'test'}", ERR_NOT_FOUND, "api has no environment \"test\"" },
		{ "{'group':'suite','environment':'prod','from':'prod'}", ERR_USAGE, "both prod" },
		{ "{'group':'suite','environment':'prod','not_before':5," ALL_2 "}", ERR_USAGE, "the time is past" },
		{ "{'group':'suite','environment':'prod','key':'short'," ALL_2 "}", ERR_USAGE, "key" },
	};
	struct engine_world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_refused(w, rows[i].request, rows[i].kind, rows[i].says);
}

static void a_dry_run_judges_and_changes_nothing(void **state)
{
	struct engine_world *w = *state;
	int64_t seq = store_seq(w->engine->store);
	struct err err = { 0 };

	/* no release has the number 0: the answer has none */
	assert_int_equal(release_world_ask(w, "alice", getuid(), "{'group':'suite','environment':'prod','dry_run':true,"
		ALL_2 "}", &err), -1);
	assert_int_equal(w->status, 200);
	assert_refused(w, "{'group':'suite','environment':'prod','dry_run':true,'members':[{'app':'api','version':'api-2',"
	               "'expect':'api-0'}]}", ERR_STALE, "api api-2");
	assert_int_equal(store_seq(w->engine->store), seq);
}

static void status_names_what_runs_and_deployments_know_their_release(void **state)
{
	struct engine_world *w = *state;
	const struct engine_caller alice = { getuid(), "alice" };
	AUTO(json_auto_decref) json_t *status = NULL, *deployment = NULL;
	const json_t *release;
	int64_t id;

	release_script.hangs = "api-2";
	id = release_world_asked(w, SUITE);

	assert_true(engine_status(w->engine, &alice, NULL, &status, NULL));
	release = json_array_get(json_object_get(status, "releases"), 0);
	assert_int_equal(json_int(release, "id", 0), id);
	assert_int_equal(json_array_size(json_object_get(release, "members")), 3);
	assert_string_equal(json_text(json_array_get(json_object_get(status, "groups"), 0), "name"), "suite");
	assert_true(engine_deployment(w->engine, deployment_of(w, id, 1), &deployment, NULL));
	assert_string_equal(json_text(deployment, "state"), "queued");
	assert_string_equal(json_text(json_array_get(json_object_get(deployment, "blocked"), 0), "gate"), "release");
	assert_string_equal(json_text(json_object_get(deployment, "release"), "group"), "suite");
	assert_int_equal(json_int(json_object_get(deployment, "release"), "index", 0), 2);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, release_world_begin, release_world_end)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		CASE(each_begins_when_the_one_before_succeeded),
		CASE(versions_are_taken_from_another_environment),
		CASE(an_application_that_is_not_named_stays_as_it_is),
		CASE(those_before_one_that_fails_are_taken_back_the_last_one_first),
		CASE(without_undo_those_before_it_stay_and_those_behind_it_never_begin),
		CASE(one_that_cannot_be_taken_back_needs_attention_and_the_others_are),
		CASE(a_first_deployment_has_nothing_to_go_back_to),
		CASE(one_that_is_refused_for_good_refuses_all_before_anything_begins),
		CASE(what_clears_by_itself_is_waited_for_when_the_caller_says_so),
		CASE(approvals_can_be_given_before_it_is_a_members_turn),
		CASE(a_member_that_is_rejected_ends_the_release),
		CASE(stopping_it_stops_what_runs_and_takes_the_rest_back),
		CASE(stopping_a_member_stops_the_release),
		CASE(one_that_somebody_took_back_meanwhile_ends_the_release),
		CASE(whoever_may_not_change_a_members_environment_may_not_release_or_stop),
		CASE(a_scheduled_one_waits_for_its_time_and_can_be_stopped),
		CASE(one_that_came_due_while_the_engine_was_down_asks_or_runs_late),
		CASE(a_changed_group_is_in_force_at_once_but_not_for_what_runs),
		CASE(two_that_share_an_application_go_one_after_the_other),
		CASE(a_member_waits_behind_what_runs_there),
		CASE(the_same_key_asks_once),
		CASE(what_is_asked_wrongly_is_said),
		CASE(a_dry_run_judges_and_changes_nothing),
		CASE(status_names_what_runs_and_deployments_know_their_release),
	};
	int code = 0;

	if (engine_world_helps(argc, argv, &code))
		return code;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
