/*
 * select: what the console's selection means in the model right now: which application, environment, build and
 * deployment, and what a key would do with them. Pure queries; results are borrowed until the next step.
 */
#ifndef VIEWS_SELECT_H
#define VIEWS_SELECT_H

#include <stdbool.h>
#include <stdint.h>

#include "views/intent.h"
#include "views/keys.h"

struct console;
struct model_build;
struct model_deployment;
struct model_environment;
struct model_app;
struct screen;

const struct screen *select_screen(const struct console *c);             /* the topmost */
const struct model_app *select_app(const struct console *c);             /* NULL: none */
/* The one that keys act on: a deployment's on its screens and where it is selected, else select_app. NULL: none */
const struct model_app *select_acting_app(const struct console *c);
/* The one that keys act on: the selected one at home, the deployment's on its screens. NULL: none */
const struct model_environment *select_environment(const struct console *c);
const struct model_build *select_build(const struct console *c);         /* NULL: none, or not in the window */
/*
 * The deployment that is shown: that of the screen, else the selected environment's if it runs, else another
 * environment's that runs, else the selected environment's last. NULL: none, or not known yet.
 */
const struct model_deployment *select_deployment(const struct console *c);
int64_t select_deployment_id(const struct console *c);                   /* 0: none */

const struct model_deployment *select_deployment_of(const struct console *c, int64_t id);     /* NULL: not known */
/* The deployment that the screen is about, or that is selected on it; NULL: none */
const struct model_deployment *select_screen_deployment(const struct console *c);
/*
 * Whose turn it is not yet, of all applications: the index-th, those that wait for approval first. Its application in
 * *ret_app (NULL is fine). NULL after the last.
 */
const struct model_deployment *select_waiting(const struct console *c, size_t index, const struct model_app **ret_app);
bool select_awaits_approval(const struct model_deployment *d);
bool select_is_own(const struct console *c, const struct model_deployment *d);      /* who sits here asked for it */

/* Environments stand on the screen from the last of the pipeline, where it matters most, to the first. */
const struct model_environment *select_environment_at(const struct model_app *app, int64_t row);

/* What a key would do now; kind INTENT_NONE when nothing. `ret` is released first. In select_intent.c, as those below. */
void select_intent(const struct console *c, enum intent_kind kind, struct intent *ret);
enum action select_action(enum intent_kind kind);        /* by which it is begun; ACTION_NONE: by a typed command only */
/* A deployment of a given build to a given environment, from `:deploy`. */
void select_deploy(const struct console *c, const char *environment, const char *version, const char *digest,
                   struct intent *ret);
/* Of what is named in full: a feature, a lock, a waiting deployment; kind INTENT_NONE when there is no such thing. */
void select_feature(const struct console *c, const char *environment, const char *feature, bool on, struct intent *ret);
void select_hold(const struct console *c, enum intent_kind kind, const char *environment, struct intent *ret);
void select_of_deployment(const struct console *c, enum intent_kind kind, int64_t id, struct intent *ret);
/* The smaller step than a rollback: pulls the feature that was put in since the live build came; kind INTENT_NONE: none. */
void select_smaller(const struct console *c, const struct intent *rollback, struct intent *ret);
/* Whether what the intent says about the world is still true; if not, ret_why says what changed (yours). */
bool select_holds(const struct console *c, const struct intent *intent, char **ret_why);

/* For struct list: ids of items by their row; `arg` is the console. */
const char *select_app_id(void *arg, int64_t row);
const char *select_environment_id(void *arg, int64_t row);
const char *select_build_id(void *arg, int64_t index);
const char *select_waiting_id(void *arg, int64_t index);
const char *select_feature_id(void *arg, int64_t index);
const char *select_history_id(void *arg, int64_t index);
const char *select_result_id(void *arg, int64_t index);

#endif
