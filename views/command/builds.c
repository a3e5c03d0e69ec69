#include "backend/base/buf.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/client/client.h"
#include "views/command/call.h"
#include "views/command/find.h"
#include "views/command/out.h"
#include "views/command/record.h"
#include "views/command/verbs.h"

enum { PAGE = 500, MOST = 1000000, LIVE_MAX = 4096 };

static const struct flag flag_offset = { "--offset", 0, "N", "begin after the N newest", false, false };

/* "prod, preprod" of where a build is live; yours. */
static char *live_in(const json_t *build)
{
	const json_t *name;
	struct buf b;
	size_t i;

	buf_init(&b, LIVE_MAX);
	json_array_foreach(json_object_get(build, "live"), i, name)
		buf_printf(&b, "%s%s", i ? ", " : "live ", json_string_value(name));
	return b.data;
}

static void add_row(struct out_table *t, const json_t *build)
{
	const json_t *totals = json_object_get(build, "tests");
	AUTO(mem_auto_free) char *verdict = record_verdict(totals), *at = record_time(build, "at"), *live = live_in(build);

	out_row(t);
	out_cell(t, OUT_PLAIN, json_text(build, "version"));
	out_cellf(t, OUT_PLAIN, "%.7s", json_text(build, "commit"));
	out_cell(t, json_int(totals, "fail", 0) ? OUT_BAD : OUT_GOOD, verdict);
	out_cell(t, OUT_PLAIN, at);
	out_cell(t, OUT_PLAIN, live);
	out_cell(t, OUT_PLAIN, json_text(build, "branch"));
	out_cell(t, OUT_PLAIN, json_text(build, "author"));
	out_cell(t, OUT_PLAIN, json_text(build, "message"));
}

static char *page_path(const char *app, const char *q, int64_t offset, int64_t limit)
{
	AUTO(mem_auto_free) char *a = client_escape(app), *text = client_escape(q ? q : "");

	return mem_printf("/v1/builds?app=%s&q=%s&offset=%lld&limit=%lld", a, text, (long long)offset, (long long)limit);
}

/* Prints page after page until `limit` builds were printed or there are no more. */
static bool print_pages(struct call *c, const char *app, int64_t offset, int64_t limit, struct err *err)
{
	struct out_table t = { 0 };
	size_t n = PAGE;

	while (limit > 0 && n == PAGE) {
		AUTO(mem_auto_free) char *path = page_path(app, call_operand(c, 0), offset, limit < PAGE ? limit : PAGE);
		AUTO(json_auto_decref) json_t *answer = NULL;
		const json_t *build;
		size_t i;

		if (!call_ask(c, "GET", path, NULL, CALL_ASK_MS, &answer, err)) {
			out_table_print(&t);
			return false;
		}
		json_array_foreach(json_object_get(answer, "builds"), i, build) {
			if (call_has(c, &flag_json))
				out_json(build);
			else
				add_row(&t, build);
		}
		n = json_array_size(json_object_get(answer, "builds"));
		offset += (int64_t)n;
		limit -= (int64_t)n;
	}
	out_table_print(&t);
	return true;
}

static int run(struct call *c)
{
	AUTO(json_auto_decref) json_t *status = NULL;
	const json_t *app;
	int64_t limit = 0, offset = 0;
	struct err err = { 0 };

	if (!call_number(c, &flag_limit, 1, MOST, 50, &limit, &err) || !call_number(c, &flag_offset, 0, MOST, 0, &offset, &err)
	    || !call_connect(c, &err) || !find_status(c, &status, &err) || !find_app(c, status, &app, &err)
	    || !print_pages(c, json_text(app, "name"), offset, limit, &err))
		return call_fail(c, &err);
	return 0;
}

const struct command command_builds = {
	.name = "builds", .summary = "lists builds, newest first", .run = run, .most = 1,
	.usage = { "builds [TEXT] [flags]" },
	.help = "Prints one line for each build whose version, commit, branch, author or message\n"
		"holds TEXT: version, commit, test results of CI, time, where it is live, branch,\n"
		"author, message. With --json: BUILD of the API.",
	.flags = { &flag_then, &flag_app, &flag_limit, &flag_offset, &flag_json },
};
