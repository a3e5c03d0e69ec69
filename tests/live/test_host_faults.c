/* The host driver when things go wrong: bad builds, killed supervisors, changed routes, reboots, taken ports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/base/clock.h"
#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/drivers/registry.h"
#include "backend/drivers/host/ports.h"
#include "backend/drivers/host/ready.h"
#include "backend/drivers/host/teardown.h"
#include "tests/tools/host_stand.h"

static void all_components_previews_and_workers_move_together(void **state)
{
	struct stand *s = *state;

	stand_deploy(s, "1.0", COLOUR_BLUE, COLOUR_NONE);
	stand_deploy(s, "2.0", COLOUR_GREEN, COLOUR_BLUE);
	assert_string_equal(stand_get(s, false), "2.0 green");
	assert_string_equal(stand_db(s), "2.0 green");
	assert_string_equal(stand_get(s, true), "1.0 blue");
	assert_int_equal(stand_pid(s, COLOUR_BLUE, "worker"), 0);
	assert_int_not_equal(stand_pid(s, COLOUR_GREEN, "worker"), 0);
	stand_observe(s);
	assert_int_equal(s->seen.live, COLOUR_GREEN);
	assert_true(s->seen.warm);
}

static void what_is_not_healthy_in_time_is_told_with_its_answer(void **state)
{
	struct stand *s = *state;

	stand_deploy(s, "1.0", COLOUR_BLUE, COLOUR_NONE);
	s->components[0].health_within_ms = 300;
	assert_true(driver_host.reconfigure(s->denv, &s->app, &s->env, NULL));
	stand_job(s, "2.0", "sick", COLOUR_GREEN, COLOUR_BLUE);
	stand_run_ok(s, STAGE_STAGE);
	stand_run(s, STAGE_START);
	assert_false(s->outcome.ok);
	assert_string_equal(s->outcome.layer, "health");
	assert_string_equal(s->outcome.err.text,
	                    "start web: not healthy within 0.3 s: GET /health answered 503: warming up");
	stand_has(s->outcome.tail, "reading the configuration");
	stand_undo(s);
	assert_string_equal(stand_get(s, false), "1.0 blue");
}

static void a_taken_port_is_told_with_who_has_it(void **state)
{
	struct stand *s = *state;
	AUTO(mem_auto_free) char *port = NULL;
	AUTO(mem_auto_free) char *expected = NULL;
	pid_t squatter;
	int number;

	stand_job(s, "1.0", "good", COLOUR_BLUE, COLOUR_NONE);
	stand_run_ok(s, STAGE_STAGE);
	number = s->denv->model->parts[1].port[COLOUR_BLUE];
	port = mem_printf("%d", number);
	squatter = fork();
	if (squatter == 0) {
		setenv("PORT", port, 1);
		setenv("SLIPWAY_VERSION", "x", 1);
		setenv("SLIPWAY_COLOUR", "x", 1);
		execl(s->program, s->program, "serve", "tcp", (char *)NULL);
		_exit(127);
	}
	while (port_is_free("127.0.0.1", number))
		usleep(1000);
	expected = mem_printf("start db: port %s is taken by pid %d (test_host_fault)", port, (int)squatter);
	stand_run(s, STAGE_START);
	kill(squatter, SIGKILL);
	waitpid(squatter, NULL, 0);
	assert_false(s->outcome.ok);
	assert_string_equal(s->outcome.layer, "port");
	assert_string_equal(s->outcome.err.text, expected);
	stand_run_ok(s, STAGE_START);
}

static void a_build_that_fails_under_real_traffic_is_found_and_taken_back(void **state)
{
	struct stand *s = *state;
	long sent, failed;

	stand_deploy(s, "1.0", COLOUR_BLUE, COLOUR_NONE);
	stand_job(s, "2.0", "broken", COLOUR_GREEN, COLOUR_BLUE);
	s->app.verify_ms = 20000;
	assert_true(driver_host.reconfigure(s->denv, &s->app, &s->env, NULL));
	stand_run_ok(s, STAGE_STAGE);
	stand_run_ok(s, STAGE_START);
	stand_run_ok(s, STAGE_SWITCH);
	stand_hammer(s);
	stand_run(s, STAGE_VERIFY);
	assert_false(s->outcome.ok);
	assert_string_equal(s->outcome.layer, "traffic");
	stand_has(s->outcome.err.text, "requests to web failed since the switch, probes among them (");
	stand_has(s->outcome.detail, "\"prober\":");
	stand_undo(s);
	stand_hammer_end(s, &sent, &failed);
	assert_true(failed >= 3);
	assert_string_equal(stand_get(s, false), "1.0 blue");
	assert_string_equal(stand_db(s), "1.0 blue");
	assert_int_not_equal(stand_pid(s, COLOUR_BLUE, "worker"), 0);
	assert_int_equal(stand_pid(s, COLOUR_GREEN, "web"), 0);
	assert_int_equal(stand_pid(s, COLOUR_GREEN, "worker"), 0);
}

static void requests_that_fail_during_the_switch_are_counted_and_journalled(void **state)
{
	struct stand *s = *state;
	AUTO(json_auto_decref) json_t *detail = NULL;
	const json_t *prober;

	/* given: a build that is well, but not for those who come through the public port */
	stand_deploy(s, "1.0", COLOUR_BLUE, COLOUR_NONE);
	stand_job(s, "2.0", "shy", COLOUR_GREEN, COLOUR_BLUE);
	stand_run_ok(s, STAGE_STAGE);
	stand_run_ok(s, STAGE_START);
	/* when */
	stand_run_ok(s, STAGE_SWITCH);
	/* then */
	detail = json_read(s->outcome.detail, strlen(s->outcome.detail), NULL);
	prober = json_object_get(detail, "prober");
	assert_true(json_int(prober, "failed", 0) > 1);
	assert_int_equal(json_int(prober, "ok", -1) + json_int(prober, "failed", 0), json_int(prober, "sent", 0));
	stand_run(s, STAGE_VERIFY);
	assert_false(s->outcome.ok);
	assert_string_equal(s->outcome.layer, "traffic");
	stand_has(s->outcome.err.text, "requests to web failed since the switch");
}

static void a_process_that_ends_during_verify_fails_it(void **state)
{
	struct stand *s = *state;

	stand_job(s, "1.0", "fragile", COLOUR_BLUE, COLOUR_NONE);
	s->app.verify_ms = 20000;
	s->app.verify_failures = 1000000;
	assert_true(driver_host.reconfigure(s->denv, &s->app, &s->env, NULL));
	stand_run_ok(s, STAGE_STAGE);
	stand_run_ok(s, STAGE_START);
	stand_run_ok(s, STAGE_SWITCH);
	stand_hammer(s);
	stand_run(s, STAGE_VERIFY);
	assert_false(s->outcome.ok);
	assert_string_equal(s->outcome.layer, "process");
	stand_has(s->outcome.err.text, "web exited with 7 after ");
	stand_undo(s);
	assert_string_equal(stand_get(s, false), "HTTP 503");
	assert_int_equal(stand_pid(s, COLOUR_BLUE, "web"), 0);
}

static void a_slow_request_is_drained_not_cut(void **state)
{
	struct stand *s = *state;
	long sent, failed;

	stand_job(s, "1.0", "slow", COLOUR_BLUE, COLOUR_NONE);
	stand_run_ok(s, STAGE_STAGE);
	stand_run_ok(s, STAGE_START);
	stand_run_ok(s, STAGE_SWITCH);
	stand_hammer(s);
	stand_deploy(s, "2.0", COLOUR_GREEN, COLOUR_BLUE);
	stand_has(s->outcome.detail, "\"sessions\":0");
	stand_cool(s, COLOUR_BLUE);
	assert_true(s->outcome.ok);
	stand_hammer_end(s, &sent, &failed);
	assert_int_equal(failed, 0);
}

static void the_switch_is_probed_from_haproxys_own_map(void **state)
{
	struct stand *s = *state;

	stand_deploy(s, "1.0", COLOUR_BLUE, COLOUR_NONE);
	stand_job(s, "2.0", "good", COLOUR_GREEN, COLOUR_BLUE);
	stand_run_ok(s, STAGE_STAGE);
	stand_probe(s, STAGE_STAGE);
	assert_int_equal(s->probe, PROBE_DONE);
	stand_run_ok(s, STAGE_START);
	stand_reopen(s);
	stand_probe(s, STAGE_START);
	assert_int_equal(s->probe, PROBE_NOT_STARTED);
	stand_probe(s, STAGE_SWITCH);
	assert_int_equal(s->probe, PROBE_NOT_STARTED);
	free(stand_admin(s, "set map routes.map public/web web-green"));
	stand_probe(s, STAGE_SWITCH);
	assert_int_equal(s->probe, PROBE_UNKNOWN);
	stand_has(s->why, "web goes to web-green while live is blue");
	stand_run_ok(s, STAGE_SWITCH);
	stand_reopen(s);
	stand_probe(s, STAGE_SWITCH);
	assert_int_equal(s->probe, PROBE_DONE);
	/* HAProxy is down: it will start with the map file, so the file is what counts. */
	host_teardown(s->denv->proxy_dir);
	stand_probe(s, STAGE_SWITCH);
	assert_int_equal(s->probe, PROBE_DONE);
	stand_observe(s);
	assert_int_equal(s->seen.live, COLOUR_GREEN);
	assert_false(s->seen.healthy);
	assert_string_equal(s->seen_health, "HAProxy does not run");
}

static void routes_that_somebody_changed_are_repaired_and_noted(void **state)
{
	struct stand *s = *state;
	AUTO(mem_auto_free) char *map = NULL;

	stand_deploy(s, "1.0", COLOUR_BLUE, COLOUR_NONE);
	stand_reconcile(s, COLOUR_BLUE, COLOUR_NONE);
	assert_true(s->outcome.ok);
	assert_int_equal(json_array_size(s->notes), 0);
	free(stand_admin(s, "set map routes.map public/web nowhere"));
	assert_string_equal(stand_get(s, false), "HTTP 503");
	stand_reconcile(s, COLOUR_BLUE, COLOUR_NONE);
	assert_true(s->outcome.ok);
	assert_string_equal(stand_get(s, false), "1.0 blue");
	assert_int_equal(stand_notes(s, "routes"), 1);
	map = mem_printf("%s/routes.map", s->denv->proxy_dir);
	assert_true(file_write_atomic(map, "live green\n", 11, 0600, NULL));
	stand_reconcile(s, COLOUR_BLUE, COLOUR_NONE);
	assert_int_equal(stand_notes(s, "map file"), 1);
	stand_reconcile(s, COLOUR_BLUE, COLOUR_NONE);
	assert_int_equal(json_array_size(s->notes), 2);
}

static void a_haproxy_that_dies_comes_back_with_its_routes(void **state)
{
	struct stand *s = *state;

	stand_deploy(s, "1.0", COLOUR_BLUE, COLOUR_NONE);
	stand_deploy(s, "2.0", COLOUR_GREEN, COLOUR_BLUE);
	stand_kill_proxy(s);
	while (strcmp(stand_get(s, false), "2.0 green") != 0)
		usleep(1000);
	assert_string_equal(stand_db(s), "2.0 green");
}

static void a_switch_waits_for_a_haproxy_that_is_coming_back(void **state)
{
	struct stand *s = *state;

	stand_deploy(s, "1.0", COLOUR_BLUE, COLOUR_NONE);
	stand_deploy(s, "2.0", COLOUR_GREEN, COLOUR_BLUE);
	stand_rollback_job(s, "1.0", COLOUR_BLUE, COLOUR_GREEN);
	stand_kill_proxy(s);
	stand_run_ok(s, STAGE_SWITCH);
	assert_string_equal(stand_get(s, false), "1.0 blue");
	stand_reconcile(s, COLOUR_BLUE, COLOUR_GREEN);
	assert_true(s->outcome.ok);
	assert_int_equal(json_array_size(s->notes), 0);
}

static void after_a_reboot_everything_is_started_again(void **state)
{
	struct stand *s = *state;

	stand_deploy(s, "1.0", COLOUR_BLUE, COLOUR_NONE);
	stand_deploy(s, "2.0", COLOUR_GREEN, COLOUR_BLUE);
	driver_host.close(s->denv);
	s->denv = NULL;
	assert_int_equal(host_teardown(s->dir), 0);
	stand_reopen(s);
	stand_reconcile(s, COLOUR_GREEN, COLOUR_BLUE);
	assert_true(s->outcome.ok);
	assert_int_equal(stand_notes(s, "started again"), 2);
	stand_run_ok(s, STAGE_VERIFY);
	assert_string_equal(stand_get(s, false), "2.0 green");
	assert_string_equal(stand_get(s, true), "1.0 blue");
	assert_int_not_equal(stand_pid(s, COLOUR_GREEN, "worker"), 0);
	assert_int_equal(stand_pid(s, COLOUR_BLUE, "worker"), 0);
}

static void a_release_that_is_gone_is_unpacked_again(void **state)
{
	struct stand *s = *state;
	AUTO(mem_auto_free) char *slots = NULL;

	stand_deploy(s, "1.0", COLOUR_BLUE, COLOUR_NONE);
	host_teardown(s->dir);
	slots = mem_printf("%s/slots", s->dir);
	assert_true(file_remove_tree(slots, NULL));
	stand_reconcile(s, COLOUR_BLUE, COLOUR_NONE);
	assert_true(s->outcome.ok);
	assert_int_equal(stand_notes(s, "unpacked and started again"), 1);
	assert_string_equal(stand_get(s, false), "1.0 blue");
}

static void processes_whose_runsv_was_killed_are_supervised_again(void **state)
{
	struct stand *s = *state;
	pid_t before;

	stand_deploy(s, "1.0", COLOUR_BLUE, COLOUR_NONE);
	before = stand_pid(s, COLOUR_BLUE, "web");
	stand_kill_supervisors(s, COLOUR_BLUE);
	while (stand_pid(s, COLOUR_BLUE, "web") != 0)
		usleep(1000);
	stand_reconcile(s, COLOUR_BLUE, COLOUR_NONE);
	assert_true(s->outcome.ok);
	while (stand_pid(s, COLOUR_BLUE, "web") == 0)
		usleep(1000);
	assert_int_not_equal(stand_pid(s, COLOUR_BLUE, "web"), before);
	while (strcmp(stand_get(s, false), "1.0 blue") != 0)
		usleep(1000);
}

static void a_step_is_stopped_soon_and_says_so(void **state)
{
	struct stand *s = *state;
	int64_t began_ms;

	stand_job(s, "1.0", "sick", COLOUR_BLUE, COLOUR_NONE);
	stand_run_ok(s, STAGE_STAGE);
	began_ms = clock_mono_ms();
	stand_run_cancelled(s, STAGE_START, 300);
	assert_false(s->outcome.ok);
	assert_int_equal(s->outcome.err.kind, ERR_REFUSED);
	assert_string_equal(s->outcome.err.text, "stopped");
	assert_true(clock_mono_ms() - began_ms < 5000);
	stand_undo(s);
	stand_undo(s);
	assert_int_equal(stand_pid(s, COLOUR_BLUE, "web"), 0);
}

static void a_rollback_to_a_colour_that_died_starts_it_again(void **state)
{
	struct stand *s = *state;

	stand_deploy(s, "1.0", COLOUR_BLUE, COLOUR_NONE);
	stand_deploy(s, "2.0", COLOUR_GREEN, COLOUR_BLUE);
	stand_cool(s, COLOUR_BLUE);
	assert_int_equal(stand_pid(s, COLOUR_BLUE, "web"), 0);
	stand_rollback_job(s, "1.0", COLOUR_BLUE, COLOUR_GREEN);
	stand_run_ok(s, STAGE_FETCH);
	stand_run_ok(s, STAGE_STAGE);
	stand_run_ok(s, STAGE_START);
	stand_run_ok(s, STAGE_SWITCH);
	assert_string_equal(stand_get(s, false), "1.0 blue");
}

static void users_are_never_sent_to_a_slot_that_is_not_what_it_is_taken_for(void **state)
{
	struct stand *s = *state;

	stand_deploy(s, "1.0", COLOUR_BLUE, COLOUR_NONE);
	stand_deploy(s, "2.0", COLOUR_GREEN, COLOUR_BLUE);
	stand_rollback_job(s, "0.9", COLOUR_BLUE, COLOUR_GREEN);
	stand_run(s, STAGE_SWITCH);
	assert_false(s->outcome.ok);
	assert_string_equal(s->outcome.layer, "health");
	stand_has(s->outcome.err.text, "0.9 in blue is not well: the slot does not hold this build");
	stand_cool(s, COLOUR_BLUE);
	stand_rollback_job(s, "1.0", COLOUR_BLUE, COLOUR_GREEN);
	stand_run(s, STAGE_SWITCH);
	assert_false(s->outcome.ok);
	assert_string_equal(s->outcome.layer, "health");
	stand_has(s->outcome.err.text, "web does not run");
	assert_string_equal(stand_get(s, false), "2.0 green");
}

/* 1.0 is warm in blue, seen healthy, and HAProxy has a version of its map ready. */
static void make_ready(struct stand *s)
{
	stand_deploy(s, "1.0", COLOUR_BLUE, COLOUR_NONE);
	stand_deploy(s, "2.0", COLOUR_GREEN, COLOUR_BLUE);
	stand_observe(s);
	stand_observe(s);
	stand_rollback_job(s, "1.0", COLOUR_BLUE, COLOUR_GREEN);
	assert_true(ready_holds(s->denv, COLOUR_BLUE, s->job.digest));
	assert_true(s->denv->map_version > 0);
}

static void a_rollback_takes_what_the_observation_made_ready(void **state)
{
	struct stand *s = *state;
	AUTO(mem_auto_free) char *map = NULL;
	AUTO(mem_auto_free) char *version = NULL;

	make_ready(s);
	version = mem_printf("curr_ver=%d ", s->denv->map_version);
	stand_run_ok(s, STAGE_SWITCH);
	assert_string_equal(stand_get(s, false), "1.0 blue");
	assert_int_equal(s->denv->map_version, 0);
	map = stand_admin(s, "show map");
	stand_has(map, version);
}

static void a_colour_that_fell_ill_since_it_was_seen_loses_the_traffic_again(void **state)
{
	struct stand *s = *state;
	long sent, failed;

	make_ready(s);
	kill(stand_pid(s, COLOUR_BLUE, "web"), SIGUSR1);
	stand_hammer(s);
	stand_run(s, STAGE_SWITCH);
	assert_false(s->outcome.ok);
	assert_string_equal(s->outcome.layer, "health");
	stand_has(s->outcome.err.text, "1.0 in blue is not well: web: GET /health answered 503: warming up");
	assert_string_equal(stand_get(s, false), "2.0 green");
	assert_string_equal(stand_db(s), "2.0 green");
	assert_false(ready_holds(s->denv, COLOUR_BLUE, s->job.digest));
	stand_hammer_end(s, &sent, &failed);
	assert_int_equal(failed, 0);
	stand_job(s, "2.0", "good", COLOUR_GREEN, COLOUR_BLUE);
	stand_reconcile(s, COLOUR_GREEN, COLOUR_NONE);
	assert_int_equal(stand_notes(s, "routes"), 0);
	assert_int_equal(stand_notes(s, "map file"), 0);
}

static void a_rollback_that_haproxy_forgot_the_preparation_of_asks_for_another(void **state)
{
	struct stand *s = *state;

	make_ready(s);
	s->denv->map_version += 1000;
	stand_run_ok(s, STAGE_SWITCH);
	assert_string_equal(stand_get(s, false), "1.0 blue");
}

static void the_colour_with_the_traffic_is_never_cooled(void **state)
{
	struct stand *s = *state;

	stand_deploy(s, "1.0", COLOUR_BLUE, COLOUR_NONE);
	stand_cool(s, COLOUR_BLUE);
	assert_false(s->outcome.ok);
	assert_int_equal(s->outcome.err.kind, ERR_CONFLICT);
	assert_string_equal(stand_get(s, false), "1.0 blue");
}

static void a_new_configuration_reloads_haproxy_only_when_it_differs(void **state)
{
	struct stand *s = *state;
	int old_port = s->ports[0].port;

	stand_deploy(s, "1.0", COLOUR_BLUE, COLOUR_NONE);
	assert_true(driver_host.reconfigure(s->denv, &s->app, &s->env, NULL));
	stand_reconcile(s, COLOUR_BLUE, COLOUR_NONE);
	assert_true(s->outcome.ok);
	s->ports[0].port = s->env.slot_port_last;
	assert_true(driver_host.reconfigure(s->denv, &s->app, &s->env, NULL));
	stand_reconcile(s, COLOUR_BLUE, COLOUR_NONE);
	assert_true(s->outcome.ok);
	assert_string_equal(stand_get(s, false), "1.0 blue");
	assert_true(port_is_free("127.0.0.1", old_port));
}

static void a_public_port_that_is_taken_is_told_with_who_has_it(void **state)
{
	struct stand *s = *state;
	AUTO(mem_auto_free) char *mine = mem_printf("is taken by pid %d (test_host_fault)", (int)getpid());
	int fd = stand_listen(s->ports[0].port);

	stand_reconcile(s, COLOUR_NONE, COLOUR_NONE);
	close(fd);
	assert_false(s->outcome.ok);
	assert_string_equal(s->outcome.layer, "port");
	stand_has(s->outcome.err.text, "the public port of web: port ");
	stand_has(s->outcome.err.text, mine);
	stand_reconcile(s, COLOUR_NONE, COLOUR_NONE);
	assert_true(s->outcome.ok);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, stand_set_up, stand_tear_down)
		CASE(all_components_previews_and_workers_move_together),
		CASE(what_is_not_healthy_in_time_is_told_with_its_answer),
		CASE(a_taken_port_is_told_with_who_has_it),
		CASE(a_build_that_fails_under_real_traffic_is_found_and_taken_back),
		CASE(requests_that_fail_during_the_switch_are_counted_and_journalled),
		CASE(a_process_that_ends_during_verify_fails_it),
		CASE(a_slow_request_is_drained_not_cut),
		CASE(the_switch_is_probed_from_haproxys_own_map),
		CASE(routes_that_somebody_changed_are_repaired_and_noted),
		CASE(a_haproxy_that_dies_comes_back_with_its_routes),
		CASE(a_switch_waits_for_a_haproxy_that_is_coming_back),
		CASE(after_a_reboot_everything_is_started_again),
		CASE(a_release_that_is_gone_is_unpacked_again),
		CASE(processes_whose_runsv_was_killed_are_supervised_again),
		CASE(a_step_is_stopped_soon_and_says_so),
		CASE(a_rollback_to_a_colour_that_died_starts_it_again),
		CASE(users_are_never_sent_to_a_slot_that_is_not_what_it_is_taken_for),
		CASE(a_rollback_takes_what_the_observation_made_ready),
		CASE(a_colour_that_fell_ill_since_it_was_seen_loses_the_traffic_again),
		CASE(a_rollback_that_haproxy_forgot_the_preparation_of_asks_for_another),
		CASE(the_colour_with_the_traffic_is_never_cooled),
		CASE(a_new_configuration_reloads_haproxy_only_when_it_differs),
		CASE(a_public_port_that_is_taken_is_told_with_who_has_it),
	};
	int code = stand_main(argc, argv);

	return code >= 0 ? code : cmocka_run_group_tests(tests, NULL, NULL);
}
