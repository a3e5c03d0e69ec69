/* schedule: deployments that wait for their time, moved by people. The waiting itself is a gate's: gates/schedule.c. */
#include <inttypes.h>

#include "backend/base/clock.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/engine/engine_priv.h"
#include "backend/engine/people.h"

static const int64_t LONGEST_MS = INT64_C(366) * 24 * 3600 * 1000;

bool schedule_check(int64_t not_before, struct err *err)
{
	int64_t now = clock_wall_ms();

	if (not_before <= now)
		return err_set(err, ERR_USAGE, "the time is past; name one that is to come");
	return not_before - now <= LONGEST_MS || err_set(err, ERR_USAGE, "the time is more than a year ahead");
}

static bool may_move(struct environment *env, const struct engine_caller *who, const struct store_deployment *d,
                     struct err *err)
{
	/* Who may not is told that, and not what state it is in. */
	if (d->uid != (int64_t)who->uid && !people_may_change(env, who, err))
		return false;
	if (d->state != DEPLOYMENT_QUEUED)
		return err_set(err, ERR_CONFLICT, "deployment %" PRId64 " does not wait any more: it is %s", d->id,
		               deployment_state_name(d->state));
	if (!d->not_before)
		return err_set(err, ERR_CONFLICT, "deployment %" PRId64 " is not scheduled", d->id);
	return true;
}

bool engine_move(struct engine *e, const struct engine_caller *who, int64_t id, const json_t *request, json_t **ret,
                 struct err *err)
{
	AUTO(store_deployment_done) struct store_deployment d = { 0 };
	int64_t not_before = json_int(request, "not_before", 0);
	struct environment *env;

	if (!schedule_check(not_before, err) || !store_deployment(e->store, id, &d, err))
		return false;
	env = engine_environment(e, d.app, d.environment, err);
	if (!env || !may_move(env, who, &d, err)
	    || !store_append(e->store, who->name, "deployment.moved",
	                     json_pack("{s:I, s:I, s:I}", "id", (json_int_t)id, "not_before", (json_int_t)not_before, "uid",
	                               (json_int_t)who->uid), NULL, err))
		return false;
	environment_wake(env);
	return engine_deployment(e, id, ret, err);
}
