#include "backend/engine/gate.h"

#include "backend/base/mem.h"
#include "backend/engine/gates/gates.h"

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
		err->gate = first->gate;
		err->clears_at = first->clears_at;
	}
	return false;
}

bool gate_judge(const struct gate_facts *facts, struct err *err)
{
	struct gate_refusals all;

	gate_judge_all(facts, &all);
	return gate_tell(&all, err);
}
