#include "backend/base/file.h"
#include "backend/base/mem.h"
#include "backend/config/starter.h"
#include "views/command/call.h"
#include "views/command/out.h"
#include "views/command/verbs.h"

static int run(struct call *c)
{
	const char *dir = call_operand(c, 0) ? call_operand(c, 0) : call_value(c, &flag_dir);
	const char *const *files = config_starter_files();
	struct err err = { 0 };

	if (call_operand(c, 0) && call_value(c, &flag_dir)) {
		err_set(&err, ERR_USAGE, "either a folder or -C");
		return call_fail(c, &err);
	}
	if (!config_starter(dir ? dir : ".", &err))
		return call_fail(c, &err);
	for (size_t i = 0; files[i]; i++) {
		AUTO(mem_auto_free) char *path = dir ? file_join(dir, files[i]) : mem_dup(files[i]);

		out_line("wrote %s", path);
	}
	out_line("next:");
	out_text(config_starter_next());
	return 0;
}

const struct command command_init = {
	.name = "init", .summary = "writes a configuration to begin with", .run = run, .most = 1,
	.usage = { "init [DIR]" },
	.help = "Writes a small application that can be deployed at once, and says what comes\n"
		"next. Nothing is written when one of its files is there already (exit code 3).",
};
