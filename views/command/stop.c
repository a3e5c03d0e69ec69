#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "views/command/call.h"
#include "views/command/find.h"
#include "views/command/request.h"
#include "views/command/verbs.h"

static int run(struct call *c)
{
	AUTO(json_auto_decref) json_t *answer = NULL, *body = json_object();
	AUTO(mem_auto_free) char *path = NULL;
	int64_t id = 0;
	struct err err = { 0 };

	json_put_text(body, "reason", call_value(c, &flag_reason));
	if (!call_connect(c, &err) || !find_deployment(c, call_operand(c, 0), &id, &err))
		return call_fail(c, &err);
	path = mem_printf("/v1/deployments/%lld/stop", (long long)id);
	if (!call_ask(c, "POST", path, body, CALL_ASK_MS, &answer, &err))
		return call_fail(c, &err);
	return request_show(c, answer, DEPLOYMENT_STOPPED);
}

const struct command command_stop = {
	.name = "stop", .summary = "stops a deployment and undoes it", .run = run, .least = 1, .most = 1,
	.usage = { "stop ID|ENVIRONMENT [flags]" },
	.help = "Stops the deployment with this id, or the one that runs in the environment.\n"
		"What it did is undone; traffic stays where it was. One that is over is refused.\n"
		"With --wait the exit code is 0 when it was stopped and undone, else 1.",
	.flags = { &flag_reason, &flag_wait, &flag_app, &flag_json },
};
