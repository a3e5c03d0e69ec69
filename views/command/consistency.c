#include <string.h>

#include "backend/base/clock.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/client/client.h"
#include "views/command/call.h"
#include "views/command/out.h"
#include "views/command/verbs.h"

enum { VALUES_MAX = 6, VALUE_MAX = 40 };       /* columns left of a table's ten; longer values are in --json */

static const char *verdict(const json_t *row)
{
	return json_flag(row, "same") ? "same" : json_flag(row, "declared") ? "declared" : "differs";
}

static void add_value(struct out_table *t, const json_t *value)
{
	const char *text = json_string_value(value);

	if (text && strlen(text) > VALUE_MAX)
		out_cellf(t, OUT_PLAIN, "%.*s...", VALUE_MAX - 3, text);
	else
		out_cell(t, OUT_PLAIN, text);
}

static void add_row(struct out_table *t, const json_t *app, const json_t *row)
{
	const json_t *values = json_object_get(row, "values"), *name;
	int64_t since = json_int(row, "since", 0);
	char iso[CLOCK_ISO_SIZE];
	size_t i;

	out_row(t);
	out_cell(t, OUT_PLAIN, json_text(app, "name"));
	out_cell(t, OUT_PLAIN, json_text(row, "what"));
	out_cell(t, strcmp(verdict(row), "differs") == 0 ? OUT_BAD : OUT_PLAIN, verdict(row));
	out_cell(t, OUT_PLAIN, since ? clock_iso(since, iso) : NULL);
	json_array_foreach(json_object_get(app, "environments"), i, name)
		if (i < VALUES_MAX)
			add_value(t, json_object_get(values, json_string_value(name)));
}

static void add_head(struct out_table *t, const json_t *app)
{
	const json_t *name;
	size_t i;

	out_row(t);
	out_cell(t, OUT_PLAIN, "APPLICATION");
	out_cell(t, OUT_PLAIN, "WHAT");
	out_cell(t, OUT_PLAIN, "VERDICT");
	out_cell(t, OUT_PLAIN, "SINCE");
	json_array_foreach(json_object_get(app, "environments"), i, name)
		if (i < VALUES_MAX)
			out_cell(t, OUT_PLAIN, json_string_value(name));
}

static void print_app(const struct call *c, const json_t *app)
{
	struct out_table t = { 0 };
	const json_t *row;
	size_t i;

	if (!call_has(c, &flag_json))
		add_head(&t, app);
	json_array_foreach(json_object_get(app, "rows"), i, row) {
		if (call_has(c, &flag_json)) {
			AUTO(json_auto_decref) json_t *line = json_pack("{s:O}", "app", json_object_get(app, "name"));

			json_object_update(line, (json_t *)row);
			out_json(line);
		} else {
			add_row(&t, app, row);
		}
	}
	out_table_print(&t);
}

static int run(struct call *c)
{
	const char *app = call_value(c, &flag_app);
	AUTO(mem_auto_free) char *word = client_escape(app ? app : "");
	AUTO(mem_auto_free) char *path = mem_printf("/v1/consistency?app=%s", word);
	AUTO(json_auto_decref) json_t *answer = NULL;
	const json_t *one;
	struct err err = { 0 };
	size_t i;

	if (!call_connect(c, &err) || !call_ask(c, "GET", path, NULL, CALL_ASK_MS, &answer, &err))
		return call_fail(c, &err);
	json_array_foreach(json_object_get(answer, "apps"), i, one)
		print_app(c, one);
	return 0;
}

const struct command command_consistency = {
	.name = "consistency", .summary = "compares the environments of each application", .run = run,
	.usage = { "consistency [flags]" },
	.help = "Prints one line for each thing by which environments are compared: the digests\n"
		"of what is live, variables (secret ones hashed), facts that commands of the\n"
		"configuration printed. \"differs\" comes first with the time it began, then what is\n"
		"\"declared\" to differ on purpose, then what is the same. Long values are cut; with\n"
		"--json: ROW of the API with \"app\", whole.",
	.flags = { &flag_then, &flag_app, &flag_json },
};
