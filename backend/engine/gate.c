#include "backend/engine/gate.h"

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/engine/blocked.h"
#include "backend/engine/gates/gates.h"
#include "backend/proto/refusal.h"

const struct gate gates[] = {
	{ "approval", "as many people as are asked for have approved the build and the plan", false, gate_approval },
	{ "artifacts", "the build has an artifact for every component", false, gate_artifacts },
	{ "deployers", "who asks may deploy to the environment", true, gate_deployers },
	{ "drift", "what is live is what was recorded", true, gate_drift },
	{ "expectation", "what is live is what the caller saw", false, gate_expectation },
	{ "lock", "nobody else holds the environment", true, gate_lock },
	{ "migration", "the build knows every migration that cannot be taken back", false, gate_migration },
	{ "promotion", "the build succeeded in the environments before, and for long enough", false, gate_promotion },
	{ "quarantine", "no rollback left the build here", false, gate_quarantine },
	{ "release", "those before it in its release succeeded", false, gate_release },
	{ "schedule", "the time that it was scheduled for has come", false, gate_schedule },
	{ "signature", "the build is signed by one of the application's signers", false, gate_signature },
	{ "tests", "the build's tests passed in CI", false, gate_tests },
	{ "window", "a window is open and no freeze is active", true, gate_window },
};
const size_t ngates = ARRAY_LEN(gates);

/* A lock, a soak and a freeze or two follow each other; more is not worth telling. */
enum { LOOKS_MAX = 20 };

_Static_assert(ARRAY_LEN(gates) <= GATES_MAX, "each gate can refuse once");

static void judge(const struct gate_facts *facts, bool of_environment, struct gate_refusals *ret)
{
	ret->n = 0;
	for (size_t i = 0; i < ngates; i++) {
		struct gate_refusal *refusal = &ret->items[ret->n];

		if (of_environment && !gates[i].of_environment)
			continue;
		*refusal = (struct gate_refusal){ .gate = gates[i].name };
		if (!gates[i].judge(facts, refusal))
			ret->n++;
	}
}

void gate_judge_all(const struct gate_facts *facts, struct gate_refusals *ret)
{
	judge(facts, false, ret);
}

/* What each gate said last; gate NULL: nothing. */
struct outlook { struct gate_refusal said[GATES_MAX]; };

/* Judges at `then`; the next time at which something clears, or `then` itself. */
static int64_t look(const struct gate_facts *then, bool is_first, struct outlook *o, bool *ret_clear)
{
	int64_t next = then->now;

	*ret_clear = true;
	for (size_t i = 0; i < ngates; i++) {
		struct gate_refusal r = { .gate = gates[i].name };

		if (gates[i].judge(then, &r))
			continue;
		*ret_clear = false;
		/* What people can still clear, or nobody, is not made known by a look that far ahead. */
		if (is_first || (r.waits && r.clears_at))
			o->said[i] = r;
		if (r.clears_at > next)
			next = r.clears_at;
	}
	return next;
}

static void look_at_schedule(const struct gate_facts *facts, struct outlook *o)
{
	for (size_t i = 0; i < ngates; i++)
		if (gates[i].judge == gate_schedule && !gate_schedule(facts, &o->said[i]))
			o->said[i].gate = gates[i].name;
}

int64_t gate_foresee(const struct gate_facts *facts, struct gate_refusals *ret)
{
	struct gate_facts then = *facts;
	struct outlook o = { 0 };
	int64_t next = facts->now;
	bool clear = false;

	if (facts->now < facts->not_before) {
		look_at_schedule(facts, &o);
		next = facts->not_before;
	}
	for (int i = 0; i < LOOKS_MAX && (i == 0 || next > then.now); i++) {
		then.now = next;
		then.is_foreseen = next > facts->now;
		next = look(&then, i == 0, &o, &clear);
	}
	ret->n = 0;
	for (size_t i = 0; i < ngates; i++)
		if (o.said[i].gate)
			ret->items[ret->n++] = o.said[i];
	return clear ? then.now : 0;
}

void gate_judge_environment(const struct gate_facts *facts, struct gate_refusals *ret)
{
	judge(facts, true, ret);
}

bool gate_tell(const struct gate_refusals *refusals, struct err *err)
{
	const struct gate_refusal *first = NULL;

	for (size_t i = 0; i < refusals->n; i++) {
		const struct gate_refusal *r = &refusals->items[i];

		if (!first || (r->kind == ERR_DENIED && first->kind != ERR_DENIED) || (first->waits && !r->waits))
			first = r;
	}
	if (!first)
		return true;
	err_set(err, first->kind, "%s gate: %s", first->gate, first->why);
	if (err) {
		AUTO(json_auto_decref) json_t *all = blocked_json(refusals);

		err->gate = first->gate;
		err->clears_at = first->clears_at;
		refusal_keep(err, all);
	}
	return false;
}

bool gate_judge(const struct gate_facts *facts, struct err *err)
{
	struct gate_refusals all;

	gate_judge_all(facts, &all);
	return gate_tell(&all, err);
}
