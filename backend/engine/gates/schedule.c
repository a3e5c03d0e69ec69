#include "backend/engine/gates/gates.h"

#include "backend/base/clock.h"
#include "backend/config/config.h"

/*
 * Whether it came due while the engine was down is judged by the engine's start, not by now: one that may still run
 * late does not become too late while it waits for another gate.
 */
bool gate_schedule(const struct gate_facts *f, struct gate_refusal *ret)
{
	int64_t late_ms = f->engine_started - f->not_before;
	char iso[CLOCK_ISO_SIZE];

	if (!f->not_before)
		return true;
	clock_iso(f->not_before, iso);
	if (f->now < f->not_before) {
		gate_who(ret, "the clock; or `slipway schedule move %lld --at TIME`", (long long)f->id);
		return gate_hold(ret, ERR_REFUSED, f->not_before, "it is scheduled for %s", iso);
	}
	if (late_ms <= 0 || (f->env->late_ms != CONFIG_LATE_ASK && late_ms <= f->env->late_ms))
		return true;
	gate_who(ret, "whoever moves it (`slipway schedule move %lld --at TIME`) or stops it", (long long)f->id);
	return gate_hold(ret, ERR_REFUSED, 0, "the engine was down at %s, for which it was scheduled", iso);
}
