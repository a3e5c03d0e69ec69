#include "backend/base/json.h"
#include "backend/config/value.h"
#include "views/command/call.h"
#include "views/command/verbs.h"
#include "views/command/verdict.h"

static const struct flag flag_for = { "--for", 0, "TIME", "how long, such as 30m or 2h; left out: \"lock_for\" (8h)",
                                      false, false };
static const struct flag flag_steal = { "--steal", 0, NULL, "take it from whoever holds it; that is recorded", false,
                                        false };

static int run(struct call *c)
{
	const char *text = call_value(c, &flag_for);
	struct err err = { 0 };
	json_t *extra;
	int64_t ms = 0;

	if (text && (!value_duration(text, &ms) || ms <= 0)) {
		err_set(&err, ERR_USAGE, "--for takes a duration such as 30m or 2h, not \"%.40s\"", text);
		return call_fail(c, &err);
	}
	extra = json_object();
	json_object_set_new(extra, "for_ms", json_integer(ms));
	json_object_set_new(extra, "steal", json_boolean(call_has(c, &flag_steal)));
	return verdict_hold(c, "lock", extra);
}

const struct command command_lock = {
	.name = "lock", .summary = "keeps all others from deploying to an environment", .run = run, .least = 1, .most = 1,
	.usage = { "lock ENVIRONMENT --reason TEXT [--for TIME] [--steal] [flags]" },
	.help = "You may still deploy there; what others ask for is refused with your reason, or\n"
		"waits. A rollback is not kept from anybody. Locking again renews the lease. It ends\n"
		"by itself: after --for, else after the environment's \"lock_for\" in slipway.json.\n"
		"Held by somebody else: exit code 3.",
	.flags = { &flag_reason, &flag_for, &flag_steal, &flag_app, &flag_json },
};
