#include "views/home.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/mem.h"
#include "tui/list.h"
#include "views/console.h"
#include "views/select.h"
#include "views/stack.h"
#include "views/view.h"

void home_choose_app(struct console *c, const char *name)
{
	if (!c->app || strcmp(c->app, name) != 0) {
		char *chosen = mem_dup(name);

		free(c->app);
		c->app = chosen;
		model_builds_done(&c->builds);
		model_history_done(&c->history);
		c->history_end = false;
		model_delivery_done(&c->delivery);
		list_free(c->environments);
		list_free(c->build_list);
		list_free(c->feature_list);
		list_free(c->history_list);
		c->environments = list_new();
		c->build_list = list_new();
		c->feature_list = list_new();
		c->history_list = list_new();
		free(c->query);
		c->query = NULL;
		fetch_renew(c, FETCH_BUILDS);
		fetch_renew(c, FETCH_HISTORY);
		fetch_renew(c, FETCH_METRICS);
		fetch_renew(c, FETCH_MATURITY);
	}
	stack_home(c, &view_releases);
}

static void first_choice(struct console *c)
{
	if (c->wanted_app && model_app(&c->status, c->wanted_app)) {
		home_choose_app(c, c->wanted_app);
	} else if (c->status.napps == 1) {
		home_choose_app(c, c->status.apps[0].name);
	} else if (c->status.napps > 1) {
		if (c->wanted_app)
			messages_error(&c->messages, c->wall_ms, "there is no application %s", c->wanted_app);
		stack_home(c, &view_fleet);
	}
	free(c->wanted_app);
	c->wanted_app = NULL;
}

void home_settle(struct console *c)
{
	const struct model_app *app;

	if (!c->status.known)
		return;
	if (!c->app && c->stack[0].view == &view_releases)
		first_choice(c);
	app = select_app(c);
	if (app)
		list_set(c->environments, (int64_t)app->nenvironments, 0, (int64_t)app->nenvironments,
		         select_environment_id, c);
	else
		list_set(c->environments, 0, 0, 0, select_environment_id, c);
}
