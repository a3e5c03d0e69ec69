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
#include "backend/engine/engine.h"
#include "backend/proto/api.h"
#include "tests/tools/scene.h"

enum { START_MS = 10000, LOOK_MS = 5, LINE_MAX_BYTES = 1024 * 1024, POSTS_MAX = 1024 * 1024 };

struct fixture {
	char *dir;
	pid_t pid;           /* 0: killed */
	int orders;          /* lines: what it shall do next; -1 */
};

/* In the child. */
struct engine {
	char *scene, *posts;
	json_t *rows;
	struct buf orders;
	engine_event_fn event_fn;
	engine_row_fn row_fn;
	void *listener;
};

static bool give(json_t *answer, json_t **ret, struct err *err)
{
	if (!answer)
		return err_set(err, ERR_NOT_FOUND, "the scene has no such thing");
	*ret = answer;
	return true;
}

void engine_listen(struct engine *e, engine_event_fn event_fn, engine_row_fn row_fn, void *arg)
{
	e->event_fn = event_fn;
	e->row_fn = row_fn;
	e->listener = arg;
}

bool engine_status(struct engine *e, const struct engine_caller *who, const char *app, json_t **ret, struct err *err)
{
	(void)who;
	(void)app;
	return give(scene_status(e->scene), ret, err);
}

bool engine_builds(struct engine *e, const char *app, const char *q, int offset, int limit, json_t **ret,
                   struct err *err)
{
	(void)app;
	return give(scene_builds(e->scene, q && *q ? q : NULL, offset, limit), ret, err);
}

bool engine_build(struct engine *e, const char *app, const char *version, json_t **ret, struct err *err)
{
	(void)app;
	return give(scene_build(e->scene, version), ret, err);
}

bool engine_deployments(struct engine *e, const char *app, const char *environment, int64_t before, int limit,
                        json_t **ret, struct err *err)
{
	(void)app;
	(void)environment;
	(void)limit;
	return give(scene_deployments(e->scene, before), ret, err);
}

bool engine_deployment(struct engine *e, int64_t id, json_t **ret, struct err *err)
{
	return give(scene_deployment(e->scene, id), ret, err);
}

bool engine_tests(struct engine *e, int64_t id, int from, int limit, json_t **ret, struct err *err)
{
	(void)limit;
	return give(scene_tests(e->scene, id, from), ret, err);
}

bool engine_log(struct engine *e, int64_t id, int64_t from, int64_t limit, json_t **ret, struct err *err)
{
	return give(scene_log(e->scene, id, from, limit), ret, err);
}

bool engine_journal(struct engine *e, int64_t since, int limit, json_t **ret, struct err *err)
{
	json_t *page = json_array();
	int64_t seq = (int64_t)json_array_size(e->rows);

	for (int64_t i = since; i < seq && (int)json_array_size(page) < limit; i++)
		json_array_append(page, json_array_get(e->rows, (size_t)i));
	return give(json_pack("{s:I, s:o}", "seq", (json_int_t)seq, "rows", page), ret, err);
}

static void write_down(struct engine *e, json_t *take_post)
{
	AUTO(json_auto_decref) json_t *post = take_post;
	AUTO(mem_auto_free) char *line = json_line(post);
	FILE *out = fopen(e->posts, "ae");

	if (!out)
		return;
	fprintf(out, "%s\n", line);
	fclose(out);
}

bool engine_deploy(struct engine *e, const struct engine_caller *who, const json_t *request, int *ret_status,
                   json_t **ret, struct err *err)
{
	write_down(e, json_pack("{s:o}", "deploy", json_deep_copy(request)));
	*ret_status = 202;
	return give(json_pack("{s:i, s:s}", "id", 900, "actor", who->name), ret, err);
}

bool engine_stop(struct engine *e, const struct engine_caller *who, int64_t id, const json_t *request, json_t **ret,
                 struct err *err)
{
	(void)request;
	write_down(e, json_pack("{s:I}", "stop", (json_int_t)id));
	return give(json_pack("{s:I, s:s}", "id", (json_int_t)id, "actor", who->name), ret, err);
}

bool engine_approve(struct engine *e, const struct engine_caller *who, int64_t id, const json_t *request, bool rejects,
                    json_t **ret, struct err *err)
{
	(void)request;
	write_down(e, json_pack("{s:I}", rejects ? "reject" : "approve", (json_int_t)id));
	return give(json_pack("{s:I, s:s}", "id", (json_int_t)id, "actor", who->name), ret, err);
}

bool engine_hold(struct engine *e, const struct engine_caller *who, const char *environment, enum engine_hold what,
                 const json_t *request, json_t **ret, struct err *err)
{
	static const char *const names[] = { [ENGINE_LOCK] = "lock", [ENGINE_UNLOCK] = "unlock", [ENGINE_RESUME] = "resume" };

	(void)who;
	write_down(e, json_pack("{s:o}", names[what], json_deep_copy(request)));
	return give(json_pack("{s:s}", "name", environment), ret, err);
}

bool engine_may_end(struct engine *e, const struct engine_caller *who, struct err *err)
{
	(void)e;
	(void)who;
	(void)err;
	return true;
}

void engine_add_build(struct engine *e, const struct engine_caller *who, const json_t *request, engine_answer_fn fn,
                      void *arg)
{
	struct err err = { 0 };

	(void)e;
	(void)who;
	(void)request;
	err_set(&err, ERR_REFUSED, "a scene takes no builds");
	fn(arg, 409, NULL, &err);
}

void engine_audit(struct engine *e, engine_answer_fn fn, void *arg)
{
	(void)e;
	fn(arg, 404, NULL, &(struct err){ .kind = ERR_NOT_FOUND, .text = "a scene has no chain" });
}

static void append_row(struct engine *e, const char *type)
{
	json_t *row = json_pack("{s:i, s:I, s:s, s:s, s:{}, s:s}", "seq", (int)json_array_size(e->rows) + 1, "at",
	                        (json_int_t)SCENE_WALL_MS, "actor", "alice", "type", type, "body", "hash", "00");

	json_array_append_new(e->rows, row);
	if (e->row_fn)
		e->row_fn(e->listener, row);
}

/* "scene NAME", or "EVENT JSON". */
static void obey(struct engine *e, char *line)
{
	char *rest = strchr(line, ' ');
	struct err err = { 0 };
	json_t *data;

	if (!rest)
		return;
	*rest++ = '\0';
	if (strcmp(line, "scene") == 0) {
		free(e->scene);
		e->scene = mem_dup(rest);
		append_row(e, "deployment.started");
		return;
	}
	data = json_read(rest, strlen(rest), &err);
	if (data && e->event_fn)
		e->event_fn(e->listener, line, data);
	json_decref(data);
}

static void orders_came(int fd, int events, void *arg)
{
	struct engine *e = arg;
	char bytes[4096], *end;
	ssize_t n = read(fd, bytes, sizeof bytes);

	(void)events;
	/* The test is over. */
	if (n <= 0)
		_exit(0);
	buf_add(&e->orders, bytes, (size_t)n);
	while ((end = memchr(e->orders.data, '\n', e->orders.len))) {
		AUTO(mem_auto_free) char *line = mem_dupn(e->orders.data, (size_t)(end - e->orders.data));

		buf_drop(&e->orders, strlen(line) + 1);
		obey(e, line);
	}
}

static void stop_asked(void *arg)
{
	loop_stop(arg);
}

static _Noreturn void serve(const char *dir, const char *scene, int orders)
{
	struct loop *loop = loop_new();
	struct engine e = { .scene = mem_dup(scene), .posts = file_join(dir, "posts"), .rows = json_array() };
	AUTO(workspace_done) struct workspace w = { 0 };
	struct server *server;
	struct err err = { 0 };

	signal(SIGPIPE, SIG_IGN);
	buf_init(&e.orders, LINE_MAX_BYTES);
	append_row(&e, "engine.started");
	if (!workspace_find(dir, &w, &err) || !server_new(loop, &e, w.socket, stop_asked, loop, &server, &err)) {
		fprintf(stderr, "fixture: %s\n", err.text);
		_exit(1);
	}
	loop_io_new(loop, orders, LOOP_READ, orders_came, &e);
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
	const char *tmp = getenv("TMPDIR");
	AUTO(mem_auto_free) char *config = NULL;
	AUTO(mem_auto_free) char *state = NULL;
	struct fixture *f = mem_alloc(sizeof *f);

	f->orders = -1;
	f->dir = mem_printf("%s/slipway-screen.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(f->dir)) {
		err_errno(err, errno, "mkdtemp %s", f->dir);
		free(f->dir);
		free(f);
		return NULL;
	}
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

void fixture_free(struct fixture *f)
{
	if (!f)
		return;
	fixture_kill(f);
	file_remove_tree(f->dir, NULL);
	free(f->dir);
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
