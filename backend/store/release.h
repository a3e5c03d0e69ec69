/*
 * release: a release of several applications together, as the journal knows it: what was asked for, how each member
 * fared (from its own deployments), and what is still to be done. From release.* and deployment.requested's "release".
 *
 * Struct results own their strings; free them with their _done, which takes a zeroed one too. JSON results are yours.
 */
#ifndef STORE_RELEASE_H
#define STORE_RELEASE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/base/err.h"
#include "backend/proto/words.h"

struct project_row;
struct store;

struct store_member {
	char *app, *version, *digest;
	char *expect;                          /* what the caller saw live there; NULL: not said */
	enum member_note note;
	char *why;                             /* of the note; "" none */
	int64_t deployment;                    /* the one that brings it; 0: the release has not begun */
	enum deployment_state state;           /* of that one */
	char *from, *message;                  /* what was live before it (NULL: nothing); how it ended */
	int64_t rollback;                      /* the one that takes it back; 0 none */
	enum deployment_state rollback_state;
	char *rollback_message;
};

struct store_release {
	int64_t id;
	char *group, *environment;
	char *from;                            /* the environment whose live versions it takes; NULL: all were named */
	bool undo;                             /* as the group said when it was asked for */
	enum deployment_state state;           /* undoing: nothing more begins; undone only when `undo` says so */
	char *actor, *reason; int64_t uid;
	char *override;                        /* why windows and freezes are passed over; NULL: they hold */
	bool when_allowed;
	int64_t not_before;                    /* scheduled for then; 0: it is not */
	int64_t requested, started, ended;     /* 0: not yet */
	bool stopped;                          /* by a person: release.stopping said so */
	char *message;                         /* of release.stopping, then of release.finished */
	struct store_member *members; size_t nmembers;    /* in order */
};

/* ERR_NOT_FOUND. */
bool store_release(struct store *s, int64_t id, struct store_release *ret, struct err *err);
void store_release_done(struct store_release *r);
/* ret_id 0 when no release has the key. */
bool store_release_by_key(struct store *s, const char *key, int64_t *ret_id, struct err *err);
/* Ids below `before`, newest first; or those that are not over, oldest first. Yours. */
bool store_releases(struct store *s, int64_t before, int limit, int64_t **ret_ids, size_t *ret_n, struct err *err);
bool store_releases_unfinished(struct store *s, int64_t **ret_ids, size_t *ret_n, struct err *err);

/* Where a deployment stands in its release: {"id","group","index","of"}; null for release 0. NULL on failure. */
json_t *release_place_json(struct store *s, int64_t release, const char *app, struct err *err);

/* Rows of project.c's table. */
bool release_project_requested(struct store *s, const struct project_row *row, struct err *err);
bool release_project_started(struct store *s, const struct project_row *row, struct err *err);
bool release_project_member(struct store *s, const struct project_row *row, struct err *err);
bool release_project_stopping(struct store *s, const struct project_row *row, struct err *err);
bool release_project_finished(struct store *s, const struct project_row *row, struct err *err);

#endif
