#include "views/command/call.h"
#include "views/command/find.h"
#include "views/command/follow.h"
#include "views/command/verbs.h"

static const struct flag flag_exit_status = { "--exit-status", 0, NULL, "exit with 1 unless the deployment succeeds", false, false };

static int run(struct call *c)
{
	bool json = call_has(c, &flag_json), one = call_operand(c, 0) || call_has(c, &flag_exit_status);
	enum deployment_state state = DEPLOYMENT_QUEUED;
	int64_t id = 0;
	struct err err = { 0 };

	if (!call_connect(c, &err))
		return call_fail(c, &err);
	if (!one)
		return follow_all(c, json, &err) ? 0 : call_fail(c, &err);
	if (!find_deployment(c, call_operand(c, 0), &id, &err) || !follow_one(c, id, NULL, json, &state, &err))
		return call_fail(c, &err);
	return call_has(c, &flag_exit_status) ? follow_exit_code(state, DEPLOYMENT_SUCCEEDED) : 0;
}

const struct command command_watch = {
	.name = "watch", .summary = "follows a deployment live", .run = run, .most = 1,
	.usage = { "watch [ID|ENVIRONMENT] [flags]" },
	.help = "Prints a line when a step begins and when it ends, for each failed test, and for\n"
		"the end. Follows the deployment with this id, or the one that runs in the\n"
		"environment (else the next one that waits, else the last one). Without a word it\n"
		"follows whatever comes, until it is interrupted; with --exit-status the one that\n"
		"runs. A lost engine is started again. Interrupting it stops no deployment.\n"
		"With --json a line is {\"deployment\":ID,\"step\":STEP} or \"result\":RESULT for each\n"
		"test, and at last \"end\":DEPLOYMENT.",
	.flags = { &flag_exit_status, &flag_app, &flag_json },
};
