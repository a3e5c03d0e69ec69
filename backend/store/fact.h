/*
 * fact: by what the environments of an application are compared: "digest.COMPONENT" of what is live, "variables.NAME"
 * of the configuration, "facts.NAME" that a command printed. Made by project_fact.c from the journal.
 *
 * Struct results own their strings; free them with their _done, which takes a zeroed one too.
 */
#ifndef STORE_FACT_H
#define STORE_FACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/base/err.h"

struct store;

struct store_fact { char *what, *value; int64_t since; };
struct store_facts { struct store_fact *items; size_t n; };     /* sorted by what */
bool store_facts(struct store *s, const char *app, const char *environment, struct store_facts *ret, struct err *err);
/* Since when the application's environments have not all had the same value; value is NULL. */
bool store_differences(struct store *s, const char *app, struct store_facts *ret, struct err *err);
void store_facts_done(struct store_facts *f);
/* NULL when there is none of that name; borrowed. */
const struct store_fact *store_fact(const struct store_facts *f, const char *what);

/* Environments that facts are known of, as the application in `what` and the environment in `value`. */
bool store_fact_places(struct store *s, struct store_facts *ret, struct err *err);

/* The drift that is known of an environment; what NULL: none. */
struct store_drift { char *what, *expected, *found; };
bool store_drift(struct store *s, const char *app, const char *environment, struct store_drift *ret, struct err *err);
void store_drift_done(struct store_drift *d);

#endif
