#include "backend/base/json.h"
#include "views/command/verbs.h"
#include "views/command/verdict.h"

static int run(struct call *c)
{
	return verdict_hold(c, "resume", json_object());
}

const struct command command_resume = {
	.name = "resume", .summary = "lets an environment's automation go on after a pause", .run = run, .least = 1,
	.most = 1,
	.usage = { "resume ENVIRONMENT [flags]" },
	.help = "A rollback pauses the automatic deployments of its environment and puts the build\n"
		"that it left in quarantine; so does a deployment whose end nobody knows, and\n"
		"`slipway pause`. This ends the pause: builds that are newer than the one that was\n"
		"left are taken again. That one stays in quarantine until a person deploys it with a\n"
		"reason.",
	.flags = { &flag_reason, &flag_app, &flag_json },
};
