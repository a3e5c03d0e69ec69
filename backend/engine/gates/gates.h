/*
 * gates: the rows of gate.c's table, one file each, and what they share. A judge returns true when the deployment may
 * go on, else it fills the refusal (all but its name).
 */
#ifndef ENGINE_GATES_H
#define ENGINE_GATES_H

#include "backend/engine/gate.h"

bool gate_approval(const struct gate_facts *f, struct gate_refusal *ret);
bool gate_artifacts(const struct gate_facts *f, struct gate_refusal *ret);
bool gate_deployers(const struct gate_facts *f, struct gate_refusal *ret);
bool gate_drift(const struct gate_facts *f, struct gate_refusal *ret);
bool gate_expectation(const struct gate_facts *f, struct gate_refusal *ret);
bool gate_lock(const struct gate_facts *f, struct gate_refusal *ret);
bool gate_migration(const struct gate_facts *f, struct gate_refusal *ret);
bool gate_promotion(const struct gate_facts *f, struct gate_refusal *ret);
bool gate_quarantine(const struct gate_facts *f, struct gate_refusal *ret);
bool gate_release(const struct gate_facts *f, struct gate_refusal *ret);
bool gate_schedule(const struct gate_facts *f, struct gate_refusal *ret);
bool gate_signature(const struct gate_facts *f, struct gate_refusal *ret);
bool gate_tests(const struct gate_facts *f, struct gate_refusal *ret);
bool gate_window(const struct gate_facts *f, struct gate_refusal *ret);

/* Fills why and kind; returns false, so that `return gate_refuse(…)` reads well. */
bool gate_refuse(struct gate_refusal *ret, enum err_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same, for what can clear while the deployment waits in the queue; clears_at 0: not known. */
bool gate_hold(struct gate_refusal *ret, enum err_kind kind, int64_t clears_at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void gate_who(struct gate_refusal *ret, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A user by name, or a member of a "@group". */
bool gate_person_is(const struct gate_person *person, const struct config_people *people);
/* "alice, @release"; returns `text`. */
const char *gate_names(const struct config_people *people, char *text, size_t size);

/* A rollback to a build that was proven here: on-call staff must not be kept from it. */
bool gate_is_return(const struct gate_facts *f);
/* Such a rollback, where the configuration does not gate it. */
bool gate_is_exempt(const struct gate_facts *f);

#endif
