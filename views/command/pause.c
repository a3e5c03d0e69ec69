#include "backend/base/json.h"
#include "views/command/verbs.h"
#include "views/command/verdict.h"

static int run(struct call *c)
{
	return verdict_hold(c, "pause", json_object());
}

const struct command command_pause = {
	.name = "pause", .summary = "keeps an environment's automation from taking builds", .run = run, .least = 1, .most = 1,
	.usage = { "pause ENVIRONMENT --reason TEXT [flags]" },
	.help = "New builds are not deployed by themselves until `slipway resume`; one that waits in\n"
		"the queue ends, one that runs goes on. People deploy as before.\n"
		"Not automatic, or paused already: exit code 3.",
	.flags = { &flag_reason, &flag_app, &flag_json },
};
