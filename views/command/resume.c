#include "backend/base/json.h"
#include "views/command/verbs.h"
#include "views/command/verdict.h"

static int run(struct call *c)
{
	return verdict_hold(c, "resume", json_object());
}

const struct command command_resume = {
	.name = "resume", .summary = "lets an environment's automation go on after a rollback", .run = run, .least = 1,
	.most = 1,
	.usage = { "resume ENVIRONMENT [flags]" },
	.help = "A rollback pauses the automatic deployments of its environment and puts the build\n"
		"that it left in quarantine. This ends the pause; the build stays in quarantine\n"
		"until a person deploys it with a reason.",
	.flags = { &flag_reason, &flag_app, &flag_json },
};
