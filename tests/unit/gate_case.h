/* Facts in which every gate is content, for a test to change one thing in; and short words to judge them. */
#ifndef TESTS_GATE_CASE_H
#define TESTS_GATE_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "backend/base/mem.h"
#include "backend/base/zone.h"
#include "backend/config/config.h"
#include "backend/engine/gates/gates.h"
#include "backend/store/store.h"

struct gate_case {
	struct config_component component;
	struct config_app app;
	struct config_environment env;
	struct store_artifact artifact;
	struct store_build build;
	struct store_env state;
	struct store_policy policy;
	struct store_stay here;
	struct gate_facts facts;
	struct gate_refusal refusal;
};

static inline void gate_case_begin(struct gate_case *c)
{
	*c = (struct gate_case){
		.component = { .name = (char *)"web", .artifact = (char *)"web" },
		.env = { .name = (char *)"prod" },
		.artifact = { .component = (char *)"web" },
		.build = { .version = (char *)"2.0.0", .digest = (char *)"d2", .nartifacts = 1, .tests_ok = 12 },
	};
	c->app = (struct config_app){ .name = (char *)"shop", .components = &c->component, .ncomponents = 1 };
	c->build.artifacts = &c->artifact;
	c->facts = (struct gate_facts){ .app = &c->app, .env = &c->env, .build = &c->build, .state = &c->state,
		.kind = KIND_DEPLOY, .now = 1000000, .requester = { 1000, "alice", NULL }, .plan_hash = "p", .reason = "",
		.policy = &c->policy, .here = &c->here };
}

typedef bool (*gate_fn)(const struct gate_facts *f, struct gate_refusal *ret);

static inline bool gate_case_judge(struct gate_case *c, gate_fn judge)
{
	c->refusal = (struct gate_refusal){ 0 };
	return judge(&c->facts, &c->refusal);
}

static inline void assert_allowed(struct gate_case *c, gate_fn judge, const char *when)
{
	if (!gate_case_judge(c, judge))
		fail_msg("%s: refused: %s", when, c->refusal.why);
}

/* What the refusal says must be there: why, and who or what clears it. */
static inline void assert_refused(struct gate_case *c, gate_fn judge, bool waits, const char *why, const char *when)
{
	if (gate_case_judge(c, judge))
		fail_msg("%s: allowed", when);
	if (!strstr(c->refusal.why, why))
		fail_msg("%s: \"%s\" does not say \"%s\"", when, c->refusal.why, why);
	if (c->refusal.waits != waits)
		fail_msg("%s: it %s", when, waits ? "does not wait" : "waits");
	assert_int_not_equal(c->refusal.kind, ERR_NONE);
	assert_true(c->refusal.who[0] != '\0');
}

#endif
