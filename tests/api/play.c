#include "tests/api/play.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "backend/api/server.h"
#include "backend/base/buf.h"
#include "backend/base/clock.h"
#include "backend/base/err.h"
#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/proto/api.h"
#include "tests/api/double.h"
#include "tests/api/folder.h"

enum { LIFE_S = 60, SCENE_MAX = 1 << 20 };

struct play {
	struct loop *loop;
	struct engine *engine;
	json_t *scene;
	json_t *acts;          /* waiting, in order */
	size_t waited;         /* calls up to here were waited for */
	struct loop_timer *next;
	int calls;
};

static json_t *read_json(const char *path)
{
	struct buf b;
	json_t *value;

	if (!file_read(path, SCENE_MAX, &b, NULL))
		return NULL;
	value = json_read(b.data, b.len, NULL);
	buf_done(&b);
	return value;
}

static void set_answers(struct play *p, const json_t *answers)
{
	const char *function;
	json_t *answer;

	json_object_foreach((json_t *)answers, function, answer)
		double_set_answer(p->engine, function, json_incref(answer));
}

static void append(struct play *p, const json_t *row)
{
	json_t *body = json_object_get(row, "body");

	double_append(p->engine, json_text(row, "type"), body ? json_deep_copy(body) : json_object());
}

/* True when the function was called after what was waited for last. */
static bool was_called(struct play *p, const char *function)
{
	const json_t *calls = double_calls(p->engine);

	for (size_t i = p->waited; i < json_array_size(calls); i++) {
		if (strcmp(json_text(json_array_get(calls, i), "function"), function) == 0) {
			p->waited = i + 1;
			return true;
		}
	}
	return false;
}

/* One act a turn, so that what came of the last one is on its way. A wait looks again after each call. */
static void next_act(void *arg)
{
	struct play *p = arg;
	AUTO(json_auto_decref) json_t *act = json_incref(json_array_get(p->acts, 0));

	if (!act || (json_object_get(act, "wait") && !was_called(p, json_text(act, "wait"))))
		return;
	json_array_remove(p->acts, 0);
	if (json_flag(act, "die"))
		_exit(9);
	set_answers(p, json_object_get(act, "answers"));
	if (json_object_get(act, "row"))
		append(p, json_object_get(act, "row"));
	if (json_object_get(act, "event"))
		double_event(p->engine, json_text(act, "event"), json_deep_copy(json_object_get(act, "data")));
	loop_timer_set(p->next, 1);
}

static void called(void *arg, struct engine *e, const char *function)
{
	struct play *p = arg;
	const json_t *calls = double_calls(e);
	AUTO(mem_auto_free) char *line = json_line(json_array_get(calls, json_array_size(calls) - 1));
	const json_t *acts = json_object_get(json_object_get(p->scene, "acts"), function);

	if (dprintf(p->calls, "%s\n", line) < 0)
		_exit(8);
	if (strcmp(json_text(p->scene, "die_on"), function) == 0)
		_exit(9);
	if (acts)
		json_array_extend(p->acts, (json_t *)acts);
	if (json_array_size(p->acts))
		loop_timer_set(p->next, 1);
}

static json_t *next_scene(const char *dir)
{
	json_t *scene = NULL;

	for (int n = 1; n < 10; n++) {
		AUTO(mem_auto_free) char *path = mem_printf("%s/scene.%d", dir, n);
		AUTO(mem_auto_free) char *used = mem_printf("%s/scene.%d.used", dir, n);

		if (access(path, F_OK) != 0)
			break;
		json_decref(scene);
		scene = read_json(path);
		if (access(used, F_OK) != 0) {
			file_write_atomic(used, "", 0, 0600, NULL);
			break;
		}
	}
	return scene ? scene : json_object();
}

static void stop(void *arg) { loop_stop(arg); }

static void set_scene(struct play *p)
{
	const char *function;
	json_t *error, *row;
	size_t i;

	set_answers(p, json_object_get(p->scene, "answers"));
	json_object_foreach(json_object_get(p->scene, "errors"), function, error) {
		double_set_error(p->engine, function, err_kind_of(json_text(error, "kind")), json_text(error, "text"));
		if (json_object_get(error, "blocked"))
			double_set_refusals(p->engine, function, json_object_get(error, "blocked"));
	}
	double_set_status(p->engine, (int)json_int(p->scene, "http", 202));
	json_array_foreach(json_object_get(p->scene, "rows"), i, row)
		append(p, row);
	double_on_call(p->engine, called, p);
	if (json_object_get(json_object_get(p->scene, "acts"), "start"))
		json_array_extend(p->acts, json_object_get(json_object_get(p->scene, "acts"), "start"));
	loop_timer_set(p->next, 1);
}

static void hold_lock(const char *state)
{
	AUTO(mem_auto_free) char *path = file_join(state, API_ENGINE_LOCK);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) {
		fprintf(stderr, "an engine runs here already\n");
		exit(3);
	}
	dprintf(fd, "%d\n", (int)getpid());
}

static int play(const char *dir)
{
	AUTO(mem_auto_free) char *state = file_join(dir, API_STATE_DIR);
	AUTO(mem_auto_free) char *socket = file_join(state, API_SOCKET_NAME);
	AUTO(mem_auto_free) char *calls = file_join(dir, "calls");
	AUTO(mem_auto_free) char *pid_path = file_join(state, "play.pid");
	AUTO(mem_auto_free) char *pid = mem_printf("%d\n", (int)getpid());
	struct play p = { .scene = next_scene(dir), .acts = json_array() };
	struct server *server = NULL;
	struct err err = { 0 };

	alarm(LIFE_S);
	if (*json_text(p.scene, "say"))
		fprintf(stderr, "starting\n%s\n", json_text(p.scene, "say"));
	if (json_int(p.scene, "refuse", 0))
		exit((int)json_int(p.scene, "refuse", 0));
	hold_lock(state);
	p.calls = open(calls, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	p.loop = loop_new();
	p.engine = double_new(p.loop);
	p.next = loop_timer_new(p.loop, next_act, &p);
	set_scene(&p);
	if (!file_write_atomic(pid_path, pid, strlen(pid), 0600, &err)
	    || !server_new(p.loop, p.engine, socket, stop, p.loop, &server, &err)) {
		fprintf(stderr, "%s\n", err.text);
		exit(err_exit_code(err.kind));
	}
	loop_run(p.loop);
	server_free(server);
	double_free(p.engine);
	loop_timer_free(p.next);
	loop_free(p.loop);
	json_decref(p.scene);
	json_decref(p.acts);
	return 0;
}

void play_if_asked(int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], "--play-engine") != 0)
		return;
	if (argc == 4 && strcmp(argv[2], "-C") == 0)
		exit(play(argv[3]));
	if (argc == 4 && strcmp(argv[2], "audit-verify") == 0)
		printf("verified %s\n", argv[3]);
	exit(argc == 4 ? 0 : 2);
}

json_t *scene_of(const char *text)
{
	AUTO(mem_auto_free) char *copy = mem_dup(text);
	struct err err = { 0 };
	json_t *scene;

	for (char *p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	scene = json_read(copy, strlen(copy), &err);
	if (!scene) {
		fprintf(stderr, "scene: %s\n%s\n", err.text, copy);
		abort();
	}
	return scene;
}

void theatre_add_scene(struct theatre *s, json_t *take_scene)
{
	AUTO(mem_auto_free) char *line = json_line(take_scene);
	int n = 1;

	json_decref(take_scene);
	for (;; n++) {
		AUTO(mem_auto_free) char *path = mem_printf("%s/scene.%d", s->dir, n);

		if (access(path, F_OK) == 0)
			continue;
		if (!file_write_atomic(path, line, strlen(line), 0600, NULL))
			abort();
		return;
	}
}

/* The engines of tests that failed in the middle end with the test's process. */
static struct theatre *open_theatres;

static void close_left(void)
{
	for (struct theatre *s = open_theatres; s; s = s->next)
		if (s->by == getpid())
			theatre_kill_engine(s);
}

struct theatre *theatre_new(json_t *take_scene)
{
	struct theatre *s = mem_alloc(sizeof *s);
	AUTO(mem_auto_free) char *self = realpath("/proc/self/exe", NULL);
	AUTO(mem_auto_free) char *program = NULL, *text = NULL, *path = NULL, *config = NULL;

	if (!open_theatres && atexit(close_left) != 0)
		abort();
	s->next = open_theatres;
	s->by = getpid();
	open_theatres = s;
	s->dir = folder_new();
	s->bin = file_join(s->dir, "bin");
	program = file_join(s->bin, "slipwayd");
	config = file_join(s->dir, "slipway.json");
	text = mem_printf("#!/bin/sh\nexec '%s' --play-engine \"$@\"\n", self);
	s->old_path = mem_dup(getenv("PATH"));
	path = mem_printf("%s:%s", s->bin, s->old_path ? s->old_path : "/usr/bin:/bin");
	if (mkdir(s->bin, 0700) != 0 || !file_write_atomic(program, text, strlen(text), 0700, NULL)
	    || !file_write_atomic(config, "{}\n", 3, 0600, NULL) || setenv("PATH", path, 1) != 0)
		abort();
	if (take_scene)
		theatre_add_scene(s, take_scene);
	return s;
}

json_t *theatre_calls(const struct theatre *s)
{
	AUTO(mem_auto_free) char *path = file_join(s->dir, "calls");
	json_t *calls = json_array();
	struct buf b;

	if (!file_read(path, 64 << 20, &b, NULL))
		return calls;
	for (char *line = b.data, *end; (end = strchr(line, '\n')); line = end + 1)
		json_array_append_new(calls, json_read(line, (size_t)(end - line), NULL));
	buf_done(&b);
	return calls;
}

int theatre_count(const struct theatre *s, const char *function)
{
	AUTO(json_auto_decref) json_t *calls = theatre_calls(s);
	const json_t *call;
	int n = 0;
	size_t i;

	json_array_foreach(calls, i, call)
		n += strcmp(json_text(call, "function"), function) == 0;
	return n;
}

static bool lock_is_held(const struct theatre *s)
{
	AUTO(mem_auto_free) char *path = mem_printf("%s/" API_STATE_DIR "/" API_ENGINE_LOCK, s->dir);
	AUTO(mem_auto_close) int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0;
}

bool theatre_engine_runs(const struct theatre *s)
{
	return lock_is_held(s);
}

void theatre_kill_engine(struct theatre *s)
{
	AUTO(mem_auto_free) char *path = mem_printf("%s/" API_STATE_DIR "/play.pid", s->dir);
	int64_t deadline = clock_mono_ms() + 10000;
	struct timespec nap = { .tv_nsec = 1000000 };
	struct buf b;

	/* The lock says that the pid is still the engine's. */
	if (!lock_is_held(s) || !file_read(path, 100, &b, NULL))
		return;
	kill((pid_t)strtol(b.data, NULL, 10), SIGKILL);
	buf_done(&b);
	while (lock_is_held(s) && clock_mono_ms() < deadline)
		nanosleep(&nap, NULL);
}

void theatre_free(struct theatre *s)
{
	if (!s)
		return;
	theatre_kill_engine(s);
	for (struct theatre **p = &open_theatres; *p; p = &(*p)->next) {
		if (*p == s) {
			*p = s->next;
			break;
		}
	}
	if (s->old_path)
		setenv("PATH", s->old_path, 1);
	folder_free(s->dir);
	free(s->bin);
	free(s->old_path);
	free(s);
}
