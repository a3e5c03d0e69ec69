#include "views/command/verbs.h"
#include "views/command/verdict.h"

static int run(struct call *c)
{
	return verdict_give(c, "approve");
}

const struct command command_approve = {
	.name = "approve", .summary = "approves a deployment that another person asked for", .run = run, .least = 1,
	.most = 1,
	.usage = { "approve ID|ENVIRONMENT --reason TEXT [flags]" },
	.help = "Your word is bound to the build and the plan of that deployment, holds for a\n"
		"limited time and counts once. Of one that is scheduled it holds until that time\n"
		"and for what it may be late; the answer and slipway status say when it ends.\n"
		"Refused: your own (exit code 4), a plan that changed since it was shown, one that\n"
		"does not wait (3).\n"
		"With --wait the deployment is followed to its end.",
	.flags = { &flag_reason, &flag_wait, &flag_app, &flag_json },
};
