/* help: what --help and `slipway help` print, made from the table. */
#ifndef COMMAND_HELP_H
#define COMMAND_HELP_H

#include <stdio.h>

#include "views/command/command.h"

void help_overview(FILE *out);
void help_command(const struct command *command, FILE *out);

#endif
