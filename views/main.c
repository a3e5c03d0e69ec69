/* slipway: the console, or one command. */
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/clean.h"
#include "backend/base/err.h"
#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/client/client.h"
#include "backend/client/workspace.h"
#include "views/command/command.h"
#include "views/plain.h"
#include "views/shell.h"

enum { END_MS = 2000 };

struct options {
	const char *dir, *app, *replay, *speed;
	bool read_only, slow, ascii, plain;
};

static bool set_switch(struct options *o, const char *word)
{
	const struct { const char *name; bool *value; } switches[] = {
		{ "--read-only", &o->read_only }, { "--slow", &o->slow }, { "--ascii", &o->ascii }, { "--plain", &o->plain },
	};

	for (size_t i = 0; i < ARRAY_LEN(switches); i++)
		if (strcmp(word, switches[i].name) == 0)
			return *switches[i].value = true;
	return false;
}

/* "--app NAME" and "--app=NAME" alike; *i is the last word that was used. */
static bool set_value(struct options *o, int argc, char **argv, int *i)
{
	const struct { const char *name; const char **value; } values[] = {
		{ "--app", &o->app }, { "--replay", &o->replay }, { "--speed", &o->speed },
	};

	for (size_t k = 0; k < ARRAY_LEN(values); k++) {
		size_t len = strlen(values[k].name);

		if (strcmp(argv[*i], values[k].name) == 0 && *i + 1 < argc)
			*values[k].value = argv[++*i];
		else if (strncmp(argv[*i], values[k].name, len) == 0 && argv[*i][len] == '=')
			*values[k].value = argv[*i] + len + 1;
		else
			continue;
		return true;
	}
	return false;
}

/* False: there is a word that is no flag of the console's; a command, or a mistake, which is the commands' to name. */
static bool parse(int argc, char **argv, struct options *o)
{
	for (int i = 1; i < argc; i++) {
		if (set_switch(o, argv[i]) || set_value(o, argc, argv, &i))
			continue;
		if (strcmp(argv[i], "-C") == 0 && i + 1 < argc)
			o->dir = argv[++i];
		else if (strncmp(argv[i], "-C", 2) == 0 && argv[i][2])
			o->dir = argv[i] + 2;
		else
			return false;
	}
	return true;
}

static bool is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value && *value && strcmp(value, "0") != 0;
}

static bool wants_plain(const struct options *o)
{
	const char *term = getenv("TERM");

	return o->plain || is_set("ACCESSIBLE") || !term || !*term || strcmp(term, "dumb") == 0 ||
	       !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO);
}

static int fail(const struct err *err)
{
	AUTO(mem_auto_free) char *text = clean_dup(err->text, CLEAN_TEXT);

	fprintf(stderr, "slipway: %s\n", text);
	return err_exit_code(err->kind);
}

/* Nothing forks once the screen is ours, so the engine is seen to before; later it is another process that forks. */
static bool open_workspace(const struct options *o, struct workspace *w, struct err *err)
{
	if (!o->replay && o->speed)
		return err_set(err, ERR_USAGE, "--speed goes with --replay FILE");
	if (!o->replay)
		return workspace_find(o->dir, w, err) && (workspace_engine_answers(w) || workspace_start_engine(w, err));
	if (!workspace_for_replay(o->replay, o->speed, w, err))
		return false;
	if (workspace_start_engine(w, err))
		return true;
	workspace_remove(w);
	return false;
}

static int show(const struct options *o, const struct workspace *w)
{
	struct err err = { 0 };
	int code = 0;

	if (wants_plain(o)) {
		struct plain_options plain = { .socket = w->socket, .app = o->app, .read_only = o->read_only };

		return plain_run(&plain);
	}
	if (!shell_run(&(struct shell_options){ .socket = w->socket, .app = o->app, .read_only = o->read_only,
	                                        .dir = o->replay ? NULL : w->dir, .slow = o->slow, .ascii = o->ascii }, &code, &err))
		return fail(&err);
	return code;
}

/* The engine of a replay ends by itself when nobody looks at it any more; it need not wait for that. */
static void end_replay(const struct workspace *w)
{
	AUTO(json_auto_decref) json_t *answer = NULL;
	struct loop *loop = loop_new();
	struct client *client = client_new(loop, w->socket);

	client_ask(client, "POST", "/v1/engine/stop", NULL, END_MS, &answer, NULL);
	client_free(client);
	loop_free(loop);
}

static int run_console(const struct options *o)
{
	AUTO(workspace_done) struct workspace w = { 0 };
	struct err err = { 0 };
	int code;

	if (!open_workspace(o, &w, &err))
		return fail(&err);
	code = show(o, &w);
	if (o->replay)
		end_replay(&w);
	return code;
}

/* Whatever is opened first would else be taken for the input or the output that is missing. */
static void fill_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	struct options o = { 0 };

	fill_standard_descriptors();
	setlocale(LC_CTYPE, "");
	if (!parse(argc, argv, &o))
		return command_main(argc, argv);
	return run_console(&o);
}
