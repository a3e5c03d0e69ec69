#include "views/command/command.h"

#include <stdio.h>
#include <string.h>

#include "backend/base/err.h"
#include "backend/base/mem.h"
#include "backend/config/mistake.h"
#include "backend/proto/words.h"
#include "views/command/call.h"
#include "views/command/help.h"
#include "views/command/out.h"

/* What takes no part in the table: they are about the table. */
static const char *const builtins[] = { "help", "--help", "--version" };

enum { WORDS_MAX = 64 };

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < ncommands; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int unknown(const char *word)
{
	struct call nobody = { 0 };
	const char *names[WORDS_MAX];
	const char *nearest;
	size_t n = 0;

	for (size_t i = 0; i < ncommands && n < ARRAY_LEN(names); i++)
		names[n++] = commands[i]->name;
	for (size_t i = 0; i < ARRAY_LEN(builtins) && n < ARRAY_LEN(names); i++)
		names[n++] = builtins[i];
	for (size_t i = 0; i < nflags_of_console && n < ARRAY_LEN(names); i++)
		names[n++] = flags_of_console[i]->name;
	nearest = word_nearest(word, names, n);
	if (nearest)
		call_note(&nobody, "there is no %s \"%.80s\"; did you mean %s?", *word == '-' ? "flag" : "command", word, nearest);
	else
		call_note(&nobody, "there is no %s \"%.80s\"; slipway --help lists them", *word == '-' ? "flag" : "command", word);
	return err_exit_code(ERR_USAGE);
}

static int help(int argc, char **argv)
{
	const struct command *command;

	if (argc == 0) {
		help_overview(stdout);
		return out_finish() ? 0 : 1;
	}
	command = command_find(argv[0]);
	if (!command)
		return unknown(argv[0]);
	help_command(command, stdout);
	return out_finish() ? 0 : 1;
}

static int run(const struct command *command, int argc, char **argv)
{
	AUTO(call_done) struct call call = { 0 };
	struct err err = { 0 };
	int code;

	if (!call_parse(&call, command, argc, argv, &err)) {
		code = call_fail(&call, &err);
		fprintf(stderr, "Try: slipway %s --help\n", command->name);
		return code;
	}
	if (call_has(&call, &flag_help)) {
		help_command(command, stdout);
		return out_finish() ? 0 : 1;
	}
	code = command->run(&call);
	return out_finish() || code ? code : 1;
}

/* The index of the verb, of --help or of --version, behind a -C DIR; argc when there is none. */
static int find_verb(int argc, char **argv)
{
	int i = 1;

	while (i < argc && strncmp(argv[i], "-C", 2) == 0)
		i += argv[i][2] ? 1 : 2;
	return i < argc ? i : argc;
}

int command_main(int argc, char **argv)
{
	int verb = find_verb(argc, argv);
	char *word = verb < argc ? argv[verb] : NULL;
	const struct command *command;

	if (!word || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		return help(0, NULL);
	if (strcmp(word, "help") == 0)
		return help(argc - verb - 1, argv + verb + 1);
	if (strcmp(word, "--version") == 0) {
		puts("slipway " SLIPWAY_VERSION);
		return out_finish() ? 0 : 1;
	}
	command = command_find(word);
	if (!command)
		return unknown(word);
	/* `slipway -C DIR VERB …` means what `slipway VERB -C DIR …` means. */
	memmove(argv + 2, argv + 1, (size_t)(verb - 1) * sizeof *argv);
	argv[1] = word;
	return run(command, argc - 2, argv + 2);
}
