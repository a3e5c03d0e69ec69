#include "backend/base/json.h"
#include "views/command/verbs.h"
#include "views/command/verdict.h"

static int run(struct call *c)
{
	return verdict_hold(c, "unlock", json_object());
}

const struct command command_unlock = {
	.name = "unlock", .summary = "gives back the lock of an environment", .run = run, .least = 1, .most = 1,
	.usage = { "unlock ENVIRONMENT [flags]" },
	.help = "Only who holds it may; another one takes it first: slipway lock ENVIRONMENT --steal.\n"
		"What waited for it goes on at once.",
	.flags = { &flag_reason, &flag_app, &flag_json },
};
