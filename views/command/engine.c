#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/client/client.h"
#include "views/command/call.h"
#include "views/command/find.h"
#include "views/command/out.h"
#include "views/command/record.h"
#include "views/command/verbs.h"

enum { STOP_MS = 10000 };

static int print_engine(struct call *c)
{
	AUTO(json_auto_decref) json_t *status = NULL;
	AUTO(mem_auto_free) char *started = NULL;
	const json_t *engine;
	struct err err = { 0 };

	if (!find_status(c, &status, &err))
		return call_fail(c, &err);
	engine = json_object_get(status, "engine");
	started = record_time(engine, "started");
	if (call_has(c, &flag_json))
		out_json(engine);
	else
		out_line("engine %s  pid %lld  since %s  %s", json_text(engine, "version"), (long long)json_int(engine, "pid", 0),
		         started, json_text(engine, "workspace"));
	return 0;
}

static int none_runs(struct call *c, enum err_kind kind)
{
	struct err err = { 0 };

	err_set(&err, kind, "no engine runs in %s", c->workspace.dir);
	if (kind != ERR_NONE)
		return call_fail(c, &err);
	out_line("%s", err.text);
	return 0;
}

static int stop(struct call *c)
{
	AUTO(json_auto_decref) json_t *answer = NULL;
	struct err err = { 0 };

	if (!client_ask(c->client, "POST", "/v1/engine/stop", NULL, CALL_ASK_MS, &answer, &err)
	    || !workspace_wait_for_end(&c->workspace, STOP_MS, &err))
		return call_fail(c, &err);
	out_line("the engine ended; applications and their HAProxy go on");
	return 0;
}

static int run(struct call *c)
{
	const char *what = call_operand(c, 0);
	struct err err = { 0 };

	if (!call_find_workspace(c, &err))
		return call_fail(c, &err);
	if (strcmp(what, "start") != 0 && !workspace_engine_answers(&c->workspace))
		return none_runs(c, strcmp(what, "stop") == 0 ? ERR_NONE : ERR_UNREACHABLE);
	if (!call_connect(c, &err))
		return call_fail(c, &err);
	return strcmp(what, "stop") == 0 ? stop(c) : print_engine(c);
}

const struct command command_engine = {
	.name = "engine", .summary = "starts or stops the engine, or says whether it runs", .run = run, .least = 1, .most = 1,
	.words = { "start", "status", "stop" },
	.usage = { "engine start|status|stop [--json]" },
	.help = "Every command starts the engine when none runs; it outlives them all. Stopping it\n"
		"stops no application: what runs goes on, what was being deployed is resumed or\n"
		"undone when it is started again. status ends with 5 when none runs.",
	.flags = { &flag_json },
};
