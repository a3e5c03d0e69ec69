/* What keys and typed commands would do, made from the model, and whether it is still what it was. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/mem.h"
#include "tui/list.h"
#include "views/console.h"
#include "views/select.h"
#include "views/view.h"

static const enum action actions[INTENT_KIND_COUNT] = {
	[INTENT_DEPLOY] = ACTION_DEPLOY, [INTENT_ROLLBACK] = ACTION_ROLLBACK, [INTENT_STOP] = ACTION_STOP,
	[INTENT_FEATURE] = ACTION_FEATURE, [INTENT_SCHEDULE] = ACTION_SCHEDULE, [INTENT_MOVE] = ACTION_MOVE,
	[INTENT_APPROVE] = ACTION_APPROVE, [INTENT_REJECT] = ACTION_REJECT,
};

enum action select_action(enum intent_kind kind)
{
	return actions[kind];
}

static void intent_for(const struct console *c, const struct model_app *app, const struct model_environment *e,
                       enum intent_kind kind, struct intent *ret)
{
	*ret = (struct intent){
		.kind = kind,
		.app = mem_dup(app->name),
		.environment = mem_dup(e->name),
		.expect = mem_dup(e->live_version),
		.reason = mem_dup(c->why),
		.is_protected = e->is_protected,
		.needs_arming = e->is_protected && (kind != INTENT_ROLLBACK || e->rollback_needs_arming),
	};
}

static void of_build(const struct console *c, const struct model_environment *e, enum intent_kind kind,
                     const char *version, const char *digest, struct intent *ret)
{
	intent_for(c, select_acting_app(c), e, kind, ret);
	ret->version = mem_dup(version);
	ret->digest = mem_dup(digest);
}

void select_deploy(const struct console *c, const char *environment, const char *version, const char *digest,
                   struct intent *ret)
{
	const struct model_app *app = select_app(c);
	const struct model_environment *e = model_environment(app, environment);

	intent_done(ret);
	if (!e || !*version || !*digest)
		return;
	intent_for(c, app, e, INTENT_DEPLOY, ret);
	ret->version = mem_dup(version);
	ret->digest = mem_dup(digest);
}

void select_feature(const struct console *c, const char *environment, const char *feature, bool on, struct intent *ret)
{
	const struct model_app *app = select_app(c);
	const struct model_environment *e = model_environment(app, environment);

	intent_done(ret);
	if (!e || !model_feature(&e->features, feature))
		return;
	intent_for(c, app, e, INTENT_FEATURE, ret);
	ret->feature = mem_dup(feature);
	ret->on = on;
}

void select_hold(const struct console *c, enum intent_kind kind, const char *environment, struct intent *ret)
{
	const struct model_app *app = select_app(c);
	const struct model_environment *e = model_environment(app, environment);

	intent_done(ret);
	if (e)
		intent_for(c, app, e, kind, ret);
}

/* Whether that can be done to it as it is now. */
static bool is_fit(const struct model_deployment *d, enum intent_kind kind)
{
	switch (kind) {
	case INTENT_STOP: return !model_deployment_is_over(d);
	case INTENT_MOVE: return d->state == DEPLOYMENT_QUEUED && d->not_before;
	case INTENT_APPROVE: case INTENT_REJECT: return select_awaits_approval(d);
	default: return false;
	}
}

void select_of_deployment(const struct console *c, enum intent_kind kind, int64_t id, struct intent *ret)
{
	const struct model_deployment *d = select_deployment_of(c, id);
	const struct model_app *app = d ? model_app(&c->status, d->app) : NULL;
	const struct model_environment *e = d ? model_environment(app, d->environment) : NULL;

	intent_done(ret);
	if (!e || !is_fit(d, kind) || (kind == INTENT_APPROVE && select_is_own(c, d)))
		return;
	intent_for(c, app, e, kind, ret);
	ret->version = mem_dup(d->version);
	ret->digest = mem_dup(d->digest);
	ret->deployment = d->id;
	/* It may be stopped before its switch and after it, and waits through the switches of others. */
	*ret->expect = '\0';
	if (kind == INTENT_APPROVE || kind == INTENT_REJECT)
		ret->plan_hash = mem_dup(d->plan_hash);
}

static int64_t acted_on(const struct console *c, const struct model_environment *e)
{
	const struct screen *screen = select_screen(c);

	if (screen->view->selected)
		return screen->view->selected(c);
	return screen->deployment ? screen->deployment : e->deployment.id;
}

static void feature_intent(const struct console *c, const struct model_environment *e, struct intent *ret)
{
	const struct model_feature *f = model_feature(&e->features, list_selected(c->feature_list));

	if (f)
		select_feature(c, e->name, f->name, !f->on, ret);
}

static void build_intent(const struct console *c, const struct model_environment *e, enum intent_kind kind,
                         struct intent *ret)
{
	const struct model_build *build = select_build(c);

	if (!build)
		return;
	select_deploy(c, e->name, build->version, build->digest, ret);
	if (ret->kind != INTENT_NONE)
		ret->kind = kind;
}

void select_intent(const struct console *c, enum intent_kind kind, struct intent *ret)
{
	const struct screen *screen = select_screen(c);
	const struct model_environment *e = select_environment(c);

	intent_done(ret);
	if (!e || !actions[kind] || !keymap_of_action(&keys_map, screen->view->context, actions[kind]))
		return;
	switch (kind) {
	case INTENT_DEPLOY: case INTENT_SCHEDULE:
		build_intent(c, e, kind, ret);
		break;
	case INTENT_ROLLBACK:
		if (*e->back_version)
			of_build(c, e, kind, e->back_version, e->back_digest, ret);
		break;
	case INTENT_FEATURE:
		feature_intent(c, e, ret);
		break;
	case INTENT_STOP: case INTENT_MOVE: case INTENT_APPROVE: case INTENT_REJECT:
		select_of_deployment(c, kind, acted_on(c, e), ret);
		break;
	default:
		break;
	}
}

void select_smaller(const struct console *c, const struct intent *rollback, struct intent *ret)
{
	const struct model_app *app = model_app(&c->status, rollback->app);
	const struct model_environment *e = model_environment(app, rollback->environment);
	const struct model_feature *f = e ? model_feature_put_in(&e->features, e->live_since) : NULL;

	intent_done(ret);
	if (!f)
		return;
	intent_for(c, app, e, INTENT_FEATURE, ret);
	ret->feature = mem_dup(f->name);
}

/* What changed about the deployment that it is about; NULL: nothing. Yours. */
static char *changed_deployment(const struct console *c, const struct intent *i)
{
	const struct model_deployment *d = select_deployment_of(c, i->deployment);

	if (!d || model_deployment_is_over(d))
		return mem_printf("the deployment of %s to %s is over", i->version, i->environment);
	if (!is_fit(d, i->kind))
		return mem_printf("#%" PRId64 " does not wait for that any more", d->id);
	if (i->plan_hash && strcmp(d->plan_hash, i->plan_hash) != 0)
		return mem_printf("the plan of #%" PRId64 " changed; look at it again", d->id);
	return NULL;
}

static char *changed_build(const struct model_environment *e, const struct intent *i)
{
	if (strcmp(e->live_version, i->expect) != 0)
		return mem_printf("%s changed: %s is live now", e->name, *e->live_version ? e->live_version : "nothing");
	if (i->kind == INTENT_ROLLBACK && strcmp(e->back_digest, i->digest) != 0)
		return mem_printf("%s changed: the way back is to %s now", e->name,
		                  *e->back_version ? e->back_version : "nothing");
	return NULL;
}

static char *changed_feature(const struct model_environment *e, const struct intent *i)
{
	const struct model_feature *f = model_feature(&e->features, i->feature);

	if (!f)
		return mem_printf("%s has no feature %s any more", e->name, i->feature);
	return f->on == i->on ? mem_printf("%s is %s in %s already", f->name, f->on ? "in" : "pulled", e->name) : NULL;
}

bool select_holds(const struct console *c, const struct intent *intent, char **ret_why)
{
	const struct model_environment *e = model_environment(model_app(&c->status, intent->app), intent->environment);
	char *why = NULL;

	if (!e)
		why = mem_printf("%s is gone from the configuration", intent->environment);
	else if (e->is_protected != intent->is_protected)
		why = mem_printf("%s is %s now", e->name, e->is_protected ? "protected" : "open");
	else if (intent_of_deployment(intent))
		why = changed_deployment(c, intent);
	else if (intent->kind == INTENT_FEATURE)
		why = changed_feature(e, intent);
	else if (intent_is_deployment(intent))
		why = changed_build(e, intent);
	if (why)
		*ret_why = why;
	return !why;
}
