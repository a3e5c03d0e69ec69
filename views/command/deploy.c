#include "backend/proto/words.h"
#include "views/command/call.h"
#include "views/command/request.h"
#include "views/command/verbs.h"

static int run(struct call *c)
{
	return request_deployment(c, kind_name(KIND_DEPLOY), call_operand(c, 1), call_operand(c, 0));
}

const struct command command_deploy = {
	.name = "deploy", .summary = "brings a build to an environment", .run = run, .least = 2, .most = 2,
	.usage = { "deploy VERSION ENVIRONMENT [flags]" },
	.help = "Asks for the deployment and prints it; it waits its turn when another one runs\n"
		"there. With --wait it is followed as slipway watch does: exit code 0 when it\n"
		"succeeded, 1 when it failed and was undone. Refused requests: 3.\n"
		"What gates refuse is said in a line each: which gate, why, who or what can clear it,\n"
		"and when; with --json also as the API's error object on standard output.\n"
		"A deployment that needs approval waits for it.\n"
		"With --at it waits in the engine for that time (slipway schedule moves it, stop\n"
		"cancels it) and every gate judges it again then. The answer says the time as it\n"
		"was understood, what will hold it then (a window that is closed at that time, and\n"
		"when it opens), and when it is expected to begin. A time that the clocks skip is\n"
		"refused; of one that they show twice the first is taken.\n"
		"Asking is safe over a lost link: it never deploys twice.",
	.flags = { &flag_when, &flag_wait, &flag_expect, &flag_reason, &flag_when_allowed, &flag_override, &flag_app, &flag_json },
};
