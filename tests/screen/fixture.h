/*
 * fixture: an engine that shows a scene (tests/tools/scene.h): the real server on a real socket in a process of its
 * own, with the double of the engine (tests/api/double.h) behind it. It ends with the test that started it, however that
 * ends.
 */
#ifndef TESTS_SCREEN_FIXTURE_H
#define TESTS_SCREEN_FIXTURE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "backend/base/err.h"

struct fixture;

/* In a new folder that has a slipway.json; it accepts when this returns. */
struct fixture *fixture_start(const char *scene, struct err *err);
void fixture_free(struct fixture *f);          /* ends it and removes the folder */
void fixture_auto_free(struct fixture **f);

pid_t fixture_pid(const struct fixture *f);
const char *fixture_dir(const struct fixture *f);
void fixture_scene(struct fixture *f, const char *scene);      /* from now on, told by a journal row */
void fixture_event(struct fixture *f, const char *event, json_t *take_data);     /* "live", "health" */
void fixture_kill(struct fixture *f);          /* as kill -9 does: the connection breaks, the folder stays */
void fixture_forget_socket(struct fixture *f); /* before fixture_kill: as an engine does that is stopped */
bool fixture_again(struct fixture *f, const char *scene, struct err *err);       /* after fixture_kill */
/* What it was asked to change: array of {"deploy": BODY}, {"feature": BODY}, {"stop": ID} and the like; yours. */
json_t *fixture_posts(const struct fixture *f);

#endif
