/*
 * model_release: releases of several applications together, as GET /v1/releases tells them. Like model.h: cleaned and
 * typed, a missing member is an absent fact.
 */
#ifndef VIEWS_MODEL_RELEASE_H
#define VIEWS_MODEL_RELEASE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/proto/words.h"

struct model_member {
	char *app, *version, *why;
	char *from;                  /* "" when nothing was live */
	char *state;                 /* a word of the API: its deployment's state, or "wait", "unchanged", … */
	int64_t deployment;          /* 0: not asked for yet */
};

struct model_release {
	int64_t id;
	char *group, *environment, *actor, *reason, *message;
	char *from;                  /* the environment that its versions come from; "" */
	char *blocked;               /* what it waits for: "web: prod is locked by bob"; "" */
	enum deployment_state state;
	bool undo;
	int64_t requested, started, ended;
	struct model_member *members;
	size_t nmembers;
};

struct model_releases {
	bool known;
	struct model_release *items;
	size_t n;
};

void model_releases_read(const json_t *answer, struct model_releases *ret);
void model_releases_done(struct model_releases *r);
size_t model_release_succeeded(const struct model_release *r);       /* members that are where they should be */

#endif
