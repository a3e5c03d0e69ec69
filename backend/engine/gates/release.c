#include "backend/engine/gates/gates.h"

/* Applications that are released together begin one after the other. */
bool gate_release(const struct gate_facts *f, struct gate_refusal *ret)
{
	const struct gate_turn *turn = f->turn;

	if (!turn || (!turn->before && !turn->stops))
		return true;
	if (turn->stops) {
		gate_who(ret, "nobody: it ends with the release");
		return gate_hold(ret, ERR_REFUSED, 0, "release %lld of %s stops", (long long)turn->release, turn->group);
	}
	gate_who(ret, "the success of %s; `slipway release stop %lld` ends it", turn->before, (long long)turn->release);
	return gate_hold(ret, ERR_REFUSED, 0, "%s comes before it in release %lld of %s", turn->before,
	                 (long long)turn->release, turn->group);
}
