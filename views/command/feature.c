#include <string.h>

#include "backend/base/clock.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "views/command/call.h"
#include "views/command/find.h"
#include "views/command/out.h"
#include "views/command/verbs.h"

static void add_row(struct out_table *t, const json_t *feature)
{
	bool on = json_flag(feature, "on");
	char iso[CLOCK_ISO_SIZE];
	int64_t since = json_int(feature, "since", 0);

	out_row(t);
	out_cell(t, on ? OUT_GOOD : OUT_BUSY, on ? "on" : "off");
	out_cell(t, OUT_PLAIN, json_text(feature, "name"));
	out_cell(t, OUT_PLAIN, since ? clock_iso(since, iso) : NULL);
	out_cell(t, OUT_PLAIN, json_text(feature, "by"));
	out_cell(t, OUT_PLAIN, json_text(feature, "reason"));
}

static int list(const struct call *c, const json_t *environment)
{
	struct out_table t = { 0 };
	const json_t *feature;
	size_t i;

	json_array_foreach(json_object_get(environment, "features"), i, feature) {
		if (call_has(c, &flag_json))
			out_json(feature);
		else
			add_row(&t, feature);
	}
	out_table_print(&t);
	return 0;
}

static int set(struct call *c, const json_t *app, bool on)
{
	AUTO(json_auto_decref) json_t *answer = NULL, *body = json_object();
	struct err err = { 0 };

	json_put_text(body, "app", json_text(app, "name"));
	json_put_text(body, "environment", call_operand(c, 0));
	json_put_text(body, "feature", call_operand(c, 1));
	json_object_set_new(body, "on", json_boolean(on));
	json_put_text(body, "reason", call_value(c, &flag_reason));
	if (!call_ask(c, "POST", "/v1/features", body, CALL_ASK_MS, &answer, &err))
		return call_fail(c, &err);
	if (call_has(c, &flag_json))
		out_json(answer);
	else
		out_line("%s is %s in %s", json_text(answer, "name"), json_flag(answer, "on") ? "on" : "off",
		         json_text(answer, "environment"));
	return 0;
}

static int run(struct call *c)
{
	AUTO(json_auto_decref) json_t *status = NULL;
	const char *to = call_operand(c, 2);
	const json_t *app, *environment;
	struct err err = { 0 };

	if (call_operand(c, 1) && (!to || (strcmp(to, "on") != 0 && strcmp(to, "off") != 0))) {
		err_set(&err, ERR_USAGE, "say whether %s is to be on or off", call_operand(c, 1));
		return call_fail(c, &err);
	}
	if (to && !call_has(c, &flag_reason)) {
		err_set(&err, ERR_USAGE, "say why with --reason TEXT: it stays in the journal");
		return call_fail(c, &err);
	}
	if (!call_connect(c, &err) || !find_status(c, &status, &err) || !find_app(c, status, &app, &err)
	    || !find_environment(app, call_operand(c, 0), &environment, &err))
		return call_fail(c, &err);
	return to ? set(c, app, strcmp(to, "on") == 0) : list(c, environment);
}

const struct command command_feature = {
	.name = "feature", .summary = "puts a feature in, or pulls it, without a deployment", .run = run, .least = 1,
	.most = 3,
	.usage = { "feature ENVIRONMENT [flags]", "feature ENVIRONMENT NAME on|off --reason TEXT [flags]" },
	.help = "With a name: the feature is on or off in the environment at once; the running\n"
		"components read it from the file in SLIPWAY_FLAGS. It stays so for later builds.\n"
		"Without: one line for each feature: on or off, its name, since when, by whom and\n"
		"why (\"-\" for one that is as its build brought it). With --json: a feature of\n"
		"ENVIRONMENT of the API.",
	.flags = { &flag_reason, &flag_app, &flag_json },
};
