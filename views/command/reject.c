#include "views/command/verbs.h"
#include "views/command/verdict.h"

static int run(struct call *c)
{
	return verdict_give(c, "reject");
}

const struct command command_reject = {
	.name = "reject", .summary = "rejects a deployment that waits; it ends", .run = run, .least = 1, .most = 1,
	.usage = { "reject ID|ENVIRONMENT --reason TEXT [flags]" },
	.help = "Those who may approve the deployment may reject it, and so may who asked for it\n"
		"when he is one of them. It ends as stopped; nothing was touched.",
	.flags = { &flag_reason, &flag_wait, &flag_app, &flag_json },
};
