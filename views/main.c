/* slipway: the console, or one command. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/clean.h"
#include "backend/base/err.h"
#include "backend/base/mem.h"
#include "backend/client/workspace.h"
#include "views/command/command.h"
#include "views/plain.h"
#include "views/shell.h"

struct options {
	const char *dir, *app;
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

/* False: there is a word that is no flag of the console's; a command, or a mistake, which is the commands' to name. */
static bool parse(int argc, char **argv, struct options *o)
{
	for (int i = 1; i < argc; i++) {
		if (set_switch(o, argv[i]))
			continue;
		if (strcmp(argv[i], "-C") == 0 && i + 1 < argc)
			o->dir = argv[++i];
		else if (strncmp(argv[i], "-C", 2) == 0 && argv[i][2])
			o->dir = argv[i] + 2;
		else if (strcmp(argv[i], "--app") == 0 && i + 1 < argc)
			o->app = argv[++i];
		else if (strncmp(argv[i], "--app=", 6) == 0)
			o->app = argv[i] + 6;
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

static int run_console(const struct options *o)
{
	AUTO(workspace_done) struct workspace w = { 0 };
	struct err err = { 0 };
	int code = 0;

	/* Nothing forks once the screen is ours, so the engine is seen to before. */
	if (!workspace_find(o->dir, &w, &err) || (!workspace_engine_answers(&w) && !workspace_start_engine(&w, &err)))
		return fail(&err);
	if (wants_plain(o)) {
		struct plain_options plain = { .socket = w.socket, .app = o->app, .read_only = o->read_only };

		return plain_run(&plain);
	}
	if (!shell_run(&(struct shell_options){ .socket = w.socket, .app = o->app, .read_only = o->read_only,
	                                        .slow = o->slow, .ascii = o->ascii }, &code, &err))
		return fail(&err);
	return code;
}

int main(int argc, char **argv)
{
	struct options o = { 0 };

	setlocale(LC_CTYPE, "");
	if (!parse(argc, argv, &o))
		return command_main(argc, argv);
	return run_console(&o);
}
