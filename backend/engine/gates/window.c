#include "backend/engine/gates/gates.h"

#include <stdio.h>

#include "backend/base/clock.h"
#include "backend/config/config.h"

static bool may_override(const struct gate_facts *f)
{
	return f->override && *f->override && gate_person_is(&f->requester, &f->env->override);
}

static void name_who(const struct gate_facts *f, struct gate_refusal *ret)
{
	char names[150];

	if (f->env->override.n > 0)
		gate_who(ret, "time, or %s with --override", gate_names(&f->env->override, names, sizeof names));
	else
		gate_who(ret, "time");
}

/* "is frozen", or of a time that is to come "will be frozen at 2026-12-01T17:00:00Z". */
static const char *state_of(const struct gate_facts *f, const char *what, char *text, size_t size)
{
	char at[CLOCK_ISO_SIZE];

	if (f->is_foreseen)
		snprintf(text, size, "will be %s at %s", what, clock_iso(f->now, at));
	else
		snprintf(text, size, "is %s", what);
	return text;
}

/* Weekly windows and dated freezes; a freeze beats a window. What began may finish where that is configured. */
bool gate_window(const struct gate_facts *f, struct gate_refusal *ret)
{
	const struct config_environment *env = f->env;
	const struct freeze *freeze = NULL;
	int64_t clears_at = 0;
	char at[CLOCK_ISO_SIZE] = "", state[80];

	if (gate_is_exempt(f) || (f->is_started && env->finish_started)
	    || window_allows(env->windows, env->nwindows, env->freezes, env->nfreezes, f->now, &clears_at, &freeze)
	    || may_override(f))
		return true;
	name_who(f, ret);
	if (f->override)
		return gate_refuse(ret, ERR_DENIED, "%s may not override the windows of %s", f->requester.name ? f->requester.name
		                   : "?", env->name);
	if (clears_at)
		clock_iso(clears_at, at);
	if (freeze)
		return gate_hold(ret, ERR_REFUSED, clears_at, "%s %s (%s); deployments may begin %s", env->name,
		                 state_of(f, "frozen", state, sizeof state), freeze->reason, *at ? at : "in more than a year");
	return gate_hold(ret, ERR_REFUSED, clears_at, "%s %s; the next one opens %s", env->name,
	                 state_of(f, "outside its windows", state, sizeof state), *at ? at : "in more than a year");
}
