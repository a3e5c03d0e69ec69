/*
 * docs: prints the parts of the documents that are made from the tables.
 * usage: docs commands | keys | configuration | groups (man page source) | completion (bash)
 */
#include <stdio.h>
#include <string.h>

#include "backend/base/mem.h"
#include "backend/config/key.h"
#include "views/command/command.h"
#include "views/keys.h"
#include "views/typed.h"

/* Text for a man page: nothing in it is a request, a hyphen is a hyphen. `end` follows it. */
static void put(const char *text, const char *end)
{
	bool line_begins = true;

	for (; *text; text++) {
		if (line_begins && (*text == '.' || *text == '\''))
			fputs("\\&", stdout);
		if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '-')
			fputs("\\-", stdout);
		else
			putchar(*text);
		line_begins = *text == '\n';
	}
	fputs(end, stdout);
}

static void put_flag(const struct flag *f)
{
	fputs(".TP\n\\fB", stdout);
	if (f->letter)
		printf("\\-%c\\fR, \\fB", f->letter);
	put(f->name, "\\fR");
	if (f->value) {
		fputs(" \\fI", stdout);
		put(f->value, f->greedy ? "\\fR..." : "\\fR");
	}
	putchar('\n');
	put(f->help, "\n");
}

static void print_commands(void)
{
	for (size_t i = 0; i < ncommands; i++) {
		const struct command *c = commands[i];

		fputs(".SS ", stdout);
		put(c->name, "\n");
		for (size_t u = 0; u < COMMAND_USAGES && c->usage[u]; u++) {
			fputs(u ? ".br\n\\fBslipway\\fR " : "\\fBslipway\\fR ", stdout);
			put(c->usage[u], "\n");
		}
		fputs(".PP\n.nf\n", stdout);
		put(c->help, c->help[0] && c->help[strlen(c->help) - 1] == '\n' ? ".fi\n" : "\n.fi\n");
		for (size_t f = 0; f < COMMAND_FLAGS && c->flags[f]; f++)
			put_flag(c->flags[f]);
	}
	fputs(".SS Flags of every command\n", stdout);
	for (size_t f = 0; f < nflags_of_all; f++)
		put_flag(flags_of_all[f]);
}

static void print_keys(void)
{
	struct keymap_help row;
	size_t at = 0;

	while (keymap_help_next(&keys_map, ON_ALL, &at, &row)) {
		fputs(".TP\n\\fB", stdout);
		put(row.keys, "\\fR (");
		put(row.name, ")\n");
		put(row.help, "\n");
	}
	fputs(".SS Typed after a colon\n", stdout);
	for (size_t i = 0; i < typed_ncommands; i++) {
		fputs(".TP\n\\fB:", stdout);
		put(typed_commands[i].usage, "\\fR\n");
		put(typed_commands[i].help, "\n");
	}
}

static void print_key(const struct config_key *k)
{
	fputs(".TP\n\\fB", stdout);
	put(k->name, "\\fR");
	if (k->required)
		fputs(" (required)", stdout);
	if (k->driver)
		printf(" (driver %s)", k->driver);
	putchar('\n');
	put(k->help, "\n");
	if (k->words) {
		fputs("One of: ", stdout);
		for (const struct config_word *w = k->words; w->word; w++) {
			put(w == k->words ? "" : ", ", "");
			put(w->word, "");
		}
		fputs(".\n", stdout);
	}
	if (k->otherwise) {
		fputs("Left out: ", stdout);
		put(k->otherwise, ".\n");
	}
}

/* An object's keys, then those of the objects in it. `path` is where it stands: "environments[]". */
static void print_kind(const struct config_kind *kind, const char *path)
{
	fputs(".SS ", stdout);
	put(*path ? path : "The file", "\n");
	put(kind->help, "\n");
	for (size_t i = 0; i < kind->nkeys; i++)
		if (i == 0 || strcmp(kind->keys[i].name, kind->keys[i - 1].name) != 0 || kind->keys[i].driver)
			print_key(&kind->keys[i]);
	for (size_t i = 0; i < kind->nkeys; i++) {
		const struct config_key *k = &kind->keys[i];
		const char *what = k->type == KEY_LIST ? "[]" : k->type == KEY_MAP ? ".NAME" : "";
		AUTO(mem_auto_free) char *below = mem_printf("%s%s%s%s", path, *path ? "." : "", k->name, what);

		if (k->kind)
			print_kind(k->kind, below);
	}
}

static void print_configuration(void)
{
	print_kind(&config_kind_app, "");
}

static void print_groups(void)
{
	print_kind(&config_kind_groups, "");
}

static void print_words(const char *name, const struct flag *const *flags, size_t max)
{
	printf("\t%s)\n\t\tflags=\"", name);
	for (size_t f = 0; f < max && flags[f]; f++)
		printf("%s%s", f ? " " : "", flags[f]->name);
	fputs("\"\n", stdout);
}

static void print_completion(void)
{
	fputs("_slipway_verbs=\"", stdout);
	for (size_t i = 0; i < ncommands; i++)
		printf("%s%s", i ? " " : "", commands[i]->name);
	fputs("\"\n_slipway_table()\n{\n\tflags= words=\n\tcase $1 in\n", stdout);
	for (size_t i = 0; i < ncommands; i++) {
		print_words(commands[i]->name, commands[i]->flags, COMMAND_FLAGS);
		if (commands[i]->words[0]) {
			fputs("\t\twords=\"", stdout);
			for (size_t w = 0; w < COMMAND_WORDS && commands[i]->words[w]; w++)
				printf("%s%s", w ? " " : "", commands[i]->words[w]);
			fputs("\"\n", stdout);
		}
		fputs("\t\t;;\n", stdout);
	}
	fputs("\tesac\n\tflags=\"$flags", stdout);
	for (size_t f = 0; f < nflags_of_all; f++) {
		printf(" %s", flags_of_all[f]->name);
		if (flags_of_all[f]->letter)
			printf(" -%c", flags_of_all[f]->letter);
	}
	fputs("\"\n}\n", stdout);
}

int main(int argc, char **argv)
{
	static const struct { const char *name; void (*print)(void); } parts[] = {
		{ "commands", print_commands },
		{ "completion", print_completion },
		{ "configuration", print_configuration },
		{ "groups", print_groups },
		{ "keys", print_keys },
	};

	for (size_t i = 0; argc == 2 && i < ARRAY_LEN(parts); i++) {
		if (strcmp(argv[1], parts[i].name) == 0) {
			parts[i].print();
			return ferror(stdout) ? 1 : 0;
		}
	}
	fprintf(stderr, "usage: docs commands | completion | configuration | groups | keys\n");
	return 2;
}
