#include "backend/engine/people.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/clock.h"
#include "backend/base/mem.h"
#include "backend/engine/engine_priv.h"
#include "backend/engine/gates/gates.h"

enum { FRESH_MS = 60 * 1000, GROUPS_MOST = 1024 };

/* The former groups stay for a while: who asked for them a moment ago may still look at them. */
struct member { uid_t uid; char **groups, **former; int64_t looked_up; };

struct people { struct member *items; size_t n, cap; };

struct people *people_new(void)
{
	return mem_alloc(sizeof(struct people));
}

static void forget(char **groups)
{
	for (char **group = groups; group && *group; group++)
		free(*group);
	free(groups);
}

void people_free(struct people *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++) {
		forget(p->items[i].groups);
		forget(p->items[i].former);
	}
	free(p->items);
	free(p);
}

static char **look_up(uid_t uid)
{
	const struct passwd *pw = getpwuid(uid);
	gid_t gids[GROUPS_MOST];
	int ngids = GROUPS_MOST;
	char **names;
	size_t n = 0;

	if (!pw || getgrouplist(pw->pw_name, pw->pw_gid, gids, &ngids) < 0)
		return mem_array(1, sizeof *names);
	names = mem_array((size_t)ngids + 1, sizeof *names);
	for (int i = 0; i < ngids; i++) {
		const struct group *gr = getgrgid(gids[i]);

		if (gr)
			names[n++] = mem_dup(gr->gr_name);
	}
	return names;
}

const char *const *people_groups(struct people *p, uid_t uid)
{
	struct member *m = NULL;

	for (size_t i = 0; i < p->n && !m; i++)
		if (p->items[i].uid == uid)
			m = &p->items[i];
	if (m && clock_mono_ms() - m->looked_up < FRESH_MS)
		return (const char *const *)m->groups;
	if (!m) {
		p->items = mem_grow(p->items, p->n, &p->cap, sizeof *p->items);
		m = &p->items[p->n++];
		m->uid = uid;
	}
	forget(m->former);
	m->former = m->groups;
	m->groups = look_up(uid);
	m->looked_up = clock_mono_ms();
	return (const char *const *)m->groups;
}

bool people_hold(struct engine *e, const struct engine_caller *who, const struct config_people *people)
{
	struct gate_person person = { .uid = who->uid, .name = who->name };

	if (!people->names)
		return true;
	person.groups = people_groups(e->people, who->uid);
	return gate_person_is(&person, people);
}

bool people_may_change(struct environment *env, const struct engine_caller *who, struct err *err)
{
	char names[200];

	if (people_hold(env->e, who, &env->cenv->deployers))
		return true;
	return err_set(err, ERR_DENIED, "%s may change nothing in %s; %s may", who->name, env->name,
	               gate_names(&env->cenv->deployers, names, sizeof names));
}

bool engine_may_end(struct engine *e, const struct engine_caller *who, struct err *err)
{
	return people_may_serve(e, who, NULL, err);
}

static bool has_role(struct engine *e, const struct engine_caller *who, const struct config_app *app)
{
	for (size_t i = 0; i < app->nenvironments; i++) {
		const struct config_environment *env = &app->environments[i];

		if (people_hold(e, who, &env->deployers))
			return true;
	}
	return false;
}

bool people_may_serve(struct engine *e, const struct engine_caller *who, const struct config_app *app, struct err *err)
{
	bool may = who->uid == geteuid() || who->uid == 0 || !e->config;

	for (size_t i = 0; !may && i < e->config->napps; i++)
		may = (!app || app == &e->config->apps[i]) && has_role(e, who, &e->config->apps[i]);
	return may || err_set(err, ERR_DENIED, "%s deploys to no environment%s%s, so this is not permitted", who->name,
	                      app ? " of " : "", app ? app->name : "");
}
