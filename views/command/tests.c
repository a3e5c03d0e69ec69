#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/client/client.h"
#include "backend/proto/words.h"
#include "views/command/call.h"
#include "views/command/find.h"
#include "views/command/out.h"
#include "views/command/verbs.h"

enum { PAGE = 1000 };

static const struct flag flag_build = { "--build", 0, "VERSION", "the results of CI for a build", false, false };
static const struct flag flag_failed = { "--failed", 0, NULL, "only those that failed", false, false };

static void add_row(struct out_table *t, const json_t *result)
{
	const char *outcome = json_text(result, "outcome");
	int64_t ms = json_int(result, "ms", -1);

	out_row(t);
	out_cell(t, out_style_of(outcome), outcome);
	out_cell(t, OUT_PLAIN, json_text(result, "suite"));
	out_cell(t, OUT_PLAIN, json_text(result, "name"));
	if (ms >= 0)
		out_cellf(t, OUT_PLAIN, "%lld ms", (long long)ms);
	else
		out_cell(t, OUT_PLAIN, NULL);
	out_cell(t, OUT_PLAIN, json_text(result, "message"));
}

/* Failures first, the others in their order. */
static void print_results(const struct call *c, const json_t *results)
{
	struct out_table t = { 0 };
	const json_t *result;
	size_t i;

	for (int failed = 1; failed >= (call_has(c, &flag_failed) ? 1 : 0); failed--) {
		json_array_foreach((json_t *)results, i, result) {
			if ((strcmp(json_text(result, "outcome"), test_outcome_name(TEST_FAIL)) == 0) != failed)
				continue;
			if (call_has(c, &flag_json))
				out_json(result);
			else
				add_row(&t, result);
		}
	}
	out_table_print(&t);
}

static bool of_deployment(struct call *c, json_t *ret_results, struct err *err)
{
	int64_t id = 0, from = 0;
	size_t n = PAGE;

	if (!find_deployment(c, call_operand(c, 0), &id, err))
		return false;
	while (n == PAGE) {
		AUTO(mem_auto_free) char *path = mem_printf("/v1/deployments/%lld/tests?from=%lld&limit=%d", (long long)id,
		                                            (long long)from, PAGE);
		AUTO(json_auto_decref) json_t *answer = NULL;
		const json_t *page;

		if (!call_ask(c, "GET", path, NULL, CALL_ASK_MS, &answer, err))
			return false;
		page = json_object_get(answer, "results");
		n = json_array_size(page);
		from = json_int(json_array_get(page, n ? n - 1 : 0), "n", from) + 1;
		json_array_extend(ret_results, (json_t *)page);
	}
	return true;
}

static bool of_build(struct call *c, const char *version, json_t *ret_results, struct err *err)
{
	AUTO(json_auto_decref) json_t *status = NULL, *answer = NULL;
	AUTO(mem_auto_free) char *path = NULL, *name = NULL, *escaped = client_escape(version);
	const json_t *app;

	if (!find_status(c, &status, err) || !find_app(c, status, &app, err))
		return false;
	name = client_escape(json_text(app, "name"));
	path = mem_printf("/v1/builds/%s?app=%s", escaped, name);
	if (!call_ask(c, "GET", path, NULL, CALL_ASK_MS, &answer, err))
		return false;
	json_array_extend(ret_results, json_object_get(answer, "results"));
	return true;
}

static int run(struct call *c)
{
	AUTO(json_auto_decref) json_t *results = json_array();
	const char *version = call_value(c, &flag_build);
	struct err err = { 0 };
	bool ok;

	if (version && call_operand(c, 0)) {
		err_set(&err, ERR_USAGE, "either a deployment or --build");
		return call_fail(c, &err);
	}
	ok = call_connect(c, &err)
		&& (version ? of_build(c, version, results, &err) : of_deployment(c, results, &err));
	if (!ok)
		return call_fail(c, &err);
	print_results(c, results);
	return 0;
}

const struct command command_tests = {
	.name = "tests", .summary = "prints the test results of a deployment or a build", .run = run, .most = 1,
	.usage = { "tests [ID|ENVIRONMENT] [flags]", "tests --build VERSION [flags]" },
	.help = "Prints one line for each result, failures first: outcome (ok fail skip todo),\n"
		"suite, name, time, message. Without a word: of the deployment that runs, else of\n"
		"the last one. With --json: RESULT of the API.",
	.flags = { &flag_build, &flag_failed, &flag_then, &flag_app, &flag_json },
};
