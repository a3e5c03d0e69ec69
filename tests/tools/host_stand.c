#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/artifact/artifact.h"
#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/base/saver.h"
#include "backend/drivers/host/admin.h"
#include "backend/drivers/registry.h"
#include "backend/drivers/host/ports.h"
#include "backend/drivers/host/runit.h"
#include "backend/drivers/host/slot.h"
#include "backend/drivers/host/teardown.h"
#include "backend/http/http.h"
#include "backend/process/launcher.h"
#include "tests/tools/host_app.h"
#include "tests/tools/host_stand.h"

/* Quotes and blanks in the path, and more than the 107 bytes that the path of a Unix socket may have. */
#define AWKWARD "it's a \"work space\" $(touch evil) with a name that is longer than the path of any Unix socket may be/shop/prod"

enum { GUARD_MS = 60000, PORTS_EACH = 40 };

static char *web_start[] = { (char *)"./web", NULL };
static char *db_start[] = { (char *)"./db", NULL };
static char *worker_start[] = { (char *)"./worker", NULL };
static char *web_needs[] = { (char *)"db" };

int stand_main(int argc, char **argv)
{
	if (argc > 1 && strncmp(argv[1], "artifact-", 9) == 0)
		return artifact_tool(argc - 1, argv + 1);
	return host_app_main(argc, argv);
}

void stand_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in \"%s\"", part, text);
}

static void too_late(void *arg)
{
	(void)arg;
	fail_msg("the operation is not over after %d s", GUARD_MS / 1000);
}

static void noted(void *arg, const char *type, json_t *take_detail)
{
	struct stand *s = arg;

	json_array_append_new(s->notes, json_pack("{s:s, s:o}", "type", type, "detail", take_detail));
}

/* Each run of a test program has ports of its own, below those that the system gives out by itself. */
static int first_port(void)
{
	int first = 20000 + (int)(getpid() % 300) * PORTS_EACH;

	while (!port_is_free("127.0.0.1", first) || !port_is_free("127.0.0.1", first + 1))
		first += 2;
	return first;
}

static void fill_config(struct stand *s)
{
	int first = first_port();

	s->components[0] = (struct config_component){
		.name = (char *)"web", .artifact = (char *)"web", .start = web_start, .protocol = PROTOCOL_HTTP,
		.health = (char *)"/health", .health_within_ms = 10000, .needs = web_needs, .nneeds = 1,
	};
	s->components[1] = (struct config_component){
		.name = (char *)"db", .artifact = (char *)"db", .start = db_start, .protocol = PROTOCOL_TCP,
		.health_within_ms = 10000,
	};
	s->components[2] = (struct config_component){
		.name = (char *)"worker", .artifact = (char *)"worker", .start = worker_start, .protocol = PROTOCOL_NONE,
	};
	s->ports[0] = (struct config_env_port){ (char *)"web", first };
	s->ports[1] = (struct config_env_port){ (char *)"db", first + 1 };
	s->env = (struct config_environment){
		.name = (char *)"prod", .driver = (char *)"host", .ports = s->ports, .nports = 2, .bind = (char *)"127.0.0.1",
		.slot_port_first = first + 2, .slot_port_last = first + PORTS_EACH - 1,
	};
	s->app = (struct config_app){
		.name = (char *)"shop", .components = s->components, .ncomponents = 3, .environments = &s->env,
		.nenvironments = 1, .verify_ms = 400, .verify_failures = 3, .verify_interval_ms = 20, .drain_ms = 5000,
	};
}

static void open_driver(struct stand *s)
{
	struct err err = { 0 };
	struct driver_ctx ctx = {
		.loop = s->loop, .http = s->http, .saver = s->saver, .launcher = s->launcher, .state_dir = s->dir,
		.app = &s->app, .env = &s->env,
		.note = noted, .note_arg = s,
	};

	s->denv = driver_host.open(&ctx, &err);
	if (!s->denv)
		fail_msg("%s", err.text);
}

int stand_set_up(void **state)
{
	struct stand *s = mem_alloc(sizeof *s);
	ssize_t n = readlink("/proc/self/exe", s->program, sizeof s->program - 1);

	*state = s;
	if (n <= 0)
		return -1;
	setenv("SLIPWAYD", s->program, 1);
	snprintf(s->root, sizeof s->root, "/tmp/slipway-host.XXXXXX");
	if (!mkdtemp(s->root))
		return -1;
	snprintf(s->dir, sizeof s->dir, "%s/" AWKWARD, s->root);
	if (!file_make_dirs(s->dir, 0700, NULL))
		return -1;
	s->loop = loop_new();
	s->http = http_new(s->loop);
	if (!saver_new(s->loop, &s->saver, NULL) || !launcher_new(s->loop, &s->launcher, NULL))
		return -1;
	s->notes = json_array();
	s->guard = loop_timer_new(s->loop, too_late, NULL);
	fill_config(s);
	open_driver(s);
	return 0;
}

int stand_tear_down(void **state)
{
	struct stand *s = *state;

	if (s->hammer > 0) {
		kill(s->hammer, SIGKILL);
		waitpid(s->hammer, NULL, 0);
		close(s->hammer_out);
	}
	if (s->denv)
		driver_host.close(s->denv);
	host_teardown(s->dir);
	file_remove_tree(s->root, NULL);
	loop_timer_free(s->guard);
	http_free(s->http);
	launcher_free(s->launcher);
	saver_free(s->saver);
	loop_free(s->loop);
	json_decref(s->notes);
	free(s);
	return 0;
}

/* ---- jobs ---- */

static void took_output(void *arg, const char *data, size_t len)
{
	struct stand *s = arg;
	size_t used = strlen(s->output);

	snprintf(s->output + used, sizeof s->output - used, "%.*s", (int)len, data);
}

/* An artifact that is no archive: a script of one line, unpacked as the program itself. */
static void write_artifact(struct stand *s, size_t i, const char *component, const char *version,
                           const char *behaviour)
{
	AUTO(mem_auto_free) char *text = mem_printf("#!/bin/sh\n# %s %s\nexec '%s' serve %s\n", component, version,
	                                           s->program, behaviour);
	AUTO(mem_auto_free) char *path = mem_printf("%s/%s-%s-%s", s->dir, component, version, behaviour);

	digest_bytes(text, strlen(text), s->digests[i]);
	snprintf(s->paths[i], sizeof s->paths[i], "%s", path);
	assert_true(file_write_atomic(s->paths[i], text, strlen(text), 0400, NULL));
	s->artifacts[i] = (struct driver_artifact){ component, s->paths[i], s->digests[i] };
}

void stand_job(struct stand *s, const char *version, const char *behaviour, enum colour target, enum colour live)
{
	write_artifact(s, 0, "web", version, behaviour);
	write_artifact(s, 1, "db", version, "tcp");
	write_artifact(s, 2, "worker", version, "worker");
	s->output[0] = '\0';
	s->job = (struct driver_job){
		.deployment = "1", .kind = KIND_DEPLOY, .version = version, .digest = version, .artifacts = s->artifacts,
		.nartifacts = 3, .target = target, .live = live, .live_version = live == COLOUR_NONE ? NULL : "before",
		.output = took_output, .output_arg = s,
	};
}

void stand_rollback_job(struct stand *s, const char *version, enum colour target, enum colour live)
{
	stand_job(s, version, "good", target, live);
	s->job.kind = KIND_ROLLBACK;
	s->job.target_is_warm = true;
}

/* ---- operations ---- */

static void done(void *arg, const struct driver_outcome *outcome)
{
	struct stand *s = arg;
	AUTO(mem_auto_free) char *detail = outcome->detail ? json_line(outcome->detail) : mem_dup("");

	s->over = true;
	s->outcome = (struct stand_outcome){ .ok = outcome->ok, .err = outcome->err };
	snprintf(s->outcome.layer, sizeof s->outcome.layer, "%s", outcome->layer ? outcome->layer : "");
	snprintf(s->outcome.tail, sizeof s->outcome.tail, "%s", outcome->tail ? outcome->tail : "");
	snprintf(s->outcome.detail, sizeof s->outcome.detail, "%s", detail);
	loop_stop(s->loop);
}

void stand_finish(struct stand *s, const char *what)
{
	if (s->over)
		fail_msg("%s: the callback came from inside the call", what);
	loop_timer_set(s->guard, GUARD_MS);
	while (!s->over)
		loop_run(s->loop);
	loop_timer_stop(s->guard);
	s->over = false;
}

void stand_run(struct stand *s, enum stage stage)
{
	driver_host.run(s->denv, &s->job, stage, done, s);
	stand_finish(s, stage_name(stage));
}

static void cancel(void *arg)
{
	struct stand *s = arg;

	driver_host.cancel(s->denv);
}

void stand_run_cancelled(struct stand *s, enum stage stage, int64_t after_ms)
{
	struct loop_timer *timer = loop_timer_new(s->loop, cancel, s);

	loop_timer_set(timer, after_ms);
	stand_run(s, stage);
	loop_timer_free(timer);
}

void stand_run_ok(struct stand *s, enum stage stage)
{
	stand_run(s, stage);
	if (!s->outcome.ok)
		fail_msg("%s: %s [%s]\n%s", stage_name(stage), s->outcome.err.text, s->outcome.layer, s->outcome.tail);
}

void stand_deploy(struct stand *s, const char *version, enum colour target, enum colour live)
{
	stand_job(s, version, "good", target, live);
	stand_run_ok(s, STAGE_FETCH);
	stand_run_ok(s, STAGE_STAGE);
	stand_run_ok(s, STAGE_START);
	stand_run_ok(s, STAGE_SWITCH);
	stand_run_ok(s, STAGE_DRAIN);
}

void stand_undo(struct stand *s)
{
	driver_host.undo(s->denv, &s->job, done, s);
	stand_finish(s, "undo");
	if (!s->outcome.ok)
		fail_msg("undo: %s", s->outcome.err.text);
}

void stand_cool(struct stand *s, enum colour colour)
{
	driver_host.cool(s->denv, colour, done, s);
	stand_finish(s, "cool");
}

static void was_probed(void *arg, enum driver_probe probe, const char *why)
{
	struct stand *s = arg;

	s->over = true;
	s->probe = probe;
	snprintf(s->why, sizeof s->why, "%s", why ? why : "");
	loop_stop(s->loop);
}

void stand_probe(struct stand *s, enum stage stage)
{
	driver_host.probe(s->denv, &s->job, stage, was_probed, s);
	stand_finish(s, "probe");
}

static void was_observed(void *arg, const struct driver_observed *observed)
{
	struct stand *s = arg;

	s->over = true;
	s->seen = *observed;
	snprintf(s->seen_version, sizeof s->seen_version, "%s", observed->version ? observed->version : "");
	snprintf(s->seen_health, sizeof s->seen_health, "%s", observed->health ? observed->health : "");
	loop_stop(s->loop);
}

void stand_observe(struct stand *s)
{
	driver_host.observe(s->denv, was_observed, s);
	stand_finish(s, "observe");
}

void stand_reconcile(struct stand *s, enum colour live, enum colour warm)
{
	struct driver_expect expect = {
		.live = live, .live_version = s->job.version, .live_digest = s->job.digest, .warm = warm,
		.live_artifacts = s->artifacts, .nlive_artifacts = live == COLOUR_NONE ? 0 : 3,
	};

	driver_host.reconcile(s->denv, &expect, done, s);
	/* It may have been on the caller's stack. */
	memset(&expect, 0xff, sizeof expect);
	stand_finish(s, "reconcile");
}

void stand_reopen(struct stand *s)
{
	if (s->denv)
		driver_host.close(s->denv);
	open_driver(s);
}

/* ---- looking from outside ---- */

static void answered(void *arg, const struct http_answer *answer)
{
	struct stand *s = arg;

	s->over = true;
	if (!answer->ok)
		snprintf(s->answer, sizeof s->answer, "%s", answer->err.text);
	else if (answer->status != 200)
		snprintf(s->answer, sizeof s->answer, "HTTP %d", answer->status);
	else
		snprintf(s->answer, sizeof s->answer, "%.*s", (int)strcspn(answer->body, "\n"), answer->body);
	loop_stop(s->loop);
}

const char *stand_get(struct stand *s, bool preview)
{
	AUTO(mem_auto_free) char *url = driver_host.url(s->denv, "web", preview);

	http_send(s->http, &(struct http_request){ .url = url, .fresh = true }, answered, s);
	stand_finish(s, "get");
	return s->answer;
}

const char *stand_db(struct stand *s)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)s->ports[1].port),
	                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ssize_t n = -1;

	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		n = recv(fd, s->answer, sizeof s->answer - 1, 0);
	close(fd);
	s->answer[n > 0 ? n : 0] = '\0';
	s->answer[strcspn(s->answer, "\n")] = '\0';
	return s->answer;
}

void stand_kill_proxy(struct stand *s)
{
	struct runit_status status;

	runit_status(s->denv->proxy_dir, &status);
	assert_true(status.pid > 1);
	kill(-status.pid, SIGKILL);
}

/* runsv is the parent of what it supervises. */
static void kill_supervisor(const char *service)
{
	AUTO(mem_auto_free) char *path = NULL;
	AUTO(buf_done) struct buf b = { 0 };
	struct runit_status status;
	int parent = 0;

	runit_status(service, &status);
	path = mem_printf("/proc/%d/stat", (int)status.pid);
	assert_true(file_read(path, 4096, &b, NULL));
	assert_int_equal(sscanf(strrchr(b.data, ')') + 1, " %*c %d", &parent), 1);
	assert_true(parent > 1);
	kill(parent, SIGKILL);
}

void stand_kill_supervisors(struct stand *s, enum colour colour)
{
	char **services = slot_services(s->dir, colour);

	for (char **service = services; *service; service++)
		kill_supervisor(*service);
	slot_services_free(services);
	kill_supervisor(s->denv->proxy_dir);
}

int stand_listen(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
	                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void admin_answered(void *arg, const char *answer, const struct err *err)
{
	char **ret = arg;

	*ret = mem_dup(answer ? answer : err->text);
}

char *stand_admin(struct stand *s, const char *command)
{
	char *answer = NULL;
	struct loop_timer *tick = loop_timer_new(s->loop, (loop_fn)loop_stop, s->loop);

	admin_send(s->loop, s->denv->proxy_dir, command, 5000, admin_answered, &answer);
	while (!answer) {
		loop_timer_set(tick, 5);
		loop_run(s->loop);
	}
	loop_timer_free(tick);
	return answer;
}

pid_t stand_pid(struct stand *s, enum colour colour, const char *component)
{
	AUTO(mem_auto_free) char *service = slot_service(s->dir, colour, component);
	struct runit_status status;

	runit_status(service, &status);
	return status.pid;
}

bool stand_is_kept_up(struct stand *s, enum colour colour, const char *component)
{
	AUTO(mem_auto_free) char *service = slot_service(s->dir, colour, component);
	struct runit_status status;

	runit_status(service, &status);
	return status.wanted;
}

int stand_notes(struct stand *s, const char *what)
{
	int n = 0;

	for (size_t i = 0; i < json_array_size(s->notes); i++)
		n += strcmp(json_text(json_object_get(json_array_get(s->notes, i), "detail"), "what"), what) == 0;
	return n;
}

void stand_hammer(struct stand *s)
{
	AUTO(mem_auto_free) char *url = driver_host.url(s->denv, "web", false);
	int fds[2];
	char ready[16];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	s->hammer = fork();
	assert_true(s->hammer >= 0);
	if (s->hammer == 0) {
		dup2(fds[1], STDOUT_FILENO);
		execl(s->program, s->program, "hammer", url, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	s->hammer_out = fds[0];
	assert_true(read(fds[0], ready, sizeof ready) > 0);
}

void stand_hammer_end(struct stand *s, long *ret_sent, long *ret_failed)
{
	char text[1024];
	ssize_t n;

	kill(s->hammer, SIGTERM);
	n = read(s->hammer_out, text, sizeof text - 1);
	waitpid(s->hammer, NULL, 0);
	s->hammer = 0;
	close(s->hammer_out);
	assert_true(n > 0);
	text[n] = '\0';
	assert_int_equal(sscanf(text, "%ld %ld", ret_sent, ret_failed), 2);
	if (*ret_failed)
		print_message("hammer: %s", text);
}
