#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/client/client.h"
#include "views/command/call.h"
#include "views/command/out.h"
#include "views/command/period.h"
#include "views/command/verbs.h"

static void print_app(const json_t *app)
{
	struct out_table t = { 0 };
	const json_t *one;
	size_t i;

	out_line("%s is at level %lld", json_text(app, "name"), (long long)json_int(app, "level", 0));
	json_array_foreach(json_object_get(app, "indicators"), i, one) {
		bool met = json_flag(one, "met");

		out_row(&t);
		out_cellf(&t, OUT_PLAIN, "%lld", (long long)json_int(one, "level", 0));
		out_cell(&t, met ? OUT_GOOD : OUT_BAD, met ? "yes" : "no");
		out_cell(&t, OUT_PLAIN, json_text(one, "text"));
		out_cell(&t, OUT_PLAIN, json_text(one, "evidence"));
		if (!met)
			out_cellf(&t, OUT_PLAIN, "next: %s", json_text(one, "next"));
	}
	out_table_print(&t);
}

static int run(struct call *c)
{
	AUTO(mem_auto_free) char *app = client_escape(call_has(c, &flag_app) ? call_value(c, &flag_app) : "");
	AUTO(mem_auto_free) char *path = NULL;
	AUTO(json_auto_decref) json_t *answer = NULL;
	const json_t *one;
	struct err err = { 0 };
	int64_t since = 0;
	size_t i;

	if (!period_since(c, &since, &err) || !call_connect(c, &err))
		return call_fail(c, &err);
	path = mem_printf("/v1/maturity?app=%s&since=%lld", app, (long long)since);
	if (!call_ask(c, "GET", path, NULL, CALL_LONG_MS, &answer, &err))
		return call_fail(c, &err);
	json_array_foreach(json_object_get(answer, "apps"), i, one) {
		if (call_has(c, &flag_json))
			out_json(one);
		else
			print_app(one);
	}
	return 0;
}

const struct command command_maturity = {
	.name = "maturity", .summary = "judges the maturity level from configuration and journal", .run = run,
	.usage = { "maturity [--since 30d] [--json]" },
	.help = "Prints the level of each application, then a line for each indicator: its level,\n"
		"whether it is met, what it says, the evidence, and for one that is not met the\n"
		"next step in this configuration.\n"
		"  level 0       copying by hand, uncertain outcomes, builds from a developer's\n"
		"                machine, users who must stop: its indicators are met when that\n"
		"                is left behind\n"
		"  level 1       a pipeline, only successful builds go on, after approvals, with\n"
		"                smoke tests, outside usual hours\n"
		"  level 2       all automatic, no impact on users, acceptance tests, features\n"
		"                one by one, several releases a day, consistent environments\n"
		"A level is reached with all its indicators and those of the levels below.\n"
		"What is configured and never happened in the period is not met, nor what\n"
		"happened and broke in it. Usual hours are \"usual_hours\" of the configuration;\n"
		"inside them only a switch of which the prober lost no request does not count.\n"
		"With --json: one object for each application.",
	.flags = { &flag_then, &flag_app, &flag_since_period, &flag_json },
};
