#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "views/command/call.h"
#include "views/command/out.h"
#include "views/command/verbs.h"

enum { PAGE = 500 };

static const struct flag flag_file = { "--file", 0, "FILE", "verify what export wrote, without any engine", false, false };
static const struct flag flag_since = { "--since", 0, "SEQ", "export only rows after this one", false, false };

/* The engine's program brings the check along, so that the console needs no library for it. */
static int verify_file(struct call *c, const char *file)
{
	AUTO(mem_auto_free) char *program = workspace_engine_program();
	struct err err = { 0 };

	execlp(program, program, "audit-verify", file, (char *)NULL);
	err_errno(&err, errno, "run %s", program);
	return call_fail(c, &err);
}

static int verify(struct call *c)
{
	AUTO(json_auto_decref) json_t *answer = NULL;
	const json_t *bad;
	struct err err = { 0 };

	if (!call_connect(c, &err) || !call_ask(c, "GET", "/v1/audit", NULL, CALL_LONG_MS, &answer, &err))
		return call_fail(c, &err);
	bad = json_object_get(answer, "bad");
	if (call_has(c, &flag_json))
		out_json(answer);
	else if (json_flag(answer, "ok"))
		out_line("ok, %lld rows, head %s", (long long)json_int(answer, "rows", 0), json_text(answer, "head"));
	else
		out_line("row %lld: %s", (long long)json_int(bad, "seq", 0), json_text(bad, "why"));
	return json_flag(answer, "ok") ? 0 : err_exit_code(ERR_FAILED);
}

static int export(struct call *c)
{
	int64_t since = 0;
	struct err err = { 0 };
	size_t n = PAGE;

	if (!call_number(c, &flag_since, 0, INT64_MAX, 0, &since, &err) || !call_connect(c, &err))
		return call_fail(c, &err);
	while (n == PAGE) {
		AUTO(mem_auto_free) char *path = mem_printf("/v1/journal?since=%lld&limit=%d", (long long)since, PAGE);
		AUTO(json_auto_decref) json_t *answer = NULL;
		const json_t *row;
		size_t i;

		if (!call_ask(c, "GET", path, NULL, CALL_ASK_MS, &answer, &err))
			return call_fail(c, &err);
		json_array_foreach(json_object_get(answer, "rows"), i, row) {
			out_json(row);
			since = json_int(row, "seq", since);
		}
		n = json_array_size(json_object_get(answer, "rows"));
	}
	return 0;
}

static int run(struct call *c)
{
	const char *file = call_value(c, &flag_file);
	bool is_export = strcmp(call_operand(c, 0), "export") == 0;
	struct err err = { 0 };

	if (is_export && file) {
		err_set(&err, ERR_USAGE, "export writes to standard output; --file is for verify");
		return call_fail(c, &err);
	}
	if (is_export)
		return export(c);
	return file ? verify_file(c, file) : verify(c);
}

const struct command command_audit = {
	.name = "audit", .summary = "verifies or exports the journal", .run = run, .least = 1, .most = 1,
	.words = { "export", "verify" },
	.usage = { "audit verify [--file FILE] [--json]", "audit export [--since SEQ]" },
	.help = "verify walks the chain of hashes and names the first row that does not fit (exit\n"
		"code 1). export prints every row as one JSON line, with its hash; what it wrote\n"
		"can be verified anywhere with --file.",
	.flags = { &flag_file, &flag_since, &flag_json },
};
