#include "views/select.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/mem.h"
#include "tui/list.h"
#include "views/console.h"
#include "views/view.h"

const struct screen *select_screen(const struct console *c)
{
	return &c->stack[c->depth - 1];
}

const struct model_app *select_app(const struct console *c)
{
	return model_app(&c->status, c->app);
}

const struct model_environment *select_environment_at(const struct model_app *app, int64_t row)
{
	if (!app || row < 0 || row >= (int64_t)app->nenvironments)
		return NULL;
	return &app->environments[(int64_t)app->nenvironments - 1 - row];
}

/* A deployment by id, wherever it is known from. */
static const struct model_deployment *find_deployment(const struct console *c, int64_t id)
{
	for (size_t a = 0; id && a < c->status.napps; a++) {
		const struct model_app *app = &c->status.apps[a];

		for (size_t e = 0; e < app->nenvironments; e++) {
			const struct model_environment *environment = &app->environments[e];

			if (environment->deployment.id == id)
				return &environment->deployment;
			for (size_t q = 0; q < environment->nqueue; q++)
				if (environment->queue[q].id == id)
					return &environment->queue[q];
		}
	}
	return id && c->deployment.id == id ? &c->deployment : NULL;
}

static const struct model_environment *home_environment(const struct console *c)
{
	return model_environment(select_app(c), list_selected(c->environments));
}

const struct model_environment *select_environment(const struct console *c)
{
	const struct screen *screen = select_screen(c);
	const struct model_deployment *deployment;

	if (!screen->view->of_deployment || screen->deployment == 0)
		return home_environment(c);
	deployment = find_deployment(c, screen->deployment);
	if (!deployment)
		return NULL;
	return model_environment(model_app(&c->status, deployment->app), deployment->environment);
}

const struct model_build *select_build(const struct console *c)
{
	return model_build(&c->builds, list_selected(c->build_list));
}

/* At home: the one that runs is what a person wants to see. */
static const struct model_deployment *home_deployment(const struct console *c)
{
	const struct model_environment *selected = home_environment(c);
	const struct model_app *app = select_app(c);
	const struct model_deployment *found = NULL;

	if (selected && !model_deployment_is_over(&selected->deployment))
		return &selected->deployment;
	for (size_t i = 0; app && i < app->nenvironments; i++) {
		const struct model_deployment *d = &app->environments[i].deployment;

		if (!model_deployment_is_over(d) && (!found || d->id > found->id))
			found = d;
	}
	if (!found && selected && selected->deployment.id)
		found = &selected->deployment;
	return found;
}

const struct model_deployment *select_deployment(const struct console *c)
{
	const struct screen *screen = select_screen(c);

	return screen->deployment ? find_deployment(c, screen->deployment) : home_deployment(c);
}

int64_t select_deployment_id(const struct console *c)
{
	const struct screen *screen = select_screen(c);
	const struct model_deployment *d;

	if (screen->deployment)
		return screen->deployment;
	d = home_deployment(c);
	return d ? d->id : 0;
}

static void intent_for(const struct console *c, const struct model_environment *e, enum intent_kind kind,
                       const char *version, const char *digest, struct intent *ret)
{
	*ret = (struct intent){
		.kind = kind,
		.app = mem_dup(c->app),
		.environment = mem_dup(e->name),
		.version = mem_dup(version),
		.digest = mem_dup(digest),
		.expect = mem_dup(e->live_version),
		.is_protected = e->is_protected,
		.needs_arming = e->is_protected && (kind != INTENT_ROLLBACK || e->rollback_needs_arming),
	};
}

void select_deploy(const struct console *c, const char *environment, const char *version, const char *digest,
                   struct intent *ret)
{
	const struct model_environment *e = model_environment(select_app(c), environment);

	intent_done(ret);
	if (e && *version && *digest)
		intent_for(c, e, INTENT_DEPLOY, version, digest, ret);
}

static void stop_intent(const struct console *c, const struct model_environment *e, struct intent *ret)
{
	const struct screen *screen = select_screen(c);
	const struct model_deployment *d = screen->deployment ? find_deployment(c, screen->deployment) : &e->deployment;

	if (!d || model_deployment_is_over(d))
		return;
	intent_for(c, e, INTENT_STOP, d->version, d->digest, ret);
	ret->deployment = d->id;
	*ret->expect = '\0';      /* a deployment may be stopped before its switch and after it */
}

void select_intent(const struct console *c, enum intent_kind kind, struct intent *ret)
{
	const struct screen *screen = select_screen(c);
	const struct model_environment *e = select_environment(c);
	const struct model_build *build;

	intent_done(ret);
	if (!e || !c->app || !(screen->view->context & (ON_RELEASES | ON_RUN)))
		return;
	switch (kind) {
	case INTENT_DEPLOY:
		build = screen->view->context == ON_RELEASES ? select_build(c) : NULL;
		if (build)
			select_deploy(c, e->name, build->version, build->digest, ret);
		break;
	case INTENT_ROLLBACK:
		if (*e->back_version)
			intent_for(c, e, kind, e->back_version, e->back_digest, ret);
		break;
	case INTENT_STOP:
		stop_intent(c, e, ret);
		break;
	case INTENT_NONE:
	case INTENT_KIND_COUNT:
		break;
	}
}

bool select_holds(const struct console *c, const struct intent *intent, char **ret_why)
{
	const struct model_environment *e = model_environment(model_app(&c->status, intent->app), intent->environment);
	const struct model_deployment *stopped = find_deployment(c, intent->deployment);

	if (!e)
		*ret_why = mem_printf("%s is gone from the configuration", intent->environment);
	else if (e->is_protected != intent->is_protected)
		*ret_why = mem_printf("%s is %s now", e->name, e->is_protected ? "protected" : "open");
	else if (intent->kind == INTENT_STOP && (!stopped || model_deployment_is_over(stopped)))
		*ret_why = mem_printf("the deployment of %s to %s is over", intent->version, intent->environment);
	else if (intent->kind != INTENT_STOP && strcmp(e->live_version, intent->expect) != 0)
		*ret_why = mem_printf("%s changed: %s is live now", e->name, *e->live_version ? e->live_version : "nothing");
	else if (intent->kind == INTENT_ROLLBACK && strcmp(e->back_digest, intent->digest) != 0)
		*ret_why = mem_printf("%s changed: the way back is to %s now", e->name,
		                      *e->back_version ? e->back_version : "nothing");
	else
		return true;
	return false;
}

const char *select_app_id(void *arg, int64_t row)
{
	const struct console *c = arg;

	return c->status.apps[row].name;
}

const char *select_environment_id(void *arg, int64_t row)
{
	const struct console *c = arg;

	return select_environment_at(select_app(c), row)->name;
}

const char *select_build_id(void *arg, int64_t index)
{
	const struct console *c = arg;

	return c->builds.items[index - (int64_t)c->builds.offset].version;
}

const char *select_history_id(void *arg, int64_t index)
{
	struct console *c = arg;

	snprintf(c->id_text, sizeof c->id_text, "%" PRId64, c->history.items[index].id);
	return c->id_text;
}

const char *select_result_id(void *arg, int64_t index)
{
	struct console *c = arg;

	snprintf(c->id_text, sizeof c->id_text, "%d", c->results.items[c->sorted[index]].n);
	return c->id_text;
}
