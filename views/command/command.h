/*
 * command: `slipway VERB`: one file per verb, one row in the table (table.c). Help, man pages and completions are made
 * from the table. Whatever a command prints that came from outside is cleaned (out.h).
 *
 * Exit codes: 0 done, 1 the deployment failed (and was undone) or the machine did, 2 usage or configuration, 3 refused
 * (a gate, a stale expectation, a lock), 4 not permitted, 5 the engine cannot be reached.
 */
#ifndef COMMAND_COMMAND_H
#define COMMAND_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

struct call;

struct flag {
	const char *name;          /* "--json" */
	char letter;               /* 'C' for "-C"; 0: none */
	const char *value;         /* what its value is called in help, "DIR"; NULL: it takes none */
	const char *help;          /* one line */
	bool repeats;              /* may be given more than once */
	bool greedy;               /* takes the words up to the next flag: --tests reports/a.xml reports/b.xml */
};

enum { COMMAND_USAGES = 4, COMMAND_FLAGS = 12, COMMAND_WORDS = 6 };

struct command {
	const char *name;
	const char *summary;                       /* one line, begins small, no full stop */
	const char *usage[COMMAND_USAGES];         /* after "slipway ", without the flags that every command takes */
	const char *help;                          /* what it prints, what its exit code says; lines of at most 79 columns */
	const struct flag *flags[COMMAND_FLAGS];   /* its own; those of every command are in flags_of_all */
	const char *words[COMMAND_WORDS];          /* its first operand must be one of these; none: it is free */
	int least, most;                           /* operands */
	int (*run)(struct call *c);                /* the exit code */
};

/* Sorted by name. */
extern const struct command *const commands[];
extern const size_t ncommands;

extern const struct flag *const flags_of_all[];        /* -C, --help */
extern const size_t nflags_of_all;

/* What the console itself takes; views/main.c reads them. */
extern const struct flag *const flags_of_console[];
extern const size_t nflags_of_console;

/* Shared by several commands (flags.c). */
extern const struct flag flag_dir, flag_help, flag_json, flag_app, flag_wait, flag_expect, flag_reason, flag_when, flag_then, flag_limit,
	flag_override, flag_when_allowed;

/* NULL when there is none. */
const struct command *command_find(const char *name);

/* `slipway …` with a verb, --help or --version: runs it; the exit code. argv[0] is the program. */
int command_main(int argc, char **argv);

#endif
