#include "backend/proto/words.h"
#include "views/command/call.h"
#include "views/command/request.h"
#include "views/command/verbs.h"

static const struct flag flag_to = { "--to", 0, "VERSION", "this one instead of the last known-good", false, false };

static int run(struct call *c)
{
	return request_deployment(c, kind_name(KIND_ROLLBACK), call_operand(c, 0), call_value(c, &flag_to));
}

const struct command command_rollback = {
	.name = "rollback", .summary = "takes an environment back to the last known-good version", .run = run, .least = 1,
	.most = 1,
	.usage = { "rollback ENVIRONMENT [--to VERSION] [flags]" },
	.help = "Goes before everything that waits, and stops a deployment that runs there. The\n"
		"target is named beforehand: slipway status shows it. With --wait it is followed\n"
		"to its end: exit code 0 when it succeeded, 1 when not.",
	.flags = { &flag_to, &flag_wait, &flag_expect, &flag_reason, &flag_when_allowed, &flag_override, &flag_app, &flag_json },
};
