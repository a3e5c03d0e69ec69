#include "views/command/sign.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/base/buf.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/client/workspace.h"

enum { SAID_MAX = 4 * 1024 * 1024, WORDS_MOST = 1000 };

extern char **environ;

/* Its standard input: the text, without a writer that could block. */
static int input_of(const char *text, struct err *err)
{
	int fd = memfd_create("manifest", MFD_CLOEXEC);
	size_t len = strlen(text);

	if (fd >= 0 && write(fd, text, len) == (ssize_t)len && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	err_errno(err, errno, "hold the manifest");
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool spawn(char *const argv[], int in, int out, pid_t *ret_pid, struct err *err)
{
	posix_spawn_file_actions_t actions;
	int failed;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	failed = posix_spawnp(ret_pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return !failed || err_errno(err, failed, "run %s", argv[0]);
}

/* What it prints; its errors go to ours. NULL when it fails. Yours. */
static char *output_of(char *const argv[], const char *input, struct err *err)
{
	AUTO(mem_auto_close) int in = input_of(input, err);
	AUTO(mem_auto_close) int from = -1;
	AUTO(buf_done) struct buf said = { 0 };
	int pipes[2], status = 0;
	char piece[4096];
	pid_t pid = 0;
	ssize_t n;
	bool ok;

	buf_init(&said, SAID_MAX);
	if (in < 0)
		return NULL;
	if (pipe2(pipes, O_CLOEXEC) != 0) {
		err_errno(err, errno, "make a pipe");
		return NULL;
	}
	from = pipes[0];
	ok = spawn(argv, in, pipes[1], &pid, err);
	close(pipes[1]);
	if (!ok)
		return NULL;
	while ((n = read(from, piece, sizeof piece)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			buf_add(&said, piece, (size_t)n);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return buf_detach(&said);
	err_set(err, ERR_USAGE, "%s refused; it said why above", argv[0]);
	return NULL;
}

static void add_word(char **words, size_t *n, char *take_word)
{
	if (*n < WORDS_MOST - 1)
		words[(*n)++] = take_word;
	else
		free(take_word);
}

static char *manifest_of(const json_t *request, struct err *err)
{
	char **words = mem_array(WORDS_MOST, sizeof *words), *text;
	const char *component;
	const json_t *item;
	size_t n = 0, i;

	add_word(words, &n, workspace_engine_program());
	add_word(words, &n, mem_dup("manifest"));
	add_word(words, &n, mem_dup(json_text(request, "app")));
	add_word(words, &n, mem_dup(json_text(request, "version")));
	json_object_foreach(json_object_get(request, "artifacts"), component, item)
		add_word(words, &n, mem_printf("%s=%s", component, json_string_value(item)));
	json_array_foreach(json_object_get(request, "features"), i, item)
		add_word(words, &n, mem_printf("+%s", json_string_value(item)));
	json_array_foreach(json_object_get(request, "migrations"), i, item)
		add_word(words, &n, mem_printf("@%s%s", json_text(item, "id"),
		                               json_flag(item, "reversible") ? "" : ":irreversible"));
	text = output_of(words, "", err);
	for (i = 0; i < n; i++)
		free(words[i]);
	free(words);
	return text;
}

bool sign_build(const char *key, json_t *request, struct err *err)
{
	AUTO(mem_auto_free) char *manifest = manifest_of(request, err);
	AUTO(mem_auto_free) char *path = mem_dup(key);
	AUTO(mem_auto_free) char *signature = NULL;
	char program[] = "ssh-keygen", y[] = "-Y", sign[] = "sign", quiet[] = "-q", f[] = "-f", n[] = "-n",
	     namespace[] = "slipway-build";
	char *const argv[] = { program, y, sign, quiet, f, path, n, namespace, NULL };

	if (!manifest || !(signature = output_of(argv, manifest, err)))
		return err_wrap(err, "sign the build with %s", key);
	json_put_text(request, "signature", signature);
	return true;
}
