/* The rules at work in the engine: what is refused, what waits and goes on, what a rollback leaves behind. */
#include "tests/unit/policy_case.h"

static void a_build_is_promoted_only_after_it_succeeded_before(void **state)
{
	struct fixture *f = given(state, ",\"after\":[\"dev\"]");

	assert_refused_by(f, &alice, "deploy", "1.0.0", NULL, "promotion", "has not succeeded in dev");
	succeed(f, "dev", "deploy", "1.0.0", NULL);
	succeed(f, "prod", "deploy", "1.0.0", NULL);
	assert_refused_by(f, &alice, "deploy", "1.1.0", NULL, "promotion", "has not succeeded in dev");
}

static void a_soak_is_waited_for_when_the_caller_says_so(void **state)
{
	struct fixture *f = given(state, ",\"after\":[{\"environment\":\"dev\",\"soak\":\"1s\"}]");
	struct err err = { 0 };

	succeed(f, "dev", "deploy", "1.0.0", NULL);
	assert_refused_by(f, &alice, "deploy", "1.0.0", NULL, "promotion", "has been live in dev");
	assert_true(request(f, &alice, "prod", "deploy", "1.0.0", "{\"when_allowed\":true}", &err));
	assert_held_by(f, f->id, "promotion");
	wait_rows(f, "deployment.finished", 1);
	assert_state(f, f->id, "succeeded");
}

static void another_person_approves_and_it_goes_on(void **state)
{
	struct fixture *f = given(state, ",\"approval\":{\"from\":[\"bob\",\"alice\"]}");
	struct err err = { 0 };

	assert_true(request(f, &alice, "prod", "deploy", "1.0.0", NULL, &err));
	assert_held_by(f, f->id, "approval");
	assert_false(verdict(f, &alice, f->id, false, "{\"reason\":\"mine\"}", &err));
	assert_int_equal(err.kind, ERR_DENIED);
	assert_false(verdict(f, &carol, f->id, false, "{\"reason\":\"not named\"}", &err));
	assert_int_equal(err.kind, ERR_DENIED);
	assert_false(verdict(f, &bob, f->id, false, "{}", &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_false(verdict(f, &bob, f->id, false, "{\"reason\":\"seen\",\"plan_hash\":\"other\"}", &err));
	assert_int_equal(err.kind, ERR_STALE);
	assert_held_by(f, f->id, "approval");

	assert_true(verdict(f, &bob, f->id, false, "{\"reason\":\"seen\"}", &err));

	wait_rows(f, "deployment.finished", 1);
	assert_state(f, f->id, "succeeded");
	assert_false(verdict(f, &bob, f->id, false, "{\"reason\":\"again\"}", &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
}

static void a_changed_plan_asks_again(void **state)
{
	struct fixture *f = given(state, ",\"approval\":{\"count\":2,\"from\":[\"bob\",\"carol\"]}");
	struct err err = { 0 };
	int64_t first, second;

	assert_true(request(f, &alice, "prod", "deploy", "1.0.0", NULL, &err));
	first = f->id;
	assert_true(request(f, &alice, "prod", "deploy", "1.1.0", NULL, &err));
	second = f->id;
	assert_true(verdict(f, &bob, second, false, "{\"reason\":\"seen\"}", &err));
	assert_true(verdict(f, &bob, first, false, "{\"reason\":\"seen\"}", &err));
	assert_true(verdict(f, &carol, first, false, "{\"reason\":\"seen\"}", &err));
	wait_rows(f, "deployment.finished", 1);
	assert_state(f, first, "succeeded");
	/* 1.0.0 is live now: what bob approved would have come from nothing */
	assert_true(verdict(f, &carol, second, false, "{\"reason\":\"seen\"}", &err));
	assert_held_by(f, second, "approval");
	assert_true(verdict(f, &bob, second, false, "{\"reason\":\"seen again\"}", &err));
	wait_rows(f, "deployment.finished", 1);
	assert_state(f, second, "succeeded");
}

static void a_rejected_deployment_is_over(void **state)
{
	struct fixture *f = given(state, ",\"approval\":{\"from\":[\"bob\"]}");
	struct err err = { 0 };

	assert_true(request(f, &alice, "prod", "deploy", "1.0.0", NULL, &err));
	assert_false(verdict(f, &carol, f->id, true, "{\"reason\":\"no\"}", &err));
	assert_true(verdict(f, &bob, f->id, true, "{\"reason\":\"wrong day\"}", &err));
	assert_state(f, f->id, "stopped");
}

static void approvals_and_what_waits_survive_a_restart(void **state)
{
	struct fixture *f = given(state, ",\"approval\":{\"count\":2,\"from\":[\"bob\",\"carol\"]}");
	struct err err = { 0 };

	assert_true(request(f, &alice, "prod", "deploy", "1.0.0", NULL, &err));
	assert_true(verdict(f, &bob, f->id, false, "{\"reason\":\"seen\"}", &err));
	engine_free(f->engine);
	open_engine(f);
	assert_held_by(f, f->id, "approval");
	assert_true(verdict(f, &carol, f->id, false, "{\"reason\":\"seen\"}", &err));
	wait_rows(f, "deployment.finished", 1);
	assert_state(f, f->id, "succeeded");
}

static void a_freeze_refuses_and_a_role_overrides_it_for_ever_flagged(void **state)
{
	struct fixture *f = given(state, ",\"freezes\":[{\"from\":\"2020-01-01 00:00 UTC\",\"to\":\"2120-01-01 00:00 UTC\","
	                          "\"reason\":\"peak\"}],\"override\":[\"alice\"]");
	struct err err = { 0 };
	json_t *d;

	assert_refused_by(f, &alice, "deploy", "1.0.0", NULL, "window", "frozen (peak)");
	assert_refused_by(f, &bob, "deploy", "1.0.0", "{\"override\":\"please\"}", "window", "may not override");
	assert_true(request(f, &bob, "prod", "deploy", "1.0.0", "{\"when_allowed\":true}", &err));
	assert_held_by(f, f->id, "window");
	succeed(f, "prod", "deploy", "1.1.0", "{\"override\":\"security fix\"}");
	d = deployment(f, f->id);
	assert_string_equal(json_text(d, "override"), "security fix");
	assert_string_equal(json_text(d, "state"), "succeeded");
	json_decref(d);
}

static void a_lock_is_a_lease_with_an_owner(void **state)
{
	struct fixture *f = given(state, "");
	struct err err = { 0 };

	assert_false(hold(f, &alice, ENGINE_LOCK, "{}", &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_true(hold(f, &alice, ENGINE_LOCK, "{\"reason\":\"migration\",\"for_ms\":600000}", &err));
	assert_refused_by(f, &bob, "deploy", "1.0.0", NULL, "lock", "locked by alice");
	assert_false(hold(f, &bob, ENGINE_LOCK, "{\"reason\":\"mine\"}", &err));
	assert_int_equal(err.kind, ERR_LOCKED);
	assert_false(hold(f, &bob, ENGINE_UNLOCK, "{}", &err));
	assert_int_equal(err.kind, ERR_LOCKED);
	succeed(f, "prod", "deploy", "1.0.0", NULL);
	assert_true(request(f, &bob, "prod", "deploy", "1.1.0", "{\"when_allowed\":true}", &err));
	assert_held_by(f, f->id, "lock");
	assert_true(hold(f, &alice, ENGINE_UNLOCK, "{}", &err));
	wait_rows(f, "deployment.finished", 1);
	assert_state(f, f->id, "succeeded");
	assert_true(hold(f, &alice, ENGINE_LOCK, "{\"reason\":\"again\"}", &err));
	assert_true(hold(f, &bob, ENGINE_LOCK, "{\"reason\":\"incident\",\"steal\":true}", &err));
	assert_refused_by(f, &alice, "deploy", "1.0.0", NULL, "lock", "locked by bob");
}

static void wait_live(struct fixture *f, const char *version)
{
	for (int64_t until = clock_mono_ms() + 20000; clock_mono_ms() < until; ) {
		struct store_env state;
		bool there;

		assert_true(store_env(f->engine->store, "shop", "prod", &state, NULL));
		/* Kept and told as well: or its rows are taken for those of what is asked for next. */
		there = state.live_version && strcmp(state.live_version, version) == 0
			&& environment_is_idle(f->engine->environments[1]) && engine_is_kept(f->engine);
		store_env_done(&state);
		if (there)
			return;
		loop_timer_set(f->limit, 5);
		loop_run(f->loop);
		f->timed_out = false;
	}
	fail_msg("%s is not live", version);
}

static void a_rollback_quarantines_what_it_left_and_pauses_automation(void **state)
{
	struct fixture *f = opened(state, ",\"automatic\":true");
	struct store_policy p;
	struct err err = { 0 };

	/* one after the other, by themselves; both at once, and the newest alone would go */
	assert_int_equal(add_build(f, "1.0.0", "one"), 201);
	wait_live(f, "1.0.0");
	assert_int_equal(add_build(f, "1.1.0", "two"), 201);
	wait_live(f, "1.1.0");
	assert_false(hold(f, &alice, ENGINE_RESUME, "{}", &err));
	script.run[STAGE_SWITCH] = ANSWER_FAIL;
	succeed(f, "prod", "rollback", NULL, NULL);
	/* it failed: the build is in quarantine all the same, for somebody wanted it away */
	assert_state(f, f->id, "failed");
	assert_true(store_policy(f->engine->store, "shop", "prod", &p, &err));
	assert_true(p.paused);
	store_policy_done(&p);
	script.run[STAGE_SWITCH] = ANSWER_OK;
	succeed(f, "prod", "rollback", NULL, NULL);
	assert_state(f, f->id, "succeeded");
	assert_refused_by(f, &alice, "deploy", "1.1.0", NULL, "quarantine", "in quarantine in prod");
	assert_true(hold(f, &alice, ENGINE_RESUME, "{\"reason\":\"fixed\"}", &err));
	assert_false(hold(f, &alice, ENGINE_RESUME, "{}", &err));
	succeed(f, "prod", "deploy", "1.1.0", "{\"reason\":\"it was the network\"}");
	succeed(f, "prod", "deploy", "1.0.0", NULL);
	succeed(f, "prod", "deploy", "1.1.0", NULL);
}

static void only_deployers_change_anything(void **state)
{
	struct fixture *f = given(state, ",\"deployers\":[\"alice\"]");
	AUTO(json_auto_decref) json_t *nothing = json_object();
	json_t *answer = NULL;
	struct err err = { 0 };

	assert_refused_by(f, &bob, "deploy", "1.0.0", NULL, "deployers", "bob may not deploy");
	assert_false(hold(f, &bob, ENGINE_LOCK, "{\"reason\":\"x\"}", &err));
	assert_int_equal(err.kind, ERR_DENIED);
	succeed(f, "prod", "deploy", "1.0.0", NULL);
	script.run[STAGE_STAGE] = ANSWER_WAIT;
	assert_true(request(f, &alice, "prod", "deploy", "1.1.0", NULL, &err));
	wait_rows(f, "step.finished", 2);
	assert_false(engine_stop(f->engine, &bob, f->id, nothing, &answer, &err));
	assert_int_equal(err.kind, ERR_DENIED);
	assert_true(engine_stop(f->engine, &alice, f->id, nothing, &answer, &err));
	json_decref(answer);
	wait_rows(f, "deployment.finished", 1);
}

static json_t *deploy_into_a_freeze(void **state, const char *finish_started)
{
	enum { AHEAD_MS = 3000 };
	struct fixture *f = given(state, "");
	AUTO(mem_auto_free) char *prod = NULL;
	char from[CLOCK_ISO_SIZE];
	struct err err = { 0 };
	int64_t freeze;

	engine_free(f->engine);
	freeze = (clock_wall_ms() + AHEAD_MS) / 1000 * 1000;
	clock_iso(freeze, from);
	prod = mem_printf(",\"freezes\":[{\"from\":\"%.10s %.8s\",\"to\":\"2120-01-01 00:00 UTC\",\"reason\":\"peak\"}],"
	                  "\"finish_started\":%s", from, from + 11, finish_started);
	configure(f, migrating, prod);
	open_engine(f);
	script.run[STAGE_START] = ANSWER_HOLD;
	if (!request(f, &alice, "prod", "deploy", "1.0.0", NULL, &err))
		fail_msg("%s", err.text);
	while (!script.held || clock_wall_ms() <= freeze) {
		loop_timer_set(f->limit, 20);
		loop_run(f->loop);
		f->timed_out = false;
	}
	let_go();
	wait_rows(f, "deployment.finished", 1);
	return deployment(f, f->id);
}

static void a_window_that_closed_on_the_way_stops_the_switch(void **state)
{
	AUTO(json_auto_decref) json_t *d = deploy_into_a_freeze(state, "false");

	assert_string_equal(json_text(d, "state"), "failed");
	assert_non_null(strstr(json_text(d, "message"), "window gate: prod is frozen (peak)"));
	assert_string_equal(script.log, "fetch stage start undo-to-nothing ");
}

static void what_began_in_a_window_may_finish_where_that_is_configured(void **state)
{
	AUTO(json_auto_decref) json_t *d = deploy_into_a_freeze(state, "true");

	assert_string_equal(json_text(d, "state"), "succeeded");
	assert_string_equal(script.log, "fetch stage start switch verify ");
}

/* What is refused for good while it waits does not wait for ever: it begins, and its gate step says why it cannot go on. */
static void what_can_never_go_on_fails_at_its_gate_and_touches_nothing(void **state)
{
	struct fixture *f = given(state, ",\"approval\":{\"from\":[\"bob\"]}");
	AUTO(json_auto_decref) json_t *d = NULL;
	struct err err = { 0 };

	assert_true(request(f, &alice, "prod", "deploy", "1.0.0", NULL, &err));
	assert_held_by(f, f->id, "approval");

	engine_free(f->engine);
	configure(f, migrating, ",\"approval\":{\"from\":[\"bob\"]},\"signatures\":\"required\"");
	open_engine(f);
	wait_rows(f, "deployment.finished", 1);

	d = deployment(f, f->id);
	assert_string_equal(json_text(d, "state"), "failed");
	assert_non_null(strstr(json_text(d, "message"), "signature gate: 1.0.0 is not signed"));
	assert_string_equal(script.log, "");
}

/* ---- what is told ---- */

static void all_gates_that_refuse_are_told_at_once(void **state)
{
	struct fixture *f = given(state, ",\"after\":[\"dev\"],\"tests\":\"required\",\"approval\":{\"from\":[\"bob\"]}");
	AUTO(json_auto_decref) json_t *list = NULL;
	struct err err = { 0 };

	/* when both the pipeline and CI are against it */
	assert_false(request(f, &alice, "prod", "deploy", "1.0.0", NULL, &err));
	list = refusal_list(&err);
	/* then both are told; an approval is waited for, so it refuses nothing */
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(json_text(json_array_get(list, 0), "gate"), "promotion");
	assert_string_equal(json_text(json_array_get(list, 1), "gate"), "tests");
	for (size_t i = 0; i < 2; i++)
		assert_true(*json_text(json_array_get(list, i), "who") && *json_text(json_array_get(list, i), "why"));
}

static void assert_place(struct fixture *f, int64_t id, int position, int of)
{
	AUTO(json_auto_decref) json_t *d = deployment(f, id);

	assert_int_equal(json_int(d, "position", 0), position);
	assert_int_equal(json_int(d, "queue_size", 0), of);
}

static void what_waits_has_its_place_and_a_rollback_is_first(void **state)
{
	static const char waits[] = "{\"when_allowed\":true}";
	struct fixture *f = given(state, ",\"rollback_gated\":true");
	int64_t first, second, rollback;
	struct err err = { 0 };

	/* given prod with something to go back to, locked */
	succeed(f, "prod", "deploy", "1.0.0", NULL);
	succeed(f, "prod", "deploy", "1.1.0", NULL);
	assert_place(f, f->id, 0, 0);
	assert_true(hold(f, &alice, ENGINE_LOCK, "{\"reason\":\"measuring\"}", &err));
	/* when others ask */
	assert_true(request(f, &bob, "prod", "deploy", "1.0.0", waits, &err));
	first = f->id;
	assert_place(f, first, 1, 1);
	assert_true(request(f, &carol, "prod", "deploy", "1.0.0", waits, &err));
	second = f->id;
	assert_place(f, second, 2, 2);
	assert_true(request(f, &bob, "prod", "rollback", NULL, waits, &err));
	rollback = f->id;
	/* then */
	assert_place(f, rollback, 1, 3);
	assert_place(f, first, 2, 3);
	assert_place(f, second, 3, 3);
}

static int64_t lock_ends_in(struct fixture *f, const char *body)
{
	struct environment *env = engine_environment(f->engine, "shop", "prod", NULL);
	AUTO(json_auto_decref) json_t *answer = NULL;
	struct err err = { 0 };
	const json_t *lock;

	if (!hold(f, &alice, ENGINE_LOCK, body, &err))
		fail_msg("%s", err.text);
	answer = answers_environment(env, &alice, NULL);
	lock = json_object_get(answer, "lock");
	return json_int(lock, "expires", 0) - json_int(lock, "taken", 0);
}

static void assert_about(int64_t ms, int64_t then)
{
	assert_in_range(ms, then - 10000, then + 10000);
}

static void a_lock_that_nobody_limited_ends_by_itself(void **state)
{
	static const int64_t hour = 3600000;
	struct fixture *f = given(state, "");

	assert_about(lock_ends_in(f, "{\"reason\":\"measuring\"}"), 8 * hour);
	assert_about(lock_ends_in(f, "{\"reason\":\"measuring\",\"for_ms\":3600000}"), hour);
}

static void its_usual_term_is_the_environment_s(void **state)
{
	struct fixture *f = given(state, ",\"lock_for\":\"2h\"");

	assert_about(lock_ends_in(f, "{\"reason\":\"measuring\",\"for_ms\":0}"), 2 * 3600000);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		CASE(a_build_is_promoted_only_after_it_succeeded_before),
		CASE(all_gates_that_refuse_are_told_at_once),
		CASE(what_waits_has_its_place_and_a_rollback_is_first),
		CASE(a_lock_that_nobody_limited_ends_by_itself),
		CASE(its_usual_term_is_the_environment_s),
		CASE(a_soak_is_waited_for_when_the_caller_says_so),
		CASE(another_person_approves_and_it_goes_on),
		CASE(a_changed_plan_asks_again),
		CASE(a_rejected_deployment_is_over),
		CASE(approvals_and_what_waits_survive_a_restart),
		CASE(a_freeze_refuses_and_a_role_overrides_it_for_ever_flagged),
		CASE(a_lock_is_a_lease_with_an_owner),
		CASE(a_rollback_quarantines_what_it_left_and_pauses_automation),
		CASE(only_deployers_change_anything),
		CASE(a_window_that_closed_on_the_way_stops_the_switch),
		CASE(what_began_in_a_window_may_finish_where_that_is_configured),
		CASE(what_can_never_go_on_fails_at_its_gate_and_touches_nothing),
	};

	/* The engine runs its own program for what takes long; here that is this one. */
	if (argc > 1 && strcmp(argv[1], "artifact-import") == 0)
		return artifact_tool(argc - 1, argv + 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
