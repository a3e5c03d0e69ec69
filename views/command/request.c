#include "views/command/request.h"

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/client/client.h"
#include "views/command/call.h"
#include "views/command/find.h"
#include "views/command/follow.h"
#include "views/command/out.h"
#include "views/command/record.h"
#include "views/command/when.h"

int request_show(struct call *c, const json_t *deployment, enum deployment_state wanted)
{
	enum deployment_state state = DEPLOYMENT_QUEUED;
	struct err err = { 0 };

	if (call_has(c, &flag_wait)) {
		/* Of one that is stopped only what comes now is news. */
		const json_t *known = wanted == DEPLOYMENT_STOPPED ? deployment : NULL;

		if (!follow_one(c, json_int(deployment, "id", 0), known, call_has(c, &flag_json), &state,
		                &err))
			return call_fail(c, &err);
		return follow_exit_code(state, wanted);
	}
	if (call_has(c, &flag_json)) {
		out_json(deployment);
	} else {
		record_print(deployment);
		record_print_waits("it", deployment);
	}
	return 0;
}

int request_show_at(struct call *c, const json_t *deployment, const struct zone_reading *when)
{
	if (call_has(c, &flag_json))
		return request_show(c, deployment, DEPLOYMENT_SUCCEEDED);
	if (call_has(c, &flag_wait)) {
		when_print(when);
		return request_show(c, deployment, DEPLOYMENT_SUCCEEDED);
	}
	record_print(deployment);
	when_print(when);
	record_print_waits("it", deployment);
	return 0;
}

int request_deployment(struct call *c, const char *kind, const char *environment, const char *version)
{
	AUTO(json_auto_decref) json_t *status = NULL, *answer = NULL, *body = json_object();
	AUTO(mem_auto_free) char *key = client_new_key();
	const json_t *app, *found;
	struct zone_reading when;
	struct err err = { 0 };

	if (!when_read(c, &when, &err))
		return call_fail(c, &err);
	if (when.at)
		json_object_set_new(body, "not_before", json_integer(when.at));
	if (!call_connect(c, &err) || !find_status(c, &status, &err) || !find_app(c, status, &app, &err)
	    || !find_environment(app, environment, &found, &err))
		return call_fail(c, &err);
	json_put_text(body, "app", json_text(app, "name"));
	json_put_text(body, "environment", environment);
	json_put_text(body, "kind", kind);
	json_put_text(body, "version", version);
	json_put_text(body, "expect", call_value(c, &flag_expect));
	json_put_text(body, "reason", call_value(c, &flag_reason));
	json_put_text(body, "key", key);
	json_put_text(body, "override", call_value(c, &flag_override));
	if (call_has(c, &flag_when_allowed))
		json_object_set_new(body, "when_allowed", json_true());
	if (!call_ask(c, "POST", "/v1/deployments", body, CALL_ASK_MS, &answer, &err))
		return call_fail(c, &err);
	return request_show_at(c, answer, &when);
}
