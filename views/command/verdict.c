#include "views/command/verdict.h"

#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/client/client.h"
#include "backend/proto/words.h"
#include "views/command/call.h"
#include "views/command/find.h"
#include "views/command/out.h"
#include "views/command/record.h"
#include "views/command/request.h"

/* Asked once: a verdict that arrived must not be given a second time when only its answer was lost. */
static bool ask_once(struct call *c, const char *path, json_t *take_body, json_t **ret, struct err *err)
{
	return client_ask(c->client, "POST", path, take_body, CALL_ASK_MS, ret, err);
}

static bool see_plan(struct call *c, int64_t id, json_t *body, struct err *err)
{
	AUTO(mem_auto_free) char *path = mem_printf("/v1/deployments/%lld", (long long)id);
	AUTO(json_auto_decref) json_t *deployment = NULL;

	if (!call_ask(c, "GET", path, NULL, CALL_ASK_MS, &deployment, err))
		return false;
	json_put_text(body, "plan_hash", json_text(deployment, "plan_hash"));
	return true;
}

int verdict_give(struct call *c, const char *word)
{
	AUTO(json_auto_decref) json_t *answer = NULL;
	json_t *body = json_object();
	AUTO(mem_auto_free) char *path = NULL;
	int64_t id = 0;
	struct err err = { 0 };

	json_put_text(body, "reason", call_value(c, &flag_reason));
	if (!call_connect(c, &err) || !find_deployment(c, call_operand(c, 0), &id, &err) || !see_plan(c, id, body, &err)) {
		json_decref(body);
		return call_fail(c, &err);
	}
	path = mem_printf("/v1/deployments/%lld/%s", (long long)id, word);
	if (!ask_once(c, path, body, &answer, &err))
		return call_fail(c, &err);
	return request_show(c, answer, strcmp(word, "reject") == 0 ? DEPLOYMENT_STOPPED : DEPLOYMENT_SUCCEEDED);
}

static void print_hold(const struct call *c, const json_t *environment)
{
	const json_t *paused = json_object_get(environment, "paused");
	AUTO(mem_auto_free) char *lock = record_lock(environment);

	if (call_has(c, &flag_json))
		out_json(environment);
	else if (*lock)
		out_line("%s is %s", json_text(environment, "name"), lock);
	else
		out_line("%s is not locked%s%s", json_text(environment, "name"),
		         json_is_object(paused) ? "; its automation is paused: " : "", json_text(paused, "why"));
}

int verdict_hold(struct call *c, const char *word, json_t *take_extra)
{
	AUTO(json_auto_decref) json_t *status = NULL, *answer = NULL;
	const json_t *app, *found;
	AUTO(mem_auto_free) char *escaped = client_escape(call_operand(c, 0));
	AUTO(mem_auto_free) char *path = mem_printf("/v1/environments/%s/%s", escaped, word);
	struct err err = { 0 };

	if (!call_connect(c, &err) || !find_status(c, &status, &err) || !find_app(c, status, &app, &err)
	    || !find_environment(app, call_operand(c, 0), &found, &err)) {
		json_decref(take_extra);
		return call_fail(c, &err);
	}
	json_put_text(take_extra, "app", json_text(app, "name"));
	json_put_text(take_extra, "reason", call_value(c, &flag_reason));
	if (!ask_once(c, path, take_extra, &answer, &err))
		return call_fail(c, &err);
	print_hold(c, answer);
	return 0;
}
