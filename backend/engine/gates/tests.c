#include "backend/engine/gates/gates.h"

#include "backend/config/config.h"
#include "backend/store/store.h"

bool gate_tests(const struct gate_facts *f, struct gate_refusal *ret)
{
	const struct store_build *b = f->build;

	if (!f->env->tests_required || gate_is_return(f))
		return true;
	gate_who(ret, "a build whose tests passed in CI");
	if (b->tests_fail > 0)
		return gate_refuse(ret, ERR_REFUSED, "%d of the tests of %s failed in CI", b->tests_fail, b->version);
	if (b->tests_ok <= 0)
		return gate_refuse(ret, ERR_REFUSED, "CI reported no passed test for %s, and %s asks for tests", b->version,
		                   f->env->name);
	return true;
}
