#include "views/intent.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/clock.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/config/value.h"
#include "views/escape.h"

/* What differs by kind and is no sentence. `route` follows the deployment's or the environment's name in the path. */
static const struct {
	const char *verb, *route;
	bool of_deployment;          /* POST /v1/deployments/ID/… */
	bool is_deployment;          /* POST /v1/deployments */
	bool wants_reason, wants_time;
} kinds[INTENT_KIND_COUNT] = {
	[INTENT_NONE] = { .verb = "" },
	[INTENT_DEPLOY] = { .verb = "deploy", .is_deployment = true },
	[INTENT_ROLLBACK] = { .verb = "roll back", .is_deployment = true },
	[INTENT_STOP] = { .verb = "stop", .route = "stop", .of_deployment = true },
	[INTENT_FEATURE] = { .verb = "feature" },
	[INTENT_SCHEDULE] = { .verb = "schedule", .is_deployment = true, .wants_time = true },
	[INTENT_MOVE] = { .verb = "move", .route = "move", .of_deployment = true, .wants_time = true },
	[INTENT_APPROVE] = { .verb = "approve", .route = "approve", .of_deployment = true, .wants_reason = true },
	[INTENT_REJECT] = { .verb = "reject", .route = "reject", .of_deployment = true, .wants_reason = true },
	[INTENT_LOCK] = { .verb = "lock", .route = "lock", .wants_reason = true },
	[INTENT_UNLOCK] = { .verb = "unlock", .route = "unlock" },
	[INTENT_RESUME] = { .verb = "resume", .route = "resume" },
};

enum { INTENT_TEXTS = 9 };

/* Every string that an intent owns. */
static void texts(struct intent *i, char **ret[static INTENT_TEXTS])
{
	char **const all[INTENT_TEXTS] = {
		&i->app, &i->environment, &i->version, &i->digest, &i->expect, &i->feature, &i->plan_hash, &i->reason,
		&i->override,
	};

	memcpy(ret, all, sizeof all);
}

void intent_done(struct intent *i)
{
	char **own[INTENT_TEXTS];

	texts(i, own);
	for (int n = 0; n < INTENT_TEXTS; n++)
		free(*own[n]);
	*i = (struct intent){ 0 };
}

void intent_copy(struct intent *to, const struct intent *from)
{
	struct intent copy = *from;
	char **own[INTENT_TEXTS];

	texts(&copy, own);
	for (int n = 0; n < INTENT_TEXTS; n++)
		*own[n] = mem_dup(*own[n]);
	intent_done(to);
	*to = copy;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool intent_equal(const struct intent *a, const struct intent *b)
{
	struct intent left = *a, right = *b;
	char **own[INTENT_TEXTS], **others[INTENT_TEXTS];

	texts(&left, own);
	texts(&right, others);
	for (int n = 0; n < INTENT_TEXTS; n++)
		if (!same(*own[n], *others[n]))
			return false;
	return a->kind == b->kind && a->deployment == b->deployment && a->on == b->on && a->at == b->at &&
	       a->for_ms == b->for_ms && a->steal == b->steal && a->when_allowed == b->when_allowed &&
	       a->is_protected == b->is_protected && a->needs_arming == b->needs_arming;
}

const char *intent_verb(enum intent_kind kind)
{
	return kinds[kind].verb;
}

bool intent_lacks_reason(const struct intent *i)
{
	return kinds[i->kind].wants_reason && (!i->reason || !*i->reason);
}

bool intent_lacks_time(const struct intent *i)
{
	return kinds[i->kind].wants_time && !i->at;
}

bool intent_is_deployment(const struct intent *i)
{
	return kinds[i->kind].is_deployment;
}

bool intent_of_deployment(const struct intent *i)
{
	return kinds[i->kind].of_deployment;
}

static char *change(const struct intent *i, const char *arrow, const char *more)
{
	return mem_printf("%s %s %s %s%s", i->environment, *i->expect ? i->expect : "(nothing)", arrow, i->version, more);
}

static char *lock_sentence(const struct intent *i)
{
	AUTO(mem_auto_free) char *time = i->for_ms ? value_duration_text(i->for_ms) : NULL;

	return mem_printf("%s %s%s%s", i->steal ? "take the lock of" : "lock", i->environment, time ? " for " : "",
	                  time ? time : "");
}

char *intent_sentence(const struct intent *i, const char *arrow)
{
	char iso[CLOCK_ISO_SIZE], at[CLOCK_ISO_SIZE + 8] = " later";

	if (i->at)
		snprintf(at, sizeof at, " at %.16sZ", clock_iso(i->at, iso));
	switch (i->kind) {
	case INTENT_STOP:
		return mem_printf("stop %s in %s", i->version, i->environment);
	case INTENT_FEATURE:
		return mem_printf(i->on ? "put %s into %s" : "pull %s from %s", i->feature, i->environment);
	case INTENT_SCHEDULE:
		return change(i, arrow, at);
	case INTENT_MOVE:
		return mem_printf("move %s in %s%s%s", i->version, i->environment, i->at ? " to" : "", i->at ? at + 3 : "");
	case INTENT_APPROVE: case INTENT_REJECT:
		return mem_printf("%s #%" PRId64 ": %s to %s", intent_verb(i->kind), i->deployment, i->version, i->environment);
	case INTENT_LOCK:
		return lock_sentence(i);
	case INTENT_UNLOCK:
		return mem_printf("unlock %s", i->environment);
	case INTENT_RESUME:
		return mem_printf("resume the automation of %s", i->environment);
	default:
		return change(i, arrow, i->when_allowed ? " when it is allowed" : "");
	}
}

char *intent_path(const struct intent *i)
{
	AUTO(mem_auto_free) char *environment = NULL;

	if (i->kind == INTENT_FEATURE)
		return mem_dup("/v1/features");
	if (kinds[i->kind].is_deployment)
		return mem_dup("/v1/deployments");
	if (kinds[i->kind].of_deployment)
		return mem_printf("/v1/deployments/%" PRId64 "/%s", i->deployment, kinds[i->kind].route);
	environment = escape_dup(i->environment);
	return mem_printf("/v1/environments/%s/%s", environment, kinds[i->kind].route);
}

static void put_deployment(const struct intent *i, const char *key, json_t *body)
{
	json_put_text(body, "kind", i->kind == INTENT_ROLLBACK ? "rollback" : "deploy");
	json_put_text(body, "version", i->version);
	json_put_text(body, "digest", i->digest);
	json_put_text(body, "expect", i->expect);
	json_put_text(body, "key", key);
	if (i->override)
		json_put_text(body, "override", i->override);
	if (i->when_allowed)
		json_object_set_new(body, "when_allowed", json_true());
}

json_t *intent_body(const struct intent *i, const char *key)
{
	json_t *body = json_object();

	json_put_text(body, "reason", i->reason ? i->reason : "");
	if (i->at)
		json_object_set_new(body, "not_before", json_integer(i->at));
	if (i->plan_hash)
		json_put_text(body, "plan_hash", i->plan_hash);
	if (kinds[i->kind].of_deployment)
		return body;
	json_put_text(body, "app", i->app);
	json_put_text(body, "environment", i->environment);
	if (kinds[i->kind].is_deployment)
		put_deployment(i, key, body);
	if (i->kind == INTENT_FEATURE) {
		json_put_text(body, "feature", i->feature);
		json_object_set_new(body, "on", json_boolean(i->on));
		json_object_set_new(body, "expect", json_boolean(!i->on));
	}
	if (i->kind == INTENT_LOCK) {
		json_object_set_new(body, "for_ms", json_integer(i->for_ms));
		json_object_set_new(body, "steal", json_boolean(i->steal));
	}
	return body;
}
