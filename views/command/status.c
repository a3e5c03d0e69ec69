#include <string.h>

#include "backend/base/clock.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "views/command/call.h"
#include "views/command/find.h"
#include "views/command/out.h"
#include "views/command/record.h"
#include "views/command/release_print.h"
#include "views/command/verbs.h"

static void add_rollback(struct out_table *t, const json_t *target)
{
	if (!json_is_object(target)) {
		out_cell(t, OUT_PLAIN, NULL);
		return;
	}
	if (json_is_null(json_object_get(target, "warm")))
		out_cellf(t, OUT_PLAIN, "back %s", json_text(target, "version"));
	else
		out_cellf(t, OUT_PLAIN, "back %s %s ~%llds", json_text(target, "version"),
		          json_flag(target, "warm") ? "warm" : "cold", (long long)(json_int(target, "ms", 0) + 999) / 1000);
}

static void add_deployment(struct out_table *t, const json_t *environment)
{
	const json_t *d = json_object_get(environment, "deployment");
	const char *state = json_text(d, "state"), *stage = json_text(d, "stage");
	size_t waiting = json_array_size(json_object_get(environment, "queue"));

	if (!json_is_object(d))
		out_cell(t, OUT_PLAIN, NULL);
	else
		out_cellf(t, out_style_of(state), "%lld %s %s%s%s", (long long)json_int(d, "id", 0), state, json_text(d, "version"),
		          *stage && strcmp(state, "running") == 0 ? " " : "", strcmp(state, "running") == 0 ? stage : "");
	if (waiting)
		out_cellf(t, OUT_BUSY, "%zu waiting", waiting);
	else
		out_cell(t, OUT_PLAIN, NULL);
}

static void add_row(struct out_table *t, const json_t *app, const json_t *environment)
{
	const json_t *health = json_object_get(environment, "health");
	bool ok = json_flag(health, "ok");

	out_row(t);
	out_cell(t, OUT_PLAIN, json_text(app, "name"));
	out_cell(t, OUT_PLAIN, json_text(environment, "name"));
	out_cell(t, OUT_PLAIN, json_flag(environment, "protected") ? "protected" : "open");
	out_cell(t, OUT_PLAIN, json_text(json_object_get(environment, "live"), "version"));
	out_cell(t, ok ? OUT_GOOD : OUT_BAD, json_text(health, "text"));
	add_rollback(t, json_object_get(environment, "rollback"));
	add_deployment(t, environment);
	out_cell(t, OUT_BAD, json_text(environment, "attention"));
}

static void print_override(const char *where, const json_t *deployment)
{
	AUTO(mem_auto_free) char *override = record_override(deployment);

	if (*override)
		out_line("  %s deployment %lld: %s", where, (long long)json_int(deployment, "id", 0), override);
}

/* Where it stands is said first; one that nothing holds waits for those before it. */
static void print_queued(const char *where, const json_t *deployment)
{
	AUTO(mem_auto_free) char *place = record_place(deployment);
	AUTO(mem_auto_free) char *whose = mem_printf("%s deployment %lld", where, (long long)json_int(deployment, "id", 0));

	if (*place)
		out_line("  %s is %s", whose, place);
	print_override(where, deployment);
	record_print_waits(whose, deployment);
}

/* Whoever holds it is not blocked by it, and must not forget that he does. */
static void print_own_lock(const char *where, const json_t *environment)
{
	AUTO(mem_auto_free) char *lock = record_lock(environment);
	const json_t *b;
	size_t i;

	json_array_foreach(json_object_get(environment, "blocked"), i, b)
		if (strcmp(json_text(b, "gate"), "lock") == 0)
			return;
	if (*lock)
		out_line("  %s is %s", where, lock);
}

static void print_automation(const char *where, const json_t *app, const json_t *environment, bool several)
{
	const json_t *paused = json_object_get(environment, "paused"), *next = json_object_get(environment, "next");
	AUTO(mem_auto_free) char *at = record_time(next, "clears_at");

	if (json_is_object(paused))
		out_line("  %s: automation is paused: %s (slipway resume %s%s%s)", where, json_text(paused, "why"),
		         json_text(environment, "name"), several ? " --app " : "", several ? json_text(app, "name") : "");
	else if (json_is_object(next))
		out_line("  %s: automatic: %s %s %s: %s%s%s", where, json_text(next, "version"), *at ? "waits for" : "does not pass",
		         json_text(next, "gate"), json_text(next, "why"), *at ? ", clears at " : "", at);
}

/* Environments of several applications have the same names: then the application's comes before. */
static void print_rules(const json_t *app, const json_t *environment, bool several)
{
	AUTO(mem_auto_free) char *where = mem_printf("%s%s%s", several ? json_text(app, "name") : "", several ? " " : "",
	                                             json_text(environment, "name"));
	const json_t *d, *b;
	size_t i;

	print_own_lock(where, environment);
	json_array_foreach(json_object_get(environment, "blocked"), i, b)
		record_print_blocker(where, b);
	print_override(where, json_object_get(environment, "deployment"));
	json_array_foreach(json_object_get(environment, "queue"), i, d)
		print_queued(where, d);
	print_automation(where, app, environment, several);
}

static void add_json(const json_t *app, const json_t *environment)
{
	AUTO(json_auto_decref) json_t *line = json_pack("{s:O}", "app", json_object_get(app, "name"));

	json_object_update(line, (json_t *)environment);
	out_json(line);
}

/* The exit code: where no configuration was ever valid there is no application to tell of. */
static int judge_config(const struct call *c, const json_t *status)
{
	const json_t *config = json_object_get(status, "config"), *mistake;
	struct err err = { 0 };
	size_t i;

	if (json_flag(config, "valid"))
		return 0;
	json_array_foreach(json_object_get(config, "mistakes"), i, mistake)
		call_note(c, "%s", json_string_value(mistake));
	if (json_array_size(json_object_get(status, "apps"))) {
		call_note(c, "the configuration is not valid; the one before it stays in force");
		return 0;
	}
	err_set(&err, ERR_CONFIG, "the configuration is not valid, and nothing is in force until it is corrected: slipway "
	        "check");
	return call_fail(c, &err);
}

static void note_then(const struct call *c, const json_t *status)
{
	const json_t *then = json_object_get(status, "as_of");
	char iso[CLOCK_ISO_SIZE];

	if (json_is_object(then) && !call_has(c, &flag_json))
		call_note(c, "as of %s, row %lld of the journal", clock_iso(json_int(then, "at", 0), iso),
		          (long long)json_int(then, "seq", 0));
}

static int run(struct call *c)
{
	struct out_table t = { 0 };
	AUTO(json_auto_decref) json_t *status = NULL;
	const json_t *app, *only = NULL, *environment, *release;
	struct err err = { 0 };
	size_t a, e;

	if (!call_connect(c, &err) || !find_status(c, &status, &err)
	    || (call_has(c, &flag_app) && !find_app(c, status, &only, &err)))
		return call_fail(c, &err);
	json_array_foreach(json_object_get(status, "apps"), a, app) {
		if (only && app != only)
			continue;
		json_array_foreach(json_object_get(app, "environments"), e, environment) {
			if (call_has(c, &flag_json))
				add_json(app, environment);
			else
				add_row(&t, app, environment);
		}
	}
	out_table_print(&t);
	note_then(c, status);
	json_array_foreach(json_object_get(status, "apps"), a, app) {
		json_array_foreach(json_object_get(app, "environments"), e, environment)
			if ((!only || app == only) && !call_has(c, &flag_json))
				print_rules(app, environment, json_array_size(json_object_get(status, "apps")) > 1);
	}
	json_array_foreach(json_object_get(status, "releases"), a, release)
		if (!only && !call_has(c, &flag_json))
			release_print(release, false);
	return judge_config(c, status);
}

const struct command command_status = {
	.name = "status", .summary = "shows each environment: what is live, how it is, what runs", .run = run,
	.usage = { "status [flags]" },
	.help = "Prints one line for each environment, in pipeline order: application, environment,\n"
		"open or protected, live version, health, the rollback target (warm or cold, and\n"
		"how long it would take), the running or last deployment, how many wait, and what\n"
		"needs attention. Then a line for each thing that waits: its place in the queue, and\n"
		"blocked by which gate, why, who or what can clear it, and when; what passed over\n"
		"windows and freezes (OVERRIDE); and for what is automatic: whether it is paused,\n"
		"or the new build that it does not take yet. Releases of several applications that\n"
		"are not over follow, as slipway release show prints them. With --json: ENVIRONMENT\n"
		"of the API with \"app\". With --at: as it was then, from the journal; health and what\n"
		"else only a look can tell is not known of then. Ends with 2 when there is nothing to\n"
		"tell of, because no configuration was ever valid.",
	.flags = { &flag_then, &flag_app, &flag_json },
};
