#include <inttypes.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/proto/words.h"
#include "views/command/call.h"
#include "views/command/find.h"
#include "views/command/request.h"
#include "views/command/verbs.h"
#include "views/command/when.h"

static int run(struct call *c)
{
	AUTO(json_auto_decref) json_t *answer = NULL, *body = json_object();
	AUTO(mem_auto_free) char *path = NULL;
	struct zone_reading when;
	int64_t id = 0;
	struct err err = { 0 };

	if (!call_has(c, &flag_when)) {
		err_set(&err, ERR_USAGE, "say when with --at \"2026-12-01 18:00 Europe/Paris\"");
		return call_fail(c, &err);
	}
	if (!when_read(c, &when, &err) || !call_connect(c, &err)
	    || !find_deployment(c, call_operand(c, 1), &id, &err))
		return call_fail(c, &err);
	json_object_set_new(body, "not_before", json_integer(when.at));
	path = mem_printf("/v1/deployments/%" PRId64 "/move", id);
	if (!call_ask(c, "POST", path, body, CALL_ASK_MS, &answer, &err))
		return call_fail(c, &err);
	return request_show_at(c, answer, &when);
}

const struct command command_schedule = {
	.name = "schedule", .summary = "moves a deployment that waits for its time", .run = run, .least = 2, .most = 2,
	.words = { "move" },
	.usage = { "schedule move ID --at TIME [flags]" },
	.help = "The deployment was asked for with slipway deploy --at; slipway stop cancels it.\n"
		"TIME is as on the wall there: \"2026-12-01 18:00 Europe/Paris\"; UTC without a zone.\n"
		"One that the clocks there skip is refused; of one that they show twice the first is\n"
		"taken. Every gate judges it again when its time comes. What was approved for the\n"
		"time before holds no longer than its term.",
	.flags = { &flag_when, &flag_wait, &flag_app, &flag_json },
};
