/*
 * slipwayd: the engine, and the small tools that it runs as child processes of itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/api/server.h"
#include "backend/artifact/artifact.h"
#include "backend/artifact/manifest.h"
#include "backend/base/clean.h"
#include "backend/base/file.h"
#include "backend/base/log.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/config/config.h"
#include "backend/drivers/host/teardown.h"
#include "backend/engine/engine.h"
#include "backend/engine/replay.h"
#include "backend/proto/api.h"
#include "backend/report/tool.h"
#include "backend/store/verify.h"

static int schema_tool(int argc, char **argv)
{
	if (argc > 2 || (argc == 2 && strcmp(argv[1], "groups") != 0)) {
		fprintf(stderr, "usage: slipwayd schema [groups]\n");
		return 2;
	}
	if (argc == 2)
		config_write_groups_schema(stdout);
	else
		config_write_schema(stdout);
	return ferror(stdout) ? 1 : 0;
}

static int teardown_tool(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: slipwayd teardown STATE-DIR\n");
		return 2;
	}
	return host_teardown(argv[1]);
}

static const struct tool {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} tools[] = {
	{ "artifact-import", artifact_tool, "copy artifacts into the content-addressed store" },
	{ "artifact-unpack", artifact_tool, "check and unpack one artifact" },
	{ "audit-verify", verify_tool, "check the hash chain of an exported journal" },
	{ "manifest", manifest_tool, "print what CI signs: a build's manifest" },
	{ "report-read", report_tool, "read test reports and print one JSON line a result" },
	{ "schema", schema_tool, "print the JSON Schema of slipway.json, or of groups.json" },
	{ "teardown", teardown_tool, "stop every process of a workspace's environments" },
};

static void usage(FILE *out)
{
	fprintf(out, "usage: slipwayd [-C DIR] [-g GROUP]   runs the engine of the workspace DIR in the foreground;\n"
	        "                                      -g: the members of GROUP may talk to it too\n"
	        "       slipwayd -C DIR -r FILE [-s SPEED]  plays an exported journal in DIR, a folder for that alone,\n"
	        "                                      for as long as somebody looks at it\n"
	        "       slipwayd TOOL [ARG…]\n\nTools:\n");
	for (size_t i = 0; i < ARRAY_LEN(tools); i++)
		fprintf(out, "  %-16s  %s\n", tools[i].name, tools[i].help);
}

static int fail(const struct err *err)
{
	AUTO(mem_auto_free) char *text = clean_dup(err->text, CLEAN_LINE);

	fprintf(stderr, "slipwayd: %s\n", text);
	return err_exit_code(err->kind);
}

/* Held for the engine's life; the file names the holder. The descriptor is never closed on purpose. */
static bool hold_lock(const char *state_dir, struct err *err)
{
	AUTO(mem_auto_free) char *path = file_join(state_dir, "engine.lock");
	char pid[32] = "";
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return err_errno(err, errno, "open %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		ssize_t n = pread(fd, pid, sizeof pid - 1, 0);

		pid[n > 0 ? strcspn(pid, "\n") : 0] = '\0';
		close(fd);
		return err_set(err, ERR_LOCKED, "an engine runs here already (pid %s)", *pid ? pid : "unknown");
	}
	snprintf(pid, sizeof pid, "%d\n", (int)getpid());
	if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, strlen(pid), 0) < 0)
		return err_errno(err, errno, "write %s", path);
	return true;
}

static void stop(void *arg)
{
	loop_stop(arg);
}

/*
 * Who may open the socket. The kernel keeps all others out: the state folder can only be entered by its owner, and with
 * a group by that group's members, who can neither list it nor read a file in it; what they may change is decided by
 * their uid (the roles of slipway.json).
 */
static bool admit(const char *state_dir, const char *socket, const char *group, struct err *err)
{
	const struct group *gr = group ? getgrnam(group) : NULL;

	if (!group)
		return chmod(state_dir, 0700) == 0 || err_errno(err, errno, "close %s", state_dir);
	if (!gr)
		return err_set(err, ERR_CONFIG, "there is no group \"%.60s\" on this machine", group);
	if (chown(socket, (uid_t)-1, gr->gr_gid) != 0 || chmod(socket, 0660) != 0)
		return err_errno(err, errno, "open %s to the group %s", socket, group);
	if (chown(state_dir, (uid_t)-1, gr->gr_gid) != 0 || chmod(state_dir, 0710) != 0)
		return err_errno(err, errno, "open %s to the group %s", state_dir, group);
	return true;
}

/* What the engine is to be. */
struct options { const char *dir, *group, *replay, *speed; };

/* A replay serves those who look at it: without any it ends soon, and its folder goes with it. */
struct audience { struct loop *loop; struct server *server; struct loop_timer *timer; int empty; };

static void count_audience(void *arg)
{
	enum { LOOK_MS = 1000, EMPTY_MOST = 10 };
	struct audience *a = arg;

	a->empty = server_followers(a->server) > 0 ? 0 : a->empty + 1;
	if (a->empty >= EMPTY_MOST)
		loop_stop(a->loop);
	else
		loop_timer_set(a->timer, LOOK_MS);
}

static bool begin_replay(struct loop *loop, const struct options *o, const char *dir, struct engine **ret,
                         struct err *err)
{
	char *end;
	double speed = o->speed ? strtod(o->speed, &end) : 1;

	if (o->speed && (*end || end == o->speed || !(speed > 0) || speed > REPLAY_SPEED_MOST))
		return err_set(err, ERR_USAGE, "the speed must be a number above 0, at most %d, not \"%.40s\"", REPLAY_SPEED_MOST,
		               o->speed);
	return replay_new(loop, dir, o->replay, speed, ret, err);
}

static bool serve(struct loop *loop, const char *dir, const char *state_dir, const struct options *o, struct err *err)
{
	struct audience audience = { .loop = loop };
	AUTO(mem_auto_free) char *socket = file_join(state_dir, API_SOCKET_NAME);
	struct loop_signal *term = loop_signal_new(loop, SIGTERM, stop, loop);
	struct loop_signal *interrupt = loop_signal_new(loop, SIGINT, stop, loop);
	struct engine *engine = NULL;
	struct server *server = NULL;
	bool ok = (o->replay ? begin_replay(loop, o, dir, &engine, err) : engine_new(loop, dir, &engine, err))
		&& server_new(loop, engine, socket, stop, loop, &server, err) && admit(state_dir, socket, o->group, err);

	if (ok && o->replay) {
		audience.server = server;
		audience.timer = loop_timer_new(loop, count_audience, &audience);
		loop_timer_set(audience.timer, 0);
	}
	if (ok) {
		log_line(LOG_LEVEL_INFO, "slipwayd " SLIPWAY_VERSION " serves %s, pid %d", dir, (int)getpid());
		loop_run(loop);
		log_line(LOG_LEVEL_INFO, "stopped; applications and their HAProxy go on");
	}
	loop_timer_free(audience.timer);
	server_free(server);
	engine_free(engine);
	loop_signal_free(term);
	loop_signal_free(interrupt);
	return ok;
}

static int run_engine(const struct options *o)
{
	AUTO(mem_auto_free) char *dir = realpath(o->dir, NULL);
	AUTO(mem_auto_free) char *state_dir = NULL;
	struct err err = { 0 };
	struct loop *loop;
	bool ok;

	if (!dir) {
		err_errno(&err, errno, "open the workspace %s", o->dir);
		err.kind = ERR_CONFIG;
		return fail(&err);
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	umask(077);
	state_dir = file_join(dir, API_STATE_DIR);
	if (!file_make_dirs(state_dir, 0700, &err) || !file_check_owner(state_dir, &err) || !hold_lock(state_dir, &err))
		return fail(&err);
	loop = loop_new();
	ok = serve(loop, dir, state_dir, o, &err);
	loop_free(loop);
	if (ok && o->replay)
		ok = file_remove_tree(dir, &err);
	return ok ? 0 : fail(&err);
}

int main(int argc, char **argv)
{
	struct options o = { .dir = "." };
	int option;

	for (size_t i = 0; argc > 1 && i < ARRAY_LEN(tools); i++)
		if (strcmp(argv[1], tools[i].name) == 0)
			return tools[i].run(argc - 1, argv + 1);
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "--version") == 0)) {
		if (argv[1][2] == 'v')
			puts("slipwayd " SLIPWAY_VERSION);
		else
			usage(stdout);
		return 0;
	}
	while ((option = getopt(argc, argv, "C:g:r:s:")) != -1) {
		if (option == 'C') {
			o.dir = optarg;
		} else if (option == 'g') {
			o.group = optarg;
		} else if (option == 'r') {
			o.replay = optarg;
		} else if (option == 's') {
			o.speed = optarg;
		} else {
			usage(stderr);
			return 2;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "slipwayd: there is no tool \"%s\"\n", argv[optind]);
		usage(stderr);
		return 2;
	}
	return run_engine(&o);
}
