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
const struct model_deployment *select_deployment_of(const struct console *c, int64_t id)
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

const struct model_deployment *select_screen_deployment(const struct console *c)
{
	const struct screen *screen = select_screen(c);

	if (screen->view->selected)
		return select_deployment_of(c, screen->view->selected(c));
	return screen->view->of_deployment ? select_deployment_of(c, screen->deployment) : NULL;
}

/* A deployment that is not known yet: nothing can be said of its environment. */
static bool is_unknown(const struct console *c)
{
	const struct screen *screen = select_screen(c);

	return screen->view->of_deployment && screen->deployment && !select_screen_deployment(c);
}

const struct model_app *select_acting_app(const struct console *c)
{
	const struct model_deployment *d = select_screen_deployment(c);

	if (is_unknown(c))
		return NULL;
	return d ? model_app(&c->status, d->app) : select_app(c);
}

const struct model_environment *select_environment(const struct console *c)
{
	const struct model_deployment *d = select_screen_deployment(c);

	if (is_unknown(c))
		return NULL;
	return d ? model_environment(select_acting_app(c), d->environment) : home_environment(c);
}

bool select_awaits_approval(const struct model_deployment *d)
{
	return d->state == DEPLOYMENT_QUEUED && model_blocker(&d->blockers, "approval");
}

bool select_is_own(const struct console *c, const struct model_deployment *d)
{
	return d->uid >= 0 && d->uid == c->status.uid;
}

/* In the order of the list: those for approval, then the others; each as the queues have them. */
const struct model_deployment *select_waiting(const struct console *c, size_t index, const struct model_app **ret_app)
{
	for (int pass = 0; pass < 2; pass++)
		for (size_t a = 0; a < c->status.napps; a++)
			for (size_t e = 0; e < c->status.apps[a].nenvironments; e++) {
				const struct model_environment *env = &c->status.apps[a].environments[e];

				for (size_t q = 0; q < env->nqueue; q++) {
					if (select_awaits_approval(&env->queue[q]) != (pass == 0) || index-- > 0)
						continue;
					if (ret_app)
						*ret_app = &c->status.apps[a];
					return &env->queue[q];
				}
			}
	return NULL;
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

	return screen->deployment ? select_deployment_of(c, screen->deployment) : home_deployment(c);
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

const char *select_app_id(void *arg, int64_t row)
{
	const struct console *c = arg;

	return c->status.apps[c->fleet.rows.apps[row]].name;
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

const char *select_waiting_id(void *arg, int64_t index)
{
	struct console *c = arg;

	snprintf(c->id_text, sizeof c->id_text, "%" PRId64, select_waiting(c, (size_t)index, NULL)->id);
	return c->id_text;
}

const char *select_feature_id(void *arg, int64_t index)
{
	const struct console *c = arg;

	return select_app(c)->features[index];
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
