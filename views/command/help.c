#include "views/command/help.h"

#include <string.h>

enum { LEFT_SIZE = 48 };

/* "-C, --dir DIR" */
static void left_side(const struct flag *flag, char left[static LEFT_SIZE])
{
	char letter[8] = "    ";

	if (flag->letter)
		snprintf(letter, sizeof letter, "-%c, ", flag->letter);
	snprintf(left, LEFT_SIZE, "%s%s%s%s%s", letter, flag->name, flag->value ? " " : "", flag->value ? flag->value : "",
	         flag->greedy ? "..." : "");
}

static void print_flags(const struct flag *const *flags, size_t n, int width, FILE *out)
{
	char left[LEFT_SIZE];

	for (size_t i = 0; i < n && flags[i]; i++) {
		left_side(flags[i], left);
		fprintf(out, "  %-*s  %s\n", width, left, flags[i]->help);
	}
}

static int widest(const struct flag *const *flags, size_t n, int width)
{
	char left[LEFT_SIZE];

	for (size_t i = 0; i < n && flags[i]; i++) {
		left_side(flags[i], left);
		if ((int)strlen(left) > width)
			width = (int)strlen(left);
	}
	return width;
}

void help_command(const struct command *command, FILE *out)
{
	int width = widest(flags_of_all, nflags_of_all, widest(command->flags, COMMAND_FLAGS, 0));

	fprintf(out, "slipway %s: %s\n\n", command->name, command->summary);
	for (size_t i = 0; i < COMMAND_USAGES && command->usage[i]; i++)
		fprintf(out, "%s slipway %s\n", i ? "      " : "usage:", command->usage[i]);
	fprintf(out, "\n%s\n\n", command->help);
	print_flags(command->flags, COMMAND_FLAGS, width, out);
	print_flags(flags_of_all, nflags_of_all, width, out);
}

void help_overview(FILE *out)
{
	fputs("slipway: releases applications, and takes them back\n\n"
	      "usage: slipway [-C DIR] [flags]              the console\n"
	      "       slipway [-C DIR] COMMAND [words]      one command\n"
	      "       slipway help [COMMAND]\n"
	      "       slipway --version\n\n", out);
	for (size_t i = 0; i < ncommands; i++)
		fprintf(out, "  %-10s  %s\n", commands[i]->name, commands[i]->summary);
	fputs("\nThe console takes:\n", out);
	print_flags(flags_of_console, nflags_of_console, widest(flags_of_console, nflags_of_console, 0), out);
	fputs("\nEvery command takes --help, and -C DIR for the workspace; what prints data takes --json.\n"
	      "Exit codes: 0 done, 1 failed (a failed deployment was undone), 2 usage or configuration,\n"
	      "3 refused, 4 not permitted, 5 the engine cannot be reached.\n", out);
}
