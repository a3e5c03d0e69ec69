/* What `slipway init` writes is valid, runs, and never takes the place of anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "backend/base/buf.h"
#include "backend/base/file.h"
#include "backend/base/mem.h"
#include "backend/config/config.h"
#include "backend/config/starter.h"

struct folder { char dir[64]; pid_t server; struct err err; };

static int begin(void **state)
{
	struct folder *f = mem_alloc(sizeof *f);

	memcpy(f->dir, "/tmp/slipway-starter.XXXXXX", sizeof "/tmp/slipway-starter.XXXXXX");
	*state = f;
	return mkdtemp(f->dir) ? 0 : -1;
}

static int end(void **state)
{
	struct folder *f = *state;

	if (f->server > 0) {
		kill(f->server, SIGKILL);
		waitpid(f->server, NULL, 0);
	}
	file_remove_tree(f->dir, NULL);
	free(f);
	return 0;
}

static void the_starter_is_a_valid_configuration(void **state)
{
	struct folder *f = *state;
	struct config *config = NULL;
	struct config_mistakes mistakes;
	const struct config_app *app;

	assert_true(config_starter(f->dir, &f->err));
	if (!config_load(f->dir, &config, &mistakes))
		fail_msg("line %d: %s", mistakes.items[0].line, mistakes.items[0].text);
	app = config_app(config, "hello");
	assert_non_null(app);
	assert_false(config_environment(app, "dev")->is_protected);
	assert_true(config_environment(app, "prod")->is_protected);
	assert_int_equal(app->nsmoke, 1);
	assert_int_equal(app->acceptance[0].report, REPORT_TAP);
	config_mistakes_done(&mistakes);
	config_free(config);
}

static void every_file_is_named_and_there(void **state)
{
	struct folder *f = *state;
	size_t n = 0;

	assert_true(config_starter(f->dir, &f->err));
	for (const char *const *name = config_starter_files(); *name; name++, n++) {
		AUTO(mem_auto_free) char *path = file_join(f->dir, *name);
		struct stat st;

		assert_int_equal(stat(path, &st), 0);
		assert_true(st.st_size > 0);
		assert_int_equal(st.st_mode & 022, 0);
	}
	assert_int_equal(n, 6);
}

static void files_that_are_there_are_all_named_and_nothing_is_written(void **state)
{
	AUTO(mem_auto_free) char *json = NULL;
	AUTO(mem_auto_free) char *accept = NULL;
	AUTO(mem_auto_free) char *hello = NULL;
	AUTO(buf_done) struct buf text = { 0 };
	struct folder *f = *state;

	json = file_join(f->dir, "slipway.json");
	accept = file_join(f->dir, "tests/accept");
	hello = file_join(f->dir, "hello");
	assert_true(file_write_atomic(json, "mine", 4, 0600, &f->err));
	*strrchr(accept, '/') = '\0';
	assert_int_equal(mkdir(accept, 0700), 0);
	accept[strlen(accept)] = '/';
	assert_int_equal(symlink("/nowhere", accept), 0);

	assert_false(config_starter(f->dir, &f->err));

	assert_int_equal(f->err.kind, ERR_CONFLICT);
	assert_non_null(strstr(f->err.text, "holds slipway.json, tests/accept already"));
	assert_true(file_read(json, 100, &text, &f->err));
	assert_string_equal(text.data, "mine");
	assert_int_equal(access(hello, F_OK), -1);
}

/* A port that was free a moment ago. */
static int free_port(void)
{
	AUTO(mem_auto_close) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof address;

	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	return ntohs(address.sin_port);
}

static bool accepts(int port)
{
	AUTO(mem_auto_close) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	                               .sin_port = htons((uint16_t)port) };

	return connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
}

/* Starts a program as the host driver does: in a folder, PATH searched, with these variables; output to a file. */
static pid_t start(const struct folder *f, const char *dir, char **argv, char **env, const char *output)
{
	AUTO(mem_auto_free) char *out = file_join(f->dir, output);
	pid_t pid = fork();

	if (pid == 0) {
		int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		if (fd < 0 || chdir(dir) != 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
			_exit(126);
		setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
		execvpe(argv[0], argv, env);
		_exit(127);
	}
	assert_true(pid > 0);
	return pid;
}

static char *output_of(const struct folder *f, const char *name)
{
	AUTO(mem_auto_free) char *path = file_join(f->dir, name);
	struct buf b;

	assert_true(file_read(path, 1 << 20, &b, NULL));
	return b.data;
}

/* false when the server ended instead. */
static bool comes_up(struct folder *f, int port)
{
	for (int i = 0; i < 1000 && !accepts(port); i++) {
		if (waitpid(f->server, NULL, WNOHANG) == f->server) {
			f->server = 0;
			return false;
		}
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	return accepts(port);
}

/* Somebody may take the free port before the server does: then another one is tried. */
static int serve(struct folder *f, const struct config_app *app)
{
	AUTO(mem_auto_free) char *dir = file_join(f->dir, "hello");
	AUTO(mem_auto_free) char *said = NULL;

	for (int i = 0; i < 5; i++) {
		int port = free_port();
		AUTO(mem_auto_free) char *port_var = mem_printf("PORT=%d", port);
		char *env[] = { port_var, (char *)"SLIPWAY_VERSION=1.0.0", (char *)"SLIPWAY_ENVIRONMENT=dev", NULL };

		f->server = start(f, dir, app->components[0].start, env, "server.log");
		if (comes_up(f, port))
			return port;
	}
	said = output_of(f, "server.log");
	fail_msg("the starter's component does not come up: %s", said);
	return 0;
}

static void the_starter_serves_and_passes_its_own_tests(void **state)
{
	struct folder *f = *state;
	AUTO(mem_auto_free) char *url_var = NULL;
	AUTO(mem_auto_free) char *said = NULL;
	char *env[] = { NULL, (char *)"SLIPWAY_VERSION=1.0.0", NULL };
	struct config *config = NULL;
	struct config_mistakes mistakes;
	const struct config_app *app;
	pid_t suite;
	int status;

	assert_true(config_starter(f->dir, &f->err));
	assert_true(config_load(f->dir, &config, &mistakes));
	app = config_app(config, NULL);
	url_var = mem_printf("SLIPWAY_URL_HELLO=http://127.0.0.1:%d", serve(f, app));

	env[0] = url_var;
	suite = start(f, f->dir, app->acceptance[0].command, env, "tap");

	assert_int_equal(waitpid(suite, &status, 0), suite);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	said = output_of(f, "tap");
	assert_string_equal(said, "1..4\nok 1 - the front page is there\nok 2 - the front page names the version\n"
	                    "ok 3 - it says that it is well\nok 4 - an unknown page is not found\n");
	config_mistakes_done(&mistakes);
	config_free(config);
}

static void its_tests_fail_when_nobody_answers(void **state)
{
	struct folder *f = *state;
	AUTO(mem_auto_free) char *url_var = mem_printf("SLIPWAY_URL_HELLO=http://127.0.0.1:%d", free_port());
	AUTO(mem_auto_free) char *said = NULL;
	pid_t suite;

	assert_true(config_starter(f->dir, &f->err));
	suite = start(f, f->dir, (char *[]){ (char *)"tests/accept", NULL },
	              (char *[]){ url_var, (char *)"SLIPWAY_VERSION=1.0.0", NULL }, "tap");
	assert_int_equal(waitpid(suite, NULL, 0), suite);
	said = output_of(f, "tap");
	assert_non_null(strstr(said, "not ok 1 - the front page is there\n"));
	assert_null(strstr(said, "\nok "));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_starter_is_a_valid_configuration),
		TEST(every_file_is_named_and_there),
		TEST(files_that_are_there_are_all_named_and_nothing_is_written),
		TEST(the_starter_serves_and_passes_its_own_tests),
		TEST(its_tests_fail_when_nobody_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
