#include "backend/engine/gates/gates.h"

#include <inttypes.h>

#include "backend/base/clock.h"
#include "backend/config/config.h"
#include "backend/store/store.h"

static bool soaked(const struct gate_facts *f, const struct gate_before *b, struct gate_refusal *ret)
{
	/* A clock that was set back makes no time out of nothing. */
	int64_t there = b->stay.is_there && f->now > b->stay.since ? f->now - b->stay.since : 0;
	char span[CLOCK_AGE_SIZE], wanted[CLOCK_AGE_SIZE], at[CLOCK_ISO_SIZE];

	if (there >= b->soak_ms || b->stay.lived_ms >= b->soak_ms)
		return true;
	clock_age(b->soak_ms, wanted);
	if (!b->stay.is_there) {
		gate_who(ret, "a deployment of %s to %s that stays for %s", f->build->version, b->environment, wanted);
		return gate_refuse(ret, ERR_REFUSED, "%s was live in %s for %s, not %s", f->build->version, b->environment,
		                   clock_age(b->stay.lived_ms, span), wanted);
	}
	gate_who(ret, "time");
	return gate_hold(ret, ERR_REFUSED, b->stay.since + b->soak_ms, "%s %s live in %s for %s of %s, until %s",
	                 f->build->version, f->is_foreseen ? "will have been" : "has been", b->environment,
	                 clock_age(there, span), wanted, clock_iso(b->stay.since + b->soak_ms, at));
}

static bool passed(const struct gate_facts *f, const struct gate_before *b, struct gate_refusal *ret)
{
	if (b->is_optional)
		return true;
	if (!b->stay.succeeded) {
		gate_who(ret, "slipway deploy %s %s", f->build->version, b->environment);
		return gate_refuse(ret, ERR_REFUSED, "%s has not succeeded in %s, which comes before %s", f->build->version,
		                   b->environment, f->env->name);
	}
	if (b->stay.quarantined_by) {
		gate_who(ret, "slipway deploy %s %s --reason", f->build->version, b->environment);
		return gate_refuse(ret, ERR_REFUSED, "%s was rolled back in %s by deployment %" PRId64, f->build->version,
		                   b->environment, b->stay.quarantined_by);
	}
	return soaked(f, b, ret);
}

/* A build reaches an environment only after it succeeded in those before. */
bool gate_promotion(const struct gate_facts *f, struct gate_refusal *ret)
{
	if (gate_is_return(f))
		return true;
	for (size_t i = 0; i < f->nbefore; i++)
		if (!passed(f, &f->before[i], ret))
			return false;
	return true;
}
