#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/config/config.h"
#include "views/command/call.h"
#include "views/command/out.h"
#include "views/command/verbs.h"

/* Named as the reader can open it from where he is. */
static char *path_from_here(const struct call *c, const char *file)
{
	AUTO(mem_auto_free) char *here = realpath(".", NULL);

	return here && strcmp(here, c->workspace.dir) == 0 ? mem_dup(file) : file_join(c->workspace.dir, file);
}

static int print_mistakes(const struct call *c, const struct config_mistakes *mistakes)
{
	for (size_t i = 0; i < mistakes->n; i++) {
		const struct config_mistake *m = &mistakes->items[i];
		AUTO(mem_auto_free) char *path = path_from_here(c, m->file);

		if (call_has(c, &flag_json)) {
			json_t *line = json_pack("{s:o, s:i, s:i, s:o}", "file", json_safe_string(path), "line", m->line, "column",
			                         m->column, "text", json_safe_string(m->text));

			out_json(line);
			json_decref(line);
		} else {
			out_line("%s:%d:%d: %s", path, m->line, m->column, m->text);
		}
	}
	return err_exit_code(ERR_CONFIG);
}

static void print_apps(const struct call *c, const struct config *config)
{
	for (size_t i = 0; i < config->napps && !call_has(c, &flag_json); i++) {
		const struct config_app *app = &config->apps[i];

		out_line("%s: OK, application %s, components %zu, environments %zu, smoke tests %zu, acceptance suites %zu", app->file,
		         app->name, app->ncomponents, app->nenvironments, app->nsmoke, app->nacceptance);
	}
}

static int run(struct call *c)
{
	AUTO(config_mistakes_done) struct config_mistakes mistakes = { 0 };
	struct config *config = NULL;
	struct err err = { 0 };

	if (!call_find_workspace(c, &err))
		return call_fail(c, &err);
	if (!config_load(c->workspace.dir, &config, &mistakes))
		return print_mistakes(c, &mistakes);
	print_apps(c, config);
	config_free(config);
	return 0;
}

const struct command command_check = {
	.name = "check", .summary = "checks the configuration", .run = run,
	.usage = { "check [--json]" },
	.help = "Prints every mistake as FILE:LINE:COLUMN: TEXT and ends with 2, or what the\n"
		"configuration holds and 0. Needs no engine.\n"
		"With --json: {\"file\",\"line\",\"column\",\"text\"} for each mistake.",
	.flags = { &flag_json },
};
