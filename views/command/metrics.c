#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/client/client.h"
#include "views/command/call.h"
#include "views/command/out.h"
#include "views/command/period.h"
#include "views/command/verbs.h"

static void add_chart(struct out_table *t, const json_t *history)
{
	int values[PERIOD_CHART_MOST];
	char text[PERIOD_CHART_MOST + 1];
	size_t all = json_array_size(history), n = 0;

	for (size_t i = all > PERIOD_CHART_MOST ? all - PERIOD_CHART_MOST : 0; i < all; i++)
		values[n++] = (int)json_int(json_array_get(history, i), "deployments", 0);
	out_cell(t, OUT_PLAIN, period_chart(values, n, text));
}

static void add_row(struct out_table *t, const char *app, const json_t *e)
{
	char text[PERIOD_TEXT_SIZE];
	int64_t changes = json_int(e, "changes", 0), failed = json_int(e, "failed", 0);

	out_row(t);
	out_cell(t, OUT_PLAIN, app);
	out_cell(t, OUT_PLAIN, json_text(e, "name"));
	out_cellf(t, OUT_PLAIN, "%.2f a day", json_real_value(json_object_get(e, "per_day")));
	out_cellf(t, OUT_PLAIN, "lead %s%s", period_text(json_int(e, "lead_ms", -1), text),
	          json_int(e, "leads_from_build", 0) ? "*" : "");
	if (changes)
		out_cellf(t, failed ? OUT_BAD : OUT_GOOD, "failed %lld of %lld (%.0f%%)", (long long)failed,
		          (long long)changes, json_number_value(json_object_get(e, "failure_rate")) * 100);
	else
		out_cell(t, OUT_PLAIN, NULL);
	out_cellf(t, OUT_PLAIN, "restore %s", period_text(json_int(e, "restore_ms", -1), text));
	out_cellf(t, OUT_PLAIN, "%lld caught, %lld back", (long long)json_int(e, "caught", 0),
	          (long long)json_int(e, "rollbacks", 0));
	add_chart(t, json_object_get(e, "history"));
}

/* A lead time that is not all from commits says so. */
static void print_note(const char *app, const json_t *e)
{
	int64_t from_build = json_int(e, "leads_from_build", 0);

	if (from_build)
		out_line("* %s %s: %lld of %lld builds count from when they were built, their commit's time is unknown", app,
		         json_text(e, "name"), (long long)from_build, (long long)json_int(e, "leads", 0));
}

static void print_notes(const json_t *answer)
{
	const json_t *one, *environment;
	size_t a, e;

	json_array_foreach(json_object_get(answer, "apps"), a, one)
		json_array_foreach(json_object_get(one, "environments"), e, environment)
			print_note(json_text(one, "name"), environment);
}

static void print_json(const json_t *answer, const char *app, const json_t *environment)
{
	AUTO(json_auto_decref) json_t *line = json_pack("{s:s, s:I, s:I, s:s}", "app", app, "from",
	                                                (json_int_t)json_int(answer, "from", 0), "to",
	                                                (json_int_t)json_int(answer, "to", 0), "unit",
	                                                json_text(answer, "unit"));

	json_object_update(line, (json_t *)environment);
	out_json(line);
}

static int run(struct call *c)
{
	AUTO(mem_auto_free) char *app = client_escape(call_has(c, &flag_app) ? call_value(c, &flag_app) : "");
	AUTO(mem_auto_free) char *path = NULL;
	AUTO(json_auto_decref) json_t *answer = NULL;
	struct out_table t = { 0 };
	const json_t *one, *environment;
	struct err err = { 0 };
	int64_t since = 0;
	size_t a, e;

	if (!period_since(c, &since, &err) || !call_connect(c, &err))
		return call_fail(c, &err);
	path = mem_printf("/v1/metrics?app=%s&since=%lld", app, (long long)since);
	if (!call_ask(c, "GET", path, NULL, CALL_LONG_MS, &answer, &err))
		return call_fail(c, &err);
	json_array_foreach(json_object_get(answer, "apps"), a, one) {
		json_array_foreach(json_object_get(one, "environments"), e, environment) {
			if (call_has(c, &flag_json))
				print_json(answer, json_text(one, "name"), environment);
			else
				add_row(&t, json_text(one, "name"), environment);
		}
	}
	out_table_print(&t);
	if (!call_has(c, &flag_json))
		print_notes(answer);
	return 0;
}

const struct command command_metrics = {
	.name = "metrics", .summary = "shows how delivery goes: the four keys of each environment", .run = run,
	.usage = { "metrics [--since 30d] [--json]" },
	.help = "Prints one line for each environment, counted from the journal alone. The last\n"
		"environment of the pipeline is where users are. Definitions (DORA's four keys):\n"
		"  change        a deployment, no rollback, whose build got the traffic and that\n"
		"                is over; it counts at the moment when the traffic moved\n"
		"  a day         deployment frequency: changes that succeeded, a day; from the\n"
		"                journal's beginning on, a shorter time than a day counts as one\n"
		"  lead          median from a build's commit to when the environment was live\n"
		"                with it; its first success there counts. A build without\n"
		"                --commit-time counts from when it was made: *, and how many did\n"
		"  failed        change failure rate: changes that had the traffic and did not\n"
		"                succeed, or that a rollback left, of all changes\n"
		"  restore       median from when a build that failed got the traffic to when\n"
		"                another one had it\n"
		"  caught        deployments that failed before they got any traffic\n"
		"Then the rollbacks, and a sign for each day (week, when it is over 62 days; UTC):\n"
		"how many changes succeeded, . for none, + for more than 9. With several\n"
		"applications the signs need --app. With --json: one object for each environment,\n"
		"times in milliseconds, null for what is not known.",
	.flags = { &flag_then, &flag_app, &flag_since_period, &flag_json },
};
