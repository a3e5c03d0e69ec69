#include <inttypes.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/client/client.h"
#include "backend/proto/words.h"
#include "views/command/call.h"
#include "views/command/follow.h"
#include "views/command/out.h"
#include "views/command/release_follow.h"
#include "views/command/release_print.h"
#include "views/command/verbs.h"
#include "views/command/when.h"

enum { MEMBERS_MOST = 100 };

static const struct flag flag_from = { "--from", 0, "ENVIRONMENT", "take the versions that are live there", false, false };
static const struct flag flag_expect_of = { "--expect", 0, "APP=LIVE", "refuse when another version than LIVE is live there",
                                            true, false };
static const struct flag flag_dry_run = { "--dry-run", 0, NULL, "say what would be done and whether it would be refused", false,
                                          false };

/* ---- asking for one ---- */

/* "api=2.0.0": the object of the application in `members`, made when it is not there. NULL: it is no such word. */
static json_t *member_of(json_t *members, const char *word)
{
	const char *equals = strchr(word, '=');
	AUTO(mem_auto_free) char *app = equals ? mem_dupn(word, (size_t)(equals - word)) : NULL;
	json_t *member;
	size_t i;

	if (!equals || equals == word)
		return NULL;
	json_array_foreach(members, i, member)
		if (strcmp(json_text(member, "app"), app) == 0)
			return member;
	member = json_object();
	json_put_text(member, "app", app);
	json_array_append_new(members, member);
	return member;
}

static bool read_members(const struct call *c, json_t *members, struct err *err)
{
	const char *word;
	size_t at = 0;

	for (size_t i = 2; (word = call_operand(c, i)); i++) {
		json_t *member = member_of(members, word);

		if (!member || !*(strchr(word, '=') + 1))
			return err_set(err, ERR_USAGE, "\"%.80s\" is not APP=VERSION", word);
		if (json_object_get(member, "version"))
			return err_set(err, ERR_USAGE, "%.80s is named twice", json_text(member, "app"));
		json_put_text(member, "version", strchr(word, '=') + 1);
	}
	while ((word = call_next_value(c, &flag_expect_of, &at))) {
		json_t *member = member_of(members, word);

		if (!member)
			return err_set(err, ERR_USAGE, "\"%.80s\" is not APP=LIVE", word);
		json_put_text(member, "expect", strchr(word, '=') + 1);
	}
	return true;
}

static bool read_request(const struct call *c, json_t *body, struct zone_reading *ret_when, struct err *err)
{
	AUTO(mem_auto_free) char *key = client_new_key();
	json_t *members = json_array();

	json_object_set_new(body, "members", members);
	json_put_text(body, "group", call_operand(c, 0));
	json_put_text(body, "environment", call_operand(c, 1));
	json_put_text(body, "from", call_value(c, &flag_from));
	json_put_text(body, "reason", call_value(c, &flag_reason));
	json_put_text(body, "override", call_value(c, &flag_override));
	json_put_text(body, "key", key);
	if (call_has(c, &flag_when_allowed))
		json_object_set_new(body, "when_allowed", json_true());
	if (call_has(c, &flag_dry_run))
		json_object_set_new(body, "dry_run", json_true());
	if (!call_operand(c, 1))
		return err_set(err, ERR_USAGE, "say which environment: slipway %s", c->command->usage[0]);
	if (!call_operand(c, 2) && !call_has(c, &flag_from))
		return err_set(err, ERR_USAGE, "say what to release: APP=VERSION..., or --from ENVIRONMENT");
	if (call_has(c, &flag_dry_run) && call_has(c, &flag_wait))
		return err_set(err, ERR_USAGE, "there is nothing to --wait for in a --dry-run");
	if (!read_members(c, members, err) || !when_read(c, ret_when, err))
		return false;
	if (ret_when->at)
		json_object_set_new(body, "not_before", json_integer(ret_when->at));
	return true;
}

static int show(struct call *c, const json_t *release, enum deployment_state wanted)
{
	enum deployment_state state = DEPLOYMENT_QUEUED;
	struct err err = { 0 };

	if (!call_has(c, &flag_wait)) {
		release_print(release, call_has(c, &flag_json));
		return 0;
	}
	if (!release_follow(c, json_int(release, "id", 0), call_has(c, &flag_json), &state, &err))
		return call_fail(c, &err);
	return follow_exit_code(state, wanted);
}

static int ask(struct call *c)
{
	AUTO(json_auto_decref) json_t *answer = NULL, *body = json_object();
	struct zone_reading when = { 0 };
	struct err err = { 0 };

	if (!read_request(c, body, &when, &err) || !call_connect(c, &err)
	    || !call_ask(c, "POST", "/v1/releases", body, CALL_ASK_MS, &answer, &err))
		return call_fail(c, &err);
	if (!call_has(c, &flag_json) && strcmp(json_text(answer, "state"), "queued") == 0)
		when_print(&when);
	return show(c, answer, DEPLOYMENT_SUCCEEDED);
}

/* ---- list, show, stop ---- */

static int list(struct call *c)
{
	AUTO(json_auto_decref) json_t *answer = NULL;
	AUTO(mem_auto_free) char *path = NULL;
	const json_t *release;
	int64_t limit = 0;
	struct err err = { 0 };
	size_t i;

	if (!call_number(c, &flag_limit, 1, 500, 50, &limit, &err) || !call_connect(c, &err))
		return call_fail(c, &err);
	path = mem_printf("/v1/releases?limit=%" PRId64, limit);
	if (!call_ask(c, "GET", path, NULL, CALL_ASK_MS, &answer, &err))
		return call_fail(c, &err);
	json_array_foreach(json_object_get(answer, "releases"), i, release) {
		if (call_has(c, &flag_json))
			out_json(release);
		else
			release_print_head(release);
	}
	return 0;
}

static int of_one(struct call *c, bool stops)
{
	AUTO(json_auto_decref) json_t *answer = NULL, *body = json_object();
	const char *id = call_operand(c, 1);
	AUTO(mem_auto_free) char *path = mem_printf("/v1/releases/%s%s", id, stops ? "/stop" : "");
	struct err err = { 0 };

	json_put_text(body, "reason", call_value(c, &flag_reason));
	if (!call_connect(c, &err)
	    || !call_ask(c, stops ? "POST" : "GET", path, stops ? body : NULL, CALL_ASK_MS, &answer, &err))
		return call_fail(c, &err);
	return show(c, answer, stops ? DEPLOYMENT_STOPPED : DEPLOYMENT_SUCCEEDED);
}

/* A group may be called "show": then an environment follows, and never a number alone. */
static bool is_word(const struct call *c, const char *word, size_t operands)
{
	const char *id = call_operand(c, 1);

	return strcmp(call_operand(c, 0), word) == 0 && c->noperands == operands
		&& (operands == 1 || strspn(id, "0123456789") == strlen(id));
}

static int run(struct call *c)
{
	if (is_word(c, "list", 1))
		return list(c);
	if (is_word(c, "show", 2))
		return of_one(c, false);
	if (is_word(c, "stop", 2))
		return of_one(c, true);
	return ask(c);
}

const struct command command_release = {
	.name = "release", .summary = "brings the applications of a group to an environment together", .run = run,
	.least = 1, .most = MEMBERS_MOST + 2,
	.usage = { "release GROUP ENVIRONMENT APP=VERSION... [flags]",
	           "release GROUP ENVIRONMENT --from ENVIRONMENT [APP=VERSION...] [flags]",
	           "release show|stop ID [flags]", "release list [flags]" },
	.help = "The group's applications (groups.json) that are named go to the environment of that\n"
		"name in its order, each with its own gates: one begins when the one before it\n"
		"succeeded. One that is not named stays as it is; with --from it takes the version\n"
		"that is live there. One that a gate refuses for good refuses all: exit code 3.\n"
		"When one fails, or with stop, those that wait end; where the group says \"undo\",\n"
		"those that succeeded are rolled back, the last one first, to what was live before.\n"
		"One that cannot be is named, and the release ends as \"attention\".\n"
		"Prints the release, then a line for each application: from which version to which,\n"
		"its state, its deployment and why. With --wait a line for each change, and the exit\n"
		"code 0 when it succeeded (stop: when it was stopped), else 1. With --json: RELEASE\n"
		"of the API. list prints one line for each release, newest first.\n"
		"Asking is safe over a lost link: it never releases twice.",
	.flags = { &flag_from, &flag_expect_of, &flag_reason, &flag_when, &flag_when_allowed, &flag_override, &flag_dry_run,
	           &flag_wait, &flag_limit, &flag_json },
};
