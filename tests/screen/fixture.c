#include "tests/screen/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "backend/api/server.h"
#include "backend/base/buf.h"
#include "backend/base/clock.h"
#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/client/workspace.h"
#include "backend/proto/api.h"
#include "tests/api/double.h"
#include "tests/api/folder.h"
#include "tests/tools/scene.h"

enum { START_MS = 10000, LOOK_MS = 5, LINE_MAX_BYTES = 1024 * 1024, POSTS_MAX = 1024 * 1024 };

struct fixture {
	char *dir;
	pid_t pid;           /* 0: killed */
	int orders;          /* lines: what it shall do next; -1 */
};

/* In the child. */
struct child {
	struct engine *engine;
	char *scene, *posts;
	struct buf orders;
};

static void write_down(const struct child *c, json_t *take_post)
{
	AUTO(json_auto_decref) json_t *post = take_post;
	AUTO(mem_auto_free) char *line = json_line(post);
	FILE *out = fopen(c->posts, "ae");

	if (!out)
		return;
	fprintf(out, "%s\n", line);
	fclose(out);
}

/* The whole log as a string: the double takes the piece. */
static json_t *whole_log(const char *scene, int64_t id)
{
	AUTO(json_auto_decref) json_t *answer = scene_log(scene, id, 0, INT64_MAX);

	return json_incref(json_object_get(answer, "text"));
}

static json_t *all_results(const char *scene, int64_t id)
{
	AUTO(json_auto_decref) json_t *answer = scene_tests(scene, id, 0);

	return json_incref(json_object_get(answer, "results"));
}

static bool changes(const char *function)
{
	static const char *const names[] = { "stop", "approve", "reject", "move", "lock", "unlock", "resume", "add_build" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(function, names[i]) == 0)
			return true;
	return false;
}

/* What the scene says to this call; NULL: there is no such thing. */
static json_t *answer_to(const struct child *c, const char *function, const json_t *call)
{
	const char *q = json_text(call, "q");
	int64_t id = json_int(call, "id", 0);

	if (strcmp(function, "status") == 0)
		return scene_status(c->scene);
	if (strcmp(function, "builds") == 0)
		return scene_builds(c->scene, *q ? q : NULL, json_int(call, "offset", 0), json_int(call, "limit", 0));
	if (strcmp(function, "build") == 0)
		return scene_build(c->scene, json_text(call, "version"));
	if (strcmp(function, "metrics") == 0)
		return scene_metrics(c->scene);
	if (strcmp(function, "maturity") == 0)
		return scene_maturity(c->scene);
	if (strcmp(function, "deployments") == 0)
		return scene_deployments(c->scene, json_int(call, "before", 0));
	if (strcmp(function, "deployment") == 0)
		return scene_deployment(c->scene, id);
	if (strcmp(function, "releases") == 0)
		return scene_releases(c->scene);
	if (strcmp(function, "consistency") == 0)
		return scene_consistency(c->scene);
	if (strcmp(function, "tests") == 0)
		return all_results(c->scene, id);
	if (strcmp(function, "log") == 0)
		return whole_log(c->scene, id);
	if (strcmp(function, "deploy") == 0 || strcmp(function, "feature") == 0)
		write_down(c, json_pack("{s:O}", function, json_object_get(call, "request")));
	else if (changes(function))
		write_down(c, json_pack("{s:I}", function, (json_int_t)id));
	return json_pack("{s:i, s:s}", "id", 900, "actor", "alice");
}

static void called(void *arg, struct engine *e, const char *function)
{
	const struct child *c = arg;
	const json_t *calls = double_calls(e);
	json_t *answer = answer_to(c, function, json_array_get(calls, json_array_size(calls) - 1));

	if (answer)
		double_set_answer(e, function, answer);
	else
		double_set_error(e, function, ERR_NOT_FOUND, "the scene has no such thing");
}

/* "scene NAME", or "EVENT JSON". */
static void obey(struct child *c, char *line)
{
	char *rest = strchr(line, ' ');
	struct err err = { 0 };
	json_t *data;

	if (!rest)
		return;
	*rest++ = '\0';
	if (strcmp(line, "scene") == 0) {
		free(c->scene);
		c->scene = mem_dup(rest);
		double_append(c->engine, "deployment.started", json_object());
		return;
	}
	data = json_read(rest, strlen(rest), &err);
	if (data)
		double_event(c->engine, line, data);
}

static void orders_came(int fd, int events, void *arg)
{
	struct child *c = arg;
	char bytes[4096], *end;
	ssize_t n = read(fd, bytes, sizeof bytes);

	(void)events;
	/* The test is over. */
	if (n <= 0)
		_exit(0);
	buf_add(&c->orders, bytes, (size_t)n);
	while ((end = memchr(c->orders.data, '\n', c->orders.len))) {
		AUTO(mem_auto_free) char *line = mem_dupn(c->orders.data, (size_t)(end - c->orders.data));

		buf_drop(&c->orders, strlen(line) + 1);
		obey(c, line);
	}
}

static void stop_asked(void *arg)
{
	loop_stop(arg);
}

static _Noreturn void serve(const char *dir, const char *scene, int orders)
{
	struct loop *loop = loop_new();
	struct child c = { .engine = double_new(loop), .scene = mem_dup(scene), .posts = file_join(dir, "posts") };
	AUTO(workspace_done) struct workspace w = { 0 };
	struct server *server;
	struct err err = { 0 };

	signal(SIGPIPE, SIG_IGN);
	buf_init(&c.orders, LINE_MAX_BYTES);
	double_on_call(c.engine, called, &c);
	double_append(c.engine, "engine.started", json_object());
	if (!workspace_find(dir, &w, &err) || !server_new(loop, c.engine, w.socket, stop_asked, loop, &server, &err)) {
		fprintf(stderr, "fixture: %s\n", err.text);
		_exit(1);
	}
	loop_io_new(loop, orders, LOOP_READ, orders_came, &c);
	loop_run(loop);
	_exit(0);
}

static bool wait_until_it_answers(const struct fixture *f, struct err *err)
{
	AUTO(workspace_done) struct workspace w = { 0 };
	int64_t end = clock_mono_ms() + START_MS;

	if (!workspace_find(f->dir, &w, err))
		return false;
	while (!workspace_engine_answers(&w)) {
		if (clock_mono_ms() > end)
			return err_set(err, ERR_TIMEOUT, "the fixture's engine did not answer within %d ms", START_MS);
		nanosleep(&(struct timespec){ .tv_nsec = LOOK_MS * 1000000L }, NULL);
	}
	return true;
}

bool fixture_again(struct fixture *f, const char *scene, struct err *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_errno(err, errno, "pipe");
	f->pid = fork();
	if (f->pid == 0) {
		close(ends[1]);
		serve(f->dir, scene, ends[0]);
	}
	close(ends[0]);
	f->orders = ends[1];
	if (f->pid < 0)
		return err_errno(err, errno, "fork");
	return wait_until_it_answers(f, err);
}

struct fixture *fixture_start(const char *scene, struct err *err)
{
	AUTO(mem_auto_free) char *config = NULL;
	AUTO(mem_auto_free) char *state = NULL;
	struct fixture *f = mem_alloc(sizeof *f);

	f->orders = -1;
	/* Gone at the end of the process also when the test fails in the middle. */
	f->dir = folder_new();
	config = file_join(f->dir, "slipway.json");
	state = file_join(f->dir, API_STATE_DIR);
	if (!file_write_atomic(config, "{}\n", 3, 0600, err) || mkdir(state, 0700) != 0 || !fixture_again(f, scene, err)) {
		fixture_free(f);
		return NULL;
	}
	return f;
}

void fixture_kill(struct fixture *f)
{
	if (f->pid > 0) {
		kill(f->pid, SIGKILL);
		waitpid(f->pid, NULL, 0);
	}
	f->pid = 0;
	mem_auto_close(&f->orders);
	f->orders = -1;
}

void fixture_forget_socket(struct fixture *f)
{
	AUTO(mem_auto_free) char *state = file_join(f->dir, API_STATE_DIR);
	AUTO(mem_auto_free) char *socket = file_join(state, API_SOCKET_NAME);

	unlink(socket);
}

void fixture_free(struct fixture *f)
{
	if (!f)
		return;
	fixture_kill(f);
	folder_free(f->dir);
	free(f);
}

void fixture_auto_free(struct fixture **f)
{
	fixture_free(*f);
}

pid_t fixture_pid(const struct fixture *f)
{
	return f->pid;
}

const char *fixture_dir(const struct fixture *f)
{
	return f->dir;
}

static void order(struct fixture *f, const char *line)
{
	size_t left = strlen(line);

	while (left > 0) {
		ssize_t n = write(f->orders, line, left);

		if (n <= 0)
			return;
		line += n;
		left -= (size_t)n;
	}
}

void fixture_scene(struct fixture *f, const char *scene)
{
	AUTO(mem_auto_free) char *line = mem_printf("scene %s\n", scene);

	order(f, line);
}

void fixture_event(struct fixture *f, const char *event, json_t *take_data)
{
	AUTO(json_auto_decref) json_t *data = take_data;
	AUTO(mem_auto_free) char *text = json_line(data);
	AUTO(mem_auto_free) char *line = mem_printf("%s %s\n", event, text);

	order(f, line);
}

json_t *fixture_posts(const struct fixture *f)
{
	AUTO(mem_auto_free) char *path = file_join(f->dir, "posts");
	AUTO(buf_done) struct buf text = { 0 };
	json_t *posts = json_array();
	struct err err = { 0 };
	char *rest = NULL;

	if (!file_read(path, POSTS_MAX, &text, &err))
		return posts;
	for (char *line = strtok_r(text.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		json_array_append_new(posts, json_read(line, strlen(line), &err));
	return posts;
}
