/*
 * slipway: the commands.
 */
#include <locale.h>

#include "views/command/command.h"

int main(int argc, char **argv)
{
	setlocale(LC_CTYPE, "");
	return command_main(argc, argv);
}
