#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/client/client.h"
#include "views/command/call.h"
#include "views/command/find.h"
#include "views/command/out.h"
#include "views/command/record.h"
#include "views/command/verbs.h"

enum { PAGE = 500, MOST = 1000000, WHY_MAX = 16000 };

static const struct flag flag_before = { "--before", 0, "ID", "begin with the one before this deployment", false, false };

/* Its release, what it passed over, and what came of it or why it was asked for; yours. */
static char *why_text(const json_t *d)
{
	const json_t *release = json_object_get(d, "release");
	const char *why = *json_text(d, "message") ? json_text(d, "message") : json_text(d, "reason");
	AUTO(mem_auto_free) char *override = record_override(d);
	AUTO(buf_done) struct buf b = { 0 };

	buf_init(&b, WHY_MAX);
	if (json_is_object(release))
		buf_printf(&b, "release %lld %s %lld/%lld", (long long)json_int(release, "id", 0), json_text(release, "group"),
		           (long long)json_int(release, "index", 0), (long long)json_int(release, "of", 0));
	if (*override)
		buf_printf(&b, "%s%s", b.len ? ": " : "", override);
	if (*why)
		buf_printf(&b, "%s%s", b.len ? ": " : "", why);
	return buf_detach(&b);
}

static void add_row(struct out_table *t, const json_t *d)
{
	AUTO(mem_auto_free) char *at = record_time(d, "requested"), *span = record_span(d), *why = why_text(d);
	const char *state = json_text(d, "state"), *from = json_text(d, "from");

	out_row(t);
	out_cellf(t, OUT_PLAIN, "%lld", (long long)json_int(d, "id", 0));
	out_cell(t, OUT_PLAIN, at);
	out_cell(t, OUT_PLAIN, json_text(d, "app"));
	out_cell(t, OUT_PLAIN, json_text(d, "environment"));
	out_cell(t, OUT_PLAIN, json_text(d, "kind"));
	out_cellf(t, OUT_PLAIN, "%s -> %s", *from ? from : "nothing", json_text(d, "version"));
	out_cell(t, out_style_of(state), state);
	out_cell(t, OUT_PLAIN, span);
	out_cell(t, OUT_PLAIN, json_text(d, "actor"));
	out_cell(t, OUT_PLAIN, why);
}

static char *page_path(const char *app, const char *environment, int64_t before, int64_t limit)
{
	AUTO(mem_auto_free) char *a = client_escape(app ? app : ""), *e = client_escape(environment ? environment : "");
	AUTO(mem_auto_free) char *from = before ? mem_printf("&before=%lld", (long long)before) : mem_dup("");

	return mem_printf("/v1/deployments?app=%s&environment=%s&limit=%lld%s", a, e, (long long)limit, from);
}

static bool print_pages(struct call *c, const char *app, int64_t before, int64_t limit, struct err *err)
{
	struct out_table t = { 0 };
	size_t n = PAGE;

	while (limit > 0 && n == PAGE) {
		AUTO(mem_auto_free) char *path = page_path(app, call_operand(c, 0), before, limit < PAGE ? limit : PAGE);
		AUTO(json_auto_decref) json_t *answer = NULL;
		const json_t *deployment;
		size_t i;

		if (!call_ask(c, "GET", path, NULL, CALL_ASK_MS, &answer, err)) {
			out_table_print(&t);
			return false;
		}
		json_array_foreach(json_object_get(answer, "deployments"), i, deployment) {
			if (call_has(c, &flag_json))
				out_json(deployment);
			else
				add_row(&t, deployment);
			before = json_int(deployment, "id", 0);
		}
		n = json_array_size(json_object_get(answer, "deployments"));
		limit -= (int64_t)n;
	}
	out_table_print(&t);
	return true;
}

/* An environment that does not exist has no history; that is a mistake of whoever asks, not an empty list. */
static bool check_words(struct call *c, const char **ret_app, struct err *err)
{
	AUTO(json_auto_decref) json_t *status = NULL;
	const json_t *app, *environment;

	*ret_app = call_value(c, &flag_app);
	if (!call_operand(c, 0) && !*ret_app)
		return true;
	return find_status(c, &status, err) && find_app(c, status, &app, err)
		&& (!call_operand(c, 0) || find_environment(app, call_operand(c, 0), &environment, err));
}

static int run(struct call *c)
{
	const char *app = NULL;
	int64_t limit = 0, before = 0;
	struct err err = { 0 };

	if (!call_number(c, &flag_limit, 1, MOST, 50, &limit, &err)
	    || !call_number(c, &flag_before, 1, INT64_MAX, 0, &before, &err) || !call_connect(c, &err)
	    || !check_words(c, &app, &err) || !print_pages(c, app, before, limit, &err))
		return call_fail(c, &err);
	return 0;
}

const struct command command_history = {
	.name = "history", .summary = "lists deployments, newest first", .run = run, .most = 1,
	.usage = { "history [ENVIRONMENT] [flags]" },
	.help = "Prints one line for each deployment: id, when it was asked for, application,\n"
		"environment, kind, versions, state, how long it took, who asked, what came of it\n"
		"or why it was asked for, behind the release of several applications that it is\n"
		"part of, and OVERRIDE, by whom and why where it passed over windows and freezes.\n"
		"With --json: DEPLOYMENT of the API.",
	.flags = { &flag_then, &flag_app, &flag_limit, &flag_before, &flag_json },
};
